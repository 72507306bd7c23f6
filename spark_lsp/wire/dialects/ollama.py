"""Owns `POST /api/generate` and `/api/chat`: Ollama's own API, which answers with lines of JSON.

Ollama knows the template of its models, so prefix and suffix go into `prompt` and `suffix`; a model
whose template has no place for a suffix "does not support insert", and then, or where a person
knows better, a FIM template of ours is sent `raw`. Repository context stands in front of the
prefix. What gives an instruction is put to the same model as a chat: most that fill in follow
instructions as well, and those that do not say so in their names.

Ollama cuts a prompt that is longer than its context at the front, without a word, and its context
has 4,096 tokens where nobody says otherwise; so the window that the prompt was packed for is sent
along. The model is kept loaded for half an hour, since a first answer takes as long as loading it.

Both stand at the server's root, beside `/v1`; a base_url with either end is right.
Source: docs/api.md of Ollama.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
from msgspec import Raw

from spark_lsp.core.prompt import Prompt, Rewrite
from spark_lsp.wire.cleaning import Cleaner
from spark_lsp.wire.dialects.base import Call, Reader, Target
from spark_lsp.wire.dialects.filling import Filler
from spark_lsp.wire.dialects.messages import Messages
from spark_lsp.wire.dialects.reading import NOTHING, Part, PartsReader
from spark_lsp.wire.dialects.templates import SUFFIX, named_for, template
from spark_lsp.wire.events import Usage
from spark_lsp.wire.faults import Fault
from spark_lsp.wire.frames import encode, lenient
from spark_lsp.wire.refusals import told

_KEEP = "30m"
_NO_INSERT = "does not support insert"
_NULL = Raw(b"null")
_BASE = re.compile(r"starcoder(?!.*instruct)|:(?:.*-)?(?:base|code|python)(?:-|$)")
"""Names of models that were trained to go on with a text and for nothing else."""


class Ollama:
    """Asks `POST /api/generate`, and `/api/chat` where there is an instruction to follow."""

    def __init__(self, target: Target) -> None:
        """Take whom to ask."""
        self._target = target
        self._filler = Filler(template(target.template or SUFFIX))
        self._messages = Messages()
        self.instructable = _BASE.search(target.model.lower()) is None

    def call(self, prompt: Prompt | Rewrite) -> Call:
        """Spell a prompt."""
        if self._chats(prompt):
            asked = {"messages": self._messages.spelled(prompt)}
            return self._call("/api/chat", asked, self._options(prompt))
        filled, template_ = self._filler.fill(prompt), self._filler.template
        how: dict[str, Any] = {"suffix": filled.suffix} if template_.has_field else {"raw": True}
        options = self._options(prompt, template_.stops)
        return self._call("/api/generate", {"prompt": filled.prompt}, options, **how)

    def reader(self, prompt: Prompt | Rewrite) -> Reader:
        """Return what reads the answer."""
        if self._chats(prompt):
            return PartsReader(_part, strainer=Cleaner(prompt), whole=isinstance(prompt, Rewrite))
        return PartsReader(_part, self._filler.template.ends)

    def _call(self, path: str, asked: dict[str, Any], options: dict[str, Any], **how: Any) -> Call:
        body = {
            "model": self._target.model,
            **asked,
            "stream": True,
            "keep_alive": _KEEP,
            "options": options,
            **how,
        }
        return Call(path, encode(body), "application/x-ndjson", unversioned=True)

    def _options(self, prompt: Prompt | Rewrite, stops: Sequence[str] = ()) -> dict[str, Any]:
        options: dict[str, Any] = {
            "num_predict": self._target.roomy(prompt).max_output_tokens,
            "temperature": 0,
        }
        if stops:
            # Not with a template of the server's: its own stops would be replaced.
            options["stop"] = stops
        if self._target.window:
            options["num_ctx"] = self._target.window
        return options

    def _chats(self, prompt: Prompt | Rewrite) -> bool:
        """Whether a prompt is put as a chat."""
        return self.instructable and bool(prompt.instruction or isinstance(prompt, Rewrite))

    def without(self, fault: Fault) -> "Ollama | None":
        """Return the dialect with a template of ours, where the model's own cannot insert."""
        named = named_for(self._target.model, "")
        if _NO_INSERT not in fault.message or not named or not self._filler.template.has_field:
            return None
        return Ollama(replace(self._target, template=named))


class _Message(msgspec.Struct):
    content: Any = None


class _Line(msgspec.Struct):
    response: Any = None
    message: _Message | None = None
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
    said = read.message.content if read.message else read.response
    text = said if isinstance(said, str) else ""
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
