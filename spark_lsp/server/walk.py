"""Which files a workspace has, and what is in them.

Owns the walk, the ignore files and the only way in which files of a workspace are opened. A file is
ignored if git's files say so (`.gitignore` at every level, the deepest deciding first, then
`.git/info/exclude`) or if `.sparkignore` files or `.spark-lsp.toml` at the root do: each kind can
only take away. Those above the workspace count too, up to where its repository begins; what they
say of the workspace itself does not, for a person has opened it. No program is run: a repository
may be hostile, and git itself runs what its configuration says. Links are not followed.
"""

import os
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeAlias

from spark_lsp.core import exclusion
from spark_lsp.core.ignore import Rules
from spark_lsp.core.settings import RESTRICTIONS, SettingsError, restrictions

GIT_EXCLUDE = ".git/info/exclude"
IGNORE_FILES = frozenset({".gitignore", ".sparkignore", RESTRICTIONS})

_HISTORIES = frozenset({".git", ".hg", ".svn", ".jj"})
"""Directories that nobody takes for a part of a workspace."""
_PATH_LIMIT = 4096
"""Bytes of a path: none that can be opened is longer."""
_OPEN_FLAGS = (
    os.O_RDONLY
    # What has become a link is not followed; a pipe without a writer does not keep us waiting.
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the workspace: relative POSIX path, size in bytes, and when it changed (ns)."""

    path: str
    size: int
    changed: int


class _Layer(NamedTuple):
    """The rules of one directory: of a path below it they are told from behind `skip` bytes on.

    In front of that stands the way `down` to the workspace, if the directory lies above.
    """

    rules: Rules
    skip: int = 0
    down: bytes = b""


_Layers: TypeAlias = tuple[_Layer, ...]
"""What several directories say, the deepest first."""


@dataclass(frozen=True, slots=True)
class _Place:
    """The rules in force in a directory, given by its path with a slash at the end, or ""."""

    base: str
    git: _Layers
    spark: _Layers
    own: _Layers

    def ignores(self, path: bytes, *, directory: bool) -> bool:
        return _verdict(self.git, path, directory) or self.forbids(path, directory=directory)

    def forbids(self, path: bytes, *, directory: bool) -> bool:
        return _verdict(self.spark, path, directory) or _verdict(self.own, path, directory)

    def shuts(self, name: str) -> str:
        """Return why a directory of this name in this one is never entered, or ""."""
        if exclusion.directory_excluded(name):
            reason = exclusion.excluded_by_name(f"{name}/-")
            return f"{reason} directory" if reason in {"vendored", "generated"} else reason or ""
        path = _encoded(self.base + name)
        return "ignored" if path is None or self.ignores(path, directory=True) else ""


class Judge:
    """Says which paths of a workspace may be read, and reads each ignore file once to do so.

    Serves for one round of questions: what has changed since is not seen.
    """

    def __init__(self, root: Path) -> None:
        """Take the directory of the workspace."""
        self._root = root
        self._places: dict[str, _Place | None] = {"": _entered(root, _outermost(root), "")}

    def allows(self, path: str) -> bool:
        """Whether names and ignore files let a file of this relative path be read."""
        if not _proper(path) or exclusion.excluded_by_name(path):
            return False
        place = self.place(path[: path.rfind("/") + 1])
        encoded = _encoded(path)
        return not (place is None or encoded is None or place.ignores(encoded, directory=False))

    def entry(self, path: str) -> Entry | None:
        """Return what a walk would yield of this path, or None if it would not come to it."""
        if not self.allows(path) or linked(self._root, path.rpartition("/")[0]):
            return None
        try:
            found = (self._root / path).lstat()
        except (OSError, ValueError):
            return None
        entry = _entry(path, found) if stat.S_ISREG(found.st_mode) else None
        return entry if isinstance(entry, Entry) else None

    def place(self, base: str) -> _Place | None:
        """Return the rules in force in a directory, or None if it is never entered."""
        place = self._places[""]
        below = ""
        for name in base.split("/")[:-1]:
            if place is None:
                break
            below += name + "/"
            if below not in self._places:
                shut = place.shuts(name)
                self._places[below] = None if shut else _entered(self._root, place, below)
            place = self._places[below]
        return place


def walk(
    root: Path,
    below: str = "",
    *,
    ended: Callable[[], bool] = lambda: False,
    skipped: Callable[[str, str], None] = lambda _folder, _reason: None,
) -> Iterator[Entry]:
    """Yield the files that may be read, breadth first, each directory in name order.

    Only those in the directory `below`, given by its relative path, if one is named. Stops at the
    next directory once it has `ended`. Tells of each file and each directory that is `skipped` in
    which directory it lies, and why; what is in a directory that is skipped is not looked at.
    """
    above = _above(root, below)
    level = [(above, f"{below}/" if below else "")] if above else []
    while level:
        deeper: list[tuple[_Place, str]] = []
        for outer, base in level:
            if ended():
                return
            try:
                with os.scandir(f"{root}/{base}") as found:
                    entries = sorted(found, key=lambda entry: entry.name)
            except (OSError, ValueError):
                continue
            place = _entered(root, outer, base, {entry.name for entry in entries})
            for entry in entries:
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        if not (reason := place.shuts(entry.name)):
                            deeper.append((place, base + entry.name + "/"))
                        elif entry.name not in _HISTORIES:
                            skipped(base[:-1], reason)
                    elif entry.is_file(follow_symlinks=False):
                        made = _seen(place, entry)
                        if isinstance(made, Entry):
                            yield made
                        else:
                            skipped(base[:-1], made)
        level = deeper


def allowed(root: Path, path: str) -> bool:
    """Whether a file of this relative path may be read: a walk would yield it if it existed.

    A person may have opened it through a symbolic link: then the file behind it must be allowed
    too.
    """
    judge = Judge(root)
    if not judge.allows(path):
        return False
    try:
        home, target = Path(os.path.realpath(root)), Path(os.path.realpath(root / path))
    except (OSError, ValueError):
        return False
    if target.is_relative_to(home):
        return judge.allows(target.relative_to(home).as_posix())
    return not exclusion.excluded_by_name(target.as_posix())


def read(root: Path, path: str) -> str | None:
    """Return a file's text, or None if it is gone, too large, or no text; any bytes decode.

    Also None if it is no ordinary file, or lies outside of the root once links are resolved.
    """
    content = read_bytes(root, path)
    if content is None or len(content) > exclusion.SIZE_LIMIT or exclusion.is_binary(content):
        return None
    return content.decode("utf-8", "replace")


def read_bytes(root: Path, path: str) -> bytes | None:
    """Return what is in a file, one byte more than the limit if it is too large.

    None if it is gone, no ordinary file, or lies outside of the root once links are resolved.
    """
    try:
        with opened(root, path) as file:
            return file.read(exclusion.SIZE_LIMIT + 1)
    except (OSError, ValueError):
        return None


class Reader:
    """Reads many files of a directory, those of one folder after another.

    Does what `read_bytes` does. A folder is kept open while its files are read, so that it is found
    and checked once.
    """

    def __init__(self, root: Path) -> None:
        """Take the directory."""
        self._root = root
        self._name: str | None = None
        self._folder = -1

    def read_bytes(self, path: str) -> bytes | None:
        """Return what is in a file, as `read_bytes` does."""
        name, _, leaf = path.rpartition("/")
        if os.open not in os.supports_dir_fd or not hasattr(os, "O_NOFOLLOW"):
            return read_bytes(self._root, path)
        try:
            if not _proper(path):
                return None
            if name != self._name:
                self._enter(name)
            descriptor = os.open(leaf, _OPEN_FLAGS, dir_fd=self._folder)
            try:
                found = os.fstat(descriptor)
                if not stat.S_ISREG(found.st_mode):
                    return None
                with open(descriptor, "rb", buffering=0, closefd=False) as file:
                    return file.read(min(found.st_size, exclusion.SIZE_LIMIT) + 1)
            finally:
                os.close(descriptor)
        except (OSError, ValueError):
            return None

    def close(self) -> None:
        """Close the folder that is kept open."""
        if self._folder >= 0:
            os.close(self._folder)
        self._name, self._folder = None, -1

    def _enter(self, name: str) -> None:
        self.close()
        self._folder = os.open(_inside(self._root, name), _OPEN_FLAGS)
        self._name = name


@contextmanager
def opened(root: Path, path: str) -> Iterator[BinaryIO]:
    """Open an ordinary file below the root; OSError if it is anything else."""
    if not _proper(path):
        raise FileNotFoundError(path)
    folder, _, name = path.rpartition("/")
    target = os.path.join(_inside(root, folder), name)  # noqa: PTH118 - as it was checked
    if not hasattr(os, "O_NOFOLLOW") and Path(target).is_symlink():
        raise PermissionError(path)
    descriptor = os.open(target, _OPEN_FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise PermissionError(path)
        with open(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def _inside(root: Path, folder: str) -> str:
    """Return a directory below the root without links; OSError if it lies outside."""
    found = os.path.realpath(root / folder)
    if not Path(found).is_relative_to(os.path.realpath(root)):
        raise PermissionError(folder)
    return found


def _proper(path: str) -> bool:
    """Whether a path is a relative one that goes nowhere but down."""
    return (
        len(path) <= _PATH_LIMIT
        and {"", ".", ".."}.isdisjoint(path.split("/"))
        and not os.path.splitdrive(path)[0]
        and not (os.altsep and os.sep in path)
    )


def linked(root: Path, folder: str) -> bool:
    """Whether a symbolic link stands on the way from the root to a directory."""
    path = root
    for name in folder.split("/") if folder else ():
        path /= name
        if os.path.islink(path):  # noqa: PTH114 - does not raise where it may not look
            return True
    return False


def _above(root: Path, below: str) -> _Place | None:
    """Return the rules that are in force above a directory, or None if it is never entered."""
    if not below:
        return _outermost(root)
    judge = Judge(root)
    if not _proper(below) or linked(root, below) or not judge.place(f"{below}/"):
        return None
    return judge.place(below[: below.rfind("/") + 1])


def _outermost(root: Path) -> _Place:
    """Return the rules that come from above the workspace, or hold for the whole repository."""
    home = Path(os.path.realpath(root))
    above = (home, *home.parents)
    top = next((at for at, folder in enumerate(above) if os.path.lexists(folder / ".git")), 0)
    git: _Layers = ()
    spark: _Layers = ()
    for folder in above[1 : top + 1]:
        git += _lowered(_layer(folder, "", ".gitignore"), folder, home)
        spark += _lowered(_layer(folder, "", ".sparkignore"), folder, home)
    git += _lowered(_layer(above[top], "", GIT_EXCLUDE), above[top], home)
    return _Place("", git, spark, _excluded(root))


def _excluded(root: Path) -> _Layers:
    """Return what `.spark-lsp.toml` excludes; one with mistakes switches all off elsewhere."""
    try:
        found = restrictions((read_bytes(root, RESTRICTIONS) or b"").decode("utf-8", "replace"))
    except SettingsError:
        return ()
    return (_Layer(Rules("\n".join(found.exclude).encode())),) if found.exclude else ()


def _lowered(layers: _Layers, folder: Path, home: Path) -> _Layers:
    """Return what a directory says, as it holds for what is below a workspace in it."""
    below = os.fsencode(home.relative_to(folder).as_posix())
    return tuple(it._replace(down=below + b"/" if folder != home else b"") for it in layers)


def _entered(root: Path, above: _Place, base: str, names: Collection[str] = IGNORE_FILES) -> _Place:
    """Return the rules in force in a directory; `names` are what may be there."""
    git = _layer(root, base, ".gitignore") if ".gitignore" in names else ()
    spark = _layer(root, base, ".sparkignore") if ".sparkignore" in names else ()
    return _Place(base, git + above.git, spark + above.spark, above.own)


def _layer(root: Path, base: str, name: str) -> _Layers:
    try:
        with opened(root, base + name) as file:
            content = file.read(exclusion.SIZE_LIMIT + 1)
    except (OSError, ValueError):
        return ()
    if len(content) > exclusion.SIZE_LIMIT:
        # Its beginning is obeyed, in whole lines.
        content = content[: content.rfind(b"\n", 0, exclusion.SIZE_LIMIT) + 1]
    return (_Layer(Rules(content), len(base.encode())),)


def _verdict(layers: _Layers, path: bytes, directory: bool) -> bool:
    for rules, skip, down in layers:
        verdict = rules.verdict(down + path[skip:], directory=directory)
        if verdict is not None:
            return verdict
    return False


def _seen(place: _Place, entry: os.DirEntry[str]) -> Entry | str:
    """Return a file, or why it is left out."""
    path = place.base + entry.name
    encoded = _encoded(path)
    if encoded is None or place.ignores(encoded, directory=False):
        return "ignored"
    if reason := exclusion.excluded_by_name(path):
        return reason
    return _entry(path, entry.stat(follow_symlinks=False))


def _entry(path: str, found: os.stat_result) -> Entry | str:
    if found.st_size > exclusion.SIZE_LIMIT:
        return "too large"
    return Entry(path, found.st_size, found.st_mtime_ns)


def _encoded(path: str) -> bytes | None:
    """Return a path's bytes; None if its name is no UTF-8, as no protocol could carry it."""
    try:
        return path.encode()
    except UnicodeEncodeError:
        return None
