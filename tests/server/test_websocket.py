"""Sockets: where a client goes, and what people are told of it."""

import asyncio
import base64
import contextlib
import hashlib
import sys

import pytest
from websockets.asyncio.server import ServerConnection, serve

from spark_lsp.server.endpoint import Endpoint, Unreachable, is_loopback
from spark_lsp.server.websocket import connect
from tests.heard import PATIENCE
from tests.model import scripted_model


async def sentence(endpoint: Endpoint) -> str:
    """Return why a connection is not to be had."""
    with pytest.raises(Unreachable) as raised:
        await connect(endpoint)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        ("localhost", True),
        ("LocalHost", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("::", False),
        ("example.com", False),
        ("127.0.0.1.example.com", False),
        ("", False),
    ],
)
def test_loopback_is_told_without_a_resolver(host: str, *, is_one: bool) -> None:
    assert is_one is is_loopback(host)


async def test_a_key_is_not_sent_over_an_open_line_and_no_password_is_told() -> None:
    told = await sentence(Endpoint("ws://person:password@example.invalid/v1?secret=1", "key"))

    assert "ws://example.invalid/v1 is not encrypted" in told
    assert not {"password", "secret"} & set(told.replace("/", " ").split())


async def test_no_redirect_is_followed_with_the_headers() -> None:
    async with scripted_model() as model:

        async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            target = f"{model.url}/responses"
            writer.write(f"HTTP/1.1 307 T\r\nLocation: {target}\r\n\r\n".encode())
            writer.close()

        async with await asyncio.start_server(elsewhere, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            headers = {"api-key": "secret"}
            told = await sentence(Endpoint(f"ws://127.0.0.1:{port}/v1", headers=headers))

        assert "HTTP 307" in told
        assert [] == model.handshakes


async def test_a_proxy_that_is_not_supported_is_told_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "python_socks", None)
    for name in ("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("wss_proxy", "socks5h://127.0.0.1:1")
    told = await sentence(Endpoint("wss://example.invalid/v1"))

    assert "SOCKS proxy" in told
    assert "python-socks" in told


def accept_of(request: bytes) -> bytes:
    """Return what a server owes to a handshake (RFC 6455, 4.2.2)."""
    _, _, rest = request.lower().partition(b"sec-websocket-key:")
    start = len(request) - len(rest)
    key = request[start:].split(b"\r\n")[0].strip()
    digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
    return base64.b64encode(digest.digest())


async def test_a_server_that_freezes_is_noticed_by_its_silence() -> None:
    """It takes in bytes, as a stopped process does, and never answers a ping."""

    async def shake_hands(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        accept = accept_of(request)
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    async with await asyncio.start_server(shake_hands, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        socket = await connect(Endpoint(f"ws://127.0.0.1:{port}/v1", keepalive=0.05))
        async with asyncio.timeout(PATIENCE):
            frames = [frame async for frame in socket.frames()]
        socket.abort()

    assert [] == frames


async def test_a_large_frame_goes_out_in_pieces_and_arrives_whole_and_in_its_turn() -> None:
    heard: asyncio.Queue[str | bytes] = asyncio.Queue()

    async def hear(connection: ServerConnection) -> None:
        async for message in connection:
            heard.put_nowait(message)

    large = "".join(f"{number:06} \u00e9\U0001f600" for number in range(60_000))
    async with serve(hear, "127.0.0.1", 0, max_size=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        socket = await connect(Endpoint(f"ws://127.0.0.1:{port}/v1"))
        for frame in ("before", large, "after"):
            socket.send(frame)
        async with asyncio.timeout(PATIENCE):
            arrived = [await heard.get() for _ in range(3)]
        socket.abort()

    assert ["before", large, "after"] == arrived
