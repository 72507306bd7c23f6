"""Keeps the embedded engine in step with the files of a workspace, and with what they import.

Owns what of them is learned, within limits, and what was learned by now. Which files there are is
left to `walk` and to `dependencies`; reading and learning happen in a thread. The workspace comes
first, so that nobody waits for what others wrote.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from spark_lsp.core import languages
from spark_lsp.core.installed.files import chosen
from spark_lsp.core.installed.imports import Import, imported, ranked
from spark_lsp.core.secrets import redact
from spark_lsp.engine.model import Engine
from spark_lsp.server import dependencies, walk
from spark_lsp.server.dependencies import Dependencies, Dependency
from spark_lsp.server.walk import Entry

_log = logging.getLogger(__name__)

_LIMIT = 6_000_000
"""Bytes of a workspace that are learned: sources first, nearest to its root first."""
_FOREIGN_LIMIT = 3_000_000
"""Bytes of installed dependencies that are learned besides: what is imported most comes first."""
_BATCH = 500_000
"""Bytes learned at a time: small enough that the first are of use while the rest is read."""


class _Lessons:
    """What has been learned of files of one sort, and what of them is about to be."""

    def __init__(self, engine: Engine, *, foreign: bool) -> None:
        self.learned: dict[str, Entry] = {}
        self._engine = engine
        self._foreign = foreign
        self._useless: dict[str, Entry] = {}  # what turned out to be no text
        self._texts: dict[str, str | None] = {}
        self._entries: list[Entry] = []
        self._size = 0

    def fits(self, entry: Entry, read: Callable[[], str | None]) -> bool:
        """Whether a file is of use; if it was not learned as it is now, it soon will be."""
        if self._useless.get(entry.path) == entry:
            return False
        if self.learned.get(entry.path) != entry:
            text = read()
            if text is None:
                self._useless[entry.path] = entry
                return False
            # What it has not learned it cannot suggest elsewhere.
            self._texts[entry.path] = redact(text)
            self._entries.append(entry)
            self._size += entry.size
        return True

    def full(self) -> bool:
        """Whether as much has been read as is learned at a time."""
        return self._size > _BATCH

    def teach(self) -> None:
        """Learn what was read, and keep account of it at once: what comes after may fail."""
        texts, self._texts = self._texts, {}
        entries, self._entries = self._entries, []
        self._size = 0
        if texts:
            self._engine.learn(texts, foreign=self._foreign)
            for path in texts:
                self.learned.pop(path, None)
            self.learned.update((entry.path, entry) for entry in entries)

    def keep(self, fitting: set[str], present: Iterable[str]) -> None:
        """Learn the rest, and forget all that is not among the files that fit."""
        self._texts.update(dict.fromkeys(self.learned.keys() - fitting))
        self.teach()
        self._useless = {it: self._useless[it] for it in present if it in self._useless}


class Teacher:
    """Keeps an engine in step with the files of a workspace."""

    def __init__(self, engine: Engine, root: Path | None, foreign: int = _FOREIGN_LIMIT) -> None:
        """Take the engine and the directory to learn from, if there is one.

        Of installed dependencies at most so many bytes are learned besides.
        """
        self._engine = engine
        self._root = root
        self._own = _Lessons(engine, foreign=False)
        self._foreign = _Lessons(engine, foreign=True)
        self._room = foreign
        self._imports: dict[str, frozenset[Import]] = {}
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
        self._learn_own(root, entries)
        self._learn_foreign(root, entries)
        if not self._closed:
            foreign = len(self._foreign.learned)
            _log.info(
                "learned %d files, %d tokens; %d files of dependencies",
                self._engine.files - foreign,
                self._engine.tokens,
                foreign,
            )

    def _learn_own(self, root: Path, entries: list[Entry]) -> None:
        # The order is stable: sources as they were walked, then other text likewise.
        entries.sort(key=lambda entry: languages.by_path(entry.path) is None)
        lessons = self._own
        room = _LIMIT
        fitting = set()
        for entry in entries:
            if self._closed:
                return
            if entry.size > room or not lessons.fits(entry, partial(self._read, root, entry)):
                continue
            fitting.add(entry.path)
            room -= entry.size
            if lessons.full():
                lessons.teach()
        lessons.keep(fitting, (entry.path for entry in entries))
        self._imports = {it: self._imports[it] for it in fitting if it in self._imports}

    def _read(self, root: Path, entry: Entry) -> str | None:
        """Read a file of the workspace, and note what it imports."""
        text = walk.read(root, entry.path)
        language = languages.by_path(entry.path)
        self._imports.pop(entry.path, None)
        if text is not None and language and (found := imported(language.name, text)):
            self._imports[entry.path] = found
        return text

    def _learn_foreign(self, root: Path, entries: list[Entry]) -> None:
        """Learn what the workspace imports, until it has itself changed again."""
        lessons, own = self._foreign, self._own.learned
        seen: set[str] = set()

        def useful(found: Dependency) -> bool:
            seen.add(found.path)
            return found.path not in own and lessons.fits(found, partial(dependencies.read, found))

        wanted = ranked(self._imports.values()) if self._room else ()
        installed = Dependencies(root, [entry.path for entry in entries]) if wanted else None
        packages = installed.packages(wanted) if installed else iter(())
        fitting = set()
        for found in chosen(packages, self._room, useful):
            fitting.add(found.path)
            if lessons.full():
                lessons.teach()
                if self._wanted.is_set():
                    return
            if self._closed:
                return
        lessons.keep(fitting, seen)
