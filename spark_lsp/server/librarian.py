"""The child process that knows the workspace: `python -m spark_lsp.server.librarian [ROOT]`.

Owns its two pipes, and the order in which things are done: a question is answered between two
batches of the indexer. Indexing, looking things up and packing take seconds of work in all, none of
which is felt where keys are handled. Ends when its input closes, which also happens when the server
is killed; nothing is lost with it but time.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Coroutine, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from spark_lsp.core import languages, rules
from spark_lsp.core.effects import Foresee, Pack, Recall, Shelve
from spark_lsp.core.events import Foreseen, Found, Outdated, Packed, Recalled, Settled
from spark_lsp.core.foresight import Workspace, foresee
from spark_lsp.core.packing import Packer
from spark_lsp.core.records import Record
from spark_lsp.core.retrieval import Place
from spark_lsp.core.secrets import redact
from spark_lsp.server import messages, privacy
from spark_lsp.server.catalog import Catalog
from spark_lsp.server.indexing import Indexer, Report
from spark_lsp.server.messages import (
    Answer,
    Private,
    Progress,
    Question,
    Stop,
    Touched,
    Trouble,
    Watch,
)
from spark_lsp.server.parsing import Pool
from spark_lsp.server.pipes import Pipe, StandardStreams
from spark_lsp.server.store import open_store
from spark_lsp.server.watch import watch

_log = logging.getLogger(__name__)

_LINE_LIMIT = 64 * 2**20
_MASKED = "****"
"""What stands in masked texts where something must not be seen, nor put elsewhere."""
_PARSE_LIMIT = 1.0
"""Seconds that a question waits for its buffer to be parsed."""


class Librarian:
    """Answers questions about one workspace."""

    def __init__(self, root: Path | None, out: Pipe) -> None:
        """Take the directory, if there is one, and where answers go."""
        self._out = out
        self._root = root
        self._catalog = Catalog(root)
        self._packer = Packer(self._catalog.library, self._catalog.read)
        self._store = open_store(root) if root else None
        self._indexer = Indexer(root, self, self._store) if root and self._store else None
        self._pool = Pool(root or Path())
        self._shelved: dict[str, str] = {}
        self._uris: dict[str, str] = {}  # of what is shelved
        self._tasks: set[asyncio.Task[None]] = set()
        self._settled = False
        self._truncated = False

    async def run(self, lines: asyncio.StreamReader) -> None:
        """Serve until the input closes."""
        if self._indexer:
            self._begin(self._indexer.run())
        try:
            while line := await lines.readline():
                await self._hear(messages.question(line))
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._pool.close()
            if self._store:
                self._store.close()

    def indexed(self, files: Mapping[str, Record | None]) -> None:
        """Take in what files hold."""
        self._catalog.indexed(files)
        if self._settled:
            gone = tuple(path for path, record in files.items() if record is None)
            self._say(Outdated(tuple(files), gone))

    def progress(self, done: int, total: int) -> None:
        """Tell how far the first indexing is: only of that is the end told."""
        if not self._settled:
            self._say(Progress(done, total))

    def settled(self, report: Report) -> None:
        """Tell that a round is over; after the first, all is known."""
        if not self._settled:
            self._settled = True
            self._say(Progress(report.files, report.files, ended=True))
            self._say(Settled())
        if report.trouble:
            self._say(Trouble(report.trouble))

    async def _hear(self, question: Question) -> None:
        match question:
            case Shelve():
                self._shelve(question)
            case Pack():
                await self._known(question.path, question.text)
                self._pack(question)
            case Recall():
                place = Place(question.path, redact(question.text), question.offset)
                added = self._packer.recall(
                    place, question.room, question.fresh, question.held, question.changes
                )
                self._say(Recalled(question.number, added.blocks))
            case Foresee():
                self._foresee(question)
            case Touched(paths):
                self._changed(paths)
            case Watch() if self._root:
                self._begin(watch(self._root, self._changed))
            case Stop() if self._indexer:
                self._indexer.stop()

    def _changed(self, paths: Iterable[str]) -> None:
        """Follow what has changed on disk; what is open may have become private by it."""
        paths = tuple(paths)
        if self._indexer:
            self._indexer.changed(paths)
        if any(privacy.judges(path.replace(os.sep, "/")) for path in paths):
            self._catalog.judge_anew()
            for uri in self._uris.values():
                if reason := privacy.private(uri, self._root):
                    self._say(Private(uri, reason))

    def _shelve(self, question: Shelve) -> None:
        path, text = question.path, question.text
        if text is None:
            self._shelved.pop(path, None)
            self._uris.pop(path, None)
            self._catalog.library.put_open(path, None)
            return
        self._shelved[path] = text
        self._uris[path] = question.uri
        if self._indexer and _is_inside(path):
            self._indexer.focus(path)
        self._begin(self._parse(path, text))

    async def _parse(self, path: str, text: str) -> None:
        """Have a buffer parsed, and put it on the shelf, unless it has changed meanwhile."""
        record = await self._pool.parse_buffer(path, text)
        if self._shelved.get(path) == text:
            made = record if isinstance(record, Record) else None
            self._catalog.library.put_open(path, text, made)

    async def _known(self, path: str, text: str) -> None:
        """Wait a moment until the text of a question is on the shelf."""
        if self._shelved.get(path) != text:
            self._shelved[path] = text
        library = self._catalog.library
        if library.open_text(path) != redact(text):
            with suppress(TimeoutError):
                async with asyncio.timeout(_PARSE_LIMIT):
                    await self._parse(path, text)

    def _pack(self, question: Pack) -> None:
        self._catalog.refresh_rules()
        place = Place(question.path, redact(question.text), question.offset, question.recent)
        packed = self._packer.pack(place, question.window)
        self._say(Packed(question.number, packed.blocks, packed.homes))
        cut = rules.truncated(self._catalog.library.rules, question.path)
        if cut and not self._truncated:
            self._say(Trouble("the AGENTS.md files are longer than 32 KiB; the rest is left out"))
        self._truncated = cut

    def _foresee(self, question: Foresee) -> None:
        """Look up where a change fits too, without ever touching what is masked."""
        language = languages.by_path(question.path)
        found: tuple[Found, ...] = ()
        if language:
            place = Place(question.path, redact(question.text), question.offset)
            opened = [path for path in self._shelved if _is_inside(path)]
            workspace = Workspace(self._catalog.library, self._catalog.current, opened)
            try:
                found = foresee(redact(question.before), place, language, workspace)
            except RecursionError:  # a text may be nested as deep as it likes
                _log.info("what follows from a change was not looked up: it is nested too deep")
        kept = tuple(it for it in found if _MASKED not in it.old + it.new)
        self._say(Foreseen(question.number, kept))

    def _say(self, answer: Answer) -> None:
        self._out.write(messages.spelled(answer))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("a part of the librarian has failed: %r", error, exc_info=error)


def _is_inside(path: str) -> bool:
    """Whether the path of a buffer is that of a file of the workspace."""
    return not path.startswith("../") and "://" not in path


async def _serve(root: Path | None) -> None:
    lines = asyncio.StreamReader(limit=_LINE_LIMIT)

    def heard(data: bytes) -> None:
        if data:
            lines.feed_data(data)
        else:
            lines.feed_eof()

    pipe = StandardStreams(
        sys.stdin.fileno(), sys.stdout.fileno(), heard, asyncio.get_running_loop()
    )
    with suppress(msgspec.DecodeError, ValueError):
        await Librarian(root, pipe).run(lines)
    await pipe.close()


def main() -> None:
    """Serve until the input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    if hasattr(os, "nice"):
        os.nice(5)  # whoever is typing comes first
    asyncio.run(_serve(Path(sys.argv[1]) if len(sys.argv) > 1 else None))


if __name__ == "__main__":
    main()
