"""Parameters are fitted to lessons by the slope of their loss."""

import numpy as np
import pytest

from benchmarks.ranker.lessons import Lessons
from benchmarks.ranker.training import scored, trained, without
from spark_lsp.engine.features import FEATURES, SITUATION


def made_up(count: int = 400) -> Lessons:
    """Predictions among three candidates, of which that with the largest first number comes.

    In every fourth none of them does, and the situation tells it.
    """
    lots = np.random.default_rng(1)
    features = lots.random((3 * count, FEATURES)).astype(np.float16)
    came = features[:, 0].reshape(count, 3).argmax(1)
    situations = np.zeros((count, SITUATION), np.float32)
    situations[::4, 0] = 1
    came[::4] = -1
    return Lessons(features, situations, came, np.full(count, 3))


def test_what_tells_is_learned() -> None:
    """Both which of the candidates comes and that none does."""
    lessons = made_up()
    first, *_, last = trained(lessons, 400)

    assert scored(last, lessons).loss < scored(first, lessons).loss / 2
    assert scored(last, lessons).first > 0.65, "of three quarters something comes"


def test_nothing_is_learned_from_what_is_left_out() -> None:
    """Without the first number the candidates are alike."""
    lessons = made_up()
    blind = without(lessons, slice(0, 1))
    *_, weights = trained(blind, 10)

    assert scored(weights, blind).loss > 0.6
    assert lessons.features[:, 0].any(), "the lessons themselves are left as they are"


def test_the_same_lessons_give_the_same_parameters() -> None:
    """Chance is drawn from a seed."""
    lessons = made_up(40)
    [one], [other] = (list(trained(lessons, 1)) for _ in range(2))

    assert all((one[name] == other[name]).all() for name in one)


def test_a_perfect_prediction_costs_nothing() -> None:
    """Nor is it out by anything."""
    lessons = Lessons(
        np.zeros((1, FEATURES), np.float16),
        np.zeros((1, SITUATION), np.float32),
        np.array([0]),
        np.array([1]),
    )
    *_, weights = trained(lessons, 2000)
    score = scored(weights, lessons)

    assert score.loss == pytest.approx(0, abs=0.1)
    assert (score.reciprocal_rank, score.first) == (1, 1)
    assert score.calibration_error == pytest.approx(0, abs=0.1)
