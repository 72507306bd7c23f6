"""Owns what the client's half of a connection tells its caller: events, and the steps they come in.

How they come about is the business of `client`.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

from spark_lsp.core.prompt import Block
from spark_lsp.wire.events import Usage
from spark_lsp.wire.faults import Fault


@dataclass(frozen=True, slots=True)
class Delta:
    """Some more text, never empty."""

    handle: int
    text: str


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
    """

    handle: int
    code: str
    message: str
    transient: bool
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Warmed:
    """A warm-up is over: exactly one for each call of `warm`.

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


Event: TypeAlias = Delta | Ended | Failed | Warmed


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
