"""The files of a place: those of the working tree, with the texts of open buffers on top.

Owns which files come into the place of a task, and in what form. What a task must not see
(`standing`) is not among them. Of a file that holds secrets there are asterisks in their place, on
the disk and in the baseline alike; how they come back is left to `core.tasks.masks`.

Only the workspace is laid down, not what stands around it in its repository. Submodules are left
out, and so are links that lead out.
"""

import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from spark_lsp.server import git, walk
from spark_lsp.server.baseline import Baseline
from spark_lsp.server.returned import LARGEST
from spark_lsp.server.standing import Standing, Standings, masked


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is laid down at most."""

    files: int = 50_000
    size: int = 500_000_000


def candidates(root: Path, found: git.Repository | None, state: Path) -> dict[str, bool]:
    """Return the paths that may be laid down, and whether git knows each."""
    if found is None:
        paths = dict.fromkeys((it.path for it in walk.walk(root)), False)
    else:
        paths = dict.fromkeys(git.untracked(root, found.environment), False)
        paths |= dict.fromkeys(git.tracked(root, found), True)
        # Of a workspace that it ignores as a whole git lists nothing; it has been opened anyway.
        paths = paths or dict.fromkeys((it.path for it in walk.walk(root)), False)
    here, ours = Path(os.path.realpath(root)), Path(os.path.realpath(state))
    inside = f"{ours.relative_to(here).as_posix()}/" if ours.is_relative_to(here) else None
    return {
        path: known for path, known in paths.items() if not (inside and path.startswith(inside))
    }


class Laying:
    """Files on their way into a place.

    Attributes:
        laid: the paths that are there.
        withheld: those that are not because a task must not see them, and why.
        masked: those that are there without their secrets.
    """

    def __init__(self, root: Path, folder: Path, baseline: Baseline, limits: Limits) -> None:
        self.laid: set[str] = set()
        self.withheld: dict[str, str] = {}
        self.masked: set[str] = set()
        self._root = root
        self._folder = folder
        self._baseline = baseline
        self._limits = limits
        self._size = 0

    def lay(self, candidates: Mapping[str, bool], buffers: Mapping[str, str]) -> None:
        """Lay down files and, on top, the texts of open buffers."""
        standings = Standings(self._root)
        links: list[str] = []
        for path in sorted({*candidates, *buffers}):
            standing = standings.of(path)
            known = candidates.get(path, path in buffers)
            if standing.withheld:
                self.withheld[path] = standing.value
            elif standing is Standing.FREE or (standing is Standing.NOISE and known):
                if path in buffers:
                    self._file(path, buffers[path].encode("utf-8", "replace"), 0o644)
                else:
                    links += self._found(path)
        for path in links:
            self._link(path)
        self._baseline.withhold(self.withheld)
        self._baseline.mask(self.masked)

    def _found(self, path: str) -> Iterable[str]:
        """Lay down a file as it is on disk; return the path if it is a link."""
        try:
            found = (self._root / path).lstat()
            if walk.linked(self._root, path.rpartition("/")[0]):
                return ()
            if stat.S_ISLNK(found.st_mode):
                return (path,)
            if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
                return ()
            with walk.opened(self._root, path) as file:
                content = file.read(LARGEST + 1)
        except (OSError, ValueError):
            return ()  # it has gone meanwhile, or may not be read
        self._file(path, content, 0o755 if found.st_mode & 0o100 else 0o644)
        return ()

    def _file(self, path: str, content: bytes, mode: int) -> None:
        if len(content) > LARGEST:
            return
        shown = masked(content)
        if shown is None:
            self.withheld[path] = "holds a secret, and is not in UTF-8"
            return
        self._size += len(shown)
        if len(self.laid) >= self._limits.files or self._size > self._limits.size:
            raise ValueError(
                f"the workspace has more than {self._limits.files} files or"
                f" {self._limits.size // 1_000_000} MB; exclude what the task does not need"
                " in .sparkignore"
            )
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(shown)
        target.chmod(mode)
        self._baseline.file(path, shown)
        self.laid.add(path)
        if shown != content:
            self.masked.add(path)

    def _link(self, path: str) -> None:
        """Make a link anew, if what it leads to is in the workspace, by name and on disk."""
        source, target = self._root / path, self._folder / path
        with suppress(OSError, ValueError):
            leads = str(source.readlink())
            named = os.path.normpath(os.path.join(path, "..", leads))  # noqa: PTH118 - on text only
            home = Path(os.path.realpath(self._root))
            outside = Path(leads).is_absolute() or Path(named).parts[:1] == ("..",)
            if outside or not Path(os.path.realpath(source)).is_relative_to(home):
                return
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(leads)
            self._baseline.link(path, leads)
            self.laid.add(path)
