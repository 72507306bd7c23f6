"""What the parts of a session share: the documents, the state of the backend, what is to be done.

Owns no decisions. The parts are `completing`, `editing` and `accounting`; `session` brings each
event to the part whose it is.
"""

from collections.abc import Sequence

from spark_lsp.core.context import Context
from spark_lsp.core.documents import Document, Documents
from spark_lsp.core.effects import Cancel, Effect, Shelve
from spark_lsp.core.policy import Policy
from spark_lsp.core.syntax import LIMIT

MUTE = (
    "this model only completes and cannot follow instructions: connect one that can, see README.md"
)
"""Why nothing can be said to a backend that is there."""
VAGUE = (
    "the embedded engine goes by names and numbers alone: say which should come, or connect a "
    "model that follows instructions, see README.md"
)
"""Why what was said is of no use to one that is guided by names."""


class Common:
    """The common ground of a session's parts.

    Attributes:
        documents: the open documents.
        context: what stays the same in prompts.
        policy: how long to wait for what.
        effects: what is to be done, in order; the session hands it out.
        up: whether the backend can be asked.
        instructable: whether its model follows instructions.
        guidable: whether, if not, names in an instruction make it write them.
        drafts: whether the embedded engine can be asked for drafts beside it.
        away: why it cannot be asked, in a sentence for people.
        indexed: whether all of the workspace is known by now.
        not_before: when it wants to be asked again, at the earliest.
        enabled: whether anything is offered at all.
        local: whether the backend is a process of ours, to which nothing is private.
        resting: documents that the library does not know as they are, and since when they rest.
    """

    def __init__(self, documents: Documents, context: Context, policy: Policy) -> None:
        """Begin with a backend that is not there yet."""
        self.documents = documents
        self.context = context
        self.policy = policy
        self.effects: list[Effect] = []
        self.up = False
        self.instructable = True
        self.guidable = False
        self.drafts = False
        self.away = "the backend is starting"
        self.indexed = False
        self.not_before = 0.0
        self.enabled = True
        self.local = True
        self.resting: dict[str, float] = {}
        self._numbers = 0

    def number(self) -> int:
        """Return a new number: of a stream, and of the answer that it writes."""
        self._numbers += 1
        return self._numbers

    def do(self, *effects: Effect) -> None:
        """Have something done."""
        self.effects += effects

    def cancel(self, stream: int) -> None:
        """Have a stream stopped."""
        self.effects.append(Cancel(stream))

    def heed(self, effects: Sequence[Effect | None]) -> None:
        """Do what the context asks for; the library is to know the buffers as they are."""
        wanted = [effect for effect in effects if effect]
        for uri in list(self.resting) if wanted else ():
            self.shelve(uri)
        self.effects += wanted

    def shelve(self, uri: str) -> None:
        """Let the library know a buffer, if it may be known."""
        self.resting.pop(uri, None)
        if (document := self.documents.get(uri)) and document.private == "":
            text = document.text.string
            self.effects.append(Shelve(uri, document.path, text if len(text) <= LIMIT else ""))

    def may_send(self, document: Document) -> bool | None:
        """Whether a document's text may go to the backend; None while that is unknown."""
        if self.local or document.private == "":
            return True
        return None if document.private is None else False
