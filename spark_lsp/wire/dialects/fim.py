"""Owns `POST /fim/completions`: Mistral's API for Codestral.

The server puts prefix and suffix itself, and reads no control tokens in them. It has no field for
the repository, so other files stand in front of the prefix in the form that Mistral gave Continue
for it. It refuses every field it does not know, and tells the cost unasked; so nothing is sent that
its reference (docs.mistral.ai, FIM) does not name.
"""

from typing import Any

from spark_lsp.core.prompt import Prompt, Rewrite
from spark_lsp.wire.dialects.base import Call, Reader, Target
from spark_lsp.wire.dialects.chunks import chunk
from spark_lsp.wire.dialects.filling import Filler
from spark_lsp.wire.dialects.omissions import NONE, Omissions
from spark_lsp.wire.dialects.reading import PartsReader
from spark_lsp.wire.dialects.templates import MISTRAL
from spark_lsp.wire.faults import Fault
from spark_lsp.wire.frames import encode


class Fim:
    """Asks `POST /fim/completions`."""

    instructable = False

    def __init__(self, target: Target, omissions: Omissions = NONE) -> None:
        """Take whom to ask, and what has been refused."""
        self._target = target
        self._omissions = omissions
        self._filler = Filler(MISTRAL)

    def call(self, prompt: Prompt | Rewrite) -> Call:
        """Spell a prompt."""
        filled = self._filler.fill(prompt)
        body: dict[str, Any] = {
            "model": self._target.model,
            "prompt": filled.prompt,
            "suffix": filled.suffix,
            "max_tokens": self._target.max_output_tokens,
            "temperature": 0,
            "stop": self._filler.template.stops,
            "stream": True,
        }
        return Call("/fim/completions", encode(self._omissions.applied(body)))

    def reader(self, prompt: Prompt | Rewrite) -> Reader:
        """Return what reads the answer."""
        del prompt
        return PartsReader(chunk, self._filler.template.ends)

    def without(self, fault: Fault) -> "Fim | None":
        """Return the dialect without what was refused."""
        omissions = self._omissions.after(fault)
        return None if omissions is None else Fim(self._target, omissions)
