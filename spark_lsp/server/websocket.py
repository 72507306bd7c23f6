"""WebSocket: the only module that knows the websockets library.

Owns handshakes, sockets and their limits. What the frames say is left to `wire`, when to connect
to `connection`, and what is served to `backend`.
"""

import asyncio
import hmac
import http
import ipaddress
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from websockets.asyncio.client import connect as _open
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as _serve
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.http11 import Request, Response

RECEIVE_LIMIT = 64 * 2**20
"""Bytes of one message: `response.completed` echoes the input, so the default is too small."""


class _Connect(_open):
    """A handshake that follows no redirect: headers, which may hold keys, go where they should."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Take a redirect for what it is, a refusal."""
        return exc


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider listens, and what opens the door.

    Attributes:
        url: the root, "ws://…/v1" or "wss://…/v1"; "http" schemes mean the same.
        key: the bearer token, or "".
        headers: further headers.
        query: parameters of the URL.
        timeout: seconds that a handshake may take.
        keepalive: seconds between pings, and how long an answer to one may take.
    """

    url: str
    key: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 3.0
    keepalive: float = 20.0


class Unreachable(Exception):  # noqa: N818 - a state of the world, not a defect
    """There is no connection; the message is one sentence for people."""


class Socket:
    """An open connection: frames in, frames out."""

    def __init__(self, connection: Connection) -> None:
        """Wrap a connection and start its one writer."""
        self._connection = connection
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write())

    def send(self, frame: str) -> None:
        """Send a frame after those before it; never blocks, and never fails."""
        self._outbox.put_nowait(frame)

    async def frames(self) -> AsyncGenerator[str | bytes, None]:
        """Yield what arrives until the connection is gone, however it goes."""
        try:
            while True:
                yield await self._connection.recv()
        except ConnectionClosed:
            return
        finally:
            self._writer.cancel()

    def abort(self) -> None:
        """Drop the connection at once."""
        self._connection.transport.abort()

    async def _write(self) -> None:
        try:
            while True:
                await self._connection.send(await self._outbox.get())
        except ConnectionClosed:
            return  # the reader tells


async def connect(endpoint: Endpoint) -> Socket:
    """Open a connection to `<url>/responses`.

    Raises:
        Unreachable: if there is none to be had now.
    """
    try:
        return await _opened(endpoint)
    except InvalidStatus as error:
        status = error.response.status_code
        hint = ": check the key" if status in {401, 403} else ""
        raise Unreachable(f"{_told(endpoint)} answered with HTTP status {status}{hint}") from None
    except ImportError:
        fix = "install python-socks, or unset the proxy in the environment"
        raise Unreachable(f"{_told(endpoint)} is behind a SOCKS proxy: {fix}") from None
    except (OSError, InvalidHandshake, InvalidURI, ValueError) as error:
        reason = type(error).__name__
        raise Unreachable(f"{_told(endpoint)} cannot be reached ({reason})") from None


async def _opened(endpoint: Endpoint) -> Socket:
    parts = urlsplit(endpoint.url)
    secure = parts.scheme in {"wss", "https"}
    loopback = is_loopback(parts.hostname or "")
    if endpoint.key and not secure and not loopback:
        raise Unreachable(f"{_told(endpoint)} is not encrypted: a key is only sent over wss://")
    query = "&".join(filter(None, (parts.query, urlencode(endpoint.query))))
    url = f"{'wss' if secure else 'ws'}://{parts.netloc}{parts.path.rstrip('/')}/responses"
    headers = dict(endpoint.headers)
    if endpoint.key:
        headers["Authorization"] = f"Bearer {endpoint.key}"
    return Socket(
        await _Connect(
            f"{url}?{query}" if query else url,
            additional_headers=headers,
            open_timeout=endpoint.timeout,
            close_timeout=1.0,
            ping_interval=endpoint.keepalive,
            ping_timeout=endpoint.keepalive,
            max_size=RECEIVE_LIMIT,
            # Compressing what stays on this machine only costs time.
            compression=None if loopback else "deflate",
            proxy=None if loopback else True,
        )
    )


def _told(endpoint: Endpoint) -> str:
    """Return an endpoint's address as people are told it: without what may be a password."""
    return re.sub(r"//[^/?#]*@", "//", endpoint.url).partition("?")[0]


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine, without asking any resolver."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@asynccontextmanager
async def listening(
    handler: Callable[[Socket], Awaitable[None]], host: str, port: int, token: str, models: str
) -> AsyncIterator[int]:
    """Serve `/v1/responses` on loopback while the context lasts; yields the port.

    A client must bring the token, name this machine as its host, and be no web page: what a page
    can make a browser send carries an Origin, and a name rebound by DNS is a foreign Host.
    `models` is what `GET /v1/models` answers.
    """

    def admit(connection: ServerConnection, request: Request) -> Response | None:
        origin, hosts = request.headers.get_all("Origin"), request.headers.get_all("Host")
        if origin or len(hosts) != 1 or not _names_loopback(hosts[0]):
            return connection.respond(http.HTTPStatus.FORBIDDEN, "foreign Origin or Host\n")
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return connection.respond(http.HTTPStatus.UNAUTHORIZED, "the token is missing\n")
        path = urlsplit(request.path).path
        if path == "/v1/models":
            response = connection.respond(http.HTTPStatus.OK, models)
            response.headers["Content-Type"] = "application/json"
            return response
        if path != "/v1/responses":
            return connection.respond(http.HTTPStatus.NOT_FOUND, "try /v1/responses\n")
        return None

    async def serve_one(connection: ServerConnection) -> None:
        await handler(Socket(connection))

    async with _serve(
        serve_one,
        host,
        port,
        process_request=admit,
        compression=None,
        max_size=RECEIVE_LIMIT,
        close_timeout=1.0,
    ) as server:
        yield next(iter(server.sockets)).getsockname()[1]


def _names_loopback(host: str) -> bool:
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return is_loopback(name)
