"""Pieces by which two texts are brought together: those that occur once in both, in one order.

Owns this step of the patience diff (Bram Cohen), in time nearly linear in the pieces. What pieces
are, and what is made of what stands between them, is decided where they are compared.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence


def anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return the most pieces that occur once in both sequences and in the same order.

    Each is given by its places in both. An empty piece says nothing and is none of them.
    """
    counts, new_counts = Counter(old), Counter(new)
    there = {piece: place for place, piece in enumerate(new) if piece and new_counts[piece] == 1}
    pairs = [
        (place, there[piece])
        for place, piece in enumerate(old)
        if counts[piece] == 1 and piece in there
    ]
    # The longest rising sequence: `ends` holds the least end of one of each length.
    ends: list[int] = []
    holders: list[int] = []
    before: list[int | None] = []
    for index, (_, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        before.append(holders[length - 1] if length else None)
        ends[length : length + 1] = [place]
        holders[length : length + 1] = [index]
    found: list[tuple[int, int]] = []
    last = holders[-1] if holders else None
    while last is not None:
        found.append(pairs[last])
        last = before[last]
    return found[::-1]
