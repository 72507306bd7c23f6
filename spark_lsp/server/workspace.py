"""Keeps the session's index in step with the files of the workspace.

Owns when what is parsed: everything once in the background, then what the editor reports, and which
files are in the index by now. Which files there are is left to `walk`, the parsing to `workers`.

An editor reports files, but also directories without what is in them, and ignore files without what
they speak of. In those two cases the directory is walked again and compared with what is known.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from spark_lsp.core import languages
from spark_lsp.core.events import Event, Indexed
from spark_lsp.core.symbols import FileSymbols
from spark_lsp.server import walk, workers
from spark_lsp.server.walk import Entry

_log = logging.getLogger(__name__)

_BATCH = 8
"""Files told to the session at a time: few, because a key may be waiting behind them."""
_GATHER = 0.1
"""Seconds in which reported changes become one batch: a branch switch reports thousands."""


@dataclass(slots=True)
class _News:
    """What reported changes come down to: files to read, and files that are gone."""

    present: dict[str, Entry] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)


class Workspace:
    """The files of one directory, as `Indexed` events; only the end of the first round is done."""

    def __init__(self, root: Path, feed: Callable[[Event], None]) -> None:
        """Take the directory, and who listens."""
        self._root = root
        self._feed = feed
        self._known: dict[str, Entry] = {}
        self._shown: set[str] = set()  # those of the known that have symbols
        self._changed: set[str] = set()
        self._reported = asyncio.Event()
        self._ended = False

    def changed(self, paths: Iterable[str]) -> None:
        """Have these files or directories, given by absolute paths, looked at again soon."""
        for path in map(Path, paths):
            if path.is_relative_to(self._root):
                below = path.relative_to(self._root).as_posix()
                self._changed.add("" if below == "." else below)
                self._reported.set()

    async def run(self) -> None:
        """Index the workspace, then follow changes, until cancelled."""
        try:
            await self._round({""})
            # Also if that failed: nobody shall wait for what will not come.
            self._feed(Indexed({}, done=True))
            while True:
                await self._reported.wait()
                await asyncio.sleep(_GATHER)
                self._reported.clear()
                changed, self._changed = self._changed, set()
                await self._round(changed)
        finally:
            self._ended = True  # a thread that walks would keep the process from ending

    async def _round(self, changed: set[str]) -> None:
        try:
            news = await asyncio.to_thread(self._news, changed)
            self._forget(news.gone)
            if news.present:
                await self._index(news.present)
        except Exception:  # noqa: BLE001 - the next round may do better
            _log.exception("%d changes in %s could not be followed", len(changed), self._root)

    def _news(self, changed: set[str]) -> _News:
        news = _News()
        folders = set()
        judge = walk.Judge(self._root)
        inhabited = {""} | {folder for path in self._known for folder in _folders(path)}
        for path in sorted(changed):
            folder, _, name = path.rpartition("/")
            if path in inhabited:  # also if it is a file now
                folders.add(path)
            if path == walk.GIT_EXCLUDE:
                folders.add("")
            elif name in walk.IGNORE_FILES:
                folders.add(folder)
            elif languages.by_path(path) and (entry := judge.entry(path)):
                news.present[path] = entry
            elif path in self._known:
                news.gone.add(path)
            elif (self._root / path).is_dir():
                folders.add(path)
        for folder in sorted(folders):
            self._compare(folder, news)
        return news

    def _compare(self, folder: str, news: _News) -> None:
        """Find out what is new or gone below a directory."""
        base = f"{folder}/" if folder else ""
        gone = {path for path in self._known if path.startswith(base)}
        for entry in walk.walk(self._root, folder, ended=lambda: self._ended):
            if languages.by_path(entry.path):
                gone.discard(entry.path)
                if self._known.get(entry.path) != entry:
                    news.present[entry.path] = entry
        news.gone |= gone

    def _forget(self, paths: Collection[str]) -> None:
        for path in paths:
            self._known.pop(path, None)
        gone = self._shown.intersection(paths)
        self._shown -= gone
        if gone:
            self._feed(Indexed(dict.fromkeys(sorted(gone)), done=False))

    async def _index(self, entries: dict[str, Entry]) -> None:
        batch: dict[str, FileSymbols | None] = {}

        def flush() -> None:
            if batch:
                self._feed(Indexed(dict(batch), done=False))
                batch.clear()

        def on_file(path: str, symbols: FileSymbols | None) -> None:
            self._known[path] = entries[path]
            if symbols:
                self._shown.add(path)
            elif path in self._shown:
                self._shown.discard(path)
            else:
                return
            batch[path] = symbols
            if len(batch) >= _BATCH:
                flush()

        lost = await workers.parse(self._root, entries, on_file)
        flush()
        self._forget(lost)
        _log.info("indexed %d files of %s, %d lost", len(entries), self._root, len(lost))


def _folders(path: str) -> Iterator[str]:
    """Yield the directories that a path lies in, the deepest first."""
    while path:
        path = path.rpartition("/")[0]
        yield path
