"""What we say to an app-server."""

import json

from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.tasks import tools
from spark_lsp.wire.appserver import calls


def test_a_call_names_its_method_and_leaves_out_what_is_not_set() -> None:
    call = calls.TurnSteer(thread_id="t", expected_turn_id="u", input=calls.said("Rather so."))

    assert {
        "id": 7,
        "method": "turn/steer",
        "params": {
            "threadId": "t",
            "expectedTurnId": "u",
            "input": [{"type": "text", "text": "Rather so."}],
        },
    } == json.loads(call.line(7))
    assert {"threadId": "t", "cwd": "/w"} == json.loads(
        calls.ThreadResume(thread_id="t", cwd="/w").line(1)
    )["params"]


def test_a_tool_is_spelled_with_the_shape_of_its_arguments() -> None:
    spelled = calls.dynamic(tools.READ)

    assert "read_file" == spelled["name"]
    assert ["path"] == spelled["inputSchema"]["required"]
    assert {"path", "first_line", "last_line"} == set(spelled["inputSchema"]["properties"])


@given(st.text())
def test_any_text_is_one_line(text: str) -> None:
    line = calls.TurnStart(thread_id="t", input=calls.said(text)).line(1)

    assert line.endswith(b"\n")
    assert 1 == line.count(b"\n")
    assert text == json.loads(line)["params"]["input"][0]["text"]


def test_half_a_character_does_no_harm() -> None:
    line = calls.TurnStart(thread_id="t", input=calls.said("\ud83d!")).line(1)

    assert "�!" == json.loads(line)["params"]["input"][0]["text"]
