"""The server's half, frame by frame: the events of a response, lanes, continuation, refusals."""

import json
from itertools import count
from typing import Any

import pytest

from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.wire.events import Usage
from spark_lsp.wire.layout import stable_items, tail_items
from spark_lsp.wire.server import Answered, Generate, Prepare, Server, Stop

INTERRUPT = {"type": "response.interrupt", "mode": "discard_partial_items"}


def server() -> Server:
    """A server whose ids are r1, r2, …: a response and its message take one each."""
    numbers = count(1)
    return Server("embedded", lambda: str(next(numbers)))


def create(lane: str | None = None, **fields: Any) -> str:
    """A request, in the fewest words."""
    message = {"type": "response.create", "model": "embedded", "input": "x = "} | fields
    return json.dumps(message | ({} if lane is None else {"stream_id": lane}))


def read(frames: list[str]) -> list[dict[str, Any]]:
    """The frames as JSON."""
    return [json.loads(frame) for frame in frames]


def kinds(frames: list[str]) -> list[str]:
    """The types of the frames."""
    return [message["type"].removeprefix("response.") for message in read(frames)]


def error_of(answered: Answered) -> tuple[Any, ...]:
    """What the one error frame says, where nothing else happened."""
    (message,) = read(answered.frames)
    assert message["type"] == "error"
    assert not answered.commands
    error = message["error"]
    return (message["status"], error["code"], error["param"], message.get("stream_id"))


def begun(answered: Answered) -> str:
    """The key of the one request that has begun."""
    (key,) = [command.key for command in answered.commands if not isinstance(command, Stop)]
    return key


def test_a_whole_response_is_this() -> None:
    """Every event of §1.7, literally, and the command that starts it."""
    half = server()
    answered = half.receive(
        create("fg", instructions="be brief", max_output_tokens=5, store=False, stream=True)
    )
    frames = [
        *answered.frames,
        *half.delta("resp_1", "return "),
        *half.delta("resp_1", ""),
        *half.delta("resp_1", "x"),
        *half.finish("resp_1", Usage(2300, 2048, 0, 3, 0)).frames,
    ]

    assert [Generate("resp_1", Prompt((), "", "x = ", ""), "be brief", 5)] == answered.commands
    head = {
        "object": "response",
        "model": "embedded",
        "previous_response_id": None,
        "error": None,
        "incomplete_details": None,
    }
    opened: dict[str, Any] = head | {
        "id": "resp_1",
        "status": "in_progress",
        "output": [],
        "usage": None,
    }
    place = {"item_id": "msg_2", "output_index": 0, "content_index": 0}
    part = {"type": "output_text", "text": "return x", "annotations": []}
    message = {"type": "message", "id": "msg_2", "role": "assistant"}
    done = message | {"status": "completed", "content": [part]}
    usage = {
        "input_tokens": 2300,
        "input_tokens_details": {"cached_tokens": 2048, "cache_write_tokens": 0},
        "output_tokens": 3,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 2303,
    }
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": opened},
        {"type": "response.in_progress", "response": opened},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": message | {"status": "in_progress", "content": []},
        },
        {"type": "response.content_part.added", **place, "part": part | {"text": ""}},
        {"type": "response.output_text.delta", **place, "delta": "return ", "logprobs": []},
        {"type": "response.output_text.delta", **place, "delta": "x", "logprobs": []},
        {"type": "response.output_text.done", **place, "text": "return x", "logprobs": []},
        {"type": "response.content_part.done", **place, "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": done},
        {
            "type": "response.completed",
            "response": opened | {"status": "completed", "output": [done], "usage": usage},
        },
    ]
    assert [
        {"stream_id": "fg", "sequence_number": number} | event
        for number, event in enumerate(events)
    ] == read(frames)


def test_an_empty_answer_has_no_message() -> None:
    """There is nothing to say."""
    half = server()
    key = begun(half.receive(create()))

    assert kinds(half.finish(key).frames) == ["completed"]


def test_a_cut_answer_is_incomplete_and_keeps_its_text() -> None:
    """The reason is told, the partial message is output."""
    half = server()
    key = begun(half.receive(create()))
    half.delta(key, "x")

    terminal = read(half.finish(key, Usage(), "max_output_tokens").frames)[-1]

    assert terminal["type"] == "response.incomplete"
    assert terminal["response"]["incomplete_details"] == {"reason": "max_output_tokens"}
    assert terminal["response"]["output"][0]["status"] == "incomplete"


def test_a_failure_is_told() -> None:
    """With its code and message."""
    half = server()
    key = begun(half.receive(create()))

    (terminal,) = read(half.fail(key, "server_error", "oops").frames)

    assert terminal["type"] == "response.failed"
    assert terminal["response"]["error"] == {"code": "server_error", "message": "oops"}


def test_after_its_end_nothing_is_said_of_a_response() -> None:
    """However it ended, and for keys that never were."""
    half = server()
    keys = [begun(half.receive(create(lane))) for lane in ("a", "b", "c")]
    half.finish(keys[0])
    half.fail(keys[1], "c", "m")
    half.receive(json.dumps(INTERRUPT | {"response_id": keys[2]}))

    for key in [*keys, "never"]:
        assert half.delta(key, "late") == []
        assert Answered() == half.finish(key)
        assert Answered() == half.fail(key, "c", "m")


def test_text_with_half_a_surrogate_pair_is_sent_repaired() -> None:
    """The engine may have learned it from a broken file."""
    half = server()
    key = begun(half.receive(create()))

    assert read(half.delta(key, "\udfff"))[-1]["delta"] == "\ufffd"


# Input and continuation.


def test_a_warm_up_prepares_and_is_continued() -> None:
    """`generate: false`, then forks from it on other lanes, as often as wanted."""
    half = server()
    block = Block("file", "a.py", "A = 1\n")
    items = stable_items([block])
    answered = half.receive(create("base", input=items, generate=False))

    assert [Prepare("resp_1", Prompt((block,), "", "", ""))] == answered.commands
    assert kinds(half.finish("resp_1").frames) == ["completed"]
    for lane in ("c0", "c1", "c0"):
        prompt = Prompt((block,), "b.py", lane, "")
        (command,) = half.receive(
            create(lane, input=tail_items(prompt), previous_response_id="resp_1")
        ).commands
        assert isinstance(command, Generate)
        assert prompt == command.prompt
        half.finish(command.key)


def test_a_lane_keeps_its_newest_response_only() -> None:
    """With `store: false` older ids are gone (§1.4)."""
    half = server()
    old = begun(half.receive(create("a")))
    half.finish(old)
    new = begun(half.receive(create("a", previous_response_id=old)))
    half.finish(new)

    assert error_of(half.receive(create("b", previous_response_id=old))) == (
        400,
        "previous_response_not_found",
        "previous_response_id",
        "b",
    )
    assert begun(half.receive(create("b", previous_response_id=new)))


def test_an_answer_is_part_of_what_is_continued() -> None:
    """But its text is nobody's prompt."""
    half = server()
    first = begun(half.receive(create("a", input="one")))
    half.delta(first, "answer")
    half.finish(first)

    (command,) = half.receive(create("a", input=None, previous_response_id=first)).commands

    assert isinstance(command, Generate)
    assert command.prompt.prefix == "one"


def test_a_running_response_cannot_be_continued_yet() -> None:
    """Its state does not exist before its end."""
    half = server()
    key = begun(half.receive(create("a")))

    assert "previous_response_not_found" in error_of(
        half.receive(create("b", previous_response_id=key))
    )


def test_a_queued_continuation_finds_what_ran_before_it() -> None:
    """References are resolved when the turn comes."""
    half = server()
    key = begun(half.receive(create("a")))
    assert Answered() == half.receive(create("a", previous_response_id=key))

    assert begun(half.finish(key))


@pytest.mark.parametrize(
    ("lane", "survives"), [("a", False), ("b", True)], ids=["same lane", "other lane"]
)
@pytest.mark.parametrize("how", ["refused", "failed"])
def test_a_failing_continuation_evicts_its_parent_on_the_same_lane(
    lane: str, how: str, *, survives: bool
) -> None:
    """A fork that fails leaves the source alone (§1.4)."""
    half = server()
    parent = begun(half.receive(create("a")))
    half.finish(parent)

    if how == "refused":
        half.receive(create(lane, model="other", previous_response_id=parent))
    else:
        half.fail(begun(half.receive(create(lane, previous_response_id=parent))), "c", "m")

    assert survives == bool(half.receive(create("z", previous_response_id=parent)).commands)


def test_a_malformed_continuation_evicts_its_parent_too() -> None:
    """It is a 4xx like any other."""
    half = server()
    parent = begun(half.receive(create("a")))
    half.finish(parent)

    half.receive(create("a", input=5, previous_response_id=parent))

    assert "previous_response_not_found" in error_of(
        half.receive(create("a", previous_response_id=parent))
    )


# Order.


def test_a_lane_is_first_in_first_out_and_lanes_run_side_by_side() -> None:
    """The default lane is a lane like any other."""
    half = server()
    first = begun(half.receive(create(input="1")))

    assert Answered() == half.receive(create(input="2"))
    assert Answered() == half.receive(create(input="3"))
    assert begun(half.receive(create("other", input="4")))
    answered = half.finish(first)
    assert kinds(answered.frames) == ["completed", "created", "in_progress"]
    (command,) = answered.commands
    assert isinstance(command, Generate)
    assert command.prompt.prefix == "2"


def test_no_more_than_sixteen_run() -> None:
    """The seventeenth lane waits for a slot, in order of arrival."""
    half = server()
    keys = [begun(half.receive(create(f"l{number}"))) for number in range(16)]

    assert Answered() == half.receive(create("l16", input="sixteen"))
    assert Answered() == half.receive(create("l17", input="seventeen"))
    (command,) = half.finish(keys[3]).commands
    assert isinstance(command, Generate)
    assert command.prompt.prefix == "sixteen"


def test_a_refusal_waits_for_its_turn() -> None:
    """A client knows the answers of a lane by their order alone."""
    half = server()
    key = begun(half.receive(create("a")))

    assert Answered() == half.receive(create("a", model="other"))
    assert Answered() == half.receive(create("a", input=5))
    assert Answered() == half.receive(create("a"))
    answered = half.finish(key)
    assert kinds(answered.frames) == ["completed", "error", "error", "created", "in_progress"]


def test_too_many_waiting_requests_are_refused() -> None:
    """A client that never waits does not fill our memory."""
    half = server()
    begun(half.receive(create()))
    for _ in range(256):
        half.receive(create())

    assert error_of(half.receive(create())) == (429, "rate_limit_exceeded", None, None)


def test_losing_the_connection_stops_everything() -> None:
    """What waits never begins."""
    half = server()
    keys = [begun(half.receive(create(lane))) for lane in ("a", "b")]
    half.receive(create("a"))

    assert [Stop(key) for key in keys] == half.lost()
    assert Answered() == half.finish(keys[0])
    assert half.lost() == []


# Interrupt and steer.


def test_an_interrupt_ends_the_response_and_starts_the_next() -> None:
    """The private exchange of §1.6 b, literally."""
    half = server()
    key = begun(half.receive(create("a")))
    half.delta(key, "partial")
    half.receive(create("a", input="next"))

    answered = half.receive(json.dumps(INTERRUPT | {"response_id": key}))

    messages = read(answered.frames)
    assert messages[:2] == [
        {
            "type": "response.interrupt.accepted",
            "stream_id": "a",
            "sequence_number": 5,
            "response_id": "resp_1",
        },
        {
            "type": "response.output_item.interrupted",
            "stream_id": "a",
            "sequence_number": 6,
            "response_id": "resp_1",
            "item_id": "msg_2",
            "output_index": 0,
        },
    ]
    assert kinds(answered.frames[2:]) == ["incomplete", "created", "in_progress"]
    assert messages[2]["response"]["incomplete_details"] == {"reason": "interrupted"}
    assert messages[2]["response"]["output"] == []
    assert [Stop(key), Generate("resp_3", Prompt((), "", "next", ""))] == answered.commands


def test_an_interrupted_response_can_be_continued() -> None:
    """Its input is kept, its partial answer is not (§1.6 b)."""
    half = server()
    key = begun(half.receive(create("a")))
    half.receive(json.dumps(INTERRUPT | {"response_id": key}))

    assert begun(half.receive(create("a", previous_response_id=key)))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"response_id": "never"}, "response_not_active"),
        ({"response_id": "resp_1", "mode": "keep"}, "invalid_mode"),
        ({"response_id": "resp_1", "mode": None}, "invalid_mode"),
    ],
)
def test_an_interrupt_that_fails_ends_nothing(fields: dict[str, Any], code: str) -> None:
    """The response goes on."""
    half = server()
    half.receive(create("a"))

    (message,) = read(half.receive(json.dumps(INTERRUPT | fields)).frames)

    assert message["type"] == "response.interrupt.failed"
    assert (fields["response_id"], code) == (message["response_id"], message["error"]["code"])
    assert half.delta("resp_1", "on")


def test_a_steer_is_refused_and_handed_back() -> None:
    """So that it can be carried into a response.create (§1.6 a)."""
    half = server()
    half.receive(create())
    steer = {"input": [{"role": "user", "content": "no"}], "previous_response_id": "resp_1"}

    (message,) = read(half.receive(json.dumps({"type": "response.steer"} | steer)).frames)

    assert message["type"] == "response.steer.failed"
    assert message["error"]["code"] == "steering_not_supported"
    assert steer == message["steer"]
    assert half.delta("resp_1", "on")


# Refusals.


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        (create("a", model="gpt-9"), (404, "model_not_found", "model", "a")),
        (create("a", model=None), (400, "missing_required_parameter", "model", "a")),
        (create("a", model=7), (400, "invalid_request_error", "model", "a")),
        (create("a", input=None), (400, "missing_required_parameter", "input", "a")),
        (create("a", input=5), (400, "invalid_request_error", "input", "a")),
        (create("a", input=["x"]), (400, "invalid_request_error", "input", "a")),
        (
            create("a", max_output_tokens=0),
            (400, "invalid_request_error", "max_output_tokens", "a"),
        ),
        (
            create("a", previous_response_id="r0"),
            (400, "previous_response_not_found", "previous_response_id", "a"),
        ),
        (create(model="gpt-9"), (404, "model_not_found", "model", None)),
        (create(""), (400, "invalid_stream_id", "stream_id", None)),
        (create("a b"), (400, "invalid_stream_id", "stream_id", None)),
        (create("a\n"), (400, "invalid_stream_id", "stream_id", None)),
        (create("x" * 257), (400, "invalid_stream_id", "stream_id", None)),
        (create("é", input=5), (400, "invalid_stream_id", "stream_id", None)),
        (create(stream_id=5), (400, "invalid_stream_id", "stream_id", None)),
        (
            '{"type":"response.cancel","response_id":"r"}',
            (400, "invalid_request_error", "type", None),
        ),
        ('{"type":"response.interrupt"}', (400, "invalid_request_error", None, None)),
        ("{", (400, "invalid_request_error", None, None)),
        ("[]", (400, "invalid_request_error", None, None)),
        ("", (400, "invalid_request_error", None, None)),
        ("[" * 100_000, (400, "invalid_request_error", None, None)),
    ],
)
def test_a_bad_request_is_refused_and_the_connection_stays_usable(
    frame: str, error: tuple[Any, ...]
) -> None:
    """The lane is named where it has a name."""
    half = server()
    running = begun(half.receive(create("running")))

    assert error == error_of(half.receive(frame))
    assert half.delta(running, "on")
    assert begun(half.receive(create("a")))


def test_a_connection_has_at_most_thirty_two_lane_names() -> None:
    """Names are never given back; the default lane has none."""
    half = server()
    for number in range(32):
        half.finish(begun(half.receive(create(f"l{number}"))))

    assert error_of(half.receive(create("l32"))) == (
        400,
        "websocket_stream_limit_reached",
        None,
        "l32",
    )
    assert begun(half.receive(create("l0")))
    assert begun(half.receive(create()))
