"""`spark-lsp stats`: what was shown, accepted and kept.

Owns how the figures look; what they mean is told in `core.accounting.figures`. They are read from
the file that the servers of all editors write (`server.tally`), and go nowhere else.

`--json` prints one object: "file" (the path), "days" (what `--days` says, or null), and the figures
of three periods: "today", from midnight on, "week", the last seven days, and "all", everything or
the last so many days. The figures of a period are

- shown, glimpsed (gone before anybody can have read them; not in "shown"), accepted, rate (accepted
  of shown, null of nothing), typed (along to their end), rejected: answers;
- characters_accepted, saved_characters: these without one key for each acceptance;
- first_text {p50, p95}: milliseconds from a request to the first text on screen, drafts apart, null
  of nothing;
- shown_for {accepted, rejected}: milliseconds that answers had been shown, the medians;
- whole, partial {word, line, part}: acceptances of all at once, and of less;
- rejections {reason: answers};
- kept {"30 s", "2 min", "10 min": {share, texts, characters}}: which share of the accepted
  characters still stood after that time;
- by_language, by_kind, by_source {name: {shown, accepted, rate, saved_characters}}.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spark_lsp.cli.errors import CommandError
from spark_lsp.cli.report import percentile
from spark_lsp.core.accounting.figures import Figures, Group, Kept
from spark_lsp.core.effects import DRAFT
from spark_lsp.core.settings import SettingsError
from spark_lsp.server import configuration
from spark_lsp.server.tally import TallyError, location, read

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

_DAY = 24 * 3600.0
_WEEK = 7
_HORIZONS = {30.0: "30 s", 120.0: "2 min", 600.0: "10 min"}
_KINDS = {"completion": "completions", "edit": "edits by instruction", "next": "next edits"}
_SOURCES = {
    "model": "the model",
    "cache": "the model, in hand already",
    "typed along": "the model, typed along",
    DRAFT: "drafts of the engine",
    "engine": "found without a model",
}
_PARTS = {"word": "word by word", "line": "line by line", "part": "other parts"}
_MOST = 12
"""Languages and reasons that are told one by one."""
_NONE = "—"
_LONG = 1_000
"""Milliseconds from which on they are told as seconds."""


def run(arguments: argparse.Namespace) -> int:
    """Tell the figures; returns the exit status."""
    path = location()
    try:
        periods = gathered(path, time.time(), arguments.days)
    except TallyError as error:
        fix = "remove it to begin anew"
        raise CommandError(f"{path} cannot be read ({error}); {fix}") from None
    if arguments.json:
        told = {name: as_json(figures) for name, figures in periods.items()}
        out = {"file": str(path), "days": arguments.days, **told}
        sys.stdout.write(json.dumps(out) + "\n")
    else:
        from rich.console import Console

        console = Console()
        for part in as_tables(periods, path, arguments.days):
            console.print(part, soft_wrap=isinstance(part, str), highlight=False, markup=False)
    sys.stdout.flush()
    return 0


def gathered(path: Path, now: float, days: int | None) -> dict[str, Figures]:
    """Return the figures of today, of the last seven days, and of all or so many days.

    Raises:
        TallyError: if there is a file that cannot be read.
    """
    midnight = time.mktime((*time.localtime(now)[:3], 0, 0, 0, 0, 0, -1))
    since = {
        "today": midnight,
        "week": now - _WEEK * _DAY,
        "all": now - days * _DAY if days else 0.0,
    }
    periods = {name: Figures() for name in since}
    for at, count in read(path, min(since.values())):
        for name, figures in periods.items():
            if at >= since[name]:
                figures.add(count)
    return periods


def as_json(figures: Figures) -> dict[str, Any]:
    """Return the object that stands for the figures of one period."""
    total = figures.total
    return {
        "shown": total.shown,
        "glimpsed": figures.glimpsed,
        "accepted": total.accepted,
        "rate": _rounded(total.rate),
        "typed": figures.typed,
        "rejected": figures.rejected.total(),
        "characters_accepted": total.characters,
        "saved_characters": total.saved,
        "first_text": {
            "p50": _quantile(figures.first, 0.5),
            "p95": _quantile(figures.first, 0.95),
        },
        "shown_for": {
            "accepted": _quantile(figures.accepted_after, 0.5),
            "rejected": _quantile(figures.rejected_after, 0.5),
        },
        "whole": figures.whole,
        "partial": {name: figures.partial[name] for name in _PARTS},
        "rejections": dict(figures.rejected.most_common()),
        "kept": {
            name: {"share": _rounded(it.share), "texts": it.texts, "characters": it.characters}
            for seconds, name in _HORIZONS.items()
            for it in [figures.kept.get(seconds, Kept())]
        },
        "by_language": _groups(figures.languages),
        "by_kind": _groups(figures.kinds),
        "by_source": _groups(figures.sources),
    }


def as_tables(
    periods: Mapping[str, Figures], path: Path, days: int | None
) -> Iterator["RenderableType"]:
    """Yield the figures for people, or a sentence where there are none."""
    everything = periods["all"]
    if not everything.kinds:
        yield _nothing_yet(days)
    else:
        longest = f"{days} day{'' if days == 1 else 's'}" if days else "all"
        columns = {"today": periods["today"], "7 days": periods["week"]}
        if days and days <= _WEEK:
            columns.pop("7 days")
        yield _figures({**columns, longest: everything})
        yield ""
        yield _grouped("language", everything.languages, {"": "other"})
        yield ""
        yield _grouped("kind", everything.kinds, _KINDS)
        yield ""
        yield _grouped("from", everything.sources, _SOURCES)
    yield ""
    yield f"All of this stays on this machine, in {path}"


def _nothing_yet(days: int | None) -> str:
    try:
        off = not configuration.load(None).stats
    except SettingsError:
        off = False
    if off:
        return "Nothing is counted: stats = false stands in your configuration."
    when = f" in the last {days} days" if days and days > 1 else " today" if days else " yet"
    return (
        f"Nothing has been counted{when}: open a file in your editor and type, "
        "and what becomes of the suggestions will be told here."
    )


def _figures(columns: Mapping[str, Figures]) -> "Table":
    """Return a table with one column for each period; rows without a figure are left out."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold cyan")
    table.add_column("suggestions", min_width=26)
    for name in columns:
        table.add_column(name, justify="right", min_width=9)
    table.add_column(style="dim")
    for label, note, *cells in _rows([*columns.values()]):
        if any(cell not in {"0", _NONE} for cell in cells):
            style = "" if label.startswith(" ") else "bold"
            table.add_row(Text(label, style), *cells, Text(note))
    return table


def _rows(periods: Sequence[Figures]) -> Iterator[tuple[str, ...]]:
    """Yield each row: what it is, a note, and the figure of each period."""

    def counted(label: str, note: str, values: Sequence[int]) -> tuple[str, ...]:
        return (label, note, *(f"{value:,}" for value in values))

    def shared(label: str, note: str, values: Sequence[float | None]) -> tuple[str, ...]:
        return (label, note, *(_NONE if value is None else f"{value:.0%}" for value in values))

    def timed(
        label: str, note: str, values: Sequence[Sequence[float]], share: float
    ) -> tuple[str, ...]:
        return (label, note, *(_duration(_quantile(it, share)) for it in values))

    yield counted("shown", "long enough to be read", [it.total.shown for it in periods])
    yield counted("accepted", "", [it.total.accepted for it in periods])
    yield shared("  rate", "of what was shown", [it.total.rate for it in periods])
    yield counted("  all at once", "", [it.whole for it in periods])
    for part, name in _PARTS.items():
        yield counted(f"  {name}", "each one counted", [it.partial[part] for it in periods])
    yield counted("characters accepted", "", [it.total.characters for it in periods])
    yield counted("  keys saved", "an acceptance costs one", [it.total.saved for it in periods])
    for seconds, name in _HORIZONS.items():
        kept = [it.kept.get(seconds, Kept()).share for it in periods]
        yield shared(f"  left after {name}", "of the accepted characters", kept)
    yield counted("typed along to the end", "without accepting", [it.typed for it in periods])
    yield counted("not accepted", "", [it.rejected.total() for it in periods])
    for reason, _ in periods[-1].rejected.most_common(_MOST):
        yield counted(f"  {reason or 'other'}", "", [it.rejected[reason] for it in periods])
    first = [it.first for it in periods]
    yield timed("time to first text", "median, from the request", first, 0.5)
    yield timed("", "19 of 20 were faster", first, 0.95)
    yield timed("time shown until accepted", "median", [it.accepted_after for it in periods], 0.5)
    yield timed("  otherwise", "median", [it.rejected_after for it in periods], 0.5)
    yield counted("gone at a glance", "in none of these", [it.glimpsed for it in periods])


def _grouped(title: str, groups: Mapping[str, Group], names: Mapping[str, str]) -> "Table":
    """Return a table of the largest groups."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold cyan")
    table.add_column(title, min_width=26)
    for name in ("shown", "accepted", "rate", "keys saved"):
        table.add_column(name, justify="right", min_width=9)
    for name, group in _largest(groups)[:_MOST]:
        rate = _NONE if group.rate is None else f"{group.rate:.0%}"
        cells = (f"{group.shown:,}", f"{group.accepted:,}", rate, f"{group.saved:,}")
        table.add_row(Text(names.get(name, name)), *cells)
    return table


def _groups(groups: Mapping[str, Group]) -> dict[str, Any]:
    return {
        name: {
            "shown": group.shown,
            "accepted": group.accepted,
            "rate": _rounded(group.rate),
            "saved_characters": group.saved,
        }
        for name, group in _largest(groups)
    }


def _largest(groups: Mapping[str, Group]) -> list[tuple[str, Group]]:
    """Return groups in which something was shown, the largest first."""
    some = [item for item in groups.items() if item[1].shown]
    return sorted(some, key=lambda item: (-item[1].shown, item[0]))


def _quantile(seconds: Sequence[float], share: float) -> float | None:
    """Return a nearest-rank percentile in milliseconds, None of nothing."""
    return round(percentile(seconds, share) * 1000, 1) if seconds else None


def _duration(milliseconds: float | None) -> str:
    if milliseconds is None:
        return _NONE
    return f"{milliseconds:.0f} ms" if milliseconds < _LONG else f"{milliseconds / 1000:,.1f} s"


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
