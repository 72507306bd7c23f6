"""The ranker makes probabilities of what speaks for each candidate."""

from base64 import b85encode

import numpy as np
import pytest

from spark_lsp.engine.features import FEATURES, SITUATION, Candidates
from spark_lsp.engine.ranker import SHAPES, parameters, probabilities

SIZE = sum(int(np.prod(shape)) for shape in SHAPES.values())


def candidates(count: int) -> Candidates:
    """So many, of which nothing is known."""
    return Candidates(
        np.arange(count, dtype=np.int32),
        np.zeros((count, FEATURES), np.float32),
        np.zeros(SITUATION, np.float32),
    )


@pytest.mark.parametrize("count", [0, 1, 64])
def test_the_probabilities_of_all_and_of_none_of_them_are_one_together(count: int) -> None:
    """The last is that of something else."""
    shares = probabilities(candidates(count))

    assert shares.shape == (count + 1,)
    assert shares.sum() == pytest.approx(1, abs=1e-5)
    assert (shares >= 0).all()


def test_candidates_of_which_the_same_is_known_are_equally_likely() -> None:
    """Their order is nothing to it."""
    shares = probabilities(candidates(5))[:-1]

    assert shares.max() == pytest.approx(float(shares.min()))


def test_parameters_come_back_as_they_were_written() -> None:
    """In the order and the shapes that are given, as 16-bit floats."""
    numbers = np.arange(SIZE, dtype="<f2") / 8
    read = parameters(b85encode(numbers.tobytes()).decode())

    assert {name: getattr(read, name).shape for name in SHAPES} == SHAPES
    assert np.concatenate([getattr(read, name).ravel() for name in SHAPES]).tolist() == (
        numbers.astype(np.float32).tolist()
    )


def test_parameters_of_another_network_are_refused() -> None:
    """Whoever changes the features trains anew."""
    with pytest.raises(ValueError, match="are wanted"):
        parameters(b85encode(np.zeros(7, "<f2").tobytes()).decode())
