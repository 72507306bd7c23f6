"""Work that stands aside: a module run in a process of its own, so that no two ends share a loop.

Owns how the two processes speak: the task as an argument, then lines of JSON, a question and its
answer. The process ends when its standard input closes, also when its parent was killed.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec

_LIMIT = 30.0
"""Seconds that a start, an answer or an end may take."""
_LINE = 2**24
"""Bytes of an answer, at most."""


class Aside:
    """The parent's end.

    Attributes:
        ready: what the process said when it was ready.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Wrap a process; use `aside`."""
        self.process = process
        self.ready: Any = None

    async def asked(self, question: str = "") -> Any:
        """Put a question and return the answer."""
        assert self.process.stdin
        self.process.stdin.write(f"{question}\n".encode())
        return await self.answer()

    async def answer(self) -> Any:
        """Return the next line that the process says."""
        assert self.process.stdout
        async with asyncio.timeout(_LIMIT):
            return msgspec.json.decode(await self.process.stdout.readline())


@asynccontextmanager
async def aside(module: str, task: msgspec.Struct) -> AsyncIterator[Aside]:
    """Run a module of this package with a task, until the context ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", f"{__package__}.{module}", msgspec.json.encode(task).decode(),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_LINE,
    )  # fmt: skip
    assert process.stdin
    try:
        other = Aside(process)
        other.ready = await other.answer()
        yield other
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(_LIMIT):
                await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def stand_aside(ready: object, answer: Callable[[], object]) -> None:
    """Say that this process is ready, then answer whatever is asked, until nobody can ask."""
    _say(ready)
    while await asyncio.to_thread(sys.stdin.readline):
        _say(answer())


def _say(it: object) -> None:
    sys.stdout.write(msgspec.json.encode(it).decode() + "\n")
    sys.stdout.flush()
