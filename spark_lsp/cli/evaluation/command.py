"""`spark-lsp eval`: hold out code of a repository, have it completed, and score that.

Owns the order in which it is done, and what a person sees meanwhile. The server is the one that
editors start, the files are only read, and the same repository gives the same tasks each time.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from spark_lsp.cli.drive import Hole
from spark_lsp.cli.errors import CommandError
from spark_lsp.cli.evaluation.asking import Examination, Typed, examined
from spark_lsp.cli.evaluation.baselines import BASELINES, saved
from spark_lsp.cli.evaluation.drawing import drawn
from spark_lsp.cli.evaluation.outcome import Outcome
from spark_lsp.cli.evaluation.places import holes, places
from spark_lsp.cli.evaluation.readiness import ready
from spark_lsp.cli.evaluation.scores import Answered, bins, curve
from spark_lsp.cli.evaluation.sources import NOT_CODE, Source, Task, by_path
from spark_lsp.cli.files import config_options, directory
from spark_lsp.cli.survey import survey
from spark_lsp.core import languages
from spark_lsp.core.records import Record
from spark_lsp.core.settings import EMBEDDED
from spark_lsp.core.text import Text
from spark_lsp.server import configuration, walk


def run(arguments: argparse.Namespace) -> int:
    """Evaluate on a directory; returns the exit status."""
    root = directory(arguments.directory)
    if arguments.picture:
        directory(arguments.picture.absolute().parent, "--picture")
    options = config_options(arguments.config)
    settings = configuration.load(arguments.config)
    if not settings.enabled:
        raise CommandError("completions are switched off: set enabled = true to evaluate them")
    embedded = settings.provider() is None
    model = EMBEDDED if embedded else f"{settings.model} at {settings.model_provider}"
    sources = _sources(root)
    tasks = places(sources, arguments.tasks)
    if not tasks:
        raise CommandError(f"{root} holds no code to hold out: name a repository with some", 2)
    cuts = holes(sources, arguments.files)
    outcome = Outcome(model)
    work = partial(_examine, sources, tasks, cuts, outcome, learns=embedded)
    window = None if embedded else settings.model_context_window
    report = asyncio.run(examined(root, options, window, work))
    outcome.errors += report.errors
    for notice in report.notices:
        sys.stderr.write(f"spark-lsp: {notice}\n")
    _compare(sources, tasks, cuts, outcome)
    if arguments.picture:
        _save(arguments.picture, root, outcome)
    if arguments.json:
        sys.stdout.write(json.dumps(outcome.as_json()) + "\n")
    else:
        console = Console()
        for part in outcome.as_tables():
            console.print(part, highlight=False, markup=False)
    sys.stdout.flush()
    return 1 if outcome.errors else 0


def _sources(root: Path) -> list[Source]:
    """Return the files of code, in the order in which a workspace is walked."""
    records: dict[str, Record] = {}

    def taken(files: Mapping[str, Record | None]) -> None:
        records.update({path: it for path, it in files.items() if it is not None})

    survey(root, taken, count=False)
    sources = []
    for entry in walk.walk(root):
        language, record = languages.by_path(entry.path), records.get(entry.path)
        if language is None or language.name in NOT_CODE or record is None:
            continue
        if (text := walk.read(root, entry.path)) is not None:
            sources.append(Source(entry.path, language, Text(text), record.symbols))
    return sources


async def _examine(
    sources: Sequence[Source],
    tasks: Sequence[Task],
    cuts: Sequence[tuple[Source, Hole]],
    outcome: Outcome,
    examination: Examination,
    *,
    learns: bool,
) -> None:
    files = by_path(sources)
    with _progress() as progress:
        bar = progress.add_task("waiting for the server", total=len(tasks) + len(cuts))
        await ready(examination, sources, learns=learns)
        progress.update(bar, description="completing")
        # One file after another, as a person works.
        for task in sorted(tasks, key=lambda task: task.path):
            outcome.answers.append(await examination.answered(task, files[task.path]))
            progress.advance(bar)
        progress.update(bar, description="typing")
        for source, cut in cuts:
            came = await examination.typed(source, cut)
            sum_ = outcome.typed.setdefault(source.language.name, Typed())
            sum_.characters += came.characters
            sum_.saved += came.saved
            progress.advance(bar)


def _compare(
    sources: Sequence[Source],
    tasks: Sequence[Task],
    cuts: Sequence[tuple[Source, Hole]],
    outcome: Outcome,
) -> None:
    """Have the baselines do what the server has done."""
    files = by_path(sources)
    for name, baseline in BASELINES.items():
        answers = outcome.rivals.setdefault(name, [])
        for task in tasks:
            if task.kind != "line":
                continue
            text = files[task.path].text
            said = baseline(task.before(text), task.after(text)).offer()
            told = (task.kind, task.language, task.duplicated, task.held(text))
            answers.append(Answered(*told, said, said))
        came = outcome.rivals_typed.setdefault(name, Typed())
        for _, cut in cuts:
            came.characters += len(cut.missing)
            came.saved += saved(baseline(cut.before, cut.after), cut.missing)


def _save(path: Path, root: Path, outcome: Outcome) -> None:
    title = f"{outcome.model} on {root.name}: {len(outcome.answers):,} pieces held out"
    try:
        path.write_text(drawn(title, bins(outcome.answers), curve(outcome.answers)), "utf-8")
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}") from None


def _progress() -> Progress:
    """Return a bar on standard error, which shows nothing where that is no terminal."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
