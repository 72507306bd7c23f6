"""A run of unwanted suggestions makes calm, an accepted one ends it, and time wears it off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.completing.eagerness import Eagerness

outcomes = st.lists(
    st.tuples(st.sampled_from(["accepted", "rejected", "ignored"]), st.floats(0, 1e5)), max_size=80
)


def after(*what: str, now: float = 100.0) -> Eagerness:
    """Eagerness after some outcomes, all at once."""
    eagerness = Eagerness()
    for outcome in what:
        getattr(eagerness, outcome)(now)
    return eagerness


def test_three_unwanted_suggestions_change_nothing_and_the_fourth_does() -> None:
    assert 0.0 == Eagerness().calm(0.0)
    assert 0.0 == after(*["rejected"] * 3).calm(100.0)
    assert 0.0 < after(*["rejected"] * 4).calm(100.0) < 0.1


def test_what_was_typed_over_makes_less_calm_than_what_was_sent_away() -> None:
    ignored, rejected = after(*["ignored"] * 6), after(*["rejected"] * 6)

    assert 0.0 < ignored.calm(100.0) < rejected.calm(100.0)


def test_calm_has_a_bound() -> None:
    assert pytest.approx(0.4) == after(*["rejected"] * 100).calm(100.0)


def test_an_acceptance_halves_the_calm_at_once_and_ends_the_run() -> None:
    calm = after(*["rejected"] * 8).calm(100.0)
    eagerness = after(*["rejected"] * 8, "accepted")

    assert pytest.approx(calm / 2) == eagerness.calm(100.0)

    for _ in range(3):
        eagerness.rejected(100.0)

    assert pytest.approx(calm / 2) == eagerness.calm(100.0)


def test_half_of_the_calm_wears_off_in_five_minutes() -> None:
    eagerness = after(*["rejected"] * 8)
    calm = eagerness.calm(100.0)

    assert pytest.approx(calm / 2) == eagerness.calm(400.0)
    assert pytest.approx(calm / 4) == eagerness.calm(700.0)


def test_asking_ahead_is_worth_its_tokens_where_one_in_four_is_accepted() -> None:
    often = ["accepted", *["ignored"] * 3] * 5
    seldom = ["accepted", *["ignored"] * 4] * 4

    assert after(*often).wants_ahead(100.0)
    assert not after(*seldom).wants_ahead(100.0)


def test_while_little_is_known_it_is_worth_a_try() -> None:
    assert Eagerness().wants_ahead(0.0)
    assert after(*["rejected"] * 7).wants_ahead(100.0)
    assert not after(*["rejected"] * 8).wants_ahead(100.0)


def test_only_the_last_suggestions_of_the_last_hour_count() -> None:
    recovered = after(*["rejected"] * 50, *["accepted"] * 5, *["ignored"] * 15)

    assert recovered.wants_ahead(100.0)
    assert after(*["rejected"] * 20).wants_ahead(100.0 + 2 * 3600)


@given(outcomes, st.floats(0, 1e5))
def test_calm_is_never_negative_and_never_beyond_its_bound(
    happened: list[tuple[str, float]], now: float
) -> None:
    """Whatever the clock does."""
    eagerness = Eagerness()
    for outcome, at in happened:
        getattr(eagerness, outcome)(at)

    assert 0.0 <= eagerness.calm(now) <= 0.4
    assert eagerness.wants_ahead(now) in {True, False}
