"""A stream of tokens from a model's socket to the editor: how many, how soon, in how much memory.

Measures a real server between a scripted model and an editor, each in a process of its own: answer
after answer as fast as the model's socket takes them, and once at Spark's own pace. A bare
WebSocket reads the same frames of the same model beside it. What counts is what has reached the
editor. `SPARK_LSP_BENCH_TOKENS` says how many tokens are to be streamed.
"""

import asyncio
import os
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from statistics import linear_regression
from string import ascii_uppercase
from time import perf_counter, perf_counter_ns
from typing import Any

from spark_lsp.cli.bench import apart, bare, processes
from spark_lsp.cli.bench.corpus import Corpus
from spark_lsp.cli.bench.figures import Figure, Figures, Tell, middle
from spark_lsp.cli.bench.scripted import MODEL, TIME_DIGITS, Script, sent_at
from spark_lsp.cli.client import Client
from spark_lsp.cli.errors import CommandError
from spark_lsp.core.policy import Policy
from spark_lsp.wire.events import TextDelta, decode_event

_TOKENS = "SPARK_LSP_BENCH_TOKENS"
_DEFAULT = 300_000
_SIZE = 4
"""Characters of a token, as those of code have on average."""
_SOURCE = "\n" + "    total = first * second\n" * 200
"""A document whose first line is written."""
_PACE = 1_000.0
_ANSWER = 128
"""Tokens of an answer at that pace: as many as the server asks for."""
_PACED = 4_000
"""Tokens that are streamed at the pace."""
_COUNTED = 0.2
"""The share of a run after which the memory counts: until then caches fill."""
_DELTA = '{"type":"response.output_text.delta"'
_TELLING = 1_000_000
"""Tokens from which on the growth of the memory is more than the noise of an allocator."""
_LIMIT = 30.0


class Editor:
    """An editor that is answered, and asks for something else at once.

    Attributes:
        tokens: that have reached it.
        times: milliseconds from a model to here, of tokens that are times.
    """

    def __init__(self, client: Client, uri: str, size: int, *, timed: bool) -> None:
        """Take an open document whose first line is empty, and the characters of a token."""
        self.tokens = 0
        self.times: list[float] = []
        self._client = client
        self._uri = uri
        self._size = size
        self._timed = timed
        self._version = 1
        self._line = ""
        self._seen = 0
        client.on_notification = self._notified

    async def answer(self) -> int:
        """Write another line, ask what follows, and return how many tokens that has."""
        self._seen = 0
        self._write(f"value_{self._version} =")
        async with asyncio.timeout(_LIMIT):
            result = await self._client.request(
                "textDocument/inlineCompletion",
                {
                    "textDocument": {"uri": self._uri},
                    "position": {"line": 0, "character": len(self._line)},
                    "context": {"triggerKind": 2},
                    "partialResultToken": self._version,
                },
            )
        if not (result and result["items"]):
            raise CommandError("the server had no answer of a model that always has one")
        self._show(result["items"][0]["insertText"])
        self.tokens += self._seen
        return self._seen

    def _write(self, line: str) -> None:
        self._version += 1
        end = {"line": 0, "character": len(self._line)}
        change = {"range": {"start": {"line": 0, "character": 0}, "end": end}, "text": line}
        self._line = line
        self._client.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": self._uri, "version": self._version},
                "contentChanges": [change],
            },
        )

    def _notified(self, method: str, params: Any) -> None:
        if method == "$/progress" and params["token"] == self._version:
            self._show(params["value"]["items"][0]["insertText"])

    def _show(self, text: str) -> None:
        known, self._seen = self._seen, len(text) // self._size
        if self._timed:
            now = perf_counter_ns()
            self.times += [
                (now - sent_at(text[at * self._size : (at + 1) * self._size])) / 1e6
                for at in range(known, self._seen)
            ]


@dataclass(slots=True)
class Run:
    """What a run has shown.

    Attributes:
        tokens: that have reached the editor.
        seconds: that this took.
        memory: the server's megabytes, by how many million tokens had come.
    """

    tokens: int = 0
    seconds: float = 0.0
    memory: list[tuple[float, float]] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """Megabytes with each million tokens, once the caches are full."""
        settled = self.memory[int(len(self.memory) * _COUNTED) :]
        return linear_regression(*zip(*settled, strict=True)).slope if len(settled) > 1 else 0.0


def stream(corpus: Corpus, tell: Tell, tokens: int | None = None, paced: int = _PACED) -> Figures:
    """Measure so many tokens at full speed, and so many at the pace."""
    wanted = os.environ.get(_TOKENS, str(_DEFAULT))
    if not wanted.isdecimal():
        raise CommandError(f"{_TOKENS} must be a number of tokens, not {wanted!r}", 2)
    return asyncio.run(_measured(corpus.temporary, tell, tokens or int(wanted), paced))


async def _measured(folder: Path, tell: Tell, tokens: int, paced: int) -> Figures:
    count = Policy().longest // _SIZE
    fast = Script(count, words(count))
    async with apart.model(fast) as (_, url):
        tell("a bare WebSocket")
        most = await _read(url, min(tokens, _DEFAULT))
        async with apart.server(folder / "fast", url, _SOURCE) as (client, uri):
            tell("the server")
            run = await _stream(Editor(client, uri, _SIZE, timed=False), client, tokens, tell)
    async with apart.model(Script(_ANSWER, pace=_PACE)) as (_, url):
        tell("a bare WebSocket at Spark's pace")
        least = await _hear(url, paced)
        async with apart.server(folder / "paced", url, _SOURCE) as (client, uri):
            tell("the server at Spark's pace")
            editor = Editor(client, uri, TIME_DIGITS, timed=True)
            while editor.tokens < paced:
                await editor.answer()
    rate, floor, took = run.tokens / run.seconds, middle(least), middle(editor.times)
    bare_reader = "a bare WebSocket"
    figures = {
        "socket to editor": Figure(rate, "tokens/s", most, bare_reader, 20_000, more=True),
        "delta to progress at 1,000 tokens/s, p50": Figure(took, "ms", floor, bare_reader),
        "added to each delta, p50": Figure(took - floor, "ms", floor, bare_reader, 0.5),
    }
    if processes.VISIBLE:
        all_of_it = f"all of it, after {run.tokens:,} tokens"
        budget = 1.0 if run.tokens >= _TELLING else None
        figures["memory after a million tokens more"] = Figure(
            run.growth, "MB", run.memory[-1][1], all_of_it, budget
        )
    return figures


def words(count: int) -> tuple[str, ...]:
    """Return the tokens of one statement without repetitions, which a server shows as it comes."""
    names = map("".join, product(ascii_uppercase, repeat=_SIZE - 1))
    between = [",\n a" if number % 10 == 0 else f",{next(names)}" for number in range(1, count - 1)]
    return (" [ab", *between, ",z ]")[:count]


async def _stream(editor: Editor, client: Client, tokens: int, tell: Tell) -> Run:
    run = Run()
    await editor.answer()  # until the server is connected
    editor.tokens, began = 0, perf_counter()
    while run.tokens < tokens:
        await editor.answer()
        run.tokens = editor.tokens
        if processes.VISIBLE:
            run.memory.append((run.tokens / 1e6, processes.resident(client.process.pid)))
        tell(f"{run.tokens:,} tokens through the server")
    run.seconds = perf_counter() - began
    return run


async def _read(url: str, tokens: int) -> float:
    """Return how many tokens a second a bare WebSocket reads."""
    read = 0
    async with bare.reader(url, MODEL) as reader:
        began = perf_counter()
        while read < tokens:
            async for frame in reader.frames():
                read += str(frame).startswith(_DELTA)
    return read / (perf_counter() - began)


async def _hear(url: str, tokens: int) -> list[float]:
    """Return the milliseconds that tokens need from a model to a bare WebSocket."""
    times: list[float] = []
    async with bare.reader(url, MODEL) as reader:
        while len(times) < tokens:
            async for frame in reader.frames():
                now = perf_counter_ns()
                if isinstance(event := decode_event(frame), TextDelta):
                    times.append((now - sent_at(event.delta)) / 1e6)
    return times
