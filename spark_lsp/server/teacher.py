"""Keeps the embedded engine in step with the files of a workspace.

Owns what of them is learned, within a limit, and what was learned by now. Which files there are is
left to `walk`; reading and learning happen in a thread.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from pathlib import Path

from spark_lsp.core import languages
from spark_lsp.core.secrets import redact
from spark_lsp.engine.model import Engine
from spark_lsp.server import walk
from spark_lsp.server.walk import Entry

_log = logging.getLogger(__name__)

_LIMIT = 6_000_000
"""Bytes of a workspace that are learned: sources first, nearest to its root first."""
_BATCH = 500_000
"""Bytes learned at a time: small enough that the first are of use while the rest is read."""


@dataclass(slots=True)
class _Lesson:
    """What is learned at once."""

    texts: dict[str, str | None] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    size: int = 0


class Teacher:
    """Keeps an engine in step with the files of a workspace."""

    def __init__(self, engine: Engine, root: Path | None) -> None:
        """Take the engine and the directory to learn from, if there is one."""
        self._engine = engine
        self._root = root
        self._learned: dict[str, Entry] = {}
        self._useless: dict[str, Entry] = {}  # what turned out to be no text
        self._wanted = asyncio.Event()
        self._closed = False

    def close(self) -> None:
        """Stop learning at the next file, so that the process can end."""
        self._closed = True

    def refresh(self) -> None:
        """Have changed files learned soon."""
        self._wanted.set()

    async def run(self) -> None:
        """Learn now, and whenever asked to, until cancelled."""
        while self._root is not None:
            self._wanted.clear()
            try:
                await asyncio.to_thread(self.learn, self._root)
            except Exception:  # noqa: BLE001 - the next round may do better
                _log.exception("what has changed in %s could not be learned", self._root)
            await self._wanted.wait()

    def learn(self, root: Path) -> None:
        """Learn what has changed, in the calling thread, until it is done or closed."""
        entries = list(walk.walk(root, ended=lambda: self._closed))
        # The order is stable: sources as they were walked, then other text likewise.
        entries.sort(key=lambda entry: languages.by_path(entry.path) is None)
        present = {entry.path for entry in entries}
        self._useless = {path: it for path, it in self._useless.items() if path in present}
        room = _LIMIT
        fitting = set()
        lesson = _Lesson()
        for entry in entries:
            if self._closed:
                return
            if entry.size > room or self._useless.get(entry.path) == entry:
                continue
            if self._learned.get(entry.path) != entry:
                text = walk.read(root, entry.path)
                if text is None:
                    self._useless[entry.path] = entry
                    continue
                # What it has not learned it cannot suggest elsewhere.
                lesson.texts[entry.path] = redact(text)
                lesson.entries.append(entry)
                lesson.size += entry.size
            fitting.add(entry.path)
            room -= entry.size
            if lesson.size > _BATCH:
                self._teach(lesson)
                lesson = _Lesson()
        lesson.texts.update(dict.fromkeys(self._learned.keys() - fitting))
        self._teach(lesson)
        _log.info("learned %d files, %d tokens", self._engine.files, self._engine.tokens)

    def _teach(self, lesson: _Lesson) -> None:
        """Learn, and keep account of it at once: what comes after may fail."""
        if not lesson.texts:
            return
        self._engine.learn(lesson.texts)
        for path in lesson.texts:
            self._learned.pop(path, None)
        self._learned.update((entry.path, entry) for entry in lesson.entries)
