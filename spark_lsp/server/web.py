"""The engine's door: the only module that knows uvicorn.

Owns the listening socket, who may come in, and how a connection or a POST becomes a `Socket`. What
is said there is left to `wire`, what is served to `backend`.

Why uvicorn: the websockets library's server takes no POST. Of uvicorn only the protocols are used.
Its `Server` would take over the signals, wake up ten times a second, and end no sooner than after a
tenth of one. Against the server it replaces it costs 40 ms more when a child starts, and half the
processor time for each frame sent.
"""

import asyncio
import contextlib
import hmac
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from spark_lsp.server.endpoint import is_loopback
from spark_lsp.wire.posted import Post

_FRAME_LIMIT = 64 * 2**20
"""Bytes of one message, as many as a client of ours takes."""
_BODY_LIMIT = 16 * 2**20
"""Bytes of one POST: what the protocol admits in a frame (responses-protocol.md §1.5)."""
_HEAD_LIMIT = 64 * 2**10
_OUTBOX = 256
"""Frames that may wait for a client before its answer does."""
_KEEP_ALIVE = 60
"""Seconds for which a connection between two requests stays open."""

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]
Handler: TypeAlias = Callable[["Socket"], Awaitable[None]]


class Socket:
    """A client that has come in: frames in, frames out."""

    def __init__(
        self,
        read: Callable[[], Awaitable[str | bytes | None]],
        write: Callable[[str], Awaitable[None]],
    ) -> None:
        """Wrap the ways in and out, and start the one writer; None is read from who has gone."""
        self._read = read
        self._deliver = write
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self._room = asyncio.Event()
        self._room.set()
        self._writer = asyncio.create_task(self._write())

    def send(self, frame: str) -> None:
        """Send a frame after those before it; never blocks, and never fails."""
        self._outbox.put_nowait(frame)
        if self._outbox.qsize() >= _OUTBOX:
            self._room.clear()

    async def ready(self) -> None:
        """Wait until the client has taken most of what was sent to it."""
        await self._room.wait()

    async def frames(self) -> AsyncGenerator[str | bytes, None]:
        """Yield what arrives until the client is gone, however it goes."""
        try:
            while (frame := await self._read()) is not None:
                yield frame
        finally:
            self._writer.cancel()

    async def _write(self) -> None:
        with contextlib.suppress(OSError):  # the reader tells
            while True:
                await self._deliver(await self._outbox.get())
                if self._outbox.empty():
                    self._room.set()


@asynccontextmanager
async def listening(
    handler: Handler, host: str, port: int, token: str, models: str
) -> AsyncIterator[int]:
    """Serve `/v1/responses` on loopback while the context lasts; yields the port.

    The handler is called for each WebSocket and for each POST, which is a socket that one frame
    comes from. A client must bring the token, name this machine as its host, and be no web page:
    what a page can make a browser send carries an Origin, and a name rebound by DNS is a foreign
    Host. `models` is what `GET /v1/models` answers.

    Raises:
        OSError: if the port is not to be had.
    """
    config = Config(
        _Door(handler, token, models.encode()),
        http=H11Protocol,
        ws=WebSocketsSansIOProtocol,
        ws_max_size=_FRAME_LIMIT,
        ws_per_message_deflate=False,
        h11_max_incomplete_event_size=_HEAD_LIMIT,
        timeout_keep_alive=_KEEP_ALIVE,
        lifespan="off",
        interface="asgi3",
        proxy_headers=False,
        access_log=False,
        log_config=None,
        log_level="error",
    )
    config.load()
    state = ServerState()
    listener = await asyncio.get_running_loop().create_server(
        lambda: H11Protocol(config, state, {}), host, port
    )
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        await _end(state)
        await listener.wait_closed()


async def _end(state: ServerState) -> None:
    """Send everybody away; nothing is left of them when this returns."""
    for connection in list(state.connections):
        if isinstance(connection, WebSocketsSansIOProtocol):
            connection.shutdown()  # with a close frame
        else:
            connection.transport.abort()
    await asyncio.gather(*state.tasks, return_exceptions=True)
    for connection in list(state.connections):
        connection.transport.abort()
    await asyncio.sleep(0)  # in which they learn that they are lost


class _Door:
    """The application: admits clients and hands them to the handler."""

    def __init__(self, handler: Handler, token: str, models: bytes) -> None:
        self._handler = handler
        self._opens = f"Bearer {token}".encode()
        self._models = models

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope)
        if scope["type"] == "websocket":
            await receive()  # that it connects
            if refusal is not None:
                await refusal.give(send, "websocket.http.response")
            else:
                await send({"type": "websocket.accept"})
                await self._handler(_connected(receive, send))
        elif refusal is not None:
            await refusal.give(send)
        elif scope["method"] == "GET":
            await _Answer(200, self._models).give(send)
        elif (body := await _body(receive, send)) is not None:
            await self._handler(_posted(Post(body), receive, send))

    def _refusal(self, scope: Message) -> "_Answer | None":
        """Return what a client is told that may not come in, or wants what is not here."""
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
        given = dict(headers)
        path, method = scope["path"], scope.get("method", _UPGRADE)
        if b"origin" in given or len(hosts) != 1 or not _names_loopback(hosts[0]):
            return _refused(403, "forbidden", "foreign Origin or Host")
        if not hmac.compare_digest(given.get(b"authorization", b""), self._opens):
            return _refused(401, "invalid_api_key", "the token is missing or wrong")
        if path not in _METHODS:
            return _refused(404, "not_found", "try /v1/models or /v1/responses")
        if method not in _METHODS[path]:
            return _refused(405, "method_not_allowed", f"{path} takes {_METHODS[path][0]}")
        if given.get(b"content-encoding", b"identity") != b"identity":
            return _refused(415, "unsupported_encoding", "send the body as it is, uncompressed")
        length = given.get(b"content-length", b"")
        return _TOO_LONG if length.isdigit() and int(length) > _BODY_LIMIT else None


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes

    async def give(self, send: Send, kind: str = "http.response") -> None:
        """Send all of it."""
        await send(_start(self.status, "application/json", len(self.body), kind))
        await send({"type": f"{kind}.body", "body": self.body, "more_body": False})


def _start(
    status: int, content_type: str, length: int | None = None, kind: str = "http.response"
) -> Message:
    headers = [(b"content-type", content_type.encode()), (b"cache-control", b"no-store")]
    if length is not None:
        headers.append((b"content-length", b"%d" % length))
    return {"type": f"{kind}.start", "status": status, "headers": headers}


def _refused(status: int, code: str, message: str) -> _Answer:
    error = {"type": "invalid_request_error", "code": code, "message": message, "param": None}
    return _Answer(status, msgspec.json.encode({"error": error}))


_UPGRADE = "WebSocket"
_METHODS = {"/v1/models": ("GET",), "/v1/responses": ("POST", _UPGRADE)}
_TOO_LONG = _refused(
    413, "request_too_large", f"a request has at most {_BODY_LIMIT} bytes: send less context"
)


async def _body(receive: Receive, send: Send) -> bytes | None:
    """Read the body of a POST; None when the client is gone or has been refused."""
    body = bytearray()
    while (message := await receive())["type"] != "http.disconnect":
        body += message["body"]
        if len(body) > _BODY_LIMIT:
            await _TOO_LONG.give(send)
            return None
        if not message["more_body"]:
            return bytes(body)
    return None


def _connected(receive: Receive, send: Send) -> Socket:
    """Wrap a WebSocket."""

    async def read() -> str | bytes | None:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return None
        text: str | None = message.get("text")
        data: bytes = message.get("bytes", b"")
        return data if text is None else text

    async def write(frame: str) -> None:
        await send({"type": "websocket.send", "text": frame})

    return Socket(read, write)


def _posted(post: Post, receive: Receive, send: Send) -> Socket:
    """Wrap a POST: one frame comes in, and it is gone when the answer is complete."""
    asked = begun = over = False

    async def read() -> bytes | None:
        nonlocal asked
        if not asked:
            asked = True
            return post.request
        while (await receive())["type"] != "http.disconnect":
            pass
        return None

    async def write(frame: str) -> None:
        nonlocal begun, over
        told = None if over else post.told(frame)
        if told is None:
            return
        over = told.over
        if not begun:
            begun = True
            await send(_start(told.status, told.kind, len(told.body) if over else None))
        await send({"type": "http.response.body", "body": told.body, "more_body": not over})

    return Socket(read, write)


def _names_loopback(host: str) -> bool:
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return is_loopback(name)
