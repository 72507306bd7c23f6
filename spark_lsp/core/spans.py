"""What differs between two sequences of pieces: lines, words, whatever can be compared.

Owns the comparison, which is that of edits and of merges alike; what a piece is, and what is made
of a difference, is left to those who ask.

The time is bounded for any input. Only what lies between the common beginning and the common end is
looked at; the longest common subsequence is found with the bits of whole numbers, a row of a
thousand pieces in one step; and what is too long even for that differs as a whole.
"""

from collections.abc import Sequence
from typing import NamedTuple

from spark_lsp.core.patience import anchors

_CELLS = 1_000_000
"""Pairs of pieces up to which each old one is compared with each new one."""


class Span(NamedTuple):
    """A stretch of the old pieces, and that of the new ones which stands in its place."""

    start: int
    end: int
    new_start: int
    new_end: int

    def moved(self, by: int, new_by: int) -> "Span":
        """Return it as it stands in sequences that begin earlier."""
        return Span(self.start + by, self.end + by, self.new_start + new_by, self.new_end + new_by)


def spans_between(old: Sequence[str], new: Sequence[str]) -> list[Span]:
    """Return what differs between two sequences of pieces, in order and apart."""
    head = 0
    limit = min(len(old), len(new))
    while head < limit and old[head] == new[head]:
        head += 1
    tail = 0
    limit -= head
    while tail < limit and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    old, new = old[head : len(old) - tail], new[head : len(new) - tail]
    if not old and not new:
        return []
    if not old or not new:
        spans = [Span(0, len(old), 0, len(new))]
    elif len(old) * len(new) <= _CELLS:
        spans = _between(_common(old, new), len(old), len(new))
    else:
        spans = _anchored(old, new)
    return [span.moved(head, head) for span in spans]


def _between(pairs: Sequence[tuple[int, int]], size: int, new_size: int) -> list[Span]:
    """Return what lies between pieces that stay, given by their places in both sequences."""
    spans: list[Span] = []
    at = new_at = 0
    for here, there in (*pairs, (size, new_size)):
        if at < here or new_at < there:
            spans.append(Span(at, here, new_at, there))
        at, new_at = here + 1, there + 1
    return spans


def _common(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return a longest common subsequence, as places in both sequences.

    Hyyrö's row-wise bit-vectors: bit `i` of a row is 0 where the common length grows with `old[i]`.
    """
    places: dict[str, int] = {}
    for index, piece in enumerate(old):
        places[piece] = places.get(piece, 0) | 1 << index
    full = (1 << len(old)) - 1
    row = full
    rows: list[int] = []
    for piece in new:
        hits = row & places.get(piece, 0)
        row = ((row + hits) | (row - hits)) & full
        rows.append(row)
    pairs: list[tuple[int, int]] = []
    at, new_at = len(old), len(new)
    while at and new_at:
        if rows[new_at - 1] >> (at - 1) & 1:
            at -= 1
        elif new_at > 1 and not rows[new_at - 2] >> (at - 1) & 1:
            new_at -= 1
        else:
            at, new_at = at - 1, new_at - 1
            pairs.append((at, new_at))
    return pairs[::-1]


def _anchored(old: Sequence[str], new: Sequence[str]) -> list[Span]:
    """Return what differs, between pieces that occur once in each: patience, for what is long."""
    spans: list[Span] = []
    cells = 2 * _CELLS
    for gap in _between(anchors(old, new), len(old), len(new)):
        left, right = old[gap.start : gap.end], new[gap.new_start : gap.new_end]
        size = len(left) * len(right)
        if size <= min(cells, _CELLS):
            cells -= size
            spans += (span.moved(gap.start, gap.new_start) for span in spans_between(left, right))
        else:
            spans.append(gap)
    return spans
