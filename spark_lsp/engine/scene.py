"""What can be seen from the cursor: the page, what was learned, and where words last stood.

Owns what is the same for every token of one completion. Where evidence stands is found by
`evidence`, what it says of a token is told by `features`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from spark_lsp.engine.page import Page
from spark_lsp.engine.segment import Segment
from spark_lsp.engine.sources import ELSEWHERE, NAMED, WEIGHTS
from spark_lsp.engine.traits import FIRST_QUOTE, Traits
from spark_lsp.engine.vocabulary import FIRST_WORD, Vocabulary

_RECENT: Final = 24
"""Names before the cursor that may come again whatever stands before them."""
_REACH: Final = 400
"""Tokens before the cursor among which these are looked for."""
_BRACKETS: Final = 400
"""Brackets before the cursor that tell which are open."""
STANDING: Final = 4
_TAIL: Final = 40
"""Tokens before the cursor that tell what the place is about."""
_COMMON: Final = 5.0
"""Names that are more than one in e to the power of this say nothing of what a place is about."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A segment, and what its files have to say here."""

    segment: Segment
    weights: NDArray[np.float32]
    """What the evidence of each file weighs, shape (files,); zero where one has no say."""
    sources: NDArray[np.int8]
    """What each file is to the open one, shape (files,); see `sources`."""
    names: NDArray[np.int32]
    """The words of each file's name and of its directory's, shape (files, 2); 0 for none."""


@dataclass(frozen=True)
class Scene:
    """One cursor, and all that is known around it."""

    page: Page
    traits: Traits
    vocabulary: Vocabulary
    learned: Sequence[Voice]
    """What was learned, whatever stands on the page."""
    rarity: NDArray[np.float32]
    """How much it says of a place that a token stands there, shape (traits' size,)."""
    wanted: NDArray[np.int32]
    """The words that the person has said should come."""

    @cached_property
    def voices(self) -> tuple[Voice, ...]:
        """What was learned, the files that are named on the page weighing more."""
        return tuple(self._named(voice) for voice in self.learned)

    def _named(self, voice: Voice) -> Voice:
        present = self.counts.take(voice.names, mode="clip") > 0
        named = present.any(1) & (voice.sources == ELSEWHERE) & (voice.weights > 0)
        if not named.any():
            return voice
        weights = np.where(named, np.maximum(voice.weights, WEIGHTS.near), voice.weights)
        sources = np.where(named, np.int8(NAMED), voice.sources)
        return Voice(voice.segment, weights.astype(np.float32), sources, voice.names)

    @cached_property
    def origins(self) -> NDArray[np.float32]:
        """What the evidence of each place of the page weighs, shape (n,)."""
        distances = np.arange(self.page.ids.size - 1, -1, -1, dtype=np.float32)
        recent: NDArray[np.float32] = np.exp(-distances / WEIGHTS.recency)
        return self.page.weights * (1 + WEIGHTS.recent * recent)

    @cached_property
    def words(self) -> NDArray[np.int32]:
        """The words of the page, shape (n,)."""
        return self.traits.word.take(self.page.ids)

    @cached_property
    def counts(self) -> NDArray[np.intp]:
        """How often each word stands on the page; newlines do not."""
        counts = np.bincount(self.words, minlength=self.traits.size)
        counts[:FIRST_WORD] = 0
        return counts

    @cached_property
    def standing(self) -> NDArray[np.float32]:
        """How each word stands on the page, all zero if it does not; shape (size, `STANDING`).

        Whether it is there, how often, how near before the cursor and how near after it.
        """
        page = self.page
        stands = np.zeros((self.traits.size, STANDING), np.float32)
        stands[self.words, 0] = 1
        stands[self.words, 1] = np.log1p(self.counts.take(self.words)) / 5
        before = self.words[page.head :]
        stands[before, 2] = _nearness(before.size)
        after = self.words[page.tail : page.head][::-1]
        stands[after, 3] = _nearness(after.size)
        stands[:FIRST_WORD] = 0
        return stands

    @cached_property
    def about(self) -> NDArray[np.float32]:
        """How much each token tells of what the cursor's place is about, shape (traits' size,).

        Zero for those that do not stand before it.
        """
        near = np.array(self.tail, np.int32)
        about = np.zeros(self.traits.size, np.float32)
        about[near] = self.rarity.take(near)
        about[self.traits.twin.take(near)] = self.rarity.take(near)
        return about

    @cached_property
    def slots(self) -> NDArray[np.int32]:
        """A place to write for every token; what stands there has no meaning."""
        return np.empty(self.traits.size, np.int32)

    @cached_property
    def names(self) -> tuple[list[int], list[int]]:
        """The names that stand nearest before the cursor, the nearest first.

        Those that the person wants come before them. As they are spelled without a space before
        them and with one, as far as that was read.
        """
        begin = max(self.page.head, self.page.ids.size - _REACH)
        near = self.words[begin:][::-1]
        near = near[self.traits.named.take(near)]
        _, places = np.unique(near, return_index=True)
        places.sort()
        found = np.concatenate((self.wanted, near[places[:_RECENT]]))
        twins = self.traits.twin.take(found)
        spaced = self.traits.spaced.take(found)
        both = np.where(spaced, twins, found), np.where(spaced, found, twins)
        fits = ~self.traits.spaced.take(both[0]), self.traits.spaced.take(both[1])
        return both[0][fits[0]].tolist(), both[1][fits[1]].tolist()

    @cached_property
    def tail(self) -> list[int]:
        """The last tokens before the cursor."""
        begin = max(self.page.head, self.page.ids.size - _TAIL)
        tokens: list[int] = self.page.ids[begin:].tolist()
        return tokens

    @cached_property
    def open(self) -> tuple[tuple[int, ...], int]:
        """What is open at the cursor: brackets, the outermost first, and a quote, 0 for none.

        By their `Traits.pair`.
        """
        pairs = self.traits.pair.take(self.page.ids[self.page.head :])
        brackets = pairs[(pairs != 0) & (pairs <= 3)][-_BRACKETS:]
        stack: list[int] = []
        for pair in brackets.tolist():
            _follow(stack, pair)
        return tuple(stack), self._quote(0, self.tail)

    def opened(self, written: Sequence[int]) -> tuple[list[int], int]:
        """The same behind what was written since."""
        stack = list(self.open[0])
        pairs = self.traits.pair
        for token in written:
            pair = int(pairs[token]) if token >= FIRST_WORD else 0
            if pair and pair < FIRST_QUOTE:
                _follow(stack, pair)
        return stack, self._quote(self.open[1], written)

    def _quote(self, quote: int, tokens: Sequence[int]) -> int:
        """Which quote is open behind the tokens, if one was before; strings end with their line."""
        pairs = self.traits.pair
        for token in tokens:
            pair = int(pairs[token]) if token >= FIRST_WORD else 0
            if token < FIRST_WORD:
                quote = 0
            elif pair >= FIRST_QUOTE:
                quote = 0 if quote == pair else quote or pair
        return quote


def _nearness(size: int) -> NDArray[np.float32]:
    """How near the last of so many tokens each of them is, 1 and less."""
    distances = np.arange(size + 1, 1, -1, dtype=np.float32)
    nearness: NDArray[np.float32] = np.reciprocal(np.log1p(distances))
    return nearness


def _follow(stack: list[int], pair: int) -> None:
    """Open or close a bracket; one that closes another closes all that were opened since."""
    if pair > 0:
        stack.append(pair)
    elif -pair in stack:
        while stack.pop() != -pair:
            pass


def rarity(segments: Sequence[Segment], traits: Traits) -> NDArray[np.float32]:
    """How much each token says of a place; see `Scene.rarity`. Only names say anything."""
    counts = np.ones(traits.size)
    for segment in segments:
        found = np.bincount(segment.ids)[: traits.size]
        counts[: found.size] += found
    share = np.log(counts.sum()) - np.log(counts) - _COMMON
    return np.where(traits.named, np.maximum(share, 0) / 8, 0).astype(np.float32)
