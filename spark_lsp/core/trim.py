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
        cut = _LINE_END.search(text)
        if cut:
            text, final = text[: cut.start()], True
        text = _without_overlap(text, following.rest, final=final)
    elif following.next_line:
        text = _without_line(text, following.next_line, final=final)
    return text.rstrip()


def _without_overlap(text: str, following: str, *, final: bool) -> str:
    """Drop a tail of the text that the rest of the line begins with."""
    for start in range(max(0, len(text) - len(following)), len(text)):
        tail = text[start:]
        if following.startswith(tail) and _repeats(text, start, final=final):
            return text[:start]
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
    ends = list(_LINE_END.finditer(text))
    for index, end in enumerate(ends):
        last = index + 1 == len(ends)
        line = text[end.end() :] if last else text[end.end() : ends[index + 1].start()]
        complete = final or not last
        if line.rstrip() == following or (not complete and following.startswith(line)):
            return text[: end.start()]
    return text
