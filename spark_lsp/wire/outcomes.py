"""Owns what the client's half of a connection tells its caller: events, and the steps they come in.

How they come about is the business of `client`.
"""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from spark_lsp.core.prompt import Block
from spark_lsp.wire.events import Usage
from spark_lsp.wire.faults import Fault, Remedy


@dataclass(frozen=True, slots=True)
class Delta:
    """Some more text; none is a sign that the model is thinking.

    Attributes:
        handle: whose.
        text: the text.
        confidence: the probability of all of the answer so far, up to the end of its first line
            with text, if the model tells probabilities.
    """

    handle: int
    text: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The answer has ended, at a natural end or not; last event of its handle.

    Attributes:
        handle: whose.
        usage: what it cost.
        reason: "completed", "refusal" (the model declined; no text), or why it was cut short, such
            as "max_output_tokens", "interrupted", "steered".
    """

    handle: int
    usage: Usage
    reason: str = "completed"


@dataclass(frozen=True, slots=True)
class Failed:
    """The request failed; last event of its handle.

    Attributes:
        handle: whose.
        code: the error's code, see `faults`.
        message: for people.
        transient: whether one retry is worth it.
        retry_after: seconds the server asks to wait first, where told.
        lasting: whether any other request would fail likewise.
    """

    handle: int
    code: str
    message: str
    transient: bool
    retry_after: float | None = None
    lasting: bool = False

    @classmethod
    def of(cls, handle: int, fault: Fault) -> "Failed":
        """Returns what a fault means for a request."""
        transient = fault.remedy is not Remedy.REPORT
        return cls(handle, fault.code, fault.message, transient, fault.retry_after, fault.lasting)


@dataclass(frozen=True, slots=True)
class Warmed:
    """A warm-up is over: one for each call of `warm`, and for each that repairs a lost base.

    Attributes:
        ok: whether the server took it.
        stable: what was to be warmed.
        usage: what it cost.
        fault: why not, where it is not ok.
    """

    ok: bool
    stable: tuple[Block, ...]
    usage: Usage = field(default_factory=Usage)
    fault: Fault | None = None

    @classmethod
    def cold(cls, stable: tuple[Block, ...], code: str, message: str) -> "Warmed":
        """Returns a warm-up that has come to nothing."""
        return cls(ok=False, stable=stable, fault=Fault(code, message))

    @classmethod
    def unable(cls, stable: tuple[Block, ...]) -> "Warmed":
        """Returns what becomes of a warm-up where the provider knows none."""
        return cls.cold(stable, "no_warm_up", "the provider cannot be prepared")


@dataclass(frozen=True, slots=True)
class Steered:
    """What was said to a running answer has taken effect: a new answer begins under its handle.

    Attributes:
        handle: whose.
        how: "steered" (the server redirected the model), "interrupted" or "reissued" (the answer
            was ended, at once or unheard, and asked for anew).
    """

    handle: int
    how: Literal["steered", "interrupted", "reissued"]


@dataclass(frozen=True, slots=True)
class Unsteered:
    """The server does not redirect this answer, which goes on; or has ended, if it was over."""

    handle: int


@dataclass(frozen=True, slots=True)
class Connected:
    """There is a connection, as new."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """There is none; said with each attempt that fails.

    Attributes:
        reason: one sentence for people.
        hopeless: whether there will most likely be none for a while.
    """

    reason: str
    hopeless: bool


Event: TypeAlias = Delta | Ended | Failed | Warmed | Steered | Unsteered


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from one call.

    Attributes:
        frames: to send, in order.
        events: what the call has settled.
        drop: whether the connection is of no more use: close it, call `lost`, connect anew.
    """

    frames: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    drop: bool = False
