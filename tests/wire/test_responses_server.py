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
    return Server("embedded", lambda: str(next(numbers)), lambda: 1_700_000_000.75)


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


def test_a_person_who_has_asked_is_told_apart() -> None:
    half = server()
    metadata = {"spark_invoked": "true"}

    for asked, expected in ((metadata, True), ({"a": "b"}, False), ({}, False)):
        answered = half.receive(create(metadata=asked))
        (command,) = answered.commands
        assert isinstance(command, Generate)
        assert isinstance(command.prompt, Prompt)
        assert command.prompt.invoked is expected
        half.finish(command.key, Usage())


def test_probabilities_are_told_with_the_text() -> None:
    half = server()
    half.receive(create())
    *_, told = read(half.delta("resp_1", "x", -0.25))

    assert told["logprobs"] == [{"token": "x", "logprob": -0.25, "top_logprobs": []}]


def test_a_whole_response_is_this() -> None:
    """Every event of §1.7, literally, and the command that starts it."""
    half = server()
    answered = half.receive(
        create("fg", instructions="be brief", max_output_tokens=5, stream=True, metadata={"a": "b"})
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
        "created_at": 1_700_000_000,
        "model": "embedded",
        "previous_response_id": None,
        "instructions": None,
        "max_output_tokens": 5,
        "metadata": {"a": "b"},
        "parallel_tool_calls": False,
        "store": False,
        "temperature": None,
        "tool_choice": "none",
        "tools": [],
        "top_p": None,
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
    assert isinstance(command.prompt, Prompt)
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
    assert isinstance(command.prompt, Prompt)
    assert command.prompt.prefix == "2"


def test_no_more_than_sixteen_run() -> None:
    """The seventeenth lane waits for a slot, in order of arrival."""
    half = server()
    keys = [begun(half.receive(create(f"l{number}"))) for number in range(16)]

    assert Answered() == half.receive(create("l16", input="sixteen"))
    assert Answered() == half.receive(create("l17", input="seventeen"))
    (command,) = half.finish(keys[3]).commands
    assert isinstance(command, Generate)
    assert isinstance(command.prompt, Prompt)
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


def steer(target: str = "resp_1", said: Any = "use ints") -> str:
    """A steer, in the fewest words."""
    return json.dumps({"type": "response.steer", "previous_response_id": target, "input": said})


def steer_error(answered: Answered) -> tuple[str, dict[str, Any], str | None]:
    """What the one failed steer says: its code, what is handed back, and of which lane."""
    assert not answered.commands
    (message,) = [it for it in read(answered.frames) if it["type"] == "response.steer.failed"]
    assert message["error"]["type"] == "invalid_request_error"
    return message["error"]["code"], message["steer"], message.get("stream_id")


def test_a_steer_waits_for_a_boundary_where_a_successor_goes_on() -> None:
    """The public exchange of §1.6 a, literally; what waits in the lane comes after it."""
    half = server()
    half.receive(create("a", input="x = ", instructions="be brief", max_output_tokens=9))
    half.receive(create("a", input="waits"))
    half.delta("resp_1", "1 + ")

    (accepted,) = read(half.receive(steer()).frames)
    assert accepted == {
        "type": "response.steer.accepted",
        "stream_id": "a",
        "sequence_number": 5,
        "steer": {"id": "steer_3", "previous_response_id": "resp_1"},
    }
    answered = half.boundary("resp_1", Usage(output_tokens=3))

    assert kinds(answered.frames) == [
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "incomplete",
        "created",
        "in_progress",
    ]
    messages = read(answered.frames)
    assert messages[2]["item"]["status"] == "incomplete"
    assert messages[3]["response"]["incomplete_details"] == {"reason": "steered"}
    assert messages[3]["response"]["usage"]["output_tokens"] == 3
    successor = messages[4]
    assert (0, "a") == (successor["sequence_number"], successor["stream_id"])
    assert successor["response"]["previous_response_id"] == "resp_1"
    assert successor["response"]["max_output_tokens"] == 9
    assert answered.commands == [
        Stop("resp_1"),
        Generate("resp_4", Prompt((), "", "x = 1 + ", ""), "be brief", 9),
    ]
    assert half.delta("resp_1", "late") == []
    assert half.delta("resp_4", "2")
    assert begun(half.finish("resp_4"))  # what waited


def test_without_a_boundary_a_steer_waits_for_the_end() -> None:
    """A normal end is followed by a successor as well."""
    half = server()
    half.receive(create())
    half.receive(steer())

    answered = half.finish("resp_1")

    assert kinds(answered.frames) == ["completed", "created", "in_progress"]
    assert begun(answered) == "resp_4"


def test_a_boundary_means_nothing_where_no_steer_waits() -> None:
    """Nor for what does not run."""
    half = server()
    half.receive(create())

    assert Answered() == half.boundary("resp_1")
    assert Answered() == half.boundary("never")


def test_all_steers_that_wait_reach_one_successor_and_those_who_continue_it() -> None:
    """In order, after the text that was written."""
    half = server()
    half.receive(create("a", input="x = "))
    half.delta("resp_1", "1")
    half.receive(steer(said="first"))
    half.receive(steer(said=[{"role": "user", "content": [{"type": "input_text", "text": "2"}]}]))
    successor = begun(half.boundary("resp_1"))
    half.finish(successor)

    kept = half._newest["a"].items
    assert [item["content"] for item in kept if item["role"] == "user"] == [
        "x = ",
        "first",
        [{"type": "input_text", "text": "2"}],
    ]
    assert [item["status"] for item in kept if item["role"] == "assistant"] == ["incomplete"]
    assert begun(half.receive(create("a", previous_response_id=successor)))


def test_a_successor_can_be_steered_too() -> None:
    """Each goes on where the last one ended."""
    half = server()
    half.receive(create(input="x = "))
    half.delta("resp_1", "1")
    half.receive(steer())
    second = begun(half.boundary("resp_1"))
    half.delta(second, "2")
    half.receive(steer(second))
    (_, command) = half.boundary(second).commands

    assert isinstance(command, Generate)
    assert isinstance(command.prompt, Prompt)
    assert command.prompt.prefix == "x = 12"


@pytest.mark.parametrize(
    "said",
    [
        "", [], None, 5, {}, ["x"], [{}],
        [{"role": "user"}],
        [{"role": "developer", "content": "x"}],
        [{"role": "user", "content": 5}],
        [{"role": "user", "content": [5]}],
        [{"role": "user", "content": [{"type": "output_text", "text": "x"}]}],
        [{"type": "function_call_output", "role": "user", "content": "x"}],
        [{"role": "user", "content": "x"}, {"role": "system", "content": "x"}],
    ],
)  # fmt: skip
def test_a_steer_says_something_as_the_user_or_is_handed_back(said: Any) -> None:
    """And the response goes on."""
    half = server()
    half.receive(create())

    code, returned, _ = steer_error(half.receive(steer(said=said)))

    assert code == "invalid_input"
    assert returned == {"previous_response_id": "resp_1", "input": said}
    assert Answered() == half.boundary("resp_1")
    assert half.delta("resp_1", "on")


def test_what_does_not_run_cannot_be_steered() -> None:
    """Why not is told apart, and the input handed back, to be carried into a request."""
    half = server()
    done, interrupted, prepared, failed = (
        begun(half.receive(create(lane, **fields)))
        for lane, fields in (("a", {}), ("b", {}), ("c", {"generate": False}), ("d", {}))
    )
    half.finish(done)
    half.receive(json.dumps(INTERRUPT | {"response_id": interrupted}))
    half.fail(failed, "server_error", "oops")

    def code(target: Any) -> str:
        return steer_error(half.receive(steer(target)))[0]

    assert code(done) == "response_already_completed"
    assert code(interrupted) == "response_not_active"
    assert code(prepared) == "response_not_active"
    assert code(failed) == "response_not_found"
    assert code("never") == "response_not_found"
    assert code(None) == "response_not_found"
    assert steer_error(half.receive(steer(prepared)))[2] == "c"


def test_too_many_waiting_steers_are_refused() -> None:
    """The first eight are kept."""
    half = server()
    half.receive(create("a"))
    for _ in range(8):
        half.receive(steer())

    assert steer_error(half.receive(steer()))[0] == "too_many_pending_steers"
    assert begun(half.boundary("resp_1"))


def test_steers_that_come_to_nothing_are_handed_back_with_their_id() -> None:
    """Accepted input is never lost: it is applied or returned."""
    half = server()
    half.receive(create("a"))
    half.receive(steer(said="first"))
    answered = half.fail("resp_1", "server_error", "oops")

    assert kinds(answered.frames) == ["failed", "steer.failed"]
    returned = {"id": "steer_3", "previous_response_id": "resp_1", "input": "first"}
    assert ("successor_creation_failed", returned, "a") == steer_error(answered)

    key = begun(half.receive(create("b")))
    half.receive(steer(key))
    answered = half.receive(json.dumps(INTERRUPT | {"response_id": key}))
    answered.commands.remove(Stop(key))
    assert steer_error(answered)[0] == "response_not_active"


def test_a_steer_that_is_carried_into_a_request_leaves_the_cursor_where_it_is() -> None:
    """As a client does whose steer came too late (§1.6 a)."""
    half = server()
    prompt = Prompt((), "b.py", "x = ", "\n")
    key = begun(half.receive(create("a", input=tail_items(prompt))))
    half.finish(key)

    (command,) = half.receive(create("a", input="use ints", previous_response_id=key)).commands

    assert isinstance(command, Generate)
    assert prompt == command.prompt


def test_an_answer_that_was_cut_goes_on_where_it_was_cut() -> None:
    """A whole one does not."""
    half = server()
    prompt = Prompt((), "b.py", "x = ", "\n")
    key = begun(half.receive(create("a", input=tail_items(prompt))))
    half.delta(key, "1 + ")
    half.finish(key, reason="max_output_tokens")
    (command,) = half.receive(create("a", input=None, previous_response_id=key)).commands

    assert isinstance(command, Generate)
    assert command.prompt == Prompt((), "b.py", "x = 1 + ", "\n")


# What other clients send.


def test_what_a_coding_agent_sends_besides_is_no_obstacle() -> None:
    """Tools, settings and items of any kind; what is not understood is not used."""
    half = server()
    items: list[dict[str, Any]] = [
        {"type": "additional_tools", "tools": [{"type": "custom", "name": "apply_patch"}]},
        {"type": "reasoning", "summary": [], "encrypted_content": "secret"},
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "t"}]},
        {"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": "u"}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x = "}]},
        {"type": "function_call_output", "call_id": "c", "output": {"text": "no"}},
        {},
    ]
    (command,) = half.receive(
        create(
            input=items,
            tools=[{"type": "function", "name": "shell"}],
            tool_choice="auto",
            parallel_tool_calls=True,
            reasoning={"effort": "low", "summary": "auto"},
            include=["reasoning.encrypted_content"],
            client_metadata={"a": {"b": 1}},
            metadata={"a": {"b": 1}},
            stream=True,
            store=True,
            background=False,
            service_tier="fast",
            text={"verbosity": "low"},
        )
    ).commands

    assert isinstance(command, Generate)
    assert isinstance(command.prompt, Prompt)
    assert command.prompt.prefix == "x = "


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
