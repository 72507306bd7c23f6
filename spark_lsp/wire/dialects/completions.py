"""Owns `POST /completions`: OpenAI's oldest API, as vLLM, llama.cpp, Ollama and DeepSeek have it.

The prompt is raw text, so the template of the model's family decides all. With the template
"suffix" the text after the cursor goes into the server's own `suffix` field instead: DeepSeek's
beta (base_url "https://api.deepseek.com/beta") and Ollama's `/v1/completions` have it; vLLM refuses
it, and llama.cpp ignores it without a word.
"""

from typing import Any

from spark_lsp.core.prompt import Prompt, Rewrite
from spark_lsp.wire.dialects.base import Call, Reader, Target
from spark_lsp.wire.dialects.chunks import chunk
from spark_lsp.wire.dialects.filling import Filler
from spark_lsp.wire.dialects.omissions import NONE, Omissions
from spark_lsp.wire.dialects.reading import PartsReader
from spark_lsp.wire.dialects.templates import named_for, template
from spark_lsp.wire.faults import Fault
from spark_lsp.wire.frames import encode


class Completions:
    """Asks `POST /completions`."""

    instructable = False

    def __init__(self, target: Target, omissions: Omissions = NONE) -> None:
        """Take whom to ask, and what has been refused."""
        self._target = target
        self._omissions = omissions
        self._filler = Filler(template(target.template or named_for(target.model, "qwen2.5-coder")))

    def call(self, prompt: Prompt | Rewrite) -> Call:
        """Spell a prompt."""
        filled = self._filler.fill(prompt)
        body: dict[str, Any] = {
            "model": self._target.model,
            "prompt": filled.prompt,
            "max_tokens": self._target.max_output_tokens,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if self._filler.template.has_field:
            body["suffix"] = filled.suffix
        if self._filler.template.stops:
            body["stop"] = self._filler.template.stops
        return Call("/completions", encode(self._omissions.applied(body)))

    def reader(self, prompt: Prompt | Rewrite) -> Reader:
        """Return what reads the answer."""
        del prompt
        return PartsReader(chunk, self._filler.template.ends)

    def without(self, fault: Fault) -> "Completions | None":
        """Return the dialect without what was refused."""
        omissions = self._omissions.after(fault)
        return None if omissions is None else Completions(self._target, omissions)
