"""The ways to the editor: nothing written blocks, nothing written is lost."""

import asyncio
import contextlib
import os
from collections.abc import Iterator

import pytest

from spark_lsp.server.pipes import Refused, StandardStreams, TcpPipe
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
        self._close(self.to_server, self.from_server)
        self.streams._out.put(None)
        # Numbers of descriptors are used again, and a thread must not read a later test's pipe.
        self.streams._reader.join()
        self.streams._writer.join()
        self._close(self.source, self.sink)

    @staticmethod
    def _close(*descriptors: int) -> None:
        for descriptor in descriptors:
            with contextlib.suppress(OSError):
                os.close(descriptor)


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
        await ends.streams.close()
    os.close(ends.sink)

    assert await reading == MUCH


async def test_closing_sends_what_is_left(ends: Ends) -> None:
    ends.streams.write(b"last")
    ends.streams.write(b" words")
    await ends.streams.close()
    os.close(ends.sink)

    assert b"last words" == ends.read_all()


async def test_closing_gives_up_on_an_editor_that_does_not_read(ends: Ends) -> None:
    ends.streams.write(MUCH)
    await ends.streams.close()  # returns, or the test runs out of time

    assert ends.streams._writer.is_alive()
    os.close(ends.from_server)
    await asyncio.to_thread(ends.streams._writer.join, 10)


@pytest.mark.filterwarnings("error")
async def test_an_editor_that_is_gone_makes_no_write_fail(ends: Ends) -> None:
    os.close(ends.from_server)
    ends.streams.write(b"into the void")
    ends.streams.write(b"and again")
    await ends.streams.close()
    await asyncio.to_thread(ends.streams._writer.join, 10)

    assert not ends.streams._writer.is_alive()


async def test_a_tcp_editor_is_heard_and_told_everything() -> None:
    heard: Heard[bytes] = Heard()
    made: list[TcpPipe] = []

    def factory() -> TcpPipe:
        made.append(TcpPipe(heard))
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
        reading = asyncio.create_task(reader.read())
        await made[0].close()
        assert await reading == MUCH + b"end"
        writer.close()
        await writer.wait_closed()
        await heard.until(lambda all_: all_[-1] == b"")

    assert 1 == heard.all.count(b"")


async def test_a_tcp_connection_that_was_never_made_takes_writes() -> None:
    connection = TcpPipe(lambda _: None)
    connection.write(b"x")
    await connection.close()


async def test_closing_gives_up_on_a_tcp_editor_that_does_not_read() -> None:
    heard: Heard[bytes] = Heard()
    made: list[TcpPipe] = []

    def factory() -> TcpPipe:
        made.append(TcpPipe(heard))
        return made[-1]

    loop = asyncio.get_running_loop()
    async with await loop.create_server(factory, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(b"x")
        await heard.until(len)
        made[0].write(MUCH * 8)
        await made[0].close()
        await heard.until(lambda all_: all_[-1] == b"")
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_a_connection_that_is_refused_is_dropped_unread() -> None:
    loop = asyncio.get_running_loop()
    async with await loop.create_server(Refused, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_an_editor_may_leave_its_ends_as_non_blocking_as_it_likes() -> None:
    """Node does so; neither end of input nor a lost answer may come of it."""
    loop, heard = asyncio.get_running_loop(), Heard[bytes]()
    source, to_server = os.pipe()
    from_server, sink = os.pipe()
    os.set_blocking(source, False)
    os.set_blocking(sink, False)
    streams = StandardStreams(source, sink, heard, loop)
    os.write(to_server, b"hello")
    await heard.until(lambda all_: all_ == [b"hello"])
    os.set_blocking(sink, False)  # a process that shares it may do so at any time
    streams.write(MUCH)

    def read_all() -> bytes:
        with os.fdopen(from_server, "rb") as file:
            return file.read()

    reading = asyncio.create_task(asyncio.to_thread(read_all))
    await streams.close()
    os.close(sink)
    assert await reading == MUCH
    os.close(to_server)
    await heard.until(lambda all_: all_[-1] == b"")
    streams._reader.join()
    os.close(source)


async def test_an_editor_that_reads_no_more_is_gone_though_its_input_is_open(ends: Ends) -> None:
    os.close(ends.from_server)
    ends.streams.write(b"into the void")
    await ends.heard.until(lambda all_: all_ == [b""])
    os.write(ends.to_server, b"more")
    os.close(ends.to_server)
    await ends.streams.close()

    assert [b""] == ends.heard.all


async def test_closing_does_not_keep_the_loop_from_anything_else(ends: Ends) -> None:
    ends.streams.write(MUCH)
    closing = asyncio.create_task(ends.streams.close())
    os.write(ends.to_server, b"still heard")
    await ends.heard.until(lambda all_: all_ == [b"still heard"])

    assert not closing.done()
    os.close(ends.from_server)
    await closing
