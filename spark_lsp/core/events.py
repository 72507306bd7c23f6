"""The vocabulary of a session: what can happen to it, and what it asks to be done.

Owns the values only. What follows from which is decided in `session`, and how an effect is carried
out in `server.driver`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from spark_lsp.core.documents import Change
from spark_lsp.core.policy import Policy
from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.core.symbols import FileSymbols
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
    """The backend has written more of a stream's answer."""

    stream: int
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The backend has finished a stream's answer."""

    stream: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A stream has ended without an answer; `after` seconds a retry may make sense."""

    stream: int
    reason: str
    transient: bool
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Up:
    """The backend can be asked."""


@dataclass(frozen=True, slots=True)
class Down:
    """The backend is away; its streams have failed or will."""

    reason: str


@dataclass(frozen=True, slots=True)
class Indexed:
    """Files on disk have been read, or are gone (None); `done` when none are left to read."""

    files: Mapping[str, FileSymbols | None]
    done: bool


@dataclass(frozen=True, slots=True)
class Digested:
    """A buffer has been parsed as it was at a version; None if that could not be done."""

    uri: str
    version: int
    symbols: FileSymbols | None


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
    | Indexed
    | Digested
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


@dataclass(frozen=True, slots=True)
class Digest:
    """Parse a buffer, away from the loop, and say what it defines with `Digested`."""

    uri: str
    version: int
    language: str
    text: str


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


Effect = Open | Cancel | Warm | Digest | Grow | Reply
