"""Start, text and engine: what needs no repository."""

import asyncio
import sys
import tracemalloc
from collections.abc import Mapping
from itertools import islice
from time import perf_counter

from spark_lsp.cli.bench.corpus import standard_library
from spark_lsp.cli.bench.figures import Figure, Figures
from spark_lsp.cli.client import Client
from spark_lsp.cli.report import percentile
from spark_lsp.core.text import Edit, Text, line_starts
from spark_lsp.engine.lexer import lex
from spark_lsp.engine.model import Engine, Gate

_KEYS = 300
_STARTS = 5
_LONG = 64
_TYPED_FILES = 100
_TYPED_KEYS = 20


def start() -> Figures:
    """Measure from the start of the process to the answer to `initialize`."""

    async def once() -> float:
        began = perf_counter()
        client = await Client.start()
        await client.initialize(None)
        taken = perf_counter() - began
        await client.close()
        return taken * 1000

    async def bare() -> float:
        began = perf_counter()
        code = "import asyncio, lsprotocol.types"
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
        await process.wait()
        return (perf_counter() - began) * 1000

    async def all_of_them() -> tuple[list[float], list[float]]:
        pairs = [(await once(), await bare()) for _ in range(_STARTS)]
        return [ours for ours, _ in pairs], [floor for _, floor in pairs]

    ours, floor = asyncio.run(all_of_them())
    against = "python that imports lsprotocol"
    return {
        "process start to initialize": Figure(
            percentile(ours, 0.5), "ms", percentile(floor, 0.5), against, 700
        )
    }


def text() -> Figures:
    """Measure one key in a long text."""
    string = "    value = compute(first, second)\n" * 10_000
    text = Text(string)
    ours, floor = [], []
    for number in range(_KEYS):
        at = number * 997 % len(string)
        began = perf_counter()
        text = text.splice(Edit(at, at, "x"))
        ours.append((perf_counter() - began) * 1000)
        began = perf_counter()
        line_starts(text.string)
        floor.append((perf_counter() - began) * 1000)
    return {
        "one key in 10,000 lines": Figure(
            percentile(ours, 0.5), "ms", percentile(floor, 0.5), "fresh scan of the lines"
        )
    }


def engine() -> Figures:
    """Measure the embedded engine on the standard library's top folder."""
    files = standard_library()
    characters = sum(map(len, files.values()))
    engine = Engine()
    began = perf_counter()
    engine.learn(files)
    learning = engine.tokens / (perf_counter() - began)
    began = perf_counter()
    tokens = sum(len(lex(text)) for text in files.values())
    lexing = tokens / (perf_counter() - began)
    keys = _keyed(engine, files)
    firsts: list[float] = []
    pages: list[float] = []
    # Whole lines, however unlikely: otherwise most of the work ends at the gate.
    talker = Engine(Gate(line=0.0, fragment=0.0, further=2.0, floor=0.0, worth=0, lines=1))
    talker.learn(files)
    each: list[float] = []
    for number, (path, text) in enumerate(files.items()):
        at = (number * 7919) % max(1, len(text))
        before, after = text[:at][-8000:], text[at:][:4000]
        began = perf_counter()
        lex(before + after)
        pages.append((perf_counter() - began) * 1000)
        began = perf_counter()
        if next(engine.complete(path, before, after), None):
            firsts.append((perf_counter() - began) * 1000)
        # What the first token costs is a figure of its own: here it is taken off.
        took, said = [], []
        for limit in (1, 1, _LONG):  # the first fills the caches
            began = perf_counter()
            said.append(sum(1 for _ in talker.complete(path, before, after, limit=limit)))
            took.append(perf_counter() - began)
        if said[2] > said[1]:
            each.append((took[2] - took[1]) / (said[2] - said[1]))
    page = percentile(pages, 0.5)
    against = f"lexing alone, {characters:,} characters"
    return {
        "learning": Figure(learning, "tokens/s", lexing, against, 1_000_000, more=True),
        "a token learned": Figure(
            _weight(files), "bytes", characters / engine.tokens, "its text", 70
        ),
        "a key taken in, p50": Figure(percentile(keys, 0.5), "ms", page, "lexing the page", 2),
        "a key taken in, p99": Figure(percentile(keys, 0.99), "ms", page, "lexing the page", 2),
        "first token, p50": Figure(percentile(firsts, 0.5), "ms", page, "lexing the page", 10),
        "first token, p99": Figure(percentile(firsts, 0.99), "ms", page, "lexing the page", 10),
        "further tokens": Figure(
            1 / percentile(each, 0.5), "tokens/s", 1000, "Spark's own pace", 5000, more=True
        ),
    }


def _keyed(engine: Engine, files: Mapping[str, str]) -> list[float]:
    """Return the milliseconds that the engine takes to know of each key, in the middle of files."""
    taken: list[float] = []
    for number, (path, text) in enumerate(islice(files.items(), _TYPED_FILES)):
        at = (number * 7919) % max(1, len(text))
        end = min(at + _TYPED_KEYS, len(text))
        engine.scene(path, text[:at], text[end:])
        for cursor in range(at + 1, end + 1):
            began = perf_counter()
            engine.scene(path, text[:cursor], text[end:])
            taken.append((perf_counter() - began) * 1000)
    return taken


def _weight(files: Mapping[str, str]) -> float:
    """Return the bytes that are kept for each token of the files that is learned."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        engine = Engine()
        engine.learn(files)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (after - before) / engine.tokens
