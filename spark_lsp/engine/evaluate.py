"""How good the engine is: rest-of-line completion over a set of files, each line held out in turn.

Owns the choice of tasks, which depends on nothing but the files, and the score. The learned copy
of a task's file has no say in its completion, so one engine serves all tasks; who reads the files
and who prints the figures is not decided here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Final

from spark_lsp.engine.lexer import lex
from spark_lsp.engine.model import Engine, Gate

UNGATED: Final = Gate(line=0.0, fragment=0.0, further=2.0, floor=0.0, lines=1)
"""Shows one line, however unlikely: what the engine would say if it had to."""
_WIDEST: Final = 200
"""Characters of the longest line that is asked for."""


@dataclass(frozen=True, slots=True)
class Task:
    """A place in a file, and the rest of its line."""

    path: str
    prefix: str
    expected: str
    """What stands between the cursor and the end of the line, white space at its end cut."""
    suffix: str
    """What comes after the line, from its newline on."""


@dataclass(frozen=True, slots=True)
class Score:
    """Shares of all tasks, unless said otherwise."""

    tasks: int
    """How many tasks there were."""
    exact_match: float
    """Right to the end of the line, shown or not."""
    shown: float
    """Something passed the gate."""
    shown_exact: float
    """Of those shown: the first line is right to its end."""
    shown_right: float
    """Of those shown: the first line is right as far as it goes."""


def tasks_of(files: Mapping[str, str], count: int) -> list[Task]:
    """`count` cursors spread over the lines with text, each at a boundary of tokens within."""
    lines = [
        (path, row)
        for path in sorted(files)
        for row, line in enumerate(files[path].split("\n"))
        if len(line) <= _WIDEST and len(lex(line.strip())) > 1
    ]
    tasks: list[Task] = []
    for number in range(count if lines else 0):
        # Multiples of irrational numbers spread evenly, and alike on every machine.
        path, row = lines[int(number * sqrt(5) / 2 % 1 * len(lines))]
        text = files[path].split("\n")
        line = text[row]
        start = len(line) - len(line.lstrip())
        tokens = lex(line.strip())
        kept = 1 + int(number * sqrt(2) % 1 * (len(tokens) - 1))
        cut = start + sum(map(len, tokens[:kept]))
        tasks.append(
            Task(
                path,
                "\n".join([*text[:row], line[:cut]]),
                line[cut:].rstrip(),
                "\n" + "\n".join(text[row + 1 :]),
            )
        )
    return tasks


def score(files: Mapping[str, str], tasks: Iterable[Task], gate: Gate = Gate()) -> Score:  # noqa: B008  # frozen
    """Learns `files` and completes every task, once without a gate and once with `gate`."""
    ungated, gated = Engine(UNGATED), Engine(gate)
    ungated.learn(files)
    gated.learn(files)
    total = exact = shown = shown_exact = shown_right = 0
    for task in tasks:
        said = _first_line(ungated, task)
        seen = _first_line(gated, task)
        total += 1
        exact += said == task.expected
        shown += bool(seen)
        shown_exact += bool(seen) and seen == task.expected
        shown_right += bool(seen) and task.expected.startswith(seen)
    return Score(
        total,
        exact / max(total, 1),
        shown / max(total, 1),
        shown_exact / max(shown, 1),
        shown_right / max(shown, 1),
    )


def _first_line(engine: Engine, task: Task) -> str:
    text = "".join(piece.text for piece in engine.complete(task.path, task.prefix, task.suffix))
    return text.split("\n", 1)[0].rstrip()
