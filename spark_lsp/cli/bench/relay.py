"""A process that passes on what it is told: a pipe in, a socket out, and nothing between.

Owns what the system itself takes for the way that a key has through a server, at the same pace:
two processes are woken, by a pipe and by a socket, from however deep a sleep the pace allows.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

from spark_lsp.cli.bench.paced import press

_LINE = b"x" * 300 + b"\n"
"""As long as what an editor says with a key."""
_LIMIT = 10.0


async def waits(keys: int, seconds: float, size: int) -> list[float]:
    """Return the milliseconds that each of so many keys takes, with so many bytes for each."""
    pressed: list[float] = []
    arrived: list[float] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while len(arrived) < keys:
                await reader.readexactly(size)
                arrived.append(perf_counter())
        finally:
            writer.close()
            over.set()

    over = asyncio.Event()
    async with _relay(await asyncio.start_server(serve, "127.0.0.1", 0), size) as stdin:

        def key(_number: int) -> None:
            pressed.append(perf_counter())
            stdin.write(_LINE)

        await press(keys, seconds, key)
        async with asyncio.timeout(_LIMIT):
            await over.wait()
    return [(late - early) * 1000 for early, late in zip(pressed, arrived, strict=True)]


@asynccontextmanager
async def _relay(server: asyncio.Server, size: int) -> AsyncIterator[asyncio.StreamWriter]:
    port = server.sockets[0].getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", __name__, str(port), str(size),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    try:
        async with asyncio.timeout(_LIMIT):
            await process.stdout.readline()
        yield process.stdin
    finally:
        process.stdin.close()
        await process.wait()
        server.close()


async def _pass_on(port: int, size: int) -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while await reader.readline():
        writer.write(b"x" * size)
    writer.close()


if __name__ == "__main__":
    asyncio.run(_pass_on(int(sys.argv[1]), int(sys.argv[2])))
