"""An immutable index of many files' tokens: where did something like this context stand before?

Positions are sorted by the tokens before them, nearest first, so the positions that share the
longest context with a query are neighbours of the place where the query would be sorted in.
Which files are still current, and how much each position's evidence weighs, others decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spark_lsp.engine.vocabulary import BOUNDARY, Ids

SORTED_DEPTH = 6
"""Tokens of context that the order of positions reflects."""
_BITS = 21
"""Bits of a token number that a sort key holds; larger numbers wrap, which costs only order."""
_MASK = (1 << _BITS) - 1


@dataclass(frozen=True, slots=True)
class Segment:
    """Files by path, in order, and the sorted contexts of all their tokens."""

    paths: tuple[str, ...]
    starts: NDArray[np.int64]
    """Where the boundary before each file stands, then the last boundary; shape (files + 1,)."""
    ids: Ids
    """All tokens, shape (n,): a boundary before each file and one after the last."""
    order: NDArray[np.int32]
    """Positions of all tokens, sorted by the tokens before them; shape (tokens,)."""
    near: NDArray[np.int64]
    """Key of the three tokens before each of `order`, shape (tokens,), ascending."""
    far: NDArray[np.int64]
    """Key of the three tokens before those, shape (tokens,), ascending among equal `near`."""

    @property
    def tokens(self) -> int:
        """Tokens indexed, boundaries left out."""
        return self.ids.size - len(self.paths) - 1

    @property
    def sizes(self) -> list[int]:
        """Tokens of each file."""
        sizes: list[int] = (np.diff(self.starts) - 1).tolist()
        return sizes

    def file(self, index: int) -> Ids:
        """The tokens of one file."""
        return self.ids[self.starts[index] + 1 : self.starts[index + 1]]

    def neighbours(self, context: Sequence[int], reach: int) -> NDArray[np.int32]:
        """Up to 2 * `reach` positions whose contexts sort nearest to `context`.

        `context` holds at least `SORTED_DEPTH` tokens in reading order.
        """
        near, far = _key(context, 1), _key(context, 4)
        low = int(self.near.searchsorted(near))
        high = int(self.near.searchsorted(near, "right"))
        place = low + int(self.far[low:high].searchsorted(far))
        return self.order[max(place - reach, 0) : place + reach]


def build(files: Sequence[tuple[str, Ids]]) -> Segment:
    """Indexes files in the order given; about a quarter of a microsecond per token."""
    fence = np.array([BOUNDARY], np.int32)
    parts = [fence]
    for _, ids in files:
        parts += (ids, fence)
    ids = np.concatenate(parts)
    starts = np.cumsum([0] + [ids.size + 1 for _, ids in files])
    wide = np.zeros(ids.size + SORTED_DEPTH, np.int64)
    wide[SORTED_DEPTH:] = ids & _MASK
    back = [wide[SORTED_DEPTH - k : wide.size - k] for k in range(1, SORTED_DEPTH + 1)]
    near = back[0] << 2 * _BITS | back[1] << _BITS | back[2]
    far = back[3] << 2 * _BITS | back[4] << _BITS | back[5]
    # Stable, so that equal contexts stay in reading order on every machine.
    order = np.lexsort((far, near))
    order = order[ids[order] != BOUNDARY]
    return Segment(
        tuple(path for path, _ in files),
        starts,
        ids,
        order.astype(np.int32),
        near[order],
        far[order],
    )


def _key(context: Sequence[int], distance: int) -> int:
    first, second, third = context[-distance], context[-distance - 1], context[-distance - 2]
    return (first & _MASK) << 2 * _BITS | (second & _MASK) << _BITS | third & _MASK
