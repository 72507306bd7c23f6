"""What a context costs: to pack it, to keep it with each key, and to send it."""

import gc
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from statistics import fmean
from time import perf_counter

from spark_lsp.cli.bench.corpus import Corpus, indexed
from spark_lsp.cli.bench.figures import Figure, Figures, Tell
from spark_lsp.cli.bench.rehearsal import Rehearsal
from spark_lsp.cli.bench.retyping import Prompt, measure, typing
from spark_lsp.cli.errors import CommandError
from spark_lsp.cli.report import percentile
from spark_lsp.core import tokens
from spark_lsp.core.packing import Packed, Packer
from spark_lsp.core.prompt import Share, Stretch
from spark_lsp.core.retrieval import Place, gather, nearby
from spark_lsp.core.text import Text
from spark_lsp.server import walk
from spark_lsp.server.catalog import Catalog

_WINDOW = 128_000
_PACKS = 9
_PLACES = 200
"""Places that are looked up."""
_KEYS = 1_000
_PREFIX = 6_000
_SUFFIX = 2_000
_CHUNKS = 10
"""What the naive layout shows: characters before and after the cursor, and chunks."""
_FRESH = 187
"""Tokens that a new place may ask for: a sixteenth of the room for growth, as in `core.context`."""


def context(corpus: Corpus, tell: Tell) -> Figures:
    """Measure on the corpus, at one of its files."""
    folder = corpus.temporary / "context"
    shutil.rmtree(folder, ignore_errors=True)
    tell("indexing")
    catalog, _ = indexed(corpus.root, folder)
    path = corpus.chosen(catalog)
    text = catalog.read(path)
    if text is None:
        raise CommandError(f"{path} is not read: it is excluded, or no text", 2)
    tokens.count("")  # its tables take a while to load
    with _settled():
        tell("packing")
        packed, packs = _packed(corpus, catalog, path)
        tell("looking up")
        lookups = _looked_up(catalog, path, packed)
        tell(f"typing in {path}")
        return {**packs, **lookups, **_typed(catalog, path, text)}


def _packed(corpus: Corpus, catalog: Catalog, path: str) -> tuple[Packed, Figures]:
    """Pack at places for which nothing has been packed yet."""
    packer = Packer(catalog.library, catalog.read)
    packs, reads = [], []
    packed = Packed(())
    for place in _places(catalog, path, _PACKS + 1):
        began = perf_counter()
        packed = packer.pack(place, _WINDOW)
        packs.append((perf_counter() - began) * 1000)
        files = {block.path for block in packed.blocks if block.kind in {"file", "chunk"}}
        began = perf_counter()
        for file in files:
            walk.read(corpus.root, file)
        reads.append((perf_counter() - began) * 1000)
    read = percentile(reads[1:], 0.5)
    against = "reading the files that it shows"
    return packed, {
        # Without the first, which builds what is built once.
        "packing a window, p50": Figure(percentile(packs[1:], 0.5), "ms", read, against, 150),
        "packing a window, worst": Figure(max(packs[1:]), "ms", read, against),
        "tokens packed": Figure(
            packed.tokens, "tokens", Share.of(_WINDOW).head, "the room there is", more=True
        ),
    }


def _looked_up(catalog: Catalog, path: str, packed: Packed) -> Figures:
    """Look up what a new place lacks."""
    packer = Packer(catalog.library, catalog.read)
    held = [Stretch(it.path, it.start_line, it.end_line) for it in packed.blocks]
    recalls, afresh = [], []
    for place in _places(catalog, path, _PLACES):
        began = perf_counter()
        packer.recall(place, _FRESH, _FRESH, held, ())
        recalls.append((perf_counter() - began) * 1000)
        began = perf_counter()
        gather(catalog.library, place, 100)
        afresh.append((perf_counter() - began) * 1000)
    return {
        f"look-up of a new place, {name}": Figure(
            percentile(recalls, share), "ms", percentile(afresh, share), "all signals afresh"
        )
        for name, share in (("p50", 0.5), ("p99", 0.99))
    }


def _typed(catalog: Catalog, path: str, text: str) -> Figures:
    """Write functions of a file, in a session and with a naive layout."""
    symbols = catalog.library.records[path].symbols
    typed = typing(text, symbols.definitions, _KEYS)
    if not typed.keys:
        raise CommandError(f"{path} has no function to type: name another --file", 2)
    naive = measure(typed, _naive(catalog, path))
    with _settled():
        rehearsal = Rehearsal(catalog, path, typed.start, _WINDOW)
        ours = measure(typed, rehearsal.prompt)
    seen = rehearsal.keys
    splice = percentile(seen.splices, 0.5)
    alone = "splicing the text alone"
    full = fmean(seen.full)
    return {
        "context of a key, p50": Figure(percentile(seen.milliseconds, 0.5), "ms", splice, alone),
        "context of a key, p99": Figure(
            percentile(seen.milliseconds, 0.99), "ms", splice, alone, 2
        ),
        "uncached tokens a key": Figure(
            ours.uncached, "tokens", naive.uncached, "retrieval afresh with each key", 30
        ),
        "tokens of a prompt": Figure(
            ours.prompt, "tokens", naive.prompt, "retrieval afresh with each key", more=True
        ),
        "stable share up to the window": Figure(
            seen.kept / max(1, seen.stable), "1", 1, "nothing changes", 0.99, more=True
        ),
        "bytes out with a key": Figure(
            fmean(seen.bytes), "bytes", full, "the full prompt", 0.02 * full
        ),
    }


def _naive(catalog: Catalog, path: str) -> Prompt:
    """Show the best chunks, then what stands before the cursor, then what stands behind it."""

    @cache
    def lines(file: str) -> Text:
        return Text(catalog.read(file) or "")

    def prompt(text: str, offset: int) -> str:
        shown = []
        for hit in nearby(catalog.library, Place(path, text, offset), _CHUNKS):
            source = lines(hit.path)
            last = min(hit.end_line, source.line_count - 1)
            body = source.string[source.line_start(hit.start_line) : source.line_end(last)]
            shown.append(f"# {hit.path}\n{body}\n")
        before, after = text[max(0, offset - _PREFIX) : offset], text[offset:][:_SUFFIX]
        return "".join([*shown, f"# {path}\n", before, "\n<after>\n", after])

    return prompt


def _places(catalog: Catalog, path: str, count: int) -> Iterator[Place]:
    """Yield places in files of one language, spread over the workspace."""
    records = catalog.library.records
    language = records[path].symbols.language
    alike = sorted(it for it, record in records.items() if record.symbols.language == language)
    for number in range(count):
        file = alike[number * len(alike) // count]
        text = catalog.read(file) or ""
        half = text.find("\n", len(text) // 2) + 1
        yield Place(file, text, half)


@contextmanager
def _settled() -> Iterator[None]:
    """Keep what lives by now out of collections: no server that is typed in holds an index."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
