"""Next edits: what follows from what the person has just changed, here or in another file.

Theory of operation
-------------------
The *burst* is what the person has changed lately: the text before it, and the hunks since. From it
the library finds the places where the same change fits (`foresight`). What it finds are *offers*:
they follow later edits, are withdrawn where the person changes the place, or the change that they
follow from, and count as taken where the buffer comes to hold them. So accepting one leaves the
others, and nothing is looked up twice.

Where nothing is found and the model follows instructions, it is asked to go on with the change in
the lines around the cursor, and what it writes is cut into the smallest edits.

Edits reach only files of the workspace, and only as what an editor may apply.

Owns bursts, offers and the request for them. How places are found is left to the library.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from spark_lsp.core.accounting.journal import Journal
from spark_lsp.core.accounting.ledger import Ledger
from spark_lsp.core.changes import Hunk, after
from spark_lsp.core.common import Common
from spark_lsp.core.documents import Applied, Document
from spark_lsp.core.editing.continuation import Continuation
from spark_lsp.core.editing.following import moved
from spark_lsp.core.effects import Foresee, Proposal, Proposed, Refusal, Refuse, Replacement
from spark_lsp.core.events import (
    Ended,
    Failed,
    Following,
    Foreseen,
    Found,
    Rejected,
    RequestId,
    Wrote,
)
from spark_lsp.core.syntax import LIMIT
from spark_lsp.core.text import Position, Text, line_starts, units

_NEAR = 80
"""Characters around a hunk in which an edit belongs to it."""
_HUNKS = 4
"""Places that one burst may be at; more are a new one."""
_LASTS = 60.0
"""Seconds after which an edit elsewhere begins a new burst."""
_PATIENCE = 2.0
"""Seconds that the library may take."""
_FITS = "places that the last change fits as well"
_NOTHING = "the model had nothing to change"


@dataclass(slots=True)
class _Burst:
    """What has been changed lately: from a text, at some places."""

    before: Text
    hunks: tuple[Hunk, ...] = ()
    last: float = 0.0

    def holds(self, applied: Applied) -> bool:
        """Whether an edit goes on with what was changed at one of its places."""
        start, end = applied.edit.start - _NEAR, applied.edit.end + _NEAR
        return any(hunk.start <= end and start <= hunk.end for hunk in self.hunks)

    def touched(self, applied: Applied) -> bool:
        """Whether an edit changes again what was changed."""
        edit = applied.edit
        return any(hunk.start <= edit.end and edit.start <= hunk.end for hunk in self.hunks)


@dataclass(frozen=True, slots=True)
class _Offer:
    """One next edit that can still be made."""

    number: int
    uri: str | None
    found: Found


@dataclass(frozen=True, slots=True)
class _Waiting:
    """The request that waits for what follows."""

    request: RequestId
    document: Document
    question: int
    offset: int
    asked: float


class Nexts:
    """The next edits of a session; see the theory of operation above."""

    def __init__(self, common: Common, ledger: Ledger, journal: Journal) -> None:
        """Take what the session's parts share, and where is written down what happens."""
        self._common = common
        self._ledger = ledger
        self._journal = journal
        self._bursts: dict[str, _Burst] = {}
        self._offers: tuple[_Offer, ...] = ()
        self._origin = ""  # the document whose burst the offers follow from
        self._waiting: _Waiting | None = None
        self._model: Continuation | None = None
        self._questions = 0

    def opened(self, document: Document) -> None:
        """A document is open."""
        self._bursts[document.uri] = _Burst(document.text)
        bound = (self._bound(offer, document) for offer in self._offers)
        self._offers = tuple(offer for offer in bound if offer)

    def closed(self, uri: str, now: float) -> None:
        """A document is closed."""
        self._bursts.pop(uri, None)
        if self._waiting and self._waiting.document.uri == uri:
            self._stop()
            self._propose((), "the document was closed", now)
        self._offers = tuple(it for it in self._offers if uri not in {it.uri, self._origin})

    def edited(
        self, document: Document, before: Text, applied: Sequence[Applied], now: float
    ) -> None:
        """A document has been changed, from a text to what it is now."""
        uri = document.uri
        if self._waiting and self._waiting.document.uri == uri:
            self._stop()
            self._propose((), "overtaken by an edit", now)
        burst = self._bursts[uri]
        followed = [self._followed(uri, edit, now) for edit in applied]
        taken = bool(followed) and all(followed)
        if taken and not burst.hunks:  # elsewhere: it is no change that others follow from
            self._bursts[uri] = _Burst(document.text)
            return
        if taken:
            pass
        elif not burst.hunks:
            burst.before = before
        elif not all(map(burst.holds, applied)) and (
            now - burst.last > _LASTS or len(burst.hunks) >= _HUNKS
        ):
            self._bursts[uri] = burst = _Burst(before)
        if not taken and uri == self._origin and any(map(burst.touched, applied)):
            self._offers = ()  # they follow from what the person is still changing
        for edit in applied:
            burst.hunks = after(burst.hunks, edit.edit)
        burst.last = now

    def outdated(self, paths: Sequence[str]) -> None:
        """Files have changed on disk: what was found in them was found in another text."""
        gone = set(paths)
        self._offers = tuple(it for it in self._offers if it.uri or it.found.path not in gone)

    def following(self, event: Following, now: float) -> None:
        """The editor wants the edits that follow."""
        self._stop()
        self._propose((), "overtaken by a newer request", now)
        common, document = self._common, self._common.documents.get(event.uri)
        line, character = event.position.line, event.position.character
        self._journal.begin(event.request, event.uri, line, character, now, "next")
        if document and event.version is not None and event.version != document.version:
            reason = "the document has changed since: ask again"
            self._said(event.request, "MODIFIED", reason, now)
            common.do(Refuse(event.request, Refusal.MODIFIED, reason))
            return
        burst = self._bursts.get(event.uri)
        self._questions += 1
        if document is None or burst is None or not common.enabled:
            reason = "the document is not open" if document is None else "switched off"
            self._said(event.request, "CLEAR", reason, now)
            common.do(Proposed(event.request, ()))
            return
        offset = document.text.offset(event.position, common.documents.encoding)
        self._waiting = _Waiting(event.request, document, self._questions, offset, now)
        if self._offers and (self._origin == event.uri or not burst.hunks):
            self._propose(self._offers, _FITS, now)
        elif not burst.hunks or burst.before.string == document.text.string:
            self._propose((), "nothing has been changed", now)
        elif max(len(document.text), len(burst.before)) > LIMIT:
            self._propose((), "the document is too large", now)
        else:
            before, text = burst.before.string, document.text.string
            common.do(Foresee(self._questions, document.path, before, text, offset))

    def foreseen(self, event: Foreseen, now: float) -> None:
        """The library has looked up where the last change fits."""
        waiting = self._waiting
        if waiting is None or waiting.question != event.number:
            return
        document, common = waiting.document, self._common
        self._take(event.found, document)
        burst = self._bursts[document.uri]
        if self._offers:
            self._propose(self._offers, _FITS, now)
        elif common.up and common.instructable and common.may_send(document):
            self._model = Continuation.begin(
                common, document, burst.before, burst.hunks, waiting.offset
            )
            if self._model:
                self._journal.step(waiting.request, "request sent", now)
            else:
                self._propose((), "the lines around the last change are too long", now)
        else:
            self._propose((), "no other place was found that the last change fits", now)

    def wrote(self, event: Wrote, now: float) -> bool:
        """More of a model's answer has come; returns whether it is about next edits."""
        model = self._model
        if model is None or model.stream != event.stream:
            return False
        model.draft.write(event.text)
        if model.endless:
            self._stop()
            self._propose((), "the model went on and on", now)
        return True

    def ended(self, event: Ended, now: float) -> bool:
        """A model's answer is complete."""
        model = self._model
        if model is None or model.stream != event.stream:
            return False
        self._model = None
        self._take(model.found(), model.document)
        if self._waiting:
            why = "what the model makes of the last change" if self._offers else _NOTHING
            self._propose(self._offers, why, now, "model")
        return True

    def failed(self, event: Failed, now: float) -> bool:
        """A model's answer will not be completed."""
        if self._model is None or self._model.stream != event.stream:
            return False
        self._model = None
        self._propose((), event.reason, now)
        return True

    def withdrawn(self, request: RequestId, now: float) -> bool:
        """The editor has cancelled a request."""
        if self._waiting is None or self._waiting.request != request:
            return False
        self._said(request, "CANCELLED", "withdrawn by the editor", now)
        self._common.do(Refuse(request, Refusal.CANCELLED, "withdrawn by the editor"))
        self._waiting = None
        self._stop()
        return True

    def rejected(self, event: Rejected, now: float) -> bool:
        """The person has sent an edit away; returns whether it was one of these."""
        kept = tuple(it for it in self._offers if it.number != event.answer)
        mine = len(kept) < len(self._offers)
        if mine:
            self._offers = kept
            self._ledger.rejected(event.answer, "sent away", now)
        return mine

    def deadline(self) -> float | None:
        """Return when `tick` should be called if nothing happens before, or None."""
        if self._waiting is None:
            return None
        return self._waiting.asked + (self._common.policy.stall if self._model else _PATIENCE)

    def tick(self, now: float) -> None:
        """Answer a request for which the library, or the model, has taken too long."""
        if (due := self.deadline()) is not None and due <= now:
            self._stop()
            self._propose((), "looking for what follows took too long", now)

    def switched_off(self, now: float) -> None:
        """Nothing is offered any more."""
        self._stop()
        self._propose((), "switched off", now)
        self._offers = ()

    def interrupted(self, answer: int | None, now: float) -> tuple[int, ...]:
        """Stop what is being written; returns what was stopped."""
        if self._model is None or answer not in {None, self._model.stream}:
            return ()
        stopped = self._model.stream
        self._stop()
        self._propose((), "interrupted", now)
        return (stopped,)

    def _stop(self) -> None:
        if self._model:
            self._common.cancel(self._model.stream)
            self._model = None

    def _take(self, found: Sequence[Found], document: Document) -> None:
        """Offer what was found for a change of a document."""
        offers = [self._offered(it, document) for it in found]
        self._offers, self._origin = tuple(it for it in offers if it), document.uri

    def _offered(self, found: Found, document: Document) -> _Offer | None:
        """Return what was found as an offer, if it still stands so."""
        here = document if found.path == document.path else None
        open_ = here or next((it for it in self._common.documents if it.path == found.path), None)
        if open_ and open_.text.string[found.start : found.end] != found.old:
            return None
        return _Offer(self._common.number(), open_.uri if open_ else None, found)

    @staticmethod
    def _bound(offer: _Offer, document: Document) -> _Offer | None:
        """Return an offer for a file as one for the document that it is now open as."""
        found = offer.found
        if offer.uri is not None or found.path != document.path:
            return offer
        here = document.text.string[found.start : found.end] == found.old
        return replace(offer, uri=document.uri) if here else None

    def _followed(self, uri: str, applied: Applied, now: float) -> bool:
        """Let the offers follow an edit; returns whether it was one of them."""
        kept: list[_Offer] = []
        taken = False
        for offer in self._offers:
            found, edit = offer.found, applied.edit
            if offer.uri != uri:
                kept.append(offer)
            elif not taken and _same(found, applied):
                taken = True
                self._ledger.accepted(offer.number, None, uri, edit.start, edit.new, now)
            elif place := moved(found.start, found.end, applied):
                start, end = place
                kept.append(replace(offer, found=_at(found, start, end)))
            else:
                self._ledger.rejected(offer.number, "typed over", now)
        self._offers = tuple(kept)
        return taken

    def _propose(
        self, offers: Sequence[_Offer], reason: str, now: float, source: str = "engine"
    ) -> None:
        """Answer the request, if there is one."""
        if (waiting := self._waiting) is None:
            return
        self._waiting = None
        language = waiting.document.language.name if waiting.document.language else ""
        for offer in offers:
            uri, new = offer.uri or "", offer.found.new
            self._ledger.shown(offer.number, uri, language, new, waiting.asked, now, source, "next")
        self._journal.note(waiting.request, source=source, edits=len(offers))
        self._said(waiting.request, "SHOW" if offers else "CLEAR", reason, now)
        self._common.do(Proposed(waiting.request, tuple(map(self._proposal, offers))))

    def _said(self, request: RequestId, verdict: str, reason: str, now: float) -> None:
        self._journal.note(request, verdict=verdict, reason=reason)
        self._journal.step(request, "answered", now)

    def _proposal(self, offer: _Offer) -> Proposal:
        found, encoding = offer.found, self._common.documents.encoding
        document = self._common.documents.get(offer.uri) if offer.uri else None
        if document:
            start = document.text.position(found.start, encoding)
            end = document.text.position(found.end, encoding)
        else:
            start = Position(found.line, units(found.lead, encoding))
            rows = line_starts(found.old)
            last = units(found.old[rows[-1] :], encoding)
            end = Position(
                found.line + len(rows) - 1, last + (start.character if len(rows) == 1 else 0)
            )
        edit = Replacement(start, end, found.new)
        version = document.version if document else None
        return Proposal(offer.number, offer.uri, found.path, version, edit, found.reason)


def _same(found: Found, applied: Applied) -> bool:
    """Whether an edit does what was found, perhaps by fewer characters."""
    edit = applied.edit
    if not found.start <= edit.start <= edit.end <= found.end:
        return False
    head, tail = edit.start - found.start, found.end - edit.end
    done = found.old[:head] + edit.new + found.old[len(found.old) - tail :]
    return done == found.new


def _at(found: Found, start: int, end: int) -> Found:
    return Found(found.path, start, end, found.old, found.new, found.reason)
