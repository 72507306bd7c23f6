"""A key's way through a real server to the model, and the way back from a killed backend.

Each key that is measured here waits for what the last one led to, so that its way is measured and
nothing else; keys at a pace of their own are `paces`. `SPARK_LSP_BENCH_KEYS` says how many of these
there are to be.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from time import perf_counter

from spark_lsp.cli.bench import beside, paces, processes
from spark_lsp.cli.bench.corpus import Corpus
from spark_lsp.cli.bench.ends import Model, Scene, Typist, between, embedded, generated
from spark_lsp.cli.bench.figures import Figure, Figures, Tell
from spark_lsp.cli.client import Client
from spark_lsp.cli.errors import CommandError
from spark_lsp.cli.report import percentile
from spark_lsp.server.endpoint import Endpoint
from spark_lsp.server.web import Socket, listening
from spark_lsp.server.websocket import connect

BACKEND = b"backend"
"""Stands among the arguments of the embedded engine's process."""
_PACED = "SPARK_LSP_BENCH_KEYS"
_KEYS = 300
_COMPARED = 1_500
"""Keys on each side of a comparison of the slowest in a hundred: with fewer it is chance."""
_STARTS = 5
_LIMIT = 10.0
_WARM_LIMIT = 120.0
"""Seconds until the context must be in use."""
_SETTLED = 2.0
"""Seconds for which it must have stayed the same."""
_FULL = 300_000
"""Bytes of a context for 128,000 tokens, at least: three a token are few in such code."""
_WIDE = 60
"""Characters of a line that a person writes."""
_MOST = 99
"""The percentile that a background task may worsen by a fifth."""
_PAUSE = 0.02
"""Seconds between two keys of a person who waits for it."""


def typing(corpus: Corpus, tell: Tell, keys: int | None = None) -> Figures:
    """Measure with 100,000 lines indexed, 10,000 open, and a full context warm in use.

    Args:
        corpus: where something may be written.
        tell: what is done.
        keys: how many are typed at paces; None for the default.
    """
    wanted = os.environ.get(_PACED, str(paces.DEFAULT))
    if not wanted.isdecimal():
        raise CommandError(f"{_PACED} must be a number of keys, not {wanted!r}", 2)
    scene = generated(corpus.temporary / "session")
    try:
        return asyncio.run(_typed(scene, tell, int(wanted) if keys is None else keys))
    except TimeoutError:
        raise CommandError(f"a key led to nothing within {_LIMIT:.0f} s") from None


async def _typed(scene: Scene, tell: Tell, paced: int) -> Figures:
    async with beside.deep() as more, between(scene, more) as (client, model, typist):
        tell("waiting for the context")
        await warmed(model, typist, lambda: model.context >= _FULL)
        tell("typing")
        await _diverge(model, typist, _KEYS // 3)  # until everything has been done once
        diverging, deltas, sizes = await _diverge(model, typist, _KEYS)
        agreeing, requests = await _agree(model, typist, _KEYS)
        context = model.context
        apart = await _beside_a_task(client, model, typist, tell) if more else {}
        measured = await paces.typed(client.process.pid, model, typist, paced, tell)
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
        "bytes out with a key": Figure(
            percentile(sizes, 0.5), "bytes", context, "the context in use", 0.02 * context
        ),
        **apart,
        **paces.figures(measured),
    }


async def _beside_a_task(client: Client, model: Model, typist: Typist, tell: Tell) -> Figures:
    """Type against the model before, while and after a background task streams at full speed."""
    tell("typing beside a background task")
    alone, _, _ = await _diverge(model, typist, _COMPARED // 2)
    async with beside.task(client):
        with_it, _, _ = await _diverge(model, typist, _COMPARED)
    after, _, _ = await _diverge(model, typist, _COMPARED // 2)
    alone += after
    return {
        f"diverging key beside a background task, p{percent}": Figure(
            percentile(with_it, percent / 100),
            "ms",
            floor := percentile(alone, percent / 100),
            "the same without one, before and after",
            1.2 * floor if percent == _MOST else None,
        )
        for percent in (50, _MOST)
    }


async def warmed(model: Model, typist: Typist, ready: Callable[[], bool]) -> None:
    """Type until all is ready and prompts continue from a context that no longer changes."""
    seen, since = 0, perf_counter()
    async with asyncio.timeout(_WARM_LIMIT):
        while not seen or not ready() or perf_counter() - since < _SETTLED:
            await _diverge(model, typist, 1)
            if model.context != seen or not ready():
                seen, since = model.context, perf_counter()
            await asyncio.sleep(_PAUSE)


async def _diverge(
    model: Model, typist: Typist, keys: int
) -> tuple[list[float], list[float], list[float]]:
    """Type against the model: it has begun to answer each time, and never what is typed."""
    out, deltas, sizes = [], [], []
    for number in range(keys):
        if typist.column >= _WIDE:
            await paces.against(model, typist, "\n")
        model.arrived.clear()
        typist.progress.clear()
        began, _answer = typist.key("q")
        async with asyncio.timeout(_LIMIT):
            await model.arrived.wait()
            out.append((model.requested - began) * 1000)
            sizes.append(float(model.size))
            said = perf_counter()
            model.say(f"value_{number}")
            await typist.progress.wait()
        deltas.append((typist.seen - said) * 1000)
    return out, deltas, sizes


async def _agree(model: Model, typist: Typist, keys: int) -> tuple[list[float], int]:
    """Type along one finished answer; returns the waits and how many requests that cost."""
    along, rest = await paces.answered(model, typist, keys)
    before = model.requests - 1
    waits = []
    for char in along:
        began, answer = typist.key(char)
        async with asyncio.timeout(_LIMIT):
            await answer
        waits.append((perf_counter() - began) * 1000)
    requests = model.requests - before
    await paces.against(model, typist, rest)
    return waits, requests


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


def recovery(corpus: Corpus, tell: Tell) -> Figures:
    """Measure from the death of the backend to ghost text again."""
    if not processes.VISIBLE:
        raise CommandError("recovery finds the backend in /proc, which this system lacks")
    waits, floor = asyncio.run(_recoveries(generated(corpus.temporary / "recovery"), tell))
    return {
        "backend killed to ghost text again, p50": Figure(
            percentile(waits, 0.5), "ms", percentile(floor, 0.5), "starting a backend", 2000
        ),
        "backend killed to ghost text again, worst": Figure(
            max(waits), "ms", percentile(floor, 0.5), "starting a backend", 2000
        ),
    }


async def _recoveries(scene: Scene, tell: Tell) -> tuple[list[float], list[float]]:
    """Kill the backend while a person types; returns the waits, and what a bare start takes."""
    waits, floor = [], []
    async with embedded(scene) as (client, typist):
        typist.line()
        await _until_ghost(typist)
        for number in range(_STARTS):
            tell(f"death {number + 1} of {_STARTS}")
            [backend] = processes.children(client.process.pid, BACKEND)
            os.kill(backend, signal.SIGKILL)
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
