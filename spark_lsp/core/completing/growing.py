"""What the open request is shown while answers to it are written.

Theory. A request is attached to each stream that writes for its document and its cursor. What the
model has written is shown as it comes, and ends the request where a piece is whole; before there is
any, what there is of a draft is. In one request a text on screen only grows: where the model says
otherwise than the draft, the request ends with the draft, and the stream goes on unread, for the
next request to find.

What the person has sent away is not shown to them there again. A model that is still writing it is
stopped where it knows less than there is: it was asked before that, or before the last keys.

Owns which text that is at each moment. What became of a stream, and whether another is begun, is
decided in `completions`.
"""

from spark_lsp.core.completing.answering import Answering
from spark_lsp.core.completing.drafts import Drafts
from spark_lsp.core.completing.exchange import Stream
from spark_lsp.core.completing.reuse import Answer
from spark_lsp.core.completing.streams import Streams
from spark_lsp.core.showing.visible import SCOPE

_OTHERWISE = "the model says otherwise than the draft on screen"


class Growing:
    """Brings what is written to whoever has asked for it; see the theory above."""

    def __init__(self, answering: Answering, streams: Streams, drafts: Drafts) -> None:
        """Take whose open request it is, and what is being written."""
        self._open = answering
        self._streams = streams
        self._drafts = drafts

    def attached(self) -> list[Stream]:
        """The streams that write for the open request."""
        request = self._open.request
        if request is None:
            return []
        return self._streams.at(request.document.uri, request.offset, request.lead)

    def outdated(self, now: float) -> list[Stream]:
        """The streams of the open request that write, for an older text, what was sent away.

        What a model writes for the text as it is may be the same once more, and is waited for:
        asked again it would know no better.
        """
        request = self._open.request
        return [
            stream
            for stream in self.attached()
            if request and not stream.made_for(request.lead)
            if self._open.barred(stream.answer, stream.uri, now)
        ]

    def grow(self, now: float) -> None:
        """Show the request what has been written for it, if that is more than before."""
        for stream in self.attached():
            if not stream.written:
                continue  # what it takes for granted is no answer
            self._streams.check(stream)
            answer = stream.answer
            if answer.walled:
                self._open.settle(SCOPE, now)
                return
            if not self._open.fits(answer, now, whole=answer.stop is not None):
                continue
            if self._open.opposed(answer, whole=answer.stop is not None):
                self._open.settle(_OTHERWISE, now)
                return
            if not self._open.extends(answer):
                continue
            if answer.stop is not None:
                self._open.finish(answer, "model", "a whole piece of the model's answer", now)
                return
            self._open.show(answer, now)
        self._drafts.show(now)

    def complete(self, answer: Answer, now: float) -> bool:
        """Answer the request with a model's whole answer; returns whether that is on screen."""
        opposed = self._open.opposed(answer, whole=True)
        if opposed:
            self._open.settle(_OTHERWISE, now)
        else:
            self._open.finish(answer, "model", "the model's answer", now)
        return not opposed
