"""The ways to the editor: nothing written blocks, nothing written is lost."""

import asyncio
import os
from collections.abc import Iterator

import pytest

from spark_lsp.server.pipes import Connection, StandardStreams
from tests.heard import Heard

MUCH = b"0123456789abcdef" * 65_536 * 4
"""More than any pipe holds."""


class Ends:
    """The editor's ends of two pipes."""

    def __init__(self) -> None:
        self.source, self.to_server = os.pipe()
        self.from_server, self.sink = os.pipe()
        self.heard: Heard[bytes] = Heard()
        loop = asyncio.get_running_loop()
        self.streams = StandardStreams(self.source, self.sink, self.heard, loop)

    def read_all(self) -> bytes:
        """Read until the server's end is closed."""
        with os.fdopen(os.dup(self.from_server), "rb") as file:
            return file.read()

    def close(self) -> None:
        for descriptor in (self.to_server, self.from_server, self.source, self.sink):
            try:
                os.close(descriptor)
            except OSError:
                continue


@pytest.fixture
async def ends() -> Iterator[Ends]:  # type: ignore[misc]  # an async fixture yields one
    made = Ends()
    yield made
    made.close()


async def test_what_the_editor_writes_is_heard_in_order_up_to_the_end(ends: Ends) -> None:
    for piece in (b"one", b"two", b"three"):
        os.write(ends.to_server, piece)
    os.close(ends.to_server)
    await ends.heard.until(lambda all_: b"" in all_)

    assert b"onetwothree" == b"".join(ends.heard.all)
    assert b"" == ends.heard.all[-1]
    assert 1 == ends.heard.all.count(b"")


async def test_an_editor_that_does_not_read_never_blocks_a_write(ends: Ends) -> None:
    for start in range(0, len(MUCH), 1000):
        ends.streams.write(MUCH[start : start + 1000])
    # Nobody has read yet, and still the loop goes on.
    os.write(ends.to_server, b"x")
    await ends.heard.until(lambda all_: all_ == [b"x"])
    reading = asyncio.create_task(asyncio.to_thread(ends.read_all))
    while ends.streams._writer.is_alive():
        await asyncio.to_thread(ends.streams.close)
    os.close(ends.sink)

    assert await reading == MUCH


async def test_closing_sends_what_is_left(ends: Ends) -> None:
    ends.streams.write(b"last")
    ends.streams.write(b" words")
    ends.streams.close()
    os.close(ends.sink)

    assert b"last words" == ends.read_all()


async def test_closing_gives_up_on_an_editor_that_does_not_read(ends: Ends) -> None:
    ends.streams.write(MUCH)
    ends.streams.close()  # returns, or the test runs out of time

    assert ends.streams._writer.is_alive()
    os.close(ends.from_server)
    await asyncio.to_thread(ends.streams._writer.join, 10)


@pytest.mark.filterwarnings("error")
async def test_an_editor_that_is_gone_makes_no_write_fail(ends: Ends) -> None:
    os.close(ends.from_server)
    ends.streams.write(b"into the void")
    ends.streams.write(b"and again")
    ends.streams.close()

    assert not ends.streams._writer.is_alive()


async def test_a_tcp_editor_is_heard_and_told_everything() -> None:
    heard: Heard[bytes] = Heard()
    made: list[Connection] = []

    def factory() -> Connection:
        made.append(Connection(heard))
        return made[-1]

    loop = asyncio.get_running_loop()
    async with await loop.create_server(factory, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"hello")
        await heard.until(lambda all_: b"".join(all_) == b"hello")
        # The editor does not read before all is written and the connection closed.
        made[0].write(MUCH)
        made[0].write(b"end")
        made[0].close()
        assert await reader.read() == MUCH + b"end"
        writer.close()
        await writer.wait_closed()
        await heard.until(lambda all_: all_[-1] == b"")

    assert 1 == heard.all.count(b"")


def test_a_tcp_connection_that_was_never_made_takes_writes() -> None:
    connection = Connection(lambda _: None)
    connection.write(b"x")
    connection.close()
