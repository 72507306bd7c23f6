"""A POST in the frames of a connection: what the server is asked, and what the client is told."""

import json
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.prompt import Prompt
from spark_lsp.wire.posted import Post, Told
from spark_lsp.wire.server import Generate, Server


def serve(body: bytes, *texts: str, fails: bool = False) -> list[Told]:
    """Have a POST served by a real server's half that writes some texts."""
    numbers = count(1)
    half = Server("embedded", lambda: str(next(numbers)))
    post = Post(body)
    answered = half.receive(post.request)
    frames = answered.frames
    for command in answered.commands:
        frames += [frame for text in texts for frame in half.delta(command.key, text)]
        if fails:
            frames += half.fail(command.key, "server_error", "oops").frames
        else:
            frames += half.finish(command.key).frames
    return [told for frame in frames if (told := post.told(frame))]


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "embedded", "input": "x = "} | fields).encode()


def test_a_stream_is_every_event_by_name_and_over_with_the_last() -> None:
    told = serve(body(stream=True), "a", "é\n\u2028")
    events = [it.body.decode().split("\n") for it in told]

    assert {(200, "text/event-stream")} == {(it.status, it.kind) for it in told}
    assert [False] * 9 + [True] == [it.over for it in told]
    for lines in events:
        name, data, *rest = lines
        assert name == f"event: {json.loads(data.removeprefix('data: '))['type']}"
        assert ["", ""] == rest
    numbers = [json.loads(lines[1][6:])["sequence_number"] for lines in events]
    assert list(range(10)) == numbers


@pytest.mark.parametrize("stream", [{}, {"stream": False}, {"stream": None}])
def test_without_a_stream_the_finished_response_is_told(stream: dict[str, Any]) -> None:
    (told,) = serve(body(**stream), "a", "b")
    response = json.loads(told.body)

    assert (200, "application/json", True) == (told.status, told.kind, told.over)
    assert ("response", "completed") == (response["object"], response["status"])
    assert response["output"][0]["content"][0]["text"] == "ab"


def test_a_response_that_fails_says_so_in_both_ways() -> None:
    (told,) = serve(body(), "a", fails=True)
    *_, last = serve(body(stream=True), "a", fails=True)

    assert json.loads(told.body)["status"] == "failed"
    assert last.body.startswith(b"event: response.failed\n")
    assert last.over


@pytest.mark.parametrize(
    ("request_body", "status", "code"),
    [
        (body(model="gpt-9", stream=True), 404, "model_not_found"),
        (body(previous_response_id="resp_1"), 400, "previous_response_not_found"),
        (body(input=5), 400, "invalid_request_error"),
        (b"{}", 400, "missing_required_parameter"),
        (b"", 400, "invalid_request_error"),
        (b"[]", 400, "invalid_request_error"),
        (b'{"model":', 400, "invalid_request_error"),
    ],
)
def test_what_never_becomes_a_response_is_an_error_with_its_status(
    request_body: bytes, status: int, code: str
) -> None:
    (told,) = serve(request_body)

    assert (status, "application/json", True) == (told.status, told.kind, told.over)
    assert json.loads(told.body)["error"]["code"] == code


def test_a_post_has_no_lane_and_is_a_create_whatever_it_calls_itself() -> None:
    (told,) = serve(body(stream_id="a b", type="response.interrupt", stream=False), "x")

    assert told.status == 200


def test_a_post_may_prepare() -> None:
    (told,) = serve(body(generate=False))

    assert json.loads(told.body)["output"] == []


@given(st.binary(max_size=60))
def test_no_body_whatever_raises_and_each_is_answered(data: bytes) -> None:
    (told,) = serve(data)

    assert told.status in {400, 404}


@given(st.dictionaries(st.text(max_size=9), st.none() | st.text() | st.integers()))
def test_unknown_fields_are_no_obstacle(fields: dict[str, Any]) -> None:
    half = Server("embedded", lambda: "1")
    known = {"model": "embedded", "input": "x = "}
    post = Post(json.dumps({f"_{name}": fields[name] for name in fields} | known).encode())
    (command,) = half.receive(post.request).commands

    assert isinstance(command, Generate)
    assert isinstance(command.prompt, Prompt)
    assert command.prompt.prefix == "x = "
