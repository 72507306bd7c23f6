"""Which children a process has, and what memory it holds, where the system says so."""

import os
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
VISIBLE = (_PROC / "self/task").is_dir() and (_PROC / "self/statm").is_file()
"""Whether this system says so."""


def children(parent: int, argument: bytes) -> list[int]:
    """Return the children of a process that were started with an argument."""
    found = []
    for task in (_PROC / str(parent) / "task").iterdir():
        with suppress(OSError):
            for child in (task / "children").read_text("ascii").split():
                started = (_PROC / child / "cmdline").read_bytes()
                if argument in started.split(b"\0"):
                    found.append(int(child))
    return found


def resident(process: int) -> float:
    """Return the megabytes that a process holds in memory, what it shares with others included."""
    pages = int((_PROC / str(process) / "statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
