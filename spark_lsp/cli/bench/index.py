"""How long it takes to know a workspace: cold, warm, and after a branch switch."""

import asyncio
import os
import shutil
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from spark_lsp.cli.bench import rivals
from spark_lsp.cli.bench.corpus import Corpus, Shelves, caching, copied, indexed
from spark_lsp.cli.bench.figures import Figure, Figures, Tell, middle
from spark_lsp.core import languages
from spark_lsp.core.languages import Language
from spark_lsp.core.records import Record
from spark_lsp.server.indexing import Indexer, Report
from spark_lsp.server.store import open_store

_COLD = 3
_WARM = 5
_SWITCHES = 3
_SWITCHED = 2_000
"""Files of a branch switch."""
_WORKERS = 8
"""That many work at most, as in `server.parsing`."""
_SLOWER = 1.4
"""A cold index may take so many times what bare parses take."""
_WARMER = 0.1
"""A warm start may take this share of a cold index."""


def index(corpus: Corpus, tell: Tell) -> Figures:
    """Measure on the corpus."""
    folder = corpus.temporary / "index"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    # Not measured: it says which files there are, and has them read once.
    tell("looking at the files")
    catalog, _ = indexed(corpus.root, folder / "first")
    records = dict(catalog.library.records)
    del catalog
    return {
        **_built(corpus.root, records, folder, tell),
        **_switched(corpus.root, records, folder, tell),
    }


def _built(root: Path, records: Mapping[str, Record], folder: Path, tell: Tell) -> Figures:
    workers = max(1, min(os.cpu_count() or 1, _WORKERS))
    parsed = [
        (path, language, record.size)
        for path, record in records.items()
        if (language := _language(path, record))
    ]
    bare = rivals.BareParses(root, parsed, workers, folder)
    colds: list[_Built] = []
    floors: list[tuple[float, float]] = []
    for number in range(_COLD):
        tell(f"cold, {number + 1} of {_COLD}")
        floors.append(bare.once())
        colds.append(_once(root, folder / f"cold-{number}"))
    warms = []
    for number in range(_WARM):
        tell(f"warm, {number + 1} of {_WARM}")
        warms.append(_once(root, folder / "cold-0"))
    tell("counting tokens")
    counted = _once(root, folder / "counted", count=True)
    tell("universal-ctags")
    names = [path for path, *_ in parsed]
    tags = rivals.ctags(root, names, folder)
    tell("aider")
    maps = rivals.aider(root, names, folder)
    cold, floor = middle([it.milliseconds for it in colds]), middle([it for it, _ in floors])
    spent, bare_spent = middle([it.spent for it in colds]), middle([it for _, it in floors])
    warm = middle([it.milliseconds for it in warms])
    report = colds[0].report
    parses = f"bare parses, {workers} processes, their start not counted"
    source = f"source of {report.files:,} files, {report.lines:,} lines"
    return {
        "cold": Figure(cold, "ms", floor, parses, _SLOWER * floor),
        "cold, of all processors": Figure(spent, "ms", bare_spent, "bare parses"),
        "cold, against universal-ctags": Figure(cold, "ms", tags.milliseconds, tags.name),
        "cold, against aider": Figure(cold, "ms", maps.milliseconds, maps.name),
        "warm start": Figure(warm, "ms", cold, "cold", _WARMER * cold),
        "cold, all tokens counted": Figure(
            counted.milliseconds, "ms", cold, f"cold; {counted.report.tokens:,} tokens"
        ),
        "definitions": Figure(report.definitions, "1", tags.found, tags.name, more=True),
        "store": Figure(colds[0].stored / 1e6, "MB", report.bytes / 1e6, source),
    }


@dataclass(frozen=True, slots=True)
class _Built:
    milliseconds: float
    spent: float
    report: Report
    stored: int


def _once(root: Path, cache: Path, *, count: bool = False) -> _Built:
    """Index once with what a cache knows, as a librarian does when it starts."""
    with caching(cache):
        begun, worked = perf_counter(), _worked()
        with closing(open_store(root)) as store:

            async def build() -> Report:
                return await Indexer(root, Shelves(root), store, count=count).build()

            report = asyncio.run(build())
            took = (perf_counter() - begun) * 1000
    return _Built(took, _worked() - worked, report, store.size)


def _worked() -> float:
    """Return the milliseconds that processors have worked for this process and those it awaited."""
    return sum(os.times()[:4]) * 1000


def _switched(root: Path, records: Mapping[str, Record], folder: Path, tell: Tell) -> Figures:
    """Change some thousand files of a copy at once, and then take that back."""
    part = folder / "part"
    part.mkdir()
    copied(root, records, part, files=_SWITCHED, lines=1_000_000_000)
    paths = [path for path in records if (part / path).is_file()]
    cold = _once(part, folder / "part-cold").milliseconds
    ours = {path: (part / path).read_bytes() for path in paths}
    theirs = {path: content + b"\n" for path, content in ours.items()}
    there: list[float] = []
    back: list[float] = []

    async def switches() -> None:
        shelves = Shelves(part)
        indexer = Indexer(part, shelves, store)
        following = asyncio.create_task(indexer.run())
        await shelves.over.wait()

        async def switch(branch: Mapping[str, bytes]) -> float:
            _write(part, branch)
            shelves.over.clear()
            begun = perf_counter()
            indexer.changed(str(part / path) for path in branch)
            await shelves.over.wait()
            return (perf_counter() - begun) * 1000

        for number in range(_SWITCHES):
            tell(f"branch switch, {number + 1} of {_SWITCHES}")
            # Another branch each time: what was there once is known.
            there.append(await switch(_grown(theirs, number)))
            back.append(await switch(ours))
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following

    with caching(folder / "part-switch"), closing(open_store(part)) as store:
        asyncio.run(switches())
    against = f"cold index of these {len(paths):,} files"
    return {
        "branch switch": Figure(middle(there), "ms", cold, against),
        "and back": Figure(middle(back), "ms", cold, against),
    }


def _grown(branch: Mapping[str, bytes], lines: int) -> dict[str, bytes]:
    return {path: content + b"\n" * lines for path, content in branch.items()}


def _write(root: Path, branch: Mapping[str, bytes]) -> None:
    for path, content in branch.items():
        (root / path).write_bytes(content)


def _language(path: str, record: Record) -> Language | None:
    return languages.by_path(path) if record.symbols.language else None
