"""Brings the index of a directory up to date, as far as commands need it.

Owns the progress bar and the order in which store and indexer begin and end. What is made of the
records is for the caller to say.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from spark_lsp.core.records import Record
from spark_lsp.server.indexing import Indexer, Report
from spark_lsp.server.store import open_store

if TYPE_CHECKING:
    from rich.progress import Progress

_SOON = 0.4
"""Seconds that pass without a bar: what ends before needs none."""


def survey(
    root: Path, taken: Callable[[Mapping[str, Record | None]], object], *, count: bool
) -> Report:
    """Index a directory and return the figures; `taken` gets the records, `count` counts tokens.

    Shows progress on standard error if that is a terminal, and tells there what is wrong with the
    store, if anything is.
    """
    store = open_store(root)
    bar = _Bar(f"indexing {os.path.basename(root) or root}")  # noqa: PTH119 - of a root, nothing
    try:
        report = asyncio.run(Indexer(root, _Sink(taken, bar), store, count=count).build())
    finally:
        bar.close()
        store.close()
    if report.trouble:
        sys.stderr.write(f"spark-lsp: {report.trouble}\n")
    # Closing it has put into one file what was still in two.
    return replace(report, store_bytes=store.size)


class _Sink:
    """Hands the records on, and the progress to the bar."""

    def __init__(self, taken: Callable[[Mapping[str, Record | None]], object], bar: "_Bar") -> None:
        self._taken = taken
        self._bar = bar

    def indexed(self, files: Mapping[str, Record | None]) -> None:
        """Take in what files hold."""
        self._taken(files)

    def progress(self, done: int, total: int) -> None:
        """Show how many files are done."""
        self._bar.show(done, total)

    def settled(self, report: Report) -> None:
        """Nothing: the report is returned."""


class _Bar:
    """A progress bar on standard error, if that is a terminal, and if it takes long enough."""

    def __init__(self, title: str) -> None:
        self._title = "".join(it if it.isprintable() else "\ufffd" for it in title)
        self._seen = sys.stderr.isatty()
        self._begun = monotonic()
        self._progress: Progress | None = None

    def show(self, done: int, total: int) -> None:
        if not self._seen or monotonic() - self._begun < _SOON:
            return
        if self._progress is None:
            self._progress = _progress()
            self._progress.add_task(self._title)
            self._progress.start()
        self._progress.update(self._progress.task_ids[0], completed=done, total=total)

    def close(self) -> None:
        if self._progress:
            self._progress.stop()


def _progress() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files"),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True)
