"""Owns what every text frame of the Responses API has in common, in either direction.

Spelling a frame, and what is said of a frame that cannot be used. The frames themselves are told in
`requests` (client to server) and `events` (server to client).
"""

import json
import re
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A well-formed frame of a type that has no meaning here: to be ignored (§1.3).

    Attributes:
        type: the frame's type.
        lane: the lane it names, "" where it names none.
    """

    type: str
    lane: str = ""


@dataclass(frozen=True, slots=True)
class Malformed:
    """A frame that is no JSON object, has no type, or has a field of the wrong type.

    Attributes:
        detail: one sentence that says what is wrong, and where.
        type: the frame's type, "" where it could not be read.
        lane: the lane it names, "" where it names none or could not be read.
        parent: its `previous_response_id`, "" likewise.
        field: the top-level field at fault, "" likewise.
    """

    detail: str
    type: str = ""
    lane: str = ""
    parent: str = ""
    field: str = ""


def encode(message: object) -> bytes:
    """Spells one frame as UTF-8 JSON; never raises on any text.

    A lone surrogate (an editor that cuts a pair in two) has no UTF-8: it becomes U+FFFD.
    """
    try:
        return _ENCODER.encode(message)
    except UnicodeEncodeError:
        text = json.dumps(msgspec.to_builtins(message), ensure_ascii=False)
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


_ENCODER = msgspec.json.Encoder()


class Frame(msgspec.Struct, tag_field="type", frozen=True):
    """What every frame may say: the lane it belongs to (§1.4)."""

    stream_id: str | None = None

    @property
    def lane(self) -> str:
        """The lane's name; "" is the default lane (§1.4)."""
        return self.stream_id or ""


def lenient(decoder: msgspec.json.Decoder[T], raw: str | bytes | msgspec.Raw) -> T | None:
    """Decodes what servers and clients differ in; None where it does not fit."""
    try:
        return decoder.decode(raw)
    except (ValueError, RecursionError):
        return None


def unusable(
    frame: str | bytes, error: Exception, known: frozenset[str | int | None]
) -> Unknown | Malformed:
    """Says why a frame did not decode: a type outside `known`, or a broken one inside."""
    head = lenient(_HEAD, frame)
    if head is None or not isinstance(head.type, str):
        return Malformed(str(error))
    lane = head.stream_id if isinstance(head.stream_id, str) else ""
    if head.type not in known:
        return Unknown(head.type, lane)
    parent = head.previous_response_id if isinstance(head.previous_response_id, str) else ""
    field = _FIELD.search(str(error))
    return Malformed(str(error), head.type, lane, parent, field[1] if field else "")


# How msgspec says where it was.
_FIELD = re.compile(r"`\$\.(\w+)")


class _Head(msgspec.Struct):
    type: Any = None
    stream_id: Any = None
    previous_response_id: Any = None


_HEAD = msgspec.json.Decoder(_Head)
