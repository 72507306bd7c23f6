"""A range that is being rewritten: what was asked, what has come, what has been told of it.

Owns what it knows of itself, and where in the document it is. What happens to it is decided in
`rewrites`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from spark_lsp.core.documents import Applied, Document
from spark_lsp.core.editing.draft import Draft
from spark_lsp.core.editing.following import moved
from spark_lsp.core.editing.hunks import minimal
from spark_lsp.core.editing.masks import Masks
from spark_lsp.core.effects import Replacement
from spark_lsp.core.events import Instructed, Redirected
from spark_lsp.core.policy import Policy
from spark_lsp.core.prompt import Rewrite
from spark_lsp.core.showing.cuts import line_end_of
from spark_lsp.core.text import Encoding, Position, Text, line_starts

_BLANKS = " \t"
_PACE = 2e-6
"""Seconds per character, old and new, between two looks at a draft: long ones cost no more."""


@dataclass(slots=True)
class Rewriting:
    """One request that a range be rewritten.

    Attributes:
        asked: the request.
        document: whose range it is.
        answer: the number by which it can be steered and interrupted.
        start: where the range begins now.
        end: where it ends now.
        instruction: what the person wants, with all that was said since.
        since: since when it waits for the backend.
        asked_at: since when it was asked for.
        base: the text of the range that the model is shown: as it is, or, once the answer was begun
            anew, as it had become by then.
        region: the text of the range as it is.
        lines: how many lines that has; none if it is empty.
        stream: what the backend writes for it, None while it waits.
        draft: what has been written.
        heard: when the backend last gave a sign of life.
        begun: when the answer was begun.
        tries: how often it was sent again.
        shown: the edits that were shown last.
        looked: when they were.
        unseen: whether more has come since, too soon to be looked at.
        told: the report that was made last, "" for none.
        told_at: when it was.
        waiting: what the person has said that the model has not been told.
        turning: what the model has been told, and has not turned to yet.
        coming: the text of the range that it is shown if it has to be asked anew; None unless it
            has been told something and has not turned yet.
    """

    asked: Instructed
    document: Document
    answer: int
    start: int
    end: int
    instruction: str
    since: float
    asked_at: float = field(init=False)
    base: str = ""
    region: str = field(init=False)
    lines: int = field(init=False)
    stream: int | None = None
    draft: Draft = field(init=False)
    heard: float = 0.0
    begun: float = 0.0
    tries: int = 0
    shown: tuple[Replacement, ...] = ()
    looked: float = float("-inf")
    unseen: bool = False
    told: str = ""
    told_at: float = float("-inf")
    waiting: list[Redirected] = field(default_factory=list)
    turning: list[Redirected] = field(default_factory=list)
    coming: str | None = None

    def __post_init__(self) -> None:
        self.asked_at = self.since
        self.region = self.base = self.document.text.string[self.start : self.end]
        starts = line_starts(self.region)
        self.lines = len(starts) - (starts[-1] == len(self.region))

    def begin(self, stream: int, shown: Rewrite, now: float) -> None:
        """A backend begins to write, for the text of the range that it is shown."""
        text = self.document.text
        line = text.line_at(self.start)
        before = text.string[text.line_start(line) : self.start]
        self.draft = Draft(
            self.base,
            line_end_of(text.string),
            indent="" if before.strip(_BLANKS) else before,
            ends=not before and self.start < text.line_end(line),
            masks=Masks(shown.region, self.base),
        )
        self.stream, self.heard, self.begun, self.coming = stream, now, now, None
        self.unseen = False

    @property
    def next_look(self) -> float:
        """When the draft may be looked at again."""
        return self.looked + _PACE * (len(self.region) + self.draft.size)

    def stalls(self, policy: Policy) -> float:
        """Return when it is given up if nothing more is heard of it."""
        silent = self.heard + policy.stall
        return silent if self.draft.size else min(silent, self.begun + policy.thought)

    def follow(self, applied: Sequence[Applied]) -> bool:
        """Follow edits of the document; returns whether they have left the range alone."""
        for edit in applied:
            place = moved(self.start, self.end, edit)
            if place is None:
                return False
            self.start, self.end = place
        # No position of the protocol is inside of a CRLF, which may have come to be at an end.
        text = self.document.text.string
        return all(text[max(0, at - 1) : at + 1] != "\r\n" for at in (self.start, self.end))

    def edits(self, text: str, encoding: Encoding) -> tuple[Replacement, ...]:
        """Return the edits of the document, as it is, that make the range say something else."""
        here = self.document.text

        def position(offset: int) -> Position:
            return here.position(self.start + offset, encoding)

        return tuple(
            Replacement(position(edit.start), position(edit.end), edit.new)
            for edit in minimal(self.region, text)
        )


def range_of(event: Instructed, text: Text, encoding: Encoding) -> tuple[int, int]:
    """Return the range that is asked about, in code points: all of the text, if none is given.

    One that begins in or before the indentation of its first line begins behind that: a model
    leaves indentation out as often as not.
    """
    if event.start is None or event.end is None:
        start, end = 0, len(text)
    else:
        start, end = sorted(text.offset(at, encoding) for at in (event.start, event.end))
    line = text.line_at(start)
    stop = min(end, text.line_end(line))
    if text.string[text.line_start(line) : start].strip(_BLANKS):
        return start, end
    words = text.string[start:stop].lstrip(_BLANKS)
    return (stop - len(words) if words else start), end
