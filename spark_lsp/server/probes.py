"""Single questions to the world: is there a name, a socket, a certificate, an answer?

Owns how each is asked, with a time limit, and the sentence for each way to fail. In which order
they are asked, and what is told of it, is `cli.checks`'.
"""

import asyncio
import contextlib
import os
import socket
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from time import monotonic, time
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from spark_lsp.core import tokens
from spark_lsp.core.prompt import Prompt
from spark_lsp.server.endpoint import Endpoint, Unreachable
from spark_lsp.server.http import Http
from spark_lsp.server.websocket import Socket
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.client import Client
from spark_lsp.wire.dialects.base import Dialect, End, Piece
from spark_lsp.wire.events import Usage
from spark_lsp.wire.faults import Fault
from spark_lsp.wire.outcomes import Delta, Ended, Failed, Step
from spark_lsp.wire.refusals import fault

PROMPT = Prompt(
    stable=(),
    path="names.py",
    prefix="for name in names:\n    print(name, values[name])\n\nfor name in names:\n    pri",
    suffix="\n\nprint(len(names))\n",
)
"""Something that every model, and the embedded engine, can complete."""
_PORTS = {"ws": 80, "http": 80, "wss": 443, "https": 443}
_REFUSAL = 64 * 1024
_DAY = 86_400
_EXPIRED, _NOT_YET, _OTHER_NAME, _OTHER_ADDRESS = 10, 9, 62, 64
"""What OpenSSL calls the ways in which a certificate is no good (`X509_V_ERR_…`)."""


class Trouble(Exception):  # noqa: N818 - a state of the world, not a defect
    """Something does not work; the message says what, `fix` what helps."""

    def __init__(self, detail: str, fix: str) -> None:
        super().__init__(detail)
        self.fix = fix

    @classmethod
    def of(cls, error: Unreachable, endpoint: Endpoint, fix: str) -> "Trouble":
        """Return what an error says, in two parts; `fix` is for those that say only one."""
        said, mark, words = str(error).removeprefix(f"{endpoint.told}: ").partition("; it says: ")
        detail, _, told = said.partition(": ")
        # What a server says explains what is wrong; it is no advice.
        return cls(endpoint.veiled(f"{detail}{mark}{words}"), endpoint.veiled(told) or fix)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the first socket leads to.

    Attributes:
        host: a name or an address.
        port: the port.
        proxy: the address of the proxy that this is, or "".
        source: where the proxy is named, such as "$https_proxy".
    """

    host: str
    port: int
    proxy: str = ""
    source: str = ""

    @property
    def told(self) -> str:
        """The place as people write it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer of a model.

    Attributes:
        text: what it wrote.
        first: seconds until the first word, or the end if there was none.
        total: seconds until the end.
        tokens: how many tokens it wrote, as it says or as we count.
        reason: why it ended, see `End`.
        way: what it came over, such as "HTTP/2".
    """

    text: str
    first: float
    total: float
    tokens: int
    reason: str
    way: str


def place_of(endpoint: Endpoint, *, websocket: bool) -> Place:
    """Return where a connection begins: at the server, or at a proxy that the environment names."""
    parts = urlsplit(endpoint.url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    if endpoint.loopback or proxy_bypass(f"{host}:{port}"):
        return Place(host, port)
    proxies = getproxies()
    plain = ("https", "http") if websocket else ("http",)
    first = (("wss",) if endpoint.secure else ("ws",)) if websocket else ()
    for source in (*first, "socks", *(("https",) if endpoint.secure else plain), "all"):
        if address := proxies.get(source):
            found = urlsplit(address)
            name = found.hostname or ""
            port = found.port or _PORTS.get(found.scheme, 1080)
            return Place(name, port, address, _variable(source))
    return Place(host, port)


def _variable(scheme: str) -> str:
    """Return what names the proxy for a scheme."""
    names = (f"{scheme}_proxy", f"{scheme}_proxy".upper())
    named = [f"${name}" for name in names if os.environ.get(name)]
    return named[0] if named else "the system's settings"


async def resolved(place: Place, patience: float) -> Sequence[str]:
    """Return the addresses of a name.

    Raises:
        Trouble: if it has none.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(patience):
            found = await loop.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except TimeoutError:
        fix = "check the network and its name server"
        raise Trouble(f"nobody says in {patience:g} s where {place.host} is", fix) from None
    except (OSError, UnicodeError):
        fix = "check base_url, and the network" if not place.proxy else "check the proxy's address"
        raise Trouble(f"there is no name {place.host}", fix) from None
    return list(dict.fromkeys(str(it[4][0]) for it in found))


@asynccontextmanager
async def reached(
    place: Place, patience: float
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Hold a socket open while the context lasts.

    Raises:
        Trouble: if there is none to be had.
    """
    begin = "start it, or correct base_url" if not place.proxy else f"check {place.source}"
    try:
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection(place.host, place.port)
    except ConnectionRefusedError:
        raise Trouble(f"nothing listens at {place.told}", begin) from None
    except TimeoutError:
        fix = "check the address, and whether a firewall wants a proxy"
        raise Trouble(f"{place.told} does not answer in {patience:g} s", fix) from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Trouble(f"{place.told} cannot be reached ({why})", "check the network") from None
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError, ssl.SSLError):
            await writer.wait_closed()


async def certified(place: Place, endpoint: Endpoint, patience: float) -> str:
    """Return what is to be said of the server's certificate, which is good.

    Raises:
        Trouble: if it is not, or if there is no TLS.
    """
    host = urlsplit(endpoint.url).hostname or ""
    try:
        context = await asyncio.to_thread(ssl.create_default_context)
    except OSError:
        fix = "let SSL_CERT_FILE or SSL_CERT_DIR name what exists, or unset it"
        raise Trouble("the certificates to trust cannot be read", fix) from None
    async with reached(place, patience) as (reader, writer):
        try:
            async with asyncio.timeout(patience):
                if place.proxy:
                    await _tunnelled(place, endpoint, reader, writer)
                await writer.start_tls(context, server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            raise _distrust(error, host) from None
        except TimeoutError:
            fix = "check whether the port is the one for TLS"
            raise Trouble(f"{endpoint.told} does not answer to TLS", fix) from None
        except (OSError, ssl.SSLError):
            fix = "check the port, and whether base_url should begin with ws:// or http://"
            raise Trouble(f"{endpoint.told} does not speak TLS", fix) from None
        session = writer.get_extra_info("ssl_object")
        until = ssl.cert_time_to_seconds(session.getpeercert()["notAfter"])
        version = session.version()
    return f"{version}, verified, certificate valid for {int((until - time()) / _DAY):,} days"


async def written(socket: Socket, profile: Profile, endpoint: Endpoint, stall: float) -> Answered:
    """Ask over a WebSocket.

    Raises:
        Trouble: if there is no answer.
    """
    client, asking = Client(profile), _Asking("WebSocket")

    def take(step: Step) -> Answered | None:
        for frame in step.frames:
            socket.send(frame)
        for event in step.events:
            match event:
                case Delta(text=text):
                    asking.hear(text)
                case Ended(usage=usage, reason=reason):
                    return asking.end(reason, usage)
                case Failed(message=message):
                    raise Trouble(endpoint.veiled(message), "check model and wire_api")
                case _:
                    pass
        return None

    take(client.create(1, PROMPT))
    try:
        async with asyncio.timeout(stall) as limit, aclosing(socket.frames()) as frames:
            async for frame in frames:
                limit.reschedule(asyncio.get_running_loop().time() + stall)
                if answered := take(client.receive(frame)):
                    return answered
    except TimeoutError:
        raise _silence(endpoint, stall) from None
    raise Trouble(f"{endpoint.told} closed the connection", "check model and wire_api")


async def posted(http: Http, dialect: Dialect, stall: float) -> Answered:
    """Ask over HTTP.

    Raises:
        Trouble: if there is no answer.
    """
    endpoint = http.endpoint
    while True:
        asking, reader = _Asking(""), dialect.reader(PROMPT)
        try:
            async with asyncio.timeout(stall) as limit, http.post(dialect.call(PROMPT)) as answer:
                if answer.status == 200:
                    asking.way = answer.version
                    async with aclosing(answer.chunks()) as chunks:
                        async for chunk in chunks:
                            limit.reschedule(asyncio.get_running_loop().time() + stall)
                            if answered := asking.pieces(reader.feed(chunk), endpoint):
                                return answered
                    if answered := asking.pieces(reader.close(), endpoint):
                        return answered
                    raise Trouble(f"{endpoint.told} ends without an answer", "check wire_api")
                body = await answer.start(_REFUSAL)
                refused = fault(answer.status, answer.headers, body)
        except TimeoutError:
            raise _silence(endpoint, stall) from None
        except Unreachable as error:
            raise Trouble.of(error, endpoint, "check base_url and wire_api") from None
        simpler = dialect.without(refused)
        if simpler is None:
            told = Unreachable(refused.message)
            raise Trouble.of(told, endpoint, "check base_url, wire_api and model")
        dialect = simpler


class _Asking:
    """One request under way."""

    def __init__(self, way: str) -> None:
        self.way = way
        self._begun = monotonic()
        self._first: float | None = None
        self._texts: list[str] = []

    def hear(self, text: str) -> None:
        if self._first is None:
            self._first = monotonic() - self._begun
        self._texts.append(text)

    def pieces(self, pieces: Sequence[Piece], endpoint: Endpoint) -> Answered | None:
        for piece in pieces:
            match piece:
                case End(reason, usage):
                    return self.end(reason, usage)
                case Fault(message=message):
                    told = Unreachable(message)
                    raise Trouble.of(told, endpoint, "check model and wire_api")
                case _:
                    self.hear(piece)
        return None

    def end(self, reason: str, usage: Usage) -> Answered:
        total, text = monotonic() - self._begun, "".join(self._texts)
        first = total if self._first is None else self._first
        count = usage.output_tokens or tokens.count(text)
        return Answered(text, first, total, count, reason, self.way)


def _silence(endpoint: Endpoint, stall: float) -> Trouble:
    fix = "raise stream_idle_timeout_ms, lower model_reasoning_effort, or take a faster model"
    return Trouble(f"{endpoint.told} said nothing for {stall:g} s", fix)


def _distrust(error: ssl.SSLCertVerificationError, host: str) -> Trouble:
    other = f"use a name that it is for in base_url, instead of {host}"
    fixes = {
        _EXPIRED: "have it renewed, or set this machine's clock",
        _NOT_YET: "set this machine's clock",
        _OTHER_NAME: other,
        _OTHER_ADDRESS: other,
    }
    own = "if it is your network's own, name its authority's file in SSL_CERT_FILE"
    fix = fixes.get(error.verify_code, own)
    return Trouble(f"the certificate is not trusted ({error.verify_message})", fix)


async def _tunnelled(
    place: Place, endpoint: Endpoint, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Have a proxy lead a socket to the server."""
    parts, proxy = urlsplit(endpoint.url), urlsplit(place.proxy)
    target = f"{parts.hostname}:{parts.port or _PORTS[parts.scheme]}"
    head = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"
    if proxy.username:
        door = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        head += f"Proxy-Authorization: Basic {b64encode(door.encode()).decode()}\r\n"
    writer.write(f"{head}\r\n".encode())
    try:
        status = (await reader.readuntil(b"\r\n\r\n")).split(None, 2)[1]
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, IndexError):
        status = b"nothing"
    if status != b"200":
        fix = f"check the proxy in {place.source}, and its password"
        raise Trouble(f"the proxy {place.told} answers {status.decode('ascii', 'replace')}", fix)
