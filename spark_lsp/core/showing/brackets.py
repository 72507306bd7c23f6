"""Brackets around a place: which are open there, and which of these are closed behind it.

Owns the matching. It works on a text that may be broken just there: a bracket that nobody has
closed yet must not take the closer of another. Where closers begin their line, indentation tells
whose they are; else the innermost bracket of their kind is closed. Of brackets of one kind and one
indentation of which some are closed it is the outer ones: what is being written is the innermost.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from spark_lsp.core.showing.indentation import Style
from spark_lsp.core.showing.signs import BRACKET, PAIRS

_FAR = 64
"""Brackets that are looked at, on either side."""
_LINE_END = re.compile(r"[\r\n]")


@dataclass(frozen=True, slots=True)
class Opener:
    """A bracket that is open at a place.

    Attributes:
        char: which.
        mine: whether it stands on the cursor's line.
        closed: whether it is closed behind the cursor.
        columns: the indentation of its line.
    """

    char: str
    mine: bool
    closed: bool
    columns: int


@dataclass(frozen=True, slots=True)
class _Closer:
    char: str
    columns: int | None


def openers(
    before: str, after: str, style: Style, stray: str = ""
) -> tuple[tuple[Opener, ...], str]:
    """Return the brackets that are open at a place, the innermost first, and what else is closed.

    Args:
        before: what stands before the cursor, from a line's beginning on, masked.
        after: what stands behind it, masked.
        style: for the columns.
        stray: closers that need not close any, except on the cursor's line.

    Returns:
        The brackets, and the closers behind the cursor that close none of them, in their order.
    """
    found = _opened(before, style)
    closed, loose, at = set[int](), "", 0
    for closer in _closers(after, style, stray):
        index = _closed_by(closer, found, at)
        if index < 0:
            loose += closer.char
        else:
            closed.add(index)
            at = index + 1
    return tuple(_outward(found, closed)), loose


def _opened(before: str, style: Style) -> list[Opener]:
    stack: list[re.Match[str]] = []
    for match in BRACKET.finditer(before):
        char = match.group()
        if char in PAIRS:
            stack.append(match)
            continue
        for at in range(1, min(3, len(stack)) + 1):
            if PAIRS[stack[-at].group()] == char:
                del stack[-at:]
                break
    cursor = _line_start(before, len(before))
    result = []
    for match in reversed(stack[-_FAR:]):
        start = _line_start(before, match.start())
        columns = style.columns(_lead(before, start))
        result.append(Opener(match.group(), start == cursor, closed=False, columns=columns))
    return result


def _closers(after: str, style: Style, stray: str) -> list[_Closer]:
    stack: list[str] = []
    result: list[_Closer] = []
    line = _LINE_END.search(after)
    below = line.start() if line else len(after)
    for match in BRACKET.finditer(after):
        char = match.group()
        if char in PAIRS:
            stack.append(PAIRS[char])
        elif char in stack[-3:]:
            while stack.pop() != char:
                pass
        elif len(result) < _FAR and (match.start() < below or char not in stray):
            stack.clear()
            start = _line_start(after, match.start())
            lead = _lead(after, start) if start else ""
            begins = start and start + len(lead) == match.start()
            result.append(_Closer(char, style.columns(lead) if begins else None))
    return result


def _closed_by(closer: _Closer, found: Sequence[Opener], at: int) -> int:
    """Return which of the brackets from `at` on a closer closes, or -1."""
    for index in range(at, len(found)):
        opener = found[index]
        if PAIRS[opener.char] == closer.char and (
            closer.columns is None or opener.columns <= closer.columns
        ):
            return index
    return -1


def _outward(found: Sequence[Opener], closed: set[int]) -> list[Opener]:
    """Of brackets of one kind and indentation, of which some are closed, let it be the outer."""
    result: list[Opener] = []
    for _, group in groupby(enumerate(found), lambda item: (item[1].columns, item[1].char)):
        members = list(group)
        missing = sum(index not in closed for index, _ in members)
        result += (replace(it, closed=at >= missing) for at, (_, it) in enumerate(members))
    return result


def _line_start(text: str, at: int) -> int:
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1


def _lead(text: str, start: int) -> str:
    end = start
    while end < len(text) and text[end] in " \t":
        end += 1
    return text[start:end]
