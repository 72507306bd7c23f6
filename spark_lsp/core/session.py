"""One editor's conversation with one backend, as a pure state machine.

Theory of operation
-------------------
Everything that happens is an `Event`, everything to be done is an `Effect`, and time is an
argument: `handle(event, now)`, `tick(now)` when `deadline()` has come. The machine never waits and
never raises on anything a client or a backend may say.

There is at most one *request*, the newest inline completion request not yet answered, and at most
one *stream*, the answer that a backend is writing. They are separate: a request may wait without a
stream (debounce, backend away), a stream may run on without a request (its reader typed along, and
the next request will find it), and a request is attached to a stream exactly while the stream
writes for its document and its cursor.

A request is answered exactly once, in one of four ways: with text; with nothing, which clears; with
KEEP, which leaves on screen what is there, when a newer request or an edit has overtaken it; as
cancelled, when the client withdrew it. Every edit of a document overtakes the request made for it,
so no answer can speak of an older version, and none can follow a newer one.

What an edit does to answers is told in `reuse`. A stream whose answer no longer agrees with the
buffer is cancelled in the same call; one that agrees is kept, for a grace period, for the request
that the editor sends with the key. A request looks, in this order: finished answers, the stream,
and only then the backend.

A stream that fails before anything was visible is retried if the failure is transient. A request
waits for a backend that is away, or until it is known whether its document may leave the machine,
but not for longer than `Policy.hold`. Of a document that may not leave, nothing goes to a backend
that is not our own process, nor into the index, from where it could leave with another's prompt.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from spark_lsp.core.completing.exchange import Request, Stream
from spark_lsp.core.completing.reuse import Answers
from spark_lsp.core.context import Context
from spark_lsp.core.documents import Applied, Document, Documents
from spark_lsp.core.effects import Cancel, Effect, Grow, Open, Reply, Shelve, Suggestion, Verdict
from spark_lsp.core.events import (
    Asked,
    Closed,
    Configured,
    Down,
    Edited,
    Ended,
    Event,
    Failed,
    Opened,
    Outdated,
    Packed,
    Recalled,
    Settled,
    Up,
    Vetted,
    Warmed,
    Withdrawn,
    Wrote,
)
from spark_lsp.core.policy import Policy
from spark_lsp.core.syntax import LIMIT
from spark_lsp.core.text import Encoding, inside_word


class Session:
    """One editor's conversation with one backend; see the theory of operation above."""

    def __init__(
        self, encoding: Encoding = Encoding.UTF16, window: int = 128_000, policy: Policy = Policy()
    ) -> None:
        """Take the negotiated unit of positions, the model's window in tokens, and the policy."""
        self.documents = Documents(encoding)
        self._policy = policy
        self._context = Context(window, self.documents)
        self._answers: dict[str, Answers] = {}
        self._request: Request | None = None
        self._stream: Stream | None = None
        self._streams = 0
        self._up = False
        self._down_reason = "the backend is starting"
        self._enabled = True
        self._local = True
        self._not_before = 0.0
        self._resting: dict[str, float] = {}
        self._effects: list[Effect] = []

    def handle(self, event: Event, now: float) -> list[Effect]:  # noqa: C901, PLR0912 - one arm per event
        """Take in one event and return what is to be done, in order."""
        match event:
            case Opened():
                self._opened(event)
            case Vetted():
                self._vetted(event, now)
            case Edited():
                self._edited(event, now)
            case Closed():
                self._closed(event.uri)
            case Asked():
                self._asked(event, now)
            case Withdrawn():
                if self._request and self._request.id == event.request:
                    self._reply(Verdict.CANCELLED, None, "withdrawn by the editor")
                    self._orphan(now)
            case Wrote():
                self._wrote(event, now)
            case Ended():
                self._ended(event.stream, now)
            case Failed():
                self._failed(event, now)
            case Up():
                self._up = True
                self._heed(self._context.connected())
                self._advance(now)
            case Down():
                self._up = False
                self._context.disconnected()
                self._down_reason = event.reason
            case Warmed() | Packed() | Recalled() | Outdated() | Settled():
                self._heed(self._context.heard(event, up=self._up))
            case Configured():
                self._configured(event)
            case _:
                assert_never(event)
        return self._taken()

    def deadline(self) -> float | None:
        """Return when `tick` should be called if nothing happens before, or None."""
        policy = self._policy
        times = [at + policy.quiet for at in self._resting.values()]
        if (request := self._request) and not self._reading():
            ready = self._up and self._may_send(request.document) is not None
            latest = request.asked + policy.hold
            times.append(min(request.due, latest) if ready else latest)
        elif request and not request.grows and request.shown:
            times.append(request.asked + policy.patience)
        if stream := self._stream:
            times.append(stream.stalls(policy))
            if stream.orphaned is not None:
                times.append(stream.orphaned + policy.grace)
        return min(times, default=None)

    def tick(self, now: float) -> list[Effect]:
        """Do what has become due."""
        policy = self._policy
        for uri in [uri for uri, at in self._resting.items() if at + policy.quiet <= now]:
            self._shelve(uri)
        if stream := self._stream:
            if stream.stalls(policy) <= now:
                self._cancel()
                self._settle("the model has stalled", now)
            elif stream.orphaned is not None and stream.orphaned + policy.grace <= now:
                self._remember(stream)
                self._cancel()
        if request := self._request:
            if not self._reading():
                self._advance(now)
                if not self._reading() and request.asked + policy.hold <= now:
                    self._reply(Verdict.CLEAR, None, self._down_reason)
            elif not request.grows and request.shown and request.asked + policy.patience <= now:
                self._settle("as far as it was written in time", now)
        return self._taken()

    def _opened(self, event: Opened) -> None:
        self._closed(event.uri)
        document = self.documents.open(
            event.uri, event.path, event.language_id, event.version, event.text
        )
        self._context.opened(document)
        self._answers[event.uri] = Answers()

    def _closed(self, uri: str) -> None:
        if self._request and self._request.document.uri == uri:
            self._reply(Verdict.CLEAR, None, "the document was closed")
        if self._stream and self._stream.uri == uri:
            self._cancel()
        document = self.documents.close(uri)
        if document and not any(other.path == document.path for other in self.documents):
            self._effects.append(Shelve(uri, document.path, None))
        self._context.closed(uri)
        self._answers.pop(uri, None)
        self._resting.pop(uri, None)

    def _vetted(self, event: Vetted, now: float) -> None:
        if (document := self.documents.get(event.uri)) and document.private != event.private:
            document.private = event.private
            if event.private:  # it was not, perhaps, before an ignore file changed
                self._effects.append(Shelve(event.uri, document.path, None))
                self._heed(self._context.expel((document.path,)))
            self._shelve(event.uri)
            self._heed([self._context.wish(document, 0)])
            self._advance(now)

    def _edited(self, event: Edited, now: float) -> None:
        if event.uri not in self._answers:
            return
        if self._request and self._request.document.uri == event.uri:
            self._reply(Verdict.KEEP, None, "overtaken by an edit")
            self._orphan(now)
        for applied in self.documents.change(event.uri, event.version, event.changes):
            self._answers[event.uri].edited(applied)
            self._context.edited(event.uri, applied)
            self._follow(event.uri, applied)
        self._resting[event.uri] = now

    def _follow(self, uri: str, applied: Applied) -> None:
        """Let the stream follow an edit of its document, or stop it."""
        stream = self._stream
        if stream is None or stream.uri != uri:
            return
        answer = stream.answer.after(applied)
        if answer is None:
            self._cancel()
            return
        stream.answer = answer
        if not answer.agrees:
            # Not lost: taking the divergence back brings it to the screen again.
            self._remember(stream)
            self._cancel()

    def _asked(self, event: Asked, now: float) -> None:
        self._reply(Verdict.KEEP, None, "overtaken by a newer request")
        document = self.documents.get(event.uri)
        if document is None or not self._enabled:
            reason = "switched off" if document else "the document is not open"
            self._effects.append(Reply(event.request, Verdict.CLEAR, None, reason))
            self._orphan(now)
            return
        offset = document.text.offset(event.position, self.documents.encoding)
        due = max(now + self._policy.debounce, self._not_before)
        self._request = Request(event.request, document, offset, event.grows, now, due)
        if due > now + self._policy.hold:
            self._reply(Verdict.CLEAR, None, "the provider asks to wait")
        elif inside_word(document.text.string, offset):
            self._reply(Verdict.CLEAR, None, "inside a word")
            self._orphan(now)
        elif answer := self._answers[event.uri].at(offset):
            self._show(answer.id, answer.rest, "a finished answer goes on")
            self._orphan(now)
        elif (stream := self._stream) and (stream.uri, stream.answer.cursor) == (event.uri, offset):
            stream.orphaned = None
            self._grow()
            if self._request.shown and not event.grows:
                self._settle("as far as it is written", now)
        else:
            self._cancel()
            self._advance(now)

    def _wrote(self, event: Wrote, now: float) -> None:
        stream = self._stream
        if stream is None or stream.id != event.stream:
            return
        stream.write(event.text, now)
        if len(stream.answer.text) > self._policy.longest:
            self._effects.append(Cancel(stream.id))
            self._ended(stream.id, now)
        elif not stream.answer.agrees:
            # The person had typed ahead and the answer goes another way: that is a new question.
            self._cancel()
            self._advance(now)
        elif self._reading():
            self._grow()

    def _ended(self, stream_id: int, now: float) -> None:
        stream = self._stream
        if stream is None or stream.id != stream_id:
            return
        self._stream = None
        whole = stream.showable(final=True)
        if whole.text:
            self._answers[stream.uri].add(whole)
        if whole.rest:
            self._show(whole.id, whole.rest, "the model's answer")
        elif whole.text:
            # The person has typed all of it meanwhile: what follows is another question.
            self._advance(now)
        else:
            self._settle("the model had nothing to add", now)

    def _failed(self, event: Failed, now: float) -> None:
        stream, request = self._stream, self._request
        if stream is None or stream.id != event.stream:
            return
        self._stream, self._not_before = None, now + event.after
        if request is None:
            return
        again = event.transient and not request.shown and request.tries < self._policy.retries
        if again and self._not_before <= request.asked + self._policy.hold:
            request.tries += 1
            request.due = self._not_before
            self._advance(now)
        else:
            self._settle(event.reason, now)

    def _configured(self, event: Configured) -> None:
        self._enabled, self._local = event.enabled, event.local
        self._policy = replace(self._policy, stall=event.stall, retries=event.retries)
        self._context = self._context.resized(event.window)
        self._heed(self._context.again())
        self._not_before = 0.0  # that was the last provider's wish
        self._answers = {uri: Answers() for uri in self._answers}  # and these its answers
        if not event.enabled:
            self._reply(Verdict.CLEAR, None, "switched off")
            self._cancel()

    def _advance(self, now: float) -> None:
        """Open a stream for the waiting request, if it is time."""
        request = self._request
        if request is None or self._stream or not self._up or request.due > now:
            return
        document = request.document
        if not self._may_send(document):
            if document.private:
                self._reply(Verdict.CLEAR, None, f"never sent: {document.private}")
            return
        prompt = self._context.prompt(document, request.offset)
        self._streams += 1
        self._stream = Stream.begin(self._streams, document, request.offset, now)
        self._effects.append(Open(self._streams, prompt))
        self._heed([self._context.wish(document, request.offset)])

    def _heed(self, effects: Sequence[Effect | None]) -> None:
        """Do what the context asks for; the library is to know the buffers as they are."""
        wanted = [effect for effect in effects if effect]
        for uri in list(self._resting) if wanted else ():
            self._shelve(uri)
        self._effects += wanted

    def _may_send(self, document: Document) -> bool | None:
        """Whether a document's text may go to the backend; None while that is unknown."""
        if self._local or document.private == "":
            return True
        return None if document.private is None else False

    def _reading(self) -> bool:
        """Whether the request is attached to the stream: it is, if there are both."""
        return self._request is not None and self._stream is not None

    def _orphan(self, now: float) -> None:
        """Start the grace period of a stream that has lost its reader."""
        if self._stream and self._stream.orphaned is None:
            self._stream.orphaned = now

    def _grow(self) -> None:
        """Show the request what the stream has written for it, if that is more than before."""
        request, stream = self._request, self._stream
        if request is None or stream is None:
            return
        rest = stream.showable(final=False).rest
        if len(rest) > len(request.shown) and rest.startswith(request.shown):
            request.shown = rest
            if request.grows:
                suggestion = request.suggestion(stream.id, rest, self.documents.encoding)
                self._effects.append(Grow(request.id, suggestion))

    def _settle(self, reason: str, now: float) -> None:
        """Answer the request with what it has been shown."""
        if self._request and self._request.shown:
            self._show(self._streams, self._request.shown, reason)
        else:
            self._reply(Verdict.CLEAR, None, reason)
        self._orphan(now)

    def _remember(self, stream: Stream) -> None:
        """Keep what a stream has written so far, as if it had been all."""
        if (answer := stream.showable(final=False)).text:
            self._answers[stream.uri].add(answer)

    def _show(self, answer: int, text: str, reason: str) -> None:
        if self._request:
            suggestion = self._request.suggestion(answer, text, self.documents.encoding)
            self._reply(Verdict.SHOW, suggestion, reason)

    def _reply(self, verdict: Verdict, suggestion: Suggestion | None, reason: str) -> None:
        """Answer the request, if there is one."""
        if self._request:
            self._effects.append(Reply(self._request.id, verdict, suggestion, reason))
            self._request = None

    def _cancel(self) -> None:
        if self._stream:
            self._effects.append(Cancel(self._stream.id))
            self._stream = None

    def _shelve(self, uri: str) -> None:
        """Let the library know a buffer, if it may be known."""
        self._resting.pop(uri, None)
        if (document := self.documents.get(uri)) and document.private == "":
            text = document.text.string
            self._effects.append(Shelve(uri, document.path, text if len(text) <= LIMIT else ""))

    def _taken(self) -> list[Effect]:
        effects, self._effects = self._effects, []
        return effects
