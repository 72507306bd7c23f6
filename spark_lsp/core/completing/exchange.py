"""The two things that a session has open: a request of the editor, a stream of the backend.

Owns what each knows of itself. How they are brought together is decided in `session`.
"""

from dataclasses import dataclass

from spark_lsp.core.completing.reuse import Answer
from spark_lsp.core.documents import Document
from spark_lsp.core.effects import Suggestion
from spark_lsp.core.events import RequestId
from spark_lsp.core.policy import Policy
from spark_lsp.core.showing.cuts import Following, line_end_of, visible, with_line_ends
from spark_lsp.core.text import Encoding


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
        shown: the text that it has been, or could have been, shown so far.
        tries: how often it was sent again.
    """

    id: RequestId
    document: Document
    offset: int
    grows: bool
    asked: float
    due: float
    shown: str = ""
    tries: int = 0

    def suggestion(self, answer: int, text: str, encoding: Encoding) -> Suggestion:
        """Return a text as a suggestion for where it was asked."""
        position = self.document.text.position(self.offset, encoding)
        return Suggestion(answer, position, text)


@dataclass(slots=True)
class Stream:
    """An answer that is being written.

    Attributes:
        id: which.
        uri: for which document.
        answer: what is written so far, and where the buffer stands within it.
        following: what stands behind the place that was asked for.
        line_end: how the document ends its lines.
        heard: when the backend last gave a sign of life.
        begun: when it was asked.
        orphaned: since when no request has read it, or None while one does.
    """

    id: int
    uri: str
    answer: Answer
    following: Following
    line_end: str
    heard: float
    begun: float
    orphaned: float | None = None

    @classmethod
    def begin(cls, id_: int, document: Document, offset: int, now: float) -> "Stream":
        """Return a stream that has written nothing yet."""
        string = document.text.string
        answer = Answer(id_, offset, "")
        following = Following.of(string[offset:])
        return cls(id_, document.uri, answer, following, line_end_of(string), now, now)

    def stalls(self, policy: Policy) -> float:
        """Return when it is given up if nothing more is heard of it."""
        silent = self.heard + policy.stall
        return silent if self.answer.text else min(silent, self.begun + policy.thought)

    def write(self, text: str, now: float) -> None:
        """Take in more of the answer."""
        self.heard = now
        self.answer = self.answer.grown(with_line_ends(text, self.line_end))

    def showable(self, *, final: bool) -> Answer:
        """Return the answer as far as it may be shown."""
        text = visible(self.answer.text, self.following, final=final)
        return Answer(self.id, self.answer.anchor, text, self.answer.middle)
