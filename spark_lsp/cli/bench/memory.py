"""What a real server, its librarian and its embedded engine keep in memory."""

import asyncio
import sys
from pathlib import Path
from time import perf_counter

from spark_lsp.cli.bench import processes
from spark_lsp.cli.bench.corpus import Corpus, copied, indexed
from spark_lsp.cli.bench.ends import Scene, between, embedded
from spark_lsp.cli.bench.figures import Figure, Figures, Tell
from spark_lsp.cli.bench.session import BACKEND, warmed
from spark_lsp.server import walk

_SIZES = {100_000: 200, 500_000: None}
"""Lines, and the megabytes that the server and its librarian may take then."""
_LIBRARIAN = b"spark_lsp.server.librarian"
_BULK = b"bulk"
"""Stands among the arguments of the processes that index."""
_LIMIT = 120.0
_SETTLED = 2.0
"""Seconds for which the engine must have kept its size."""
_PAUSE = 0.1


def memory(corpus: Corpus, tell: Tell) -> Figures:
    """Measure on parts of the corpus; nothing where the system does not say."""
    if not processes.VISIBLE:
        sys.stderr.write("spark-lsp: memory is read from /proc, which this system lacks\n")
        return {}
    folder = corpus.temporary / "memory"
    tell("looking at the files")
    catalog, _ = indexed(corpus.root, folder / "cache")
    records, path = dict(catalog.library.records), corpus.chosen(catalog)
    del catalog
    content = walk.read_bytes(corpus.root, path) or b""
    tell("an empty directory")
    floor = asyncio.run(_used(_scene(folder / "empty", path, b"")))
    figures: Figures = {}
    for lines, budget in _SIZES.items():
        root = folder / str(lines)
        total = copied(corpus.root, records, root, files=len(records), lines=lines)
        scene = _scene(root, path, content)
        last = total < lines
        thousand = f"{round(total / 1000)},000 lines"
        tell(thousand)
        against = "an empty directory"
        used = asyncio.run(_used(scene))
        figures[f"server and librarian, {thousand}"] = Figure(used, "MB", floor, against, budget)
        if not budget or last:
            tell(f"{thousand}, embedded engine")
            engine = asyncio.run(_engine(scene))
            source = sum(it.stat().st_size for it in root.rglob("*") if it.is_file()) / 1e6
            figures[f"embedded engine, {thousand}"] = Figure(engine, "MB", source, "the source")
        if last:  # there are no more
            break
    return figures


def _scene(root: Path, path: str, content: bytes) -> Scene:
    """Put a file into a directory, to be typed in at its end."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content + b"\n")
    return Scene(root, file, content.count(b"\n") + 1)


async def _used(scene: Scene) -> float:
    """Return the megabytes of a server and its librarian, once all is indexed and packed.

    The process that parses open buffers is not counted: half a minute after the last key it is
    gone.
    """
    async with between(scene) as (client, model, typist):
        server = client.process.pid

        def ready() -> bool:
            found = processes.children(server, _LIBRARIAN)
            return bool(found) and not processes.children(found[0], _BULK)

        await warmed(model, typist, ready)
        [librarian] = processes.children(server, _LIBRARIAN)
        return processes.resident(server) + processes.resident(librarian)


async def _engine(scene: Scene) -> float:
    """Return the megabytes of the embedded engine, once it has read what it reads."""
    async with embedded(scene) as (client, typist), asyncio.timeout(_LIMIT):
        await typist.ask()
        size, since = 0.0, perf_counter()
        while perf_counter() - since < _SETTLED:
            await asyncio.sleep(_PAUSE)
            [backend] = processes.children(client.process.pid, BACKEND)
            now = processes.resident(backend)
            if abs(now - size) > 1.0:
                size, since = now, perf_counter()
        return size
