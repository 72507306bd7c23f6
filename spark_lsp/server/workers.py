"""A pool of parsing processes.

Owns the processes, their pipes and their deaths: a file that crashes or hangs its worker costs that
worker and that file, and a fresh worker goes on with the rest. Files are handed out in small
batches, so that a pipe never runs dry and little is lost with a worker.
"""

import asyncio
import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from spark_lsp.core.symbols import FileSymbols

_log = logging.getLogger(__name__)

_IN_FLIGHT = 32
"""Files a worker holds at a time."""
_PATIENCE = 10.0
"""Seconds that one file may take."""
_LINE_LIMIT = 64 * 2**20

_decode = msgspec.json.Decoder(tuple[str, FileSymbols | None]).decode


async def parse(
    root: Path, paths: Iterable[str], on_file: Callable[[str, FileSymbols | None], None]
) -> list[str]:
    """Parse files in worker processes and hand over what each holds.

    Returns the files that could not be parsed because they took a worker with them.
    """
    queue = deque(paths)
    lost: list[str] = []
    count = max(1, min(os.cpu_count() or 1, len(queue) // 8, 8))
    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(_work(root, queue, lost, on_file))
    return lost


async def _work(
    root: Path,
    queue: deque[str],
    lost: list[str],
    on_file: Callable[[str, FileSymbols | None], None],
) -> None:
    while queue:
        # -P: an editor starts us in the repository, which must not shadow what is imported.
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "spark_lsp.server.worker", str(root),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_LINE_LIMIT,
        )  # fmt: skip
        held: deque[str] = deque()
        try:
            await _feed(process, queue, held, on_file)
        except (TimeoutError, OSError, ValueError, EOFError, msgspec.DecodeError) as error:
            if held:
                victim = held.popleft()
                lost.append(victim)
                _log.warning("a parser died on %s (%s); the file is left out", victim, error)
                queue.extendleft(reversed(held))
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _feed(
    process: asyncio.subprocess.Process,
    queue: deque[str],
    held: deque[str],
    on_file: Callable[[str, FileSymbols | None], None],
) -> None:
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        return
    while queue or held:
        while queue and len(held) < _IN_FLIGHT:
            path = queue.popleft()
            held.append(path)
            stdin.write(msgspec.json.encode(path) + b"\n")
        await stdin.drain()
        async with asyncio.timeout(_PATIENCE):
            line = await stdout.readline()
        if not line:
            raise EOFError("it ended")
        path, symbols = _decode(line)
        held.popleft()
        on_file(path, symbols)
    stdin.close()
