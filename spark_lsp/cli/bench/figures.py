"""One measured value beside its baseline, and how both are told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, TypeAlias

from rich.table import Table

_MANY = 1000
"""From here on a number is told without decimals."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value.

    Attributes:
        value: what was measured, in `unit`.
        unit: "ms", "µs", "tokens/s", "MB", "bytes", "tokens" or "1".
        baseline: the same unit, measured in the same run on something simpler; 0 if there is none.
        against: what the baseline is, or why there is none.
        budget: what the value should keep to, or None.
        more: whether more is better.
    """

    value: float
    unit: str
    baseline: float
    against: str
    budget: float | None = None
    more: bool = False

    @property
    def ok(self) -> bool:
        """Whether the budget is kept."""
        if self.budget is None:
            return True
        return self.value >= self.budget if self.more else self.value <= self.budget

    def as_json(self) -> dict[str, Any]:
        """Return the object that `bench --json` prints."""
        return {
            "value": round(self.value, 4),
            "unit": self.unit,
            "baseline": round(self.baseline, 4),
            "against": self.against,
            "ratio": round(self.value / self.baseline, 3) if self.baseline else None,
            "budget": None if self.budget is None else round(self.budget, 4),
            "ok": self.ok,
        }


Figures: TypeAlias = dict[str, Figure]
Tell: TypeAlias = Callable[[str], None]
"""Says what is being measured, to whoever waits."""


def table(results: Mapping[str, Figures]) -> Table:
    """Return the figures for people."""
    made = Table(box=None, pad_edge=False)
    for title in ("", "figure", "value", "baseline", "ratio", "budget", ""):
        made.add_column(title, justify="right" if title in {"value", "ratio", "budget"} else "left")
    for name, figures in results.items():
        for title, figure in figures.items():
            sign = "≥" if figure.more else "≤"
            baseline = f"{number(figure.baseline)} " if figure.baseline else ""
            made.add_row(
                name,
                title,
                f"{number(figure.value)} {figure.unit}",
                f"[dim]{baseline}{figure.against}[/]",
                f"{figure.value / figure.baseline:.2f}" if figure.baseline else "-",
                f"{sign} {number(figure.budget)}" if figure.budget is not None else "",
                "[green]ok[/]" if figure.ok else "[red]over[/]",
            )
    return made


def number(value: float) -> str:
    """Return a number in three digits, or more if it is large."""
    return f"{value:,.3g}" if abs(value) < _MANY else f"{value:,.0f}"


def middle(values: list[float]) -> float:
    """Return the median, 0 of nothing."""
    return median(values) if values else 0.0
