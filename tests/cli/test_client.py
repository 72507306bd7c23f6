"""The headless client: whatever a server says, nobody waits for ever."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from spark_lsp.cli.client import Client, ErrorAnswer, ServerGone
from spark_lsp.server.framing import frame
from tests.heard import PATIENCE, Heard

SILENT = "import sys; sys.stdin.buffer.read()"


@asynccontextmanager
async def talking() -> AsyncIterator[tuple[Client, asyncio.StreamReader]]:
    """Have a client whose server says only what a test feeds to it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SILENT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    said = process.stdout = asyncio.StreamReader()
    client = Client(process)
    try:
        yield client, said
    finally:
        with contextlib.suppress(AssertionError):
            said.feed_eof()
        process.kill()
        await client.close()


def body(**message: Any) -> bytes:
    return frame(json.dumps({"jsonrpc": "2.0", **message}).encode())


@pytest.mark.parametrize(
    "wrong",
    [
        frame(b"{"),
        frame(b"\xff"),
        frame(b"[]"),
        frame(b"5"),
        frame(b'{"id":[1],"result":1}'),
        frame(b'{"method":"fails"}'),
    ],
    ids=repr,
)
async def test_a_message_that_cannot_be_taken_is_noted_and_the_next_is_taken(wrong: bytes) -> None:
    def fail(_method: str, _params: Any) -> None:
        raise KeyError("a defect")

    async with talking() as (client, said):
        client.on_notification = fail
        answer = client.request("x", None)
        said.feed_data(wrong + body(id=1, result="y"))
        async with asyncio.timeout(PATIENCE):
            assert await answer == "y"

        assert 1 == len(client.problems)
        assert "\n" not in client.problems[0]


@pytest.mark.parametrize("error", [{"code": 7, "message": "no"}, {}, None, 5, "no"])
async def test_an_error_of_any_shape_is_an_answer(error: Any) -> None:
    async with talking() as (client, said):
        answer = client.request("x", None)
        said.feed_data(body(id=1, error=error))
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(ErrorAnswer):
                await answer


async def test_an_answer_without_anything_in_it_is_an_error() -> None:
    async with talking() as (client, said):
        answer = client.request("x", None)
        said.feed_data(body(id=1))
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(ErrorAnswer):
                await answer


@pytest.mark.parametrize("last", [b"", b"garbage\r\n\r\n"])
async def test_when_a_server_is_gone_nobody_waits_for_it(last: bytes) -> None:
    async with talking() as (client, said):
        before = client.request("x", None)
        said.feed_data(last)
        said.feed_eof()
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(ServerGone):
                await before
            await asyncio.wait([client._reader])
            with pytest.raises(ServerGone):
                await client.request("y", None)

        assert bool(last) == bool(client.problems)


async def test_what_is_said_with_the_handshake_is_heard(tmp_path: Path) -> None:
    client = await Client.start("--config", os.fspath(tmp_path / "missing.toml"))
    heard: Heard[tuple[str, Any]] = Heard()
    client.on_notification = lambda method, params: heard((method, params))
    await client.initialize(tmp_path)

    assert "window/showMessage" == heard.all[0][0]
    assert "missing.toml" in heard.all[0][1]["message"]
    assert await client.close() == 0
