"""`spark-lsp index`: build or refresh the index of a directory, and tell what it holds.

Owns the figures' telling; they are made by `server.indexing`.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from spark_lsp.cli.files import directory
from spark_lsp.cli.survey import survey
from spark_lsp.server.indexing import Report

if TYPE_CHECKING:
    from rich.table import Table

_UNIT = 1000


def run(arguments: argparse.Namespace) -> int:
    """Index a directory; returns the exit status."""
    root = directory(arguments.directory)
    report = survey(root, _nothing, count=True)
    if arguments.json:
        sys.stdout.write(json.dumps(as_json(report)) + "\n")
    else:
        from rich.console import Console

        console = Console()
        for table in as_tables(report):
            console.print(table)
    sys.stdout.flush()
    return 0


def _nothing(_files: object) -> None:
    """Keep no records: what they come to stands in the report."""


def as_json(report: Report) -> dict[str, Any]:
    """Return the object that `index --json` prints."""
    return {
        "files": report.files,
        "lines": report.lines,
        "bytes": report.bytes,
        "definitions": report.definitions,
        "tokens": report.tokens,
        "languages": _sorted(report.languages),
        "skipped": _sorted(report.skipped),
        "seconds": round(report.seconds, 3),
        "warm": report.warm,
        "store_bytes": report.store_bytes,
        "rules": list(report.rules),
        "trouble": report.trouble,
    }


def as_tables(report: Report) -> Iterable["Table"]:
    """Return the figures for people: totals, languages, and what is left out."""
    heat = "everything was known" if report.warm else "what was new has been parsed"
    rows: list[tuple[str, str, str]] = [
        ("files", f"{report.files:,}", ""),
        ("lines", f"{report.lines:,}", ""),
        ("bytes", f"{report.bytes:,}", size(report.bytes)),
        ("definitions", f"{report.definitions:,}", ""),
        ("tokens", f"{report.tokens:,}", "o200k"),
        ("seconds", f"{report.seconds:,.2f}", f"{'warm' if report.warm else 'cold'}: {heat}"),
        ("store", size(report.store_bytes), "on disk"),
    ]
    yield _table("", rows)
    if report.languages:
        whole = max(1, report.files)
        yield _table(
            "languages",
            [
                (name, f"{files:,}", f"{files / whole:.1%}")
                for name, files in _sorted(report.languages).items()
            ],
        )
    if report.skipped:
        yield _table(
            "left out",
            [(why, f"{files:,}", "") for why, files in _sorted(report.skipped).items()],
        )


def size(count: float) -> str:
    """Return a number of bytes in three digits or so."""
    unit = ""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < _UNIT or unit == "GB":
            break
        count /= _UNIT
    return f"{count:,.0f} {unit}" if unit == "bytes" else f"{count:,.1f} {unit}"


def _table(title: str, rows: Iterable[tuple[str, str, str]]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=bool(title))
    table.add_column(title, min_width=24, header_style="bold cyan")
    table.add_column("files" if title else "", justify="right", min_width=14, header_style="dim")
    table.add_column(style="dim")
    if not title:
        table.columns[0].style = "bold"
    for name, figure, note in rows:
        table.add_row(Text(name), figure, note)
    return table


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts, the largest first, equal ones by name."""
    return dict(sorted(counts.items(), key=lambda it: (-it[1], it[0])))
