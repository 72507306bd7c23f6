"""What a person says to an answer: what is being written, or stands on screen, goes another way.

Theory. A model that writes is told so, or asked anew where it cannot be told; whoever has spoken
hears how once the answer has turned. An answer that is complete, as those of fast models are before
anybody can speak, is asked for anew at its place: whoever has spoken asks for it next, and finds
what is written. All that was said to an answer holds for it until it is another's turn.

A backend that goes by names alone, as the embedded engine does, takes an instruction that holds
some; what it cannot use is refused with what to do about it.

Owns what was said. How the answer goes on is decided in `completions`.
"""

from dataclasses import replace

from spark_lsp.core import secrets
from spark_lsp.core.common import MUTE, VAGUE, Common
from spark_lsp.core.completing.exchange import Stream
from spark_lsp.core.completing.onscreen import Piece
from spark_lsp.core.completing.streams import Streams, empty
from spark_lsp.core.documents import Document
from spark_lsp.core.effects import Refusal, Refuse, Steer, Steered
from spark_lsp.core.events import Redirected, RequestId
from spark_lsp.core.hints import words_in

_ANEW = "Begin the text that is missing at the cursor anew."
_ENDED = "nothing is being written in this document: it may have just ended"
_SAID = 1_000
"""Characters of all that a person may say to an answer: they cost context."""


class Steering:
    """What is said to answers, and to which; see the theory above."""

    def __init__(self, common: Common, streams: Streams) -> None:
        """Take what reads and begins streams."""
        self._common = common
        self._streams = streams
        self._said = (0, "")  # an answer, and all that was said to it

    def redirected(
        self, event: Redirected, piece: Piece | None, answer: int, expected: int | None, now: float
    ) -> Stream | None:
        """Have another answer written than the one that is being, or of which a piece is on screen.

        `answer` is what the piece belongs to, `expected` what is meant, if that is said. Returns
        what writes it; None if it is refused.
        """
        common = self._common
        document = common.documents.get(event.uri)
        stream = next((it for it in self._streams if it.uri == event.uri), None)
        if document is None or not (stream or piece):
            common.do(Refuse(event.request, Refusal.INVALID, _ENDED))
            return None
        said = self._heard(event, stream.id if stream else answer, expected)
        if said is None:
            return None
        if stream:
            return self._redirect(stream, document, event, said)
        return self._restart(piece, document, event, said, now) if piece else None

    def _redirect(self, stream: Stream, document: Document, event: Redirected, said: str) -> Stream:
        """Have a stream told what the person wants instead."""
        common = self._common
        if stream.steer is not None:
            reason = "overtaken by a newer instruction"
            common.do(Refuse(stream.steer, Refusal.CANCELLED, reason))
        stream.steer = event.request
        cursor = stream.answer.cursor
        stream.coming = (empty(stream.answer.id, document.text, cursor), document.text, cursor)
        again = common.context.prompt(document, cursor, instruction=said)
        common.do(Steer(stream.id, f"{secrets.redact(event.instruction)}\n{_ANEW}", again))
        return stream

    def _restart(
        self, piece: Piece, document: Document, event: Redirected, said: str, now: float
    ) -> Stream | None:
        """Have an answer that is complete written anew, where a piece of it is on screen."""
        common = self._common
        if not (common.up and common.may_send(document)):
            reason = document.private or common.away
            common.do(Refuse(event.request, Refusal.FAILED, reason))
            return None
        prompt = common.context.prompt(document, piece.offset, instruction=said)
        number = common.number()
        begun = empty(number, document.text, piece.offset)
        prompt = replace(prompt, invoked=True)
        stream = self._streams.begin(number, document, begun, "", prompt, now)
        stream.orphaned = now
        self._said = number, said
        common.do(Steered(event.request, number, "reissued"))
        return stream

    def withdrawn(self, request: RequestId) -> bool:
        """The editor does not wait any more to hear how a stream has gone another way."""
        stream = next((it for it in self._streams if it.steer == request), None)
        if stream is not None:
            stream.steer = None
            self._common.do(Refuse(request, Refusal.CANCELLED, "withdrawn by the editor"))
        return stream is not None

    def turned(self, stream: Stream, how: str, now: float) -> None:
        """A stream begins anew: where it had begun, or where the buffer stood then."""
        if stream.steer is not None:
            self._common.do(Steered(stream.steer, stream.id, how))
            stream.steer = None
        stream.turn(now, onwards=how != "steered")

    def _heard(self, event: Redirected, answer: int, expected: int | None) -> str | None:
        """Return all that was said to an answer, or refuse what is said now."""
        common = self._common
        before = self._said[1] if self._said[0] == answer else ""
        said = "\n".join(filter(None, (before, event.instruction.strip())))
        refusal = None
        if expected is not None and expected != answer:
            refusal = Refusal.INVALID, "that answer has ended"
        elif not (common.instructable or common.guidable):
            refusal = Refusal.FAILED, MUTE
        elif not (common.instructable or words_in(event.instruction)):
            refusal = Refusal.FAILED, VAGUE
        elif len(said) > _SAID:
            refusal = Refusal.INVALID, f"say it in {_SAID:,} characters"
        if refusal:
            common.do(Refuse(event.request, *refusal))
            return None
        self._said = answer, said
        return said
