"""WebSocket: the only module that knows the websockets library.

Owns handshakes, sockets and their limits. What the frames say is left to `wire`, when to connect
to `connection`; the server's side is `web`.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from websockets.asyncio.client import connect as _open
from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from spark_lsp.server.endpoint import Endpoint, Unreachable
from spark_lsp.wire.refusals import fault

RECEIVE_LIMIT = 64 * 2**20
"""Bytes of one message: `response.completed` echoes the input, so the default is too small."""


_LARGE = 262_144
_PIECE = 65_536
"""Characters from which a frame goes out in pieces, and of one piece (RFC 6455, section 5.4)."""


class _Connect(_open):
    """A handshake that follows no redirect: headers, which may hold keys, go where they should."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Take a redirect for what it is, a refusal."""
        return exc


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

    @property
    def close_code(self) -> int | None:
        """The code with which the connection was closed (RFC 6455, section 7.4), if it was."""
        return self._connection.close_code

    def abort(self) -> None:
        """Drop the connection at once."""
        self._writer.cancel()
        self._connection.transport.abort()

    async def _write(self) -> None:
        try:
            while True:
                frame = await self._outbox.get()
                large = len(frame) > _LARGE
                await self._connection.send(_pieces(frame) if large else frame)
        except ConnectionClosed:
            return  # the reader tells


async def _pieces(frame: str) -> AsyncIterator[str]:
    """Yield a frame piece by piece: compressing half a megabyte at once would be felt in a key."""
    for start in range(0, len(frame), _PIECE):
        yield frame[start : start + _PIECE]
        await asyncio.sleep(0)


async def connect(endpoint: Endpoint) -> Socket:
    """Open a connection to `<url>/responses`.

    Raises:
        Unreachable: if there is none to be had now.
    """
    try:
        return await _opened(endpoint)
    except InvalidStatus as error:
        response = error.response
        told = fault(
            response.status_code, dict(response.headers.raw_items()), bytes(response.body or b"")
        )
        message = endpoint.veiled(f"{endpoint.told}: {told.message}")
        raise Unreachable(message, response.status_code, told.retry_after) from None
    except ImportError:
        fix = "install python-socks, or unset the proxy in the environment"
        raise Unreachable(f"{endpoint.told} is behind a SOCKS proxy: {fix}") from None
    except (OSError, InvalidHandshake, InvalidURI, ValueError) as error:
        reason = type(error).__name__
        raise Unreachable(f"{endpoint.told} cannot be reached ({reason})") from None


async def _opened(endpoint: Endpoint) -> Socket:
    url = endpoint.address("ws", "/responses")
    headers = dict(endpoint.headers)
    if endpoint.key:
        headers["Authorization"] = f"Bearer {endpoint.key}"
    return Socket(
        await _Connect(
            url,
            additional_headers=headers,
            open_timeout=endpoint.timeout,
            close_timeout=1.0,
            ping_interval=endpoint.keepalive,
            ping_timeout=endpoint.keepalive,
            max_size=RECEIVE_LIMIT,
            # Compressing what stays on this machine only costs time.
            compression=None if endpoint.loopback else "deflate",
            proxy=None if endpoint.loopback else True,
        )
    )
