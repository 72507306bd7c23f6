"""Watches the files of a workspace for editors that do not report changes.

Owns which directories are watched, and which of the system's reports are worth passing on. What has
really changed, the listener finds out.

Systems count directories that are watched, and some allow few. The root itself is therefore watched
without what is below, and the directories in it apart, without those that are never entered.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from watchfiles import Change, awatch

from spark_lsp.core import exclusion

_log = logging.getLogger(__name__)

_GIT = frozenset({".git/HEAD", ".git/info/exclude"})
"""What is of interest in git's own directory: which branch it is, and what it ignores."""
_GATHER = 400
"""Milliseconds for which changes that do not end are gathered."""
_QUIET = 50
"""Milliseconds without a change after which those before are passed on."""


async def watch(root: Path, changed: Callable[[Iterable[str]], None]) -> None:
    """Tell of changed files and directories by their absolute paths, until cancelled.

    Returns with a warning where the system cannot watch so many directories, or none.
    """
    try:
        flat, deep = await asyncio.to_thread(_places, root)
        home = await asyncio.to_thread(os.path.realpath, root)
        async with asyncio.TaskGroup() as group:
            _Watch(root, home, changed, group).begin(flat, deep)
    except* (OSError, RuntimeError) as errors:
        error = errors.exceptions[0]
        _log.warning("changes in %s cannot be watched (%s)", root, error)


class _Watch:
    """What is being watched of a directory."""

    def __init__(
        self,
        root: Path,
        home: str,
        changed: Callable[[Iterable[str]], None],
        group: asyncio.TaskGroup,
    ) -> None:
        self._root = str(root)
        self._home = home
        self._changed = changed
        self._group = group
        self._later: dict[str, asyncio.Task[None]] = {}  # for directories that were not there

    def begin(self, flat: list[str], deep: list[str]) -> None:
        """Watch some directories, and others with all that is below."""
        self._group.create_task(self._follow(flat, recursive=False))
        if deep:
            self._group.create_task(self._follow(deep, recursive=True))

    async def _follow(self, places: list[str], *, recursive: bool) -> None:
        async for changes in awatch(
            *places,
            recursive=recursive,
            watch_filter=self._wanted,
            debounce=_GATHER,
            step=_QUIET,
            ignore_permission_denied=True,
        ):
            inside = {path for _, told in changes if (path := self._below(told))}
            # What is gone and there again may be told at once, in no order.
            added = {self._below(told) for change, told in changes if change is Change.added}
            for path in sorted(inside & added) if not recursive else ():
                self._extend(path)
            self._changed([os.path.join(self._root, path) for path in sorted(inside)])  # noqa: PTH118

    def _extend(self, path: str) -> None:
        """Watch a directory that has appeared in the root."""
        place = Path(self._root, path)
        if exclusion.directory_excluded(path) or place.is_symlink() or not place.is_dir():
            return
        if before := self._later.pop(path, None):
            before.cancel()
        self._later[path] = self._group.create_task(self._try_to_follow(str(place)))

    async def _try_to_follow(self, place: str) -> None:
        with suppress(OSError, RuntimeError):  # it may be gone again
            await self._follow([place], recursive=True)

    def _below(self, path: str) -> str | None:
        """Return the relative path of what has changed, which may be told behind all links."""
        for base in (self._root, self._home):
            if path.startswith(base + os.sep):
                return path[len(base) + 1 :]
        return None

    def _wanted(self, _: Change, path: str) -> bool:
        """Whether a change is of interest."""
        inside = (self._below(path) or ".git").replace(os.sep, "/")
        *parents, name = inside.split("/")
        return inside in _GIT or (
            name != ".git" and not any(map(exclusion.directory_excluded, parents))
        )


def _places(root: Path) -> tuple[list[str], list[str]]:
    """Return the directories to watch by themselves, and those to watch with what is below."""
    with os.scandir(root) as found:
        deep = [
            entry.path
            for entry in found
            if entry.is_dir(follow_symlinks=False) and not exclusion.directory_excluded(entry.name)
        ]
    flat = [root, *(root / folder for folder in (".git", ".git/info") if (root / folder).is_dir())]
    return list(map(str, flat)), deep
