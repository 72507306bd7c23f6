"""Who types goes first, and what works in the background is not stopped by it."""

import asyncio

import pytest

from spark_lsp.server import precedence
from spark_lsp.server.precedence import KEY, QUESTION, SHARE, Precedence


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def way(clock: Clock) -> Precedence:
    return Precedence(clock)


async def test_nobody_waits_at_first(way: Precedence) -> None:
    assert 0.0 == way.waits
    await way.stand_back()


async def test_a_key_has_the_right_of_way_for_a_moment(way: Precedence, clock: Clock) -> None:
    way.key()
    assert KEY == way.waits
    clock.now = KEY
    assert 0.0 == way.waits


async def test_a_question_has_it_until_it_is_answered_but_not_for_long(
    way: Precedence, clock: Clock
) -> None:
    way.asked(1)
    way.key()
    assert QUESTION == way.waits
    way.answered(2)
    assert QUESTION == way.waits, "that was a draft, or an older question"
    way.answered(1)
    assert 0.0 == way.waits
    way.asked(1)
    clock.now = QUESTION
    assert 0.0 == way.waits


async def test_whoever_stands_back_goes_on_as_soon_as_there_is_an_answer(way: Precedence) -> None:
    way.asked(1)
    waiting = asyncio.ensure_future(way.stand_back())
    await asyncio.wait([waiting], timeout=0)
    assert not waiting.done()
    way.answered(1)
    await waiting


async def test_who_never_stops_typing_leaves_a_share_to_the_rest(
    way: Precedence, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock stands still here, so that the question is never too old."""
    monkeypatch.setattr(precedence, "LONGEST", 0.01)
    way.asked(1)
    await way.stand_back()
    assert 0.0 == way.waits, "it may go on for a while"
    clock.now = SHARE
    way.asked(1)
    assert QUESTION == way.waits
