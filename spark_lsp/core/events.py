"""The vocabulary of a session: what can happen to it, and what it asks to be done.

Owns the values only. What follows from which is decided in `session`, and how an effect is carried
out in `server.driver`. What goes to the library and comes from it is a tagged record, because it
crosses into another process.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

import msgspec

from spark_lsp.core.documents import Change
from spark_lsp.core.policy import Policy
from spark_lsp.core.prompt import Block, Prompt, Stretch
from spark_lsp.core.prompt import Change as Told
from spark_lsp.core.text import Position

RequestId = int


@dataclass(frozen=True, slots=True)
class Opened:
    """The editor has opened a document."""

    uri: str
    path: str
    language_id: str
    version: int
    text: str


@dataclass(frozen=True, slots=True)
class Vetted:
    """It is known whether a document may leave the machine; `private` says why not, or is ""."""

    uri: str
    private: str


@dataclass(frozen=True, slots=True)
class Edited:
    """The editor has changed a document."""

    uri: str
    version: int
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class Closed:
    """The editor has closed a document."""

    uri: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The editor wants an inline completion; `grows` if it can show partial results."""

    request: RequestId
    uri: str
    position: Position
    grows: bool


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The editor has cancelled a request."""

    request: RequestId


@dataclass(frozen=True, slots=True)
class Wrote:
    """The backend has written more of a stream's answer; nothing is a sign of life."""

    stream: int
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The backend has finished a stream's answer."""

    stream: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A stream has ended without an answer.

    Attributes:
        stream: which.
        reason: one sentence for people.
        transient: whether a retry makes sense, after so many seconds.
        after: seconds.
        lasting: whether any other request would fail likewise, as where an account has run dry.
    """

    stream: int
    reason: str
    transient: bool
    after: float = 0.0
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class Up:
    """The backend can be asked."""


@dataclass(frozen=True, slots=True)
class Down:
    """The backend is away; its streams have failed or will.

    Attributes:
        reason: one sentence for people.
        hopeless: whether it will most likely be away for a while.
        refused: whether it is there, and does not accept the key.
    """

    reason: str
    hopeless: bool = False
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Warmed:
    """The backend is prepared for these stable blocks, or has said that it cannot be."""

    stable: tuple[Block, ...]


class Packed(msgspec.Struct, frozen=True, tag=True):
    """What was asked for with `Pack`: a stable part, or None if it could not be packed.

    Attributes:
        number: that of the question.
        blocks: in their order.
        homes: the directories that have instructions of their own.
    """

    number: int
    blocks: tuple[Block, ...] | None
    homes: frozenset[str] = frozenset()


class Recalled(msgspec.Struct, frozen=True, tag=True):
    """What was asked for with `Recall`: blocks to be added."""

    number: int
    blocks: tuple[Block, ...]


class Outdated(msgspec.Struct, frozen=True, tag=True):
    """Files have changed on disk; those `gone` do not exist any more or may not be read."""

    paths: tuple[str, ...]
    gone: tuple[str, ...] = ()


class Settled(msgspec.Struct, frozen=True, tag=True):
    """Much is known of the workspace that was not known before."""


@dataclass(frozen=True, slots=True)
class Configured:
    """Settings have changed.

    Attributes:
        enabled: whether completions are offered.
        window: the model's context in tokens.
        local: whether the backend is a process of ours, to which nothing is private.
        stall: seconds that a stream may say nothing, see `Policy`.
        retries: how often to ask again, see `Policy`.
    """

    enabled: bool
    window: int
    local: bool
    stall: float = Policy().stall
    retries: int = Policy().retries


Event = (
    Opened
    | Vetted
    | Edited
    | Closed
    | Asked
    | Withdrawn
    | Wrote
    | Ended
    | Failed
    | Up
    | Down
    | Warmed
    | Packed
    | Recalled
    | Outdated
    | Settled
    | Configured
)


class Verdict(Enum):
    """How a request is answered."""

    SHOW = auto()
    CLEAR = auto()
    KEEP = auto()
    CANCELLED = auto()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Text to insert at a position; `answer` says which answer it is the rest of."""

    answer: int
    position: Position
    text: str


@dataclass(frozen=True, slots=True)
class Open:
    """Ask the backend for an answer to a prompt."""

    stream: int
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop a stream; nothing more will be heard of it."""

    stream: int


@dataclass(frozen=True, slots=True)
class Warm:
    """Prepare the backend for prompts with these stable blocks."""

    stable: tuple[Block, ...]


class Shelve(msgspec.Struct, frozen=True, tag=True):
    """Let the library know a buffer as it is now; no text when it is closed."""

    uri: str
    path: str
    text: str | None


class Pack(msgspec.Struct, frozen=True, tag=True):
    """Have a stable part packed for a place; the answer is `Packed`.

    Attributes:
        number: for the answer.
        path: of the open document.
        text: of it.
        offset: of the cursor.
        recent: other paths that the person has looked at, the latest first.
        window: the model's context in tokens.
    """

    number: int
    path: str
    text: str
    offset: int
    recent: tuple[str, ...]
    window: int


class Recall(msgspec.Struct, frozen=True, tag=True):
    """Have looked up what a stable part lacks at a place; the answer is `Recalled`.

    Attributes:
        number: for the answer.
        path: of the open document.
        text: of it, or as much of it around the cursor as may matter.
        offset: of the cursor in that text.
        room: tokens that may be added.
        fresh: how many of these may be for what the place asks for.
        held: what the stable part shows already.
        changes: what has been edited and is not told yet.
    """

    number: int
    path: str
    text: str
    offset: int
    room: int
    fresh: int
    held: tuple[Stretch, ...]
    changes: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Grow:
    """Show more of an answer before the request is answered."""

    request: RequestId
    suggestion: Suggestion


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer a request, once; `suggestion` exactly if the verdict is SHOW."""

    request: RequestId
    verdict: Verdict
    suggestion: Suggestion | None
    reason: str


Effect = Open | Cancel | Warm | Shelve | Pack | Recall | Grow | Reply
