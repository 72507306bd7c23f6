"""A pool of parsing processes.

Owns the processes, their pipes and their deaths: a file that crashes or hangs its worker costs that
worker and that file, and a fresh worker goes on with the rest. Files are handed out in small
batches, so that a pipe never runs dry and little is lost with a worker. Where no worker can live at
all, that is found out by a few and not by one for each file.
"""

import asyncio
import logging
import os
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeAlias

import msgspec

from spark_lsp.core.symbols import FileSymbols

_log = logging.getLogger(__name__)

_IN_FLIGHT = 32
"""Files a worker holds at a time."""
_PATIENCE = 10.0
"""Seconds that one file may take."""
_DEATHS = 5
"""Workers that may die one after another, without an answer between, before all is given up."""
_LINE_LIMIT = 64 * 2**20

_OnFile: TypeAlias = Callable[[str, FileSymbols | None], None]

_decode = msgspec.json.Decoder(tuple[str, FileSymbols | None]).decode


class _Dead(Exception):  # noqa: N818 - of a worker, told by how it was noticed
    """A worker is of no use any more."""


async def parse(root: Path, paths: Iterable[str], on_file: _OnFile) -> list[str]:
    """Parse files in worker processes and hand over what each holds.

    Returns the files that could not be parsed because they took a worker with them, or because no
    worker lives.
    """
    pool = _Pool(root, paths, on_file)
    count = max(1, min(os.cpu_count() or 1, len(pool.queue) // 8, 8))
    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(pool.work())
    return pool.lost


class _Pool:
    """The files that are still to be parsed, and what has become of the others."""

    def __init__(self, root: Path, paths: Iterable[str], on_file: _OnFile) -> None:
        self.queue = deque(paths)
        self.lost: list[str] = []
        self._root = root
        self._on_file = on_file
        self._deaths = 0  # since the last answer

    async def work(self) -> None:
        """Keep one worker after another busy until no file is left."""
        while self.queue:
            held: deque[str] = deque()
            try:
                async with _worker(self._root) as process:
                    while answer := await self._answer(process, held):
                        self._on_file(*answer)
            except _Dead as death:
                self._died(held, death)

    def _died(self, held: deque[str], death: _Dead) -> None:
        self._deaths += 1
        if self._deaths < _DEATHS:
            if held:
                victim = held.popleft()
                self.lost.append(victim)
                _log.warning("a parser died on %r (%s); the file is left out", victim, death)
                # To the end: neighbours are alike, and if these kill too, the others are done.
                self.queue.extend(held)
            return
        left = [*held, *self.queue]
        self.queue.clear()
        self.lost += left
        if self._deaths == _DEATHS:  # others may be about to die too
            _log.warning("no parser lives (%s); %d files or more are left out", death, len(left))

    async def _answer(
        self, process: asyncio.subprocess.Process, held: deque[str]
    ) -> tuple[str, FileSymbols | None] | None:
        """Hand out files and return the next answer; None if there is nothing left to ask."""
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None  # both are pipes
        assert stdout is not None
        stdin.writelines(self._handed_out(held))
        if not held:
            return None
        try:
            async with asyncio.timeout(_PATIENCE):
                # Whoever has died may have answered before: that is read first, then the end.
                with suppress(ConnectionError):
                    await stdin.drain()
                line = await stdout.readline()
            if not line:
                raise _Dead("it ended")
            answer = _decode(line)
        except TimeoutError:
            raise _Dead(f"no answer in {_PATIENCE:.0f} s") from None
        except (OSError, ValueError, msgspec.DecodeError) as error:
            raise _Dead(str(error)) from error
        held.popleft()
        self._deaths = 0
        return answer

    def _handed_out(self, held: deque[str]) -> Iterator[bytes]:
        while self.queue and len(held) < _IN_FLIGHT:
            path = self.queue.popleft()
            try:
                line = msgspec.json.encode(path) + b"\n"
            except UnicodeEncodeError:  # a name that is no UTF-8
                self.lost.append(path)
                continue
            held.append(path)
            yield line


@asynccontextmanager
async def _worker(root: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a worker; it has ended when this returns."""
    # -P: an editor starts us in the repository, which must not shadow what is imported.
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "spark_lsp.server.worker", str(root),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_LINE_LIMIT,
        )  # fmt: skip
    except OSError as error:
        raise _Dead(str(error)) from error
    try:
        yield process
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
    gone = asyncio.ensure_future(process.wait())
    try:
        await asyncio.shield(gone)
    except asyncio.CancelledError:
        await gone  # it has been killed: this does not take long
        raise
