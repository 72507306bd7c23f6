"""What has changed between two texts, word by word.

Owns the comparison. Words are aligned by those that occur once on both sides (patience diff, Bram
Cohen), first among lines and then within them; where none does, and both sides have as many, each
stands for each. That takes time in proportion to the texts, whatever they are.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from spark_lsp.core.changes import Hunk
from spark_lsp.core.patience import anchors
from spark_lsp.core.text import difference

MOST = 64
"""Hunks above which the change is no single thought, and nothing follows from it."""
_DEEP = 16
"""How often what stands between aligned words is aligned again."""
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_WORD = re.compile(r"[\w$]+|\s+|.", re.DOTALL)


def hunks(before: str, text: str) -> tuple[Hunk, ...]:
    """Return what has changed, whole words at a time, in order; nothing if it is too much."""
    edit = difference(before, text)
    # Whole lines, so that what stands twice is aligned alike in all of them.
    start = before.rfind("\n", 0, edit.start) + 1
    behind = before.find("\n", edit.end)
    old_end = len(before) if behind < 0 else behind
    end = old_end + len(text) - len(before)
    found: list[Hunk] = []
    for it in _differing(before, text, Hunk(start, old_end, start, end), _LINE):
        for one in _differing(before, text, it, _WORD):
            touches = found and (found[-1].old_end, found[-1].end) == (one.old_start, one.start)
            first = found.pop() if touches else one
            found.append(replace(first, old_end=one.old_end, end=one.end))
        if len(found) > MOST:
            return ()
    return tuple(found)


def moved(offset: int, found: Sequence[Hunk]) -> int:
    """Return where a place of the old text that is in no hunk stands in the new one."""
    at = bisect_left(found, offset + 1, key=lambda it: it.old_end)
    return offset + (found[at - 1].end - found[at - 1].old_end if at else 0)


def touched(start: int, end: int, found: Sequence[Hunk]) -> bool:
    """Whether a range of the old text, or a part of it, has been changed.

    Of a place between two characters: whether something has been put in there.
    """
    at = bisect_left(found, start + (start < end), key=lambda it: it.old_end)
    return at < len(found) and found[at].old_start < end + (start == end)


def _differing(before: str, text: str, within: Hunk, unit: re.Pattern[str]) -> Iterator[Hunk]:
    """Yield what differs within a hunk, in whole units."""
    old = unit.findall(before, within.old_start, within.old_end)
    new = unit.findall(text, within.start, within.end)
    at = list(accumulate(map(len, old), initial=within.old_start))
    new_at = list(accumulate(map(len, new), initial=within.start))
    for first, last, new_first, new_last in sorted(_blocks(old, new)):
        yield Hunk(at[first], at[last], new_at[new_first], new_at[new_last])


def _blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Yield ranges of two sequences of which one stands for the other, in any order."""
    todo = [(0, len(old), 0, len(new), 0)]
    while todo:
        first, last, new_first, new_last, depth = todo.pop()
        while first < last and new_first < new_last and old[first] == new[new_first]:
            first, new_first = first + 1, new_first + 1
        while first < last and new_first < new_last and old[last - 1] == new[new_last - 1]:
            last, new_last = last - 1, new_last - 1
        same = anchors(old[first:last], new[new_first:new_last]) if depth < _DEEP else []
        if same:
            inner = [(first + at, new_first + new_at) for at, new_at in same]
            ends = [(first - 1, new_first - 1), *inner, (last, new_last)]
            todo += [(a + 1, b, c + 1, d, depth + 1) for (a, c), (b, d) in pairwise(ends)]
        elif last - first == new_last - new_first:
            for at, new_at in zip(range(first, last), range(new_first, new_last), strict=True):
                if old[at] != new[new_at]:
                    yield (at, at + 1, new_at, new_at + 1)
        else:
            yield (first, last, new_first, new_last)
