"""What can happen to a session; what it wants done are `effects`.

Owns the values only. What comes from the library is a tagged record: it crosses into a process.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from spark_lsp.core.documents import Change
from spark_lsp.core.policy import Policy
from spark_lsp.core.prompt import Block
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
class Selected:
    """What is selected in the completion menu: it would replace a range by a text."""

    start: Position
    end: Position
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The editor wants an inline completion.

    Attributes:
        request: which request this is.
        uri: for which document.
        position: where.
        grows: whether the editor can show partial results.
        invoked: whether the person has asked for it by a command, and not just by typing.
        selected: what the completion menu has selected, if it is open.
        version: the version that the position speaks of, or None if the editor does not say.
    """

    request: RequestId
    uri: str
    position: Position
    grows: bool
    invoked: bool = False
    selected: Selected | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Instructed:
    """The person wants a range rewritten as an instruction says (`spark/edit`).

    Attributes:
        request: which request this is.
        uri: for which document.
        version: the version that the range speaks of, or None if the editor does not say.
        start: where the range begins; None, with `end`, for the whole document.
        end: where it ends.
        instruction: in the person's words.
        grows: whether the editor can show partial results.
        reports: whether the editor shows the progress of work.
    """

    request: RequestId
    uri: str
    version: int | None
    start: Position | None
    end: Position | None
    instruction: str
    grows: bool = False
    reports: bool = False


@dataclass(frozen=True, slots=True)
class Following:
    """The editor wants the edits that follow from the last ones (`textDocument/copilotInlineEdit`).

    Attributes:
        request: which request this is.
        uri: of the document that the person is in.
        version: the version that the position speaks of, or None if the editor does not say.
        position: of the cursor.
    """

    request: RequestId
    uri: str
    version: int | None
    position: Position


@dataclass(frozen=True, slots=True)
class Redirected:
    """The person wants what is being written to go another way (`spark/steer`).

    Attributes:
        request: which request this is.
        uri: of the document for which something is being written.
        instruction: in the person's words.
        expected: the answer that is meant; None for whatever is being written.
    """

    request: RequestId
    uri: str
    instruction: str
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The person wants what is being written to stop; all of it, if no answer is named."""

    request: RequestId
    answer: int | None = None


@dataclass(frozen=True, slots=True)
class Questioned:
    """The person wants to know why something was shown, or nothing (`spark/explain`)."""

    request: RequestId
    uri: str
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The editor has cancelled a request, of whatever kind."""

    request: RequestId


@dataclass(frozen=True, slots=True)
class Displayed:
    """The editor has shown an answer."""

    answer: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """The person has taken an answer over.

    Attributes:
        answer: which.
        length: how much of what was shown, in the protocol's units; None for all of it.
    """

    answer: int
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The person has sent an answer away."""

    answer: int


@dataclass(frozen=True, slots=True)
class Wrote:
    """The backend has written more of a stream's answer; nothing is a sign of life.

    The confidence is the probability of its first line with text so far, if the model tells it.
    """

    stream: int
    text: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Turned:
    """What `Steer` asked for has happened: the answer begins anew under the same number.

    Attributes:
        stream: which.
        how: "steered" (redirected), "interrupted" or "reissued" (ended, at once or unheard, and
            asked for anew).
    """

    stream: int
    how: Literal["steered", "interrupted", "reissued"]


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
    """The backend can be asked.

    Attributes:
        instructable: whether its model follows instructions, and does not only complete.
        guidable: whether the names in an instruction have it write them, at least.
        drafts: whether the embedded engine stands beside it and can be asked for drafts.
    """

    instructable: bool = True
    guidable: bool = False
    drafts: bool = False


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


class Found(msgspec.Struct, frozen=True, array_like=True):
    """A place where the person's last change fits too.

    Attributes:
        path: workspace-relative POSIX path of its file.
        start: where it begins, in code points of the text that was looked at.
        end: where it ends.
        old: what stands there.
        new: what should.
        reason: why, in a few words for people, as in "rename total to subtotal".
        line: zero-based line of `start`, and
        lead: what stands on that line before it, for whoever does not have the text.
    """

    path: str
    start: int
    end: int
    old: str
    new: str
    reason: str
    line: int = 0
    lead: str = ""


class Foreseen(msgspec.Struct, frozen=True, tag=True):
    """What was asked for with `Foresee`: the edits that follow, the nearest first.

    Attributes:
        number: that of the question.
        found: in the document itself and in other files.
    """

    number: int
    found: tuple[Found, ...] = ()


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
        stall, retries: see `Policy`.
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
    | Instructed
    | Following
    | Redirected
    | Interrupted
    | Questioned
    | Withdrawn
    | Displayed
    | Accepted
    | Rejected
    | Wrote
    | Turned
    | Ended
    | Failed
    | Up
    | Down
    | Warmed
    | Packed
    | Recalled
    | Foreseen
    | Outdated
    | Settled
    | Configured
)
