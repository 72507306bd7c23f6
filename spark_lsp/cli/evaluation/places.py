"""Which pieces of a repository are held out, so that they can be completed or typed.

Owns the choice, which depends on nothing but the files: the same repository gives the same tasks
on every machine. Where names of other files are used is found by `uses`, the bodies of functions by
`bodies`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import sqrt
from typing import Final

from spark_lsp.cli.drive import Hole, hole
from spark_lsp.cli.evaluation.bodies import bodies
from spark_lsp.cli.evaluation.sources import Source, Task, spread
from spark_lsp.cli.evaluation.uses import uses
from spark_lsp.engine.lexer import lex

_SAYING: Final = 12
"""Characters of a line that is not found twice by chance."""
_MOST_TYPED: Final = 1_000_000
"""Characters of a file above which nobody types in it."""
_TYPED_LINES: Final = 20
"""Lines that are typed in a file."""


def places(sources: Sequence[Source], most: int) -> list[Task]:
    """Return at most so many tasks of each kind, spread over all the files.

    They are in the order of `sources.KINDS`.
    """
    first, later = uses(sources)
    others = [*_some(first, most), *_some(later, most), *_some(bodies(sources), most)]
    return [*lines(sources, most), *_flagged(sources, others)]


def lines(sources: Sequence[Source], most: int) -> list[Task]:
    """Return at most so many tasks of kind "line", and the same as "line_blind".

    These need nothing of what files define.
    """
    seen = _flagged(sources, _lines(sources, most))
    return [*seen, *(replace(task, kind="line_blind", blind=True) for task in seen)]


def typed(sources: Iterable[Source], most: int) -> list[Source]:
    """Return at most so many files in which something is to be typed, spread over all."""
    fit = [
        source
        for source in sources
        if source.text.string.strip() and len(source.text) <= _MOST_TYPED
    ]
    return [fit[index] for index in spread(most, len(fit))]


def holes(sources: Iterable[Source], most: int) -> list[tuple[Source, Hole]]:
    """Return what is typed in at most so many files, and where."""
    cuts = [
        (source, hole(source.text, source.path, _TYPED_LINES)) for source in typed(sources, most)
    ]
    return [(source, cut) for source, cut in cuts if cut.missing.strip()]


def _some(tasks: Sequence[Task], most: int) -> list[Task]:
    return [tasks[index] for index in spread(most, len(tasks))]


def _lines(sources: Sequence[Source], most: int) -> list[Task]:
    """Return tasks that hold out the rest of a line, from a boundary of its tokens on."""
    candidates = [
        (source, row)
        for source in sources
        for row in range(len(source.lines))
        if source.is_worth(row) and len(lex(source.lines[row].strip())) > 1
    ]
    tasks = []
    for number, index in enumerate(spread(most, len(candidates))):
        source, row = candidates[index]
        line = source.lines[row]
        tokens = lex(line.strip())
        kept = 1 + int(number * sqrt(2) % 1 * (len(tokens) - 1))
        cut = len(line) - len(line.lstrip()) + sum(map(len, tokens[:kept]))
        start = source.text.line_start(row)
        tasks.append(
            Task("line", source.path, source.language.name, start + cut, start + len(line))
        )
    return tasks


def _flagged(sources: Sequence[Source], tasks: Iterable[Task]) -> list[Task]:
    """Return tasks with a mark on those whose line stands elsewhere, too."""
    lines = Counter(line.strip() for source in sources for line in source.lines)
    texts = {source.path: source.text for source in sources}
    flagged = []
    for task in tasks:
        text = texts[task.path]
        line = text.line(text.line_at(task.start)).strip()
        flagged.append(replace(task, duplicated=len(line) >= _SAYING and lines[line] > 1))
    return flagged
