"""The client's half, frame by frame: what it says of answers, failures, lanes and the base."""

import json
from dataclasses import replace
from math import log
from typing import Any

import pytest

from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.client import FRAME_LIMIT, Client
from spark_lsp.wire.events import Usage
from spark_lsp.wire.faults import Fault
from spark_lsp.wire.outcomes import Delta, Ended, Event, Failed, Step, Warmed
from tests.frames import error, frame, sent, stage, text

PROFILE = Profile("m", None, 128, lanes=True, continuation=True, interrupt=False)
INTERRUPTS = replace(PROFILE, interrupt=True)
PLAIN = replace(PROFILE, lanes=False, continuation=False)
STABLE = (Block("file", "a.py", "A = 1\n"),)
GROWN = (*STABLE, Block("file", "b.py", "B = 2\n"))
OTHER = (Block("file", "z.py", "Z = 0\n"),)
PROMPT = Prompt(STABLE, "open.py", "y = ", "\n")


def hear(client: Client, *frames: str) -> list[Event]:
    """What the client makes of these frames, which must not make it send any."""
    events: list[Event] = []
    for each in frames:
        step = client.receive(each)
        assert not step.frames
        events += step.events
    return events


def warmed(profile: Profile = PROFILE, stable: tuple[Block, ...] = STABLE) -> Client:
    """A client whose base "r0" is ready."""
    client = Client(profile)
    lane = sent(client.warm(stable)).get("stream_id", "")
    hear(client, stage("created", lane, "r0"), stage("completed", lane, "r0"))
    return client


def running(client: Client, handle: int = 1, lane: str = "c0", response_id: str = "r1") -> Client:
    """The client with this handle created and its response running."""
    client.create(handle, PROMPT)
    hear(client, stage("created", lane, response_id))
    return client


# Answers.


def test_text_and_usage_reach_the_handle() -> None:
    """The turn of §1.7, from the wire to the caller."""
    client = Client(PROFILE)
    client.create(7, PROMPT)
    usage = {
        "input_tokens": 2300,
        "input_tokens_details": {"cached_tokens": 2048, "cache_write_tokens": 1},
        "output_tokens": 3,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 2303,
    }

    assert [
        Delta(7, "return "),
        Delta(7, "x"),
        Ended(7, Usage(2300, 2048, 1, 3, 2)),
    ] == hear(
        client,
        stage("created"),
        stage("in_progress"),
        frame("response.output_item.added", output_index=0, item={"type": "message"}),
        text("return ", sequence_number=4, output_index=0, logprobs=[]),
        text("", sequence_number=5),
        text("x", sequence_number=6),
        frame("response.output_text.done", text="return x"),
        stage("completed", usage=usage),
    )


def test_probabilities_are_multiplied_up_to_the_end_of_the_first_line() -> None:
    client = running(Client(PROFILE))
    half = [{"token": "x", "logprob": log(0.5), "bytes": [120], "top_logprobs": []}]

    assert [
        Delta(1, "re", 0.5),
        Delta(1, "turn", 0.25),
        Delta(1, "\n    ", 0.25),
        Delta(1, "x", 0.25),
        Ended(1, Usage()),
    ] == hear(
        client,
        text("re", logprobs=half),
        text("turn", logprobs=half),
        text("\n    ", logprobs=half),
        text("x", logprobs=half),
        stage("completed"),
    )


def test_probabilities_that_cannot_be_read_do_not_hide_the_text() -> None:
    client = running(Client(PROFILE))

    assert [Delta(1, "x"), Delta(1, "y"), Ended(1, Usage())] == hear(
        client,
        text("x", logprobs=["odd"]),
        text("y", logprobs={"logprob": "odd"}),
        stage("completed"),
    )


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("max_output_tokens", Ended(1, Usage(), "max_output_tokens")),
        ("interrupted", Ended(1, Usage(), "interrupted")),
        ("steered", Ended(1, Usage(), "steered")),
        ("max_messages", Ended(1, Usage(), "max_messages")),
        (
            "content_filter",
            Failed(
                1, "content_filter", "the provider's filter stopped the answer", transient=False
            ),
        ),
        (None, Ended(1, Usage(), "incomplete")),
    ],
)
def test_an_incomplete_response_ends_the_handle(reason: str | None, expected: Event) -> None:
    """A cut answer is an answer; a filtered one is none."""
    client = running(Client(PROFILE))

    assert [expected] == hear(client, stage("incomplete", incomplete_details={"reason": reason}))


def test_a_usage_that_cannot_be_read_does_not_hide_the_end() -> None:
    """The end matters more than its price."""
    client = running(Client(PROFILE))

    assert [Ended(1, Usage())] == hear(client, stage("completed", usage={"input_tokens": "many"}))


def test_a_refusal_is_no_text() -> None:
    """Neither its deltas nor its end are shown as completion."""
    client = running(Client(PROFILE))

    assert [Ended(1, Usage(), "refusal")] == hear(
        client,
        frame("response.refusal.delta", delta="I cannot"),
        frame("response.refusal.done", refusal="I cannot"),
        stage("completed"),
    )


def test_commentary_is_no_text() -> None:
    """What a model says about its work is not what to insert."""
    client = running(Client(PROFILE))
    commentary = {"type": "message", "phase": "commentary"}
    answer = {"type": "message", "phase": "final_answer"}

    assert [Delta(1, "x")] == hear(
        client,
        frame("response.output_item.added", output_index=0, item=commentary),
        text("Let me see", output_index=0),
        frame("response.output_item.added", output_index=1, item=answer),
        text("x", output_index=1),
    )


# Distrust.


@pytest.mark.parametrize(
    "odd",
    [
        text("late", "c1"),
        text("late", ""),
        text("late", "nowhere"),
        text("again", sequence_number=4),
        text("earlier", sequence_number=3),
        text("other", response_id="r9"),
        text(5),
        text(None),
        frame("response.output_text.delta"),
        stage("created", response_id="r9"),
        stage("created", "c1"),
        frame("response.output_item.added", "c1", output_index=0, item={"phase": "commentary"}),
        frame("response.refusal.done", "c1"),
        stage("completed", response_id="r9"),
        stage("completed", "c1"),
        stage("completed", ""),
        stage("failed", "c1"),
        frame("response.completed"),
        frame("response.completed", response=[]),
        frame("response.incomplete", response={"id": 5}),
        error("rate_limit_exceeded", "c1", 429),
        frame("response.interrupt.failed", response_id="r1"),
        frame("response.interrupt.failed", response_id=""),
        frame("response.interrupt.failed"),
        frame("codex.rate_limits", plan_type="pro"),
        frame("response.reasoning_text.delta", "c9", delta="hm"),
        frame("response.function_call_arguments.delta", delta="{"),
        '{"type":"response.output_text.delta","stream_id":7,"delta":"x"}',
        '{"type":["response.output_text.delta"],"delta":"x"}',
        '{"delta":"x"}',
        "",
        "null",
        "{",
        "[" * 100_000,
        "\ud800",
        '{"type":"error"',
    ],
)
def test_a_frame_out_of_place_changes_nothing(odd: str) -> None:
    """Late, duplicated, unknown, misdirected or malformed: the running answer is untouched."""
    client = running(Client(INTERRUPTS))

    assert [Delta(1, "a"), Delta(1, "b"), Ended(1, Usage())] == hear(
        client,
        text("a", sequence_number=4),
        odd,
        text("b", sequence_number=5),
        odd,
        stage("completed"),
        odd,
    )
    assert client.profile == INTERRUPTS


def test_an_end_before_the_beginning_is_no_end() -> None:
    """A response that was never created has not completed."""
    client = Client(PROFILE)
    client.create(1, PROMPT)

    assert hear(client, stage("completed"), stage("created"), stage("completed")) == [
        Ended(1, Usage())
    ]


def test_what_follows_the_end_of_a_response_does_not_reach_the_next() -> None:
    """The lane's next request hears nothing before its own response.created."""
    client = running(Client(PROFILE))
    hear(client, text("a"), stage("completed"))
    client.create(2, PROMPT)

    assert [Delta(2, "b"), Ended(2, Usage())] == hear(
        client,
        text("late"),
        stage("created"),
        text("late"),
        stage("completed"),
        stage("failed"),
        stage("created", response_id="r2"),
        stage("completed"),
        text("b"),
        stage("completed", response_id="r2"),
    )


def test_a_server_that_does_not_number_its_events_is_heard() -> None:
    """Zero and absence are no numbers."""
    client = running(Client(PROFILE))

    assert [Delta(1, "a"), Delta(1, "a"), Delta(1, "a")] == hear(
        client, text("a", sequence_number=0), text("a", sequence_number=0), text("a")
    )


# Failures.


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            error("rate_limit_exceeded", status=429, message="try again in 1.5s"),
            Failed(1, "rate_limit_exceeded", "try again in 1.5s", transient=True, retry_after=1.5),
        ),
        (
            error("server_is_overloaded", status=503, headers={"Retry-After": "5"}),
            Failed(
                1, "server_is_overloaded", "server_is_overloaded!", transient=True, retry_after=5.0
            ),
        ),
        (
            error("insufficient_quota", status=429),
            Failed(1, "insufficient_quota", "insufficient_quota!", transient=False, lasting=True),
        ),
        (
            error("context_length_exceeded"),
            Failed(1, "context_length_exceeded", "context_length_exceeded!", transient=False),
        ),
        (
            frame("error", code="invalid_prompt", message="flat"),
            Failed(1, "invalid_prompt", "flat", transient=False),
        ),
        (error("weird", status=502), Failed(1, "weird", "weird!", transient=True)),
        (
            stage("failed", error={"code": "server_error", "message": "oops"}),
            Failed(1, "server_error", "oops", transient=True),
        ),
    ],
)
@pytest.mark.parametrize("created", [False, True])
def test_a_failure_fails_the_handle_once(answer: str, expected: Event, *, created: bool) -> None:
    """Before or after the response was created; what was said already stays said."""
    client = Client(PROFILE)
    client.create(1, PROMPT)
    if created:
        hear(client, stage("created"))

    assert [expected] == hear(client, answer, answer, text("late"), stage("completed"))
    assert not client.in_flight


def test_an_error_without_a_lane_belongs_to_the_only_request() -> None:
    """`stream_id` is optional on errors."""
    client = running(Client(PROFILE))

    assert [Failed(1, "invalid_prompt", "invalid_prompt!", transient=False)] == hear(
        client, error("invalid_prompt", "")
    )


def test_an_error_without_a_lane_is_nobodys_where_several_run() -> None:
    """Failing the wrong request is worse than a timeout."""
    client = running(running(Client(PROFILE)), 2, "c1", "r2")

    assert hear(client, error("invalid_prompt", "")) == []


@pytest.mark.parametrize("lane", ["c0", "", "c9"])
def test_a_used_up_connection_is_to_be_dropped(lane: str) -> None:
    """After 60 minutes, whichever lane it is said on (§1.5)."""
    client = running(running(Client(PROFILE)), 2, "c1", "r2")

    step = client.receive(error("websocket_connection_limit_reached", lane))

    assert step.drop
    lost = client.lost("limit")
    assert {1, 2} == {event.handle for event in [*step.events, *lost] if isinstance(event, Failed)}
    assert all(event.transient for event in [*step.events, *lost] if isinstance(event, Failed))


def test_nothing_more_is_sent_on_a_used_up_connection() -> None:
    """What waits is for the caller to send on the next."""
    client = running(Client(PLAIN), lane="")
    client.create(2, PROMPT)

    step = client.receive(error("websocket_connection_limit_reached", ""))

    assert (step.drop, step.frames) == (True, [])
    assert [
        event.handle for event in [*step.events, *client.lost("limit")] if isinstance(event, Failed)
    ] == [1, 2]


def test_losing_the_connection_fails_every_open_handle_once() -> None:
    """Running, sent or waiting; not the cancelled, not the ended."""
    client = warmed()
    for handle in range(1, 18):
        client.create(handle, PROMPT)
    client.receive(stage("created"))
    client.receive(stage("completed"))
    client.cancel(2)
    client.warm(OTHER)
    client.warm(GROWN)

    events = client.lost("the peer went away")

    expected = [
        Failed(handle, "connection_lost", "the peer went away", transient=True)
        for handle in range(3, 18)
    ]
    assert expected == events[:-2]
    warmings = [event for event in events[-2:] if isinstance(event, Warmed)]
    assert [(event.ok, event.stable) for event in warmings] == [(False, OTHER), (False, GROWN)]
    assert client.lost("again") == []
    assert not client.in_flight
    assert "previous_response_id" not in sent(client.create(2, PROMPT))


# The base.


def test_a_prompt_with_another_stable_part_is_sent_in_full() -> None:
    """The base is of no use to it."""
    message = sent(warmed().create(1, replace(PROMPT, stable=OTHER)))

    assert "previous_response_id" not in message
    assert len(message["input"]) == 3


def test_an_equal_stable_part_continues_even_if_packed_anew() -> None:
    """Equality counts, not identity."""
    again = replace(PROMPT, stable=(replace(STABLE[0]),))

    assert sent(warmed().create(1, again))["previous_response_id"] == "r0"


def test_without_continuation_nothing_continues() -> None:
    """The warm-up still fills the provider's prompt cache."""
    client = warmed(replace(PROFILE, continuation=False))

    assert "previous_response_id" not in sent(client.create(1, PROMPT))


def test_a_base_without_lanes_serves_once() -> None:
    """The next response on the lane replaces it in the connection's cache (§1.4)."""
    client = warmed(replace(PROFILE, lanes=False))

    assert sent(client.create(1, PROMPT))["previous_response_id"] == "r0"
    hear(client, stage("created", ""), stage("completed", ""))
    assert "previous_response_id" not in sent(client.create(2, PROMPT))


def test_the_base_in_use_serves_until_the_next_is_ready() -> None:
    """The next one is warmed on the other lane."""
    client = warmed()
    message = sent(client.warm(OTHER))

    assert message["stream_id"] == "base1"
    assert sent(client.create(1, PROMPT))["previous_response_id"] == "r0"
    assert [Warmed(ok=True, stable=OTHER)] == hear(
        client, stage("created", "base1", "r2"), stage("completed", "base1", "r2")
    )
    assert sent(client.create(2, replace(PROMPT, stable=OTHER)))["previous_response_id"] == "r2"
    assert sent(client.warm(STABLE))["stream_id"] == "base"


def test_a_base_grows_by_what_is_new() -> None:
    """An append-only stable part costs its growth only."""
    message = sent(warmed().warm(GROWN))

    assert message["previous_response_id"] == "r0"
    assert [item["content"][1]["text"] for item in message["input"]] == ["B = 2\n"]


def test_a_grown_base_that_cannot_grow_is_warmed_in_full() -> None:
    """The server may have forgotten what it should grow from."""
    client = warmed()
    client.warm(GROWN)

    message = sent(client.receive(error("previous_response_not_found", "base1")))

    assert "previous_response_id" not in message
    assert message["generate"] is False
    assert len(message["input"]) == 3


def test_one_warm_up_runs_and_the_newest_waits() -> None:
    """Each call of warm is answered once."""
    client = Client(PROFILE)
    client.warm(STABLE)

    assert Step() == client.warm(GROWN)
    (superseded,) = client.warm(OTHER).events
    assert isinstance(superseded, Warmed)
    assert (superseded.ok, superseded.stable) == (False, GROWN)
    hear(client, stage("created", "base", "r0"))
    step = client.receive(stage("completed", "base", "r0"))
    assert [Warmed(ok=True, stable=STABLE)] == step.events
    assert sent(step)["stream_id"] == "base1"


def test_a_failed_warm_up_says_why_and_leaves_the_base() -> None:
    """The old base is as good as before."""
    client = warmed()
    client.warm(OTHER)

    (event,) = hear(client, error("insufficient_quota", "base1", 429))

    assert isinstance(event, Warmed)
    assert not event.ok
    assert event.fault is not None
    assert event.fault.code == "insufficient_quota"
    assert sent(client.create(1, PROMPT))["previous_response_id"] == "r0"


# Repair.


@pytest.mark.parametrize(
    "complaint",
    [
        error("previous_response_not_found"),
        error("", message="Invalid previous_response_id."),
        stage("failed", error={"code": "previous_response_not_found", "message": "gone"}),
    ],
)
def test_a_forgotten_base_is_repaired_in_full_once(complaint: str) -> None:
    """The caller notices nothing; the base is gone for those that follow."""
    client = warmed()
    client.create(1, PROMPT)

    step = client.receive(complaint)

    message = sent(step)
    assert not step.events
    assert "previous_response_id" not in message
    assert message["stream_id"] == "c0"
    assert len(message["input"]) == 3
    assert "previous_response_id" not in sent(client.create(2, PROMPT))
    (event,) = hear(client, error("previous_response_not_found"))
    assert isinstance(event, Failed)


def test_a_base_that_has_served_is_warmed_anew_when_it_is_forgotten() -> None:
    """Else every key would be sent in full until the stable part changes."""
    client = running(warmed())
    hear(client, stage("completed"))
    client.create(2, PROMPT)

    repair, warming = map(json.loads, client.receive(error("previous_response_not_found")).frames)

    assert "previous_response_id" not in repair
    assert warming["generate"] is False
    assert "previous_response_id" not in warming
    lane = warming["stream_id"]
    hear(client, stage("created", lane, "r7"), stage("completed", lane, "r7"))
    assert sent(client.create(3, PROMPT))["previous_response_id"] == "r7"


def test_a_repair_does_not_trust_a_newer_base() -> None:
    """One round trip more would show in the editor."""
    client = warmed()
    client.create(1, PROMPT)
    client.warm(STABLE)
    hear(client, stage("created", "base1", "r5"), stage("completed", "base1", "r5"))

    message = sent(client.receive(error("previous_response_not_found")))

    assert "previous_response_id" not in message
    assert sent(client.create(2, PROMPT))["previous_response_id"] == "r5"


def test_a_base_lost_after_text_was_heard_fails_the_handle() -> None:
    """Text that was shown cannot be taken back."""
    client = running(warmed())
    hear(client, text("a"))

    (event,) = client.receive(error("previous_response_not_found")).events

    assert isinstance(event, Failed)


def test_a_cancelled_request_is_not_repaired() -> None:
    """But the base is forgotten all the same."""
    client = warmed()
    client.create(1, PROMPT)
    client.cancel(1)

    assert hear(client, error("previous_response_not_found")) == []
    assert "previous_response_id" not in sent(client.create(2, PROMPT))


def test_a_newer_base_survives_the_loss_of_an_older() -> None:
    """Only what the server denied is forgotten."""
    client = warmed()
    client.create(1, PROMPT)
    client.warm(GROWN)
    hear(client, stage("created", "base1", "r5"), stage("completed", "base1", "r5"))

    message = sent(client.receive(error("previous_response_not_found")))

    assert "previous_response_id" not in message
    assert sent(client.create(2, replace(PROMPT, stable=GROWN)))["previous_response_id"] == "r5"


def test_a_provider_without_continuation_is_remembered() -> None:
    """It says so once, not at every key."""
    client = warmed()
    client.create(1, PROMPT)

    client.receive(error("unsupported_parameter", param="previous_response_id"))

    assert not client.profile.continuation


# Lanes and cancelling.


def test_no_more_than_sixteen_are_in_flight() -> None:
    """Fifteen completions and a warm-up; what is more waits here and goes out in order."""
    client = Client(PROFILE)
    client.warm(STABLE)
    lanes = [sent(client.create(handle, PROMPT))["stream_id"] for handle in range(15)]

    assert [f"c{number}" for number in range(15)] == lanes
    assert Step() == client.create(15, PROMPT)
    assert Step() == client.create(16, PROMPT)
    assert client.in_flight == 16
    hear(client, stage("created", "c7"))
    step = client.receive(stage("completed", "c7"))
    assert [Ended(7, Usage())] == step.events
    assert sent(step)["stream_id"] == "c7"
    assert [Delta(15, "x")] == hear(client, stage("created", "c7", "r2"), text("x", "c7"))


def test_a_handle_cannot_be_open_twice() -> None:
    """Its events could not be told apart."""
    client = Client(PROFILE)
    client.create(1, PROMPT)

    with pytest.raises(ValueError, match="open already"):
        client.create(1, PROMPT)


@pytest.mark.parametrize("profile", [PROFILE, INTERRUPTS, PLAIN])
def test_a_cancelled_handle_is_never_heard_of_again(profile: Profile) -> None:
    """Whatever the server still says."""
    lane = "c0" if profile.lanes else ""
    client = running(Client(profile), lane=lane)
    client.cancel(1)

    assert Step() == client.cancel(1)
    assert hear(client, text("a", lane), stage("completed", lane), text("b", lane)) == []
    assert client.lost("gone") == []


def test_a_cancelled_handle_may_be_used_again_at_once() -> None:
    """Its old request, still draining, has nothing to do with the new one."""
    client = running(Client(PROFILE))
    client.cancel(1)
    client.create(1, PROMPT)

    assert [Delta(1, "new"), Ended(1, Usage())] == hear(
        client,
        text("old"),
        stage("created", "c1", "r2"),
        stage("completed"),
        text("new", "c1"),
        stage("completed", "c1", "r2"),
    )


def test_without_interrupts_the_answer_drains_and_the_next_takes_another_lane() -> None:
    """The second rung of the ladder (§9.3)."""
    client = running(Client(PROFILE))

    assert Step() == client.cancel(1)
    assert sent(client.create(2, PROMPT))["stream_id"] == "c1"
    hear(client, text("x"), stage("completed"))
    assert sent(client.create(3, PROMPT))["stream_id"] == "c0"


def test_without_a_free_lane_there_is_no_room_until_one_has_drained() -> None:
    """The last rung is the caller's: another connection, or patience."""
    client = Client(PROFILE)
    room = []
    for handle in range(15):
        room.append(client.has_room)
        client.create(handle, PROMPT)
    room.append(client.has_room)
    assert Step() == client.cancel(3)
    room.append(client.has_room)
    hear(client, stage("created", "c3"), stage("completed", "c3"))
    room.append(client.has_room)

    assert [*[True] * 15, False, False, True] == room


def test_without_lanes_there_is_no_room_until_the_answer_has_drained() -> None:
    """One at a time."""
    client = running(Client(PLAIN), lane="")

    assert Step() == client.cancel(1)
    room = [client.has_room]
    hear(client, text("drains", ""), stage("completed", ""))
    room.append(client.has_room)

    assert [False, True] == room


def test_there_is_no_room_behind_what_waits() -> None:
    """Else a newer request would overtake it."""
    client = running(Client(PLAIN), lane="")
    client.create(2, PROMPT)
    client.cancel(1)
    room = [client.has_room]
    client.receive(stage("completed", ""))
    room.append(client.has_room)
    hear(client, stage("created", "", "r2"), stage("completed", "", "r2"))
    room.append(client.has_room)

    assert [False, False, True] == room


def test_a_waiting_request_is_cancelled_without_a_word() -> None:
    """It was never sent."""
    client = running(Client(PLAIN), lane="")
    client.create(2, PROMPT)

    assert Step() == client.cancel(2)
    assert Step(events=[Ended(1, Usage())]) == client.receive(stage("completed", ""))


def test_an_interrupt_waits_for_the_id_of_the_response() -> None:
    """Cancelled before response.created: sent the moment the id is known."""
    client = Client(INTERRUPTS)
    client.create(1, PROMPT)

    assert Step() == client.cancel(1)
    assert sent(client.receive(stage("created")))["response_id"] == "r1"
    assert Step() == client.receive(stage("created"))


def test_an_interrupted_lane_is_free_after_its_terminal_frame() -> None:
    """Not before: the server may still be talking."""
    client = running(Client(replace(INTERRUPTS, lanes=False)), lane="")
    client.create(2, PROMPT)
    client.cancel(1)
    hear(
        client,
        frame("response.interrupt.accepted", "", response_id="r1"),
        text("late", ""),
        frame("response.output_item.interrupted", "", response_id="r1"),
    )

    step = client.receive(
        stage("incomplete", "", incomplete_details={"reason": "interrupted"}, usage=None)
    )

    assert not step.events
    assert sent(step)["type"] == "response.create"


@pytest.mark.parametrize(
    "refusal",
    [
        frame("response.interrupt.failed", response_id="r1", error={"code": "no"}),
        frame("response.interrupt.failed", "", response_id="r1"),
        frame("error", "", error={"message": "Unknown event type 'response.interrupt'"}),
    ],
)
def test_a_refused_interrupt_is_not_tried_again(refusal: str) -> None:
    """The answer drains; the profile remembers, also for the next connection."""
    client = running(running(Client(INTERRUPTS)), 2, "c1", "r2")
    client.cancel(1)

    assert hear(client, refusal, text("draining")) == []
    assert not client.profile.interrupt
    assert Step() == client.cancel(2)
    client.lost("gone")
    assert not client.profile.interrupt


def test_a_refusal_without_an_id_is_no_refusal() -> None:
    """A request that has no id yet has not been interrupted."""
    client = Client(INTERRUPTS)
    client.create(1, PROMPT)
    client.cancel(1)

    hear(client, frame("response.interrupt.failed", response_id=""))

    assert client.profile.interrupt


def test_an_interrupt_that_came_too_late_proves_nothing() -> None:
    """The response had ended by itself (§1.6 b)."""
    client = running(Client(INTERRUPTS))
    client.cancel(1)

    hear(client, stage("completed"), frame("response.interrupt.failed", response_id="r1"))

    assert client.profile.interrupt


# Sizes.


def test_a_frame_over_the_limit_is_not_sent() -> None:
    """The server would close the whole connection with 1009 (§1.5)."""
    client = Client(PROFILE)
    huge = "x" * FRAME_LIMIT

    step = client.create(1, replace(PROMPT, prefix=huge))

    assert not step.frames
    (event,) = step.events
    assert isinstance(event, Failed)
    assert (event.handle, event.code, event.transient) == (1, "frame_too_large", False)
    assert not client.in_flight
    (event,) = client.warm((Block("file", "a", huge),)).events
    assert isinstance(event, Warmed)
    assert not event.ok
    assert client.create(1, PROMPT).frames


def test_a_waiting_frame_over_the_limit_does_not_hold_up_the_next() -> None:
    """It fails when its turn comes, and the turn passes on."""
    client = running(Client(PLAIN), lane="")
    client.create(2, replace(PROMPT, prefix="x" * FRAME_LIMIT))
    client.create(3, PROMPT)

    step = client.receive(stage("completed", ""))

    assert [event.handle for event in step.events if not isinstance(event, Warmed)] == [1, 2]
    assert sent(step)


# What a provider turns out not to take.


FULL = Profile(
    "m",
    "low",
    128,
    lanes=True,
    continuation=True,
    interrupt=False,
    prompt_cache_key="k",
    cache_breakpoint=True,
)


def mentions(message: dict[str, Any], field: str) -> bool:
    """Whether a request has a field, at its top or on a part of its input."""
    return f'"{field}"' in json.dumps(message)


@pytest.mark.parametrize(
    "field",
    [
        "stream_id",
        "previous_response_id",
        "prompt_cache_options",
        "prompt_cache_key",
        "reasoning",
        "max_output_tokens",
        "stream_options",
    ],
)
@pytest.mark.parametrize(
    "complaint",
    [
        {"code": "unknown_parameter", "message": "Unknown parameter: 'F'.", "param": "F"},
        {"code": "unsupported_parameter", "message": "no", "param": "F"},
        {"code": None, "message": "Unknown parameter: F"},
        {"code": "400", "message": "F: Extra inputs are not permitted"},
        {"code": None, "message": 'json: unknown field "F"'},
        {"code": None, "message": "unknown field `F`, expected one of `model`, `input`, `store`"},
        {"code": None, "message": "Unrecognized key(s) in object: 'F'"},
    ],
)
def test_a_field_that_is_not_taken_is_left_out_at_once_and_from_then_on(
    field: str, complaint: dict[str, Any]
) -> None:
    """The caller notices nothing but the time it took."""
    client = warmed(FULL)
    before = sent(client.create(1, PROMPT))
    told = json.loads(json.dumps(complaint).replace("F", field, 2))

    step = client.receive(frame("error", "c0", status=400, error=told))

    assert not step.events
    assert mentions(before, field)
    assert not mentions(sent(step), field)
    lane = sent(step).get("stream_id", "")
    hear(client, stage("created", lane), stage("completed", lane))
    assert not mentions(sent(client.create(2, PROMPT)), field)
    client.lost("gone")
    assert not mentions(sent(client.create(3, PROMPT)), field)
    assert client.profile != FULL


def test_a_breakpoint_is_not_set_again_where_it_was_refused() -> None:
    """Nor is the option that comes with it."""
    client = Client(FULL)
    client.create(1, PROMPT)
    message = "Unknown parameter: 'input[1].content[0].prompt_cache_breakpoint'."
    param = "input[1].content[0].prompt_cache_breakpoint"

    again = sent(client.receive(error("unknown_parameter", message=message, param=param)))

    assert not mentions(again, "prompt_cache_breakpoint")
    assert not mentions(again, "prompt_cache_options")


def test_an_effort_that_a_model_does_not_take_is_left_to_it() -> None:
    """Not every model takes every level."""
    client = Client(FULL)
    client.create(1, PROMPT)
    message = "Unsupported value: 'low' is not supported with this model."

    step = client.receive(error("unsupported_value", message=message, param="reasoning.effort"))

    assert not mentions(sent(step), "reasoning")


def test_a_tier_is_asked_for_and_left_out_where_it_is_not_known() -> None:
    client = Client(replace(FULL, tier="ultrafast"))
    asked = client.create(1, PROMPT).frames
    assert all("ultrafast" == json.loads(it)["service_tier"] for it in asked)

    step = client.receive(error("unknown_parameter", param="service_tier"))

    assert not mentions(sent(step), "service_tier")


def test_whoever_refuses_everything_is_asked_with_less_each_time_and_not_for_ever() -> None:
    """Each complaint costs one round trip, once."""
    client = warmed(FULL)
    client.create(1, PROMPT)
    fields = ["stream_id", "previous_response_id", "prompt_cache_options", "prompt_cache_key"]
    fields += ["reasoning", "max_output_tokens", "stream_options", "model"]
    events: list[Event] = []
    for field in fields:
        step = client.receive(error("unknown_parameter", "", param=field))
        events += step.events

    assert [Failed(1, "unknown_parameter", "unknown_parameter!", transient=False)] == events
    assert {"type", "store", "model", "input"} == sent(client.create(2, PROMPT)).keys()


def test_what_one_request_was_told_holds_for_those_that_were_under_way() -> None:
    """Several may have been sent before the first complaint arrives."""
    client = Client(FULL)
    client.create(1, PROMPT)
    client.create(2, PROMPT)

    first = client.receive(error("unknown_parameter", "c0", param="prompt_cache_key"))
    second = client.receive(error("unknown_parameter", "c1", param="prompt_cache_key"))

    assert not first.events + second.events
    assert not mentions(sent(first), "prompt_cache_key")
    assert not mentions(sent(second), "prompt_cache_key")


def test_what_has_been_heard_is_not_asked_again_with_less() -> None:
    """Text that was shown cannot be taken back; but the profile remembers."""
    client = running(Client(FULL))
    hear(client, text("a"))

    (event,) = client.receive(error("unknown_parameter", param="prompt_cache_key")).events

    assert isinstance(event, Failed)
    assert not mentions(sent(client.create(2, PROMPT)), "prompt_cache_key")


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("server_error", {"message": "an unknown error has kept it from trying to generate"}),
        ("rate_limit_exceeded", {"message": "'reasoning' tokens are not supported at this rate"}),
        ("invalid_prompt", {"message": "The prompt is not allowed."}),
        ("model_not_found", {"message": "The model 'm' is not supported to generate code."}),
        ("unsupported_parameter", {"param": "model"}),
        ("unknown_parameter", {"param": "response"}),
    ],
)
def test_other_failures_cost_no_ability(code: str, fields: dict[str, Any]) -> None:
    """Words such as generate and reasoning may stand in any sentence."""
    client = Client(FULL)
    client.create(1, PROMPT)

    step = client.receive(error(code, **fields))

    assert [Failed] == [type(event) for event in step.events]
    assert FULL == client.profile


def test_where_warm_ups_are_not_known_that_is_said_at_once() -> None:
    """And no frame goes out for it."""
    client = Client(replace(PROFILE, warm_up=False))

    assert [Warmed(ok=False, stable=STABLE, fault=NO_WARM_UP)] == client.warm(STABLE).events
    assert not client.in_flight


NO_WARM_UP = Fault("no_warm_up", "the provider cannot be prepared")


def test_a_refused_warm_up_is_not_sent_again_nor_is_one_that_waits() -> None:
    """What cannot be warmed is sent cold."""
    client = Client(PROFILE)
    client.warm(STABLE)
    client.warm(GROWN)

    step = client.receive(error("unknown_parameter", "base", param="generate"))

    assert not step.frames
    assert [
        Warmed(ok=False, stable=STABLE, fault=NO_WARM_UP),
        Warmed(ok=False, stable=GROWN, fault=NO_WARM_UP),
    ] == step.events
    assert not client.profile.warm_up
    assert "previous_response_id" not in sent(client.create(1, PROMPT))


def test_a_server_that_answers_a_warm_up_is_not_warmed_again() -> None:
    """It passes over `generate`, and its answer would stand in all that continue."""
    client = Client(PROFILE)
    client.warm(STABLE)

    (event,) = hear(
        client,
        stage("created", "base", "r0"),
        text("Sure!", "base"),
        stage("completed", "base", "r0"),
    )

    assert event == Warmed(ok=False, stable=STABLE, fault=NO_WARM_UP)
    assert not client.profile.warm_up
    assert "previous_response_id" not in sent(client.create(1, PROMPT))


def test_a_warm_up_that_may_not_continue_is_sent_in_full() -> None:
    """Continuation is lost, warm-ups are not."""
    client = warmed()
    client.warm(GROWN)

    step = client.receive(error("unsupported_parameter", "base1", param="previous_response_id"))

    assert not step.events
    assert "previous_response_id" not in sent(step)
    assert sent(step)["generate"] is False
    assert not client.profile.continuation


def test_a_grown_warm_up_is_repaired_although_its_base_has_served() -> None:
    """What is wanted is the new part, not the old one once more."""
    client = running(warmed())
    hear(client, stage("completed"))
    client.warm(GROWN)

    step = client.receive(error("previous_response_not_found", "base1"))

    assert not step.events
    assert "previous_response_id" not in sent(step)
    assert len(sent(step)["input"]) == 3


# A server that passes over `stream_id`.


def test_an_answer_on_the_default_lane_says_that_there_are_no_lanes() -> None:
    """The request goes on, on the lane where it runs."""
    client = Client(PROFILE)
    client.create(1, PROMPT)

    assert [Delta(1, "x"), Ended(1, Usage())] == hear(
        client, stage("created", ""), text("x", ""), stage("completed", "")
    )
    assert not client.profile.lanes
    assert "stream_id" not in sent(client.create(2, PROMPT))


def test_several_requests_turn_out_to_run_one_after_the_other() -> None:
    """In the order in which they were sent (§1.4)."""
    client = Client(PROFILE)
    for handle in (1, 2, 3):
        client.create(handle, PROMPT)

    assert [Delta(1, "a"), Ended(1, Usage())] == hear(
        client, stage("created", ""), text("a", ""), stage("completed", "")
    )
    assert client.in_flight == 2
    assert not client.has_room
    assert Step() == client.create(4, PROMPT)
    assert [Delta(2, "b"), Ended(2, Usage())] == hear(
        client, stage("created", "", "r2"), text("b", ""), stage("completed", "", "r2")
    )
    assert [Delta(3, "c")] == hear(client, stage("created", "", "r3"), text("c", ""))
    step = client.receive(stage("completed", "", "r3"))
    assert [Ended(3, Usage())] == step.events
    assert "stream_id" not in sent(step)
    assert [Delta(4, "d")] == hear(client, stage("created", "", "r4"), text("d", ""))


def test_a_cancelled_request_keeps_its_turn_when_lanes_turn_out_to_be_one() -> None:
    """Its answer drains before the next one begins."""
    client = Client(PROFILE)
    client.create(1, PROMPT)
    client.create(2, PROMPT)
    client.cancel(1)

    assert [Delta(2, "b")] == hear(
        client,
        stage("created", ""),
        text("a", ""),
        stage("completed", ""),
        stage("created", "", "r2"),
        text("b", ""),
    )


def test_a_warm_base_without_lanes_is_none_where_something_was_sent_behind_it() -> None:
    """Only the newest response of a lane is kept (§1.4)."""
    client = Client(PROFILE)
    client.warm(STABLE)
    client.create(1, PROMPT)
    hear(client, stage("created", "", "r0"), stage("completed", "", "r0"))
    hear(client, stage("created", "", "r1"), stage("completed", "", "r1"))

    assert "previous_response_id" not in sent(client.create(2, PROMPT))


@pytest.mark.parametrize("echoes", [False, True])
def test_a_refused_lane_costs_none_of_the_requests_under_way(*, echoes: bool) -> None:
    """Whether or not the complaints name the lane that was refused."""
    client = Client(PROFILE)
    for handle in (1, 2, 3):
        client.create(handle, PROMPT)
    frames: list[str] = []
    for lane in ("c0", "c1", "c2"):
        complaint = error("unknown_parameter", lane if echoes else "", param="stream_id")
        if lane == "c0":
            # Three run, so that an error without a lane is nobody's at first.
            complaint = error("unknown_parameter", "c0", param="stream_id")
        step = client.receive(complaint)
        assert not step.events
        frames += step.frames
    ended: list[int] = []
    while frames:
        assert "stream_id" not in json.loads(frames.pop())
        step = client.receive(stage("created", "", f"r{len(ended)}"))
        step = client.receive(stage("completed", "", f"r{len(ended)}"))
        ended += [event.handle for event in step.events if isinstance(event, Ended)]
        frames += step.frames

    assert [1, 2, 3] == sorted(ended)
    assert not client.in_flight


# Cleaning.


CLEANS = replace(PROFILE, cleans=True)


def test_an_answer_is_cleaned_and_what_was_held_back_comes_before_the_end() -> None:
    """A chat model adds a fence; a line end may be part of it."""
    client = running(Client(CLEANS))

    events = hear(client, text("```python\n1\n"), text("```"), stage("completed"))

    assert Ended(1, Usage()) == events[-1]
    assert "1" == "".join(it.text for it in events if isinstance(it, Delta)).strip()
    assert "`" not in "".join(it.text for it in events if isinstance(it, Delta))


def test_what_was_held_back_and_is_wanted_is_told_before_the_end() -> None:
    """A first character that might begin a fence is one of the answer after all."""
    client = running(Client(CLEANS))

    assert [Delta(1, "<"), Ended(1, Usage())] == hear(client, text("<"), stage("completed"))


def test_a_model_that_is_believed_to_add_nothing_is_not_cleaned() -> None:
    """The embedded engine's text goes through letter by letter."""
    client = running(Client(PROFILE))

    assert [Delta(1, "```python\n1")] == hear(client, text("```python\n1"))


def test_an_answer_that_is_sent_again_is_cleaned_anew() -> None:
    """What the first try left behind is not the second's."""
    client = warmed(CLEANS)
    client.create(1, PROMPT)
    client.receive(error("previous_response_not_found"))

    events = hear(client, stage("created"), text("```\n1\n```"), stage("completed"))

    assert "1" == "".join(it.text for it in events if isinstance(it, Delta)).strip()


def test_a_chat_that_goes_on_behind_its_answer_is_not_waited_for() -> None:
    """Behind the closing fence nothing is wanted: the lane is freed, and the handle ends."""
    client = running(Client(replace(CLEANS, interrupt=True)))
    step = Step()
    for piece in ("```python\n", "1\n", "```\n", "This returns one.\n"):
        told = client.receive(text(piece))
        step.frames.extend(told.frames)
        step.events.extend(told.events)

    assert ["response.interrupt"] == [json.loads(sent)["type"] for sent in step.frames]
    assert Ended(1, Usage()) == step.events[-1]
    assert [] == hear(client, text("More."), stage("incomplete"))


@pytest.mark.parametrize("kind", ["reasoning_text.delta", "reasoning_summary_part.added"])
def test_a_model_that_thinks_gives_a_sign_of_life_and_no_text(kind: str) -> None:
    client = running(Client(PROFILE))
    thought = frame(f"response.{kind}", delta="hm")

    assert [Delta(1, "")] == hear(client, thought)
    client.cancel(1)
    assert [] == hear(client, thought)


def test_what_is_said_of_a_base_that_has_served_does_not_end_continuation() -> None:
    """That it has expired is no news about the provider."""
    client = warmed()
    client.create(1, PROMPT)
    hear(client, stage("created"), stage("completed"))
    client.create(2, PROMPT)
    message = "previous_response_id is not allowed: the response has expired"
    told = error("unknown_parameter", param="previous_response_id", message=message)
    step = client.receive(told)

    assert client.profile.continuation
    assert "previous_response_id" not in json.loads(step.frames[0])
