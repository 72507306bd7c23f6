"""The text around the cursor, as much of it as a model is shown with every key.

Owns where its windows begin and end. The far edges move in steps, and each depends only on what
lies on its side of the cursor: while a person types, the suffix stays the same to the byte, and the
prefix only grows at its end, until its beginning moves by a step. Secrets are masked.
"""

from dataclasses import dataclass

from spark_lsp.core import secrets
from spark_lsp.core.text import Text

_PREFIX = 0.75
"""Share of the bytes that the text before the cursor may have."""
_STEPS = 4
"""Steps in the reach of a window."""
_EDGE = 400
"""Characters by which a window's far edge is recognised in a copy of the file."""
BYTES = 3
"""Bytes of code that are about one token, and often more than that."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The windows before and after the cursor, and where in the text they begin and end."""

    prefix: str
    suffix: str
    start: int
    end: int

    @classmethod
    def around(cls, text: Text, offset: int, room: int) -> "Tail":
        """Return the windows around an offset; both together have at most so many bytes."""
        string = text.string
        before = int(room * _PREFIX)
        start, end = _start(text, offset, before), _end(text, offset, room - before)
        shown = secrets.redacted(string, start, end)
        return cls(shown[: offset - start], shown[offset - start :], start, end)


def outside(body: str, prefix: str, suffix: str) -> tuple[str, str]:
    """Return what a frozen copy of a file holds before and after the windows of the tail.

    Inside the windows the copy is out of date by just the keys that matter: there it would say
    that nothing follows at the cursor. Where a window's far edge is not found in the copy, that
    side is empty.
    """
    start = body.find(prefix[:_EDGE])
    end = body.rfind(suffix[-_EDGE:])
    tail = body[end + len(suffix[-_EDGE:]) :] if end >= 0 and suffix else ""
    return body[: max(0, start)], tail


def estimated(string: str) -> int:
    """Return about how many tokens a text has, where nobody has counted them."""
    return -(-_bytes(string) // BYTES)


def _start(text: Text, offset: int, room: int) -> int:
    reach = room
    while True:
        start = _stepped(offset, reach)
        line = text.line_at(start)
        if start != text.line_start(line) and text.line_start(line + 1) - start <= reach // _STEPS:
            start = min(offset, text.line_start(line + 1))
        if _bytes(text.string[start:offset]) <= room:
            return start
        reach //= 2


def _end(text: Text, offset: int, room: int) -> int:
    length = len(text)
    reach = room
    while True:
        end = length - _stepped(length - offset, reach)
        line = text.line_start(text.line_at(end))
        if end < length and end - line <= reach // _STEPS:
            end = max(offset, line)
        if _bytes(text.string[offset:end]) <= room:
            return end
        reach //= 2


def _stepped(distance: int, reach: int) -> int:
    """Return how much of a distance is left out so that at most `reach` remains, in steps."""
    step = max(1, reach // _STEPS)
    return max(0, -(-(distance - reach) // step) * step)


def _bytes(string: str) -> int:
    return len(string.encode("utf-8", "surrogatepass"))
