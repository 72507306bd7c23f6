"""The way of files into an index, for one round.

Owns what becomes of each file: whether there is room for it, what is told of it and when, and what
is written to the store. Which files there are is left to `indexing`.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Protocol

from spark_lsp.core.library import speaks
from spark_lsp.core.records import Record
from spark_lsp.server.backlog import Backlog
from spark_lsp.server.inventory import OVER, Held, Inventory, Report, held
from spark_lsp.server.parse_worker import UNREAD
from spark_lsp.server.parsing import Parsed
from spark_lsp.server.store import Recalled, Store, Stored
from spark_lsp.server.walk import Entry

STOPPED = "stopped"

_BATCH = 200
"""Files told at a time at most: whoever takes them in has other things to do too."""
_PAUSE = 0.05
"""Seconds between two reports of progress, and until what has arrived is told."""
_MANY = 50
"""Files from which on progress is told: a person who saves a file need not hear of it."""
_NEVER = -1
"""As the time of a change, has a file looked at again when its directory is."""


class Sink(Protocol):
    """Who is told of the files."""

    def indexed(self, files: Mapping[str, Record | None]) -> None:
        """Take in what files hold; None if one is gone or left out.

        A file whose text is wanted (`library.speaks`) is told whenever it has changed, also if it
        has no record.
        """

    def progress(self, done: int, total: int) -> None:
        """Take notice of how many files are done, of those found so far, if there are many."""

    def settled(self, report: Report) -> None:
        """Take notice that for now everything is told; the first round always ends with this."""


class Intake:
    """Files on their way into the index.

    Attributes:
        backlog: what waits to be parsed.
        made: how many files had to be parsed.
        told: whether anything has been told.
        stopped: whether the person has stopped it.
        ended: whether nothing more is to be found for it.
    """

    def __init__(
        self,
        inventory: Inventory,
        sink: Sink,
        store: Store,
        focus: Iterable[str],
        transaction: int,
        *,
        count: bool,
    ) -> None:
        """Take who is to know of the files, and how many the store gets at a time."""
        self.backlog = Backlog(focus, self._admitted)
        self.made = 0
        self.told = False
        self.stopped = False
        self.ended = False
        self._inventory = inventory
        self._sink = sink
        self._store = store
        self._transaction = transaction
        self._count = count
        self._now = asyncio.get_running_loop().time
        self._wanted: dict[str, Entry] = {}
        self._running: set[str] = set()
        self._running_bytes = 0
        self._over: list[Entry] = []
        self._batch: dict[str, Record | None] = {}
        self._rows: list[Stored] = []
        self._saving: set[asyncio.Task[None]] = set()
        self._done = self._total = 0
        self._flushed = self._reported = self._now()

    def want(self, entries: Iterable[Entry]) -> None:
        """Have files parsed."""
        entries = list(entries)
        self._total += len(entries)
        self._wanted.update((entry.path, entry) for entry in entries)
        if self.stopped:
            self._leave(entries)
        else:
            self.backlog.add(entry.path for entry in entries)

    def recall(self, found: Iterable[Stored], records: Recalled) -> Collection[str]:
        """Take in what the store knows of files; returns those for which that was enough."""
        recalled = set()
        for it in found:
            record, size = records.get(it.digest or b"", (None, 0))
            if not it.reason and not (record and self._suffices(record)):
                continue
            recalled.add(it.entry.path)
            self._total += 1
            if it.reason or self._inventory.room(it.entry, len(self._running)):
                self._arrived(held(it.entry, it.digest, it.reason, record, size), record)
            else:
                self._refuse(it.entry)
        self._flush()
        return recalled

    def parsed(self, it: Parsed) -> None:
        """Take in what has become of a file that was wanted."""
        entry = self._wanted.pop(it.path)
        if it.path in self._running:
            self._running.remove(it.path)
            self._running_bytes -= entry.size
        if it.lasting and it.reason != UNREAD:
            self.made += it.packed is not None or bool(it.reason)
            self._rows.append(Stored(entry, it.digest, it.reason, it.packed))
            if len(self._rows) >= self._transaction:
                self._save()
        else:
            entry = replace(entry, changed=_NEVER)
        self._arrived(held(entry, it.digest, it.reason, it.record, it.size), it.record)
        if len(self._batch) >= _BATCH or self._now() - self._flushed >= _PAUSE:
            self._flush()

    def forget(self, paths: Iterable[str]) -> None:
        """Take notice of files that are gone."""
        for path in paths:
            before = self._inventory.remove(path)
            if before and (not before.reason or speaks(path)):
                self._tell(path, None)

    def stop(self) -> None:
        """Leave out what has not been handed out yet."""
        self.stopped = self.ended = True
        self._leave(self._wanted[path] for path in self.backlog.clear())

    async def finish(self) -> None:
        """Tell and store what is left, when all that was wanted has arrived."""
        self._flush()
        self._save()
        over = iter(self._over)
        while some := list(islice(over, _BATCH)):
            for entry in some:
                self._arrived(Held(entry, reason=OVER), None)
            self._flush()
            await asyncio.sleep(0)
        if self._total >= _MANY:
            self._sink.progress(self._done, self._total)
        if self._saving:
            await asyncio.wait(self._saving)

    def _admitted(self, path: str) -> bool:
        """Whether there is room for a file, or it is in already."""
        entry = self._wanted[path]
        before = self._inventory.get(path)
        if not (before and not before.reason) and not self._inventory.room(
            entry, len(self._running), self._running_bytes
        ):
            self._refuse(entry)
            return False
        self._running.add(path)
        self._running_bytes += entry.size
        return True

    def _refuse(self, entry: Entry) -> None:
        # There may be very many at once: what becomes of them has time.
        self._over.append(entry)

    def _leave(self, entries: Iterable[Entry]) -> None:
        for entry in list(entries):
            del self._wanted[entry.path]
            self._arrived(Held(entry, reason=STOPPED), None)

    def _suffices(self, record: Record) -> bool:
        return bool(record.tokens or not self._count or not record.size)

    def _arrived(self, it: Held, record: Record | None) -> None:
        self._done += 1
        path = it.entry.path
        before = self._inventory.get(path)
        self._inventory.put(it)
        if before and it.digest and it.digest == before.digest and it.reason == before.reason:
            return
        if record or (before and not before.reason) or speaks(path):
            self._tell(path, record)

    def _tell(self, path: str, record: Record | None) -> None:
        self.told = True
        self._batch[path] = record

    def _flush(self) -> None:
        now = self._flushed = self._now()
        batch, self._batch = self._batch, {}
        paths = iter(batch.items())
        while some := dict(islice(paths, _BATCH)):
            self._sink.indexed(some)
        if self._total >= _MANY and now - self._reported >= _PAUSE:
            self._reported = now
            self._sink.progress(self._done, self._total)

    def _save(self) -> None:
        """Have what has arrived stored meanwhile, in a thread."""
        rows, self._rows = self._rows, []
        if rows:
            task = asyncio.create_task(asyncio.to_thread(self._store.save, rows))
            self._saving.add(task)
            task.add_done_callback(self._saving.discard)
