"""Inline completions: which answer a request gets, and when a model is asked.

Theory of operation
-------------------
There is at most one *request*, the newest not yet answered, and at most two *streams*, answers that
a backend is writing. They are separate: a request may wait without a stream (debounce, backend
away), a stream may run on without a request (its reader typed along, or it writes what comes next),
and a request is attached to each stream that writes for its document and its cursor.

A request is answered exactly once: with text; with nothing, which clears; with KEEP, which leaves
on screen what is there, when something has overtaken it; as cancelled, when the client withdrew it.
Every edit of a document overtakes the request made for it, so no answer can speak of an older
version, and none can follow a newer one.

A request looks, in this order: answers in hand (`reuse`), streams in flight, and only then, after
the quiet rules and the debounce, the backend. An answer in hand is never delayed.

What is shown ends where a piece is whole (`showing`): then the request is answered, and the stream
goes on for what comes next. When all of an answer is on screen for a while, or nearly typed, what
follows it is asked for as if it had been taken over.

A stream whose answer no longer agrees with the buffer is cancelled in the same call; one that
agrees is kept, for a grace period, for the request that comes with the key. One that is silent for
long, while the person types on, gets a rival that was shown the newer text; who writes first wins.
Until the model has something to show, a draft of the embedded engine is shown (`drafts`).

A stream that fails before anything was visible is retried if the failure is transient. A request
waits for a backend that is away, or for leave to send its document, up to `Policy.hold`.

Owns the decisions. How a request is answered is told in `answering`, what it is shown meanwhile in
`growing`, how streams go in `streams`, what becomes of the text on screen in `onscreen`.
"""

from collections.abc import Sequence

from spark_lsp.core.accounting.journal import Journal
from spark_lsp.core.accounting.ledger import Ledger
from spark_lsp.core.common import Common
from spark_lsp.core.completing.answering import Answering
from spark_lsp.core.completing.barren import Barren
from spark_lsp.core.completing.deeds import Deeds
from spark_lsp.core.completing.drafts import Drafts
from spark_lsp.core.completing.exchange import Request, Stream
from spark_lsp.core.completing.growing import Growing
from spark_lsp.core.completing.onscreen import OnScreen, line_before
from spark_lsp.core.completing.pace import Pace
from spark_lsp.core.completing.quiet import Deed, why_quiet
from spark_lsp.core.completing.reuse import Answer, Answers
from spark_lsp.core.completing.steering import Steering
from spark_lsp.core.completing.streams import Streams
from spark_lsp.core.documents import Applied, Document
from spark_lsp.core.effects import Verdict
from spark_lsp.core.events import (
    Accepted,
    Asked,
    Displayed,
    Ended,
    Failed,
    Redirected,
    Rejected,
    Turned,
    Wrote,
)
from spark_lsp.core.showing.visible import SCOPE

_NOTHING = "the model had nothing to add"
_UNVETTED = "it is not known yet whether this document may be sent"


class Completions:
    """All inline completions of a session; see the theory of operation above."""

    def __init__(self, common: Common, ledger: Ledger, journal: Journal) -> None:
        """Take what the session's parts share, and where is written down what happens."""
        self._common = common
        self._journal = journal
        self._screen = OnScreen(common, ledger)
        self._open = Answering(common, self._screen, journal)
        self._answers: dict[str, Answers] = {}
        self._streams = Streams(common, journal, self._answers)
        self._steering = Steering(common, self._streams)
        self._drafts = Drafts(common, self._streams, self._open)
        self._growing = Growing(self._open, self._streams, self._drafts)
        self._pace = Pace(common.policy.waits_itself)
        self._deeds = Deeds()
        self._barren = Barren()

    # What the editor does.

    def opened(self, uri: str) -> None:
        """A document is open."""
        self._answers[uri] = Answers()
        self._deeds.opened(uri)

    def closed(self, uri: str, now: float) -> None:
        """A document is closed."""
        if self._open.request and self._open.request.document.uri == uri:
            self._open.clear("the document was closed", now)
        self._drop([stream for stream in self._streams if stream.uri == uri], now)
        self._streams.closed(uri)
        self._drafts.closed(uri)
        self._answers.pop(uri, None)
        self._deeds.closed(uri)

    def edited(self, document: Document, applied: Sequence[Applied], now: float) -> None:
        """A document has been changed; it is as it is after all of it."""
        uri = document.uri
        if self._open.request and self._open.request.document.uri == uri:
            self._open.reply(Verdict.KEEP, "overtaken by an edit", now)
            self._streams.orphan(now)
        self._pace.edited(now)
        woken = False
        for edit in applied:
            woken |= self._answers[uri].edited(edit)
            self._screen.edited(uri, edit, document.text, now)
            self._drop(self._streams.follow(uri, edit), now)
            self._drafts.follow(uri, edit)
        self._deeds.edited(uri, applied, woken=woken)

    def asked(self, event: Asked, now: float) -> None:
        """The editor wants a completion."""
        self._open.reply(Verdict.KEEP, "overtaken by a newer request", now)
        request = self._open.begin(event, now)
        if request is None:
            self._streams.orphan(now)
            return
        if why := self._deeds.why(request):
            self._hush(request, why, now)
        else:
            self._serve(request, now)

    def withdrawn(self, request: int, now: float) -> bool:
        """The editor has cancelled a request."""
        if self._open.request is None or self._open.request.id != request:
            return self._steering.withdrawn(request)
        self._open.reply(Verdict.CANCELLED, "withdrawn by the editor", now)
        self._streams.orphan(now)
        return True

    def displayed(self, event: Displayed, now: float) -> None:
        """The editor has shown a completion."""
        self._screen.displayed(event.answer, now)

    def accepted(self, event: Accepted, now: float) -> None:
        """The person has taken a completion over."""
        self._screen.accepted(event.answer, event.length, now)

    def rejected(self, event: Rejected, now: float) -> None:
        """The person has sent a completion away."""
        self._screen.rejected(event.answer, now)
        self._drafts.rejected(now)
        self._streams.not_ahead()
        away = [it for it in self._streams if self._open.barred(it.answer, it.uri, now)]
        self._drop(away, now)
        if away and self._open.request and not self._growing.attached():
            self._end("sent away", now)

    def redirected(self, event: Redirected, now: float) -> None:
        """The person wants another answer than the one that is being written, or on screen."""
        expected = event.expected and self._meant(event.expected)
        piece = self._screen.piece(event.uri)
        answer = self._meant(piece.number) if piece else 0
        if turned := self._steering.redirected(event, piece, answer, expected, now):
            self._open.reply(Verdict.KEEP, "overtaken by an instruction", now)
            self._drop([it for it in self._streams if it is not turned], now)
            self._drafts.drop()
            self._answers[event.uri] = Answers()

    def interrupted(self, answer: int | None, now: float) -> tuple[int, ...]:
        """Stop what is being written, or one answer of it; returns what was stopped."""
        wanted = None if answer is None else self._meant(answer)
        stopped = [it for it in self._streams if wanted is None or it.id == wanted]
        for stream in stopped:
            self._streams.remove(stream)
            self._common.cancel(stream.id)
        if stopped:
            self._drafts.drop()
        if stopped and self._open.request and not self._growing.attached():
            self._open.clear("interrupted", now)
            self._streams.orphan(now)
        return tuple(stream.id for stream in stopped)

    # What the backend does.

    def wrote(self, event: Wrote, now: float) -> bool:
        """More of an answer has come; returns whether it is one of a completion."""
        stream = self._streams.get(event.stream)
        if stream is None:
            return self._drafts.wrote(event, now)
        if event.text and not stream.written:
            self._pace.answered(now - stream.begun)
        self._streams.wrote(stream, event.text, event.confidence, now)
        if not stream.answer.agrees or stream in self._growing.outdated(now):
            # The person had typed ahead, and the answer goes another way, or where they have sent
            # it away before: that is a new question.
            self._drop([stream], now)
            self.advance(now)
        elif stream.over or self._streams.enough(stream):
            self._common.cancel(stream.id)
            self._finished(stream, now)
        elif stream.answer.rest or stream.answer.walled:
            self._drop([it for it in self._streams if it is not stream], now)
            self._drafts.overtaken(stream.answer)
            if stream.answer.stop is not None or not self._open.hold(now):
                self._growing.grow(now)
        return True

    def ended(self, event: Ended, now: float) -> bool:
        """An answer is complete."""
        if stream := self._streams.get(event.stream):
            self._finished(stream, now)
        return stream is not None or self._drafts.ended(event, now)

    def failed(self, event: Failed, now: float) -> bool:
        """An answer will not be completed."""
        stream = self._streams.get(event.stream)
        if stream is None:
            return self._drafts.failed(event)
        self._streams.retire(stream)
        common, request = self._common, self._open.request
        common.not_before = now + event.after
        if request is None or self._growing.attached():
            return True
        again = event.transient and not request.seen and request.tries < common.policy.retries
        if again and common.not_before <= request.asked + common.policy.hold:
            request.tries += 1
            request.due = common.not_before
            self.advance(now)
        else:
            self._open.settle(event.reason, now)
        return True

    def turned(self, event: Turned, now: float) -> bool:
        """An answer begins anew, as it was told to."""
        if stream := self._streams.get(event.stream):
            self._steering.turned(stream, event.how, now)
        return stream is not None

    def learned(self) -> None:
        """Much is known that was not known before."""
        self._barren.forget()

    # What time and settings do.

    def configured(self, now: float) -> None:
        """Settings have changed: these were the answers of the last ones."""
        self._answers.update({uri: Answers() for uri in self._answers})
        self._barren.forget()
        self._drafts.drop()
        if not self._common.enabled:
            self._open.clear("switched off", now)
            self._drop(list(self._streams), now)

    def deadline(self) -> float | None:
        """Return when `tick` should be called if nothing happens before, or None."""
        common, policy = self._common, self._common.policy
        times = [self._streams.deadline()]
        if (request := self._open.request) and not self._growing.attached():
            ready = common.up and common.may_send(request.document) is not None
            latest = request.asked + policy.hold
            times.append(min(request.due, latest) if ready else latest)
        else:
            times.append(self._open.deadline())
        return min((time for time in times if time is not None), default=None)

    def tick(self, now: float) -> None:
        """Do what has become due."""
        policy = self._common.policy
        stalled, left = self._streams.due(now)
        for stream in stalled:
            self._streams.retire(stream)
            self._common.cancel(stream.id)
        if stalled and not self._growing.attached():
            self._open.settle("the model has stalled", now)
        self._drop(left, now)
        if request := self._open.request:
            if not self._growing.attached():
                self.advance(now)
                if not self._growing.attached() and request.asked + policy.hold <= now:
                    self._end(self._common.away if not self._common.up else _UNVETTED, now)
            elif not request.grows and request.best and request.asked + policy.patience <= now:
                self._open.settle("as far as it was written in time", now)
                if request.seen:
                    self._streams.orphan(now)
        if self._open.due(now):
            self._growing.grow(now)
        self._streams.look_ahead(self._screen.eagerness, now)

    # How a request finds its answer.

    def _serve(self, request: Request, now: float) -> None:
        def wanted(answer: Answer) -> bool:
            return answer.leads_to(request.lead) and self._open.fits(answer, now)

        self._drop(self._growing.outdated(now), now)
        uri, attached = request.document.uri, self._growing.attached()
        walled = self._answers[uri].walled(request.offset)
        if answer := self._answers[uri].at(request.offset, wanted):
            source = "typed along" if answer.middle else "cache"
            self._open.finish(answer, source, "a finished answer goes on", now)
            self._streams.orphan(now, but=answer.id)
            self._streams.follows(answer, request.document, now)
        elif not request.invoked and (walled or any(it.answer.walled for it in attached)):
            self._end(SCOPE, now)
        elif attached:
            for stream in attached:
                stream.orphaned = None
            self._growing.grow(now)
            if self._open.request and request.seen and not request.grows:
                self._open.settle("as far as it is written", now)
                self._streams.orphan(now)
            elif self._open.request and self._streams.wants_rival(attached, now):
                self._begin(request, now)
        else:
            self._drop(list(self._streams), now)
            self._drafts.show(now)
            self._ask(request, now)

    def _ask(self, request: Request, now: float) -> None:
        """Have the backend asked for what nobody has in hand, if and when that is wanted."""
        text, offset = request.document.text, request.offset
        request.due = self._common.not_before
        if not request.invoked:
            if why := why_quiet(text, offset, Deed.NONE, request.document.language):
                self._hush(request, why, now)
                return
            if why := self._barren.why(request.document.uri, text, offset, now):
                self._end(why, now)
                return
            wait = self._pace.debounce(now, opens_line=not line_before(text, offset).strip())
            wait += self._screen.eagerness.calm(now)
            self._journal.note(request.id, debounce=wait)
            request.due = max(request.due, now + wait)
        if request.due > now + self._common.policy.hold:
            self._end("the provider asks to wait", now)
        else:
            self.advance(now)

    def advance(self, now: float) -> None:
        """Open a stream for the waiting request, if it is time and the backend can be asked."""
        request, common = self._open.request, self._common
        if request is None or self._growing.attached() or not common.up or request.due > now:
            return
        document = request.document
        if common.may_send(document):
            self._begin(request, now)
        elif document.private:
            self._end(f"never sent: {document.private}", now)

    def _begin(self, request: Request, now: float) -> None:
        stream, prompt = self._streams.open(request, self._drafts.told(request), now)
        self._drafts.begin(request, stream, prompt, now)

    def _finished(self, stream: Stream, now: float) -> None:
        """Take in that a stream has said all that will be heard of it."""
        here = stream in self._growing.attached()
        if document := self._common.documents.get(stream.uri):
            self._streams.finish(stream, document)
        outdated = stream in self._growing.outdated(now)
        self._streams.retire(stream)
        answer, request = stream.answer, self._open.request
        if not stream.written:
            self._barren.add(stream.uri, stream.text, stream.offset, _NOTHING, now)
            self._drafts.drop()
        if request is None or not here:
            return
        if stream.cut:
            self._journal.note(request.id, cut=stream.cut)
        if stream.written and self._open.fits(answer, now):
            if self._growing.complete(answer, now):
                self._streams.follows(answer, request.document, now)
        elif outdated or (answer.middle and len(answer.text) <= len(answer.middle)):
            # The person has typed ahead, all of it or what they sent away: another question.
            self.advance(now)
        elif not self._growing.attached():
            reason = stream.cut or ("sent away before" if answer.rest else _NOTHING)
            self._barren.add(stream.uri, request.document.text, request.offset, reason, now)
            self._drafts.drop()
            self._open.leave(reason, now)

    def _hush(self, request: Request, why: str, now: float) -> None:
        self._journal.note(request.id, rule="quiet", quiet=why)
        self._end(why, now)

    def _end(self, reason: str, now: float) -> None:
        """Answer the request without the model; nobody reads what is written on."""
        self._open.leave(reason, now)
        self._streams.orphan(now)

    def _meant(self, number: int) -> int:
        """The answer of a model that a number on screen belongs to."""
        return self._drafts.meant(self._screen.answer(number))

    def _drop(self, streams: Sequence[Stream], now: float) -> None:
        """Stop streams; what they have written is kept, for a divergence may be taken back."""
        for stream in streams:
            if not stream.written:
                self._pace.unanswered(now - stream.begun)
            self._streams.retire(stream)
            self._common.cancel(stream.id)
