"""Which way is used: rules with time passed in, and what holds whatever happens."""

from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.ways import Ways

SOCKET, HTTP, ENGINE = range(3)


def ways() -> Ways:
    return Ways([0.0, 3.0, 0.5], now=10.0)


def test_the_best_way_is_used_as_soon_as_it_is_there() -> None:
    it = ways()

    assert it.chosen(10.0) is None
    it.up(SOCKET)
    assert it.chosen(10.1) == SOCKET
    assert it.wanted(1000.0) == [SOCKET]
    assert it.deadline(10.1) is None


def test_a_way_that_does_not_come_is_waited_for_and_then_a_stand_in_is_wanted() -> None:
    it = ways()

    assert it.wanted(10.4) == [SOCKET]
    assert it.deadline(10.4) == 10.5
    assert it.wanted(10.5) == [SOCKET, ENGINE]
    it.up(ENGINE)
    assert it.chosen(10.5) == ENGINE
    assert it.wanted(13.0) == [SOCKET, HTTP, ENGINE]


def test_a_way_that_is_hopeless_is_replaced_at_once() -> None:
    it = ways()
    it.down(SOCKET, "it has no WebSocket", 10.1, hopeless=True)

    assert it.wanted(10.1) == [SOCKET, HTTP, ENGINE]
    it.tried(HTTP, 10.1)
    assert it.wanted(10.1) == [SOCKET, HTTP]
    it.up(HTTP)
    assert it.chosen(10.2) == HTTP
    assert it.reason() == "it has no WebSocket"


def test_a_better_way_that_comes_back_takes_over() -> None:
    it = ways()
    it.down(SOCKET, "gone", 10.0, hopeless=True)
    it.tried(HTTP, 10.0)
    it.up(HTTP)
    it.up(SOCKET)

    assert it.chosen(11.0) == SOCKET
    assert it.reason() == ""


def test_a_short_absence_brings_no_stand_in() -> None:
    it = ways()
    it.up(SOCKET)
    it.up(ENGINE)
    it.down(SOCKET, "lost", 20.0, hopeless=False)

    assert it.chosen(20.4) is None
    assert it.deadline(20.0) == 20.5
    assert it.chosen(20.5) == ENGINE


def test_attempts_that_fail_do_not_make_an_absence_shorter() -> None:
    it = ways()
    it.up(ENGINE)
    it.down(SOCKET, "refused", 10.4, hopeless=False)

    assert it.chosen(10.5) == ENGINE


def test_a_way_that_rests_is_replaced_until_it_has_rested() -> None:
    it = ways()
    it.up(SOCKET)
    it.up(ENGINE)
    it.rest(SOCKET, 40.0, "asks to wait")

    assert it.chosen(20.0) == ENGINE
    assert it.deadline(20.0) == 40.0
    assert it.reason() == "asks to wait"
    assert it.chosen(40.0) == SOCKET


def test_a_way_that_rests_is_not_tried_either() -> None:
    it = ways()
    it.rest(HTTP, 40.0, "the key is refused")
    it.down(SOCKET, "the key is refused", 10.0, hopeless=True)

    assert it.wanted(20.0) == [SOCKET, ENGINE]
    assert it.deadline(20.0) == 40.0
    assert it.wanted(40.0) == [SOCKET, HTTP, ENGINE]


def test_a_way_that_was_given_up_is_as_new() -> None:
    it = ways()
    it.up(ENGINE)
    it.given_up(ENGINE)

    assert it.chosen(11.0) is None


def test_a_single_way_is_waited_for_for_ever() -> None:
    it = Ways([0.0], 0.0)
    it.down(0, "away", 1.0, hopeless=True)

    assert it.wanted(1e9) == [0]
    assert it.chosen(1e9) is None


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["up", "down", "hopeless", "rest", "tried", "given_up"]),
        st.integers(0, 2),
        st.floats(0.0, 5.0),
    ),
    max_size=40,
)


@given(STEPS)
def test_what_is_chosen_is_wanted_and_time_alone_changes_it_only_at_the_deadline(
    steps: list[tuple[str, int, float]],
) -> None:
    it, now = ways(), 10.0
    for what, way, after in steps:
        match what:
            case "up":
                it.up(way)
            case "rest":
                it.rest(way, now + after, "asks to wait")
            case "tried":
                it.tried(way, now)
            case "given_up":
                it.given_up(way)
            case _:
                it.down(way, "away", now, hopeless=what == "hopeless")
        due = it.deadline(now)
        later = now + after
        if due is None or later < due:
            assert it.wanted(now) == it.wanted(later)
            assert it.chosen(now) == it.chosen(later)
        assert it.chosen(now) in {None, *it.wanted(now)}
        now = later


def test_a_way_that_answers_nothing_twice_in_a_row_rests_longer_and_longer() -> None:
    it = ways()
    it.up(SOCKET)
    it.up(ENGINE)
    it.failed(SOCKET, "it has failed", 20.0)
    assert it.chosen(20.0) == SOCKET
    it.failed(SOCKET, "it has failed", 21.0)
    assert (it.chosen(35.9), it.chosen(36.0)) == (ENGINE, SOCKET)
    it.failed(SOCKET, "it has failed", 36.0)
    assert (it.chosen(65.9), it.chosen(66.0)) == (ENGINE, SOCKET)
    it.answered(SOCKET)
    it.failed(SOCKET, "it has failed", 70.0)

    assert it.chosen(70.0) == SOCKET


def test_what_is_lost_with_a_way_does_not_count_against_it() -> None:
    it = ways()
    it.up(ENGINE)
    it.up(SOCKET)
    for _ in range(3):
        it.down(SOCKET, "lost", 20.0, hopeless=False)
        it.failed(SOCKET, "lost", 20.0)
        it.up(SOCKET)
    it.failed(SOCKET, "it has failed", 21.0)

    assert it.chosen(21.0) == SOCKET


def test_what_was_said_against_a_way_is_forgotten_when_it_answers() -> None:
    it = ways()
    it.up(SOCKET)
    it.rest(SOCKET, 20.0, "asks to wait")
    it.answered(SOCKET)

    assert it.reason() == ""


def test_the_last_way_goes_on_whatever_comes_of_it() -> None:
    it = Ways([0.0], 0.0)
    it.up(0)
    for _ in range(9):
        it.failed(0, "it has failed", 1.0)

    assert it.chosen(1.0) == 0


def test_a_lesser_way_that_is_not_wanted_yet_does_not_stand_in_the_way_of_the_engine() -> None:
    it = ways()
    it.up(HTTP)
    it.up(ENGINE)
    it.up(SOCKET)
    it.down(SOCKET, "lost", 20.0, hopeless=False)

    assert [it.chosen(20.4), it.chosen(20.5), it.chosen(23.0)] == [None, ENGINE, HTTP]
