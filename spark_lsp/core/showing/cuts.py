"""From what a model wrote to what is worth showing.

Owns the cuts: within the line if text follows the cursor, no repetition of what follows, no blank
tail, line ends of the file. All cuts are monotone: what is shown of a longer answer begins with
what was shown of a shorter one, so ghost text only ever grows while it streams in.
"""

import re
from dataclasses import dataclass

_LINE_END = re.compile(r"\r\n|\n|\r")
_LINE_BELOW = re.compile(r"[^\r\n]*(?:[\r\n][ \t\f]*)*[\r\n]([ \t\f]*[^\s][^\r\n]*)")
_OPENERS = {")": "(", "]": "[", "}": "{"}
_WORTH = 2
"""Characters of repeated text, other than a closing bracket or quote, that are no coincidence."""


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


def visible(text: str, following: Following, *, final: bool) -> str:
    """Return the part of an answer that may be shown.

    Args:
        text: the answer as far as it is known, inserted at the cursor.
        following: what stands behind the cursor.
        final: whether the answer is complete. If not, a tail that may turn out to repeat what
            follows the cursor is held back.
    """
    if following.rest:
        end = _end_of_line(text, 0)
        if end < len(text):
            text, final = text[:end], True
        text = _without_overlap(text, following.rest, final=final)
    elif following.next_line:
        text = _without_line(text, following.next_line, final=final)
    return text.rstrip()


def _without_overlap(text: str, following: str, *, final: bool) -> str:
    """Drop a tail of the text that the rest of the line begins with."""
    start = text.find(following[0], max(0, len(text) - len(following)))
    while start >= 0:
        if following.startswith(text[start:]) and _repeats(text, start, final=final):
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
    return not final or len(text) - start >= _WORTH


def _without_line(text: str, following: str, *, final: bool) -> str:
    """Cut before a whole line that stands already as the next line with text after the cursor."""
    start = _line(text, following)
    if start < 0 and not final:
        last = max(text.rfind("\n"), text.rfind("\r")) + 1
        start = last if last and following.startswith(text[last:]) else -1
    if start < 0:
        return text
    return text[: start - (2 if text.endswith("\r\n", 0, start) else 1)]


def _line(text: str, wanted: str) -> int:
    """Return where the first line after a line end begins that says this, or -1.

    An answer is looked at anew with each token: hence nothing here that takes a step per line.
    """
    found = []
    for end in "\n\r":
        at = text.find(end + wanted)
        while at >= 0:
            start = at + 1
            if text[start : _end_of_line(text, start)].rstrip() == wanted:
                found.append(start)
                break
            at = text.find(end + wanted, start)
    return min(found, default=-1)


def _end_of_line(text: str, start: int) -> int:
    found = (text.find(end, start) for end in "\n\r")
    return min((at for at in found if at >= 0), default=len(text))
