"""What a person has taken over, and which part of it still stands in the document.

Owns the bookkeeping of one accepted text: the spans of the document that hold characters of it.
Whatever happens to the document, no character counts twice, and none that was typed since. When it
is asked, and how it is told, is left to `ledger`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from spark_lsp.core.accounting.alignment import Match
from spark_lsp.core.text import Edit

Span = tuple[int, int]
"""Where a stretch of a text begins and ends, in code points."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """An accepted text, wherever its characters are now.

    Attributes:
        total: how many characters were accepted.
        spans: where they are, those that are left: in order, apart, and none empty.
        awaited: what was accepted last and where, which may not be in the document yet.
    """

    total: int = 0
    spans: tuple[Span, ...] = ()
    awaited: tuple[int, str] | None = None

    @property
    def share(self) -> float:
        """Which part of it still stands, from 0 to 1."""
        left = sum(end - start for start, end in self.spans)
        return left / self.total if self.total else 0.0

    def accepted(self, offset: int, text: str) -> "Stretch":
        """Return it with a further text, which stands at an offset or is about to.

        Editors tell an acceptance before or after the change that it makes.
        """
        spans = joined([*self.spans, (offset, offset + len(text))])
        return Stretch(self.total + len(text), spans, (offset, text))

    def touched(self, edit: Edit) -> list[Span]:
        """Return what an edit replaces of it, in offsets into the text that it removes."""
        start, end = edit.start, edit.end
        inside = ((max(at, start), min(stop, end)) for at, stop in self.spans)
        return [(at - start, stop - start) for at, stop in inside if at < stop]

    def after(self, edit: Edit, matches: Sequence[Match] = ()) -> "Stretch":
        """Return it as it is after an edit of the document.

        Args:
            edit: what has happened.
            matches: what the removed and the new text have in common.
        """
        if (edit.start, edit.new) == self.awaited:
            return replace(self, awaited=None)
        if not self.spans or self.spans[-1][1] <= edit.start:
            return replace(self, awaited=None) if self.awaited else self
        grown = len(edit.new) - (edit.end - edit.start)
        if edit.end <= self.spans[0][0]:
            moved = tuple((at + grown, stop + grown) for at, stop in self.spans)
            return Stretch(self.total, moved)
        left: list[Span] = []
        for at, stop in self.spans:
            # What is before the edit stays, what is behind it moves.
            left.append((at, min(stop, edit.start)))
            left.append((max(at, edit.end) + grown, stop + grown))
        for at, stop in self.touched(edit):
            for old, new, length in matches:
                shift = edit.start + new - old
                left.append((max(at, old) + shift, min(stop, old + length) + shift))
        return Stretch(self.total, joined(left))


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return spans in order, those that touch or overlap as one, and without empty ones."""
    result: list[Span] = []
    for at, stop in sorted(span for span in spans if span[0] < span[1]):
        if result and at <= result[-1][1]:
            result[-1] = (result[-1][0], max(stop, result[-1][1]))
        else:
            result.append((at, stop))
    return tuple(result)
