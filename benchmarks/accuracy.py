"""Score the embedded engine on repositories: `python benchmarks/accuracy.py DIR...`.

For random lines of each repository, the rest of the line is completed with the file's own learned
copy left out, with and without what follows the cursor. Prints a row for each repository and the
mean. Unpacked source distributions are good input; nothing of them is kept.
"""

import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from spark_lsp.core.languages import by_path
from spark_lsp.engine.evaluate import score, tasks_of
from spark_lsp.server import walk

_TASKS = 400


def main() -> None:
    """Score each directory named on the command line."""
    folders = [Path(argument) for argument in sys.argv[1:]]
    if not folders or not all(folder.is_dir() for folder in folders):
        sys.exit("usage: python benchmarks/accuracy.py DIR...")
    table = Table("repository", "exact", "without suffix", "shown", "of those right", box=None)
    rows: list[tuple[float, ...]] = []
    for folder in track(folders, console=Console(stderr=True), description="scoring"):
        rows.append(row_of(folder))
        table.add_row(folder.name, *(f"{value:.1%}" for value in rows[-1]))
    mean = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    table.add_row("mean", *(f"{value:.1%}" for value in mean), style="bold")
    Console().print(table)


def row_of(folder: Path) -> tuple[float, ...]:
    """Return the figures of a repository, each a share of its lines or of those shown."""
    files = {
        entry.path: text
        for entry in walk.walk(folder)
        if by_path(entry.path) and (text := walk.read(folder, entry.path))
    }
    tasks = tasks_of(files, _TASKS)
    seen = score(files, tasks)
    blind = score(files, [replace(task, suffix="") for task in tasks])
    return seen.exact_match, blind.exact_match, seen.shown, seen.shown_right


if __name__ == "__main__":
    main()
