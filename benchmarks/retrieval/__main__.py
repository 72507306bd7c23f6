"""Score retrieval on pinned packages: `python -m benchmarks.retrieval` from the checkout.

Prints two tables, in percent, each row one way to put pieces of the repository in order:

* recall: how often the signature of what the line uses is among those that fit the budget;
* coverage: how much of the identifiers that are new in the line, those that do not occur above it,
  the context shows; the open file itself is not part of it.

The same packages, tasks and figures each time; `benchmarks/retrieval.csv` holds the last ones kept.
"""

import argparse
import csv
import json
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Final, TypeAlias

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.distributions import CACHE, obtain
from benchmarks.retrieval.baselines import Baselines
from benchmarks.retrieval.measure import COVERAGE_BUDGETS, RECALL_BUDGETS, covered, recalled
from benchmarks.retrieval.ours import Ours
from benchmarks.retrieval.packages import PACKAGES, Package
from benchmarks.retrieval.ranker import Ranker
from benchmarks.retrieval.repository import Repository, read
from benchmarks.retrieval.tasks import KINDS, Task, tasks_of

_MOST: Final = 60
"""Tasks of each kind and package."""

_Column: TypeAlias = tuple[str, str, int]
"""Measure, kind of task, budget."""
_COLUMNS: Final[tuple[_Column, ...]] = (
    *(("recall", kind, budget) for kind in KINDS[:2] for budget in RECALL_BUDGETS),
    *(("coverage", kind, budget) for kind in KINDS for budget in COVERAGE_BUDGETS),
)


class Scores:
    """What was measured so far, by row and column."""

    def __init__(self) -> None:
        self._values: dict[str, dict[_Column, list[float]]] = {}

    def add(self, row: str, ranker: Ranker, task: Task) -> None:
        """Measure what the row says of a task."""
        columns = self._values.setdefault(row, {})
        for measure, kind, budget in _COLUMNS:
            if kind == task.kind:
                score = recalled if measure == "recall" else covered
                value = score(ranker, task, budget)
                if value is not None:
                    columns.setdefault((measure, kind, budget), []).append(value)

    def means(self) -> dict[str, dict[_Column, float]]:
        """Return percentages; what a row has nothing to say about is left out."""
        return {
            row: {column: round(100 * fmean(values), 1) for column, values in columns.items()}
            for row, columns in self._values.items()
        }


def main() -> None:
    """Fetch what is missing, score each row on each task, and print."""
    options = _options()
    console = Console(stderr=True)
    scores, total = Scores(), 0
    with Progress(console=console) as progress:
        bar = progress.add_task("scoring", total=len(options.packages))
        for package in options.packages:
            progress.update(bar, description=package.name)
            repository = read(obtain(package.distribution, options.cache), package.root)
            tasks = tasks_of(repository, package.sources, options.limit)
            total += len(tasks)
            for name, ranker in _rows(repository).items():
                for task in tasks:
                    scores.add(name, ranker, task)
            progress.advance(bar)
    means = scores.means()
    if options.json:
        print(json.dumps(list(_records(means)), indent=2))  # noqa: T201  # what was asked for
    else:
        output = Console()
        for measure in ("recall", "coverage"):
            output.print(_table(means, measure))
        output.print(f"{total} tasks, in percent; budgets in o200k tokens", style="dim")
    if options.csv:
        _write(options.csv, means)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--cache", type=Path, default=CACHE, help="where packages are kept")
    parser.add_argument("--limit", type=int, default=_MOST, help="tasks of each kind and package")
    parser.add_argument("--package", action="append", dest="packages", type=_package, default=None)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--csv", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    options.packages = options.packages or list(PACKAGES)
    return options


def _package(name: str) -> Package:
    found = {it.name: it for it in PACKAGES}
    if name not in found:
        raise argparse.ArgumentTypeError(f"choose from {', '.join(found)}")
    return found[name]


def _rows(repository: Repository) -> dict[str, Ranker]:
    return {
        **Baselines(repository).rows(),
        "spark-lsp, lines above only": Ours(repository, below=False),
        "spark-lsp": Ours(repository, below=True),
    }


def _table(means: dict[str, dict[_Column, float]], measure: str) -> Table:
    columns = [column for column in _COLUMNS if column[0] == measure]
    table = Table(measure, box=None)
    for _, kind, budget in columns:
        table.add_column(f"{kind}\n{budget // 1000}k", justify="right")
    for row, found in means.items():
        if any(column in found for column in columns):
            cells = (f"{found[column]:.1f}" if column in found else "" for column in columns)
            table.add_row(row, *cells)
    return table


def _records(means: dict[str, dict[_Column, float]]) -> Iterator[dict[str, str | int | float]]:
    for row, found in means.items():
        for measure, kind, budget in _COLUMNS:
            if (value := found.get((measure, kind, budget))) is not None:
                yield {
                    "row": row,
                    "measure": measure,
                    "kind": kind,
                    "budget": budget,
                    "percent": value,
                }


def _write(path: Path, means: dict[str, dict[_Column, float]]) -> None:
    """Write a row for each way, so that a change of a figure is one changed line."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["row", *(f"{measure} {kind} {size}" for measure, kind, size in _COLUMNS)])
        for row, found in means.items():
            writer.writerow([row, *(found.get(column, "") for column in _COLUMNS)])


if __name__ == "__main__":
    main()
