"""Owns the two messages that a plain chat model is shown, as its server can be sent them.

The words are `wire.layout`'s. Servers of open models read control tokens wherever they stand, also
in a file of the person's, where they would end the message: there a space is put into them (seen
with llama.cpp 0.7.0). What is stable is spelled once.
"""

import re
from dataclasses import replace

from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.wire.layout import chat_messages

_CONTROL = re.compile(
    r"<(?=\|[A-Za-z0-9_]{1,40}\|>|\uff5c[^<>\n]{1,40}\uff5c>|(?:start|end)_of_turn>)"
)


class Messages:
    """Spells prompts, and keeps the spelling of their stable part."""

    def __init__(self) -> None:
        """Begin with nothing spelled."""
        self._kept: tuple[tuple[Block, ...], tuple[str, str]] | None = None

    def spelled(self, prompt: Prompt | Rewrite) -> list[dict[str, str]]:
        """Return what `chat_messages` says, without control tokens."""
        if self._kept is None or self._kept[0] != prompt.stable:
            self._kept = (prompt.stable, _stable(prompt.stable))
        system, head = self._kept[1]
        _, asked = chat_messages(replace(prompt, stable=()))
        return [
            {"role": "system", "content": system},
            {"role": "user", "content": head + _harmless(asked["content"])},
        ]


def predicted(prompt: Prompt | Rewrite) -> str:
    """Return what an answer will most likely be, "" if nobody knows: most of a region stays."""
    return _harmless(prompt.region if isinstance(prompt, Rewrite) else prompt.prediction)


def _stable(stable: tuple[Block, ...]) -> tuple[str, str]:
    """Return what the system says, and what the user says before what is asked now."""
    nothing = Prompt((), "", "", "")
    system, user = chat_messages(replace(nothing, stable=stable))
    _, asked = chat_messages(nothing)
    head = user["content"].removesuffix(asked["content"])
    return _harmless(system["content"]), _harmless(head)


def _harmless(text: str) -> str:
    return _CONTROL.sub("< ", text)
