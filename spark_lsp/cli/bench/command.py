"""`spark-lsp bench`: which benchmarks there are, and how their figures are told.

Nothing here is a test: a slow machine is no failure.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from spark_lsp.cli.bench import (
    basics,
    context,
    index,
    memory,
    realtime,
    session,
    stream,
    transport,
)
from spark_lsp.cli.bench.corpus import Corpus, caching, corpus
from spark_lsp.cli.bench.figures import Figures, Tell, table
from spark_lsp.cli.errors import CommandError

_BENCHES: dict[str, Callable[[Corpus, Tell], Figures]] = {
    "start": lambda _corpus, _tell: basics.start(),
    "text": lambda _corpus, _tell: basics.text(),
    "session": session.typing,
    "typing": realtime.typing,
    "recovery": session.recovery,
    "engine": lambda _corpus, _tell: basics.engine(),
    "index": index.index,
    "context": context.context,
    "memory": memory.memory,
    "transport": transport.transport,
    "stream": stream.stream,
}


def run(names: Sequence[str], repository: Path | None, file: str, *, as_json: bool) -> int:
    """Measure; returns the exit status, 0 also where a budget is not kept."""
    unknown = [name for name in names if name not in _BENCHES]
    if unknown:
        known = ", ".join(_BENCHES)
        raise CommandError(f"there is no benchmark {unknown[0]!r}; there are {known}", 2)
    console = Console(stderr=True)
    results: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory(prefix="spark-lsp-bench-") as folder, caching(Path(folder)):
        measured = corpus(repository, file, Path(folder))
        for name in names or _BENCHES:
            with console.status(f"measuring {name}") as status:

                def tell(what: str, name: str = name) -> None:
                    status.update(f"measuring {name}: {what}")

                try:
                    results[name] = _BENCHES[name](measured, tell)
                except CommandError as error:
                    if names:
                        raise
                    # Of all of them, the others can be measured here all the same.
                    console.print(f"{name}: {error}")
    if as_json:
        told = {
            name: {figure: value.as_json() for figure, value in figures.items()}
            for name, figures in results.items()
        }
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        Console().print(table(results))
    return 0
