"""Which event each character of a text has come with.

Owns the texts of documents and streams as they are while a trace is recorded, so that what turns
out to be a secret can still be masked in the events that brought it, however few characters each of
them brought. Which events are held back for that, and how long, is decided in `recording`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from spark_lsp.core.documents import Change, Document
from spark_lsp.core.text import Encoding, Text, difference
from spark_lsp.core.tracing.masks import Known, Span, hidden, mixed, secret_spans

REST = 2.0
"""Seconds after an edit of a document after which nothing more is expected to belong to it."""
REST_IN_A_WORD = 30.0
"""The same if it was in a long word, which may be a secret that is being typed."""

_LONG = 8
_WORD = re.compile(r"[^\s\"'`<>(){}\[\],;]*")
_RUN = re.compile(r"[0-9A-Za-z+/]{8,}")
_REACH = 512
_AROUND = 2_048
"""Characters around a stream's answer that are looked at with it."""

Breathe = Callable[[], None]


@dataclass(eq=False, slots=True)
class Slot:
    """A text that an event has brought, and where it is to be masked.

    Attributes:
        text: as it came.
        home: the document or stream that it became a part of.
        spans: what of it was part of a secret.
        written: whether the event is written, so that nothing can be masked any more.
    """

    text: str
    home: "Buffer | Stream"
    spans: list[Span] = field(default_factory=list)
    written: bool = False

    def masked(self) -> str:
        """Return the text with stars where it was part of a secret."""
        return hidden(self.text, self.spans)


class Weave:
    """The pieces that a text consists of, each with its slot and its place in there."""

    def __init__(self) -> None:
        """Begin with an empty text."""
        self._pieces: list[tuple[Slot | None, int, int]] = []

    def append(self, slot: Slot) -> None:
        """Let the text go on with all of a slot."""
        self._pieces.append((slot, 0, len(slot.text)))

    def splice(self, start: int, end: int, slot: Slot | None, size: int) -> None:
        """Replace what stands from `start` to `end` by so many characters, all of one slot."""
        pieces: list[tuple[Slot | None, int, int]] = []
        new = (slot, 0, size)
        placed = at = 0
        for piece in self._pieces:
            owner, offset, length = piece
            till = at + length
            if till <= start or at >= end:
                if at >= end and till > start and not placed:
                    pieces.append(new)
                    placed = 1
                pieces.append(piece)
            else:
                if at < start:
                    pieces.append((owner, offset, start - at))
                if not placed:
                    pieces.append(new)
                    placed = 1
                if till > end:
                    pieces.append((owner, offset + end - at, till - end))
            at = till
        if not placed:
            pieces.append(new)
        self._pieces = [piece for piece in pieces if piece[2]]

    def hide(self, start: int, end: int) -> None:
        """Have what stands from `start` to `end` masked in the events that brought it."""
        at = 0
        for slot, offset, length in self._pieces:
            if at >= end:
                break
            first, last = max(at, start), min(at + length, end)
            if slot and first < last and not slot.written:
                slot.spans.append((offset + first - at, offset + last - at))
            at += length

    def settle(self) -> None:
        """Forget the events that are written."""
        pieces: list[tuple[Slot | None, int, int]] = []
        for slot, offset, length in self._pieces:
            if slot and not slot.written:
                pieces.append((slot, offset, length))
            elif pieces and pieces[-1][0] is None:
                pieces[-1] = (None, 0, pieces[-1][2] + length)
            else:
                pieces.append((None, 0, length))
        self._pieces = pieces


class Buffer:
    """An open document.

    Attributes:
        document: as it is now.
        judged: whether it is known if its text may leave the machine.
        over: whether it is closed.
    """

    def __init__(self, document: Document, known: Known, breathe: Breathe, now: float) -> None:
        """Take the document as it was opened."""
        self.document = document
        self.judged = False
        self.over = False
        self.slot = Slot(document.text.string, self)
        self._weave = Weave()
        self._weave.append(self.slot)
        self._known, self._breathe = known, breathe
        self._unread: Span | None = (0, len(document.text))
        self._cursor: int | None = None
        self._touched = now

    def edit(self, version: int, change: Change, encoding: Encoding, now: float) -> Change:
        """Apply a change; returns it as it is written: with a range, if it can have one.

        The new text of what it returns is that of `slot`.
        """
        change = _ranged(self.document.text, change, encoding)
        text, slot = self.document.text, Slot(change.text, self)
        start, end = 0, len(text)
        if change.start is not None and change.end is not None:
            places = (text.offset(change.start, encoding), text.offset(change.end, encoding))
            start, end = min(places), max(places)
        going_on = self._unread and start == end and self._unread[0] <= start <= self._unread[1]
        if not going_on:
            # What is going to be deleted may have been part of a secret, or of what would be one.
            self.look()
            first, last = _dense(text.string, *_word(text.string, start)) if start < end else (0, 0)
            self._weave.hide(max(start, first), min(end, last))
        self.document.change(version, [change], encoding)
        size = len(change.text)
        self._weave.splice(start, end, slot, size)
        low, high = self._unread or (start, start)
        self._unread = (low, high + size)
        self.slot, self._cursor, self._touched = slot, start + size, now
        return change

    def look(self) -> None:
        """Look for secrets where the text has changed since the last look."""
        if self._unread is None:
            return
        unread, self._unread = self._unread, None
        for span in secret_spans(self.document.text.string, *unread, self._known, self._breathe):
            self._weave.hide(*span)

    def settled(self, now: float) -> bool:
        """Whether what its events have brought can be written."""
        if self.over or not self.judged:
            return self.over and self.judged
        start, end = self._word()
        rest = REST_IN_A_WORD if end - start >= _LONG else REST
        return now - self._touched >= rest

    def hide_what_is_unfinished(self) -> None:
        """Mask what may be the beginning of a secret that is still being typed."""
        self._weave.hide(*_dense(self.document.text.string, *self._word()))

    def settle(self) -> None:
        """Forget the events that are written."""
        self._weave.settle()

    def before(self, offset: int) -> str:
        """Return the text before an offset, as much of it as a secret may need."""
        return self.document.text.string[max(0, offset - _AROUND) : offset]

    def after(self, offset: int) -> str:
        """Return the text behind an offset, likewise."""
        return self.document.text.string[offset : offset + _AROUND]

    def _word(self) -> Span:
        """Return where the word stands in which the person was last."""
        return (0, 0) if self._cursor is None else _word(self.document.text.string, self._cursor)


class Stream:
    """What is written at some place, by a model or by the menu.

    Attributes:
        uri: of the document that it is written for, "" if that is not known.
        over: whether nothing more will come.
    """

    def __init__(self, uri: str, before: str, after: str, known: Known, breathe: Breathe) -> None:
        """Take what stands around it."""
        self.uri = uri
        self.over = False
        self._before, self._after = before[-_AROUND:], after[:_AROUND]
        self._known, self._breathe = known, breathe
        self._weave = Weave()
        self._parts: list[str] = []
        self._size = self._read = 0

    def anew(self) -> "Stream":
        """End it, and return one that writes at the same place."""
        self.over = True
        return Stream(self.uri, self._before, self._after, self._known, self._breathe)

    def wrote(self, text: str) -> Slot:
        """Take in more of it."""
        slot = Slot(text, self)
        self._weave.append(slot)
        self._parts.append(text)
        self._size += len(text)
        return slot

    def look(self) -> None:
        """Look for secrets in what has been written since the last look."""
        if self._read == self._size:
            return
        lead, written = len(self._before), "".join(self._parts)
        whole = self._before + written + self._after
        unread = (lead + self._read, lead + self._size)
        self._read, self._parts = self._size, [written]
        for start, end in secret_spans(whole, *unread, self._known, self._breathe):
            self._weave.hide(start - lead, end - lead)
        if self._before.endswith("***"):
            # It goes on with what is masked already, so that no rule sees what it is.
            self._weave.hide(*_word(written, 0))

    def settled(self, _now: float) -> bool:
        """Whether what its events have brought can be written."""
        return self.over

    def hide_what_is_unfinished(self) -> None:
        """Mask what may be the beginning of a secret that is still being written."""
        written = "".join(self._parts)
        self._weave.hide(*_dense(written, *_word(written, len(written))))

    def settle(self) -> None:
        """Forget the events that are written."""
        self._weave.settle()


def _word(text: str, at: int) -> Span:
    """Return where the word stands that touches a place."""
    found = _WORD.match(text, at, at + _REACH)
    back = _WORD.match(text[max(0, at - _REACH) : at][::-1])
    return at - (back.end() if back else 0), found.end() if found else at


def _dense(text: str, start: int, end: int) -> Span:
    """Return a word that has letters and digits as random ones have, or else nothing."""
    for run in _RUN.finditer(text, start, end):
        digits = sum(map(str.isdigit, run[0]))
        if 2 <= digits < len(run[0]) or mixed(run[0]):
            return start, end
    return start, start


def _ranged(text: Text, change: Change, encoding: Encoding) -> Change:
    """Return a change of the whole text as one of just what it changes, if that says the same."""
    if change.start is not None and change.end is not None:
        return change
    edit = difference(text.string, change.text)
    start, end = (text.position(at, encoding) for at in (edit.start, edit.end))
    if (text.offset(start, encoding), text.offset(end, encoding)) != (edit.start, edit.end):
        return Change(None, None, change.text)  # it begins or ends inside of a CRLF
    return Change(start, end, edit.new)
