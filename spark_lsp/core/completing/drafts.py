"""Drafts: what the embedded engine is sure of, shown while a real model is on its way.

Theory. With each request to the model the engine is asked about the same place. It answers within
milliseconds or, where it is not sure, with nothing. What it writes is shown once a piece of it is
whole, and only while the model has nothing to show.

What a person reads does not change under their eyes: if the model goes on with what the draft says,
both are one answer; if not, the draft stays for this request, and the model's answer is what the
next one finds (`reuse`). Until then the draft stays in hand for whoever types along with it. It
goes where the buffer takes another way, and where the model says the same or had nothing to add.

A draft is asked for after the model, and never instead of it: it delays, answers for and ends no
stream of the model's. So none of the rules that learn from what a model does gets to know of it.

Owns the one draft there is. When a model is asked, and what else a request may be answered with, is
decided in `completions`.
"""

from dataclasses import replace

from spark_lsp.core.common import Common
from spark_lsp.core.completing.answering import Answering
from spark_lsp.core.completing.exchange import Request, Stream
from spark_lsp.core.completing.reuse import Answer
from spark_lsp.core.completing.streams import Streams
from spark_lsp.core.documents import Applied
from spark_lsp.core.effects import DRAFT, Draft
from spark_lsp.core.events import Ended, Failed, Wrote
from spark_lsp.core.prompt import Prompt


class Drafts:
    """The draft that is being written or in hand; see the theory above."""

    def __init__(self, common: Common, streams: Streams, answering: Answering) -> None:
        """Take whose open request it is shown, and what reads streams."""
        self._common = common
        self._streams = streams
        self._open = answering
        self._draft: Stream | None = None
        self._beside = 0  # the model's stream that it was written for
        self._writing = False
        self._seen = False

    def begin(self, request: Request, stream: Stream, prompt: Prompt, now: float) -> None:
        """Have a draft written for what a model is asked, unless the one in hand serves there."""
        common = self._common
        if not common.drafts:
            return
        self._beside = stream.id
        if (known := self._here(request)) and (self._writing or known.answer.rest):
            return
        self.drop()
        number = common.number()
        answer = replace(stream.answer, id=number)
        self._draft = replace(stream, id=number, answer=answer, begun=now, heard=now)
        self._writing, self._seen = True, False
        # The engine knows the workspace by itself, and a guess is worth less than the model's.
        common.do(Draft(number, replace(prompt, stable=(), instruction="", invoked=False)))

    def told(self, request: Request) -> str:
        """Return what of the draft in hand a model may be told that it will most likely write."""
        known = self._here(request)
        if known is None or self._writing or not known.written:
            return ""
        return known.answer.text[len(known.answer.middle) :]

    def drop(self) -> None:
        """Forget the draft."""
        if self._draft and self._writing:
            self._common.cancel(self._draft.id)
        self._draft, self._writing = None, False

    def follow(self, uri: str, applied: Applied) -> None:
        """Follow an edit; what does not agree with it goes."""
        draft = self._draft
        if draft and draft.uri == uri and not (draft.follow(applied) and draft.answer.agrees):
            self.drop()

    def closed(self, uri: str) -> None:
        """A document is closed."""
        if self._draft and self._draft.uri == uri:
            self.drop()

    def meant(self, answer: int) -> int:
        """Return which answer of a model is meant by a number that may be the draft's."""
        return self._beside if self._draft and self._draft.id == answer else answer

    # What the engine does.

    def wrote(self, event: Wrote, now: float) -> bool:
        """More of a draft has come; returns whether it is the one."""
        draft = self._written_by(event.stream)
        if draft is None:
            return False
        self._streams.wrote(draft, event.text, None, now)
        if not draft.answer.agrees:
            self.drop()
        elif draft.over or self._streams.enough(draft):
            self._common.cancel(draft.id)
            self._finish(draft)
        self.show(now)
        return True

    def ended(self, event: Ended, now: float) -> bool:
        """A draft is complete; returns whether it is the one."""
        draft = self._written_by(event.stream)
        if draft is None:
            return False
        self._finish(draft)
        self.show(now)
        return True

    def failed(self, event: Failed) -> bool:
        """A draft will not be completed, which nobody needs to know; returns whether it is one."""
        if self._written_by(event.stream) is None:
            return False
        self._draft, self._writing = None, False
        return True

    def show(self, now: float) -> None:
        """Show what is whole of the draft to the open request, if it was shown nothing yet."""
        request = self._open.request
        draft = self._here(request) if request and request.best is None else None
        if draft is None:
            return
        self._streams.check(draft)
        whole = draft.answer.stop is not None or not self._writing
        if whole and self._open.fits(draft.answer, now):
            self._seen = True
            self._open.show(draft.answer, now, DRAFT)

    def rejected(self, now: float) -> None:
        """The person has sent something away: if it is the draft, their request ends with it."""
        request = self._open.request
        shown = request.draft if request and not request.seen else None
        if shown and not self._open.fits(shown, now):
            self.drop()
            self._open.clear("sent away", now)

    # What the model does.

    def overtaken(self, answer: Answer) -> None:
        """The model has text: a draft that nobody has seen, or that says no more than it, goes."""
        if self._draft and not (self._seen and not answer.rest.startswith(self._draft.answer.rest)):
            self.drop()

    def _here(self, request: Request) -> Stream | None:
        """Return the draft if it is for the place of a request, and may be what is wanted there."""
        draft = self._draft
        if draft is None or not draft.answer.leads_to(request.lead):
            return None
        place = (draft.uri, draft.answer.cursor)
        return draft if place == (request.document.uri, request.offset) else None

    def _written_by(self, stream: int) -> Stream | None:
        return self._draft if self._writing and self._draft and self._draft.id == stream else None

    def _finish(self, draft: Stream) -> None:
        self._writing = False
        if document := self._common.documents.get(draft.uri):
            self._streams.finish(draft, document)
