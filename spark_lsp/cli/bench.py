"""`spark-lsp bench`: the budgets of the design, each beside a baseline from the same run.

Owns the figures and their telling. Nothing here is a test: a slow machine is no failure.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.table import Table

from spark_lsp.cli.client import Client
from spark_lsp.cli.errors import CommandError
from spark_lsp.cli.measure import Model, Typist, between, embedded
from spark_lsp.cli.report import percentile
from spark_lsp.core.text import Edit, Text, line_starts
from spark_lsp.engine.evaluate import UNGATED
from spark_lsp.engine.lexer import lex
from spark_lsp.engine.model import Engine
from spark_lsp.server import walk
from spark_lsp.server.websocket import Endpoint, Socket, connect, listening

_KEYS = 300
_STARTS = 5
_LIMIT = 10.0
_LONG = 64


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value.

    Attributes:
        value: what was measured, in `unit`.
        unit: "ms", "tokens/s" or "1".
        baseline: the same unit, measured in the same run on something simpler.
        against: what the baseline is.
        budget: what the value should keep to, or None.
        more: whether more is better.
    """

    value: float
    unit: str
    baseline: float
    against: str
    budget: float | None = None
    more: bool = False

    @property
    def ok(self) -> bool:
        """Whether the budget is kept."""
        if self.budget is None:
            return True
        return self.value >= self.budget if self.more else self.value <= self.budget

    def as_json(self) -> dict[str, Any]:
        """Return the object that `bench --json` prints."""
        return {
            "value": round(self.value, 4),
            "unit": self.unit,
            "baseline": round(self.baseline, 4),
            "against": self.against,
            "ratio": round(self.value / self.baseline, 3) if self.baseline else None,
            "budget": self.budget,
            "ok": self.ok,
        }


Figures = dict[str, Figure]


def run(names: Sequence[str], *, as_json: bool) -> int:
    """Measure; returns the exit status, 0 also where a budget is not kept."""
    unknown = [name for name in names if name not in _BENCHES]
    if unknown:
        known = ", ".join(_BENCHES)
        raise CommandError(f"there is no benchmark {unknown[0]!r}; there are {known}", 2)
    console = Console(stderr=True)
    results: dict[str, Figures] = {}
    for name in names or _BENCHES:
        with console.status(f"measuring {name}"):
            results[name] = _BENCHES[name]()
    if as_json:
        told = {
            name: {figure: value.as_json() for figure, value in figures.items()}
            for name, figures in results.items()
        }
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        Console().print(_table(results))
    return 0


def _table(results: dict[str, Figures]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("", "figure", "value", "baseline", "ratio", "budget", ""):
        table.add_column(
            title, justify="right" if title in {"value", "ratio", "budget"} else "left"
        )
    for name, figures in results.items():
        for title, figure in figures.items():
            sign = "≥" if figure.more else "≤"
            table.add_row(
                name,
                title,
                f"{figure.value:,.3g} {figure.unit}"
                if figure.value < 1000
                else f"{figure.value:,.0f} {figure.unit}",
                f"[dim]{figure.baseline:,.3g} {figure.against}[/]",
                f"{figure.value / figure.baseline:.2f}" if figure.baseline else "-",
                f"{sign} {figure.budget:,g}" if figure.budget is not None else "",
                "[green]ok[/]" if figure.ok else "[red]over[/]",
            )
    return table


def _start() -> Figures:
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


def _text() -> Figures:
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


def _session() -> Figures:
    return asyncio.run(_session_figures())


async def _session_figures() -> Figures:
    async with between() as (model, typist):
        await _diverge(model, typist, _KEYS // 3)  # until everything is warm
        diverging, deltas, sizes = await _diverge(model, typist, _KEYS)
        agreeing, requests = await _agree(model, typist, _KEYS)
    floor = await _bare_frames(int(percentile(sizes, 0.5)))
    there, back = percentile(floor, 0.5), "bare WebSocket frame"
    return {
        "diverging key to cancel and request out, p50": Figure(
            percentile(diverging, 0.5), "ms", there, back, 2
        ),
        "diverging key to cancel and request out, p99": Figure(
            percentile(diverging, 0.99), "ms", there, back, 8
        ),
        "delta in to progress out, p50": Figure(percentile(deltas, 0.5), "ms", there, back, 0.5),
        "agreeing key to answer, p50": Figure(percentile(agreeing, 0.5), "ms", there, back, 1),
        "requests for agreeing keys": Figure(requests, "1", _KEYS, "one a key", 1),
    }


async def _diverge(
    model: Model, typist: Typist, keys: int
) -> tuple[list[float], list[float], list[float]]:
    """Type against the model: it has begun to answer each time, and never what is typed."""
    out, deltas, sizes = [], [], []
    for _ in range(keys):
        model.arrived.clear()
        typist.progress.clear()
        began, _answer = typist.key("q")
        async with asyncio.timeout(_LIMIT):
            await model.arrived.wait()
            out.append((model.requested - began) * 1000)
            sizes.append(float(model.size))
            said = perf_counter()
            model.say("value")
            await typist.progress.wait()
        deltas.append((typist.seen - said) * 1000)
    return out, deltas, sizes


async def _agree(model: Model, typist: Typist, keys: int) -> tuple[list[float], int]:
    """Type along one finished answer; returns the waits and how many requests that cost."""
    model.arrived.clear()
    before = model.requests
    _, answer = typist.key("z")
    async with asyncio.timeout(_LIMIT):
        await model.arrived.wait()
        model.say("a" * (keys + 1))
        model.finish()
        await answer
    waits = []
    for _ in range(keys):
        began, answer = typist.key("a")
        async with asyncio.timeout(_LIMIT):
            await answer
        waits.append((perf_counter() - began) * 1000)
    return waits, model.requests - before


async def _bare_frames(size: int) -> list[float]:
    """Send frames of a size over a WebSocket of this machine and nothing else."""
    seen: asyncio.Queue[float] = asyncio.Queue()

    async def serve(socket: Socket) -> None:
        async for _ in socket.frames():
            seen.put_nowait(perf_counter())

    waits = []
    async with listening(serve, "127.0.0.1", 0, "bench", "{}") as port:
        socket = await connect(Endpoint(f"ws://127.0.0.1:{port}/v1", "bench"))
        for _ in range(_KEYS):
            began = perf_counter()
            socket.send("x" * size)
            waits.append((await seen.get() - began) * 1000)
        socket.abort()
    return waits


def _engine() -> Figures:
    files = _sources()
    characters = sum(map(len, files.values()))
    engine = Engine()
    began = perf_counter()
    engine.learn(files)
    learning = engine.tokens / (perf_counter() - began)
    began = perf_counter()
    tokens = sum(len(lex(text)) for text in files.values())
    lexing = tokens / (perf_counter() - began)
    firsts: list[float] = []
    pages: list[float] = []
    # Whole lines, however unlikely: otherwise most of the work ends at the gate.
    talker = Engine(UNGATED)
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
        "first token, p50": Figure(percentile(firsts, 0.5), "ms", page, "lexing the page", 10),
        "first token, p99": Figure(percentile(firsts, 0.99), "ms", page, "lexing the page", 10),
        "further tokens": Figure(
            1 / percentile(each, 0.5), "tokens/s", 1000, "Spark's own pace", 5000, more=True
        ),
    }


def _recovery() -> Figures:
    if not Path("/proc/self/task").is_dir():
        raise CommandError("recovery finds the backend in /proc, which this system lacks")
    waits, floor = asyncio.run(_recoveries())
    return {
        "backend killed to ghost text again, p50": Figure(
            percentile(waits, 0.5), "ms", percentile(floor, 0.5), "starting a backend", 2000
        ),
        "backend killed to ghost text again, worst": Figure(
            max(waits), "ms", percentile(floor, 0.5), "starting a backend", 2000
        ),
    }


async def _recoveries() -> tuple[list[float], list[float]]:
    """Kill the backend while a person types; returns the waits, and what a bare start takes."""
    waits, floor = [], []
    async with embedded() as (client, typist):
        typist.line()
        await _until_ghost(typist)
        for _ in range(_STARTS):
            os.kill(_backend_of(client.process.pid), signal.SIGKILL)
            began = perf_counter()
            typist.line()
            await _until_ghost(typist)
            waits.append((perf_counter() - began) * 1000)
            began = perf_counter()
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "spark_lsp", "backend",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            assert process.stdout
            await process.stdout.readline()
            floor.append((perf_counter() - began) * 1000)
            process.kill()
            await process.wait()
    return waits, floor


async def _until_ghost(typist: Typist) -> None:
    async with asyncio.timeout(_LIMIT):
        while not (await typist.ask() or {}).get("items"):
            pass


def _backend_of(server: int) -> int:
    """Return the process of the embedded engine, a child of the server's."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text("ascii").split()
    return next(
        int(child)
        for child in children
        if b"\0backend\0" in Path(f"/proc/{child}/cmdline").read_bytes()
    )


@cache
def _sources() -> dict[str, str]:
    """Return the Python files of the standard library's top folder: code that everyone has."""
    root = Path(asyncio.__file__).parent.parent
    return {
        path.name: text
        for path in sorted(root.glob("*.py"))
        if (text := walk.read(root, path.name)) is not None
    }


_BENCHES: dict[str, Callable[[], Figures]] = {
    "start": _start,
    "text": _text,
    "session": _session,
    "recovery": _recovery,
    "engine": _engine,
}
