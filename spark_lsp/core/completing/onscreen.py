"""What the person sees of answers, and what becomes of it: taken over, typed along, sent away.

Owns the one piece of ghost text that is on screen, and the conclusions from what happens to it.
Editors tell little: acceptance is seen in the buffer, where the shown text appears at once, and
confirmed by the command or notification that comes with it, before the edit or after. A new line
with its indentation, a pair of brackets and what the completion menu inserts are typed, not taken.
How it is counted is left to `accounting.ledger`, what follows for later requests to `eagerness` and
`rejections`.
"""

from dataclasses import dataclass, replace

from spark_lsp.core.accounting.ledger import Ledger
from spark_lsp.core.common import Common
from spark_lsp.core.completing.eagerness import Eagerness
from spark_lsp.core.completing.rejections import Rejections
from spark_lsp.core.completing.reuse import PAIRS, Answer
from spark_lsp.core.documents import Applied, Document
from spark_lsp.core.effects import DRAFT
from spark_lsp.core.text import Encoding, Text, characters, units

_SEEN = 0.75
"""Seconds on screen after which a text has been seen (Cody's measure)."""
_AT_ONCE = 3
"""Characters that nobody types with one key; editors insert pairs of brackets."""
_REGRETTED = 5.0
"""Seconds within which deleting what was taken over sends it away."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of an answer on screen.

    Attributes:
        number: the answer's number as the editor knows it.
        uri: of the document.
        offset: of the cursor.
        text: what is shown behind it.
        since: when the first of it was shown.
        lead: what of it the completion menu would insert.
        draft: whether it is the engine's, and no model has written it yet.
        taken: whether its acceptance is counted already.
    """

    number: int
    uri: str
    offset: int
    text: str
    since: float
    taken: bool = False
    lead: str = ""
    draft: bool = False


class OnScreen:
    """The ghost text that is on screen now."""

    def __init__(self, common: Common, ledger: Ledger) -> None:
        """Take where it is counted."""
        self.eagerness = Eagerness()
        self.rejections = Rejections()
        self._common = common
        self._ledger = ledger
        self._piece: Piece | None = None
        self._numbers: dict[tuple[int, int], int] = {}
        self._over: Piece | None = None  # taken over last, and when
        self._last: tuple[Piece, str] | None = None  # of which the last edit was the beginning

    def number(self, answer: Answer, uri: str) -> int:
        """Return the number of the piece that an answer, in a document, shows next.

        The first piece has the answer's own; each that follows is an offer of its own. Where an
        answer goes on with a draft on screen, both are one to the person.
        """
        typed = len(answer.middle)
        start = max((stop for stop in answer.stops if stop <= typed), default=0)
        number = self._numbers.get((answer.id, start))
        if number is None:
            if len(self._numbers) > 256:  # nobody comes back to those
                self._numbers.clear()
            known = any(id_ == answer.id for id_, _ in self._numbers)
            number = self._common.number() if known else answer.id
            if (piece := self._piece) and _goes_on(answer, piece, uri):
                number = piece.number
                self._numbers = {at: it for at, it in self._numbers.items() if it != number}
            self._numbers[answer.id, start] = number
        return number

    def piece(self, uri: str) -> Piece | None:
        """Return what is on screen in a document, or None."""
        return self._piece if self._piece and self._piece.uri == uri else None

    def answer(self, number: int) -> int:
        """Return the answer that a piece's number belongs to."""
        return next((id_ for (id_, _), it in self._numbers.items() if it == number), number)

    def show(  # noqa: PLR0917 - what there is to know of it
        self, number: int, document: Document, offset: int, text: str, lead: str, asked: float,
        source: str, now: float,
    ) -> None:  # fmt: skip
        """A piece, or more of it, is on screen."""
        draft = source == DRAFT
        if self._piece and self._piece.number == number:
            self._piece = replace(self._piece, offset=offset, text=text, lead=lead, draft=draft)
        else:
            self.clear("overtaken", now)
            uri = document.uri
            self._piece = Piece(number, uri, offset, text, now, lead=lead, draft=draft)
        language = document.language.name if document.language else ""
        self._ledger.shown(number, document.uri, language, text, asked, now, source)

    def clear(self, reason: str, now: float) -> None:
        """Nothing is on screen any more."""
        if (piece := self._piece) is None:
            return
        self._piece = None
        if not piece.taken:
            self._ledger.rejected(piece.number, reason, now)
            read = now - piece.since >= _SEEN and reason in {"typed over", "deleted"}
            if read and not piece.draft:
                self.eagerness.ignored(now)

    def edited(self, uri: str, applied: Applied, text: Text, now: float) -> None:
        """Follow an edit that has led to a text."""
        edit = applied.edit
        self._regret(uri, applied, text, now)
        self._last, piece = None, self._piece
        if piece is None or piece.uri != uri or not (edit.new or applied.removed):
            return
        # Of a pair that the editor has closed the person has typed the beginning.
        new = edit.new[:1] if edit.new in PAIRS and piece.text[:2] != edit.new else edit.new
        if edit.start == edit.end == piece.offset and piece.text.startswith(new):
            self._along(piece, new, now)
        elif (moved := _elsewhere(piece, applied, text)) is not None:
            self._piece = replace(piece, offset=moved)
        else:
            self.clear("typed over" if edit.new else "deleted", now)

    def accepted(self, number: int, length: int | None, now: float) -> None:
        """The editor says that a piece was taken over, or so many units of it."""
        encoding = self._common.documents.encoding
        last, self._last = self._last, None
        if last and last[0].number == number and length in _lengths(*last, encoding):
            if not last[0].taken:
                self._take(*last, last[0].offset, now)
            return  # else it was seen in the buffer already
        piece = self._piece
        if piece is None or piece.number != number or piece.taken:
            return
        size = len(piece.text) if length is None else characters(piece.text, length, encoding)
        if size:
            self._take(piece, piece.text[:size], piece.offset, now)
            self._piece = replace(piece, taken=True)

    def displayed(self, number: int, now: float) -> None:
        """The editor says that a piece is on screen."""
        self._ledger.displayed(number, now)

    def rejected(self, number: int, now: float) -> None:
        """The person has sent a piece away."""
        piece = self._piece
        document = self._common.documents.get(piece.uri) if piece else None
        if piece and document and piece.number == number:
            self._refused(piece, document.text, piece.offset, now)
            self.clear("sent away", now)

    def _along(self, piece: Piece, new: str, now: float) -> None:
        """The person has typed, or taken over, the beginning of what is shown."""
        rest = piece.text[len(new) :]
        whole = not rest and len(new) > 1
        by_hand = not new.strip() or new == piece.lead  # a new line, or the menu's choice
        taken = not by_hand and not piece.taken and (len(new) >= _AT_ONCE or whole)
        if taken:
            self._take(piece, new, piece.offset, now)
        elif not rest and not piece.taken:
            self._ledger.typed(piece.number, now)
        self._last = replace(piece, taken=piece.taken or taken), new
        moved = replace(piece, offset=piece.offset + len(new), text=rest, taken=False)
        self._piece = moved if rest else None

    def _take(self, piece: Piece, text: str, offset: int, now: float) -> None:
        size = None if text == piece.text else len(text)
        self._ledger.accepted(piece.number, size, piece.uri, offset, text, now)
        if not piece.draft:
            self.eagerness.accepted(now)
        self._over = replace(piece, offset=offset, text=text, since=now)

    def _regret(self, uri: str, applied: Applied, text: Text, now: float) -> None:
        """Taking a text over and deleting it at once, as undo does, is sending it away."""
        over = self._over
        if over is None or over.uri != uri:
            return
        edit = applied.edit
        if now - over.since > _REGRETTED:
            self._over = None
        elif edit.start <= over.offset and over.text in applied.removed and not edit.new:
            self._over = None
            self._refused(over, text, edit.start, now)

    def _refused(self, piece: Piece, text: Text, offset: int, now: float) -> None:
        """Take in that a piece is not wanted; how eager to be is a matter of the model's alone."""
        self.rejections.rejected(line_before(text, offset), piece.text, now)
        if not piece.draft:
            self.eagerness.rejected(now)


def _lengths(piece: Piece, new: str, encoding: Encoding) -> tuple[int | None, ...]:
    """Return how an editor may tell the length of what was taken over of a piece."""
    size = units(new, encoding)
    return (size, None) if new == piece.text else (size,)


def _goes_on(answer: Answer, piece: Piece, uri: str) -> bool:
    """Whether an answer says what a draft on screen was the beginning of."""
    here = (piece.uri, piece.offset) == (uri, answer.cursor)
    return piece.draft and here and answer.rest.startswith(piece.text)


def line_before(text: Text, offset: int) -> str:
    """Return the text of a line up to an offset."""
    return text.string[text.line_start(text.line_at(offset)) : offset]


def _elsewhere(piece: Piece, applied: Applied, text: Text) -> int | None:
    """Return where a piece is after an edit on other lines, or None for one on its own."""
    edit = applied.edit
    behind = edit.start > piece.offset
    offset = piece.offset if behind else piece.offset + len(edit.new) - (edit.end - edit.start)
    edge = edit.start if behind else edit.start + len(edit.new)
    return None if offset < 0 or text.line_at(edge) == text.line_at(offset) else offset
