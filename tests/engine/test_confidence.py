"""More and purer evidence never lowers a probability."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.engine.confidence import Kind, probability

WEIGHTS = st.floats(1e-9, 1e18)


@given(st.sampled_from(Kind), WEIGHTS, WEIGHTS, WEIGHTS)
def test_a_heavier_winner_is_never_less_likely(
    kind: Kind, winner: float, heavier: float, others: float
) -> None:
    """The tables rise, and so do the lines between their points."""
    low, high = sorted((winner, heavier))
    lesser, greater = probability(low, others, kind), probability(high, others, kind)

    assert 0 < lesser <= greater + 1e-12
    assert greater < 1


@pytest.mark.parametrize("kind", Kind)
def test_beyond_the_table_its_ends_hold(kind: Kind) -> None:
    """Nothing is ever certain, nor impossible."""
    assert probability(1e-9, 1e9, kind) == kind.value[0]
    assert probability(1e30, 1e-9, kind) == kind.value[-1]
