"""What the learned files have to say where one file is open.

Owns the weight of each learned file there, and how rare each word is in all of them. A `Hearing`
is made anew when something was learned or another file is open, and serves every key until then.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from spark_lsp.engine.corpus import Corpus
from spark_lsp.engine.scene import Voice, rarity
from spark_lsp.engine.segment import Segment
from spark_lsp.engine.sources import FOREIGN, WEIGHTS, names_of, place_of
from spark_lsp.engine.traits import Traits
from spark_lsp.engine.vocabulary import UNKNOWN, Vocabulary


@dataclass(frozen=True, slots=True)
class Learned:
    """All that was learned, as of one moment."""

    corpus: Corpus = field(default_factory=Corpus)
    hashes: Mapping[str, int] = field(default_factory=dict)
    """Of the text of each file."""
    foreign: AbstractSet[str] = frozenset()
    """The files that are not the project's own."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What was learned says to who edits `path`, the files in `silent` left out."""

    learned: Learned
    path: str
    silent: frozenset[str]
    traits: Traits
    voices: tuple[Voice, ...]
    rarity: NDArray[np.float32]
    """See `Scene.rarity`."""

    def grown(self, traits: Traits) -> "Hearing":
        """The same with the traits of words that were read since, which stand in no file."""
        if self.traits is traits:
            return self
        rarest = self.rarity.max(initial=0)
        fresh = np.full(traits.size - self.rarity.size, rarest, np.float32)
        return replace(self, traits=traits, rarity=np.concatenate((self.rarity, fresh)))


def hear(
    learned: Learned,
    path: str,
    silent: frozenset[str],
    vocabulary: Vocabulary,
    last: Hearing,
) -> Hearing:
    """What was learned says now; `last` is what it said, and holds the traits as they are."""
    if last.learned is learned and (last.path, last.silent) == (path, silent):
        return last
    traits, segments = last.traits, learned.corpus.segments
    rare = last.rarity if last.learned is learned else rarity(segments, traits)
    # Their names do not depend on the path, and are most of the work.
    names = {id(voice.segment): voice.names for voice in last.voices}
    voices = tuple(
        Voice(
            segment,
            np.array([place[1] for place in places], np.float32),
            np.array([place[0] for place in places], np.int8),
            names[id(segment)]
            if id(segment) in names
            else _names(segment.paths, vocabulary, traits),
        )
        for segment in segments
        for places in [[_place(it, segment, learned, path, silent) for it in segment.paths]]
    )
    return Hearing(learned, path, silent, traits, voices, rare)


def _place(
    file: str, segment: Segment, learned: Learned, path: str, silent: frozenset[str]
) -> tuple[int, float]:
    place, weight = place_of(path, file)
    if file in silent or learned.corpus.homes.get(file) is not segment:
        return place, 0.0
    if file in learned.foreign:
        return FOREIGN, WEIGHTS.foreign if weight > WEIGHTS.elsewhere else 0.0
    return place, weight


def _names(paths: Sequence[str], vocabulary: Vocabulary, traits: Traits) -> NDArray[np.int32]:
    return np.array(
        [[_word(name, vocabulary, traits) for name in names_of(path)] for path in paths], np.int32
    )


def _word(name: str, vocabulary: Vocabulary, traits: Traits) -> int:
    """The number of a word that was read when its file was learned, 0 if it is not one."""
    number = vocabulary.find(name) if name else UNKNOWN
    return int(traits.word[number]) if 0 <= number < traits.size else 0
