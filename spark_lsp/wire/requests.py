"""Owns what a client says: how it asks, spelled and read as text frames.

When to say it is the business of `client`, what follows from it that of `server`; the words of a
prompt are `layout`'s. Source: responses-protocol.md §1.2, §1.6.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast, get_args

import msgspec

from spark_lsp.wire.frames import Frame, Malformed, Unknown, encode, unusable
from spark_lsp.wire.layout import Item


@dataclass(frozen=True, slots=True)
class Profile:
    """What one model at one provider can do, and how to ask it.

    Attributes:
        model: the name to ask for.
        effort: the reasoning effort, None to leave it to the server.
        max_output_tokens: where an answer is cut.
        lanes: whether `stream_id` is understood.
        continuation: whether `previous_response_id` is.
        interrupt: whether the private `response.interrupt` is (§1.6 b).
        prompt_cache_key: "" to send none.
    """

    model: str
    effort: str | None
    max_output_tokens: int
    lanes: bool
    continuation: bool
    interrupt: bool
    prompt_cache_key: str = ""


def spelled_create(
    profile: Profile, items: bytes, lane: str, parent: str, *, generate: bool
) -> bytes:
    """Spells a `response.create` over items from `spelled_items`.

    Warm-ups and turns of one profile differ in lane, `generate`, parent and input only, so that a
    turn may continue from a warm-up (§1.4). `stream` and `background` are never sent (§9.9).
    """
    body: dict[str, Any] = {"type": "response.create"}
    if lane:
        body["stream_id"] = lane
    body |= {"model": profile.model, "store": False}
    if not generate:
        body["generate"] = False
    if parent:
        body["previous_response_id"] = parent
    if profile.effort is not None:
        body["reasoning"] = {"effort": profile.effort}
    body["max_output_tokens"] = profile.max_output_tokens
    if profile.prompt_cache_key:
        body["prompt_cache_key"] = profile.prompt_cache_key
    body["stream_options"] = {"include_obfuscation": False}
    return b'%b,"input":[%b]}' % (encode(body)[:-1], items)


def spelled_items(items: Sequence[Item]) -> bytes:
    """The elements of an `input` list, without its brackets: what callers may keep and join."""
    return encode(items)[1:-1]


def spelled_interrupt(response_id: str) -> bytes:
    """Spells the private request to end a running response early (§1.6 b)."""
    return encode(
        {
            "type": "response.interrupt",
            "response_id": response_id,
            "mode": "discard_partial_items",
        }
    )


class Create(Frame, tag="response.create", kw_only=True, frozen=True):
    """Asks for a response; fields that have no meaning here are not decoded (§1.2)."""

    model: str | None = None
    input: str | list[dict[str, Any]] | None = None
    instructions: str | None = None
    previous_response_id: str | None = None
    generate: bool | None = None
    max_output_tokens: int | None = None

    @property
    def parent(self) -> str:
        """The response it continues, "" for none."""
        return self.previous_response_id or ""


class Interrupt(Frame, tag="response.interrupt", kw_only=True, frozen=True):
    """Asks to end a running response early (§1.6 b)."""

    response_id: str
    mode: str | None = None


class Steer(Frame, tag="response.steer", kw_only=True, frozen=True):
    """Asks to redirect a running response (§1.6 a)."""

    previous_response_id: str | None = None
    input: msgspec.Raw = msgspec.Raw(b"null")  # only ever echoed


Request: TypeAlias = Create | Interrupt | Steer | Unknown | Malformed


def decode_request(frame: str | bytes) -> Request:
    """Reads a frame that a client sent."""
    try:
        return _REQUESTS.decode(frame)
    except (ValueError, RecursionError) as error:
        return unusable(frame, error, _REQUEST_TAGS)


_KNOWN_REQUESTS = Create | Interrupt | Steer
_REQUESTS: msgspec.json.Decoder[Request] = msgspec.json.Decoder(
    cast("type[Request]", _KNOWN_REQUESTS)
)
_REQUEST_TAGS = frozenset(kind.__struct_config__.tag for kind in get_args(_KNOWN_REQUESTS))
