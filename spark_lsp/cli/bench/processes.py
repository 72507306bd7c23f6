"""Which children a process has, what memory it holds and what time it took of the processors.

Owns the reading of /proc: none of this is known where the system has none.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
VISIBLE = (_PROC / "self/task").is_dir() and (_PROC / "self/statm").is_file()
"""Whether this system says so."""
_TIMES = slice(11, 15)
"""Where `stat` has times, behind the name: two of the process, two of children that have ended."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of the processors.

    Attributes:
        own: that a process took itself.
        children: that its children took, those that have ended included, and theirs.
    """

    own: float
    children: float

    def since(self, before: "Spent") -> "Spent":
        """Return what was spent after an earlier moment."""
        return Spent(self.own - before.own, self.children - before.children)


def spent(process: int) -> Spent:
    """Return what a process and its children have spent, to the hundredth of a second."""
    own, ended = _times(process)
    return Spent(own, ended + sum(map(_all, _children(process))))


def children(parent: int, argument: bytes) -> list[int]:
    """Return the children of a process that were started with an argument."""
    found = []
    for child in _children(parent):
        with suppress(OSError):
            started = (_PROC / str(child) / "cmdline").read_bytes()
            if argument in started.split(b"\0"):
                found.append(child)
    return found


def resident(process: int) -> float:
    """Return the megabytes that a process holds in memory, what it shares with others included."""
    pages = int((_PROC / str(process) / "statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _children(parent: int) -> list[int]:
    found: list[int] = []
    for task in (_PROC / str(parent) / "task").iterdir():
        with suppress(OSError):
            found += map(int, (task / "children").read_text("ascii").split())
    return found


def _all(process: int) -> float:
    """Return what a process and all below it have spent; nothing of one that is gone."""
    with suppress(OSError):
        return sum(_times(process)) + sum(map(_all, _children(process)))
    return 0.0


def _times(process: int) -> tuple[float, float]:
    """Return the seconds that a process took, and those of its children that have ended."""
    fields = (_PROC / str(process) / "stat").read_text("ascii", "replace").rpartition(")")[2]
    user, system, *ended = (int(it) for it in fields.split()[_TIMES])
    ticks = os.sysconf("SC_CLK_TCK")
    return (user + system) / ticks, sum(ended) / ticks
