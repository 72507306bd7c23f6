"""What of a text still stands where another has taken its place, as when a formatter has run.

Owns the comparison. Words stand as a whole or not at all, so that no letter counts that two words
share by chance. It is made where keys are handled, so its cost is nearly linear: texts are brought
together by how they begin and end, by the lines that occur once in both, whatever their
indentation, and between these by the words and signs that do. Only what is asked for is looked at
so closely.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from spark_lsp.core.patience import anchors
from spark_lsp.core.text import difference, line_starts

_TOKEN = re.compile(r"\w+|\r\n|[\r\n]|[^\S\r\n]+|[^\w\s]")
_SHORT = 4_000
"""Characters on each side up to which texts are compared word by word."""
_LONG = 400_000
"""Characters of both from which on only their beginnings and ends are compared."""

_Spans = Sequence[tuple[int, int]]


class Match(NamedTuple):
    """A stretch that stands in both texts: where in the old one, where in the new one, how long."""

    old: int
    new: int
    length: int


_Rule = Callable[[str, str, _Spans, Match], Iterator[Match]]
"""Compares what is neither how two texts begin nor how they end; the match says where that is."""


def matches(old: str, new: str, wanted: _Spans) -> list[Match]:
    """Return what two texts have in common, in order in both.

    Args:
        old: the text that is gone.
        new: the text that has taken its place.
        wanted: the stretches of `old` that matter, in order and apart; elsewhere less may be found.
    """
    found = _ends(old, new, wanted, Match(0, 0, 0), _lines)
    return [match for match in found if match.length]


def _ends(old: str, new: str, wanted: _Spans, base: Match, rule: _Rule) -> Iterator[Match]:
    """Yield how two texts begin and end alike, and by a rule what is alike between."""
    edit = difference(old, new)
    head = edit.start
    while _splits_word(old, head) or _splits_word(new, head):
        head -= 1
    tail = len(old) - edit.end
    while _splits_word(old, len(old) - tail) or _splits_word(new, len(new) - tail):
        tail -= 1
    yield Match(base.old, base.new, head)
    inner, new_inner = old[head : len(old) - tail], new[head : len(new) - tail]
    start = Match(base.old + head, base.new + head, 0)
    if inner and new_inner and _touched(wanted, start.old, start.old + len(inner)):
        yield from rule(inner, new_inner, wanted, start)
    yield Match(start.old + len(inner), start.new + len(new_inner), tail)


def _lines(old: str, new: str, wanted: _Spans, base: Match) -> Iterator[Match]:
    """Yield what is alike, from line to line that occurs once in each."""
    if len(old) + len(new) <= _LONG:
        bounds, new_bounds = ([*line_starts(text), len(text)] for text in (old, new))
        yield from _pieces(old, new, (bounds, new_bounds), wanted, base, _words)


def _words(old: str, new: str, wanted: _Spans, base: Match) -> Iterator[Match]:
    """Yield what is alike, from word to word, or sign to sign, that occurs once in each."""
    if max(len(old), len(new)) <= _SHORT:
        bounds, new_bounds = (
            list(accumulate(map(len, _TOKEN.findall(text)), initial=0)) for text in (old, new)
        )
        yield from _pieces(old, new, (bounds, new_bounds), wanted, base, _nothing)


def _nothing(_old: str, _new: str, _wanted: _Spans, _base: Match) -> Iterator[Match]:
    yield from ()


def _pieces(  # noqa: PLR0917 - two texts, their pieces, and how to go on
    old: str,
    new: str,
    bounds: tuple[Sequence[int], Sequence[int]],
    wanted: _Spans,
    base: Match,
    rule: _Rule,
) -> Iterator[Match]:
    """Yield what is alike in the pieces that occur once in both texts, and between them."""
    marks, new_marks = bounds
    ends = len(marks) - 1, len(new_marks) - 1
    at = new_at = 0
    for piece, new_piece in [*anchors(_said(old, marks), _said(new, new_marks)), ends]:
        # What is before such a piece, and then the piece itself.
        for stop, new_stop in ((piece, new_piece), (piece + 1, new_piece + 1)):
            if stop > ends[0]:
                break
            start, end = marks[at], marks[stop]
            if _touched(wanted, base.old + start, base.old + end):
                there = new_marks[new_at]
                place = Match(base.old + start, base.new + there, 0)
                part, new_part = old[start:end], new[there : new_marks[new_stop]]
                yield from _ends(part, new_part, wanted, place, rule)
            at, new_at = stop, new_stop


def _said(text: str, bounds: Sequence[int]) -> list[str]:
    """Return what each piece of a text says, blanks left out."""
    return ["".join(text[start:end].split()) for start, end in pairwise(bounds)]


def _touched(wanted: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    """Whether one of some stretches, in order and apart, has a part in another."""
    before = bisect_left(wanted, (end,))
    return before > 0 and wanted[before - 1][1] > start


def _splits_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and _in_word(text[at - 1]) and _in_word(text[at])


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"
