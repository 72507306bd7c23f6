"""How good an order is: what of it lies within a budget of tokens."""

from collections.abc import Iterable
from typing import Final

from benchmarks.retrieval.count import tokens
from benchmarks.retrieval.ranker import Piece, Ranker
from benchmarks.retrieval.repository import WORD
from benchmarks.retrieval.tasks import Task

RECALL_BUDGETS: Final = (2_000, 8_000)
COVERAGE_BUDGETS: Final = (8_000, 32_000, 128_000)


def recalled(ranker: Ranker, task: Task, budget: int) -> bool | None:
    """Whether the gold definition's signature is among those that fit; None if not ranked."""
    pieces = ranker.signatures(task, budget)
    if pieces is None or task.gold is None:
        return None
    spent = 0
    for piece in pieces:
        spent += tokens(piece.text) + 1  # the newline between pieces
        if spent > budget:
            return False
        if piece.speaks_for(task.gold):
            return True
    return False


def covered(ranker: Ranker, task: Task, budget: int) -> float | None:
    """Return the share of the line's novel identifiers in what fits; None if there are none."""
    pieces = ranker.context(task, budget) if task.novel else None
    if pieces is None:
        return None
    missing = set(task.novel)
    for text in _within(pieces, budget):
        missing.difference_update(WORD.findall(text))
        if not missing:
            break
    return 1 - len(missing) / len(task.novel)


def _within(pieces: Iterable[Piece], budget: int) -> Iterable[str]:
    """Yield texts up to the budget, the last one cut at the end of a line."""
    left = budget
    for piece in pieces:
        needed = tokens(piece.text) + 1
        if needed > left:
            yield _cut(piece.text, left)
            return
        left -= needed
        yield piece.text


def _cut(text: str, budget: int) -> str:
    lines = text.split("\n")
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high + 1) // 2
        if tokens("\n".join(lines[:middle])) <= budget:
            low = middle
        else:
            high = middle - 1
    return "\n".join(lines[:low])
