"""Keeps an index in step with the files of a workspace.

Owns when what is parsed: everything once, as far as the store does not know it, then what is
reported to have changed. Which files there are is left to `walk`, the parsing to `parsing`, what is
known already to `store`, the order to `backlog`, the figures to `inventory`. What is made of the
records is for the `Sink` to say.

An editor reports files, but also directories without what is in them, and ignore files without what
they speak of. In those two cases the directory is walked again and compared with what is known.
"""

import asyncio
import logging
import os
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from spark_lsp.server import walk
from spark_lsp.server.intake import Intake, Sink
from spark_lsp.server.inventory import Inventory, Limits, Report
from spark_lsp.server.parsing import Pool
from spark_lsp.server.store import Recalled, Store, Stored
from spark_lsp.server.walk import Entry

__all__ = ["Indexer", "Limits", "Report", "Sink"]

_log = logging.getLogger(__name__)

_GATHER = 0.1
"""Seconds in which reported changes become one round: a branch switch reports thousands."""
_WALKED = 200
"""Files handed over by the walk at a time: few, so that parsing begins at once."""
_SAVED = 1000
"""Files of a transaction while everything is indexed: what a kill costs at most."""
_MANY = 10_000
"""Files of a transaction when changes are followed: a branch switch is one."""
_FOCUS = 8
"""Opened files that are remembered."""


@dataclass(slots=True)
class _News:
    """What reported changes come down to: files to read, and files that are gone."""

    present: dict[str, Entry] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    skipped: dict[str, dict[str, Counter[str]]] = field(default_factory=dict)


class _Found(NamedTuple):
    """Some files of the workspace, which of them the store knows, and their records."""

    entries: list[Entry]
    known: list[Stored]
    records: Recalled


class Indexer:
    """The files of one directory."""

    def __init__(
        self,
        root: Path,
        sink: Sink,
        store: Store,
        *,
        count: bool = False,
        limits: Limits = Limits(),  # noqa: B008 - a frozen value
    ) -> None:
        """Take the directory, who is told, the store, whether to count tokens, and the limits."""
        self._root = root
        self._sink = sink
        self._store = store
        self._count = count
        self._pool = Pool(root, store.path, count=count)
        self._inventory = Inventory(limits)
        self._focus: deque[str] = deque(maxlen=_FOCUS)
        self._changed: set[str] = set()
        self._reported = asyncio.Event()
        self._intake: Intake | None = None
        self._built = False
        self._stopped = False
        self._ended = False

    def changed(self, paths: Iterable[str]) -> None:
        """Have these files or directories, given by absolute paths, looked at again soon."""
        for path in map(Path, paths):
            if path.is_relative_to(self._root):
                below = path.relative_to(self._root).as_posix()
                self._changed.add("" if below == "." else below)
                self._reported.set()

    def focus(self, path: str) -> None:
        """Have what is near to an opened file, given by its relative path, come first."""
        if path in self._focus:
            self._focus.remove(path)
        self._focus.append(path)
        if self._intake:
            self._intake.backlog.focus(path)

    def stop(self) -> None:
        """Leave it at what is indexed by now, as the person wishes; changes are still followed."""
        self._stopped = True
        if self._intake and not self._built:
            self._intake.stop()

    async def build(self) -> Report:
        """Index the workspace once."""
        try:
            return await self._first()
        finally:
            self._ended = True  # a thread that walks would keep the process from ending

    async def run(self) -> None:
        """Index the workspace, then follow changes, until cancelled."""
        try:
            report = self._report(0.0, warm=False)
            try:
                report = await self._first()
            except Exception:  # noqa: BLE001 - nobody shall wait for what will not come
                _log.exception("%s could not be indexed", self._root)
            self._sink.settled(report)
            while True:
                await self._reported.wait()
                await asyncio.sleep(_GATHER)
                self._reported.clear()
                changed, self._changed = self._changed, set()
                try:
                    await self._follow(changed)
                except Exception:  # noqa: BLE001 - the next round may do better
                    _log.exception(
                        "%d changes in %s could not be followed", len(changed), self._root
                    )
        finally:
            self._ended = True  # as in `build`

    async def _first(self) -> Report:
        """Walk everything; what the store knows is not read, the rest is parsed meanwhile."""
        begun = monotonic()
        stored = await asyncio.to_thread(self._store.load)
        skipped: dict[str, Counter[str]] = {}
        async with self._taking_in(_SAVED) as intake:
            if self._stopped:
                intake.stop()
            async for found in self._walked(intake, stored, skipped):
                recalled = intake.recall(found.known, found.records)
                intake.want(entry for entry in found.entries if entry.path not in recalled)
                await asyncio.sleep(0)
        self._built = True
        self._inventory.leave_out("", skipped)
        if not intake.stopped:
            await asyncio.to_thread(self._store.forget, list(stored))
        await asyncio.to_thread(self._store.prune)
        return self._report(monotonic() - begun, warm=not intake.made)

    async def _follow(self, changed: set[str]) -> None:
        begun = monotonic()
        news = await asyncio.to_thread(self._news, changed)
        for folder, skipped in news.skipped.items():
            self._inventory.leave_out(folder, skipped)
        async with self._taking_in(_MANY) as intake:
            intake.forget(sorted(news.gone))
            intake.want(news.present.values())
        await asyncio.to_thread(self._store.forget, news.gone)
        if len(news.present) > _SAVED:
            await asyncio.to_thread(self._store.prune)
        if intake.told:
            self._sink.settled(self._report(monotonic() - begun, warm=not intake.made))

    @asynccontextmanager
    async def _taking_in(self, transaction: int) -> AsyncIterator[Intake]:
        """Have files parsed that are wanted meanwhile; all have arrived when this returns."""
        intake = Intake(
            self._inventory, self._sink, self._store, self._focus, transaction, count=self._count
        )
        self._intake = intake
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pool.parse(intake.backlog, intake.parsed))
                yield intake
                intake.backlog.close()
            await intake.finish()
        finally:
            self._intake = None
            intake.ended = True

    def _report(self, seconds: float, *, warm: bool) -> Report:
        store = self._store
        return self._inventory.report(
            seconds, warm=warm, store_bytes=store.size, trouble=store.trouble
        )

    async def _walked(
        self, intake: Intake, stored: dict[str, Stored], skipped: dict[str, Counter[str]]
    ) -> AsyncIterator[_Found]:
        """Yield the files of the workspace a few at a time, while a thread goes on walking.

        Takes them out of what is `stored`.
        """
        loop = asyncio.get_running_loop()
        found: asyncio.Queue[_Found | None] = asyncio.Queue()

        def go() -> None:
            entries = iter(self._walk("", skipped, intake))
            while some := list(islice(entries, _WALKED)):
                known = [
                    it
                    for entry in some
                    if (it := stored.pop(entry.path, None)) and it.entry == entry
                ]
                digests = [it.digest for it in known if it.digest and not it.reason]
                them = _Found(some, known, self._store.records(digests))
                with suppress(RuntimeError):  # the loop has been closed
                    loop.call_soon_threadsafe(found.put_nowait, them)

        walking = asyncio.ensure_future(asyncio.to_thread(go))
        walking.add_done_callback(lambda _: found.put_nowait(None))
        while them := await found.get():
            yield them
        await walking

    def _walk(
        self, folder: str, skipped: dict[str, Counter[str]], intake: Intake | None = None
    ) -> Iterable[Entry]:
        def skip(where: str, reason: str) -> None:
            skipped.setdefault(where, Counter())[reason] += 1

        return walk.walk(
            self._root,
            folder,
            ended=lambda: self._ended or (intake is not None and intake.ended),
            skipped=skip,
        )

    def _news(self, changed: set[str]) -> _News:
        """Find out what has become of some paths. Reads files, so it runs in a thread."""
        news = _News()
        folders = {}
        judge = walk.Judge(self._root)
        for path in sorted(changed):
            folder, _, name = path.rpartition("/")
            if self._inventory.inhabited(path):  # also if it is a file now
                folders[path] = True
            if path == walk.GIT_EXCLUDE:
                folders.setdefault("", False)
            elif name in walk.IGNORE_FILES:
                folders.setdefault(folder, False)
            if entry := judge.entry(path):
                news.present[path] = entry
            elif path in self._inventory:
                news.gone.add(path)
            elif os.path.isdir(self._root / path):  # noqa: PTH112 - it does not raise
                folders[path] = True
        for folder, named in sorted(folders.items()):
            self._compare(folder, news, fresh=named or not self._stopped)
        return news

    def _compare(self, folder: str, news: _News, *, fresh: bool) -> None:
        """Find out what is gone below a directory, what has changed, and unless stopped is new."""
        gone = self._inventory.below(folder)
        skipped = news.skipped.setdefault(folder, {})
        for entry in self._walk(folder, skipped):
            gone.discard(entry.path)
            known = self._inventory.get(entry.path)
            if (known or fresh) and not (known and known.entry == entry):
                news.present[entry.path] = entry
        news.gone |= gone
