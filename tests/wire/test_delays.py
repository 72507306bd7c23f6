"""How long to wait before something is tried again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.wire.delays import Overload, Pace, Redial
from spark_lsp.wire.outcomes import Failed

PACE = Pace()


def delays(redial: Redial, *statuses: int | None) -> list[float]:
    waits = []
    for status in statuses:
        redial.refused(status, None)
        waits.append(redial.delay)
    return waits


# Connecting.


def test_attempts_come_more_and_more_seldom() -> None:
    assert [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0] == delays(Redial(PACE), *[None] * 8)


@pytest.mark.parametrize("status", [404, 405, 426, 501])
def test_where_there_is_no_websocket_it_is_not_looked_for_again_soon(status: int) -> None:
    redial = Redial(PACE)

    assert [PACE.unlikely] == delays(redial, status)
    assert redial.hopeless


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_tried_once_at_once_and_then_seldom(status: int) -> None:
    """It may just have been renewed, and is looked up anew (§1.5)."""
    redial = Redial(PACE)

    assert [0.0] == delays(redial, status)
    assert not redial.hopeless
    assert [PACE.refused, PACE.refused] == delays(redial, status, status)
    assert redial.hopeless


def test_a_refused_key_is_news_again_after_something_else() -> None:
    redial = Redial(PACE)

    assert [0.0, 0.2, 0.0] == delays(redial, 401, 503, 401)


@pytest.mark.parametrize("status", [429, 503, None])
def test_what_a_server_asks_to_wait_is_waited(status: int | None) -> None:
    redial = Redial(PACE)
    redial.refused(status, 7.0)

    assert 7.0 == redial.delay
    assert redial.hopeless


def test_a_server_that_asks_not_to_wait_is_not_dialled_without_end() -> None:
    redial = Redial(PACE)
    waits = []
    for _ in range(8):
        redial.refused(503, 0.0)
        waits.append(redial.delay)

    assert [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0] == waits


def test_two_failures_in_a_row_are_hopeless_and_one_is_not() -> None:
    redial = Redial(PACE)
    redial.refused(None, None)
    assert not redial.hopeless
    redial.refused(None, None)
    assert redial.hopeless


def test_after_a_connection_that_was_of_use_the_next_is_dialled_at_once() -> None:
    redial = Redial(PACE)
    delays(redial, None, None, None)
    redial.ended(1006, useful=True)

    assert 0.0 == redial.delay
    assert not redial.hopeless


def test_connections_that_are_of_no_use_count_as_failures() -> None:
    redial = Redial(PACE)
    waits = []
    for _ in range(4):
        redial.ended(None, useful=False)
        waits.append(redial.delay)

    assert [0.1, 0.2, 0.4, 0.8] == waits
    assert redial.hopeless


@pytest.mark.parametrize("code", [1000, 1001, 1005, 1006, 1011, 1012, 1013, 1015, None])
def test_after_recoverable_closes_the_next_is_dialled_at_once(code: int | None) -> None:
    """Those that the official client recovers from (§1.5), and a plain end."""
    redial = Redial(PACE)
    redial.ended(code, useful=True)

    assert 0.0 == redial.delay


@pytest.mark.parametrize("code", [1002, 1003, 1007, 1008, 1009, 1010, 3000, 4001])
def test_after_other_closes_the_next_is_not_dialled_at_once(code: int) -> None:
    """It would end the same way."""
    redial = Redial(PACE)
    redial.ended(code, useful=True)

    assert PACE.longest == redial.delay
    assert not redial.hopeless


def test_where_another_way_is_in_use_there_is_no_hurry() -> None:
    redial = Redial(PACE)
    redial.relaxed = True

    assert [PACE.unlikely] * 2 == delays(redial, None, 401)
    redial.refused(503, 500.0)
    assert 500.0 == redial.delay


@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, 401, 403, 404, 426, 429, 503]), st.none() | st.floats(0, 9)
        )
        | st.tuples(st.none() | st.integers(0, 70_000), st.booleans()),
        max_size=50,
    )
)
def test_no_wait_is_negative_or_grows_without_bound(steps: list[tuple[int | None, object]]) -> None:
    redial = Redial(PACE)
    for first, second in steps:
        if isinstance(second, bool):
            redial.ended(first, useful=second)
        else:
            assert second is None or isinstance(second, float)
            redial.refused(first, second)

        assert 0.0 <= redial.delay <= PACE.unlikely


# A server that has too much to do.


def failed(code: str, after: float | None = None) -> Failed:
    return Failed(1, code, "busy", transient=True, retry_after=after)


@pytest.mark.parametrize("jitter", [0.0, 0.5])
@pytest.mark.parametrize(
    ("code", "waits"),
    [
        ("server_is_overloaded", [0.0, 5.0, 30.0, 120.0, 300.0, 300.0]),
        ("slow_down", [0.0, 5.0, 30.0, 120.0, 300.0, 300.0]),
        ("rate_limit_exceeded", [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]),
    ],
)
def test_without_a_word_about_it_the_waits_grow(
    code: str, waits: list[float], jitter: float
) -> None:
    """With jitter: else all clients would come back at once (§1.5)."""
    overload = Overload(lambda: jitter)
    told = [overload.failed(failed(code)).retry_after for _ in waits]

    assert [wait * (1.0 + jitter) for wait in waits] == told


def test_what_the_server_says_is_passed_on() -> None:
    overload = Overload(lambda: 0.0)

    assert failed("slow_down", 1.5) == overload.failed(failed("slow_down", 1.5))
    assert 5.0 == overload.failed(failed("slow_down")).retry_after


def test_an_answer_ends_the_complaint() -> None:
    overload = Overload(lambda: 0.0)
    for _ in range(3):
        overload.failed(failed("slow_down"))
    overload.ended()

    assert 0.0 == overload.failed(failed("slow_down")).retry_after


@pytest.mark.parametrize("code", ["server_error", "connection_lost", "insufficient_quota", ""])
def test_other_failures_ask_for_no_wait(code: str) -> None:
    overload = Overload(lambda: 0.5)

    assert failed(code) == overload.failed(failed(code))
