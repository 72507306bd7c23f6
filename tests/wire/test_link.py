"""A provider's connections over time: each rule of the theory of operation, with time passed in."""

from dataclasses import replace

import pytest

from spark_lsp.core.prompt import Prompt
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.client import FRAME_LIMIT
from spark_lsp.wire.events import Usage
from spark_lsp.wire.legs import Dial, Drop
from spark_lsp.wire.outcomes import (
    Connected,
    Delta,
    Disconnected,
    Ended,
    Failed,
    Steered,
    Warmed,
)
from tests.frames import error, frame, stage, text
from tests.rig import OTHER, PACE, PROFILE, PROMPT, STABLE, Rig, failed

DRAINS = replace(PROFILE, interrupt=False)
PLAIN = replace(PROFILE, lanes=False, interrupt=False, continuation=False)
MINUTE = 60.0
WARM = Warmed(ok=True, stable=STABLE)


def plain() -> tuple[Rig, int, int]:
    """A provider where one answer runs at a time and none can be stopped: with its spare."""
    rig = Rig(PLAIN)
    first = rig.connects()
    second = rig.dialled()
    rig.opens(second)
    assert [] == rig.told()
    return rig, first, second


def busy(rig: Rig, leg: int, handle: int = 1, response_id: str = "r1") -> None:
    """Have an answer written on a leg without lanes."""
    rig.create(handle)
    (asked,) = rig.sent()
    assert leg == asked.leg
    rig.hears(leg, stage("created", "", response_id), text("a", ""))
    assert [Delta(handle, "a")] == rig.told()


def crowded() -> tuple[Rig, int]:
    """A leg with fifteen answers that drain unheard."""
    rig = Rig(DRAINS)
    leg = rig.connects()
    for handle in range(15):
        rig.create(handle)
        rig.hears(leg, stage("created", f"c{handle}", f"r{handle}"))
    for handle in range(15):
        rig.cancel(handle)
    rig.taken()
    return rig, leg


def rotated(rig: Rig) -> int:
    """Let a connection come into the years; returns the spare, which is being dialled."""
    rig.passes(PACE.rotation)
    return rig.dialled()


# Down.


def test_it_connects_at_once() -> None:
    rig = Rig()
    rig.start()

    assert [Dial(1)] == rig.taken()
    rig.opens(1)
    assert [Connected()] == rig.taken()


def test_without_a_connection_a_request_fails_at_once() -> None:
    """Nothing waits for a connection: who asks may know another way."""
    rig = Rig()
    rig.start()
    rig.create(1)
    lost = Failed(1, "connection_lost", "the connection to the model was lost", transient=True)

    assert [lost] == rig.told()
    rig.opens(1)
    assert [Connected()] == rig.told()


def test_a_lost_connection_is_down_before_its_answers_fail_and_is_dialled_at_once() -> None:
    """Else the session spends its one retry on a connection that is gone."""
    rig = Rig()
    leg = rig.connects()
    rig.create(1)
    rig.create(2)
    rig.hears(leg, stage("created"), text("a"))
    rig.taken()
    rig.closes(leg)

    down, *rest = rig.told()
    assert Disconnected("closed", hopeless=False) == down
    assert [1, 2] == failed(rest)
    assert rig.now == rig.link.deadline()
    rig.passes(0.0)
    rig.opens(rig.dialled())
    assert [Connected()] == rig.told()


def test_what_waits_for_room_fails_with_the_connection() -> None:
    """It must not wait for the next, which may never come."""
    rig = Rig(PLAIN)
    leg = rig.connects()
    rig.refuses(rig.dialled())
    busy(rig, leg)
    rig.create(2)
    rig.taken()
    rig.closes(leg)

    down, *rest = rig.told()
    assert isinstance(down, Disconnected)
    assert [1, 2] == failed(rest)


def test_attempts_that_fail_come_more_and_more_seldom_and_two_are_hopeless() -> None:
    rig = Rig()
    rig.start()
    waits = []
    for attempt in range(1, 8):
        rig.taken()
        rig.refuses(attempt)
        assert [Disconnected("refused", hopeless=attempt > 1)] == rig.told()
        due = rig.link.deadline()
        assert due is not None
        waits.append(round(due - rig.now, 6))
        rig.passes(waits[-1])

    assert [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0] == waits


@pytest.mark.parametrize("status", [404, 405, 426, 501])
def test_where_there_is_no_websocket_that_is_hopeless_at_once(status: int) -> None:
    """HTTP takes over, and this way is looked at again after minutes (§9.7)."""
    rig = Rig()
    rig.start()
    rig.taken()
    rig.refuses(1, status)

    assert [Disconnected("refused", hopeless=True)] == rig.told()
    rig.passes(PACE.unlikely - 1)
    assert [] == rig.taken()
    rig.passes(1)
    rig.opens(rig.dialled())
    assert [Connected()] == rig.told()


def test_a_refused_key_is_tried_once_at_once_and_then_seldom() -> None:
    rig = Rig()
    rig.start()
    rig.taken()
    rig.refuses(1, 401)
    assert [Disconnected("refused", hopeless=False)] == rig.told()
    rig.passes(0.0)
    rig.refuses(rig.dialled(), 401)
    assert [Disconnected("refused", hopeless=True)] == rig.told()
    rig.passes(PACE.refused - 1)
    assert [] == rig.taken()
    rig.passes(1)
    assert rig.dialled()


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_that_the_server_asks_for_is_waited(status: int) -> None:
    rig = Rig()
    rig.start()
    rig.taken()
    rig.refuses(1, status, 30.0)

    assert [Disconnected("refused", hopeless=True)] == rig.told()
    rig.passes(29.0)
    assert [] == rig.taken()
    rig.passes(1.0)
    assert rig.dialled()


def test_with_another_way_in_use_there_is_no_hurry_until_it_succeeds() -> None:
    rig = Rig()
    rig.start()
    rig.link.relax(rig.now)
    rig.taken()
    rig.refuses(1)
    rig.passes(PACE.unlikely - 1)
    assert [Disconnected("refused", hopeless=True)] == rig.told()
    rig.passes(1)
    leg = rig.dialled()
    rig.opens(leg)
    rig.create(1)
    rig.answers(leg, "c0", "r1")
    rig.closes(leg)

    assert rig.now == rig.link.deadline()


def test_when_the_other_way_is_gone_there_is_hurry_again() -> None:
    rig = Rig()
    rig.start()
    rig.link.relax(rig.now)
    rig.refuses(1)
    rig.link.relax(rig.now, relaxed=False)

    assert rig.now + PACE.first == rig.link.deadline()


def test_connections_that_are_of_no_use_are_dialled_more_and_more_seldom() -> None:
    """A server that accepts and closes at once must not be stormed."""
    rig = Rig()
    rig.start()
    waits = []
    for _ in range(4):
        leg = rig.dialled()
        rig.opens(leg)
        rig.hears(leg, error("x", ""))
        rig.closes(leg)
        due = rig.link.deadline()
        assert due is not None
        waits.append(round(due - rig.now, 6))
        rig.taken()
        rig.passes(waits[-1])

    assert [0.1, 0.2, 0.4, 0.8] == waits


def test_a_connection_that_has_lived_counts_as_good() -> None:
    """Though nothing of use has come over it: nobody may have asked."""
    rig = Rig()
    leg = rig.connects()
    rig.passes(PACE.settled + 1)
    rig.closes(leg)

    assert rig.now == rig.link.deadline()


@pytest.mark.parametrize(
    ("code", "wait"), [(1001, 0), (1006, 0), (1012, 0), (1013, 0), (1008, 5), (1009, 5), (4000, 5)]
)
def test_after_closes_that_would_come_again_it_is_not_dialled_at_once(
    code: int, wait: float
) -> None:
    rig = Rig()
    leg = rig.connects()
    rig.passes(PACE.settled + 1)
    rig.closes(leg, code)

    assert rig.now + wait == rig.link.deadline()


def test_a_connection_nobody_waits_for_any_more_is_dropped_when_it_opens() -> None:
    rig = Rig()
    rig.connects()
    rig.taken()

    assert [Drop(9)] == rig.link.opened(9, rig.now)


def test_what_is_said_of_unknown_connections_changes_nothing() -> None:
    rig = Rig()
    leg = rig.connects()
    rig.create(1)
    rig.taken()
    rig.refuses(9)
    rig.closes(9)
    rig.hears(9, stage("created"), text("a"))
    rig.do(rig.link.opened(leg, rig.now))

    assert [] == rig.taken()
    rig.closes(leg)
    rig.taken()
    rig.closes(leg)
    rig.hears(leg, stage("created"), text("late"))
    assert [] == rig.taken()


def test_a_spare_that_is_being_dialled_becomes_the_connection_when_that_is_lost() -> None:
    """It is dialled already: there is no second attempt beside it."""
    rig = Rig()
    leg = rig.connects()
    spare = rotated(rig)
    rig.closes(leg)

    assert [Disconnected("closed", hopeless=False)] == rig.told()
    rig.passes(1.0)
    assert [] == rig.taken()
    rig.opens(spare)
    assert [Connected()] == rig.told()


def test_a_spare_that_was_to_become_the_connection_may_be_refused() -> None:
    rig = Rig()
    leg = rig.connects()
    spare = rotated(rig)
    rig.closes(leg)
    rig.taken()
    rig.refuses(spare)

    assert [Disconnected("refused", hopeless=False)] == rig.told()
    rig.passes(0.1)
    assert rig.dialled()


def test_a_spare_takes_the_place_of_a_lost_connection_without_a_word() -> None:
    """Only what was lost with it is told."""
    rig, first, second = plain()
    busy(rig, first)
    rig.closes(first)

    assert [1] == failed(rig.told())
    rig.create(2)
    (asked,) = rig.sent()
    assert second == asked.leg


# Rotation.


def test_a_connection_is_replaced_before_the_server_ends_it() -> None:
    rig = Rig()
    leg = rig.connects()
    rig.passes(PACE.rotation - 1)
    assert [] == rig.taken()
    rig.passes(1)
    spare = rig.dialled()
    rig.opens(spare)

    assert [Drop(leg)] == rig.taken()
    rig.create(1)
    (asked,) = rig.sent()
    assert spare == asked.leg


def test_the_new_connection_is_prepared_before_it_takes_over() -> None:
    """No key is sent in full because of the clock."""
    rig = Rig()
    leg = rig.connects()
    rig.warm()
    rig.prepares(leg)
    assert [WARM] == rig.told()
    spare = rotated(rig)
    rig.opens(spare)
    rig.create(1)
    warming, asked = rig.sent()

    assert (spare, True) == (warming.leg, warming.warms)
    assert (leg, "r0") == (asked.leg, asked.message["previous_response_id"])
    rig.answers(leg, "c0", "r1")
    rig.answers(spare, "base", "s0")
    assert [Ended(1, Usage())] == rig.told()
    rig.create(2)
    (asked,) = rig.sent()
    assert (spare, "s0") == (asked.leg, asked.message["previous_response_id"])


def test_what_the_old_connection_writes_is_heard_to_its_end() -> None:
    rig = Rig()
    leg = rig.connects()
    rig.create(1)
    rig.hears(leg, stage("created"))
    spare = rotated(rig)
    rig.opens(spare)
    rig.create(2)
    rig.hears(spare, stage("created"), text("new"))
    rig.hears(leg, text("b"))
    assert [Delta(2, "new"), Delta(1, "b")] == rig.told()
    rig.hears(leg, stage("completed"))

    assert [Ended(1, Usage()), Drop(leg)] == rig.taken()


def test_an_old_connection_that_does_not_end_is_dropped_in_time() -> None:
    """Its answer has failed then, and may be asked again."""
    rig = Rig()
    leg = rig.connects()
    rig.create(1)
    rig.hears(leg, stage("created"))
    rig.opens(rotated(rig))
    rig.taken()
    rig.passes(PACE.retirement - 1)
    assert [] == rig.taken()
    rig.passes(1)

    dropped, lost = rig.taken()
    assert Drop(leg) == dropped
    assert Failed(1, "connection_lost", "the answer took too long", transient=True) == lost


def test_a_retired_connection_is_not_kept_for_what_nobody_wants() -> None:
    rig = Rig(DRAINS)
    leg = rig.connects()
    rig.create(1)
    rig.hears(leg, stage("created"))
    rig.opens(rotated(rig))
    rig.taken()
    rig.cancel(1)
    rig.passes(PACE.drain)

    assert [Drop(leg)] == rig.taken()


def test_a_spare_that_cannot_be_had_is_tried_again_and_nothing_is_said() -> None:
    """The old connection goes on as long as it is there."""
    rig = Rig()
    leg = rig.connects()
    for wait in (10.0, 20.0, 40.0, 80.0, 160.0):
        spare = rotated(rig) if wait == 10.0 else rig.dialled()
        rig.refuses(spare)
        rig.passes(wait - 0.5)
        assert [] == rig.taken()
        rig.passes(0.5)
    rig.taken()
    rig.create(1)

    (asked,) = rig.sent()
    assert leg == asked.leg


def test_what_became_of_spares_is_forgotten_once_one_has_served() -> None:
    """A bad hour must not leave the next without a spare."""
    rig = Rig(PLAIN)
    leg = rig.connects()
    for wait in (10.0, 20.0, 40.0):
        rig.refuses(rig.dialled())
        rig.passes(wait)
    spare = rig.dialled()
    rig.opens(spare)
    rig.taken()
    rig.closes(leg)
    rig.refuses(rig.dialled())
    rig.passes(10.0)

    assert rig.dialled()


def test_a_spare_that_closes_is_dialled_again_but_not_at_once() -> None:
    rig, _first, second = plain()
    rig.passes(PACE.settled + 1)
    rig.closes(second)
    rig.passes(PACE.spare - 1)
    assert [] == rig.taken()
    rig.passes(1)
    assert rig.dialled()


def test_a_spare_that_is_never_prepared_is_given_up() -> None:
    """Else the old connection would be used until the server ends it."""
    rig = Rig()
    leg = rig.connects()
    rig.warm()
    rig.prepares(leg)
    spare = rotated(rig)
    rig.opens(spare)
    rig.hears(spare, stage("created", "base", "s0"))
    rig.taken()
    rig.passes(PACE.warming)
    assert [Drop(spare)] == rig.taken()
    rig.passes(PACE.spare)
    assert rig.dialled()


@pytest.mark.parametrize("profile", [PROFILE, PLAIN, replace(PROFILE, warm_up=False)])
def test_each_hour_has_its_rotation(profile: Profile) -> None:
    """A spare that is kept grows old with its connection, and is replaced as well."""
    rig = Rig(profile)
    leg = rig.connects()
    rig.warm()
    rig.answers(leg, "base" if profile.lanes else "", "r0")
    births: dict[int, float] = {}
    down = 0
    for _ in range(5 * 60 * 6):
        rig.passes(10.0)
        for act in rig.taken():
            match act:
                case Dial(leg):
                    births[leg] = rig.now
                    rig.opens(leg)
                    if profile is PROFILE:
                        rig.answers(leg, "base", f"s{leg}")
                case Disconnected():
                    down += 1
                case _:
                    pass
        assert all(rig.now - births.get(leg, 1000.0) <= 56 * MINUTE for leg in rig.open)

    assert not down
    assert 5 <= len(births) <= (12 if profile is PLAIN else 5)


# No room.


def test_where_a_cancelled_answer_blocks_all_there_is_a_spare_is_kept() -> None:
    rig = Rig(PLAIN)
    rig.connects()

    assert rig.dialled()


@pytest.mark.parametrize("profile", [PROFILE, DRAINS, replace(PLAIN, interrupt=True)])
def test_elsewhere_there_is_no_spare_before_it_is_time(profile: Profile) -> None:
    rig = Rig(profile)
    leg = rig.connects()
    rig.create(1)
    rig.hears(leg, stage("created", "c0" if profile.lanes else ""))
    rig.passes(PACE.rotation - 1)

    assert [] == [act for act in rig.taken() if isinstance(act, Dial)]


def test_the_next_request_goes_to_the_spare_while_a_cancelled_answer_drains() -> None:
    """At once: the person does not wait for what they did not want (§9.3)."""
    rig, first, second = plain()
    busy(rig, first)
    rig.cancel(1)
    assert [] == rig.taken()
    rig.create(2)

    (asked,) = rig.sent()
    assert second == asked.leg
    rig.hears(first, text("b", ""))
    rig.hears(second, stage("created", "", "s1"), text("new", ""))
    assert [Delta(2, "new")] == rig.told()


def test_a_leg_that_has_drained_in_time_is_the_next_spare() -> None:
    """Without a new handshake."""
    rig, first, second = plain()
    busy(rig, first)
    rig.cancel(1)
    rig.create(2)
    rig.hears(second, stage("created", "", "s1"))
    rig.hears(first, text("b", ""), stage("completed", ""))
    rig.cancel(2)
    rig.taken()
    rig.create(3)

    (asked,) = rig.sent()
    assert first == asked.leg
    assert {first, second} == rig.legs


def test_the_same_leg_is_used_if_it_has_drained_by_then() -> None:
    rig, first, _second = plain()
    busy(rig, first)
    rig.cancel(1)
    rig.hears(first, stage("completed", ""))
    rig.create(2)

    (asked,) = rig.sent()
    assert first == asked.leg


def test_legs_that_were_needed_once_rest_to_be_needed_again() -> None:
    """A person who types that fast goes on to: without a handshake each time."""
    rig, first, second = plain()
    busy(rig, first)
    rig.cancel(1)
    busy(rig, second, 2, "s1")
    rig.cancel(2)
    rig.create(3)
    third = rig.dialled()
    rig.opens(third)
    for leg, response_id in ((first, "r1"), (second, "s1")):
        rig.hears(leg, stage("completed", "", response_id))
    rig.taken()
    asked = []
    for handle in range(4, 7):
        rig.cancel(handle - 1)
        rig.create(handle)
        asked += [it.leg for it in rig.sent()]

    assert {first, second} == set(asked[:2])
    assert {first, second, third} == rig.legs


def test_a_resting_leg_takes_the_place_of_a_lost_connection() -> None:
    rig, first, second = plain()
    busy(rig, first)
    rig.cancel(1)
    busy(rig, second, 2, "s1")
    rig.cancel(2)
    rig.create(3)
    third = rig.dialled()
    rig.opens(third)
    rig.hears(first, stage("completed", ""))
    rig.hears(second, stage("completed", "", "s1"))
    rig.taken()
    rig.closes(third)
    rig.closes(first)

    assert [3] == failed(rig.told())
    rig.create(4)
    assert [second] == [it.leg for it in rig.sent()]


def test_a_resting_leg_is_dropped_when_it_is_old() -> None:
    rig, _leg = crowded()
    rig.create(99)
    spare = rig.dialled()
    rig.opens(spare)
    rig.hears(1, *(stage("completed", f"c{n}", f"r{n}") for n in range(15)))
    rig.hears(spare, stage("created", "c0", "s0"), stage("completed", "c0", "s0"))
    rig.passes(PACE.rotation)

    assert 1 not in rig.legs


def test_an_answer_that_drains_for_long_costs_its_leg() -> None:
    rig, first, _second = plain()
    busy(rig, first)
    rig.cancel(1)
    rig.create(2)
    rig.taken()
    rig.passes(PACE.drain - 0.1)
    assert [] == rig.taken()
    rig.passes(0.1)

    assert [Drop(first), Dial(3)] == rig.taken()


def test_an_answer_that_is_wanted_is_not_cut_for_another() -> None:
    """It is heard to its end on the leg that another has taken over from."""
    rig, first, second = plain()
    busy(rig, first)
    rig.create(2)
    (asked,) = rig.sent()
    assert second == asked.leg
    rig.passes(PACE.drain + PACE.mute / 2)
    rig.hears(first, text("b", ""), stage("completed", ""))

    assert [Delta(1, "b"), Ended(1, Usage())] == rig.told()


def test_the_spare_is_not_used_before_there_is_need() -> None:
    """An answer is being written, and nothing else is wanted."""
    rig = Rig(PLAIN)
    first = rig.connects()
    spare = rig.dialled()
    rig.create(1)
    rig.opens(spare)
    rig.hears(first, stage("created", ""), stage("completed", ""))
    rig.taken()
    rig.create(2)

    (asked,) = rig.sent()
    assert first == asked.leg


def test_at_three_legs_the_next_request_waits_for_the_first_to_drain() -> None:
    """However fast a person types: handshakes are no answer to that."""
    rig, first, second = plain()
    busy(rig, first)
    rig.cancel(1)
    busy(rig, second, 2, "s1")
    rig.cancel(2)
    rig.create(3)
    third = rig.dialled()
    rig.opens(third)
    rig.hears(third, stage("created", "", "t1"))
    rig.cancel(3)
    rig.taken()
    rig.create(4)
    assert [] == rig.taken()
    assert {first, second, third} == rig.legs
    rig.hears(first, stage("completed", ""))

    (asked,) = rig.sent()
    assert first == asked.leg


def test_what_waits_for_room_may_be_cancelled_without_a_word() -> None:
    rig = Rig(PLAIN)
    leg = rig.connects()
    rig.refuses(rig.dialled())
    busy(rig, leg)
    rig.create(2)
    rig.cancel(2)
    rig.hears(leg, stage("completed", ""))

    assert [Ended(1, Usage())] == rig.taken()


def test_of_what_waits_the_first_goes_first() -> None:
    rig = Rig(PLAIN)
    leg = rig.connects()
    rig.refuses(rig.dialled())
    busy(rig, leg)
    for handle in (2, 3, 4):
        rig.create(handle, replace(PROMPT, prefix=str(handle)))
    rig.cancel(3)
    rig.hears(leg, stage("completed", ""))
    rig.answers(leg, "", "r2")
    rig.answers(leg, "", "r4")

    asked = [it.message["input"][-1]["content"][-1]["text"] for it in rig.sent()]
    assert ["2", "4"] == asked


def test_where_there_is_no_spare_an_answer_that_drains_for_long_costs_the_connection() -> None:
    """A server may take one connection only: the next request must not wait for ever."""
    rig = Rig(PLAIN)
    leg = rig.connects()
    rig.refuses(rig.dialled())
    busy(rig, leg)
    rig.cancel(1)
    rig.create(2)
    rig.passes(PACE.drain)

    dropped, down, lost, dialled = rig.taken()
    assert (Drop(leg), Disconnected("the answer took too long", hopeless=False)) == (dropped, down)
    assert isinstance(lost, Failed)
    assert lost.transient
    assert isinstance(dialled, Dial)


def test_a_connection_that_drains_is_kept_where_nothing_waits_for_it() -> None:
    rig = Rig(PLAIN)
    leg = rig.connects()
    rig.refuses(rig.dialled())
    busy(rig, leg)
    rig.cancel(1)
    rig.create(2)
    rig.cancel(2)
    rig.taken()
    rig.passes(PACE.drain * 2)

    assert [] == rig.taken()


def test_a_wanted_answer_never_costs_its_connection_because_another_waits() -> None:
    rig = Rig(PLAIN)
    leg = rig.connects()
    rig.refuses(rig.dialled())
    busy(rig, leg)
    rig.create(2)
    rig.passes(PACE.drain * 2)
    assert [] == rig.taken()
    rig.cancel(1)
    rig.passes(PACE.drain)

    assert Drop(leg) in rig.taken()


def test_where_all_lanes_drain_a_spare_is_dialled_for_what_waits() -> None:
    """Prepared like the leg that it takes over from."""
    rig, leg = crowded()
    rig.create(99)
    spare = rig.dialled()
    rig.opens(spare)

    (asked,) = rig.sent()
    assert (spare, "c0") == (asked.leg, asked.lane)
    rig.hears(leg, *(stage("completed", f"c{n}", f"r{n}") for n in range(15)))
    assert {leg, spare} == rig.legs


def test_a_drained_leg_is_prepared_before_it_is_a_spare() -> None:
    """The stable part may have changed since."""
    rig, leg = crowded()
    rig.create(99)
    spare = rig.dialled()
    rig.opens(spare)
    rig.warm(OTHER)
    assert {spare} == {it.leg for it in rig.sent()}
    rig.hears(leg, *(stage("completed", f"c{n}", f"r{n}") for n in range(15)))

    (warming,) = rig.sent()
    assert (leg, True) == (warming.leg, warming.warms)


def test_with_interrupts_and_no_lanes_the_next_request_waits_for_the_terminal_frame() -> None:
    """A round trip; the leg that is dialled meanwhile is the next spare."""
    rig = Rig(replace(PLAIN, interrupt=True))
    leg = rig.connects()
    busy(rig, leg)
    rig.cancel(1)
    rig.create(2)
    assert ["response.interrupt"] == [it.message["type"] for it in rig.sent()]
    rig.hears(leg, stage("incomplete", "", incomplete_details={"reason": "interrupted"}))

    (asked,) = rig.sent()
    assert (leg, True) == (asked.leg, asked.asks)


# Mute.


def test_a_connection_that_does_not_answer_is_given_up() -> None:
    rig = Rig()
    leg = rig.connects()
    rig.create(1)
    rig.taken()
    rig.passes(PACE.mute - 1)
    assert [] == rig.taken()
    rig.passes(1)

    dropped, down, lost = rig.taken()
    assert Drop(leg) == dropped
    assert Disconnected("the model does not answer any more", hopeless=False) == down
    assert isinstance(lost, Failed)
    rig.passes(PACE.first)
    (dialled,) = rig.taken()
    assert isinstance(dialled, Dial)


def test_a_provider_that_never_answers_is_hopeless_though_it_is_always_there() -> None:
    rig = Rig()
    rig.connects()
    for attempt in (1, 2, 3):
        rig.create(attempt)
        rig.passes(PACE.mute)
        (down,) = (act for act in rig.told() if isinstance(act, Disconnected))
        assert (attempt > 1) is down.hopeless
        rig.passes(PACE.longest)
        rig.opens(rig.dialled())
        rig.told()


def test_any_sign_of_life_will_do() -> None:
    rig = Rig()
    leg = rig.connects()
    rig.create(1)
    rig.taken()
    rig.passes(PACE.mute - 1)
    rig.hears(leg, frame("codex.rate_limits", ""))
    rig.passes(PACE.rotation / 2)

    assert [] == rig.taken()


def test_cancelling_is_no_sign_of_life() -> None:
    """What was asked is owed."""
    rig = Rig()
    rig.connects()
    rig.create(1)
    rig.cancel(1)
    rig.passes(PACE.mute)

    assert any(isinstance(act, Disconnected) for act in rig.taken())


def test_a_connection_owes_nothing_where_nothing_was_sent() -> None:
    """What is too large fails here."""
    rig = Rig()
    rig.connects()
    rig.create(1, replace(PROMPT, prefix="x" * FRAME_LIMIT))
    assert [1] == failed(rig.told())
    rig.passes(PACE.mute * 2)

    assert [] == rig.taken()


def test_a_warm_up_may_take_its_time() -> None:
    """A large context on a small machine: to give the leg up would begin it anew for ever."""
    rig = Rig()
    rig.connects()
    rig.warm()
    rig.passes(PACE.warming * 10)

    assert [WARM] == rig.told()


# Warm-ups.


def test_a_warm_up_is_told_once_when_the_server_is_prepared() -> None:
    rig = Rig()
    leg = rig.connects()
    rig.warm()
    rig.prepares(leg)
    assert [WARM] == rig.told()
    rig.passes(PACE.warming * 2)

    assert [] == rig.told()


def test_a_warm_up_that_takes_long_is_told_and_goes_on() -> None:
    """The caller goes on without; what follows is sent in full until it is done."""
    rig = Rig()
    leg = rig.connects()
    rig.warm()
    rig.passes(PACE.warming)
    assert [WARM] == rig.told()
    rig.create(1)
    (asked,) = rig.sent()
    assert "previous_response_id" not in asked.message
    rig.answers(leg, "base", "r0")
    rig.create(2)

    (asked,) = rig.sent()
    assert "r0" == asked.message["previous_response_id"]


@pytest.mark.parametrize(
    "complaint",
    [
        error("insufficient_quota", "base", 429),
        error("unknown_parameter", "base", param="generate"),
        stage("failed", "base", "r0", error={"code": "server_error", "message": "oops"}),
    ],
)
def test_what_cannot_be_warmed_is_told_and_sent_cold(complaint: str) -> None:
    rig = Rig()
    leg = rig.connects()
    rig.warm()
    rig.hears(leg, complaint)
    assert [WARM] == rig.told()
    rig.create(1)

    (asked,) = rig.sent()
    assert "previous_response_id" not in asked.message


def test_where_there_are_no_warm_ups_the_caller_goes_on_at_once() -> None:
    rig = Rig(replace(PROFILE, warm_up=False))
    rig.connects()
    rig.warm()

    assert [WARM] == rig.taken()


def test_of_several_warm_ups_the_last_is_told() -> None:
    rig = Rig()
    leg = rig.connects()
    rig.warm()
    rig.warm(OTHER)
    rig.warm(STABLE)
    rig.prepares(leg)

    # The first of the two for the same part will do.
    assert [WARM] == rig.told()
    rig.answers(leg, "base1", "r1")
    assert [] == rig.told()


def test_a_warm_up_that_was_overtaken_is_not_told() -> None:
    rig = Rig()
    leg = rig.connects()
    rig.warm(OTHER)
    rig.warm()
    rig.prepares(leg)
    assert [] == rig.told()
    rig.answers(leg, "base1", "r1")

    assert [WARM] == rig.told()


def test_without_a_connection_a_warm_up_is_not_told() -> None:
    """Who hears that there is a connection asks anew."""
    rig = Rig()
    rig.start()
    rig.warm()
    rig.opens(1)
    rig.passes(PACE.warming * 2)

    assert [Connected()] == rig.told()


def test_a_warm_up_that_is_lost_with_the_connection_is_not_told() -> None:
    rig = Rig()
    leg = rig.connects()
    rig.warm()
    rig.closes(leg)
    rig.passes(0.1)
    rig.opens(2)
    rig.passes(PACE.warming * 2)

    assert [Disconnected("closed", hopeless=False), Connected()] == rig.told()


def test_where_a_base_serves_once_a_spare_is_not_prepared() -> None:
    """It would cost as much as it spares."""
    rig, first, _second = plain()
    rig.warm()

    assert {first} == {it.leg for it in rig.sent()}


def test_a_warm_up_goes_on_where_a_request_has_taken_the_spare_meanwhile() -> None:
    """It fills the provider's cache, on whichever connection it runs; its end is told."""
    rig, first, second = plain()
    rig.warm()
    rig.hears(first, stage("created", "", "r0"))
    rig.create(1)
    assert {second} == {it.leg for it in rig.sent() if it.asks}
    rig.passes(PACE.drain * 2)
    assert [] == rig.taken()
    rig.hears(first, stage("completed", "", "r0"))

    assert [WARM] == rig.told()


def test_a_warm_up_that_was_lost_beside_a_spare_does_not_keep_the_caller_waiting() -> None:
    rig, first, _second = plain()
    rig.warm()
    rig.taken()
    rig.closes(first)

    assert [WARM] == rig.told()


def test_a_spare_that_is_being_prepared_goes_on_when_its_connection_is_lost() -> None:
    rig = Rig()
    leg = rig.connects()
    rig.warm()
    rig.prepares(leg)
    spare = rotated(rig)
    rig.opens(spare)
    rig.warm(OTHER)
    rig.taken()
    rig.closes(leg)
    assert [] == rig.told()
    rig.answers(spare, "base", "s0")
    rig.answers(spare, "base1", "s1")

    assert [Warmed(ok=True, stable=OTHER)] == rig.told()


# What a server says.


@pytest.mark.parametrize(
    "code", ["websocket_connection_limit_reached", "websocket_stream_limit_reached"]
)
def test_a_used_up_connection_is_replaced_before_its_answers_fail(code: str) -> None:
    rig = Rig()
    leg = rig.connects()
    rig.create(1)
    rig.create(2)
    rig.taken()
    rig.hears(leg, error(code, "c1"))

    dropped, down, *lost = rig.taken()
    assert Drop(leg) == dropped
    assert isinstance(down, Disconnected)
    assert [1, 2] == sorted(event.handle for event in lost if isinstance(event, Failed))
    assert all(event.transient for event in lost if isinstance(event, Failed))


def test_a_used_up_connection_beside_a_spare_is_no_outage() -> None:
    rig, first, second = plain()
    busy(rig, first)
    rig.hears(first, error("websocket_connection_limit_reached", ""))

    assert [1] == failed(rig.told())
    rig.create(2)
    (asked,) = rig.sent()
    assert second == asked.leg


@pytest.mark.parametrize(
    ("code", "waits"),
    [
        ("server_is_overloaded", [0.0, 7.5, 45.0, 180.0, 450.0]),
        ("slow_down", [0.0, 7.5, 45.0, 180.0, 450.0]),
        ("rate_limit_exceeded", [1.5, 3.0, 6.0, 12.0]),
    ],
)
def test_a_server_that_has_too_much_to_do_is_left_alone_for_longer_and_longer(
    code: str, waits: list[float]
) -> None:
    rig = Rig(jitter=0.5)
    leg = rig.connects()
    told = []
    for handle in range(len(waits)):
        rig.create(handle)
        rig.hears(leg, error(code, "c0", 429))
        (event,) = [act for act in rig.taken() if isinstance(act, Failed)]
        told.append(event.retry_after)

    assert waits == told
    rig.create(98)
    rig.answers(leg, "c0", "r98")
    rig.create(99)
    rig.hears(leg, error(code, "c0", 429))
    assert [waits[0]] == [act.retry_after for act in rig.taken() if isinstance(act, Failed)]


def test_a_forgotten_base_is_a_matter_of_the_connection() -> None:
    rig = Rig()
    leg = rig.connects()
    rig.warm()
    rig.prepares(leg)
    rig.create(1)
    rig.taken()
    rig.hears(leg, error("previous_response_not_found"))

    (again,) = rig.sent()
    assert "previous_response_id" not in again.message
    rig.answers(leg, "c0", "r1")
    assert [Ended(1, Usage())] == rig.told()


# What one connection has learned.


def test_what_was_refused_is_remembered_over_connections() -> None:
    rig = Rig()
    leg = rig.connects()
    rig.create(1)
    rig.hears(leg, error("unknown_parameter", param="stream_options"))
    rig.closes(leg)
    rig.passes(0.1)
    rig.opens(2)
    rig.taken()
    rig.create(2)

    (asked,) = rig.sent()
    assert "stream_options" not in asked.message
    assert {"stream_options"} == rig.link.profile.refused


def test_a_spare_knows_what_the_connection_has_learned_since_it_was_dialled() -> None:
    """Nothing is believed again that was refused."""
    rig = Rig()
    leg = rig.connects()
    spare = rotated(rig)
    rig.create(1)
    rig.hears(leg, error("unknown_parameter", param="stream_options"))
    rig.taken()
    rig.opens(spare)
    rig.create(2)

    (asked,) = rig.sent()
    assert spare == asked.leg
    assert "stream_options" not in asked.message
    rig.answers(spare, "c0", "s1")
    assert {"stream_options"} == rig.link.profile.refused


def test_what_a_spare_has_learned_is_remembered() -> None:
    rig = Rig()
    leg = rig.connects()
    rig.warm()
    rig.prepares(leg)
    spare = rotated(rig)
    rig.opens(spare)
    rig.hears(spare, error("unknown_parameter", "base", param="generate"))

    assert not rig.link.profile.warm_up


def test_a_provider_that_has_no_lanes_gets_a_spare_when_that_is_found_out() -> None:
    rig = Rig(DRAINS)
    leg = rig.connects()
    rig.create(1)
    rig.hears(leg, stage("created", ""), text("a", ""))
    rig.taken()
    rig.passes(0.0)

    assert rig.dialled()


# Steering.


STEERS = replace(PROFILE, steer=True)
AGAIN = replace(PROMPT, suffix="shorter")


def steered(profile: Profile) -> tuple[Rig, int]:
    """An answer that is being written has been told something."""
    rig = Rig(profile)
    leg = rig.connects()
    rig.create(1)
    rig.hears(leg, stage("created", "c0" if profile.lanes else ""))
    rig.taken()
    rig.steer(1, "shorter", AGAIN)
    return rig, leg


def suffix(message: dict[str, object]) -> object:
    match message["input"]:
        case [*_, {"content": [_, {"text": shown}, *_]}]:
            return shown
        case _:
            return None


def test_a_model_that_can_be_steered_is_told_so() -> None:
    rig, leg = steered(STEERS)
    assert ["response.steer"] == [it.message["type"] for it in rig.sent()]
    steer = {"previous_response_id": "r1"}
    rig.hears(leg, frame("response.steer.accepted", steer=steer), stage("completed"))
    rig.hears(leg, stage("created", response_id="r2"), text("b"), stage("completed", "c0", "r2"))

    assert [Steered(1, "steered"), Delta(1, "b"), Ended(1, Usage())] == rig.told()


def test_a_model_that_cannot_be_steered_is_interrupted_and_asked_anew() -> None:
    rig, leg = steered(PROFILE)
    acts = list(rig.acts)
    interrupt, again = rig.sent()

    assert ["response.interrupt", "response.create"] == [
        interrupt.message["type"],
        again.message["type"],
    ]
    assert "shorter" == suffix(again.message)
    assert Steered(1, "interrupted") in acts
    rig.hears(leg, text("old"), stage("created", again.lane, "r2"), text("new", again.lane))
    assert [Delta(1, "new")] == rig.told()


def test_where_nothing_can_be_stopped_the_answer_is_asked_anew_elsewhere() -> None:
    rig, leg = steered(DRAINS)
    acts = list(rig.acts)
    (again,) = rig.sent()

    assert "shorter" == suffix(again.message)
    assert Steered(1, "reissued") in acts
    rig.hears(leg, text("old"), stage("completed"), stage("created", again.lane, "r2"))
    rig.hears(leg, stage("completed", again.lane, "r2"))
    assert [Ended(1, Usage())] == rig.told()


def test_a_refused_steer_goes_down_the_ladder() -> None:
    rig, leg = steered(replace(STEERS, interrupt=False))
    rig.taken()
    refused = {"code": "steering_not_supported", "message": "no"}
    steer = {"previous_response_id": "r1"}
    rig.hears(leg, frame("response.steer.failed", error=refused, steer=steer))
    acts = list(rig.acts)
    (again,) = rig.sent()

    assert "shorter" == suffix(again.message)
    assert Steered(1, "reissued") in acts
    assert not rig.link.profile.steer


def test_an_answer_that_ends_before_the_steer_is_asked_anew_and_not_ended() -> None:
    rig, leg = steered(STEERS)
    rig.taken()
    rig.hears(leg, stage("completed"))

    assert [Steered(1, "interrupted")] == [act for act in rig.acts if isinstance(act, Steered)]
    assert not [act for act in rig.acts if isinstance(act, Ended)]
    (again,) = rig.sent()
    assert "shorter" == suffix(again.message)


def test_what_waits_for_room_is_asked_as_it_was_steered() -> None:
    rig = Rig(PLAIN)
    leg = rig.connects()
    rig.refuses(rig.dialled())
    busy(rig, leg)
    rig.create(2)
    rig.steer(2, "shorter", AGAIN)
    assert [Steered(2, "reissued")] == rig.told()
    rig.hears(leg, stage("completed", ""))

    (again,) = rig.sent()
    assert "shorter" == suffix(again.message)


def test_what_is_steered_on_a_retired_leg_is_asked_anew_on_the_current() -> None:
    rig = Rig(DRAINS)
    leg = rig.connects()
    rig.create(1)
    rig.hears(leg, stage("created"))
    spare = rotated(rig)
    rig.opens(spare)
    rig.taken()
    rig.steer(1, "shorter", AGAIN)

    (again,) = rig.sent()
    assert spare == again.leg
    rig.passes(PACE.drain)
    assert Drop(leg) in rig.taken()


def test_what_is_steered_while_the_connection_is_away_has_failed() -> None:
    rig = Rig(DRAINS)
    leg = rig.connects()
    rig.create(1)
    rig.hears(leg, stage("created"))
    spare = rotated(rig)
    rig.opens(spare)
    rig.closes(spare)
    rig.taken()
    rig.steer(1, "shorter", AGAIN)

    assert [Steered, Failed] == [type(act) for act in rig.told()]


def test_an_unknown_answer_may_be_steered_and_cancelled() -> None:
    rig = Rig(STEERS)
    rig.connects()
    rig.taken()
    rig.steer(9, "shorter", AGAIN)
    rig.cancel(9)

    assert [] == rig.taken()


def test_a_steered_answer_may_be_cancelled() -> None:
    rig, leg = steered(STEERS)
    rig.cancel(1)
    rig.taken()
    steer = {"previous_response_id": "r1"}
    rig.hears(leg, frame("response.steer.accepted", steer=steer), stage("completed"))
    rig.hears(leg, stage("created", response_id="r2"), stage("completed", response_id="r2"))

    assert [] == rig.told()


# Sizes.


def test_a_request_over_the_limit_fails_and_the_next_goes_out() -> None:
    rig = Rig()
    rig.connects()
    rig.create(1, Prompt((), "p", "x" * FRAME_LIMIT, ""))
    (event,) = rig.told()
    assert isinstance(event, Failed)
    assert ("frame_too_large", False) == (event.code, event.transient)
    rig.create(2)

    (asked,) = rig.sent()
    assert asked.asks
