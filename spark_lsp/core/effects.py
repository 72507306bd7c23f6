"""What a session wants done.

Owns the values only: `server.driver` carries them out. What goes to the library is a tagged record,
because it crosses into another process.
"""

from dataclasses import dataclass
from enum import Enum, auto

import msgspec

from spark_lsp.core.events import RequestId
from spark_lsp.core.prompt import Block, Change, Prompt, Rewrite, Stretch
from spark_lsp.core.text import Position


class Verdict(Enum):
    """How a request is answered."""

    SHOW = auto()
    CLEAR = auto()
    KEEP = auto()
    CANCELLED = auto()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text that would replace a range of one line, most often an empty one.

    Attributes:
        answer: which answer it is the rest of.
        position: where it was asked for, and where the range ends.
        text: what would stand there.
        start: where the range begins, if not at `position`.
    """

    answer: int
    position: Position
    text: str
    start: Position | None = None


@dataclass(frozen=True, slots=True)
class Replacement:
    """A text that replaces a range, as in the protocol's `TextEdit`."""

    start: Position
    end: Position
    text: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A next edit: one replacement in one document.

    Attributes:
        answer: which answer it is, for acceptance.
        uri: of the document; None for a file that is not open, which `path` names.
        path: workspace-relative POSIX path.
        version: of the open document that the range speaks of; None for a file.
        edit: the replacement.
        reason: why, for people.
    """

    answer: int
    uri: str | None
    path: str
    version: int | None
    edit: Replacement
    reason: str


@dataclass(frozen=True, slots=True)
class Open:
    """Ask the backend for an answer to a prompt, or for a region rewritten."""

    stream: int
    prompt: Prompt | Rewrite


@dataclass(frozen=True, slots=True)
class Draft:
    """Ask the embedded engine for what it is sure of, where a model is asked at the same time."""

    stream: int
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Steer:
    """Redirect a stream; `Turned` says how, and `Failed` if it cannot be.

    Attributes:
        stream: which.
        instruction: what a model is told that can be told in the middle of an answer.
        again: what is asked anew of one that cannot.
    """

    stream: int
    instruction: str
    again: Prompt | Rewrite


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
    changes: tuple[Change, ...]


class Foresee(msgspec.Struct, frozen=True, tag=True):
    """Have looked up where the person's last change fits too; the answer is `Foreseen`.

    Attributes:
        number: for the answer.
        path: of the open document.
        before: its text before the change.
        text: its text now.
        offset: of the cursor.
    """

    number: int
    path: str
    before: str
    text: str
    offset: int


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


@dataclass(frozen=True, slots=True)
class Revise:
    """Show how far the rewriting of a range has come, before `Revised` answers its request.

    Attributes:
        request: whose.
        answer: the number by which it can be steered or interrupted.
        version: of the document that the edits speak of.
        edits: from the text of that version to the text as it would be now; none overlap.
    """

    request: RequestId
    answer: int
    version: int
    edits: tuple[Replacement, ...]


@dataclass(frozen=True, slots=True)
class Revised:
    """Answer `Instructed`: like `Revise`, and final."""

    request: RequestId
    answer: int
    version: int
    edits: tuple[Replacement, ...]


@dataclass(frozen=True, slots=True)
class Proposed:
    """Answer `Following`, the smallest and nearest edit first."""

    request: RequestId
    proposals: tuple[Proposal, ...]


@dataclass(frozen=True, slots=True)
class Steered:
    """Answer `Redirected`: which answer was turned, and how (see `events.Turned`)."""

    request: RequestId
    answer: int
    how: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """Answer `Interrupted`: which answers were stopped; none may have been there."""

    request: RequestId
    answers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """Answer `Questioned` with plain data, as JSON has it."""

    request: RequestId
    account: dict[str, object]


class Refusal(Enum):
    """Why a request has no answer, as far as the protocol tells the reasons apart."""

    CANCELLED = auto()
    MODIFIED = auto()
    INVALID = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer a request with an error, in a sentence that says what to do."""

    request: RequestId
    refusal: Refusal
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """Tell how the work on a request goes on: what is being read, what is being written.

    Attributes:
        request: whose.
        message: in a few words.
        ended: whether it is over; the first report of a request begins it.
    """

    request: RequestId
    message: str
    ended: bool = False


DRAFT = "draft"
"""The source of what the embedded engine writes while a model is on its way."""


class Count(msgspec.Struct, frozen=True, omit_defaults=True):
    """Write down what became of an answer: figures only, and never sent anywhere.

    Attributes:
        kind: "completion", "edit" or "next".
        what: "shown", or "glimpsed" if nobody can have read it; then "accepted" (by the first
            acceptance of it, "more" by each that follows), "typed" (along to its end) or
            "rejected"; later, of what was accepted, "kept".
        language: our name of the document's language, "" if we have none.
        characters: how many were shown or accepted.
        lines: how many lines these were.
        seconds: how long it was shown, or for "kept", how long ago it was accepted.
        first: seconds from the request to the first of it on screen, with "shown" and "glimpsed";
            not of a draft, which says nothing of how fast the model is.
        reason: of acceptance "all", "line", "word" or "part"; of rejection why.
        share: of "kept", which part of the text still stands.
        source: where it came from: "model", "cache", "typed along", "draft" or "engine".
    """

    kind: str
    what: str
    language: str = ""
    characters: int = 0
    lines: int = 0
    seconds: float = 0.0
    first: float | None = None
    reason: str = ""
    share: float | None = None
    source: str = ""


Effect = (
    Open
    | Draft
    | Steer
    | Cancel
    | Warm
    | Shelve
    | Pack
    | Recall
    | Foresee
    | Grow
    | Reply
    | Revise
    | Revised
    | Proposed
    | Steered
    | Stopped
    | Explained
    | Refuse
    | Report
    | Count
)
