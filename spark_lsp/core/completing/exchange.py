"""The two things that completing has open: a request of the editor, streams of the backend.

Owns what each knows of itself. How they are brought together is decided in `completions`.
"""

import re
from dataclasses import dataclass, replace

from spark_lsp.core.common import Common
from spark_lsp.core.completing.reuse import Answer
from spark_lsp.core.documents import Applied, Document
from spark_lsp.core.effects import Suggestion, Verdict
from spark_lsp.core.events import Asked, RequestId, Selected
from spark_lsp.core.policy import Policy
from spark_lsp.core.showing.cuts import with_line_ends
from spark_lsp.core.showing.guard import WHOLE
from spark_lsp.core.showing.place import Place
from spark_lsp.core.showing.visible import SCOPE, Reading
from spark_lsp.core.syntax import Syntax
from spark_lsp.core.text import Encoding, Text

_LINE_END = re.compile(r"(?<=[^\s])[ \t]*(?=\r?\n|\r|\Z)")
"""Ends of lines with text in them."""


@dataclass(slots=True)
class Request:
    """An unanswered request for an inline completion.

    Attributes:
        id: which.
        document: for which document; any edit of it answers the request.
        offset: where.
        grows: whether the client can show partial results.
        asked: when.
        due: when a stream may be opened for it, at the earliest.
        invoked: whether the person has asked by a command.
        start: where the text begins that the completion menu would replace, else None.
        lead: what the menu would add at the offset; an answer has to begin with it.
        seen: the model's answer that it has been, or could have been, shown the rest of so far.
        draft: the same of a draft, which what the model writes may go on with.
        held: whether some of that has been held back.
        told: when it was shown something last.
        tries: how often it was sent again.
    """

    id: RequestId
    document: Document
    offset: int
    grows: bool
    asked: float
    due: float
    invoked: bool = False
    start: int | None = None
    lead: str = ""
    seen: Answer | None = None
    draft: Answer | None = None
    held: bool = False
    told: float = float("-inf")
    tries: int = 0

    @property
    def best(self) -> Answer | None:
        """The answer that it would be given if nothing more came."""
        return self.seen or self.draft

    @property
    def shown(self) -> str:
        """The text that it must not be shown less than; a draft binds once it is on screen."""
        bound = self.best if self.grows else self.seen
        return bound.rest if bound else ""

    def suggestion(self, answer: int, text: str, encoding: Encoding) -> Suggestion:
        """Return a text as a suggestion for where it was asked."""
        here = self.document.text
        position = here.position(self.offset, encoding)
        if self.start is None:
            return Suggestion(answer, position, text)
        typed = here.string[self.start : self.offset]
        return Suggestion(answer, position, typed + text, here.position(self.start, encoding))


@dataclass(slots=True)
class Stream:
    """An answer that is being written.

    Attributes:
        id: which.
        uri: for which document.
        answer: what of it may be shown so far, and where the buffer stands within it.
        text: the document as the model was shown it, what it takes for granted included.
        offset: where in that text it writes.
        line_end: how the document ends its lines.
        heard: when the backend last gave a sign of life.
        begun: when it was asked.
        taken: the beginning of the answer that the model was shown as if it stood there.
        stops: those of what is taken, see `reuse.Answer`.
        written: all that the model has written.
        over: whether nothing of what it may still write would be shown.
        cut: why the answer was cut, "" if it was not.
        orphaned: since when no request has read it, or None while one does.
        void: whether an edit has made another text of what it was written for.
        coming: while it is being steered, the answer that it may begin instead, for which text, and
            where in it.
        steer: who waits to hear how it goes another way; None for nobody.
    """

    id: int
    uri: str
    answer: Answer
    text: Text
    offset: int
    line_end: str
    heard: float
    begun: float
    taken: str = ""
    stops: tuple[int, ...] = ()
    written: str = ""
    over: bool = False
    cut: str = ""
    orphaned: float | None = None
    void: bool = False
    coming: tuple[Answer, Text, int] | None = None
    steer: RequestId | None = None
    _place: Place | None = None
    _reading: Reading | None = None
    _passed: int = 0
    _broken: bool = False

    @property
    def placed(self) -> bool:
        """Whether it is known already what kind of place it writes at."""
        return self._place is not None

    def place(self, document: Document) -> Place:
        """Return what is known of the place; the tree helps where it is of the same text."""
        if self._place is None:
            tree = tree_of(document) if document.text is self.text else None
            self._place = Place.of(self.text, self.offset, tree, document.language)
        return self._place

    def made_for(self, lead: str) -> bool:
        """Whether its model was shown the text as it stands now, with this behind the cursor."""
        return self.taken == self.answer.middle + lead

    def stalls(self, policy: Policy) -> float:
        """Return when it is given up if nothing more is heard of it."""
        silent = self.heard + policy.stall
        return silent if self.written else min(silent, self.begun + policy.thought)

    def write(self, text: str, document: Document, now: float) -> None:
        """Take in more of the answer."""
        self.heard = now
        more = with_line_ends(text, self.line_end)
        self.written += more
        self._read(document).grow(more)
        self._look(final=False)

    def finish(self, document: Document) -> None:
        """Take in that this was all."""
        self._read(document)
        self._look(final=True)

    def turn(self, now: float, *, onwards: bool) -> None:
        """Begin anew: at the place that is coming, or where it had begun."""
        if onwards and self.coming:
            self.answer, self.text, self.offset = self.coming
            self.taken, self.stops, self._place = self.answer.text, (), None
        else:
            self.answer = replace(self.answer, text=self.taken, stops=self.stops, wall=None)
        self.heard, self.coming, self.written, self._reading = now, None, "", None
        self.over, self.cut, self._broken, self._passed = False, "", False, 0

    def follow(self, applied: Applied) -> bool:
        """Follow an edit of the document; returns whether the answer is still about this text."""
        moved = self.answer.after(applied)
        if moved is None:
            self.void = True
            return False
        if len(moved.text) < len(self.answer.text):  # the editor has closed a bracket in it
            self.answer = moved
            return False
        back = len(moved.text) - len(self.answer.text)
        if back > 0:
            self.taken = moved.text[:back] + self.taken
            self.stops = tuple(back + stop for stop in self.stops)
            self._passed += back
        self.answer = moved
        if self.coming:
            answer, text, offset = self.coming
            coming = answer.after(applied)
            if coming is None:  # it may begin anew for a text that is not there any more
                self.void = True
                return False
            self.coming = coming, text, offset
        return True

    @property
    def unchecked(self) -> int | None:
        """The end of the next piece, if it is whole and the syntax guard has not passed it."""
        stop = self.answer.stop
        return stop if stop is not None and stop > self._passed else None

    def passed(self, length: int) -> None:
        """The syntax guard has nothing against so much of the answer."""
        self._passed = length

    def break_off(self, length: int, reason: str) -> None:
        """Show no more than so much of the answer."""
        self.answer, self.over, self.cut, self._broken = self.answer.cut(length), True, reason, True

    def _read(self, document: Document) -> Reading:
        if self._reading is None:
            self._reading = Reading(self.place(document))
        return self._reading

    def _look(self, *, final: bool) -> None:
        if self._broken or self._reading is None:
            return
        shown, size = self._reading.shown(final=final), len(self.taken)
        text, stops, wall = shown.text, shown.stops, None
        self.over, self.cut = shown.over, shown.reason
        if shown.reason == SCOPE and self.written.startswith(text):
            # Not to be offered, but the person may well type on like this.
            wall, self.over = len(text), final
            ends = _LINE_END.finditer(self.written, wall)
            whole = (it.start() for it in ends if final or it.end() < len(self.written))
            text, stops = self.written, (*stops, *(it for it in whole if it > wall))
        if size:
            text, stops = self.taken + text, (*self.stops, *(size + stop for stop in stops))
            wall = None if wall is None else size + wall
        answer = self.answer
        # Past `replace`, which takes as long as all the rest of a delta.
        self.answer = Answer(
            answer.id, answer.anchor, text, answer.middle, stops, answer.left, answer.right, wall
        )


def tree_of(document: Document) -> Syntax | None:
    """Return the tree of a document, unless bringing it up to date would be felt in a key."""
    return document.tree() if len(document.text) <= WHOLE else None


def led(
    document: Document, selected: Selected, offset: int, encoding: Encoding
) -> tuple[int, str] | None:
    """Return where a menu's choice begins and what it would add at the cursor.

    None if it would not just add: what it replaces is not what it begins with, or does not end at
    the cursor.
    """
    text = document.text
    start, end = text.offset(selected.start, encoding), text.offset(selected.end, encoding)
    typed = text.string[start:offset]
    if end != offset or start > offset or not selected.text.startswith(typed):
        return None
    return start, selected.text[len(typed) :]


def misfit(event: Asked, document: Document | None, common: Common) -> tuple[Verdict, str] | None:
    """Return how a request is answered that cannot be served, and why; None if it can be."""
    if document is None:
        return Verdict.CLEAR, "the document is not open"
    if not common.enabled:
        return Verdict.CLEAR, "switched off"
    if event.version is not None and event.version != document.version:
        # One for the text as it is now will follow; until then what is shown may stay.
        return Verdict.KEEP, "it was asked for another version of the text"
    return None
