"""The files that wait to be parsed, in the order in which they are wanted.

Owns that order: what lies near to a file that a person has opened comes first, everything else as
it was found. Pure but for an event to wait on.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Iterable

_NEAR = 2
"""Steps between directories that are still near: up to the parent, and down into its others."""


class Backlog:
    """Paths to be taken out one by one, by several takers."""

    def __init__(
        self, focus: Iterable[str] = (), admit: Callable[[str], bool] = lambda _: True
    ) -> None:
        """Take the files that a person has opened, and who has the last word on each path."""
        self._admit = admit
        self._folders: dict[str, deque[str]] = {}
        self._order: list[tuple[int, int, str]] = []  # a heap: how near, when found, the directory
        self._found: dict[str, int] = {}
        self._focus = {folder_of(path) for path in focus}
        self._moved = asyncio.Event()
        self._size = 0
        self.closed = False

    def __len__(self) -> int:
        return self._size

    def add(self, paths: Iterable[str]) -> None:
        """Add paths, each once."""
        for path in paths:
            folder = folder_of(path)
            waiting = self._folders.get(folder)
            if waiting is None:
                waiting = self._folders[folder] = deque()
                heapq.heappush(self._order, self._rank(folder))
            waiting.append(path)
            self._size += 1
        self._moved.set()

    def focus(self, path: str) -> None:
        """Have what is near to a file come first from now on."""
        self._focus.add(folder_of(path))
        self._order = [self._rank(folder) for folder in self._folders]
        heapq.heapify(self._order)

    def take(self) -> str | None:
        """Take out the next path that is admitted; None if there is none for now."""
        while (path := self._next()) is not None:
            if self._admit(path):
                break
        return path

    def clear(self) -> list[str]:
        """Take out all that is left, in order."""
        left = []
        while (path := self._next()) is not None:
            left.append(path)
        return left

    def close(self) -> None:
        """Say that no path will be added any more."""
        self.closed = True
        self._moved.set()

    async def wait(self) -> bool:
        """Wait until there is a path to take; False if none will come."""
        while not self._size and not self.closed:
            self._moved.clear()
            await self._moved.wait()
        return bool(self._size)

    def _next(self) -> str | None:
        if not self._order:
            return None
        folder = self._order[0][2]
        waiting = self._folders[folder]
        path = waiting.popleft()
        self._size -= 1
        if not waiting:
            heapq.heappop(self._order)
            del self._folders[folder]
        return path

    def _rank(self, folder: str) -> tuple[int, int, str]:
        found = self._found.setdefault(folder, len(self._found))
        return nearness(folder, self._focus), found, folder


def nearness(folder: str, focus: Iterable[str]) -> int:
    """Return how far a directory is from the nearest of some, all of what is not near alike."""
    return min((_steps(folder, other) for other in focus), default=_NEAR + 1)


def folder_of(path: str) -> str:
    """Return the directory that a path lies in; the root is ""."""
    return path.rpartition("/")[0]


def _steps(one: str, other: str) -> int:
    """Return the steps up and down from one directory to another, at most one more than near."""
    if one == other:
        return 0
    here, there = (path.split("/") if path else [] for path in (one, other))
    same = 0
    for a, b in zip(here, there, strict=False):
        if a != b:
            break
        same += 1
    return min(len(here) + len(there) - 2 * same, _NEAR + 1)
