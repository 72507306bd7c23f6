"""Which chunks of the workspace speak of some words, best first.

Owns BM25 over the chunks of all files (Robertson and Zaragoza, "The Probabilistic Relevance
Framework: BM25 and Beyond", 2009), with words as 32-bit hashes and occurrences counted once per
chunk. Nearly all chunks stand in one large segment; what has changed since it was built stands in a
small one, and scores are the same however the chunks are spread. What words to ask for is decided
in `retrieval`.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spark_lsp.core.records import Chunk, word_hash

_K1 = 1.2
_B = 0.75
_COMMON = 0.25
"""Share of the chunks above which a word says nothing."""
_MERGE = 0.1
"""Share of the chunks that may stand in the small segment before all are put into the large one."""
_MERGE_LEAST = 400


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that speaks of the words asked for; lines count from zero, the last inclusive."""

    path: str
    start_line: int
    end_line: int
    score: float


class _Segment:
    """Chunks of some files as an inverted index."""

    def __init__(self, files: Mapping[str, Sequence[Chunk]]) -> None:
        self.paths = sorted(files)
        chunks = [(file, it) for file, path in enumerate(self.paths) for it in files[path]]
        count = len(chunks)
        self.file = np.fromiter((file for file, _ in chunks), np.int32, count)
        self.start = np.fromiter((it.start_line for _, it in chunks), np.int32, count)
        self.end = np.fromiter((it.end_line for _, it in chunks), np.int32, count)
        self.length = np.fromiter((len(it.words) // 4 for _, it in chunks), np.int32, count)
        self.alive = np.ones(count, bool)
        words = np.frombuffer(b"".join(it.words for _, it in chunks), np.uint32)
        # One number for word and chunk: sorting those is far faster than sorting indirectly.
        pairs = words.astype(np.uint64) << np.uint64(32)
        pairs |= np.repeat(np.arange(count, dtype=np.uint64), self.length)
        pairs.sort()
        ordered = (pairs >> np.uint64(32)).astype(np.uint32)
        self._chunks = (pairs & np.uint64(0xFFFFFFFF)).astype(np.int32)
        firsts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: ordered.size])
        self._words = ordered[firsts]
        self._bounds = np.append(firsts, ordered.size)

    def holders(self, word: int) -> NDArray[np.int32]:
        """The living chunks that hold a word, in order."""
        at = int(np.searchsorted(self._words, np.uint32(word)))
        if at == self._words.size or self._words[at] != word:
            return self._chunks[:0]
        found = self._chunks[self._bounds[at] : self._bounds[at + 1]]
        return found[self.alive[found]]

    def files_with(self, word: int) -> NDArray[np.int32]:
        """The files that hold a word in a living chunk, in order."""
        files: NDArray[np.int32] = self.file[self.holders(word)]
        distinct: NDArray[np.int32] = files[np.append(True, files[1:] != files[:-1])[: files.size]]
        return distinct

    def bury(self, path: str) -> None:
        """Have a file say nothing any more."""
        at = bisect_left(self.paths, path)
        if at < len(self.paths) and self.paths[at] == path:
            first, end = np.searchsorted(self.file, (at, at + 1))
            self.alive[first:end] = False


class Lexicon:
    """The chunks of a workspace by their words."""

    def __init__(self) -> None:
        self._files: dict[str, Sequence[Chunk]] = {}
        self._changed: set[str] = set()
        self._large = _Segment({})
        self._small: _Segment | None = None

    def put(self, path: str, chunks: Sequence[Chunk] | None) -> None:
        """Record the chunks of a file; None if it is gone."""
        if chunks is None:
            if self._files.pop(path, None) is None:
                return
        else:
            self._files[path] = chunks
        self._changed.add(path)
        self._small = None

    def search(self, words: Mapping[str, float], most: int, without: str = "") -> list[Hit]:
        """Return the best chunks for weighted words, at most so many, best first.

        Chunks of the file `without` do not count as found. Equal scores stand in path order.
        """
        segments = self._segments()
        living = sum(int(segment.alive.sum()) for segment in segments)
        if not living or most <= 0:
            return []
        total = sum(int(segment.length[segment.alive].sum()) for segment in segments)
        scores = [np.zeros(segment.alive.size) for segment in segments]
        for word in sorted(words):
            hashed = word_hash(word)
            holders = [segment.holders(hashed) for segment in segments]
            rarity = _rarity(sum(found.size for found in holders), living)
            if rarity:
                for segment, score, found in zip(segments, scores, holders, strict=True):
                    length = segment.length[found] / max(1.0, total / living)
                    score[found] += words[word] * rarity * _dampened(length)
        return _best(segments, scores, most, without)

    def files(self, words: Mapping[str, float], without: str = "") -> list[tuple[str, float]]:
        """Return the files for weighted words with their scores, best first, as if whole."""
        segments = self._segments()
        living = len(self._files)
        sizes = [
            np.bincount(it.file[it.alive], it.length[it.alive], len(it.paths)) for it in segments
        ]
        average = max(1.0, sum(float(size.sum()) for size in sizes) / max(1, living))
        scores = [np.zeros(len(segment.paths)) for segment in segments]
        for word in sorted(words):
            hashed = word_hash(word)
            holders = [segment.files_with(hashed) for segment in segments]
            rarity = _rarity(sum(found.size for found in holders), living)
            if rarity:
                for size, score, found in zip(sizes, scores, holders, strict=True):
                    score[found] += words[word] * rarity * _dampened(size[found] / average)
        ranked = [
            (segment.paths[at], round(float(score[at]), 6))
            for segment, score in zip(segments, scores, strict=True)
            for at in np.flatnonzero(score)
            if segment.paths[at] != without
        ]
        return sorted(ranked, key=lambda it: (-it[1], it[0]))

    def _segments(self) -> tuple[_Segment, ...]:
        if len(self._changed) > max(_MERGE_LEAST, _MERGE * len(self._files)):
            self._large, self._small = _Segment(self._files), _Segment({})
            self._changed.clear()
        elif self._small is None:
            for path in self._changed:
                self._large.bury(path)
            fresh = {path: self._files[path] for path in self._changed if path in self._files}
            self._small = _Segment(fresh)
        assert self._small is not None  # built above
        return self._large, self._small


def _rarity(frequency: int, living: int) -> float:
    """Return what a word is worth that so many of all have; nothing if too many."""
    if not frequency or (frequency > _COMMON * living and living > 1 / _COMMON):
        return 0.0
    return float(np.log1p((living - frequency + 0.5) / (frequency + 0.5)))


def _dampened(length: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what one occurrence is worth, by the length of what holds it against the average."""
    found: NDArray[np.float64] = (_K1 + 1) / (1 + _K1 * (1 - _B + _B * length))
    return found


def _best(
    segments: Iterable[_Segment], scores: Iterable[NDArray[np.float64]], most: int, without: str
) -> list[Hit]:
    hits: list[Hit] = []
    for segment, score in zip(segments, scores, strict=True):
        if without in segment.paths:
            score[segment.file == segment.paths.index(without)] = 0.0
        found = np.flatnonzero(score)
        if found.size > most:
            # Rounded, so that it does not depend on the order of additions which of two is in.
            least = np.partition(score[found], -most)[-most] - 1e-9
            found = found[score[found] >= least]
        hits += [
            Hit(
                segment.paths[segment.file[at]],
                int(segment.start[at]),
                int(segment.end[at]),
                round(float(score[at]), 6),
            )
            for at in found
        ]
    hits.sort(key=lambda hit: (-hit.score, hit.path, hit.start_line))
    return hits[:most]
