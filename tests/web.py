"""A scripted HTTP server: real sockets on loopback that answer as a test tells them to, and when.

Owns HTTP/1.1 (by h11) and HTTP/2 over TLS (by h2) on the server's side, a proxy, and certificates.
Requests for the head of something answer themselves; all others are handed to the test.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h11
import trustme

from tests.heard import PATIENCE

EVENTS = {"content-type": "text/event-stream"}
NAME = "model.test"
"""A name that only certificates and proxies know."""


class Exchange:
    """A request that has arrived, and the way to answer it."""

    def __init__(
        self, connection: "_Connection", number: int, head: tuple[str, str], headers: Any
    ) -> None:
        self.method, self.path = head
        self.headers = {_text(name).lower(): _text(value) for name, value in headers}
        self.body = b""
        self.connection = connection.number
        self.version = connection.version
        self.gone = asyncio.Event()
        """Set when the client has closed the stream, or its connection, before the end."""
        self.error: int | None = None
        """The error code with which an HTTP/2 stream was closed."""
        self.number = number
        self.ended = False
        self._connection = connection

    async def begin(self, status: int = 200, headers: Mapping[str, str] = EVENTS) -> None:
        """Send the head of an answer."""
        await self._connection.begin(self, status, headers)

    async def say(self, data: str | bytes) -> None:
        """Send a piece of the body."""
        await self._connection.say(self, data.encode() if isinstance(data, str) else data)

    async def end(self) -> None:
        """End the answer as it should be ended."""
        self.ended = True
        await self._connection.end(self)

    async def answer(
        self, data: str | bytes, status: int = 200, headers: Mapping[str, str] = EVENTS
    ) -> None:
        """Send a whole answer."""
        await self.begin(status, headers)
        await self.say(data)
        await self.end()

    async def cut(self) -> None:
        """End the answer where it is: reset the stream, or drop the connection."""
        self.ended = True
        await self._connection.cut(self)

    async def raw(self, data: bytes) -> None:
        """Send bytes as they are, without regard to any protocol."""
        await self._connection.raw(data)

    async def left(self) -> None:
        """Wait until the client has closed the stream."""
        async with asyncio.timeout(PATIENCE):
            await self.gone.wait()


class Web:
    """What the scripted server hands to the test."""

    def __init__(self) -> None:
        self.url = ""
        self.port = 0
        self.requests: asyncio.Queue[Exchange] = asyncio.Queue()
        self.begun: list[Exchange] = []
        """Requests of which something has arrived."""
        self.exchanges: list[Exchange] = []
        """Requests that want an answer and are here in full."""
        self.heads: list[Exchange] = []
        self.head_status: int | None = 404
        """What is answered when the head of something is asked for; None: nothing, ever."""
        self.connections: list[_Connection] = []
        self.moved = asyncio.Condition()
        self.server: asyncio.Server | None = None

    @property
    def open(self) -> int:
        """How many connections are open."""
        return sum(not connection.closed for connection in self.connections)

    async def next(self) -> Exchange:
        """Wait for the next request."""
        async with asyncio.timeout(PATIENCE):
            return await self.requests.get()

    async def until(self, verdict: Callable[[], bool]) -> None:
        """Wait until something holds; looked at whenever the server has noticed something."""
        async with asyncio.timeout(PATIENCE), self.moved:
            await self.moved.wait_for(verdict)

    def hang_up(self) -> None:
        """Close all connections, as servers do with those that are idle."""
        for connection in self.connections:
            connection.writer.close()

    async def stop(self) -> None:
        """Listen no more, and close all connections."""
        if self.server:
            self.server.close()
        self.hang_up()
        await self.until(lambda: self.open == 0)

    async def stir(self) -> None:
        async with self.moved:
            self.moved.notify_all()

    async def take(self, exchange: Exchange) -> None:
        """Hand over a request, or answer it."""
        if exchange.method == "HEAD":
            self.heads.append(exchange)
            if self.head_status is not None:
                await exchange.begin(self.head_status, {"content-length": "0"})
                await exchange.end()
        else:
            self.exchanges.append(exchange)
            self.requests.put_nowait(exchange)
        await self.stir()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it is closed."""
        tls = writer.get_extra_info("ssl_object")
        kind = _Http2 if tls and tls.selected_alpn_protocol() == "h2" else _Http1
        connection = kind(self, len(self.connections), writer)
        self.connections.append(connection)
        try:
            while data := await reader.read(65536):
                await connection.receive(data)
                await self.stir()
        except (OSError, h11.RemoteProtocolError, h2.exceptions.ProtocolError):
            pass
        finally:
            connection.closed = True
            connection.lost()
            writer.transport.abort()
            await self.stir()


class _Connection:
    """One connection of either kind."""

    version = ""

    def __init__(self, web: Web, number: int, writer: asyncio.StreamWriter) -> None:
        self.web = web
        self.number = number
        self.writer = writer
        self.closed = False

    async def raw(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            self.writer.write(data)
            await self.writer.drain()

    async def receive(self, data: bytes) -> None:
        raise NotImplementedError

    async def begin(self, exchange: Exchange, /, status: int, headers: Mapping[str, str]) -> None:
        raise NotImplementedError

    async def say(self, exchange: Exchange, /, data: bytes) -> None:
        raise NotImplementedError

    async def end(self, exchange: Exchange, /) -> None:
        raise NotImplementedError

    async def cut(self, exchange: Exchange, /) -> None:
        raise NotImplementedError

    def lost(self) -> None:
        raise NotImplementedError


class _Http1(_Connection):
    version = "HTTP/1.1"

    def __init__(self, web: Web, number: int, writer: asyncio.StreamWriter) -> None:
        super().__init__(web, number, writer)
        self._h11 = h11.Connection(h11.SERVER)
        self._exchange: Exchange | None = None
        self._count = 0

    async def receive(self, data: bytes) -> None:
        self._h11.receive_data(data)
        await self._read()

    async def _read(self) -> None:
        while True:
            match event := self._h11.next_event():
                case h11.Request():
                    head = (_text(event.method), _text(event.target))
                    self._exchange = Exchange(self, self._count, head, event.headers)
                    self._count += 1
                    self.web.begun.append(self._exchange)
                case h11.Data() if self._exchange:
                    self._exchange.body += event.data
                case h11.EndOfMessage() if self._exchange:
                    await self.web.take(self._exchange)
                case _:
                    return

    async def begin(self, _: Exchange, /, status: int, headers: Mapping[str, str]) -> None:
        fields = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self._send(h11.Response(status_code=status, headers=fields))

    async def say(self, _: Exchange, /, data: bytes) -> None:
        await self._send(h11.Data(data=data))

    async def end(self, _: Exchange, /) -> None:
        await self._send(h11.EndOfMessage())
        if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
            self._exchange = None
            self._h11.start_next_cycle()
            await self._read()

    async def cut(self, _: Exchange, /) -> None:
        self.writer.transport.abort()

    async def _send(self, event: Any) -> None:
        await self.raw(self._h11.send(event) or b"")

    def lost(self) -> None:
        if self._exchange and not self._exchange.ended:
            self._exchange.gone.set()


class _Http2(_Connection):
    version = "HTTP/2"

    def __init__(self, web: Web, number: int, writer: asyncio.StreamWriter) -> None:
        super().__init__(web, number, writer)
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self._h2.initiate_connection()
        self._exchanges: dict[int, Exchange] = {}
        self._window = asyncio.Event()

    async def receive(self, data: bytes) -> None:
        for event in self._h2.receive_data(data):
            match event:
                case h2.events.RequestReceived():
                    headers = list(event.headers or ())
                    named = {_text(name): _text(value) for name, value in headers}
                    number = event.stream_id or 0
                    head = (named[":method"], named[":path"])
                    self._exchanges[number] = Exchange(self, number, head, headers)
                    self.web.begun.append(self._exchanges[number])
                case h2.events.DataReceived():
                    number = event.stream_id or 0
                    self._exchanges[number].body += event.data or b""
                    self._h2.acknowledge_received_data(event.flow_controlled_length or 0, number)
                case h2.events.StreamEnded():
                    await self.web.take(self._exchanges[event.stream_id or 0])
                case h2.events.StreamReset():
                    exchange = self._exchanges[event.stream_id or 0]
                    exchange.error = event.error_code
                    exchange.gone.set()
        self._window.set()
        await self._flush()

    async def begin(self, exchange: Exchange, /, status: int, headers: Mapping[str, str]) -> None:
        self._h2.send_headers(exchange.number, [(":status", str(status)), *headers.items()])
        await self._flush()

    async def say(self, exchange: Exchange, /, data: bytes) -> None:
        while data:
            self._window.clear()
            room = min(
                self._h2.local_flow_control_window(exchange.number),
                self._h2.max_outbound_frame_size,
            )
            if room > 0:
                self._h2.send_data(exchange.number, data[:room])
                data = data[room:]
                await self._flush()
            else:
                async with asyncio.timeout(PATIENCE):
                    await self._window.wait()

    async def end(self, exchange: Exchange, /) -> None:
        self._h2.end_stream(exchange.number)
        await self._flush()

    async def cut(self, exchange: Exchange, /) -> None:
        self._h2.reset_stream(exchange.number, h2.errors.ErrorCodes.INTERNAL_ERROR)
        await self._flush()

    async def _flush(self) -> None:
        await self.raw(self._h2.data_to_send())

    def lost(self) -> None:
        for exchange in self._exchanges.values():
            if not exchange.ended:
                exchange.gone.set()


class Authority:
    """A certificate authority of a network's own."""

    def __init__(self) -> None:
        self._ca = trustme.CA()

    @property
    def pem(self) -> bytes:
        """Its certificate, as a file that one may trust would hold it."""
        return self._ca.cert_pem.bytes()

    def context(self, *protocols: str) -> ssl.SSLContext:
        """Return what a server speaks TLS with, and the protocols that it offers."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert("127.0.0.1", NAME).configure_cert(context)
        context.set_alpn_protocols(list(protocols))
        return context


@asynccontextmanager
async def scripted_web(tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[Web]:
    """Serve while the context lasts."""
    web = Web()
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(web.serve(reader, writer))
        serving.add(task)
        await asyncio.wait([task])

    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=tls)
    web.server = server
    web.port = server.sockets[0].getsockname()[1]
    web.url = f"http{'s' * bool(tls)}://127.0.0.1:{web.port}/v1"
    try:
        yield web
    finally:
        server.close()
        for connection in web.connections:
            connection.writer.transport.abort()
        if serving:
            await asyncio.wait(serving, timeout=PATIENCE)


class Proxy:
    """A proxy: what it was asked for, and where that leads."""

    def __init__(self, port: int, refuse: str) -> None:
        self.port = port
        self.refuse = refuse
        self.heads: list[str] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head.decode())
            if self.refuse:
                writer.write(f"HTTP/1.1 {self.refuse}\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
            else:
                await self._relay(head, reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    async def _relay(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.port)
        if head.startswith(b"CONNECT "):
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        else:
            far_writer.write(head)
        pumps = [
            asyncio.ensure_future(_pump(reader, far_writer)),
            asyncio.ensure_future(_pump(far_reader, writer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            far_writer.transport.abort()
            await asyncio.gather(*pumps, return_exceptions=True)


@asynccontextmanager
async def scripted_proxy(port: int, refuse: str = "") -> AsyncIterator[Proxy]:
    """Relay everything to a port of this machine while the context lasts, or refuse to."""
    proxy = Proxy(port, refuse)
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(proxy.serve(reader, writer))
        serving.add(task)
        await asyncio.wait([task])

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        for task in serving:
            task.cancel()
        if serving:
            await asyncio.wait(serving, timeout=PATIENCE)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


def _text(raw: bytes | str | None) -> str:
    return raw.decode("latin-1") if isinstance(raw, bytes) else raw or ""
