"""A key's way to a model that is far away, and the answer's way back, over three transports.

Measures one and the same scripted model behind one HTTPS request a key, behind an HTTP/2 connection
that is kept, and behind our own warm connection. All three encrypt, and go over the same line (see
`line`) between three processes. Two lines are told: one of 100 Mbit/s on which TCP begins as slowly
as it does, for which the budgets are, and an ideal one that has nothing but its delay. There a
prompt's size costs nothing, and the budget of the round trip could not be kept by anything: of the
three that a request on a new connection needs, one is left.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, thread_time
from typing import TypeAlias

import msgspec

from spark_lsp.cli.bench import bare
from spark_lsp.cli.bench.aside import Aside, aside
from spark_lsp.cli.bench.corpus import Corpus, standard_library
from spark_lsp.cli.bench.figures import Figure, Figures, Tell, middle
from spark_lsp.cli.bench.line import Carried, Line
from spark_lsp.cli.bench.scripted import MODEL, Ports, Script
from spark_lsp.cli.errors import CommandError
from spark_lsp.core.events import Down, Ended, Event, Failed, Up, Warmed, Wrote
from spark_lsp.core.prompt import Block, Prompt, Share
from spark_lsp.core.tokens import count
from spark_lsp.server.connection import Connection
from spark_lsp.server.endpoint import Endpoint
from spark_lsp.wire.capabilities import Profile

_FIRST = 0.02
"""Seconds that the model thinks before its first token."""
_PACE = 1_000.0
_WORD = " value"
_LENGTH = 64
_ROUND_TRIP = 0.04
_RATE = 100e6
_KEYS = 40
_UNCOUNTED = 3
"""Keys before those that count, so that all has been done once and TCP is as fast as it gets."""
_LIMIT = 30.0

_Ask: TypeAlias = Callable[[Prompt, bare.Hear], Awaitable[None]]
"""Asks, tells each token, and returns when the answer has ended."""


@dataclass(slots=True)
class Way:
    """What was measured of keys over one transport; medians are told.

    Attributes:
        waits: milliseconds from a key to the first token.
        readings: microseconds of processor that reading one further token took.
        ups: bytes sent for a key.
        pieces: bytes in which a token came.
    """

    waits: list[float] = field(default_factory=list)
    readings: list[float] = field(default_factory=list)
    ups: list[float] = field(default_factory=list)
    pieces: list[float] = field(default_factory=list)

    @property
    def round_trip(self) -> float:
        """Milliseconds to the first token that the model does not explain."""
        return middle(self.waits) - _FIRST * 1000


class _Watch:
    """Looks at the clocks with the first and the last token of an answer."""

    def __init__(self) -> None:
        self._tokens = self._at_first = 0
        self._first = self._busy_first = self._busy_last = 0.0
        self._began = perf_counter()

    def hear(self, text: str) -> None:
        """Take in a token, or what came at once of several."""
        tokens = len(text) // len(_WORD)
        if not self._tokens:
            self._first, self._busy_first, self._at_first = perf_counter(), thread_time(), tokens
        self._tokens += tokens
        if self._tokens == _LENGTH:  # not with each: asking costs as much as a part of the reading
            self._busy_last = thread_time()

    def note(self, way: Way, carried: Carried) -> None:
        if self._tokens != _LENGTH:
            raise CommandError(f"an answer of {_LENGTH} tokens came as {self._tokens}")
        way.waits.append((self._first - self._began) * 1000)
        further = max(1, _LENGTH - self._at_first)
        way.readings.append((self._busy_last - self._busy_first) / further * 1e6)
        way.ups.append(carried.up)
        way.pieces.append(carried.piece)


def transport(corpus: Corpus, tell: Tell, keys: int = _KEYS) -> Figures:
    """Measure so many keys over each transport and each line."""
    return asyncio.run(_measured(corpus.temporary, tell, keys))


async def _measured(folder: Path, tell: Tell, keys: int) -> Figures:
    certificate, trusted = certificates(folder)
    tell("filling the context")
    stable = context(Share.of(128_000).head)
    prompts = list(_prompts(stable, keys + _UNCOUNTED))
    figures: Figures = {}
    script = Script(_LENGTH, (_WORD,), _FIRST, _PACE, str(certificate))
    async with aside("scripted", script) as model:
        ports = msgspec.convert(model.ready, Ports)
        far = (ports.websocket, ports.https)
        for name, line in {
            "": Line(far, _ROUND_TRIP, _RATE, slow=True),
            "ideal line: ": Line(far, _ROUND_TRIP),
        }.items():
            async with aside("line", line) as relay:

                def tell_of(what: str, name: str = name) -> None:
                    tell(name + what)

                ways = await _ways(relay, prompts, trusted, tell_of)
            figures |= {f"{name}{title}": it for title, it in _figures(*ways, real=not name)}
    return figures


async def _ways(
    relay: Aside, prompts: Sequence[Prompt], trusted: Path, tell: Tell
) -> tuple[Way, Way, Way]:
    """Type over each transport: a request a key, HTTP/2, and our own."""
    near, near_https = relay.ready
    url = f"https://127.0.0.1:{near_https}/v1"
    tell("one HTTPS request a key")
    async with bare.requests(url, MODEL, str(trusted), http2=False) as requests:
        each = await _typed(requests.ask, relay, prompts)
    tell("HTTP/2, kept alive")
    async with bare.requests(url, MODEL, str(trusted), http2=True) as requests:
        kept = await _typed(requests.ask, relay, prompts)
    tell("the warm connection")
    with trusting(trusted):
        async with warm(f"wss://127.0.0.1:{near}/v1", prompts[0].stable) as ask:
            return each, kept, await _typed(ask, relay, prompts)


async def _typed(ask: _Ask, relay: Aside, prompts: Sequence[Prompt]) -> Way:
    way = Way()
    await relay.asked()
    for number, prompt in enumerate(prompts):
        watch = _Watch()
        async with asyncio.timeout(_LIMIT):
            await ask(prompt, watch.hear)
        watch.note(way if number >= _UNCOUNTED else Way(), await _carried(relay))
    return way


async def _carried(relay: Aside) -> Carried:
    return msgspec.convert(await relay.asked(), Carried)


@asynccontextmanager
async def warm(url: str, stable: tuple[Block, ...]) -> AsyncIterator[_Ask]:
    """Keep the product's own connection, with the stable part warm, as the session would."""
    hears: dict[int, bare.Hear] = {}
    states: asyncio.Queue[Up | Down] = asyncio.Queue()
    ends: asyncio.Queue[Ended | Failed] = asyncio.Queue()
    warmed = asyncio.Event()

    def feed(event: Event) -> None:
        match event:
            case Wrote(stream, text):
                hears[stream](text)
            case Ended() | Failed():
                ends.put_nowait(event)
            case Up() | Down():
                states.put_nowait(event)
            case Warmed():
                warmed.set()
            case _:
                pass

    async def endpoint() -> Endpoint:
        return Endpoint(url)

    profile = Profile(MODEL, None, 128, lanes=True, continuation=True, interrupt=False)
    connection = Connection(endpoint, profile, feed)

    async def ask(prompt: Prompt, hear: bare.Hear) -> None:
        stream = len(hears)
        hears[stream] = hear
        connection.open(stream, prompt)
        if isinstance(end := await ends.get(), Failed):
            raise CommandError(f"the scripted model did not answer: {end.reason}")

    running = asyncio.create_task(connection.run())
    try:
        async with asyncio.timeout(_LIMIT):
            if isinstance(state := await states.get(), Down):
                raise CommandError(f"the scripted model cannot be reached: {state.reason}")
            connection.warm(stable)
            await warmed.wait()
        yield ask
    finally:
        running.cancel()
        await asyncio.wait([running])


def _figures(each: Way, kept: Way, ours: Way, *, real: bool) -> Iterator[tuple[str, Figure]]:
    """Yield each figure beside a request a key, then beside what keeping HTTP/2 leaves of it."""
    rows: list[tuple[str, str, float | None, Callable[[Way], float]]] = [
        ("first token, p50", "ms", 0.5, lambda way: middle(way.waits)),
        ("round trip, p50", "ms", 0.2 if real else None, lambda way: way.round_trip),
    ]
    if real:  # on the other line these are the same
        rows += [
            ("reading a token", "µs", 0.7, lambda way: middle(way.readings)),
            ("bytes of a token", "bytes", None, lambda way: middle(way.pieces)),
            ("bytes up with a key", "bytes", 0.02, lambda way: middle(way.ups)),
        ]
    for title, unit, share, read in rows:
        there = read(each)
        budget = None if share is None else share * there
        yield title, Figure(read(ours), unit, there, "a request a key", budget)
        yield f"{title}, beside HTTP/2", Figure(read(ours), unit, read(kept), "HTTP/2, kept alive")


def context(tokens: int) -> tuple[Block, ...]:
    """Return files of the standard library as a stable part of so many tokens."""
    blocks = []
    for path, text in standard_library().items():
        size = count(text)
        if size <= tokens:
            tokens -= size
            blocks.append(Block("file", path, text))
    return tuple(blocks)


def _prompts(stable: tuple[Block, ...], keys: int) -> Iterator[Prompt]:
    """Yield what is asked while a person types in the middle of a file, a character a key."""
    text = max(standard_library().values(), key=len)
    cursor, tail = len(text) // 2, Share.of(128_000).tail // 2
    suffix = text[cursor + keys :][:tail]
    for at in range(cursor, cursor + keys):
        yield Prompt(stable, "open.py", text[cursor - tail : at], suffix)


def certificates(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for this machine; returns it with its key, and who is to be trusted."""
    try:
        import trustme
    except ImportError:
        fix = "install it with: pip install trustme"
        raise CommandError(f"transport makes its certificates with trustme: {fix}") from None
    authority = trustme.CA()
    certificate, trusted = folder / "certificate.pem", folder / "authority.pem"
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(str(certificate))
    authority.cert_pem.write_to_path(str(trusted))
    return certificate, trusted


@contextmanager
def trusting(authority: Path) -> Iterator[None]:
    """Have OpenSSL's own variable name an authority, as a person behind a proxy would."""
    before = os.environ.get("SSL_CERT_FILE")
    os.environ["SSL_CERT_FILE"] = str(authority)
    try:
        yield
    finally:
        if before is None:
            del os.environ["SSL_CERT_FILE"]
        else:
            os.environ["SSL_CERT_FILE"] = before
