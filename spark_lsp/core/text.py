"""Text as an immutable value, by the line rules of the Language Server Protocol.

Owns line boundaries, positions in UTF-8, UTF-16 and UTF-32 units, and splicing. A line ends at LF,
CRLF or CR and nowhere else: form feed, NEL, U+2028 and their kin are ordinary characters (LSP 3.18,
"Text Documents"), which is why `str.splitlines` must not be used on a document.

Offsets count code points, because that is how Python indexes strings. Versions and languages are
left to `documents`.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate

_LINE_END = re.compile(r"\r\n|\n|\r")


class Encoding(Enum):
    """The unit that `Position.character` counts, as negotiated in `initialize`."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place between two characters: zero-based line, and units of an `Encoding` into it."""

    line: int
    character: int


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `text[start:end]` by `new`; offsets in code points of the text before the edit."""

    start: int
    end: int
    new: str


def line_starts(string: str) -> list[int]:
    """Return the offset of the first character of each line; there is always a line 0."""
    if "\r" not in string:
        return list(accumulate([len(line) + 1 for line in string.split("\n")[:-1]], initial=0))
    return [0, *(match.end() for match in _LINE_END.finditer(string))]


class Text:
    """An immutable string that knows its lines.

    Splicing returns a new value and looks only at the changed lines and one neighbour on each side,
    where an edit may join or split a CRLF.
    """

    __slots__ = ("_starts", "string")

    def __init__(self, string: str, starts: list[int] | None = None) -> None:
        """Take a string; `starts`, if given, must equal `line_starts(string)`."""
        self.string = string
        self._starts = line_starts(string) if starts is None else starts

    def __len__(self) -> int:
        return len(self.string)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and self.string == other.string

    def __hash__(self) -> int:
        return hash(self.string)

    def __repr__(self) -> str:
        return f"Text({self.string!r})"

    @property
    def line_count(self) -> int:
        """How many lines there are; a text that ends with a line end has an empty last line."""
        return len(self._starts)

    @property
    def starts(self) -> Sequence[int]:
        """The offset of each line's first character."""
        return self._starts

    def line_at(self, offset: int) -> int:
        """Return the line that holds `offset`, clamped to the text."""
        return max(0, bisect_right(self._starts, offset) - 1)

    def line_start(self, line: int) -> int:
        """Return the offset of the line's first character; past the last line, the text's end."""
        return self._starts[line] if line < len(self._starts) else len(self.string)

    def line_end(self, line: int) -> int:
        """Return the offset after the line's last character, before its line end."""
        if line + 1 >= len(self._starts):
            return len(self.string)
        end = self._starts[line + 1] - 1
        if self.string[end] == "\n" and end > self._starts[line] and self.string[end - 1] == "\r":
            return end - 1
        return end

    def line(self, line: int) -> str:
        """Return the line without its line end; past the last line, an empty string."""
        return self.string[self.line_start(line) : self.line_end(line)]

    def offset(self, position: Position, encoding: Encoding) -> int:
        """Return the offset of a position.

        A position past the end of its line means the line's end, one past the last line the text's
        end, a negative one the start, and one inside a character the place before it.
        """
        if position.line < 0:
            return 0
        if position.line >= len(self._starts):
            return len(self.string)
        start, end = self._starts[position.line], self.line_end(position.line)
        units = max(0, position.character)
        if encoding is Encoding.UTF32 or units == 0:
            return min(start + units, end)
        line = self.string[start:end]
        if line.isascii():
            return min(start + units, end)
        return start + characters(line, units, encoding)

    def position(self, offset: int, encoding: Encoding) -> Position:
        """Return the position of an offset, clamped to the text.

        LSP has no position inside a CRLF: such an offset gives the end of the line before it.
        """
        offset = min(max(0, offset), len(self.string))
        line = self.line_at(offset)
        start = self._starts[line]
        part = self.string[start : min(offset, self.line_end(line))]
        return Position(line, units(part, encoding))

    def splice(self, edit: Edit) -> "Text":
        """Return the text with one edit applied; offsets out of range are clamped."""
        size = len(self.string)
        start = min(max(0, edit.start), size)
        end = min(max(start, edit.end), size)
        string = self.string[:start] + edit.new + self.string[end:]
        # Line starts up to the edit's line and past its last line stay, save where a CR and an LF
        # meet or part at the edit's borders: hence one line more on each side.
        first = max(0, self.line_at(start) - 1)
        last = min(self.line_at(end) + 2, len(self._starts))
        shift = len(edit.new) - (end - start)
        base = self._starts[first]
        stop = (self._starts[last] if last < len(self._starts) else size) + shift
        middle = [base]
        middle.extend(match.end() for match in _LINE_END.finditer(string, base, stop))
        if last < len(self._starts):
            # The match that ends at `stop` is the start of line `last`, which follows below.
            if len(middle) > 1 and middle[-1] == stop:
                middle.pop()
            tail = self._starts[last:]
            tail = [at + shift for at in tail] if shift else tail
        else:
            tail = []
        return Text(string, self._starts[:first] + middle + tail)


def units(string: str, encoding: Encoding) -> int:
    """Return the length of a string in units of an encoding."""
    if encoding is Encoding.UTF32 or string.isascii():
        return len(string)
    if encoding is Encoding.UTF8:
        return len(string.encode("utf-8", "surrogatepass"))
    return len(string.encode("utf-16-le", "surrogatepass")) // 2


def characters(line: str, wanted: int, encoding: Encoding) -> int:
    """Return how many whole characters of `line` fit into so many units.

    Bisects over encodings of slices, which run in C: a line may be megabytes long.
    """
    low, high = 0, min(wanted, len(line))
    if units(line[:high], encoding) <= wanted:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        # Only what lies between is measured: the whole costs no more than twice the line.
        size = units(line[low:middle], encoding)
        if size <= wanted:
            low, wanted = middle, wanted - size
        else:
            high = middle - 1
    return low


def inside_word(string: str, offset: int) -> bool:
    """Whether a letter, digit or underscore follows at an offset."""
    return offset < len(string) and (string[offset].isalnum() or string[offset] == "_")


def difference(before: str, after: str) -> Edit:
    """Return one edit that turns `before` into `after`, as small as a single edit can be."""
    limit = min(len(before), len(after))
    start = _common(limit, lambda size: before.startswith(after[:size]))
    limit -= start
    tail = _common(limit, lambda size: size == 0 or before.endswith(after[-size:]))
    return Edit(start, len(before) - tail, after[start : len(after) - tail])


def _common(limit: int, agree: Callable[[int], bool]) -> int:
    """Return the largest size up to `limit` for which two texts agree, by bisection."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if agree(middle) else (low, middle - 1)
    return low
