"""What is known of each token by its number, as columns: its word, what it pairs with.

A `Traits` is a value, made from a vocabulary and grown with it; arrays are looked up many tokens
at a time where the vocabulary's texts would have to be asked for one by one.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from spark_lsp.engine.vocabulary import FIRST_WORD, UNKNOWN, Vocabulary

_OPENING: Final = {"(": 1, "[": 2, "{": 3}
_CLOSING: Final = {")": -1, "]": -2, "}": -3}
_QUOTES: Final = {'"': 4, "'": 5, "`": 6}
_PAIRS: Final = {**_OPENING, **_CLOSING, **_QUOTES}
FIRST_QUOTE: Final = 4
QUOTES: Final = len(_QUOTES)

_TELLING: Final = ("(", ")", ",", ".", ":", "=", "[", '"', "'", "{", ";", "->")
"""Signs that say much of what may follow them; each is a role of its own."""
_ROLES: Final = {sign: 3 + number for number, sign in enumerate(_TELLING)}
_NAMED, _OTHER = 1, 2
ROLES: Final = 3 + len(_TELLING)
"""How many roles there are; that of newlines is 0."""

_JOINED: Final = frozenset((")", "]", "}", '"', "'", "."))
"""Signs after which a name follows without a space, or not at all."""


@dataclass(frozen=True, slots=True)
class Traits:
    """Columns by token number, all of the same length, which is a number more than the largest."""

    twin: NDArray[np.int32]
    """The number of the same word with a space before it where there is none and the other way
    round, as far as that was read; else its own."""
    word: NDArray[np.int32]
    """The lower number of the two, which stands for the word."""
    named: NDArray[np.bool_]
    """Whether it is a name."""
    spaced: NDArray[np.bool_]
    """Whether it begins with a space."""
    pair: NDArray[np.int8]
    """1 to 3 for brackets that open, minus that for those that close, from `FIRST_QUOTE` on for
    quotes, 0 for all else."""
    role: NDArray[np.int8]
    """What it is to the token after it, below `ROLES`."""
    leads: NDArray[np.bool_]
    """Whether a name after it begins with a space."""

    @property
    def size(self) -> int:
        """How many numbers are covered."""
        return self.twin.size

    def grown(self, vocabulary: Vocabulary) -> "Traits":
        """These traits, and those of the tokens that were numbered since."""
        first, last = self.size, vocabulary.end
        if first >= last:
            return self
        rows = [_row(vocabulary, number, last) for number in range(first, last)]
        twins, named, spaced, pair, role, leads = zip(*rows, strict=True)
        twin = np.concatenate((self.twin, np.array(twins, np.int32)))
        numbers = np.arange(last, dtype=np.int32)
        twin[twin[first:]] = numbers[first:]  # who was read before learns of its twin now
        twin[numbers[first:]] = twins
        return Traits(
            twin,
            np.minimum(twin, numbers),
            np.concatenate((self.named, np.array(named, bool))),
            np.concatenate((self.spaced, np.array(spaced, bool))),
            np.concatenate((self.pair, np.array(pair, np.int8))),
            np.concatenate((self.role, np.array(role, np.int8))),
            np.concatenate((self.leads, np.array(leads, bool))),
        )


def _row(vocabulary: Vocabulary, number: int, end: int) -> tuple[int, bool, bool, int, int, bool]:
    text = vocabulary.texts.get(number, "")
    word = text.lstrip(" ")
    spaced = word != text
    other = vocabulary.find(word if spaced else " " + word) if word else UNKNOWN
    # A twin that is read at this moment, in another thread, may have a number that is not covered.
    twin = other if 0 <= other < end else number
    named = word.isidentifier()
    role = _NAMED if named else _ROLES.get(word, _OTHER)
    leads = word[:1] not in _JOINED and word not in _OPENING
    return twin, named, spaced, _PAIRS.get(word, 0), role, leads


def _newlines() -> Traits:
    size = FIRST_WORD
    nothing = np.zeros(size, np.int8)
    never = np.zeros(size, bool)
    same = np.arange(size, dtype=np.int32)
    return Traits(same, same, never, never, nothing, nothing, never)


NOTHING_READ: Final = _newlines()
"""The traits of the tokens that every vocabulary has: newlines."""
