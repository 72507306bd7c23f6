"""An inverted index of words: BM25 and Jaccard over any list of texts."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.retrieval.repository import WORD

_K1: Final = 1.2
_B: Final = 0.75


class Terms:
    """Words of texts, and which texts hold them how often."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Take the texts; results refer to them by their place."""
        counts = [Counter(WORD.findall(text)) for text in texts]
        self._distinct = np.array([len(it) for it in counts], dtype=np.float64)
        lengths = np.array([it.total() for it in counts], dtype=np.float64)
        norm = _K1 * (1 - _B + _B * lengths / max(float(lengths.mean() if counts else 1), 1.0))
        postings: dict[str, tuple[list[int], list[int]]] = {}
        for place, counter in enumerate(counts):
            for word, count in counter.items():
                places, often = postings.setdefault(word, ([], []))
                places.append(place)
                often.append(count)
        self._postings: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}
        for word, (places, often) in postings.items():
            where = np.array(places, dtype=np.int64)
            frequency = np.array(often, dtype=np.float64)
            rarity = np.log(1 + (len(counts) - len(places) + 0.5) / (len(places) + 0.5))
            weight = rarity * frequency * (_K1 + 1) / (frequency + norm[where])
            self._postings[word] = (where, weight)

    def bm25(self, words: Iterable[str]) -> NDArray[np.float64]:
        """Return the score of each text; a word asked for twice counts twice."""
        scores = np.zeros(len(self._distinct))
        for word, often in sorted(Counter(words).items()):
            if word in self._postings:
                places, weights = self._postings[word]
                scores[places] += often * weights
        return scores

    def jaccard(self, words: Iterable[str]) -> NDArray[np.float64]:
        """Return the share of words in common with each text."""
        query = set(words)
        common = np.zeros(len(self._distinct))
        for word in sorted(query):
            if word in self._postings:
                common[self._postings[word][0]] += 1
        return common / np.maximum(self._distinct + len(query) - common, 1)


def best_first(scores: NDArray[np.float64]) -> list[int]:
    """Return places from the highest score down, equals in their order."""
    return [int(it) for it in np.argsort(-scores, kind="stable")]
