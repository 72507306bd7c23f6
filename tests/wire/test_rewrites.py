"""Rewrites over a connection: asked from the warm base, whole or not at all, and steered."""

import json
from dataclasses import replace
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.client import FRAME_LIMIT, Client
from spark_lsp.wire.events import Usage
from spark_lsp.wire.layout import read_rewrite
from spark_lsp.wire.outcomes import Delta, Ended, Event, Failed, Steered, Unsteered
from spark_lsp.wire.server import Generate, Server
from tests.frames import error, frame, sent, stage, text
from tests.rig import PROFILE, PROMPT, REWRITE, STABLE, Rig

CHATS = replace(PROFILE, cleans=True, steer=True)
AGAIN = replace(REWRITE, instruction="Double them. Halve y.")
STEERED = {"reason": "steered"}


def heard(client: Client, *frames: str) -> list[Event]:
    return [event for each in frames for event in client.receive(each).events]


def said(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Delta))


def begun(asked: Prompt | Rewrite, profile: Profile = CHATS) -> Client:
    """A client that has asked and whose answer has begun."""
    client = Client(profile)
    client.create(1, asked)
    client.receive(stage("created"))
    return client


def accepted(of: str = "r1") -> str:
    return frame("response.steer.accepted", steer={"id": "s1", "previous_response_id": of})


# How it is asked.


def test_a_rewrite_continues_from_the_base_that_completions_continue_from() -> None:
    client = Client(CHATS)
    client.warm(STABLE)
    heard(client, stage("created", "base", "r0"), stage("completed", "base", "r0"))
    completion, rewrite = sent(client.create(1, PROMPT)), sent(client.create(2, REWRITE))

    assert "r0" == rewrite["previous_response_id"] == completion["previous_response_id"]
    assert replace(REWRITE, stable=()) == read_rewrite(rewrite["input"])
    assert rewrite["max_output_tokens"] == CHATS.max_output_tokens + REWRITE.room
    assert completion["max_output_tokens"] == CHATS.max_output_tokens
    assert rewrite.keys() == completion.keys()


def test_a_rewrite_has_no_more_room_than_the_model_has() -> None:
    client = Client(replace(CHATS, rewrite_tokens=10))

    assert 138 == sent(client.create(1, REWRITE))["max_output_tokens"]


def test_a_server_that_takes_no_limit_is_asked_for_a_rewrite_without() -> None:
    client = Client(CHATS)
    client.create(1, REWRITE)
    again = sent(client.receive(error("unknown_parameter", param="max_output_tokens")))

    assert "max_output_tokens" not in again
    assert REWRITE == read_rewrite(again["input"])


def test_a_rewrite_whose_base_is_lost_is_asked_in_full() -> None:
    client = Client(CHATS)
    client.warm(STABLE)
    heard(client, stage("created", "base", "r0"), stage("completed", "base", "r0"))
    client.create(1, REWRITE)
    again = sent(client.receive(error("previous_response_not_found")))

    assert REWRITE == read_rewrite(again["input"])


def test_a_rewrite_over_the_limit_of_a_frame_fails() -> None:
    rig = Rig()
    rig.connects()
    rig.create(1, replace(REWRITE, region="x" * FRAME_LIMIT))
    (event,) = rig.told()

    assert isinstance(event, Failed)
    assert ("frame_too_large", False) == (event.code, event.transient)


# What is made of its answer.


CHATTY = "Sure! Here is the code:\n\n```python\nx = 2\ny = 4\n```\n\nThis code doubles them."


@given(st.lists(st.integers(1, len(CHATTY) - 1), max_size=6))
def test_what_a_chat_model_adds_is_taken_out_however_it_is_cut(cuts: list[int]) -> None:
    client = begun(REWRITE)
    ends = sorted({0, len(CHATTY), *cuts})
    pieces = [text(CHATTY[start:end]) for start, end in pairwise(ends)]
    events = heard(client, *pieces, stage("completed"))

    assert "x = 2\ny = 4\n" == said(events)
    assert Ended(1, Usage()) == events[-1]


@pytest.mark.parametrize("reason", ["max_output_tokens", "interrupted", "steered", "max_messages"])
def test_a_rewrite_that_was_cut_has_failed_and_a_completion_has_not(reason: str) -> None:
    cut = stage("incomplete", incomplete_details={"reason": reason})
    (failed,) = heard(begun(REWRITE), cut)

    assert isinstance(failed, Failed)
    assert (reason, False, False) == (failed.code, failed.transient, failed.lasting)
    assert [Ended(1, Usage(), reason)] == heard(begun(PROMPT), cut)


DECLINED = [
    frame("response.refusal.done", output_index=0, refusal="no"),
    stage("completed"),
]


def test_a_rewrite_that_is_declined_has_failed_and_removes_nothing() -> None:
    (failed,) = heard(begun(REWRITE), *DECLINED)

    assert Failed(1, "refusal", "the model declines to write this", transient=False) == failed
    assert [Ended(1, Usage(), "refusal")] == heard(begun(PROMPT), *DECLINED)


def test_what_a_rewrite_failed_of_is_not_believed_of_the_provider() -> None:
    client = begun(REWRITE)
    heard(client, stage("incomplete", incomplete_details={"reason": "max_output_tokens"}))

    assert CHATS == client.profile


# Steered.


def successor(client: Client, *frames: str) -> list[Event]:
    """Have an answer steered that says this from then on."""
    assert sent(client.steer(1, "Halve y."))["type"] == "response.steer"
    return heard(
        client,
        accepted(),
        stage("incomplete", incomplete_details=STEERED),
        stage("created", response_id="r2"),
        *frames,
    )


@given(st.sampled_from(["```python\nx =", "x = 2\n", "```python\nx = 2\n```\n", "<think>"]))
def test_the_successor_of_a_rewrite_is_cleaned_anew(before: str) -> None:
    """However far the first answer had come, and whatever of it was held back."""
    client = begun(REWRITE)
    first = heard(client, text(before))
    if any(isinstance(event, Ended) for event in first):
        return
    events = successor(
        client, text("```python\nx = 2\ny = 1\n```"), stage("completed", response_id="r2")
    )
    turn = events.index(Steered(1, "steered"))

    assert "x = 2\ny = 1\n" == said(events[turn:])
    assert Ended(1, Usage()) == events[-1]


def test_the_successor_of_a_rewrite_may_be_cut_or_declined_like_any_other() -> None:
    """That the first had text does not make a refusal an answer."""
    for frames in (
        [frame("response.refusal.done", output_index=0, refusal="no")],
        [text("x = 2"), stage("incomplete", response_id="r2", incomplete_details=STEERED)],
    ):
        client = begun(REWRITE)
        heard(client, text("x = 2\n"))
        events = successor(client, *frames, stage("completed", response_id="r2"))

        assert isinstance(events[-1], Failed)


FENCED = ["```python\nx = 2\ny = 4\n```\n", "and more"]


@pytest.mark.parametrize("asked", [PROMPT, REWRITE])
def test_an_answer_that_has_said_all_of_use_is_not_ended_while_it_is_steered(
    asked: Prompt | Rewrite,
) -> None:
    """The rest of it is waited for, since the successor follows its end."""
    client = begun(asked)
    client.steer(1, "shorter")
    steps = [client.receive(text(each)) for each in FENCED]

    assert not [it for step in steps for it in step.events if not isinstance(it, Delta)]
    assert [] == [it for step in steps for it in step.frames]
    assert [Steered(1, "steered")] == heard(
        client,
        accepted(),
        stage("incomplete", incomplete_details=STEERED),
        stage("created", response_id="r2"),
    )


def test_one_whose_steer_was_not_taken_by_then_is_asked_anew() -> None:
    client = begun(REWRITE)
    client.steer(1, "shorter")
    events = heard(client, *map(text, FENCED), stage("completed"))

    assert Unsteered(1) == events[-1]
    assert not [event for event in events if isinstance(event, Ended)]


def test_a_successor_that_fails_is_not_asked_for_as_it_was_before_the_turn() -> None:
    """The prompt that went out lacks what was said since."""
    client = begun(REWRITE)
    successor(client)
    broken = stage("failed", response_id="r2", error={"code": "previous_response_not_found"})
    step = client.receive(broken)

    assert [] == step.frames
    assert [Failed] == [type(event) for event in step.events]


def test_what_fails_while_it_is_told_something_is_asked_anew_with_that() -> None:
    """And not once more as it was."""
    rig = Rig(CHATS)
    leg = rig.connects()
    rig.create(1, REWRITE)
    rig.hears(leg, stage("created"))
    rig.steer(1, "Halve y.", AGAIN)
    rig.taken()
    complaint: dict[str, Any] = {"code": "unknown_parameter", "param": "reasoning", "message": "x"}
    rig.hears(leg, stage("failed", error=complaint))
    acts = list(rig.acts)
    (again,) = rig.sent()

    assert AGAIN == read_rewrite(again.message["input"])
    assert [Steered] == [type(act) for act in acts if isinstance(act, Steered | Failed)]


@pytest.mark.parametrize("profile", [replace(CHATS, steer=False), CHATS])
def test_a_rewrite_that_cannot_be_told_anything_is_asked_anew_and_cleaned_as_that(
    profile: Profile,
) -> None:
    rig = Rig(profile)
    leg = rig.connects()
    rig.create(1, REWRITE)
    rig.hears(leg, stage("created"), text("```python\nx ="))
    rig.taken()
    rig.steer(1, "Halve y.", AGAIN)
    if profile.steer:
        refused = {"code": "steering_not_supported", "message": "no"}
        steer = {"previous_response_id": "r1"}
        rig.hears(leg, frame("response.steer.failed", error=refused, steer=steer))
    told = [act for act in rig.acts if isinstance(act, Steered | Delta)]
    again = rig.sent()[-1]
    rig.hears(leg, text(" 9\n"), stage("created", again.lane, "r2"))
    rig.hears(leg, text("```python\nx = 2\ny = 1\n```", again.lane))
    rig.hears(leg, stage("completed", again.lane, "r2"))

    assert [Steered(1, "interrupted")] == told
    assert AGAIN == read_rewrite(again.message["input"])
    assert "x = 2\ny = 1\n" == said([it for it in rig.told() if isinstance(it, Delta)])
    assert not rig.link.profile.steer


def test_a_spelled_rewrite_is_one_line_of_json() -> None:
    """A frame is a frame, whatever the texts hold."""
    odd = replace(REWRITE, region="\ud800\u2028\r\n", instruction='"\\')
    (only,) = Client(CHATS).create(1, odd).frames

    assert json.loads(only)
    assert "\n" not in only


BLOCK = Block("file", "b.py", "B = 2\n")


def test_what_has_grown_since_the_base_was_warmed_is_sent_with_a_rewrite() -> None:
    client = Client(CHATS)
    client.warm(STABLE)
    heard(client, stage("created", "base", "r0"), stage("completed", "base", "r0"))
    message = sent(client.create(1, replace(REWRITE, stable=(*STABLE, BLOCK))))

    assert replace(REWRITE, stable=(BLOCK,)) == read_rewrite(message["input"])


# The server's half.


def test_a_server_is_asked_to_answer_a_rewrite_as_that_and_so_is_its_successor() -> None:
    numbers = count(1)
    server = Server("m", lambda: str(next(numbers)))
    (frame_,) = Client(CHATS).create(1, REWRITE).frames
    (command,) = server.receive(frame_).commands
    assert isinstance(command, Generate)
    server.delta(command.key, "x = 2\n")
    steer = {"type": "response.steer", "previous_response_id": command.key, "input": "Halve y."}
    server.receive(json.dumps(steer))
    _, following = server.boundary(command.key).commands

    assert REWRITE == command.prompt
    assert CHATS.max_output_tokens + REWRITE.room == command.max_output_tokens
    assert isinstance(following, Generate)
    assert REWRITE == following.prompt
