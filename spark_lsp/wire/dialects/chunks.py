"""Owns what one message says in the streams of OpenAI's older APIs and whatever imitates them.

`completions` puts text into `choices[].text`, `chat` and Mistral's `fim` into
`choices[].delta.content`; all else is the same. Leaf fields are read as anything: servers differ in
them, and one odd field must not lose a piece of text.
"""

from typing import Any

import msgspec
from msgspec import Raw

from spark_lsp.wire.dialects.reading import NOTHING, Part
from spark_lsp.wire.events import Usage
from spark_lsp.wire.faults import Fault
from spark_lsp.wire.frames import lenient
from spark_lsp.wire.refusals import told

_NULL = Raw(b"null")
_OVERLOADED = Fault("server_is_overloaded", "the provider has run out of room for this answer")
_BROKEN = Fault("server_error", "the model has failed while it answered")


class _Text(msgspec.Struct):
    content: Any = None
    refusal: Any = None


class _Choice(msgspec.Struct):
    index: Any = 0
    text: Any = None
    delta: _Text | None = None
    message: _Text | None = None
    finish_reason: Any = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: Raw = _NULL
    error: Raw = _NULL


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _OutputDetails | None = None
    prompt_cache_hit_tokens: int | None = None  # DeepSeek's own


_CHUNK = msgspec.json.Decoder(_Chunk)
_USAGE = msgspec.json.Decoder(_Usage)

_REASONS = {
    "length": "max_output_tokens",
    "max_tokens": "max_output_tokens",
    "model_length": "max_output_tokens",
    "content_filter": "content_filter",
}
_FAULTS = {"insufficient_system_resource": _OVERLOADED, "error": _BROKEN}


def chunk(message: str) -> Part:
    """Return what one message says."""
    if message == "[DONE]":
        return Part(over=True)
    read = lenient(_CHUNK, message)
    if read is None:
        return NOTHING
    if read.choices is None or bytes(read.error) != b"null":
        # An error may come in the shape of an answer, or be flat.
        fault = told(message)
        return NOTHING if fault is None else Part(fault=fault)
    usage = None if bytes(read.usage) == b"null" else _usage_from(read.usage)
    choice = next((it for it in read.choices if it.index in {0, None}), None)
    if choice is None:
        return Part(usage=usage)
    # A server that does not stream sends the whole message at once.
    said = choice.delta or choice.message or _Text()
    reason = choice.finish_reason if isinstance(choice.finish_reason, str) else ""
    return Part(
        text=_text(choice.text) or _text(said.content),
        reason=_REASONS.get(reason, "completed") if reason else "",
        usage=usage,
        fault=_FAULTS.get(reason),
        refused=bool(said.refusal),
    )


def _usage_from(raw: Raw) -> Usage | None:
    """Return what an answer cost, or None where it is not told."""
    usage = lenient(_USAGE, raw)
    if usage is None:
        return None
    read = usage.prompt_tokens_details or _PromptDetails()
    written = usage.completion_tokens_details or _OutputDetails()
    return Usage(
        input_tokens=usage.prompt_tokens or 0,
        cached_tokens=read.cached_tokens or usage.prompt_cache_hit_tokens or 0,
        output_tokens=usage.completion_tokens or 0,
        reasoning_tokens=written.reasoning_tokens or 0,
    )


def _text(content: object) -> str:
    """Return the words of a `content`, which may be a list that has thoughts in it as well."""
    match content:
        case str():
            return content
        case [*parts]:
            return "".join(
                part["text"]
                for part in parts
                if isinstance(part, dict)
                and part.get("type", "text") == "text"
                and isinstance(part.get("text"), str)
            )
        case _:
            return ""
