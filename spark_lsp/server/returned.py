"""What a task has left in its place, told against what it began with.

Owns the comparison, and what of it may come back: texts. What a task must not see is refused,
wherever it has come from; links are not followed and not taken over; of what is only made by
building and testing nothing comes back. Also owns the third side of what is merged then: the files
of the person as they are now, with which the secrets come back that the task was not shown
(`core.tasks.masks`). How a place is made and removed is decided in `worktrees`.
"""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from spark_lsp.core import exclusion
from spark_lsp.core.tasks.masks import masked, unmasked
from spark_lsp.core.tasks.moves import moved
from spark_lsp.core.tasks.patch import Sides
from spark_lsp.server import walk
from spark_lsp.server.baseline import Baseline, digest
from spark_lsp.server.standing import Standing, Standings

LARGEST = 16_000_000
"""Bytes of a file above which it is neither laid down nor taken back."""
_MOST = 200_000
"""Files and directories that are looked at."""
_COME = 200
"""New files of the person up to which it is looked whether one of them was moved."""


@dataclass(slots=True)
class Returned:
    """What a task has made of files.

    Attributes:
        base: the texts that it began with, by path, of files that it has changed or removed.
        task: the texts that it has left, of files that it has changed or added.
        left: paths that it has changed and that do not come back, each with a sentence why.
    """

    base: dict[str, str] = field(default_factory=dict)
    task: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)


def collected(home: Path, folder: Path, root: Path) -> Returned:
    """Return what is otherwise in a place than it was; the task in it must have ended."""
    baseline = Baseline(home)
    try:
        return _Collecting(baseline, folder, root).done()
    finally:
        baseline.close()


def sides(home: Path, root: Path, found: Returned, buffers: Mapping[str, str]) -> Sides:
    """Return what a task has made of files beside what they are now; `buffers` go before files.

    What the person has and what is no text is taken out of `found`, and told in its `left`.
    """
    person: dict[str, str] = {}
    for path in [it for it in found.task if walk.linked(root, it.rpartition("/")[0])]:
        found.base.pop(path, None)
        found.task.pop(path)
        found.left[path] = f"{path} would lie behind a link, and is left to you."
    for path in sorted(found.base.keys() | found.task.keys()):
        text = buffers.get(path)
        if text is None and os.path.lexists(root / path):
            text = _read(root, path)
            if text is None:
                found.base.pop(path, None)
                found.task.pop(path, None)
                found.left[path] = f"{path} is no text that can be read now, so it stays as it is."
        if text is not None:
            person[path] = text
    known, hidden = _began(home)
    gone = {path: text for path, text in found.base.items() if path not in person}
    come = _come(known | found.task.keys(), root, buffers) if gone else {}
    places = moved(gone, {path: masked(text) for path, text in come.items()} if hidden else come)
    person |= {new: come[new] for new in places}
    told = Sides(found.base, found.task, person, {old: new for new, old in places.items()})
    stars = any("*" in text for text in found.task.values())
    if not hidden or (not stars and hidden.keys().isdisjoint(found.base)):
        return told
    texts = {path: buffers.get(path) or _read(root, path) for path in hidden}
    return unmasked(told, hidden, {path: text for path, text in texts.items() if text})


def _began(home: Path) -> tuple[set[str], dict[str, str]]:
    """Return which files there were when the task began, and those that were without secrets."""
    baseline = Baseline(home)
    try:
        hidden = baseline.contents(baseline.masked())
        return set(baseline.digests()), {path: content.decode() for path, content in hidden}
    finally:
        baseline.close()


def _come(known: Collection[str], root: Path, buffers: Mapping[str, str]) -> dict[str, str]:
    """Return the files that the person has and that were not there when the task began."""
    paths = [it.path for it in walk.walk(root) if it.path not in known][: _COME + 1]
    if len(paths) > _COME:
        return {}
    texts = {path: buffers.get(path) or _read(root, path) for path in paths}
    return {path: text for path, text in texts.items() if text}


def _read(root: Path, path: str) -> str | None:
    try:
        with walk.opened(root, path) as file:
            return _text(file.read(LARGEST + 1))
    except (OSError, ValueError):
        return None


class _Collecting:
    def __init__(self, baseline: Baseline, folder: Path, root: Path) -> None:
        self._baseline = baseline
        self._folder = folder
        self._digests: Mapping[str, bytes] = baseline.digests()
        self._links = baseline.links()
        self._withheld = baseline.withheld()
        self._folders = {
            path[:at] for path in self._digests for at, sign in enumerate(path) if sign == "/"
        }
        self._standings = Standings(root)
        self._returned = Returned()
        self._unchanged: set[str] = set()
        self._shut: set[str] = set()  # what stands where it cannot be looked behind

    def done(self) -> Returned:
        """Look at everything, then tell what is not there any more."""
        level = [""]
        seen = 0
        while level:
            base = level.pop()
            for entry in self._entries(base):
                seen += 1
                if seen > _MOST:
                    raise ValueError(f"there are more than {_MOST} files in it")
                path = base + entry.name
                if entry.is_symlink():
                    self._link(path)
                elif entry.is_dir(follow_symlinks=False):
                    if self._enters(path, entry.name):
                        level.append(f"{path}/")
                elif entry.is_file(follow_symlinks=False):
                    self._file(path)
        self._gone()
        return self._returned

    def _entries(self, base: str) -> list["os.DirEntry[str]"]:
        try:
            with os.scandir(self._folder / base) as found:
                return sorted(found, key=lambda entry: entry.name)
        except OSError:
            if not base:
                raise
            self._shut.add(base[:-1])
            self._returned.left[base[:-1]] = f"{base[:-1]} cannot be read."
            return []

    def _enters(self, path: str, name: str) -> bool:
        if name == ".git":
            return False
        standing = self._standings.of(path, directory=True)
        if standing.withheld:
            self._refuse(path)
            return False
        return standing is Standing.FREE or path in self._folders

    def _link(self, path: str) -> None:
        leads = os.readlink(self._folder / path)  # noqa: PTH115 - the text as it is
        if self._links.get(path) != leads:
            if self._standings.of(path) in {Standing.FREE, Standing.NOISE}:
                self._returned.left[path] = (
                    f"{path} is a link; the task's links are not taken over."
                )
            self._shut.add(path)

    def _file(self, path: str) -> None:
        standing = self._standings.of(path)
        if standing.withheld or path in self._withheld:
            self._refuse(path)
            return
        before = self._digests.get(path)
        if path == ".git" or (before is None and standing is Standing.IGNORED):
            return
        if before is None and standing is Standing.NOISE:
            self._returned.left[path] = f"{path} is new and {standing.value}, so it stays behind."
            return
        try:
            with walk.opened(self._folder, path) as file:
                content = file.read(LARGEST + 1)
        except (OSError, ValueError):
            self._shut.add(path)
            self._returned.left[path] = f"{path} cannot be read."
            return
        if before == digest(content):
            self._unchanged.add(path)
            return
        text = _text(content)
        if text is None or (before is not None and self._before(path) is None):
            self._shut.add(path)
            self._returned.left[path] = f"{path} is no text, so it is not taken over."
        else:
            self._returned.task[path] = text

    def _before(self, path: str) -> str | None:
        """Return the text that a file had; it is told with what has become of it."""
        for _, content in self._baseline.contents([path]):
            text = _text(content)
            if text is not None:
                self._returned.base[path] = text
            return text
        return None

    def _gone(self) -> None:
        """Tell of files that are there no more, where it can be seen that they are not."""
        there = self._unchanged | self._returned.task.keys() | self._returned.left.keys()
        for path in self._digests.keys() - there:
            if any(path == it or path.startswith(f"{it}/") for it in self._shut):
                self._returned.left[path] = f"{path} is behind a link or cannot be read."
            elif self._before(path) is None:
                self._returned.left[path] = f"{path} was removed; it is no text, so it stays."

    def _refuse(self, path: str) -> None:
        self._shut.add(path)
        self._returned.left[path] = (
            f"{path} was written by the task, which must not see it; that is refused."
        )


def _text(content: bytes) -> str | None:
    """Return a content as text, None if it is none or too large."""
    if len(content) > LARGEST or exclusion.is_binary(content) or b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
