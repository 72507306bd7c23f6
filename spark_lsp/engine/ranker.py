"""How likely each candidate is, from what speaks for it: a small network, trained beforehand.

Each candidate's features pass two layers of rectified units, with what holds for all of them added
to the first; its score is a logarithm of odds. That none of them comes next is scored from the
situation alone. The scores make probabilities by the softmax function. Training is the business of
`benchmarks/ranker`, which writes `trained`.
"""

from base64 import b85decode
from dataclasses import dataclass, fields
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from spark_lsp.engine import trained
from spark_lsp.engine.features import FEATURES, SITUATION, Candidates

HIDDEN: Final = 32
HIDDEN_NONE: Final = 16
_ZERO: Final = np.float32(0)


@dataclass(frozen=True, slots=True)
class Parameters:
    """The weights of the network, all of type float32."""

    features: NDArray[np.float32]
    """Shape (`FEATURES`, `HIDDEN`)."""
    situation: NDArray[np.float32]
    """Shape (`SITUATION`, `HIDDEN`)."""
    first: NDArray[np.float32]
    """Shape (`HIDDEN`,)."""
    second: NDArray[np.float32]
    """Shape (`HIDDEN`, `HIDDEN`)."""
    bias: NDArray[np.float32]
    """Shape (`HIDDEN`,)."""
    score: NDArray[np.float32]
    """Shape (`HIDDEN`,)."""
    none: NDArray[np.float32]
    """Shape (`SITUATION`, `HIDDEN_NONE`)."""
    none_bias: NDArray[np.float32]
    """Shape (`HIDDEN_NONE`,)."""
    none_score: NDArray[np.float32]
    """Shape (`HIDDEN_NONE`,)."""
    level: NDArray[np.float32]
    """The score that none of them has at least, shape (1,)."""


SHAPES: Final = {
    "features": (FEATURES, HIDDEN),
    "situation": (SITUATION, HIDDEN),
    "first": (HIDDEN,),
    "second": (HIDDEN, HIDDEN),
    "bias": (HIDDEN,),
    "score": (HIDDEN,),
    "none": (SITUATION, HIDDEN_NONE),
    "none_bias": (HIDDEN_NONE,),
    "none_score": (HIDDEN_NONE,),
    "level": (1,),
}
"""The shape of each of the `Parameters`, in the order that they are stored in."""


def parameters(text: str) -> Parameters:
    """The parameters from their numbers as 16-bit floats, little-endian, in base 85.

    Raises:
        ValueError: if they are not as many as `SHAPES` wants.
    """
    numbers = np.frombuffer(b85decode(text), "<f2").astype(np.float32)
    ends = np.cumsum([int(np.prod(shape)) for shape in SHAPES.values()])
    if numbers.size != ends[-1]:
        raise ValueError(f"{numbers.size} parameters where {ends[-1]} are wanted")
    parts = np.split(numbers, ends[:-1])
    names = [field.name for field in fields(Parameters)]
    shapes = zip(names, parts, strict=True)
    return Parameters(**{name: part.reshape(SHAPES[name]) for name, part in shapes})


@cache
def _trained() -> tuple[Parameters, NDArray[np.float32], NDArray[np.float32]]:
    """The parameters, and those that the situation is multiplied by, and added to, in one."""
    # When asked for, so that new ones can be trained where the old ones do not fit any more.
    by = parameters(trained.PARAMETERS)
    joined = np.concatenate((by.situation, by.none), 1), np.concatenate((by.first, by.none_bias))
    return by, *joined


def probabilities(candidates: Candidates) -> NDArray[np.float32]:
    """How likely each candidate comes next, and last that none of them does; shape (k + 1,)."""
    by, joined, joined_bias = _trained()
    common = candidates.situation @ joined
    common += joined_bias
    hidden = _rectified(candidates.features @ by.features, common[:HIDDEN])
    hidden = _rectified(hidden @ by.second, by.bias)
    other = np.maximum(common[HIDDEN:], _ZERO) @ by.none_score + by.level
    scores: NDArray[np.float32] = np.concatenate((hidden @ by.score, other))
    scores -= np.maximum.reduce(scores)
    np.exp(scores, out=scores)
    scores /= np.add.reduce(scores)
    return scores


def _rectified(units: NDArray[np.float32], bias: NDArray[np.float32]) -> NDArray[np.float32]:
    """The units with their bias, none below zero; in place, which is faster."""
    units += bias
    return np.maximum(units, _ZERO, out=units)
