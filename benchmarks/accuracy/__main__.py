"""Score the embedded engine on pinned distributions: `python -m benchmarks.accuracy`.

Learns each distribution of the evaluation set, holds out rests of lines of it, and types in some of
its files. Prints the figures in percent, beside each what it differs by from `accuracy.csv`, and
writes them there, and which engine they are of to `accuracy.engine`; of a part of the set, or with
other tasks, nothing is written. With `--check` nothing is either, and the exit status is 1 if a
figure of all is worse than it was by more than half a point.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress

from benchmarks.accuracy.digest import digest
from benchmarks.accuracy.measuring import Measured, measured
from benchmarks.accuracy.table import Row, read, rows, table, worse, write
from benchmarks.distributions import CACHE, Distribution, distributions, obtain

FIGURES: Final = Path(__file__).parents[1] / "accuracy.csv"
"""The figures that were kept last."""
MEASURED: Final = FIGURES.with_suffix(".engine")
"""Which engine they are of."""
_TASKS: Final = 100
"""Lines held out of each distribution, unless said otherwise."""
_FILES: Final = 6
"""Files typed in of each."""
_WIDTH: Final = 150
"""Columns where nobody says how wide a line may be."""


def main() -> int:
    """Obtain what is missing, measure, print and keep; returns the exit status."""
    options = _options()
    chosen = options.only or list(distributions("evaluation"))
    whole = not options.only and options.tasks == _TASKS
    of = digest()
    before, now = read(FIGURES), _measured(chosen, options.cache, options.tasks)
    known = [row for row in before if whole or row.name in {it.name for it in chosen}]
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    console.print(table(known if options.tasks == _TASKS else [], now), highlight=False)
    verdict = worse(known, now)
    sys.stderr.write(f"{verdict}\n" if verdict else "")
    if whole and not options.check:
        write(FIGURES, now)
        MEASURED.write_text(f"{of}\n", encoding="utf-8")
    return 1 if verdict and options.check else 0


def _measured(chosen: Sequence[Distribution], cache: Path, tasks: int) -> list[Row]:
    """Measure distributions beside each other, as many as there are processors."""
    found: dict[str, dict[str, Measured]] = {}
    console = Console(stderr=True)
    spawning = get_context("spawn")  # the bar has a thread, which no fork survives whole
    with (
        Progress(console=console) as progress,
        ProcessPoolExecutor(os.cpu_count(), spawning) as pool,
    ):
        bar = progress.add_task("obtaining", total=len(chosen))
        running = {}
        for it in chosen:
            running[pool.submit(measured, obtain(it, cache), tasks, _FILES)] = it.name
        progress.update(bar, description="scoring")
        for done in as_completed(running):
            found[running[done]] = done.result()
            progress.advance(bar)
    return rows({it.name: found[it.name] for it in chosen})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--cache", type=Path, default=CACHE, help="where distributions are kept")
    parser.add_argument(
        "--tasks", type=_number, default=_TASKS, help=f"lines held out of each ({_TASKS})"
    )
    parser.add_argument(
        "--only",
        action="append",
        type=_distribution,
        metavar="NAME",
        help="one of them, may be repeated",
    )
    parser.add_argument("--check", action="store_true", help="write nothing, fail if it is worse")
    options = parser.parse_args()
    if options.check and (options.only or options.tasks != _TASKS):
        parser.error("--check compares the whole set: leave out --only and --tasks")
    return options


def _number(told: str) -> int:
    number = int(told)
    if number < 1:
        raise argparse.ArgumentTypeError("name a number from 1 on")
    return number


def _distribution(name: str) -> Distribution:
    found = {it.name: it for it in distributions("evaluation")}
    if name not in found:
        raise argparse.ArgumentTypeError(f"choose from {', '.join(found)}")
    return found[name]


if __name__ == "__main__":
    sys.exit(main())
