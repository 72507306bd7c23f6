"""Owns `POST /api/generate`: Ollama's own API, whose answer is one JSON object a line.

Ollama knows the template of its models, so prefix and suffix go into `prompt` and `suffix`; a model
whose template has no place for a suffix "does not support insert", and then, or where a person
knows better, a FIM template of ours is sent `raw`. Repository context stands in front of the
prefix.

Ollama cuts a prompt that is longer than its context at the front, without a word, and its context
has 4,096 tokens where nobody says otherwise; so the window that the prompt was packed for is sent
along. The model is kept loaded for half an hour, since a first answer takes as long as loading it.

`/api/generate` stands at the server's root, beside `/v1`; a base_url with either end is right.
Source: docs/api.md of Ollama.
"""

from dataclasses import replace
from typing import Any

import msgspec
from msgspec import Raw

from spark_lsp.core.prompt import Prompt
from spark_lsp.wire.dialects.base import Call, Reader, Target
from spark_lsp.wire.dialects.filling import Filler
from spark_lsp.wire.dialects.reading import NOTHING, Part, PartsReader
from spark_lsp.wire.dialects.templates import SUFFIX, named_for, template
from spark_lsp.wire.events import Usage
from spark_lsp.wire.faults import Fault
from spark_lsp.wire.frames import encode, lenient
from spark_lsp.wire.refusals import told

_KEEP = "30m"
_NO_INSERT = "does not support insert"
_NULL = Raw(b"null")


class Ollama:
    """Asks `POST /api/generate`."""

    def __init__(self, target: Target) -> None:
        """Take whom to ask."""
        self._target = target
        self._filler = Filler(template(target.template or SUFFIX))

    def call(self, prompt: Prompt) -> Call:
        """Spell a prompt."""
        filled = self._filler.fill(prompt)
        options: dict[str, Any] = {
            "num_predict": self._target.max_output_tokens,
            "temperature": 0,
        }
        if self._filler.template.stops:
            # Not with a template of the server's: its own stops would be replaced.
            options["stop"] = self._filler.template.stops
        if self._target.window:
            options["num_ctx"] = self._target.window
        body: dict[str, Any] = {
            "model": self._target.model,
            "prompt": filled.prompt,
            "stream": True,
            "keep_alive": _KEEP,
            "options": options,
        }
        body |= {"suffix": filled.suffix} if self._filler.template.has_field else {"raw": True}
        return Call("/api/generate", encode(body), "application/x-ndjson", unversioned=True)

    def reader(self, prompt: Prompt) -> Reader:
        """Return what reads the answer."""
        del prompt
        return PartsReader(_part, self._filler.template.ends)

    def without(self, fault: Fault) -> "Ollama | None":
        """Return the dialect with a template of ours, where the model's own cannot insert."""
        named = named_for(self._target.model, "")
        if _NO_INSERT not in fault.message or not named or not self._filler.template.has_field:
            return None
        return Ollama(replace(self._target, template=named))


class _Line(msgspec.Struct):
    response: Any = None
    done: Any = None
    done_reason: Any = None
    prompt_eval_count: Any = None
    eval_count: Any = None
    error: Raw = _NULL


_LINE = msgspec.json.Decoder(_Line)


def _part(message: str) -> Part:
    """Return what one line says; what a model thinks stands in `thinking` and is not looked at."""
    read = lenient(_LINE, message)
    if read is None:
        return NOTHING
    if bytes(read.error) != b"null":
        fault = told(message)
        return NOTHING if fault is None else Part(fault=fault)
    text = read.response if isinstance(read.response, str) else ""
    if read.done is not True:
        return Part(text)
    return Part(
        text,
        reason="max_output_tokens" if read.done_reason == "length" else "completed",
        # What is in the cache already is not counted here.
        usage=Usage(
            input_tokens=_count(read.prompt_eval_count), output_tokens=_count(read.eval_count)
        ),
        over=True,
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
