"""Which token comes next: a vote among all places whose context ends like this one.

Owns the weights of the evidence. Where to look is told by `page` and `corpus`, what an outcome is
worth as a probability by `confidence`; what to make of a prediction is the business of `decode`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from spark_lsp.engine.confidence import Kind, probability
from spark_lsp.engine.page import Page
from spark_lsp.engine.segment import Segment
from spark_lsp.engine.vocabulary import BOUNDARY, Ids, Vocabulary, is_newline

DEPTH: Final = 16
"""Tokens of context that are compared."""
_BACK: Final = np.arange(1, DEPTH + 1)


@dataclass(frozen=True, slots=True)
class Weights:
    """What evidence counts for; tuned on nine PyPI source distributions, whole lines held out."""

    prefix: float = 1.0
    """A place before the cursor in the open file."""
    recent: float = 2.0
    """What a place just before the cursor counts on top of that."""
    recency: float = 400.0
    """Tokens before the cursor over which that bonus falls to a third."""
    suffix: float = 1.0
    """A place after the cursor in the open file."""
    same_path: float = 0.8
    """A place in another text of the open file, such as an older snapshot."""
    reference: float = 0.5
    """A place in another text sent along."""
    same_directory: float = 0.3
    """A place in a learned file beside the open one."""
    same_suffix: float = 0.1
    """A place in a learned file with the same name suffix, that is, mostly, language."""
    elsewhere: float = 0.05
    """A place in any other learned file."""
    foreign: float = 0.02
    """A place in a file that others wrote, such as an installed dependency."""
    base: float = 8.0
    """Each further token of context in common multiplies the weight by this."""
    loose: float = 1.5
    """What a token in common counts for beyond the first that differs; it is multiplied by
    `fading` for every token between it and the cursor."""
    fading: float = 0.8
    unseen: float = 0.2
    """Factor for a name that stands nowhere on the page."""
    doubt: float = 8.0
    """Weight of the belief that something never seen comes next."""
    reach: int = 64
    """Neighbours of the query that are looked at in each segment, to either side."""
    wide: int = 512
    """The same where a half-typed token narrows the choice."""
    crowd: int = 1024
    """Places that are looked at on the page."""


class Ballot:
    """Takes votes by one page and the segments of one corpus."""

    def __init__(
        self,
        page: Page,
        segments: Sequence[tuple[Segment, NDArray[np.float64]]],
        vocabulary: Vocabulary,
        weights: Weights,
    ) -> None:
        """Each segment comes with the weight of each of its files, zero where one has no say."""
        self._segments = segments
        self._ids = page.ids
        self._vocabulary = vocabulary
        self._weights = weights
        distance = np.arange(page.ids.size - 1, -1, -1)
        self._origin = page.origin * (1 + weights.recent * np.exp(-distance / weights.recency))
        self._loose = weights.loose * weights.fading**_BACK
        self._seen = np.zeros(int(page.ids.max(initial=BOUNDARY)) + 1, bool)
        self._seen[page.ids] = True
        self._factors: dict[int, float] = {}

    def count(self, context: Sequence[int]) -> dict[int, float]:
        """Weight of the evidence for each token that may follow the `DEPTH` of `context`."""
        return self._count(context, self._weights.reach)

    def count_wide(self, context: Sequence[int]) -> dict[int, float]:
        """The same from more places, for when a half-typed token rules most of them out."""
        return self._count(context, self._weights.wide)

    def present(self) -> dict[int, float]:
        """Weight of each token on the page, whatever stands before it."""
        totals = np.bincount(self._ids, self._origin)
        tokens = np.flatnonzero(totals)
        return dict(zip(tokens.tolist(), totals[tokens].tolist(), strict=True))

    def likelihood(self, totals: Mapping[int, float], token: int) -> float:
        """The probability that `token` comes next, given the outcome of a count."""
        winner = totals[token]
        others = max(sum(totals.values()) - winner, 0.0) + self._weights.doubt
        return probability(winner, others, self._kind(token))

    def _kind(self, token: int) -> Kind:
        if is_newline(token):
            return Kind.NEWLINE
        name = self._vocabulary.texts[token].lstrip().isidentifier()
        return Kind.NAME if name else Kind.OTHER

    def _count(self, context: Sequence[int], reach: int) -> dict[int, float]:
        query = np.array(context[: -DEPTH - 1 : -1], np.int32)
        places: NDArray[np.integer] = self._places(context)
        tokens = [self._ids.take(places)]
        weights = [self._agreement(self._ids, places, query) * self._origin.take(places)]
        for segment, files in self._segments:
            places = segment.neighbours(context, reach)
            tokens.append(segment.ids.take(places))
            owners = segment.starts.searchsorted(places, "right") - 1
            weights.append(self._agreement(segment.ids, places, query) * files.take(owners))
        totals: dict[int, float] = {}
        for token, weight in zip(
            np.concatenate(tokens).tolist(), np.concatenate(weights).tolist(), strict=True
        ):
            if weight and token != BOUNDARY:
                totals[token] = totals.get(token, 0.0) + weight
        for token in totals:
            totals[token] *= self._factor(token)
        return totals

    def _places(self, context: Sequence[int]) -> NDArray[np.intp]:
        crowd = self._weights.crowd
        places = np.flatnonzero(self._ids[:-1] == context[-1]) + 1
        for distance in (2, 3, 4):
            if places.size <= crowd:
                break
            same = self._ids.take(places - distance, mode="clip") == context[-distance]
            if np.count_nonzero(same) * 8 < crowd:
                break
            places = places[same]
        return places[-crowd:]

    def _agreement(self, ids: Ids, places: NDArray[np.integer], query: Ids) -> NDArray[np.float64]:
        """`base` to the power of the context each place shares with `query`, or 0 for none."""
        same = ids.take(places[:, None] - _BACK, mode="clip") == query
        exact = np.logical_and.accumulate(same, 1)
        length = exact.sum(1)
        shared = length + (same ^ exact) @ self._loose
        return np.where(length, self._weights.base**shared, 0.0)

    def _factor(self, token: int) -> float:
        factor = self._factors.get(token)
        if factor is None:
            factor = self._factors[token] = 1.0 if self._visible(token) else self._weights.unseen
        return factor

    def _visible(self, token: int) -> bool:
        if self._sees(token):
            return True
        text = self._vocabulary.texts.get(token, "")
        word = text.lstrip()
        if not word.isidentifier():
            return True
        twin = self._vocabulary.find(word if word != text else " " + word)
        return self._sees(twin)

    def _sees(self, token: int) -> bool:
        return 0 <= token < self._seen.size and bool(self._seen[token])
