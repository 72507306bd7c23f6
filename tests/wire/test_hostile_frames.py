"""No frame whatever makes either half raise, and none out of place disturbs what runs.

The oracle is h11's: a frame is understood or ignored or refused, never an exception.
"""

import json
from itertools import count
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.client import Client
from spark_lsp.wire.events import Usage
from spark_lsp.wire.outcomes import Delta, Ended, Step
from spark_lsp.wire.server import Answered, Server

RELAXED = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PROFILE = Profile("m", None, 64, lanes=True, continuation=True, interrupt=True)
PROMPT = Prompt((Block("file", "a.py", "A = 1\n"),), "b.py", "x", "y")
LANES = ["base", "base1", "c0", "c1", "c14", "running", "", "a b", "x" * 257]
EVENT_TYPES = [
    "error",
    "response.completed",
    "response.created",
    "response.failed",
    "response.incomplete",
    "response.in_progress",
    "response.interrupt.accepted",
    "response.interrupt.failed",
    "response.output_item.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.refusal.done",
    "response.nonsense",
]
REQUEST_TYPES = ["response.create", "response.interrupt", "response.steer", "response.cancel"]
EVENT_FIELDS = [
    "code",
    "delta",
    "error",
    "headers",
    "item",
    "message",
    "output_index",
    "param",
    "response",
    "sequence_number",
    "status",
    "status_code",
]
REQUEST_FIELDS = [
    "generate",
    "input",
    "instructions",
    "max_output_tokens",
    "mode",
    "model",
    "previous_response_id",
]
NESTED_FIELDS = [
    "Retry-After",
    "code",
    "content",
    "error",
    "headers",
    "id",
    "incomplete_details",
    "message",
    "phase",
    "reason",
    "role",
    "status",
    "text",
    "type",
    "usage",
]

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=6)
    | st.sampled_from(["r0", "r1", "resp_1", "m", "previous_response_id", "try again in 1.5s"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(NESTED_FIELDS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


def objects(types: list[str], fields: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Frames with the right names and any values, now and then the right ones."""
    return st.fixed_dictionaries(
        {"type": st.sampled_from(types) | JSON},
        optional={"stream_id": st.sampled_from(LANES) | JSON}
        | {"response_id": st.sampled_from(["r1", "resp_1"]) | JSON}
        | dict.fromkeys(fields, JSON),
    )


EVENTS = objects(EVENT_TYPES, EVENT_FIELDS)
REQUESTS = objects(REQUEST_TYPES, REQUEST_FIELDS)
RAW = st.text(max_size=40) | st.binary(max_size=40) | JSON.map(json.dumps)
CUT = st.tuples(EVENTS | REQUESTS, st.integers(1, 20)).map(lambda of: json.dumps(of[0])[: -of[1]])


def running_client() -> Client:
    """A warm base "r0", and handle 1 with response "r1" on lane c0."""
    client = Client(PROFILE)
    client.warm(PROMPT.stable)
    for kind, lane, response_id in (
        ("created", "base", "r0"),
        ("completed", "base", "r0"),
        ("created", "c0", "r1"),
    ):
        if lane == "c0":
            client.create(1, PROMPT)
        event = {"type": f"response.{kind}", "stream_id": lane, "response": {"id": response_id}}
        client.receive(json.dumps(event))
    return client


@RELAXED
@given(st.lists(RAW | CUT | EVENTS.map(json.dumps), max_size=6), st.booleans())
def test_no_frame_makes_the_client_raise(frames: list[str | bytes], cancelled: bool) -> None:
    """Well-formed lies included; and the next connection is as good as new."""
    client = running_client()
    if cancelled:
        client.cancel(1)
    for frame in frames:
        client.receive(frame)
    client.lost("test")

    step = client.create(2, PROMPT)

    assert len(step.frames) == 1
    created = {"type": "response.created", "stream_id": "c0", "response": {"id": "r9"}}
    delta = {"type": "response.output_text.delta", "stream_id": "c0", "delta": "x"}
    assert Step() == client.receive(json.dumps(created))
    assert Step(events=[Delta(2, "x")]) == client.receive(json.dumps(delta))


@RELAXED
@given(
    st.lists(
        RAW
        | CUT
        | EVENTS.filter(lambda event: event["type"] not in EVENT_TYPES[:-1]).map(json.dumps)
        | EVENTS.map(
            # Another lane than the one in use; an error without a lane would be ours to take.
            lambda event: json.dumps(event | {"stream_id": "c1", "response_id": "r7"})
        ),
        max_size=6,
    )
)
@example(['{"type":"response.output_text.delta","stream_id":"c0","delta":{"a":["x"]}}'])
@example(['{"type":"response.completed","stream_id":"c0","response":{"id":["r1"]}}'])
def test_no_frame_out_of_place_disturbs_a_running_answer(frames: list[str | bytes]) -> None:
    """Its text and its end arrive as if nothing had been."""
    client = running_client()
    events = []
    for frame in frames:
        step = client.receive(frame)
        assert not step.frames
        events += step.events
    for event in (
        {"type": "response.output_text.delta", "delta": "x", "sequence_number": 2**40},
        {"type": "response.completed", "response": {"id": "r1"}},
    ):
        events += client.receive(json.dumps(event | {"stream_id": "c0"})).events

    assert [Delta(1, "x"), Ended(1, Usage())] == events


@RELAXED
@given(st.lists(RAW | CUT | REQUESTS.map(json.dumps), max_size=6))
def test_no_frame_disturbs_the_server(frames: list[str | bytes]) -> None:
    """It refuses what it cannot use; what runs goes on, and new requests are served."""
    numbers = count(1)
    server = Server("m", lambda: str(next(numbers)))
    server.receive('{"type":"response.create","stream_id":"running","model":"m","input":"x"}')
    interrupt = '"response.interrupt"'
    for frame in frames:
        text = frame if isinstance(frame, str) else frame.decode("utf-8", "replace")
        if "resp_1" in text and interrupt in text:
            continue  # that one is in its right
        for reply in server.receive(frame).frames:
            assert "type" in json.loads(reply)

    assert server.delta("resp_1", "x")
    assert "resp_1" not in {command.key for command in server.finish("resp_1").commands}
    assert Answered() == server.finish("resp_1")
    create = '{"type":"response.create","stream_id":"fresh","model":"m","input":"x"}'
    assert server.receive(create).commands


def test_nesting_to_the_limit_of_the_decoder_is_survived() -> None:
    """What can just be decoded must not break when it is echoed or read."""
    numbers = count(1)
    server = Server("m", lambda: str(next(numbers)))
    client = running_client()
    for depth in (*range(900, 1100, 7), 100_000):
        deep = "[" * depth + "]" * depth
        for frame in (
            f'{{"type":"response.steer","input":{deep}}}',
            f'{{"type":"response.create","model":"m","input":[{{"content":{deep}}}]}}',
        ):
            for command in server.receive(frame).commands:
                server.finish(command.key)
        for frame in (
            f'{{"type":"error","headers":{{"retry-after":{deep}}},"error":{{"message":{deep}}}}}',
            f'{{"type":"error","code":{deep}}}',
            f'{{"type":"response.completed","response":{{"id":"r1","usage":{deep}}}}}',
        ):
            client.receive(frame)
