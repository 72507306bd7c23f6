"""Owns what an error of the Responses API means: whether to retry, reconnect or tell the person.

Reads the `error` object in each shape it comes in (WebSocket envelope, flat server-sent event,
`response.failed`). Acting on the verdict is the caller's business; there is no clock here.
Source: responses-protocol.md §1.5.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import msgspec


class Remedy(Enum):
    """What helps against a fault."""

    RETRY = "retry"
    """The same request may succeed later, on the same connection."""
    RECONNECT = "reconnect"
    """This connection is used up; the same request may succeed on a new one."""
    REPORT = "report"
    """Asking again gives the same answer: surface it once."""


_REMEDIES = {
    "connection_lost": Remedy.RETRY,
    "rate_limit_exceeded": Remedy.RETRY,
    "server_error": Remedy.RETRY,
    "server_is_overloaded": Remedy.RETRY,
    "slow_down": Remedy.RETRY,
    "timeout": Remedy.RETRY,
    "websocket_connection_limit_reached": Remedy.RECONNECT,
    "websocket_stream_limit_reached": Remedy.RECONNECT,
    "bio_policy": Remedy.REPORT,
    "content_filter": Remedy.REPORT,
    "context_length_exceeded": Remedy.REPORT,
    "credit_balance_exhausted": Remedy.REPORT,
    "cyber_policy": Remedy.REPORT,
    "data_residency_mismatch": Remedy.REPORT,
    "frame_too_large": Remedy.REPORT,
    "insufficient_quota": Remedy.REPORT,
    "invalid_prompt": Remedy.REPORT,
    "invalid_stream_id": Remedy.REPORT,
    "misalignment_policy_violation": Remedy.REPORT,
    "model_not_found": Remedy.REPORT,
    "usage_limit_reached": Remedy.REPORT,
    "usage_not_included": Remedy.REPORT,
}


_LASTING = frozenset(
    {
        "credit_balance_exhausted",
        "insufficient_quota",
        "invalid_api_key",
        "model_not_found",
        "not_found",
        "permission_denied",
        "usage_limit_reached",
        "usage_not_included",
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One error, understood.

    Attributes:
        code: the error's code, else its type, else "unknown".
        message: for people, as the server wrote it.
        kind: the error's own `type`, such as "invalid_request_error".
        status: the HTTP status it stands for, where told.
        param: the request field at fault, where told.
        retry_after: seconds the server asks to wait, where told.
    """

    code: str
    message: str
    kind: str = ""
    status: int | None = None
    param: str = ""
    retry_after: float | None = None

    @property
    def remedy(self) -> Remedy:
        """The code decides, then the type, then the status: 429 and 5xx pass by themselves."""
        known = _REMEDIES.get(self.code) or _REMEDIES.get(self.kind)
        if known is not None:
            return known
        if self.status is not None and (self.status == 429 or self.status >= 500):
            return Remedy.RETRY
        return Remedy.REPORT

    @property
    def lasting(self) -> bool:
        """Whether it is about the account or the model, and not about the one request."""
        return self.code in _LASTING or self.kind in _LASTING

    @property
    def names_parent(self) -> bool:
        """Whether `previous_response_id` is what is wrong; gateways say so without the code."""
        return (
            self.code == "previous_response_not_found"
            or self.param == "previous_response_id"
            or "previous_response_id" in self.message
        )


def unfinished(reason: str) -> Fault:
    """Return what is wrong with an answer that is of use only as a whole, and ended like this.

    Args:
        reason: why it did, such as "max_output_tokens".
    """
    messages = {
        "max_output_tokens": "the answer is longer than may be written at once: select less",
        "refusal": "the model declines to write this",
    }
    return Fault(reason, messages.get(reason, f"the answer was cut short ({reason})"))


class _Body(msgspec.Struct):
    type: object = None
    code: object = None
    message: object = None
    param: object = None
    headers: object = None


_BODY = msgspec.json.Decoder(_Body)
_TEXT = msgspec.json.Decoder(str)


def fault_from(
    raw: msgspec.Raw, status: int | None = None, headers: object = None, default: str = "unknown"
) -> Fault:
    """Reads an `error` object, however incomplete; never raises.

    Args:
        raw: the object as JSON: `{type?, code?, message?, param?, headers?}`, or a bare string.
        status: from the envelope.
        headers: from the envelope, for servers that put them beside the error.
        default: the code where the error names neither code nor type.
    """
    try:
        body = _BODY.decode(raw)
    except (ValueError, RecursionError):
        body = _Body(message=_bare_text(raw))
    kind = body.type if isinstance(body.type, str) and body.type != "error" else ""
    # Some gateways number their codes.
    code = str(body.code) if isinstance(body.code, str | int) and body.code else kind or default
    message = body.message if isinstance(body.message, str) else ""
    return Fault(
        code=code,
        message=message or code,
        kind=kind,
        status=status,
        param=body.param if isinstance(body.param, str) else "",
        retry_after=_retry_after(message, body.headers) or _retry_after("", headers),
    )


def _bare_text(raw: msgspec.Raw) -> str:
    try:
        return _TEXT.decode(raw)
    except (ValueError, RecursionError):
        return ""


_AGAIN = re.compile(r"try again in\s+((?:\d{1,9}(?:\.\d{1,9})?\s*[a-z]{1,12}\s*)+)", re.IGNORECASE)
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.IGNORECASE)
_SECONDS = {
    "ms": 0.001,
    "millisecond": 0.001,
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "m": 60.0,
    "min": 60.0,
    "minute": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
}


def _retry_after(message: str, headers: object) -> float | None:
    """The wait in seconds: from the words, which are the finer, else from the headers.

    A `Retry-After` that is a date needs a clock and is not understood.
    """
    found = _AGAIN.search(message)
    if found is not None:
        spans: list[float] = []
        for number, unit in _SPAN.findall(found[1].lower()):
            seconds = _SECONDS.get(unit) or _SECONDS.get(unit.removesuffix("s"))
            if seconds is None:
                break
            spans.append(float(number) * seconds)
        if spans:
            return sum(spans)
    if isinstance(headers, Mapping):
        lowered = {str(name).lower(): value for name, value in headers.items()}
        for name, unit_seconds in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
            value = lowered.get(name)
            number = str(value).strip() if isinstance(value, str | int | float) else ""
            if re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", number):
                return float(number) * unit_seconds
    return None
