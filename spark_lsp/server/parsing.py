"""A pool of parsing processes.

Owns the processes, their pipes and their deaths: a file that crashes or hangs its worker costs that
worker and that file, and a fresh worker goes on with the rest. Files are handed out in small
batches, so that a pipe never runs dry and little is lost with a worker. Where no worker can live at
all, that is found out by a few and not by one for each file.

Open buffers have a worker of their own, which is there as long as somebody types.
"""

import asyncio
import logging
import os
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import ClassVar, TypeAlias

import msgspec

from spark_lsp.core.records import Record
from spark_lsp.server.backlog import Backlog
from spark_lsp.server.parse_worker import LENGTH, UNPARSED, Answer, Job, frame

_log = logging.getLogger(__name__)

_IN_FLIGHT = 16
"""Files a worker holds at a time."""
_WORTHWHILE = 8
"""Files waiting that are worth another worker."""
_WORKERS = 8
_PATIENCE = 10.0
"""Seconds that one file may take."""
_DEATHS = 5
"""Workers that may die one after another, without an answer between, before all is given up."""
_BUFFER_PATIENCE = 5.0
"""Seconds that one buffer may take."""
_REST = 60.0
"""Seconds for which a buffer that took longer is left alone."""
_IDLE = 30.0
"""Seconds after which the worker of the buffers ends, if nobody types."""
_CHUNK = 2**18
_LIMIT = 2**28
"""Bytes of a frame: whoever says that it sends more has lost its mind."""

_FROM_OUTSIDE = {-signal.SIGTERM, -getattr(signal, "SIGKILL", signal.SIGTERM)}
"""Exit statuses of a worker that was killed, for instance because memory is short."""

_unpack_answer = msgspec.msgpack.Decoder(Answer).decode
_unpack_record = msgspec.msgpack.Decoder(Record).decode


class Parsed(msgspec.Struct, frozen=True):
    """What has become of a file.

    Attributes:
        path: its relative path.
        record: what the index keeps of it, if anything.
        reason: why that is nothing, or "".
        digest: finds its content in the store; None if it was not read.
        packed: its record in MessagePack, if the store does not have it yet.
        size: bytes of the record in MessagePack.
        lasting: whether it will be the same as long as the file is.
    """

    path: str
    record: Record | None = None
    reason: str = ""
    digest: bytes | None = None
    packed: bytes | None = None
    size: int = 0
    lasting: bool = True


Heard: TypeAlias = Callable[[Parsed], None]


class _Dead(Exception):  # noqa: N818 - of a worker, told by how it was noticed
    """A worker is of no use any more."""


class _Killed(_Dead):
    """A worker has been killed by somebody, which says nothing of the file that it held."""


class Pool:
    """Parsing processes for the files of a directory, and one for open buffers."""

    def __init__(self, root: Path, store: str = "", *, count: bool = False) -> None:
        """Take the directory, the file of its store if it has one, and whether to count tokens."""
        self._root = root
        self._store = store
        self._count = count
        self._waiting: dict[str, tuple[str, asyncio.Future[Record | str]]] = {}
        self._news = asyncio.Event()
        self._resting: dict[str, float] = {}
        self._buffers: asyncio.Task[None] | None = None
        self._worker: _Worker | None = None  # of the buffers

    async def parse(self, backlog: Backlog, heard: Heard) -> None:
        """Parse files in worker processes until the backlog is empty and closed."""
        await _Bulk(self._arguments(bulk=True), backlog, heard).run()

    async def parse_buffer(self, path: str, text: str) -> Record | str:
        """Return what the index would keep of a text, or why nothing.

        Of the texts of one path that wait, only the newest is parsed, and answers for all.
        """
        waiting = self._waiting.get(path)
        future = waiting[1] if waiting else asyncio.get_running_loop().create_future()
        self._waiting[path] = text, future
        self._news.set()
        if self._buffers is None or self._buffers.done():
            self._buffers = asyncio.create_task(self._serve_buffers())
        return await asyncio.shield(future)

    async def close(self) -> None:
        """End the worker of the buffers."""
        if self._buffers:
            self._buffers.cancel()
            await asyncio.wait([self._buffers])
        for _, future in self._waiting.values():
            future.cancel()
        self._waiting.clear()

    async def _serve_buffers(self) -> None:
        """Parse what waits, until nothing has for a while."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            try:
                async with asyncio.timeout(None) as idle:
                    while True:
                        while self._waiting:
                            await self._parse_next()
                        self._news.clear()
                        idle.reschedule(loop.time() + _IDLE)
                        await self._news.wait()
                        idle.reschedule(None)
            except TimeoutError:
                pass
            finally:
                await self._end()

    async def _parse_next(self) -> None:
        """Parse one of the buffers that wait."""
        path = next(iter(self._waiting))
        text, future = self._waiting.pop(path)
        now = asyncio.get_running_loop().time()
        self._resting = {name: until for name, until in self._resting.items() if until > now}
        record: Record | str = UNPARSED
        try:
            if path not in self._resting:
                async with asyncio.timeout(_BUFFER_PATIENCE):
                    record = await self._asked(path, text)
        except (TimeoutError, _Dead, UnicodeEncodeError) as error:
            _log.warning("%r cannot be parsed (%s)", path, type(error).__name__)
            self._resting[path] = now + _REST
            await self._end()
        finally:
            if not future.done():
                future.set_result(record)

    async def _asked(self, path: str, text: str) -> Record | str:
        if self._worker is None or not self._worker.lives:
            self._worker = await _Worker.start(self._arguments(bulk=False))
        # A lone surrogate has no UTF-8; for what a text defines it does not matter.
        self._worker.send(frame(Job(path, text.encode("utf-8", "replace").decode())))
        [answer] = await self._worker.answers()
        made = _parsed(answer)
        return made.record or made.reason

    async def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker:
            await worker.end()

    def _arguments(self, *, bulk: bool) -> list[str]:
        options = ["bulk"] * bulk + ["count"] * self._count
        return [str(self._root), self._store if bulk else "", *options]


class _Bulk:
    """The files that are being parsed."""

    def __init__(self, arguments: list[str], backlog: Backlog, heard: Heard) -> None:
        self._arguments = arguments
        self._backlog = backlog
        self._heard = heard
        self._again: deque[str] = deque()  # what dead workers have held
        self._deaths = 0  # since the last answer
        self._workers = 0
        self._most = max(1, min(os.cpu_count() or 1, _WORKERS))

    async def run(self) -> None:
        async with asyncio.TaskGroup() as self._group:
            self._hire()

    def _hire(self) -> None:
        self._workers += 1
        self._group.create_task(self._work())

    async def _work(self) -> None:
        """Keep one worker after another busy until no file is left."""
        while self._again or await self._backlog.wait():
            held: deque[str] = deque()
            try:
                async with _hired(self._arguments) as worker:
                    while await self._handed_out(worker, held):
                        await self._answered(worker, held)
            except _Dead as death:
                self._died(held, death)

    async def _handed_out(self, worker: "_Worker", held: deque[str]) -> bool:
        """Hand out files; False if there is nothing left to ask."""
        if len(held) <= _IN_FLIGHT // 2:
            worker.send(*self._jobs(held))
        while not held:
            if not await self._backlog.wait():
                return False
            worker.send(*self._jobs(held))
        if self._workers < self._most and len(self._backlog) >= _WORTHWHILE:
            self._hire()
        return True

    def _jobs(self, held: deque[str]) -> Iterator[bytes]:
        while len(held) < _IN_FLIGHT and (path := self._next()) is not None:
            try:
                job = frame(Job(path))
            except UnicodeEncodeError:  # a name that is no UTF-8
                self._heard(Parsed(path, reason=UNPARSED))
                continue
            held.append(path)
            yield job

    def _next(self) -> str | None:
        return self._backlog.take() or (self._again.popleft() if self._again else None)

    async def _answered(self, worker: "_Worker", held: deque[str]) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                answers = await worker.answers()
        except TimeoutError:
            raise _Dead(f"no answer in {_PATIENCE:.0f} s") from None
        for answer in answers:
            parsed = _parsed(answer)
            held.popleft()
            self._deaths = 0
            self._heard(parsed)

    def _died(self, held: deque[str], death: _Dead) -> None:
        self._deaths += 1
        if self._deaths < _DEATHS:
            if held:
                victim = held.popleft()
                _log.warning("a parser died on %r (%s); the file is left out", victim, death)
                lasting = not isinstance(death, _Killed)
                self._heard(Parsed(victim, reason=UNPARSED, lasting=lasting))
                # To the end: neighbours are alike, and if these kill too, the others are done.
                self._again.extend(held)
            return
        left = [*held, *self._again, *self._backlog.clear()]
        self._again.clear()
        for path in left:
            self._heard(Parsed(path, reason=UNPARSED, lasting=False))
        if self._deaths == _DEATHS:  # others may be about to die too
            _log.warning("no parser lives (%s); %d files or more are left out", death, len(left))


class _Uninterrupted:
    """While processes are started, Ctrl-C waits, and in those processes for ever.

    It is for us, who end them; a Python that is interrupted before it can ignore that says so.
    """

    _started: ClassVar[int] = 0

    def __enter__(self) -> None:
        _Uninterrupted._started += 1
        self._mask("SIG_BLOCK")

    def __exit__(self, *_: object) -> None:
        _Uninterrupted._started -= 1
        if not _Uninterrupted._started:
            self._mask("SIG_UNBLOCK")

    @staticmethod
    def _mask(how: str) -> None:
        if hasattr(signal, "pthread_sigmask"):  # not on Windows
            signal.pthread_sigmask(getattr(signal, how), {signal.SIGINT})


class _Worker:
    """A parsing process and its pipes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None  # both are pipes
        assert process.stdout is not None
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout
        self._received = bytearray()

    @classmethod
    async def start(cls, arguments: Iterable[str]) -> "_Worker":
        # -P: an editor starts us in the repository, which must not shadow what is imported.
        try:
            with _Uninterrupted():
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-P", "-m", "spark_lsp.server.parse_worker", *arguments,
                    stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_CHUNK,
                )  # fmt: skip
        except (OSError, ValueError) as error:
            raise _Dead(str(error)) from error
        return cls(process)

    @property
    def lives(self) -> bool:
        return self._process.returncode is None

    def send(self, *jobs: bytes) -> None:
        """Hand out jobs; whoever has died is noticed by what it does not answer."""
        if jobs:
            self._stdin.write(b"".join(jobs))

    async def answers(self) -> list[bytes]:
        """Return the next answer, and what has arrived behind it."""
        received = self._received
        while not (frames := _frames(received)):
            try:
                chunk = await self._stdout.read(_CHUNK)
            except OSError as error:
                raise _Dead(str(error)) from error
            if not chunk:
                if await self._process.wait() in _FROM_OUTSIDE:
                    raise _Killed("it was killed")
                raise _Dead("it ended")
            received += chunk
        return frames

    async def end(self) -> None:
        """Kill the process and wait until it has ended, also when that is cancelled."""
        if self.lives:
            with suppress(ProcessLookupError):
                self._process.kill()
        gone = asyncio.ensure_future(self._process.wait())
        try:
            await asyncio.shield(gone)
        except asyncio.CancelledError:
            await gone  # it has been killed: this does not take long
            raise


@asynccontextmanager
async def _hired(arguments: Iterable[str]) -> AsyncIterator[_Worker]:
    """Run a worker; it has ended when this returns."""
    worker = await _Worker.start(arguments)
    try:
        yield worker
    finally:
        await worker.end()


def _frames(received: bytearray) -> list[bytes]:
    """Take all whole frames out of what has been received."""
    frames = []
    start = 0
    while (body := start + LENGTH) <= len(received):
        length = int.from_bytes(received[start:body])
        if length > _LIMIT:
            raise _Dead("its answer makes no sense")
        if body + length > len(received):
            break
        start = body + length
        frames.append(bytes(received[body:start]))
    del received[:start]
    return frames


def _parsed(body: bytes) -> Parsed:
    try:
        answer = _unpack_answer(body)
        record = _unpack_record(answer.packed) if answer.packed is not None else None
    except msgspec.MsgspecError as error:
        raise _Dead(type(error).__name__) from error
    return Parsed(
        answer.path,
        record,
        answer.reason,
        answer.digest or None,
        None if answer.known else answer.packed,
        len(answer.packed or b""),
    )
