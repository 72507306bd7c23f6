"""When a server can be asked: the workspace is indexed, and the embedded engine has learned it.

Owns how that is found out. Asked to explain itself the server tells whether it has indexed
everything, and of its model it tells by a status. Of learning it says nothing, so the engine is
asked for what only those can know who have learned: lines of the workspace that stand nowhere else,
behind the lines that stand before them, as a file of another name. What is learned last is asked
for, too.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from spark_lsp.cli.evaluation.asking import INVOKED, Examination
from spark_lsp.cli.evaluation.sources import Source, first_line, spread
from spark_lsp.core.secrets import redact
from spark_lsp.engine.lexer import lex

_PROBES: Final = 6
_BEFORE: Final = 30
"""Lines before the one that is asked for."""
_SAYING: Final = 24
"""Characters of a line that can be known again."""
_TOLD: Final = 10
"""Characters of an answer that nobody can have guessed."""
_PAUSE: Final = 0.05
"""Seconds between two questions, or rounds of them."""
_STILL: Final = 3.0
"""Seconds in which nothing more becomes known after which no more will."""
_LEARNING: Final = 20.0
"""Seconds in which something must have become known, on the slowest machine."""
_INDEXING: Final = 300.0
"""Seconds that the index may take, which has just been brought up to date on disk."""
_CONNECTING: Final = 15.0
"""Seconds in which the server says who answers."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A text, and how it goes on if its line is known."""

    path: str
    before: str
    expected: str


async def ready(examination: Examination, sources: Sequence[Source], *, learns: bool) -> None:
    """Wait until a server is ready; `learns` says whether the embedded engine answers.

    It is not waited for without end: who is not ready by then will not be.
    """
    loop = asyncio.get_running_loop()
    await examination.until(lambda: not examination.busy, _CONNECTING)
    open_ = probes(sources) if learns else []
    began = since = loop.time()
    known = 0
    while open_ and loop.time() < (since + _STILL if known else began + _LEARNING):
        wrong = [it for it in open_ if not await _knows(examination, it)]
        if len(wrong) < len(open_):
            known, since = known + len(open_) - len(wrong), loop.time()
        open_ = wrong
        if open_:
            await asyncio.sleep(_PAUSE)
    for _ in range(round(_INDEXING / _PAUSE)):
        if await examination.indexed():
            return
        await asyncio.sleep(_PAUSE)


async def _knows(examination: Examination, probe: Probe) -> bool:
    answer = await examination.said(probe.path, probe.before, "", INVOKED)
    said = first_line(answer.text)
    return probe.expected.startswith(said) and len(said) >= min(_TOLD, len(probe.expected))


def probes(sources: Sequence[Source]) -> list[Probe]:
    """Return a few probes spread over the files, and one of the last file that is fit for it."""
    lines = Counter(line.strip() for source in sources for line in source.lines)
    fit = [probe for source in reversed(sources) for probe in _probes(source, lines)]
    return [fit[index] for index in {0, *spread(_PROBES, len(fit))} if fit]


def _probes(source: Source, lines: Counter[str]) -> Iterator[Probe]:
    """Yield one probe at most: a line in the lower half of a file that stands nowhere else."""
    if redact(source.text.string) != source.text.string:
        return  # what is masked is not learned
    middle = len(source.lines) // 2
    for row in range(middle, len(source.lines)):
        line = source.lines[row]
        tokens = lex(line)
        if len(line.strip()) >= _SAYING and lines[line.strip()] == 1 and source.is_worth(row):
            cut = sum(map(len, tokens[: len(tokens) // 2]))
            before = [*source.lines[max(0, row - _BEFORE) : row], line[:cut]]
            folder, _, name = source.path.rpartition("/")
            path = f"{folder}/spark-probe-{name}" if folder else f"spark-probe-{name}"
            yield Probe(path, "\n".join(before), line[cut:].rstrip())
            return
