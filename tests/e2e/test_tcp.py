"""A server on a TCP port: for one editor, and for no web page."""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from spark_lsp.server.framing import Frames, frame
from tests.heard import PATIENCE

INITIALIZE = frame(b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}')
SHUTDOWN = frame(b'{"jsonrpc":"2.0","id":2,"method":"shutdown"}')
EXIT = frame(b'{"jsonrpc":"2.0","method":"exit"}')
POST = (
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://example.com\r\n"
    b"Content-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
)


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """Run a server; yields its process and port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "spark_lsp", "serve", "--tcp", "127.0.0.1:0",
        stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr
    try:
        async with asyncio.timeout(PATIENCE):
            yield process, int((await process.stderr.readline()).rsplit(b":", 1)[1])
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_a_web_page_is_not_an_editor() -> None:
    async with serving() as (process, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        body = INITIALIZE.partition(b"\r\n\r\n")[2]
        writer.write(POST % len(body) + body)

        assert await reader.read() == b""
        assert await process.wait() == 1
        writer.close()


async def test_one_editor_is_served_and_no_other_changes_anything() -> None:
    async with serving() as (process, port):
        # All of them are in the backlog before the server has looked at the first.
        process.send_signal(signal.SIGSTOP)
        pairs = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        for _, writer in pairs[1:]:
            writer.write(EXIT)
        pairs[0][1].write(INITIALIZE)
        process.send_signal(signal.SIGCONT)
        for reader, _ in pairs[1:]:
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
        reader, writer = pairs[0]
        writer.write(SHUTDOWN + EXIT)
        answers = [json.loads(body) for body in Frames().feed(await reader.read())]

        assert [1, 2] == [answer["id"] for answer in answers]
        assert await process.wait() == 0
        for _, writer in pairs:
            writer.close()
