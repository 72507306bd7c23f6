"""Steering a running answer: what the client makes of whatever a server says to it (§1.6)."""

import json
from dataclasses import replace
from typing import Any

import pytest

from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.client import Client
from spark_lsp.wire.events import Usage
from spark_lsp.wire.outcomes import Delta, Ended, Event, Failed, Steered, Step, Unsteered
from tests.frames import error, frame, sent, stage, text

PROFILE = Profile("m", None, 128, lanes=True, continuation=True, interrupt=False, steer=True)
INTERRUPTS = replace(PROFILE, interrupt=True)
PLAIN = replace(PROFILE, steer=False)
PROMPT = Prompt((Block("file", "a.py", "A = 1\n"),), "open.py", "y = ", "\n")
STEERED: dict[str, Any] = {"incomplete_details": {"reason": "steered"}}


def accepted(of: str = "r1", lane: str = "c0") -> str:
    return frame("response.steer.accepted", lane, steer={"id": "s1", "previous_response_id": of})


def refused(code: str, of: str = "r1", lane: str = "c0") -> str:
    told = {"type": "invalid_request_error", "code": code, "message": f"{code}!"}
    steer = {"previous_response_id": of, "input": "shorter"}
    return frame("response.steer.failed", lane, error=told, steer=steer)


def heard(client: Client, *frames: str) -> list[Event]:
    """What the client makes of these frames, which must not make it send any."""
    events: list[Event] = []
    for each in frames:
        step = client.receive(each)
        assert not step.frames
        events += step.events
    return events


def written(profile: Profile = PROFILE) -> Client:
    """A client with an answer that is being written."""
    client = Client(profile)
    client.create(1, PROMPT)
    assert [Delta(1, "a")] == heard(client, stage("created"), text("a"))
    return client


def steered(profile: Profile = PROFILE) -> Client:
    """A client that has said something to an answer which is being written."""
    client = written(profile)
    assert client.steer(1, "shorter").frames
    return client


def test_a_steer_names_the_response_and_no_lane() -> None:
    """§1.2: type, previous_response_id and input, and nothing else."""
    message = sent(written().steer(1, "say “ja”"))

    expected = {"type": "response.steer", "previous_response_id": "r1", "input": "say “ja”"}
    assert expected == message


@pytest.mark.parametrize("end", [stage("incomplete", **STEERED), stage("completed")])
def test_an_accepted_steer_takes_effect_with_the_successor(end: str) -> None:
    """What the first response still says is heard; its end is none."""
    client = steered()

    assert [
        Delta(1, "b"),
        Steered(1, "steered"),
        Delta(1, "new"),
        Ended(1, Usage()),
    ] == heard(
        client,
        accepted(),
        text("b"),
        end,
        text("late"),
        stage("created", response_id="r2"),
        text("new"),
        stage("completed", response_id="r2"),
    )
    assert not client.in_flight
    assert [] == client.lost("nothing is open")


def test_the_successor_counts_its_deltas_anew() -> None:
    client = written()
    heard(client, text("b", sequence_number=9))
    client.steer(1, "shorter")

    assert [Steered(1, "steered"), Delta(1, "new")] == heard(
        client,
        accepted(),
        stage("incomplete", **STEERED),
        stage("created", response_id="r2"),
        text("new", sequence_number=4),
    )


def test_the_end_of_the_first_response_does_not_end_the_successor() -> None:
    """It may be said again."""
    client = steered()
    heard(client, accepted(), stage("incomplete", **STEERED), stage("created", response_id="r2"))

    assert [] == heard(client, stage("incomplete", **STEERED), stage("created"))
    assert [Ended(1, Usage())] == heard(client, stage("completed", response_id="r2"))


def test_an_answer_may_be_steered_again_once_the_first_has_taken_effect() -> None:
    client = steered()
    heard(client, accepted(), stage("incomplete", **STEERED), stage("created", response_id="r2"))

    assert "r2" == sent(client.steer(1, "longer"))["previous_response_id"]
    assert [Steered(1, "steered"), Ended(1, Usage())] == heard(
        client,
        accepted("r2"),
        stage("completed", response_id="r2"),
        stage("created", response_id="r3"),
        stage("completed", response_id="r3"),
    )


@pytest.mark.parametrize("answer", [[], [accepted()]])
def test_an_answer_that_is_being_steered_goes_down_the_ladder_when_steered_again(
    answer: list[str],
) -> None:
    """What both ask for is in the prompt that is asked anew."""
    client = steered()
    heard(client, *answer)

    assert Step(events=[Unsteered(1)]) == client.steer(1, "longer")


@pytest.mark.parametrize(
    "code",
    [
        "response_not_found",
        "invalid_input",
        "too_many_pending_steers",
        "response_already_completed",
        "response_not_active",
        "something_new",
    ],
)
def test_a_failed_steer_leaves_the_answer_as_it_is(code: str) -> None:
    """The caller goes down the ladder; the next may be steered all the same."""
    client = steered()

    assert [Unsteered(1), Delta(1, "b"), Ended(1, Usage())] == heard(
        client, refused(code), text("b"), stage("completed"), refused(code)
    )
    assert client.profile.steer


def test_a_model_that_cannot_be_steered_is_not_asked_again() -> None:
    client = steered()

    assert [Unsteered(1)] == heard(client, refused("steering_not_supported"))
    assert not client.profile.steer
    assert Step(events=[Unsteered(1)]) == client.steer(1, "longer")


@pytest.mark.parametrize(
    "complaint",
    [
        error("invalid_value", "", message="Invalid value: 'response.steer'.", param="type"),
        error("", message="unknown event type 'response.steer'"),
        error("steering_not_supported", ""),
    ],
)
def test_a_server_that_does_not_know_the_event_is_not_told_it_again(complaint: str) -> None:
    """The error is about the event: the answer goes on."""
    client = steered()

    assert [Unsteered(1), Delta(1, "b"), Ended(1, Usage())] == heard(
        client, complaint, text("b"), stage("completed")
    )
    assert not client.profile.steer


def test_a_steer_that_waits_for_a_tool_will_wait_for_ever() -> None:
    """We offer none."""
    client = steered()
    pending = frame(
        "response.steer.pending",
        reason="waiting_for_required_input",
        steer={"id": "s1", "previous_response_id": "r1"},
    )

    assert [Unsteered(1)] == heard(client, pending)


def test_an_answer_that_ends_before_the_steer_arrives_is_asked_anew() -> None:
    """Its end was no answer to what was said."""
    client = steered()

    assert [Unsteered(1)] == heard(client, stage("completed"), refused("response_not_active"))
    assert not client.in_flight
    assert sent(client.create(1, PROMPT))


def test_a_successor_that_cannot_be_made_is_asked_for_anew() -> None:
    """The steer was accepted, the response has ended, and there will be no other (§1.6 a)."""
    client = steered()

    assert [Unsteered(1)] == heard(
        client,
        accepted(),
        stage("incomplete", **STEERED),
        refused("successor_creation_failed"),
        refused("successor_creation_failed"),
    )
    assert not client.in_flight
    assert Step() == client.cancel(1)


def test_an_accepted_steer_may_still_fail_while_its_response_runs() -> None:
    client = steered()

    assert [Unsteered(1), Ended(1, Usage())] == heard(
        client, accepted(), refused("successor_creation_failed"), stage("completed")
    )


def test_a_response_that_fails_fails_the_handle_though_it_was_steered() -> None:
    client = steered()
    failed = stage("failed", error={"code": "server_error", "message": "oops"})

    assert [Failed(1, "server_error", "oops", transient=True)] == heard(client, accepted(), failed)
    assert not client.in_flight


def test_a_filtered_response_fails_the_handle_though_it_was_steered() -> None:
    client = steered()
    filtered = stage("incomplete", incomplete_details={"reason": "content_filter"})

    (event,) = heard(client, accepted(), filtered)

    assert isinstance(event, Failed)


@pytest.mark.parametrize("answer", [[], [accepted()], [accepted(), stage("completed")]])
def test_losing_the_connection_fails_what_was_being_steered(answer: list[str]) -> None:
    """Whatever came of it is unknown."""
    client = steered()
    heard(client, *answer)

    assert [Failed(1, "connection_lost", "gone", transient=True)] == client.lost("gone")


@pytest.mark.parametrize("profile", [PROFILE, INTERRUPTS])
@pytest.mark.parametrize("before", [0, 1, 2, 3])
def test_a_steered_answer_may_be_cancelled_at_any_moment(profile: Profile, before: int) -> None:
    """Nothing is heard of it, and its lane is free after the successor's end."""
    client = steered(profile)
    frames = [
        accepted(),
        stage("incomplete", **STEERED),
        stage("created", response_id="r2"),
        text("new"),
        stage("completed", response_id="r2"),
    ]
    for each in frames[:before]:
        client.receive(each)
    client.cancel(1)
    steps = [client.receive(each) for each in frames[before:]]

    assert [] == [event for step in steps for event in step.events]
    assert not client.in_flight
    interrupted = {json.loads(it)["response_id"] for step in steps for it in step.frames}
    assert interrupted <= {"r2"}
    assert bool(interrupted) == (profile.interrupt and before < 3)


def test_an_interrupt_ends_an_accepted_steer_with_its_response() -> None:
    """The server hands the steer back: there will be no successor to keep the lane for."""
    client = steered(INTERRUPTS)
    heard(client, accepted())
    client.cancel(1)
    interrupted = stage("incomplete", incomplete_details={"reason": "interrupted"})

    assert [] == heard(client, interrupted, refused("response_not_active"))
    assert not client.in_flight


def test_what_was_not_begun_is_not_steered() -> None:
    """There is no id to name yet, or no ability, or no such answer."""
    client = Client(PROFILE)
    client.create(1, PROMPT)

    assert Step(events=[Unsteered(1)]) == client.steer(1, "shorter")
    assert Step(events=[Unsteered(1)]) == written(PLAIN).steer(1, "shorter")
    assert Step() == client.steer(99, "shorter")


@pytest.mark.parametrize("of", ["", "r9"])
def test_what_is_said_of_another_response_changes_nothing(of: str) -> None:
    client = steered()

    assert [Ended(1, Usage())] == [
        event
        for event in heard(client, accepted(of), refused("x", of), accepted(), accepted("r9"))
        + heard(client, stage("completed"), stage("created", response_id="r2"))
        + heard(client, refused("x", of), stage("completed", response_id="r2"))
        if not isinstance(event, Steered)
    ]


def test_two_answers_are_steered_apart() -> None:
    client = steered()
    client.create(2, PROMPT)
    heard(client, stage("created", "c1", "r2"))
    client.steer(2, "longer")

    assert [Unsteered(2), Steered(1, "steered")] == heard(
        client,
        accepted(),
        refused("response_not_active", "r2", "c1"),
        stage("incomplete", **STEERED),
        stage("created", response_id="r3"),
    )


def test_the_successor_is_cleaned_anew() -> None:
    """A chat model puts a fence around each of its answers."""
    client = Client(replace(PROFILE, cleans=True))
    client.create(1, PROMPT)
    heard(client, stage("created"), text("```\nold\n"))
    client.steer(1, "shorter")
    heard(client, accepted(), stage("incomplete", **STEERED), stage("created", response_id="r2"))

    events = heard(client, text("```\nnew\n```"), stage("completed", response_id="r2"))

    assert "new" == "".join(it.text for it in events if isinstance(it, Delta)).strip()
