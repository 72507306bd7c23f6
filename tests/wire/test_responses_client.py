"""The client's half, frame by frame: what it says of answers, failures, lanes and the base."""

import json
from dataclasses import replace
from typing import Any

import pytest

from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.wire.client import FRAME_LIMIT, Client
from spark_lsp.wire.events import Usage
from spark_lsp.wire.outcomes import Delta, Ended, Event, Failed, Step, Warmed
from spark_lsp.wire.requests import Profile

PROFILE = Profile("m", None, 128, lanes=True, continuation=True, interrupt=False)
INTERRUPTS = replace(PROFILE, interrupt=True)
PLAIN = replace(PROFILE, lanes=False, continuation=False)
STABLE = (Block("file", "a.py", "A = 1\n"),)
GROWN = (*STABLE, Block("file", "b.py", "B = 2\n"))
OTHER = (Block("file", "z.py", "Z = 0\n"),)
PROMPT = Prompt(STABLE, "open.py", "y = ", "\n")


def frame(kind: str, lane: str = "c0", **fields: Any) -> str:
    """One frame from the server."""
    head = {"type": kind} | ({"stream_id": lane} if lane else {})
    return json.dumps(head | fields)


def stage(name: str, lane: str = "c0", response_id: str = "r1", **fields: Any) -> str:
    """A frame that carries the response."""
    return frame(f"response.{name}", lane, response={"id": response_id} | fields)


def text(delta: object, lane: str = "c0", **fields: Any) -> str:
    """A text delta."""
    return frame("response.output_text.delta", lane, delta=delta, **fields)


def error(code: str, lane: str = "c0", status: int = 400, **fields: Any) -> str:
    """An error in the WebSocket envelope."""
    body = {"type": "invalid_request_error", "code": code, "message": f"{code}!"} | fields
    return frame("error", lane, status=status, error=body)


def hear(client: Client, *frames: str) -> list[Event]:
    """What the client makes of these frames, which must not make it send any."""
    events: list[Event] = []
    for each in frames:
        step = client.receive(each)
        assert not step.frames
        events += step.events
    return events


def sent(step: Step) -> dict[str, Any]:
    """The one frame of a step, read."""
    (only,) = step.frames
    message: dict[str, Any] = json.loads(only)
    return message


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
        frame("response.reasoning_text.delta", delta="hm"),
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
            Failed(1, "insufficient_quota", "insufficient_quota!", transient=False),
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


def test_without_a_free_lane_the_connection_must_be_dropped() -> None:
    """The last rung."""
    client = Client(PROFILE)
    for handle in range(15):
        client.create(handle, PROMPT)

    assert Step(drop=True) == client.cancel(3)


def test_without_lanes_the_connection_must_be_dropped() -> None:
    """The last rung comes at once."""
    client = running(Client(PLAIN), lane="")

    assert Step(drop=True) == client.cancel(1)


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
