"""Owns `POST /chat/completions`: Cerebras, and every server that imitates OpenAI's chat.

The words are `messages`': one of the system and one of the user, each a text, what is stable first.

Which fields are sent is what most servers take:

- `max_tokens`. LM Studio, older llama.cpp and Ollama know no other name for it, and write without
  end if they are told another; Mistral refuses others. Only OpenAI's own reasoning models refuse
  this one: models with their names are asked with `max_completion_tokens`, a `reasoning_effort`,
  and no temperature.
- `reasoning_effort` for gpt-oss as well, which all its servers understand. For no other model:
  some servers refuse it for models that do not reason.
- `prediction` where a person says that the server knows it: OpenAI's and Cerebras's do, for some
  models. It is what a rewrite begins from, as it stands in the prompt, or a draft.
- `stream_options` for all but Mistral's models, whose server refuses it and tells the cost unasked.

A server that still refuses a field is asked again without it, see `omissions`. What a model thinks
(`reasoning_content`, `reasoning`) is no text of the answer.
"""

import re
from typing import Any

from spark_lsp.core.prompt import Prompt, Rewrite
from spark_lsp.wire.cleaning import Cleaner
from spark_lsp.wire.dialects.base import Call, Reader, Target
from spark_lsp.wire.dialects.chunks import chunk
from spark_lsp.wire.dialects.messages import Messages, predicted
from spark_lsp.wire.dialects.omissions import NONE, Omissions
from spark_lsp.wire.dialects.reading import PartsReader
from spark_lsp.wire.faults import Fault
from spark_lsp.wire.frames import encode

_OPENAI = re.compile(r"(?:^|/)(?:o\d|gpt-[5-9]|codex-)")
_OPEN_WEIGHTS = re.compile(r"gpt-oss")
_MISTRAL = re.compile(r"mistral|mixtral|codestral|devstral|magistral|ministral|pixtral")


class Chat:
    """Asks `POST /chat/completions`."""

    instructable = True

    def __init__(self, target: Target, omissions: Omissions = NONE) -> None:
        """Take whom to ask, and what has been refused."""
        self._target = target
        self._omissions = omissions
        self._messages = Messages()

    def call(self, prompt: Prompt | Rewrite) -> Call:
        """Spell a prompt."""
        body: dict[str, Any] = {
            "model": self._target.model,
            "messages": self._messages.spelled(prompt),
            **self._options(self._target.roomy(prompt).max_output_tokens),
            **self._prediction(prompt),
            "stream": True,
        }
        return Call("/chat/completions", encode(self._omissions.applied(body)))

    def reader(self, prompt: Prompt | Rewrite) -> Reader:
        """Return what reads the answer."""
        return PartsReader(chunk, strainer=Cleaner(prompt), whole=isinstance(prompt, Rewrite))

    def without(self, fault: Fault) -> "Chat | None":
        """Return the dialect without what was refused."""
        omissions = self._omissions.after(fault)
        return None if omissions is None else Chat(self._target, omissions)

    def _prediction(self, prompt: Prompt | Rewrite) -> dict[str, Any]:
        known = predicted(prompt) if self._target.prediction else ""
        return {"prediction": {"type": "content", "content": known}} if known else {}

    def _options(self, limit: int) -> dict[str, Any]:
        name = self._target.model.lower()
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
        if self._target.tier:
            options["service_tier"] = self._target.tier
        if not _MISTRAL.search(name):
            options["stream_options"] = {"include_usage": True}
        return options
