"""What of tasks outlives a server: a small file for each, beside the places that they work in.

Owns these files. A task that was at work when its server ended is said to be so.
"""

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import uuid4

import msgspec

from spark_lsp.core.tasks.task import LEFT, Task
from spark_lsp.wire.frames import encode

_log = logging.getLogger(__name__)

_KEPT: Final = 100
"""Tasks of a workspace that are kept; the oldest are forgotten first."""


class Kept(msgspec.Struct, frozen=True):
    """What stands in a file."""

    root: str
    task: Task


class Keeping:
    """The tasks of one workspace, on disk."""

    def __init__(self, state: Path, root: Path) -> None:
        """Take the directory that they are kept in, and the workspace."""
        self._state = state
        self._root = str(root)

    def all(self) -> tuple[list[Task], set[str] | None]:
        """Return the tasks of the workspace, the oldest first, and the places of all workspaces.

        Blocks. What is too old is forgotten, and what cannot be read is passed over: then nobody
        knows which places are still wanted, which is None.
        """
        read = list(self._read())
        kept = sorted(filter(None, read), key=lambda it: it.task.began)
        own = [it.task for it in kept if it.root == self._root]
        for task in own[:-_KEPT]:
            self.forget(task.id)
        found = [
            task.over("left", task.began, LEFT) if task.alive else task for task in own[-_KEPT:]
        ]
        places = {task.place for task in found}
        places |= {it.task.place for it in kept if it.root != self._root}
        return found, places if len(kept) == len(read) else None

    def save(self, task: Task) -> None:
        """Write a task down, whole or not at all. Blocks."""
        path = self._path(task.id)
        with contextlib.suppress(OSError):
            self._state.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{uuid4().hex[:8]}")
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(encode(Kept(self._root, task)))
            fresh.replace(path)
        except OSError as error:
            _log.warning("a task is not kept: %s", error.strerror)

    def forget(self, name: str) -> None:
        """Remove what is known of a task. Blocks."""
        with contextlib.suppress(OSError):
            self._path(name).unlink()

    def _path(self, name: str) -> Path:
        return self._state / f"{name}.json"

    def _read(self) -> Iterator[Kept | None]:
        with contextlib.suppress(OSError):
            for path in sorted(self._state.glob("task-*.json")):
                try:
                    yield msgspec.json.decode(path.read_bytes(), type=Kept)
                except (OSError, msgspec.DecodeError):
                    _log.warning("a task that was kept cannot be read")
                    yield None
