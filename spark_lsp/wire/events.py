"""Owns what a server says: its text frames as values.

Decoding never raises: a frame that says nothing we use is `Unknown`, one that breaks the format is
`Malformed`. What follows from an event is the business of `client`; what an error means, that of
`faults`; saying it, that of `emitter`. Source: responses-protocol.md §1.3, §1.5.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias, cast, get_args

import msgspec
from msgspec import Raw

from spark_lsp.wire.faults import Fault, fault_from
from spark_lsp.wire.frames import Frame, Malformed, Unknown, encode, lenient, unusable

_NULL = Raw(b"null")


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that one response cost; only terminal events tell (§1.3)."""

    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0


class TextDelta(Frame, tag="response.output_text.delta", kw_only=True, frozen=True):
    """Some more text of the answer."""

    delta: str
    sequence_number: int | None = None
    output_index: int | None = None
    response_id: str | None = None
    logprobs: Raw = _NULL

    @property
    def logprob(self) -> float | None:
        """The logarithm of the probability of this text, None if it is not told."""
        if len(self.logprobs) <= len("null"):  # as most servers send it, or do not
            return None
        told = lenient(_LOGPROBS, self.logprobs)
        return sum(token.logprob for token in told) if told else None


class _Token(msgspec.Struct, frozen=True):
    logprob: float


_LOGPROBS = msgspec.json.Decoder(list[_Token])


class _ResponseBody(msgspec.Struct, frozen=True):
    # Raw where servers differ: an odd usage must not hide that a response has ended.
    id: str | None = None
    usage: Raw = _NULL
    error: Raw = _NULL
    incomplete_details: Raw = _NULL


class _Stage(Frame, kw_only=True, frozen=True):
    response: _ResponseBody

    @property
    def response_id(self) -> str:
        """The response's id, "" where the server left it out."""
        return self.response.id or ""


class Created(_Stage, tag="response.created", frozen=True):
    """The lane's next request has become a response, which has an id from now on."""


class Completed(_Stage, tag="response.completed", frozen=True):
    """Terminal: the answer is whole."""

    @property
    def usage(self) -> Usage:
        """What it cost; zeros where the server does not tell."""
        return _usage_from(self.response.usage)


class Incomplete(_Stage, tag="response.incomplete", frozen=True):
    """Terminal: the answer was cut short, see `reason`."""

    @property
    def usage(self) -> Usage:
        """What it cost; zeros where the server does not tell."""
        return _usage_from(self.response.usage)

    @property
    def reason(self) -> str:
        """Such as max_output_tokens, content_filter, steered, interrupted; else "incomplete"."""
        details = lenient(_DETAILS, self.response.incomplete_details)
        return (details and details.reason) or "incomplete"


class Broken(_Stage, tag="response.failed", frozen=True):
    """Terminal: the response failed on the way."""

    @property
    def fault(self) -> Fault:
        """What went wrong."""
        return fault_from(self.response.error, default="response_failed")


class _Item(msgspec.Struct, frozen=True):
    phase: str | None = None


class ItemAdded(Frame, tag="response.output_item.added", kw_only=True, frozen=True):
    """An output item begins; its deltas carry the same `output_index`."""

    output_index: int
    item: _Item

    @property
    def is_commentary(self) -> bool:
        """Whether the model talks about its work in this item, instead of answering."""
        return self.item.phase == "commentary"


class RefusalDone(Frame, tag="response.refusal.done", frozen=True):
    """The model declined in so many words, which are not completion text."""


class InterruptFailed(Frame, tag="response.interrupt.failed", kw_only=True, frozen=True):
    """Not terminal: the response goes on (§1.6 b)."""

    response_id: str


class _Steer(msgspec.Struct, frozen=True):
    previous_response_id: str | None = None


class SteerAccepted(Frame, tag="response.steer.accepted", kw_only=True, frozen=True):
    """The steer is queued; the `response.created` of a successor applies it (§1.6 a)."""

    steer: _Steer = _Steer()

    @property
    def response_id(self) -> str:
        """The response that is steered, "" where the server left it out."""
        return self.steer.previous_response_id or ""


class SteerPending(Frame, tag="response.steer.pending", kw_only=True, frozen=True):
    """The steer waits for a tool's output; we offer no tools, so it will wait for ever."""

    steer: _Steer = _Steer()

    @property
    def response_id(self) -> str:
        """The response that was to be steered, "" where the server left it out."""
        return self.steer.previous_response_id or ""


class SteerFailed(Frame, tag="response.steer.failed", kw_only=True, frozen=True):
    """Not terminal: the response goes on as if nothing had been said."""

    steer: _Steer = _Steer()
    error: Raw = _NULL

    @property
    def response_id(self) -> str:
        """The response that was to be steered, "" where the server left it out."""
        return self.steer.previous_response_id or ""

    @property
    def fault(self) -> Fault:
        """Why not."""
        return fault_from(self.error)


class ErrorFrame(Frame, tag="error", kw_only=True, frozen=True):
    """Terminal for the request it concerns; nested on WebSocket, flat in server-sent events."""

    # Raw and Any: an error must not be missed because a gateway spells a detail its own way.
    status: Any = None
    status_code: Any = None
    error: Raw = _NULL
    headers: Any = None
    code: Raw = _NULL
    message: Raw = _NULL
    param: Raw = _NULL

    @property
    def fault(self) -> Fault:
        """What went wrong, from either shape."""
        statuses = (self.status, self.status_code)
        status = next((value for value in statuses if isinstance(value, int)), None)
        nested = bytes(self.error) != b"null"
        flat = {"code": self.code, "message": self.message, "param": self.param}
        raw = self.error if nested else Raw(encode(flat))
        return fault_from(raw, status, self.headers)


Event: TypeAlias = (
    TextDelta
    | Created
    | ItemAdded
    | RefusalDone
    | Completed
    | Incomplete
    | Broken
    | InterruptFailed
    | SteerAccepted
    | SteerPending
    | SteerFailed
    | ErrorFrame
    | Unknown
    | Malformed
)


def decode_event(frame: str | bytes) -> Event:
    """Reads a frame that a server sent; costs a delta one typed decode."""
    try:
        return _EVENTS.decode(frame)
    except (ValueError, RecursionError) as error:
        return unusable(frame, error, _EVENT_TAGS)


_KNOWN_EVENTS = (
    TextDelta
    | Created
    | ItemAdded
    | RefusalDone
    | Completed
    | Incomplete
    | Broken
    | InterruptFailed
    | SteerAccepted
    | SteerPending
    | SteerFailed
    | ErrorFrame
)
_EVENTS: msgspec.json.Decoder[Event] = msgspec.json.Decoder(cast("type[Event]", _KNOWN_EVENTS))
_EVENT_TAGS = frozenset(kind.__struct_config__.tag for kind in get_args(_KNOWN_EVENTS))


class _CachedDetails(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    input_tokens_details: _CachedDetails | None = None
    output_tokens: int | None = None
    output_tokens_details: _OutputDetails | None = None


class _Details(msgspec.Struct):
    reason: str | None = None


_USAGE = msgspec.json.Decoder(_Usage)
_DETAILS = msgspec.json.Decoder(_Details)


def _usage_from(raw: Raw) -> Usage:
    usage = lenient(_USAGE, raw)
    if usage is None:
        return Usage()
    read = usage.input_tokens_details or _CachedDetails()
    written = usage.output_tokens_details or _OutputDetails()
    return Usage(
        input_tokens=usage.input_tokens or 0,
        cached_tokens=read.cached_tokens or 0,
        cache_write_tokens=read.cache_write_tokens or 0,
        output_tokens=usage.output_tokens or 0,
        reasoning_tokens=written.reasoning_tokens or 0,
    )
