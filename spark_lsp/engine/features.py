"""What speaks for each token that may come next, as numbers that `ranker` weighs.

Owns the choice of candidates and what is told of each. The numbers were chosen by what the ranker
loses without them (`benchmarks/README.md`); each is about between -1 and 2.
"""

from collections.abc import Sequence
from functools import cache
from math import log1p
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spark_lsp.engine.evidence import Evidence
from spark_lsp.engine.scene import STANDING, Scene
from spark_lsp.engine.sources import SOURCES, WEIGHTS
from spark_lsp.engine.traits import FIRST_QUOTE, QUOTES, ROLES
from spark_lsp.engine.vocabulary import FIRST_WORD

_SUPPORTED: Final = 40
"""Candidates that evidence speaks for."""
_MOST: Final = 64
"""Candidates in all."""
_ODDS: Final = 10.0
_SURE: Final = 2e-9
"""What speaks against a candidate counts for no less than this share of what speaks for it."""
_TELLING: Final = np.float32(0.7)
"""How much likeness of places counts, as a power of e."""

_SUMS: Final = 0
_VOTE: Final = _SUMS + SOURCES
_PLACE: Final = _VOTE + 2
_PAGE: Final = _PLACE + 3
_WANTED: Final = _PAGE + STANDING
_PART: Final = _WANTED + 1
_PAIR: Final = _PART + 2
FEATURES: Final = _PAIR + 5

_ROLE: Final = 0
_SEEN: Final = _ROLE + ROLES
_NESTED: Final = _SEEN + 8
SITUATION: Final = _NESTED + 5

FAMILIES: Final = {
    "evidence by where it stands": slice(_SUMS, _VOTE),
    "the vote, by hand": slice(_VOTE, _PLACE),
    "the best place": slice(_PLACE, _PAGE),
    "where it stands on the page": slice(_PAGE, _WANTED),
    "wanted by the person": slice(_WANTED, _PART),
    "the half-typed word": slice(_PART, _PAIR),
    "brackets and quotes": slice(_PAIR, FEATURES),
}
"""What the columns of a candidate tell, for who measures what each is good for."""


class Candidates(NamedTuple):
    """What may come next, and what speaks for it."""

    tokens: NDArray[np.int32]
    """Token numbers, shape (k,)."""
    features: NDArray[np.float32]
    """Shape (k, `FEATURES`)."""
    situation: NDArray[np.float32]
    """What holds for all of them, shape (`SITUATION`,)."""


def describe(
    scene: Scene, context: Sequence[int], written: Sequence[int], evidence: Evidence, partial: str
) -> Candidates:
    """The tokens that may follow, those that go on with `partial` if something is half typed.

    `context` ends with `written`, which is what was written since the cursor.
    """
    tally = _Tally(scene, evidence)
    fitting = tally.fitting(partial)
    previous = context[-1]
    chosen = tally.tokens.take(fitting).tolist() + _recent(scene, previous, partial)
    if partial and len(chosen) < _MOST:
        chosen += _standing(scene, partial)
    tokens = np.array(list(dict.fromkeys(chosen))[:_MOST], np.int32)
    told = np.zeros((tokens.size, FEATURES), np.float32)
    situation = np.zeros(SITUATION, np.float32)
    situation[_ROLE + (scene.traits.role[previous] if previous >= 0 else 0)] = 1
    tally.tell(told, situation, fitting)
    _of_tokens(scene, tokens, told)
    _of_pairs(scene, written, tokens, told, situation)
    if partial:
        texts = scene.vocabulary.texts
        missing = np.array([len(texts[token]) - len(partial) for token in tokens.tolist()])
        told[:, _PART] = missing == 0
        told[:, _PART + 1] = np.minimum(missing, 20) / 10
    situation[_SEEN + 3] = len(partial.strip()) / 4
    situation[_SEEN + 4] = bool(partial)
    situation[_SEEN + 5] = log1p(scene.page.head - scene.page.tail) / 10
    situation[_SEEN + 7] = scene.wanted.size > 0
    return Candidates(tokens, told, situation)


class _Tally:
    """Evidence by the token that it speaks for."""

    def __init__(self, scene: Scene, evidence: Evidence) -> None:
        it = self._evidence = evidence
        self._scene = scene
        # The last place to write into a token's slot stands for the token; cheaper than sorting.
        slots, numbers = scene.slots, np.arange(it.tokens.size, dtype=np.int32)
        slots[it.tokens] = numbers
        heads = np.flatnonzero(slots.take(it.tokens) == numbers)
        self.tokens = it.tokens.take(heads)
        slots[self.tokens] = numbers[: heads.size]
        self._rows = slots.take(it.tokens)
        weights = it.weights * it.origins * np.exp(_TELLING * it.likeness)
        self._sums = np.bincount(self._rows, weights, heads.size)

    def fitting(self, partial: str) -> NDArray[np.intp]:
        """The rows of the tokens with most weight that go on with `partial`."""
        order = (-self._sums).argsort(kind="stable")
        if not partial:
            return order[:_SUPPORTED]
        texts = self._scene.vocabulary.texts
        return np.array(
            [
                row
                for row in order.tolist()
                if texts.get(int(self.tokens[row]), "").startswith(partial)
            ][:_SUPPORTED],
            np.intp,
        )

    def tell(
        self,
        told: NDArray[np.float32],
        situation: NDArray[np.float32],
        chosen: NDArray[np.intp],
    ) -> None:
        """Fill in what evidence says; the first rows of `told` are those chosen."""
        it = self._evidence
        if not it.tokens.size:
            return
        count, size = self.tokens.size, chosen.size
        rows = self._rows
        most, alike = int(it.lengths[-1]), float(np.maximum.reduce(it.likeness))
        total = float(np.add.reduce(self._sums))
        situation[_SEEN] = most / 16
        situation[_SEEN + 1] = log1p(it.tokens.size) / 7
        situation[_SEEN + 2] = log1p(total) / 20
        situation[_SEEN + 6] = alike / 6
        cells = rows * SOURCES + it.sources
        sums = np.bincount(cells, it.weights, count * SOURCES).reshape(-1, SOURCES)
        told[:size, _SUMS:_VOTE] = np.log1p(sums.take(chosen, 0)) / 15
        own = self._sums.take(chosen)
        told[:size, _VOTE] = own / (total + WEIGHTS.doubt)
        others = np.maximum(total + WEIGHTS.doubt - own, own * _SURE)
        told[:size, _VOTE + 1] = np.log(own / others) / _ODDS
        # Of all that is written into one cell the last stays, which is of the longest place.
        best = np.empty(count, np.intp)
        best[rows] = np.arange(rows.size)
        best = best.take(chosen)
        told[:size, _PLACE] = it.lengths.take(best) / most
        told[:size, _PLACE + 1] = 1
        told[:size, _PLACE + 2] = it.likeness.take(best) / 6


def _recent(scene: Scene, previous: int, partial: str) -> list[int]:
    """Names that stood just before the cursor, as they are spelled behind `previous`."""
    plain, spaced = scene.names
    if not partial:
        leads = previous >= FIRST_WORD and bool(scene.traits.leads[previous])
        return spaced if leads else plain
    texts = scene.vocabulary.texts
    names = spaced if partial[0] == " " else plain
    return [name for name in names if texts[name].startswith(partial)]


def _standing(scene: Scene, partial: str) -> list[int]:
    """Tokens of the page that go on with `partial`, the first that were ever read first."""
    if partial.isspace():
        return []
    texts = scene.vocabulary.texts
    present = np.flatnonzero(np.bincount(scene.page.ids, minlength=FIRST_WORD)[FIRST_WORD:])
    found = [
        number
        for number in (present + FIRST_WORD).tolist()
        if texts.get(number, "").startswith(partial)
    ]
    return found[:_MOST]


def _of_tokens(scene: Scene, tokens: NDArray[np.int32], told: NDArray[np.float32]) -> None:
    """Tell what they are, where their words stand on the page, and who wants them."""
    words = scene.traits.word.take(tokens)
    told[:, _PAGE:_WANTED] = scene.standing.take(words, 0)
    if scene.wanted.size:
        told[:, _WANTED] = np.isin(words, scene.wanted)


def _of_pairs(
    scene: Scene,
    written: Sequence[int],
    tokens: NDArray[np.int32],
    told: NDArray[np.float32],
    situation: NDArray[np.float32],
) -> None:
    """Tell what they do to brackets and quotes that are open."""
    stack, quote = scene.opened(written)
    inner = stack[-1] if stack else 0
    pairs = scene.traits.pair.take(tokens) + FIRST_QUOTE
    told[:, _PAIR:] = _pairing(inner, quote).take(pairs, 0)
    if stack:
        told[:, _PAIR + 2] = tokens < FIRST_WORD
    if inner:
        situation[_NESTED + inner - 1] = 1
    situation[_NESTED + 3] = min(len(stack), 4) / 4
    situation[_NESTED + 4] = bool(quote)


@cache
def _pairing(inner: int, quote: int) -> NDArray[np.float32]:
    """What is told of each `Traits.pair`, from -`FIRST_QUOTE` on, where these are open."""
    pairs = np.arange(-FIRST_QUOTE, FIRST_QUOTE + QUOTES)
    told = np.zeros((pairs.size, FEATURES - _PAIR), np.float32)
    told[:, 0] = (pairs < 0) & (pairs == -inner)
    told[:, 1] = (pairs < 0) & (pairs != -inner)
    told[:, 3] = (pairs == quote) * bool(quote)
    told[:, 4] = (pairs >= FIRST_QUOTE) & (pairs != quote)
    return told
