"""Owns `POST /chat/completions`: Cerebras, and every server that imitates OpenAI's chat.

The words are `wire.layout`'s, which has a spelling for plain chat models: a message of the system
and one of the user, each a text, what is stable first.

Which fields are sent is what most servers take:

- `max_tokens`. LM Studio, older llama.cpp and Ollama know no other name for it, and write without
  end if they are told another; Mistral refuses others. Only OpenAI's own reasoning models refuse
  this one: models with their names are asked with `max_completion_tokens`, a `reasoning_effort`,
  and no temperature.
- `reasoning_effort` for gpt-oss as well, which all its servers understand. For no other model:
  some servers refuse it for models that do not reason.
- `stream_options` for all but Mistral's models, whose server refuses it and tells the cost unasked.

A server that still refuses a field is asked again without it, see `omissions`. What a model thinks
(`reasoning_content`, `reasoning`) is no text of the answer. Servers of open models read control
tokens wherever they stand, also in a file of the person's, where they would end the message: there
a space is put into them (seen with llama.cpp 0.7.0).
"""

import re
from dataclasses import replace
from typing import Any

from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.wire.cleaning import Cleaner
from spark_lsp.wire.dialects.base import Call, Reader, Target
from spark_lsp.wire.dialects.chunks import chunk
from spark_lsp.wire.dialects.omissions import NONE, Omissions
from spark_lsp.wire.dialects.reading import PartsReader
from spark_lsp.wire.faults import Fault
from spark_lsp.wire.frames import encode
from spark_lsp.wire.layout import chat_messages

_OPENAI = re.compile(r"(?:^|/)(?:o\d|gpt-[5-9]|codex-)")
_OPEN_WEIGHTS = re.compile(r"gpt-oss")
_MISTRAL = re.compile(r"mistral|mixtral|codestral|devstral|magistral|ministral|pixtral")


_CONTROL = re.compile(
    r"<(?=\|[A-Za-z0-9_]{1,40}\|>|\uff5c[^<>\n]{1,40}\uff5c>|(?:start|end)_of_turn>)"
)


class Chat:
    """Asks `POST /chat/completions`."""

    def __init__(self, target: Target, omissions: Omissions = NONE) -> None:
        """Take whom to ask, and what has been refused."""
        self._target = target
        self._omissions = omissions
        self._kept: tuple[tuple[Block, ...], tuple[str, str]] | None = None

    def call(self, prompt: Prompt | Rewrite) -> Call:
        """Spell a prompt."""
        body: dict[str, Any] = {
            "model": self._target.model,
            "messages": self._messages(prompt),
            **self._options(),
            "stream": True,
        }
        return Call("/chat/completions", encode(self._omissions.applied(body)))

    def reader(self, prompt: Prompt | Rewrite) -> Reader:
        """Return what reads the answer."""
        return PartsReader(chunk, strainer=Cleaner(prompt))

    def without(self, fault: Fault) -> "Chat | None":
        """Return the dialect without what was refused."""
        omissions = self._omissions.after(fault)
        return None if omissions is None else Chat(self._target, omissions)

    def _options(self) -> dict[str, Any]:
        name, limit = self._target.model.lower(), self._target.max_output_tokens
        openai = _OPENAI.search(name) is not None
        options: dict[str, Any] = {}
        if openai:
            options["max_completion_tokens"] = limit
            if self._target.prompt_cache_key:
                options["prompt_cache_key"] = self._target.prompt_cache_key
        else:
            options |= {"max_tokens": limit, "temperature": 0}
        if self._target.effort is not None and (openai or _OPEN_WEIGHTS.search(name)):
            options["reasoning_effort"] = self._target.effort
        if not _MISTRAL.search(name):
            options["stream_options"] = {"include_usage": True}
        return options

    def _messages(self, prompt: Prompt | Rewrite) -> list[dict[str, str]]:
        """Return what `chat_messages` says, with what is stable spelled once."""
        if self._kept is None or self._kept[0] != prompt.stable:
            self._kept = (prompt.stable, _stable(prompt.stable))
        system, head = self._kept[1]
        _, asked = chat_messages(replace(prompt, stable=()))
        return [
            {"role": "system", "content": system},
            {"role": "user", "content": head + _harmless(asked["content"])},
        ]


def _stable(stable: tuple[Block, ...]) -> tuple[str, str]:
    """Return what the system says, and what the user says before what is asked now."""
    nothing = Prompt((), "", "", "")
    system, user = chat_messages(replace(nothing, stable=stable))
    _, asked = chat_messages(nothing)
    head = user["content"].removesuffix(asked["content"])
    return _harmless(system["content"]), _harmless(head)


def _harmless(text: str) -> str:
    return _CONTROL.sub("< ", text)
