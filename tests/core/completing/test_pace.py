"""A wait before a request: none where an answer would be read, a short one where it would not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.completing.pace import Pace

times = st.floats(0, 1e6, allow_nan=False)
latencies = st.lists(st.floats(0, 60, allow_nan=False), max_size=20)


def burst(pace: Pace, *, interval: float, keys: int = 12, start: float = 1000.0) -> float:
    """Type some keys at an even pace and return when the last one was."""
    for number in range(keys):
        pace.edited(start + number * interval)
    return start + (keys - 1) * interval


def paced(*, interval: float, latency: float | None, waits_itself: bool = False) -> float:
    """The wait in the middle of a burst."""
    pace = Pace(waits_itself)
    if latency is not None:
        pace.answered(latency)
    return pace.debounce(burst(pace, interval=interval), opens_line=False)


@pytest.mark.parametrize(
    ("interval", "latency", "wait"),
    [
        (0.06, None, 0.0),  # nobody knows yet
        (0.06, 0.03, 0.0),  # read before the next key
        (0.06, 0.06, 0.0),
        (0.06, 0.1, 0.0),  # half of the latency is less than one interval: nothing would be saved
        (0.06, 0.2, 0.078),
        (0.1, 0.24, 0.12),  # half of the latency
        (0.1, 0.5, 0.13),
        (0.15, 0.2, 0.0),
        (0.18, 2.0, 0.2),  # never longer
        (0.3, 2.0, 0.0),  # who types slowly is answered at each key, or cancels it
        (0.01, 0.04, 0.0),  # keys that roll over each other are no pace
        (0.01, 0.5, 0.065),
    ],
)
def test_a_wait_is_a_little_more_than_the_interval_between_keys_if_it_saves_anything(
    interval: float, latency: float | None, wait: float
) -> None:
    assert pytest.approx(wait) == paced(interval=interval, latency=latency)


def test_a_client_that_waits_by_itself_never_waits_again() -> None:
    assert 0.0 == paced(interval=0.1, latency=0.5, waits_itself=True)


def test_the_start_of_a_line_is_never_waited_for() -> None:
    pace = Pace(waits_itself=False)
    pace.answered(0.5)
    now = burst(pace, interval=0.1)

    assert 0.0 == pace.debounce(now, opens_line=True)
    assert 0.0 < pace.debounce(now, opens_line=False)


def test_the_first_key_after_a_pause_is_not_waited_for_and_the_next_one_is() -> None:
    pace = Pace(waits_itself=False)
    pace.answered(0.5)
    later = burst(pace, interval=0.1) + 3.0
    pace.edited(later)

    assert 0.0 == pace.debounce(later, opens_line=False)

    pace.edited(later + 0.1)

    assert pytest.approx(0.13) == pace.debounce(later + 0.1, opens_line=False)


def test_the_time_since_the_key_is_a_part_of_the_wait() -> None:
    """An editor with a delay of its own has waited already."""
    pace = Pace(waits_itself=False)
    pace.answered(0.5)
    now = burst(pace, interval=0.1)

    assert pytest.approx(0.08) == pace.debounce(now + 0.05, opens_line=False)
    assert 0.0 == pace.debounce(now + 0.2, opens_line=False)


def test_the_latency_that_is_expected_is_the_median_of_the_last_ten() -> None:
    pace = Pace(waits_itself=False)

    assert pace.expected() is None

    for _ in range(10):
        pace.answered(3.0)
    for seconds in (0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 9.0, 9.0, 0.3):
        pace.answered(seconds)

    assert pytest.approx(0.3) == pace.expected()


def test_one_slow_answer_among_fast_ones_changes_nothing() -> None:
    pace = Pace(waits_itself=False)
    for seconds in (0.03, 0.03, 5.0, 0.03):
        pace.answered(seconds)

    assert 0.0 == pace.debounce(burst(pace, interval=0.06), opens_line=False)


def test_a_slow_model_shows_itself_although_none_of_its_answers_is_ever_waited_for() -> None:
    """In a burst each request is cancelled by the next key, and no latency is ever measured."""
    pace = Pace(waits_itself=False)
    now = burst(pace, interval=0.1)
    for _ in range(10):
        pace.unanswered(0.1)
    waits = pace.debounce(now, opens_line=False)

    assert 0.0 == waits  # as far as anybody knows the answer was about to come

    for _ in range(10):
        pace.unanswered(0.4)

    assert pytest.approx(0.13) == pace.debounce(now, opens_line=False)


def test_a_request_that_was_given_up_early_says_nothing_of_the_latency() -> None:
    pace = Pace(waits_itself=False)
    pace.answered(0.5)
    pace.unanswered(0.01)

    assert 0.5 == pace.expected()


@given(st.booleans(), latencies, st.lists(times, max_size=30), times, st.booleans())
def test_no_wait_is_longer_than_half_of_the_latency_or_than_two_tenths_of_a_second(
    waits_itself: bool, measured: list[float], keys: list[float], now: float, opens_line: bool
) -> None:
    """Whatever the clock does."""
    pace = Pace(waits_itself)
    for seconds in measured:
        pace.answered(seconds)
    for at in keys:
        pace.edited(at)
    wait = pace.debounce(now, opens_line=opens_line)

    assert 0.0 <= wait <= 0.2
    assert wait <= (pace.expected() or 0.0) / 2
    assert not (wait and (waits_itself or opens_line))
