"""Owns what of a request may be left out, and what to make of a server that refuses a field.

Servers that imitate an API rarely imitate all of it, and some refuse what they do not know. Which
do so changes with their releases, so it is learned from what they say, once.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from spark_lsp.wire.faults import Fault

_REFUSING = {400, 422}
_PREDICTION = "prediction"
_OPTIONAL = (
    _PREDICTION,
    "stream_options",
    "reasoning_effort",
    "service_tier",
    "prompt_cache_key",
    "temperature",
    "stop",
)
_LIMITS = ("max_tokens", "max_completion_tokens")


@dataclass(frozen=True, slots=True)
class Omissions:
    """What a server has refused.

    Attributes:
        fields: what is left out.
        renamed: whether the limit of an answer goes by its other name.
    """

    fields: frozenset[str] = frozenset()
    renamed: bool = False

    def applied(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a body without what was refused."""
        kept = {name: value for name, value in body.items() if name not in self.fields}
        if self.renamed:
            old, new = _LIMITS if _LIMITS[0] in kept else _LIMITS[::-1]
            kept[new] = kept.pop(old)
        return kept

    def after(self, fault: Fault) -> "Omissions | None":
        """Return what has been refused by now, or None if a fault complains of nothing new."""
        if fault.status not in _REFUSING or fault.code == "context_length_exceeded":
            return None
        words = set(re.findall(r"\w+", fault.param or fault.message))
        # A complaint about one limit recommends the other, but not beside a prediction.
        if words.intersection(_LIMITS) and _PREDICTION not in words - self.fields:
            return None if self.renamed else replace(self, renamed=True)
        for name in _OPTIONAL:
            if name in words and name not in self.fields:
                return replace(self, fields=self.fields | {name})
        return None


NONE = Omissions()
"""Nothing has been refused yet."""
