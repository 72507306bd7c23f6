"""What every row of the table is: a way to put pieces of a repository in order for a task."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from benchmarks.retrieval.repository import Definition
from benchmarks.retrieval.tasks import Task


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that is shown to the model, and the lines it speaks for; counted from 1, inclusive."""

    path: str
    start: int
    end: int
    text: str

    def speaks_for(self, definition: Definition) -> bool:
        """Whether the definition lies within these lines."""
        return (
            self.path == definition.path
            and self.start <= definition.start
            and definition.end <= self.end
        )


class Ranker(Protocol):
    """Puts pieces in order, the best first; tokens are counted, and cut, by who asks."""

    def signatures(self, task: Task, budget: int) -> Iterable[Piece] | None:
        """Yield signatures for a budget in tokens; None if this row is about contexts alone."""

    def context(self, task: Task, budget: int) -> Iterable[Piece] | None:
        """Yield texts for a budget in tokens; None if this row is about signatures alone."""


def signature(definition: Definition) -> Piece:
    """Return what of a definition is shown where only signatures are."""
    return Piece(definition.path, definition.start, definition.end, definition.signature)


def body(definition: Definition) -> Piece:
    """Return the definition itself."""
    return Piece(definition.path, definition.start, definition.end, definition.text)
