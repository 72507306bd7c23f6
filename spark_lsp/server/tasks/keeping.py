"""What of tasks outlives a server: a small file for each, beside the places that they work in.

Owns these files, and the judgement whether a task that is at work by its file still is: another
server of the same workspace may be working on it, or have ended.
"""

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Final
from uuid import uuid4

import msgspec

from spark_lsp.core.tasks.task import LEFT, Task
from spark_lsp.server.baseline import abandoned
from spark_lsp.wire.frames import encode

_log = logging.getLogger(__name__)

_KEPT: Final = 100
"""Tasks of a workspace that are kept; the oldest are forgotten first."""
_PREPARING: Final = 120.0
"""Seconds for which a task that is at work may be without a place."""
_NAMES: Final = "task-*.json"


class Kept(msgspec.Struct, frozen=True):
    """What stands in a file."""

    root: str
    task: Task


class Keeping:
    """The tasks of one workspace, on disk."""

    def __init__(self, state: Path, root: Path) -> None:
        """Take the directory that they are kept in, and the workspace."""
        self.state = state
        # However an editor has come there: a folder may be opened by a link.
        self._root = os.path.realpath(root)

    def all(self) -> list[Task]:
        """Return the tasks of the workspace, the oldest first.

        Blocks. What is too old is forgotten, and what cannot be read is passed over.
        """
        kept = sorted(filter(None, self._read()), key=lambda it: it.task.began)
        own = [it.task for it in kept if it.root == self._root]
        found = [self._now(task) for task in own]
        for task in (it for it in found[:-_KEPT] if not it.elsewhere):
            self.forget(task.id)
        return [task for task in found[:-_KEPT] if task.elsewhere] + found[-_KEPT:]

    def places(self) -> set[str] | None:
        """Return the places that are wanted, of all workspaces; None if nobody knows. Blocks."""
        read = list(self._read())
        kept = [it.task.place for it in read if it]
        return set(kept) if len(kept) == len(read) else None

    def one(self, name: str) -> Task | None:
        """Return a task of the workspace as it is kept, None if it is not. Blocks.

        Raises:
            OSError, msgspec.DecodeError: if nobody can tell.
        """
        try:
            kept = _decoded(self._path(name))
        except FileNotFoundError:
            return None
        return self._now(kept.task) if kept.root == self._root else None

    def save(self, task: Task) -> bool:
        """Write a task down, whole or not at all, and return whether it is. Blocks."""
        path = self._path(task.id)
        self.begin()
        fresh = path.with_suffix(f".{uuid4().hex[:8]}")
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(encode(Kept(self._root, task)))
            fresh.replace(path)
        except OSError as error:
            _log.warning("a task is not kept: %s", error.strerror)
            with contextlib.suppress(OSError):
                fresh.unlink()
            return False
        return True

    def forget(self, name: str) -> None:
        """Remove what is known of a task. Blocks."""
        with contextlib.suppress(OSError):
            self._path(name).unlink()

    def begin(self) -> None:
        """Make the directory, if it is not there. Blocks."""
        with contextlib.suppress(OSError):
            self.state.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _now(self, task: Task) -> Task:
        """Return a task that another server has written down, as it must be by now."""
        if not task.alive:
            return task
        if task.place:
            home = self.state / task.place
            left = not home.is_dir() or abandoned(home)
        else:
            left = task.began < time() - _PREPARING
        return task.over("left", task.began, LEFT) if left else task.changed(elsewhere=True)

    def _path(self, name: str) -> Path:
        return self.state / f"{name}.json"

    def _read(self) -> Iterator[Kept | None]:
        with contextlib.suppress(OSError):
            yield from map(_kept, sorted(self.state.glob(_NAMES)))


def named(path: str) -> str:
    """Return the name of the task that a file is about, "" if it is about none."""
    file = Path(path)
    return file.stem if file.match(_NAMES) else ""


def _decoded(path: Path) -> Kept:
    return msgspec.json.decode(path.read_bytes(), type=Kept)


def _kept(path: Path) -> Kept | None:
    try:
        return _decoded(path)
    except (OSError, msgspec.DecodeError):
        _log.warning("a task that was kept cannot be read")
        return None
