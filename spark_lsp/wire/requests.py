"""Owns what a client says: how it asks, spelled and read as text frames.

When to say it is the business of `client`, what follows from it that of `server`; the words of a
prompt are `layout`'s. Source: responses-protocol.md §1.2, §1.6.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias, cast, get_args

import msgspec

from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.frames import Frame, Malformed, Unknown, encode, lenient, unusable
from spark_lsp.wire.layout import Item

INVOKED = "spark_invoked"
"""The metadata that tells the embedded engine that a person has asked by a command."""


def spelled_create(
    profile: Profile, items: bytes, lane: str, parent: str, *, generate: bool, invoked: bool = False
) -> bytes:
    """Spells a `response.create` over items from `spelled_items`.

    Warm-ups and turns of one profile differ in lane, `generate`, parent and input only, so that a
    turn may continue from a warm-up (§1.4). `stream` and `background` are never sent (§9.9).
    """
    body: dict[str, Any] = {"type": "response.create"}
    if lane:
        body["stream_id"] = lane
    body["store"] = False
    if not generate:
        body["generate"] = False
    if parent:
        body["previous_response_id"] = parent
    if invoked and profile.holds_back:
        body["metadata"] = {INVOKED: "true"}
    return b'%b,%b,"input":[%b]}' % (encode(body)[:-1], spelled_options(profile)[1:-1], items)


def spelled_options(profile: Profile) -> bytes:
    """Spells how a model is asked, whatever it is asked, as a JSON object."""
    body: dict[str, Any] = {"model": profile.model}
    if profile.effort is not None:
        body["reasoning"] = {"effort": profile.effort}
    body["max_output_tokens"] = profile.max_output_tokens
    if profile.tier:
        body["service_tier"] = profile.tier
    if profile.prompt_cache_key:
        body["prompt_cache_key"] = profile.prompt_cache_key
    if profile.cache_breakpoint:
        # The implicit breakpoint would be written with each key, after what no key has again.
        body["prompt_cache_options"] = {"mode": "explicit"}
    body["stream_options"] = {"include_obfuscation": False}
    return encode({name: body[name] for name in body if name not in profile.refused})


def spelled_items(items: Sequence[Item]) -> bytes:
    """The elements of an `input` list, without its brackets: what callers may keep and join."""
    return encode(items)[1:-1]


def marked(items: Sequence[Item]) -> list[Item]:
    """Returns items whose end is where a prefix cache is to be written (§6)."""
    *before, last = items
    *parts, part = last["content"]
    breakpoint_ = {"prompt_cache_breakpoint": {"mode": "explicit"}}
    return [*before, {**last, "content": [*parts, {**part, **breakpoint_}]}]


def spelled_steer(response_id: str, instruction: str) -> bytes:
    """Spells the request to redirect a running response (§1.6 a); it takes no `stream_id`."""
    return encode(
        {"type": "response.steer", "previous_response_id": response_id, "input": instruction}
    )


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
    metadata: msgspec.Raw = msgspec.Raw(b"null")

    @property
    def told_back(self) -> dict[str, Any]:
        """What every object of the response repeats, so that its client knows it again."""
        metadata = lenient(_METADATA, self.metadata) or {}
        return {"max_output_tokens": self.max_output_tokens, "metadata": metadata}

    @property
    def invoked(self) -> bool:
        """Whether a person has asked by a command."""
        return INVOKED in (lenient(_METADATA, self.metadata) or {})

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
    input: msgspec.Raw = msgspec.Raw(b"null")  # handed back as it came where it cannot be taken


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
_METADATA = msgspec.json.Decoder(dict[str, str] | None)
