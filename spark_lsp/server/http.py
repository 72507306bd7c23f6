"""HTTP to one provider: the only module of the client side that knows httpx2.

Owns connections that are kept, what goes into each request besides its body, and the sentence for
each way to fail. What is asked and what an answer means is left to `wire.dialects`, when to ask to
`posting`. Importing it takes a fifth of a second, so whoever may not need it imports it late.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import h11
import httpcore2
import httpcore2._async.http2 as _http2
import httpx2
from h2.errors import ErrorCodes
from h2.events import DataReceived, Event
from h2.exceptions import H2Error

from spark_lsp import __version__
from spark_lsp.server.endpoint import Endpoint, Unreachable
from spark_lsp.wire.dialects.base import Call

RECEIVE_LIMIT = 64 * 2**20
"""Bytes of one answer: Responses echo the input, so this is far above what is ever shown."""
_KEPT = 4
"""Connections that are kept while nothing is asked; one serves, and one stands by."""
_EXPIRY = 300.0
"""Seconds that a connection is kept; most servers give up earlier, and are noticed to."""
_SILENCE = 600.0
"""Seconds of silence after which a request is given up. Sessions have a deadline of their own, at
most this long; this one is for a request that nobody waits for."""
_DEAD = 4.0
"""Seconds without any sign of life after which a connection that is left is closed."""
_WRITING = 30.0
"""Seconds that one write may wait for a server that does not read."""
_TRIES = 3
"""How often a request goes out while each connection turns out to have been closed meanwhile."""

# At their chattiest these log addresses with their parameters, and headers with the key.
for _name in ("httpx2", "httpcore2", "hpack"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class _Http2Connection(httpcore2.AsyncHTTP2Connection):
    """An HTTP/2 connection that tells the server when nobody listens to a stream any more.

    It also notices when a server has not said anything for long to what it was asked.
    The library only forgets a stream that is closed early: the server would go on writing it, and
    what it writes would use up the connection's window for good, because nobody hands it back.
    """

    _owes: float | None = None  # since when the server owes a sign of life

    async def handle_async_request(self, request: httpcore2.Request) -> httpcore2.Response:
        if self._owes is None:
            self._owes = monotonic()
        return await super().handle_async_request(request)

    async def _read_incoming_data(self, request: httpcore2.Request) -> list[Event]:
        events = await super()._read_incoming_data(request)
        self._owes = None
        return events

    async def _response_closed(self, stream_id: int) -> None:
        state = self._h2_state
        if self._owes is not None and self._owes + _DEAD < monotonic():
            # The other end may be gone without a word, and each new request would keep it alive.
            self._connection_error = True
        try:
            for event in self._events.get(stream_id, ()):
                if isinstance(event, DataReceived):
                    state.acknowledge_received_data(event.flow_controlled_length or 0, stream_id)
            stream = state.streams.get(stream_id)
            if stream is not None and not stream.closed:
                state.reset_stream(stream_id, ErrorCodes.CANCEL)
            limits = {"timeout": {"write": _WRITING}}
            await self._write_outgoing_data(httpcore2.Request("POST", "/", extensions=limits))
        except (H2Error, httpcore2.NetworkError, httpcore2.TimeoutException):
            self._connection_error = True
        await super()._response_closed(stream_id)
        # Also when a request was left while it waited to be written: what is queued of it would
        # have to go out before the next one, and its encryption was cut in the middle.
        if self._connection_error:
            await self.aclose()


# There is no seam to choose the class by; its users look the name up when they connect.
_http2.AsyncHTTP2Connection = _Http2Connection  # type: ignore[misc]


class Answer:
    """What a server answers: its status and headers, and the body while it arrives."""

    def __init__(self, response: httpx2.Response, told: str) -> None:
        """Wrap a response whose body has not been read; `told` is the address for people."""
        self.status = response.status_code
        self.headers: Mapping[str, str] = dict(response.headers)
        self.version = response.http_version
        self.whole = False
        self._response = response
        self._told = told

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the body as it arrives.

        Raises:
            Unreachable: if it is cut off, or longer than any answer.
        """
        size = 0
        try:
            async with aclosing(self._response.aiter_bytes()) as chunks:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > RECEIVE_LIMIT:
                        break
                    yield chunk
        except httpx2.TimeoutException:
            raise Unreachable(f"{self._told} went silent in the middle of an answer") from None
        except (httpx2.HTTPError, H2Error, OSError, ValueError):
            raise Unreachable(f"{self._told} cut off its answer: try again") from None
        if size > RECEIVE_LIMIT:
            raise Unreachable(f"{self._told} writes without end: it is not a completion server")
        self.whole = True

    async def start(self, limit: int) -> bytes:
        """Return at most so many bytes of the body, and what there is of it if it is cut off."""
        start = b""
        with contextlib.suppress(Unreachable):
            async with aclosing(self.chunks()) as chunks:
                async for chunk in chunks:
                    start += chunk
                    if len(start) >= limit:
                        break
        return start[:limit]


class Http:
    """Requests to one provider, over connections that are kept."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Prepare for requests. Reads certificates, which takes a moment: not for the event loop.

        Raises:
            Unreachable: if the environment or the configuration makes it impossible.
        """
        self.endpoint = endpoint
        try:
            self._client = _client(endpoint)
        except ImportError:
            fix = "install socksio, or unset the proxy in the environment"
            raise Unreachable(f"{endpoint.told} is behind a SOCKS proxy: {fix}") from None
        except OSError:
            fix = "let SSL_CERT_FILE or SSL_CERT_DIR name what exists, or unset it"
            raise Unreachable(f"the certificates to trust cannot be read: {fix}") from None
        except (ValueError, TypeError, httpx2.InvalidURL):
            what = "the key, a header or a proxy in the environment is malformed: correct it"
            raise Unreachable(f"{endpoint.told} cannot be asked, because {what}") from None
        # What stands in the address must not take the place of the key.
        self._auth = httpx2.Auth() if endpoint.key else httpx2.USE_CLIENT_DEFAULT
        self._standby: asyncio.Task[None] | None = None
        # On this machine a connection is open before anybody could notice.
        self._far = endpoint.secure and not endpoint.loopback
        self._lacks_standby = self._far

    @asynccontextmanager
    async def post(self, call: Call) -> AsyncIterator[Answer]:
        """Send a request; leaving the context before the body has ended tells the server to stop.

        Over HTTP/2 only that stream ends; over HTTP/1.1 the connection does, which is why there
        another one is opened ahead where opening one takes time.

        Raises:
            Unreachable: if no answer has begun.
        """
        headers = {"Content-Type": "application/json", "Accept": call.accept}
        root = replace(self.endpoint, url=call.root(self.endpoint.url))
        address = root.address("http", call.path)
        response = await self._sent("POST", address, headers, call.body)
        answer = Answer(response, self.endpoint.told)
        if self._lacks_standby and answer.version != "HTTP/2":
            self._lacks_standby = False
            self._standby = asyncio.create_task(self._stand_by())
        try:
            yield answer
        finally:
            await response.aclose()
            self._lacks_standby |= self._far and not answer.whole

    async def reach(self) -> int:
        """Have a connection open, and return the status with which the server answers.

        Asks for the head of the list of models: it costs nothing anywhere, and whatever the answer
        is, the connection is open after it.

        Raises:
            Unreachable: if there is no answer within the time that a handshake may take.
        """
        address = self.endpoint.address("http", "/models")
        try:
            async with asyncio.timeout(self.endpoint.timeout):
                response = await self._sent("HEAD", address)
                try:
                    await response.aread()
                finally:
                    await response.aclose()
        except TimeoutError:
            raise Unreachable(self._late()) from None
        except (httpx2.HTTPError, H2Error, OSError, ValueError):
            raise Unreachable(f"{self.endpoint.told} cut off its answer: try again") from None
        return response.status_code

    def veiled(self, text: str) -> str:
        """Return a text of the server's without what opens its door, should it repeat that."""
        return self.endpoint.veiled(text)

    async def close(self) -> None:
        """Close all connections."""
        if self._standby:
            self._standby.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._standby
        await self._client.aclose()

    async def _stand_by(self) -> None:
        with contextlib.suppress(Unreachable):  # the next request will tell
            await self.reach()

    async def _sent(
        self, method: str, address: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> httpx2.Response:
        """Send a request and return the response when its head has come."""
        for tries_left in reversed(range(_TRIES)):
            way = _Way()
            try:
                request = self._client.build_request(
                    method, address, headers=headers, content=body or None
                )
                request.extensions["trace"] = way
                return await self._client.send(request, stream=True, auth=self._auth)
            except (httpx2.NetworkError, httpx2.RemoteProtocolError) as error:
                # A kept connection may be closed by the server at any time, also while a request
                # is under way; nothing of an answer was heard, so it can go out again.
                if tries_left and not way.connected:
                    continue
                raise Unreachable(self._sentence(error, way)) from None
            except (httpx2.HTTPError, httpx2.InvalidURL, H2Error, OSError, ValueError) as error:
                raise Unreachable(self._sentence(error, way)) from None
        raise AssertionError

    def _sentence(self, error: Exception, way: "_Way") -> str:  # noqa: PLR0911 - a table
        """Say why a request got no answer, and what to do. What errors say may hold the key."""
        told = self.endpoint.told
        place = told
        if way.host and way.host != urlsplit(self.endpoint.url).hostname:
            place = f"the proxy {way.host} (from the environment, on the way to {told})"
        for cause in _causes(error):
            match cause:
                case ssl.SSLCertVerificationError():
                    why = cause.verify_message
                    fix = "if it is your network's own, name its CA's file in SSL_CERT_FILE"
                    return f"the certificate of {told} is not trusted ({why}): {fix}"
                case ssl.SSLError():
                    return f"{told} does not speak TLS: check whether base_url begins rightly"
                case socket.gaierror():
                    return f"the name in {place} is not known: check it, and the network"
                case ConnectionRefusedError():
                    return f"nothing listens at {place}: start it, or check the address"
                case httpx2.ProxyError():
                    return f"{place} refuses to connect: check the proxy and its password"
                case httpx2.TimeoutException():
                    return self._late(place)
                case h11.RemoteProtocolError():
                    return f"{place} does not speak HTTP: check the address"
                case httpx2.LocalProtocolError():
                    return f"{told} cannot be asked: the key or a header is malformed"
                case httpx2.RemoteProtocolError() | httpx2.ReadError() | httpx2.WriteError():
                    return f"{place} closed the connection without an answer"
        return f"{place} cannot be reached ({type(error).__name__})"

    def _late(self, place: str = "") -> str:
        where = place or self.endpoint.told
        return f"{where} did not answer within {self.endpoint.timeout:g} s: check the network"


class _Way:
    """What has happened to one request on its way, as the library tells it."""

    def __init__(self) -> None:
        self.host = ""

    @property
    def connected(self) -> bool:
        """Whether a connection was opened for it; if not, it went over a kept one."""
        return bool(self.host)

    async def __call__(self, name: str, info: Mapping[str, Any]) -> None:
        if name == "connection.connect_tcp.started":
            self.host = info["host"]


def _client(endpoint: Endpoint) -> httpx2.AsyncClient:
    headers = httpx2.Headers(dict(endpoint.headers))
    headers.setdefault("User-Agent", f"spark-lsp/{__version__}")
    # What compresses a stream holds back its last words, and deltas hardly get smaller.
    headers.setdefault("Accept-Encoding", "identity")
    if endpoint.key:
        headers["Authorization"] = f"Bearer {endpoint.key}"
    secure = endpoint.secure
    return httpx2.AsyncClient(
        headers=headers,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        # Without a context of ours each proxy would read all certificates for itself.
        verify=httpx2.create_ssl_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        http2=secure,
        trust_env=not endpoint.loopback,
        # Headers, which may hold keys, go where they should.
        follow_redirects=False,
        timeout=httpx2.Timeout(
            connect=endpoint.timeout, read=_SILENCE, write=_WRITING, pool=_SILENCE
        ),
        limits=httpx2.Limits(
            max_connections=None, max_keepalive_connections=_KEPT, keepalive_expiry=_EXPIRY
        ),
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield what has led to an error, the deepest first: that says most."""
    inner = error.__cause__ or error.__context__
    grouped = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for cause in (*grouped, *([inner] if inner else ())):
        yield from _causes(cause)
    yield error
