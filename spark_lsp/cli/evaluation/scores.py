"""How good answers are, in figures: pure, and the same for a model and for what it is compared to.

Owns what each figure means:

- exact_match: share of all tasks whose first line the best guess gets right to its end;
- edit_similarity: 1 - Levenshtein distance / length of the longer text, the mean over all tasks; of
  blocks all of the text is compared, of the rest the first line;
- shown: share of the tasks where something was shown unasked;
- shown_exact: share of those whose first line was right to its end;
- shown_right: share of those that were right as far as they went;
- calibration_error: by how much confidence and the share that is exact differ, the mean over ten
  bins of equal width, each weighted by its answers.

Shares are from 0 to 1, and 0 of nothing; blanks at the end of a line make no difference.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, NamedTuple

from spark_lsp.cli.evaluation.sources import first_line

BINS: Final = 10
"""Bins of confidence."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one task.

    Attributes:
        kind: of the task.
        language: of its file.
        duplicated: whether its line stands elsewhere, too.
        expected: what was held out.
        shown: what was shown unasked, or "".
        said: the best guess, shown or not, or "".
        confidence: how sure of it the server was, from 0 to 1, or None if it did not say.
    """

    kind: str
    language: str
    duplicated: bool
    expected: str
    shown: str
    said: str
    confidence: float | None = None

    @property
    def exact(self) -> bool:
        """Whether the first line of the best guess is right to its end."""
        return bool(self.said) and first_line(self.said) == first_line(self.expected)

    @property
    def similarity(self) -> float:
        """How near the best guess comes to what was held out."""
        if self.kind == "block":
            return similarity(self.said.rstrip(), self.expected.rstrip())
        return similarity(first_line(self.said), first_line(self.expected))

    @property
    def shown_exact(self) -> bool:
        """Whether something was shown whose first line is right to its end."""
        return bool(self.shown) and first_line(self.shown) == first_line(self.expected)

    @property
    def shown_right(self) -> bool:
        """Whether something was shown whose first line is right as far as it goes."""
        return bool(self.shown) and first_line(self.expected).startswith(first_line(self.shown))


class Bin(NamedTuple):
    """Answers of about the same confidence: its mean, the share that was exact, how many."""

    confidence: float
    exact: float
    answers: int


class Point(NamedTuple):
    """If only answers of at least a confidence were shown: their share, and how many are exact."""

    confidence: float
    shown: float
    exact: float


def figures(answers: Sequence[Answered], saved: float | None = None) -> dict[str, Any]:
    """Return the figures of some tasks; `saved` is known from elsewhere, None if it is not."""
    shown = [it for it in answers if it.shown]
    return {
        "tasks": len(answers),
        "exact_match": share(it.exact for it in answers),
        "edit_similarity": share(it.similarity for it in answers),
        "shown": share(bool(it.shown) for it in answers),
        "shown_exact": share(it.shown_exact for it in shown),
        "shown_right": share(it.shown_right for it in shown),
        "saved": saved,
        "calibration_error": calibration_error(bins(answers)),
    }


def share(values: Iterable[float]) -> float:
    """Return the mean, 0 of nothing, to four places."""
    every = [*values]
    return round(sum(every) / len(every), 4) if every else 0.0


def bins(answers: Iterable[Answered]) -> list[Bin]:
    """Return the answers by their confidence, in bins of equal width that are not empty."""
    held: dict[int, list[tuple[float, bool]]] = {}
    for answer in answers:
        if answer.confidence is not None:
            at = min(BINS - 1, max(0, int(answer.confidence * BINS)))
            held.setdefault(at, []).append((answer.confidence, answer.exact))
    return [
        Bin(sum(sure for sure, _ in it) / len(it), sum(right for _, right in it) / len(it), len(it))
        for _, it in sorted(held.items())
    ]


def calibration_error(held: Sequence[Bin]) -> float | None:
    """Return by how much confidence is wrong, or None if nobody told any."""
    answers = sum(it.answers for it in held)
    if not answers:
        return None
    return round(sum(abs(it.confidence - it.exact) * it.answers for it in held) / answers, 4)


def curve(answers: Sequence[Answered]) -> list[Point]:
    """Return how many of what is shown are exact, the surest answers first.

    One point for each confidence, which is the least that is shown there.
    """
    told = sorted(
        ((it.confidence, it.exact) for it in answers if it.confidence is not None), reverse=True
    )
    points = []
    shown = right = 0
    for confidence, group in groupby(told, key=lambda it: it[0]):
        for _, exact in group:
            shown, right = shown + 1, right + exact
        points.append(Point(confidence, shown / len(answers), right / shown))
    return points


def similarity(one: str, other: str) -> float:
    """Return 1 for equal texts, 0 for such as have nothing in common."""
    longest = max(len(one), len(other))
    return 1 - distance(one, other) / longest if longest else 1.0


def distance(one: str, other: str) -> int:
    """Return how many characters to insert, delete or replace: the Levenshtein distance.

    A column of the classic table is held in the bits of two numbers (Myers, 1999): that its values
    go up from row to row, and that they go down. So a character costs a few operations on numbers.
    """
    if not one or not other:
        return len(one) + len(other)
    rows: dict[str, int] = {}
    for row, char in enumerate(one):
        rows[char] = rows.get(char, 0) | 1 << row
    every, last = (1 << len(one)) - 1, 1 << len(one) - 1
    up, down, found = every, 0, len(one)
    for char in other:
        equal = rows.get(char, 0)
        level = (((equal & up) + up) ^ up) | equal | down
        right, left = (down | ~(level | up)) & every, level & up
        found += bool(right & last) - bool(left & last)
        right, left = (right << 1 | 1) & every, left << 1 & every
        up, down = (left | ~(level | right)) & every, level & right
    return found
