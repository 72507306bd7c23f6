"""Keeps the session's index in step with the files of the workspace.

Owns when what is parsed: everything once in the background, then what the editor reports. Which
files there are is left to `walk`, the parsing to `workers`.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from spark_lsp.core import languages
from spark_lsp.core.events import Event, Indexed
from spark_lsp.core.symbols import FileSymbols
from spark_lsp.server import walk, workers

_log = logging.getLogger(__name__)

_BATCH = 8
"""Files told to the session at a time: few, because a key may be waiting behind them."""
_GATHER = 0.1
"""Seconds in which reported changes become one batch: a branch switch reports thousands."""


class Workspace:
    """The files of one directory, as `Indexed` events."""

    def __init__(self, root: Path, feed: Callable[[Event], None]) -> None:
        """Take the directory, and who listens."""
        self._root = root
        self._feed = feed
        self._changed: set[str] = set()
        self._news = asyncio.Event()

    def changed(self, paths: Iterable[str]) -> None:
        """Have these files, given by absolute paths, read again soon."""
        for path in map(Path, paths):
            if path.is_relative_to(self._root):
                self._changed.add(path.relative_to(self._root).as_posix())
        self._news.set()

    async def run(self) -> None:
        """Index the workspace, then follow changes, until cancelled."""
        await self._index(await asyncio.to_thread(self._found))
        while True:
            await self._news.wait()
            await asyncio.sleep(_GATHER)
            self._news.clear()
            changed, self._changed = sorted(self._changed), set()
            present = await asyncio.to_thread(self._present, changed)
            gone = dict.fromkeys(path for path in changed if path not in present)
            self._feed(Indexed(gone, done=not present))
            if present:
                await self._index(present)

    async def _index(self, paths: list[str]) -> None:
        batch: dict[str, FileSymbols | None] = {}

        def on_file(path: str, symbols: FileSymbols | None) -> None:
            batch[path] = symbols
            if len(batch) >= _BATCH:
                self._feed(Indexed(dict(batch), done=False))
                batch.clear()

        lost = await workers.parse(self._root, paths, on_file)
        self._feed(Indexed(batch, done=True))
        _log.info("indexed %d files of %s, %d lost", len(paths), self._root, len(lost))

    def _found(self) -> list[str]:
        return [entry.path for entry in walk.walk(self._root) if languages.by_path(entry.path)]

    def _present(self, paths: list[str]) -> list[str]:
        return [
            path
            for path in paths
            if languages.by_path(path)
            and walk.allowed(self._root, path)
            and (self._root / path).is_file()
        ]
