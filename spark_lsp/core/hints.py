"""What of an instruction can be followed without understanding it: the names and literals in it.

Owns which words of it are meant to be written, for all that tells. They are what the embedded
engine goes by; the rest takes a model.
"""

import re
from typing import Final

_WORD: Final = re.compile(r"[^\W\d]\w*|\d\w*")
_MOST: Final = 12
"""Words of an instruction that count."""
_PROSE: Final = frozenset(
    {
        "a", "add", "after", "all", "an", "and", "any", "are", "as", "at", "be", "before", "but",
        "by", "call", "called", "can", "do", "does", "for", "from", "get", "give", "has", "have",
        "here", "i", "if", "in", "instead", "into", "is", "it", "its", "just", "like", "line",
        "make", "me", "my", "name", "named", "new", "no", "not", "of", "on", "one", "only", "or",
        "other", "out", "please", "put", "rather", "should", "so", "take", "than", "that", "the",
        "them", "then", "there", "these", "this", "to", "up", "use", "using", "want", "we",
        "what", "when", "where", "which", "with", "without", "write", "you", "your",
    }
)  # fmt: skip
"""Words that tell what to do with the others."""


def words_in(instruction: str) -> list[str]:
    """The names and numbers of an instruction, without those that are most likely prose.

    In the order of the instruction, each once, a dozen at most.
    """
    words = dict.fromkeys(_WORD.findall(instruction))
    return [word for word in words if word.lower() not in _PROSE][:_MOST]
