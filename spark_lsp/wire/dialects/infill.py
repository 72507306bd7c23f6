"""Owns `POST /infill`: llama.cpp's own way to fill in the middle of a file.

The server knows its model's control tokens, so there is no template, and it reads none in what we
send: nothing has to be made harmless. Repository context is `input_extra`. Of the open file the
prefix holds the window alone and the rest goes into `input_extra` as well: the server keeps only
three quarters of a batch (1,536 tokens by default) of a prefix, and where it cuts moves with each
key.

`/infill` stands at the server's root (or its `--api-prefix`), never below `/v1`; a base_url with
either end is right. Source: tools/server/README.md of llama.cpp, and `format_infill` there.
"""

from typing import Any

import msgspec
from msgspec import Raw

from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.wire.dialects.base import Call, Reader, Target
from spark_lsp.wire.dialects.reading import NOTHING, Part, PartsReader
from spark_lsp.wire.dialects.sections import Section, own, sections
from spark_lsp.wire.dialects.templates import LEAKS
from spark_lsp.wire.events import Usage
from spark_lsp.wire.faults import Fault
from spark_lsp.wire.frames import encode, lenient
from spark_lsp.wire.refusals import told

_REUSE = 256
"""Tokens of a stretch from which on it is shifted in the cache instead of read anew."""
_MILLISECONDS = 1000
"""How long the model may write on once it has begun a second line."""
# Without this the last message repeats the whole prompt.
_FIELDS = (
    "content",
    "stop",
    "stop_type",
    "tokens_evaluated",
    "tokens_predicted",
    "timings",
    "error",
)
_NULL = Raw(b"null")


class Infill:
    """Asks `POST /infill`."""

    instructable = False

    def __init__(self, target: Target) -> None:
        """Take whom to ask."""
        self._target = target
        self._kept: tuple[tuple[tuple[Block, ...], str], list[dict[str, str]]] | None = None

    def call(self, prompt: Prompt | Rewrite) -> Call:
        """Spell a prompt; it must be one for a completion."""
        assert isinstance(prompt, Prompt)
        known = own(prompt)
        rest = [Section(prompt.path, it) for it in (known.behind, known.before) if it]
        body: dict[str, Any] = {
            "input_extra": [*self._extra(prompt.stable, prompt.path), *map(_extra, rest)],
            "input_prefix": prompt.prefix,
            "input_suffix": prompt.suffix,
            "prompt": "",
            "n_predict": self._target.max_output_tokens,
            "t_max_predict_ms": _MILLISECONDS,
            "cache_prompt": True,
            "n_cache_reuse": _REUSE,
            # The sampler "infill" ends where the model is not sure; it wants the other two first.
            "samplers": ["top_k", "top_p", "infill", "temperature"],
            "top_k": 40,
            "top_p": 0.9,
            "temperature": 0,
            "stream": True,
            "response_fields": _FIELDS,
        }
        if self._target.model:
            body["model"] = self._target.model
        return Call("/infill", encode(body), unversioned=True)

    def reader(self, prompt: Prompt | Rewrite) -> Reader:
        """Return what reads the answer; what the text around speaks of, it may speak of, too."""
        assert isinstance(prompt, Prompt)
        around = prompt.prefix + prompt.suffix
        return PartsReader(_part, [it for it in LEAKS if it not in around])

    def without(self, fault: Fault) -> None:
        """Return nothing: the server ignores what it does not know."""
        del fault

    def _extra(self, stable: tuple[Block, ...], path: str) -> list[dict[str, str]]:
        key = (stable, path)
        if self._kept is None or self._kept[0] != key:
            self._kept = (key, [_extra(it) for it in sections(stable, path)])
        return self._kept[1]


def _extra(section: Section) -> dict[str, str]:
    return {"filename": section.path, "text": section.text}


class _Timings(msgspec.Struct):
    prompt_n: int | None = None
    cache_n: int | None = None


class _Message(msgspec.Struct):
    content: Any = None
    stop: Any = None
    stop_type: Any = None
    stopped_limit: Any = None  # before 2025
    tokens_evaluated: Any = None
    tokens_predicted: Any = None
    timings: Raw = _NULL
    error: Raw = _NULL
    message: Any = None


_MESSAGE = msgspec.json.Decoder(_Message)
_TIMINGS = msgspec.json.Decoder(_Timings)


def _part(message: str) -> Part:
    """Return what one message says."""
    read = lenient(_MESSAGE, message)
    if read is None:
        return Part(over=True) if message == "[DONE]" else NOTHING
    if bytes(read.error) != b"null" or (read.content is None and read.message is not None):
        fault = told(message)
        return NOTHING if fault is None else Part(fault=fault)
    text = read.content if isinstance(read.content, str) else ""
    if read.stop is not True:
        return Part(text)
    cut = read.stop_type == "limit" or read.stopped_limit is True
    return Part(
        text,
        reason="max_output_tokens" if cut else "completed",
        usage=_usage(read),
        over=True,
    )


def _usage(read: _Message) -> Usage:
    timings = lenient(_TIMINGS, read.timings) or _Timings()
    whole, cached = _count(read.tokens_evaluated), timings.cache_n
    if cached is None:
        cached = whole - timings.prompt_n if timings.prompt_n is not None else 0
    return Usage(
        input_tokens=whole,
        cached_tokens=max(0, cached),
        output_tokens=_count(read.tokens_predicted),
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
