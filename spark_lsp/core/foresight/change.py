"""What the person has changed, and what is offered for it: the values of this package."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from spark_lsp.core.changes import Hunk
from spark_lsp.core.events import Found
from spark_lsp.core.foresight.hunks import moved, touched
from spark_lsp.core.foresight.names import Source


@dataclass(frozen=True, slots=True)
class Change:
    """A document before and after a change.

    Attributes:
        before: as it was.
        now: as it is.
        hunks: what differs, in order.
        offset: of the cursor, in the text as it is.
    """

    before: Source
    now: Source
    hunks: tuple[Hunk, ...]
    offset: int

    def moved(self, start: int, end: int) -> tuple[int, int] | None:
        """Return where a range of the old text is now, or None if it has been changed."""
        if touched(start, end, self.hunks):
            return None
        begin = moved(start, self.hunks)
        return begin, begin + end - start

    def counterpart(self, start: int, end: int) -> int | None:
        """Return where what replaces a range of the old text begins, if it replaces just that."""
        found = (it.start for it in self.hunks if (it.old_start, it.old_end) == (start, end))
        return next(found, None)

    def back(self, offset: int) -> int:
        """Return where a place of the text was before; of a new one, where it has been put in."""
        at = bisect_left(self.hunks, offset + 1, key=lambda it: it.start)
        if not at:
            return offset
        hunk = self.hunks[at - 1]
        return hunk.old_start if offset < hunk.end else hunk.old_end + offset - hunk.end


def offer(source: Source, start: int, end: int, new: str, reason: str) -> Found:
    """Return the offer to replace a range of a text."""
    return Found(source.path, start, end, source.tree.string[start:end], new, reason)


def apart(offers: Iterable[Found]) -> list[Found]:
    """Return the offers without those that overlap, or touch, an earlier one."""
    kept: list[Found] = []
    taken: dict[str, list[tuple[int, int]]] = {}
    for it in offers:
        spans = taken.setdefault(it.path, [])
        at = bisect_left(spans, (it.start, it.end))
        clear = at == 0 or spans[at - 1][1] < it.start
        if clear and (at == len(spans) or it.end < spans[at][0]):
            spans.insert(at, (it.start, it.end))
            kept.append(it)
    return kept
