"""What was taken over from the fast model, and how the texts were before: where to finish from.

Owns these moments. Those that belong together, in one document and close in time, are one. They are
kept in memory only, and no more of them than a person would look through.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

GAP = 120.0
"""Seconds without an acceptance after which the next one is a moment of its own."""
MOST = 100
"""Moments that are kept."""
ROOM = 20_000_000
"""Characters of texts that are kept; the latest is always."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """A stretch of time in which suggestions were taken over in one document.

    Attributes:
        number: which, ascending.
        path: of the document, workspace-relative.
        began: when the first was taken over.
        at: when the last was.
        count: how many.
        line: where the first went, from 0.
        text: the first of them.
        before: the document's text before it.
    """

    number: int
    path: str
    began: float
    at: float
    count: int
    line: int
    text: str
    before: str


class Milestones:
    """The moments of a session, in order."""

    def __init__(self, room: int = ROOM) -> None:
        """Begin with none; `room` is for the characters of their texts."""
        self._room = room
        self._all: list[Milestone] = []
        self._numbers = 0

    def add(self, path: str, line: int, text: str, before: str, now: float) -> None:
        """Something was taken over; see `Milestone` for what there is to know of it."""
        last = self._all[-1] if self._all else None
        if last and last.path == path and now - last.at <= GAP:
            self._all[-1] = replace(last, at=now, count=last.count + 1)
            return
        self._numbers += 1
        self._all.append(Milestone(self._numbers, path, now, now, 1, line, text, before))
        room = self._room
        for index in reversed(range(len(self._all))):
            room -= len(self._all[index].before)
            if (room < 0 or len(self._all) - index > MOST) and index + 1 < len(self._all):
                del self._all[: index + 1]
                break

    def all(self) -> list[Milestone]:
        """Return them, the latest first."""
        return self._all[::-1]

    def since(self, number: int) -> Mapping[str, str] | None:
        """Return how each document was before what was taken over from a moment on, by path.

        None if the moment is not known any more.
        """
        later = [it for it in self._all if it.number >= number]
        if not later or later[0].number != number:
            return None
        return {it.path: it.before for it in reversed(later)}
