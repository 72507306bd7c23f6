"""What an evaluation has come to, and how it is told.

Owns the object that `--json` prints and the tables for people. What the figures mean is told in
`scores`. The headline is about the tasks of kind "line"; "unique" is the same without lines that
stand elsewhere in the repository, too, and "by_kind" holds those by themselves as "duplicated".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from spark_lsp.cli.evaluation.asking import Typed
from spark_lsp.cli.evaluation.scores import Answered, bins, calibration_error, curve, figures
from spark_lsp.cli.evaluation.sources import KINDS

if TYPE_CHECKING:
    from rich.table import Table

_NAMES: Final = {
    "line": "rest of a line",
    "line_blind": "  nothing behind it seen",
    "duplicated": "  found elsewhere, too",
    "first_use": "first use of a name",
    "later_use": "later use of a name",
    "block": "body of a function",
    "buffer_words": "words of the file",
    "file_cache": "as the file did last",
}
_COLUMNS: Final = {
    "tasks": "tasks",
    "exact_match": "exact",
    "edit_similarity": "similar",
    "shown": "shown",
    "shown_exact": "exact*",
    "shown_right": "right*",
    "saved": "saved",
    "calibration_error": "off by",
}
_LEGEND: Final = (
    "exact: of all, when asked for; with a star: of what was shown unasked, and right as far as it "
    "goes; similar: 1 is equal; saved: keys, in typing {characters:,} characters; off by: "
    "confidence against exact. Names are such as another file defines."
)
_NONE: Final = "—"


@dataclass(slots=True)
class Outcome:
    """What has come of all tasks.

    Attributes:
        model: who was asked.
        answers: what came of each task.
        typed: what typing has come to, by language.
        rivals: what a baseline has answered to the tasks of kind "line", by its name.
        rivals_typed: what typing with a baseline has come to.
        errors: what went wrong, one sentence each.
    """

    model: str
    answers: list[Answered] = field(default_factory=list)
    typed: dict[str, Typed] = field(default_factory=dict)
    rivals: dict[str, list[Answered]] = field(default_factory=dict)
    rivals_typed: dict[str, Typed] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @property
    def lines(self) -> list[Answered]:
        """What came of the tasks of kind "line"."""
        return self._of("line")

    def as_json(self) -> dict[str, Any]:
        """Return the object that `eval --json` prints; shares from 0 to 1."""
        lines = self.lines
        unique = [it for it in lines if not it.duplicated]
        languages = sorted({it.language for it in lines} | self.typed.keys())
        kinds = {
            **{kind: figures(self._of(kind)) for kind in KINDS},
            "duplicated": figures([it for it in lines if it.duplicated]),
        }
        return {
            "model": self.model,
            **figures(lines, _saved(*self.typed.values())),
            "tasks": len(self.answers),
            "calibration_error": calibration_error(bins(self.answers)),
            "exact_match_blind": kinds["line_blind"]["exact_match"],
            "unique": figures(unique),
            "by_kind": kinds,
            "by_language": {
                name: figures(
                    [it for it in lines if it.language == name],
                    _saved(*filter(None, [self.typed.get(name)])),
                )
                for name in languages
            },
            "baselines": {
                name: figures(answers, _saved(self.rivals_typed[name]))
                for name, answers in self.rivals.items()
            },
            "characters": sum(it.characters for it in self.typed.values()),
            "saved_characters": sum(it.saved for it in self.typed.values()),
            "calibration": [_rounded(it) for it in bins(self.answers)],
            "curve": [_rounded(it) for it in curve(self.answers)],
            "errors": len(self.errors),
            "messages": self.errors,
        }

    def as_tables(self) -> "Iterator[Table | str]":
        """Yield the figures for people."""
        told = self.as_json()
        yield f"answered by {self.model}"
        yield ""
        yield _table("held out", _kinds(told))
        if len(told["by_language"]) > 1:
            yield ""
            yield _table("rest of a line in", told["by_language"])
        yield ""
        yield _table("the same without a model", told["baselines"])
        yield ""
        yield _LEGEND.format(characters=told["characters"])
        if self.errors:
            yield f"{len(self.errors)} errors: {'; '.join(dict.fromkeys(self.errors[:3]))}"

    def _of(self, kind: str) -> list[Answered]:
        return [it for it in self.answers if it.kind == kind]


def _kinds(told: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the rows of kinds, with parts of the lines beneath the lines."""
    rows = dict(told["by_kind"])
    line, blind, same = (rows.pop(it) for it in ("line", "line_blind", "duplicated"))
    line = {**line, "saved": told["saved"]}
    return {
        "line": line,
        "  found nowhere else": told["unique"],
        "duplicated": same,
        "line_blind": blind,
        **rows,
    }


def _table(title: str, rows: Mapping[str, Mapping[str, Any]]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 0, 0, 1), header_style="bold cyan")
    table.add_column(title, min_width=24, no_wrap=True)
    for name in _COLUMNS.values():
        table.add_column(name, justify="right", no_wrap=True)
    for name, row in rows.items():
        if row["tasks"] or row["saved"] is not None:
            table.add_row(Text(_NAMES.get(name, name)), *(_cell(row, key) for key in _COLUMNS))
    return table


def _cell(row: Mapping[str, Any], key: str) -> str:
    value = row[key]
    unseen = key in {"shown_exact", "shown_right"} and not row["shown"]
    if value is None or unseen or (key != "saved" and not row["tasks"]):
        return _NONE
    if key == "tasks":
        return f"{value:,}"
    return f"{value:.2f}" if key == "edit_similarity" else f"{value:.1%}"


def _saved(*typed: Typed) -> float | None:
    """Return which share of the characters needed no key, None if nothing was typed."""
    characters = sum(it.characters for it in typed)
    return round(sum(it.saved for it in typed) / characters, 4) if characters else None


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(value, 4) for value in values]
