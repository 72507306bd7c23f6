"""The door: who may come in and by which way, how much they may bring, and that nobody stays."""

import asyncio
import contextlib
import json
import logging
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from spark_lsp.server import web
from spark_lsp.server.endpoint import Endpoint
from spark_lsp.server.web import Handler, Socket, listening
from spark_lsp.server.websocket import connect
from tests.heard import PATIENCE

TOKEN = "token-for-tests"
MODELS = '{"object":"list","data":[]}'
UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
DONE = '{"type":"response.completed","response":{"id":"r"}}'


async def silent(socket: Socket) -> None:
    """Listen, and say nothing."""
    async for _ in socket.frames():
        pass


async def echo(socket: Socket) -> None:
    """Say what is heard, then the last word of a response."""
    async for frame in socket.frames():
        told = frame if isinstance(frame, str) else frame.decode()
        socket.send(json.dumps({"type": "heard", "told": told}))
        socket.send(DONE)


def door(handler: Handler = silent, host: str = "127.0.0.1") -> Any:
    """Serve whoever may come in; yields the port."""
    return listening(handler, host, 0, TOKEN, MODELS)


class Visit:
    """A connection in the raw, on which requests are written and answers read."""

    def __init__(
        self, port: int, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    ) -> None:
        self.port = port
        self.reader, self.writer = streams

    def ask(
        self, method: str, path: str, headers: Mapping[str, str | None], body: bytes = b""
    ) -> None:
        """Send a request; a header that is None is left out."""
        usual = {"Host": f"127.0.0.1:{self.port}", "Authorization": f"Bearer {TOKEN}"}
        all_ = {**usual, **headers}
        if body:
            all_.setdefault("Content-Length", str(len(body)))
        lines = [f"{name}: {value}" for name, value in all_.items() if value is not None]
        self.writer.write("\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode())
        self.writer.write(body)

    async def answer(self) -> tuple[int, bytes]:
        """Read the status and the body of an answer that says how long it is."""
        async with asyncio.timeout(PATIENCE):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
            if head.startswith("http/1.1 100"):
                return await self.answer()
            length = head.partition("content-length: ")[2].split("\r\n")[0] or "0"
            return int(head.split()[1]), await self.reader.readexactly(int(length))


@asynccontextmanager
async def visiting(port: int) -> AsyncIterator[Visit]:
    visit = Visit(port, await asyncio.open_connection("127.0.0.1", port))
    try:
        yield visit
    finally:
        visit.writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await visit.writer.wait_closed()


async def status(
    port: int, method: str, path: str, headers: Mapping[str, str | None], body: bytes = b""
) -> int:
    async with visiting(port) as visit:
        visit.ask(method, path, headers, body)
        code, told = await visit.answer()
        if code >= 400:
            assert {"type", "code", "message", "param"} == set(json.loads(told)["error"])
        assert TOKEN.encode() not in told
        return code


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost"])
async def test_who_may_listen_somewhere_is_reached_there(host: str) -> None:
    async with door(host=host) as port:
        (await connect(Endpoint(f"ws://{host}:{port}/v1", TOKEN))).abort()


async def test_a_port_that_is_taken_is_not_to_be_had() -> None:
    async with door() as port:
        with pytest.raises(OSError, match="in use"):
            async with listening(silent, "127.0.0.1", port, TOKEN, MODELS):
                pass


@pytest.mark.parametrize(
    ("host", "foreign"),
    [
        ("127.0.0.1", False),
        ("127.0.0.1:80", False),
        ("127.255.255.254:80", False),
        ("LOCALHOST:80", False),
        ("[::1]", False),
        ("[::1]:80", False),
        ("0.0.0.0:80", True),
        ("128.0.0.1:80", True),
        ("127.0.0.1.example.com:80", True),
        ("localhost.example.com", True),
        ("[::2]:80", True),
        ("", True),
    ],
)
async def test_a_client_must_call_this_machine_by_a_name_of_its_own(
    host: str, *, foreign: bool
) -> None:
    async with door() as port:
        assert (403 if foreign else 101) == await status(
            port, "GET", "/v1/responses", UPGRADE | {"Host": host}
        )
        assert (403 if foreign else 200) == await status(port, "GET", "/v1/models", {"Host": host})


@pytest.mark.parametrize("origin", ["https://example.com", "http://127.0.0.1", "null", ""])
async def test_a_web_page_is_refused_even_with_the_token(origin: str) -> None:
    async with door(echo) as port:
        page = {"Origin": origin}
        assert await status(port, "GET", "/v1/responses", UPGRADE | page) == 403
        assert await status(port, "GET", "/v1/models", page) == 403
        assert await status(port, "OPTIONS", "/v1/responses", page) == 403
        assert await status(port, "POST", "/v1/responses", page, b"{}") == 403


@pytest.mark.parametrize("given", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN])
async def test_nobody_comes_in_without_the_token(given: str | None) -> None:
    async with door(echo) as port:
        key = {"Authorization": given}
        assert await status(port, "GET", "/v1/responses", UPGRADE | key) == 401
        assert await status(port, "GET", "/v1/models", key) == 401
        assert await status(port, "POST", "/v1/responses", key, b"{}") == 401
        assert await status(port, "GET", "/v1/nothing", key) == 401


@pytest.mark.parametrize(
    ("method", "path", "headers", "expected"),
    [
        ("GET", "/v1/models", {}, 200),
        ("GET", "/v1/models?limit=5", {}, 200),
        ("GET", "/v1/responses", UPGRADE, 101),
        ("GET", "/v1/responses?api-version=v1", UPGRADE, 101),
        ("GET", "/v1/models", UPGRADE, 405),
        ("POST", "/v1/models", {}, 405),
        ("GET", "/v1/responses", {}, 405),
        ("DELETE", "/v1/responses", {}, 405),
        ("GET", "/", {}, 404),
        ("GET", "/v1/responses/resp_1", {}, 404),
        ("GET", "/v1/elsewhere", UPGRADE, 404),
        ("POST", "/v1/chat/completions", {}, 404),
        ("POST", "/v1/responses", {"Content-Encoding": "zstd"}, 415),
    ],
)
async def test_there_are_models_and_responses_and_nothing_else(
    method: str, path: str, headers: dict[str, str], expected: int
) -> None:
    async with door() as port:
        assert expected == await status(port, method, path, headers)


async def test_the_models_are_told_as_they_were_given() -> None:
    async with door() as port, visiting(port) as visit:
        visit.ask("GET", "/v1/models", {})
        assert (200, MODELS.encode()) == await visit.answer()


async def test_frames_of_a_websocket_go_both_ways_whole_and_in_order() -> None:
    async def mirror(socket: Socket) -> None:
        async for frame in socket.frames():
            socket.send(f"{len(frame)} {type(frame).__name__}")
            socket.send(frame if isinstance(frame, str) else "…")

    large = "é" * 2**20
    async with door(mirror) as port:
        socket = await connect(Endpoint(f"ws://127.0.0.1:{port}/v1", TOKEN))
        for frame in ("", "a", large):
            socket.send(frame)
        await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE), aclosing(socket.frames()) as frames:
            heard = [await anext(frames) for _ in range(6)]
            await socket._connection.send(b"\xff\0")
            heard += [await anext(frames) for _ in range(2)]
        socket.abort()

    assert ["0 str", "", "1 str", "a", f"{2**20} str", large, "2 bytes", "…"] == heard


async def test_a_frame_that_is_too_large_ends_its_connection_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web, "_FRAME_LIMIT", 100)
    async with door(echo) as port:
        endpoint = Endpoint(f"ws://127.0.0.1:{port}/v1", TOKEN)
        hostile, other = await connect(endpoint), await connect(endpoint)
        hostile.send("x" * 101)
        other.send("x" * 100)
        async with asyncio.timeout(PATIENCE):
            assert [] == [frame async for frame in hostile.frames()]
            async with aclosing(other.frames()) as frames:
                assert "x" * 100 in str(await anext(frames))
        other.abort()

        assert hostile._connection.close_code == 1009


async def test_a_post_is_one_frame_in_and_its_answer_out_and_the_connection_stays() -> None:
    async with door(echo) as port, visiting(port) as visit:
        for word in ("one", "two"):
            visit.ask("POST", "/v1/responses", {}, json.dumps({"input": word}).encode())
            assert (200, b'{"id":"r"}') == await visit.answer()
        visit.ask("GET", "/v1/models", {})
        assert (200, MODELS.encode()) == await visit.answer()


async def test_a_stream_is_sent_event_by_event() -> None:
    async def two(socket: Socket) -> None:
        socket.send('{"type":"a"}')
        async for _ in socket.frames():
            await more.wait()
            socket.send(DONE)

    more = asyncio.Event()
    async with door(two) as port, visiting(port) as visit:
        visit.ask("POST", "/v1/responses", {}, b'{"stream":true}')
        async with asyncio.timeout(PATIENCE):
            head = (await visit.reader.readuntil(b"\r\n\r\n")).decode().lower()
            first = await visit.reader.readuntil(b"\n\n")
            more.set()
            last = await visit.reader.readuntil(b"0\r\n\r\n")

    assert "content-type: text/event-stream" in head
    assert first.endswith(b'event: a\ndata: {"type":"a"}\n\n')
    assert f"event: response.completed\ndata: {DONE}\n\n".encode() in last


async def test_a_body_that_comes_in_pieces_is_put_together() -> None:
    async with door(echo) as port, visiting(port) as visit:
        visit.ask("POST", "/v1/responses", {"Transfer-Encoding": "chunked"})
        for piece in (b'{"input":', b'"one"', b"}"):
            visit.writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        visit.writer.write(b"0\r\n\r\n")
        assert (200, b'{"id":"r"}') == await visit.answer()


@pytest.mark.parametrize("pieces", [False, True])
async def test_a_body_that_is_too_large_is_refused_and_the_connection_stays(
    monkeypatch: pytest.MonkeyPatch, *, pieces: bool
) -> None:
    monkeypatch.setattr(web, "_BODY_LIMIT", 10)
    async with door(echo) as port, visiting(port) as visit:
        for size, expected in ((11, 413), (10, 200)):
            if pieces:
                visit.ask("POST", "/v1/responses", {"Transfer-Encoding": "chunked"})
                visit.writer.write(b"%x\r\n%b\r\n0\r\n\r\n" % (size, b"x" * size))
            else:
                visit.ask("POST", "/v1/responses", {}, b"x" * size)
            assert expected == (await visit.answer())[0]


async def test_who_hangs_up_is_gone_for_the_handler() -> None:
    gone = asyncio.Event()

    async def wait(socket: Socket) -> None:
        socket.send('{"type":"a"}')
        await silent(socket)
        gone.set()

    async with door(wait) as port:
        async with visiting(port) as visit:
            visit.ask("POST", "/v1/responses", {}, b'{"stream":true}')
            async with asyncio.timeout(PATIENCE):
                await visit.reader.readuntil(b'"a"}\n\n')
        async with asyncio.timeout(PATIENCE):
            await gone.wait()
        gone.clear()
        (await connect(Endpoint(f"ws://127.0.0.1:{port}/v1", TOKEN))).abort()
        async with asyncio.timeout(PATIENCE):
            await gone.wait()


async def test_who_hangs_up_before_having_said_all_is_never_heard() -> None:
    heard = []

    async def note(socket: Socket) -> None:
        heard.append(socket)
        await silent(socket)

    async with door(note) as port, visiting(port) as visit:
        visit.ask("POST", "/v1/responses", {"Content-Length": "10", "Expect": "100-continue"})
        async with asyncio.timeout(PATIENCE):
            await visit.reader.readuntil(b"100 Continue\r\n\r\n")

    assert [] == heard


@pytest.mark.parametrize("garbage", [b"\0\xff\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"x" * 10**5])
async def test_what_is_no_http_is_sent_away(garbage: bytes) -> None:
    async with door(echo) as port:
        async with visiting(port) as visit:
            visit.writer.write(garbage)
            async with asyncio.timeout(PATIENCE):
                with contextlib.suppress(ConnectionError):
                    assert (await visit.reader.read()).startswith(b"HTTP/1.1 400 ")

        assert await status(port, "GET", "/v1/models", {}) == 200


async def test_a_writer_waits_for_a_client_that_does_not_read() -> None:
    written = 0
    text = "x" * 2**14

    async def endless(socket: Socket) -> None:
        nonlocal written
        async with aclosing(socket.frames()) as frames:
            await anext(frames)
            while socket._room.is_set():
                socket.send(text)
                written += 1
                await asyncio.sleep(0)
            full.set()
            await socket.ready()
            read.set()
            await anext(frames)

    full, read = asyncio.Event(), asyncio.Event()
    async with door(endless) as port:
        socket = await connect(Endpoint(f"ws://127.0.0.1:{port}/v1", TOKEN))
        socket.send("go")
        async with asyncio.timeout(PATIENCE):
            await full.wait()
            assert 256 <= written < 10_000
            async with aclosing(socket.frames()) as frames:
                for _ in range(written):
                    await anext(frames)
            await read.wait()
        socket.abort()


async def test_a_handler_that_fails_harms_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(socket: Socket) -> None:
        async for frame in socket.frames():
            if b"bad" in (frame if isinstance(frame, bytes) else frame.encode()):
                raise RuntimeError("a bug")
            socket.send(DONE)

    async with door(fail) as port:
        endpoint = Endpoint(f"ws://127.0.0.1:{port}/v1", TOKEN)
        socket = await connect(endpoint)
        socket.send("bad")
        async with asyncio.timeout(PATIENCE):
            assert [] == [frame async for frame in socket.frames()]
        async with visiting(port) as visit:
            visit.ask("POST", "/v1/responses", {}, b'{"bad":1}')
            async with asyncio.timeout(PATIENCE):
                assert (await visit.reader.readline()).startswith(b"HTTP/1.1 500 ")
        async with visiting(port) as visit:
            visit.ask("POST", "/v1/responses", {}, b"{}")
            assert (await visit.answer())[0] == 200

    assert "a bug" in caplog.text


async def test_when_it_ends_nobody_is_left_and_each_is_told() -> None:
    ended: list[str] = []

    async def wait(socket: Socket) -> None:
        try:
            async for _ in socket.frames():
                socket.send('{"type":"a"}')
        finally:
            await asyncio.sleep(0)
            ended.append("handler")

    tasks = asyncio.all_tasks()
    signals = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with door(wait) as port:
        socket = await connect(Endpoint(f"ws://127.0.0.1:{port}/v1", TOKEN))
        visits = [Visit(port, await asyncio.open_connection("127.0.0.1", port)) for _ in range(3)]
        visits[0].ask("POST", "/v1/responses", {}, b'{"stream":true}')
        visits[1].ask("GET", "/v1/models", {})
        async with asyncio.timeout(PATIENCE):
            await visits[0].reader.readuntil(b'"a"}\n\n')
            await visits[1].answer()
        assert signals == [signal.getsignal(it) for it in (signal.SIGINT, signal.SIGTERM)]
        left = asyncio.all_tasks() - tasks

    async with asyncio.timeout(PATIENCE):
        assert [] == [frame async for frame in socket.frames()]
        for visit in visits:
            with contextlib.suppress(ConnectionError):
                await visit.reader.read()
            visit.writer.transport.abort()
            with contextlib.suppress(ConnectionError):
                await visit.writer.wait_closed()
        await asyncio.wait(left)
    assert ["handler", "handler"] == ended
    assert socket._connection.close_code == 1012
    assert tasks == asyncio.all_tasks()


async def test_nothing_is_logged_of_ordinary_visits(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "uvicorn")
    async with door(echo) as port:
        for headers in ({}, UPGRADE, {"Authorization": "Bearer wrong"}):
            await status(port, "GET", "/v1/responses", headers)

    assert not [record for record in caplog.records if record.name.startswith("uvicorn")]
