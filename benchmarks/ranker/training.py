"""Fits the ranker's parameters to lessons: gradient descent (Adam; Kingma and Ba, 2015) in numpy.

Owns the loss, which is the negated logarithm of the probability that the ranker gave to what came,
and its gradient through the network that `spark_lsp.engine.ranker` describes.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.ranker.lessons import Lessons
from spark_lsp.engine.ranker import SHAPES

Array: TypeAlias = NDArray[np.float32]
Weights: TypeAlias = dict[str, Array]
"""The parameters by name; see `spark_lsp.engine.ranker.SHAPES`."""

_BATCH: Final = 512
_RATE: Final = 4e-3
"""How far the first steps go; it falls to nothing along a cosine."""
_DECAY: Final = 1e-4
_LEAST: Final = 1e-12
_NEVER: Final = -1e9


class Score(NamedTuple):
    """How well parameters predict lessons."""

    loss: float
    """Mean of the negated natural logarithms."""
    reciprocal_rank: float
    first: float
    """Share of the predictions whose likeliest candidate came."""
    calibration_error: float
    """Between how likely the likeliest is and how often it comes, over ten bins."""


class _Batch(NamedTuple):
    features: Array
    situations: Array
    came: NDArray[np.int64]
    there: NDArray[np.bool_]


def trained(lessons: Lessons, epochs: int, seed: int = 7) -> Iterator[Weights]:
    """Yield the parameters after each of so many rounds through the lessons."""
    lots = np.random.default_rng(seed)
    weights = {name: _begun(lots, shape) for name, shape in SHAPES.items()}
    slopes = {name: np.zeros_like(it) for name, it in weights.items()}
    squares = {name: np.zeros_like(it) for name, it in weights.items()}
    steps = epochs * -(-lessons.came.size // _BATCH)
    step = 0
    for _ in range(epochs):
        for batch in _batches(lessons, lots.permutation(lessons.came.size)):
            step += 1
            rate = _RATE * 0.5 * (1 + np.cos(np.pi * step / steps)) + 1e-5
            for name, slope in _gradient(weights, batch).items():
                slopes[name] += 0.1 * (slope - slopes[name])
                squares[name] += 0.001 * (slope**2 - squares[name])
                size = np.sqrt(squares[name] / (1 - 0.999**step)) + 1e-8
                towards = slopes[name] / (1 - 0.9**step) / size
                weights[name] -= (rate * (towards + _DECAY * weights[name])).astype(np.float32)
        yield {name: it.copy() for name, it in weights.items()}


def scored(weights: Mapping[str, Array], lessons: Lessons) -> Score:
    """Return how well parameters predict lessons that they were not fitted to."""
    losses, ranks, firsts, shares = [], [], [], []
    for batch in _batches(lessons, np.arange(lessons.came.size)):
        likely = _forward(weights, batch)[-1]
        each = np.arange(batch.came.size)
        known = batch.came >= 0
        own = likely[each, batch.came]  # -1 is the last, which is that of none of them
        rank = 1 + (likely[:, :-1] > own[:, None]).sum(1)
        losses.append(-np.log(own + _LEAST))
        ranks.append(np.where(known, 1 / rank, 0))
        firsts.append(known & (rank == 1))
        shares.append(likely[:, :-1].max(1, initial=0))
    share, first = np.concatenate(shares), np.concatenate(firsts)
    bins = np.minimum((share * 10).astype(int), 9)
    error = sum(
        (bins == it).mean() * abs(share[bins == it].mean() - first[bins == it].mean())
        for it in np.unique(bins)
    )
    return Score(
        float(np.concatenate(losses).mean()),
        float(np.concatenate(ranks).mean()),
        float(first.mean()),
        float(error),
    )


def without(lessons: Lessons, columns: slice) -> Lessons:
    """Return the lessons with nothing told in these columns of the candidates."""
    features = lessons.features.copy()
    features[:, columns] = 0
    return Lessons(features, lessons.situations, lessons.came, lessons.sizes)


def _begun(lots: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw what a layer begins with (He et al., 2015); what is added to units begins at zero."""
    if len(shape) == 1:
        return np.zeros(shape, np.float32)
    begun: Array = (lots.standard_normal(shape) * np.sqrt(2 / shape[0])).astype(np.float32)
    return begun


def _batches(lessons: Lessons, order: NDArray[np.int64]) -> Iterator[_Batch]:
    starts = np.concatenate(([0], np.cumsum(lessons.sizes)))[:-1]
    for at in range(0, order.size, _BATCH):
        chosen = order[at : at + _BATCH]
        widest = max(1, int(lessons.sizes[chosen].max()))
        rows = starts[chosen][:, None] + np.arange(widest)
        features = lessons.features[np.minimum(rows, len(lessons.features) - 1)]
        yield _Batch(
            features.astype(np.float32),
            lessons.situations[chosen],
            lessons.came[chosen],
            np.arange(widest) < lessons.sizes[chosen][:, None],
        )


def _forward(weights: Mapping[str, Array], batch: _Batch) -> tuple[Array, Array, Array, Array]:
    """Return the units of both layers, those for none of them, and how likely each is."""
    count, widest, width = batch.features.shape
    hidden: Array
    second: Array
    common = batch.situations @ weights["situation"] + weights["first"]
    hidden = (batch.features.reshape(-1, width) @ weights["features"]).reshape(count, widest, -1)
    hidden = np.maximum(hidden + common[:, None], 0)
    second = hidden.reshape(count * widest, -1) @ weights["second"] + weights["bias"]
    second = np.maximum(second, 0)
    scores = (second @ weights["score"]).reshape(count, widest)
    scores[~batch.there] = _NEVER
    none = np.maximum(batch.situations @ weights["none"] + weights["none_bias"], 0)
    other = none @ weights["none_score"] + weights["level"]
    scores = np.concatenate((scores, other[:, None]), 1)
    scores -= scores.max(1, keepdims=True)
    odds: Array = np.exp(scores)
    odds /= odds.sum(1, keepdims=True)
    return hidden, second, none, odds


def _gradient(weights: Weights, batch: _Batch) -> Weights:
    hidden, second, none, likely = _forward(weights, batch)
    count, widest, width = batch.features.shape
    error = likely
    error[np.arange(count), batch.came] -= 1  # -1 is the last, which is that of none of them
    error /= count
    by_score = (error[:, :-1] * batch.there).ravel()
    by_second = by_score[:, None] * weights["score"] * (second > 0)
    flat = hidden.reshape(count * widest, -1)
    by_hidden = by_second @ weights["second"].T * (flat > 0)
    together = by_hidden.reshape(count, widest, -1).sum(1)
    by_none = error[:, -1][:, None] * weights["none_score"] * (none > 0)
    return {
        "features": batch.features.reshape(-1, width).T @ by_hidden,
        "situation": batch.situations.T @ together,
        "first": together.sum(0),
        "second": flat.T @ by_second,
        "bias": by_second.sum(0),
        "score": second.T @ by_score,
        "none": batch.situations.T @ by_none,
        "none_bias": by_none.sum(0),
        "none_score": none.T @ error[:, -1],
        "level": error[:, -1:].sum(0),
    }
