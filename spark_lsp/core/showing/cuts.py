"""What stands right behind the cursor, and an answer that would say it again.

Owns the rest of the cursor's line: a tail of the answer that repeats it is cut, and held back while
it may become one. And how a file ends its lines. The rest is judged line by line, in `visible`.
"""

import re
from dataclasses import dataclass

_LINE_END = re.compile(r"\r\n|\n|\r")
_LINE_BELOW = re.compile(r"[^\r\n]*(?:[\r\n][ \t\f]*)*[\r\n]([ \t\f]*[^\s][^\r\n]*)")
_OPENERS = {")": "(", "]": "[", "}": "{"}
_WORTH = 2
"""Repeated characters that are no coincidence; of signs one is enough."""


def line_end_of(text: str) -> str:
    """Return the line end that a file uses, by its first line; LF if it has only one line."""
    match = _LINE_END.search(text)
    return match.group() if match else "\n"


def with_line_ends(text: str, line_end: str) -> str:
    """Return a piece of an answer with its line ends spelled as the file spells them.

    A model's line end is LF, with or without CR. A CR is dropped rather than translated, so that a
    CRLF may come in two pieces.
    """
    return text.replace("\r", "").replace("\n", line_end)


@dataclass(frozen=True, slots=True)
class Following:
    """What of the text behind the cursor matters for the cuts.

    Attributes:
        rest: the rest of the cursor's line, without blanks at its end.
        next_line: the first line below with text in it, without blanks at its end.
    """

    rest: str
    next_line: str

    @classmethod
    def of(cls, after: str) -> "Following":
        """Read it from the document from the cursor on."""
        match = _LINE_END.search(after)
        rest = after[: match.start()] if match else after
        below = _LINE_BELOW.match(after)
        return cls(rest.rstrip(), below.group(1).rstrip() if below else "")


def without_overlap(text: str, following: str, *, final: bool, balanced: bool = False) -> str:
    """Drop a tail of a line that the rest of the cursor's line begins with.

    Args:
        text: what is to be inserted at the cursor, within its line.
        following: the rest of that line, not empty.
        final: whether the text is complete. If not, what may turn out to be such a tail is
            dropped for now.
        balanced: whether brackets are balanced with what follows already.
    """
    start = text.find(following[0], max(0, len(text) - len(following)))
    while start >= 0:
        if balanced and text[start] in _OPENERS:
            pass
        elif following.startswith(text[start:]) and _repeats(text, start, final=final):
            return text[:start]
        start = text.find(following[0], start + 1)
    return text


def _repeats(text: str, start: int, *, final: bool) -> bool:
    """Whether the tail from `start` closes or repeats something outside of the text."""
    char, head = text[start], text[:start]
    if char in _OPENERS:
        return head.count(_OPENERS[char]) <= head.count(char)
    if char in "\"'`":
        return head.count(char) % 2 == 0
    return not final or len(text) - start >= _WORTH or not (char.isalnum() or char.isspace())
