"""The figures of the engine as rows: kept in a file, compared with what was kept before, told.

Owns what the columns mean. Shares are from 0 to 1 and rounded to four places; what they are made of
is told in `spark_lsp.cli.evaluation.scores`:

- tokens: learned; tasks: lines held out, each with and without what follows;
- exact: the best guess is right to the end of the line; exact_blind: without what follows;
  unique: of lines that stand nowhere else in the distribution;
- mrr, top1: one by the rank of the true next token, the mean; how often it is the first;
- shown: something is shown unasked; shown_exact: of these, right to the end of the line;
- saved: of the keys of a text that is typed; buffer_words_saved, file_cache_saved: by what editors
  do without a model;
- calibration_error: by how much confidence and exactness differ.

A row of several distributions is about all of their tasks, each task alike.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

from rich.table import Table

from benchmarks.accuracy.measuring import ENGINE, Measured
from spark_lsp.cli.evaluation.scores import figures, share

ALL: Final = "all"
"""The name of the last row."""
SLACK: Final = 0.005
"""By how much a figure may be worse and still count as the same."""
_FEWEST: Final = 30
"""Tasks of a language that is worth a row of its own."""
_MUCH: Final = 0.1
"""Share of its tasks from which on a language is told of a distribution."""


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of a distribution, of a language, or of all; None where there is none."""

    name: str
    languages: str
    tokens: int | None
    tasks: int
    exact: float | None
    exact_blind: float | None
    unique: float | None
    mrr: float | None
    top1: float | None
    shown: float | None
    shown_exact: float | None
    saved: float | None
    buffer_words_saved: float | None
    file_cache_saved: float | None
    calibration_error: float | None


_SHARES: Final = tuple(it.name for it in fields(Row))[4:]
_COLUMNS: Final = {
    "exact": "exact",
    "exact_blind": "blind",
    "unique": "unique",
    "mrr": "mrr",
    "top1": "top1",
    "shown": "shown",
    "shown_exact": "exact*",
    "saved": "saved",
    "calibration_error": "off by",
    "buffer_words_saved": "words",
    "file_cache_saved": "cache",
}
"""What is told of a row to people, and how it is headed."""
_JUDGED: Final = tuple(_COLUMNS)[:8]
"""What of the engine should not fall; what it is off by should not rise."""


def rows(found: Mapping[str, Mapping[str, Measured]]) -> list[Row]:
    """Return a row for each distribution, each language and all of them.

    What came of a distribution is given by its name and by language, tokens under "".
    """
    made: list[Row] = []
    by_language: dict[str, Measured] = {}
    every = Measured()
    for name, parts in found.items():
        sum_ = Measured()
        for language, part in parts.items():
            sum_.add(part)
            if language:
                by_language.setdefault(language, Measured()).add(part)
        every.add(sum_)
        made.append(_row(name, sum_))
    kept = sorted(name for name, it in by_language.items() if len(it.ranks) >= _FEWEST)
    made += (_row(f"in {name}", by_language[name]) for name in kept)
    return [*made, _row(ALL, every)]


def read(path: Path) -> list[Row]:
    """Return the rows that were kept, none if there is no such file."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Row(
                it["name"],
                it["languages"],
                int(it["tokens"]) if it["tokens"] else None,
                int(it["tasks"]),
                **{key: float(it[key]) if it[key] else None for key in _SHARES},
            )
            for it in csv.DictReader(file)
        ]


def write(path: Path, kept: Iterable[Row]) -> None:
    """Keep rows, one a line, so that what has changed can be read off a diff."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [it.name for it in fields(Row)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in kept)


def worse(before: Sequence[Row], now: Sequence[Row]) -> str:
    """Say in a sentence which figures of all are worse than they were, or return ""."""
    old, new = _last(before), _last(now)
    if old is None or new is None:
        return ""
    fallen = [
        f"{key} from {_percent(was)} to {_percent(is_)}"
        for key in (*_JUDGED, "calibration_error")
        if (was := getattr(old, key)) is not None
        and (is_ := getattr(new, key)) is not None
        and (is_ - was if key == "calibration_error" else was - is_) > SLACK
    ]
    return f"the engine has become worse: {', '.join(fallen)}" if fallen else ""


def table(before: Iterable[Row], now: Iterable[Row]) -> Table:
    """Return the figures in percent for people, each with what it differs by from before."""
    known = {row.name: row for row in before}
    made = Table(box=None, pad_edge=False, padding=(0, 0, 0, 1), header_style="bold cyan")
    made.add_column("", no_wrap=True)
    for heading in ("tasks", *_COLUMNS.values()):
        made.add_column(heading, justify="right", no_wrap=True)
    for row in now:
        cells = (_cell(row, known.get(row.name), key) for key in _COLUMNS)
        style = "bold" if row.name == ALL else ""
        made.add_row(row.name, f"{row.tasks:,}", *cells, style=style)
    return made


def _row(name: str, of: Measured) -> Row:
    lines = [it for it in of.answers if it.kind == "line"]
    blind = [it for it in of.answers if it.kind == "line_blind"]
    unique = [it for it in lines if not it.duplicated]
    told = figures(lines)
    counted = Counter(it.language for it in lines)
    return Row(
        name,
        " ".join(it for it, tasks in counted.most_common() if tasks >= _MUCH * len(lines)),
        of.tokens or None,
        len(lines),
        told["exact_match"] if lines else None,
        share(it.exact for it in blind) if blind else None,
        share(it.exact for it in unique) if unique else None,
        share(1 / rank if rank else 0 for rank in of.ranks) if of.ranks else None,
        share(rank == 1 for rank in of.ranks) if of.ranks else None,
        told["shown"] if lines else None,
        told["shown_exact"] if told["shown"] else None,
        _saved(of, ENGINE),
        _saved(of, "buffer_words"),
        _saved(of, "file_cache"),
        told["calibration_error"],
    )


def _saved(of: Measured, who: str) -> float | None:
    typed = of.typed.get(who)
    return round(typed.saved / typed.characters, 4) if typed and typed.characters else None


def _last(kept: Iterable[Row]) -> Row | None:
    return next((row for row in kept if row.name == ALL), None)


def _cell(row: Row, before: Row | None, key: str) -> str:
    value = getattr(row, key)
    if value is None:
        return "—"
    was = getattr(before, key, None)
    change = "" if was is None else f"{100 * (value - was):+.1f}"
    return f"{100 * value:.1f}{'' if change[1:] in {'', '0.0'} else f' {change}'}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"
