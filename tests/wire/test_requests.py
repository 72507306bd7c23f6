"""What leaves the client, whole and literal, and what the server reads of it."""

import json
from typing import Any

import pytest

from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.client import Client
from spark_lsp.wire.frames import Malformed, Unknown, encode
from spark_lsp.wire.layout import TASK
from spark_lsp.wire.requests import Create, Interrupt, Steer, decode_request

PROFILE = Profile(
    model="gpt-6-luna",
    effort="low",
    max_output_tokens=128,
    lanes=True,
    continuation=True,
    interrupt=True,
    prompt_cache_key="ws-7f3a",
)
STABLE = (Block("rules", "AGENTS.md", "Use tabs."), Block("file", "a.py", "A = 1\n"))
PROMPT = Prompt(STABLE, "b.py", "y = ", "\n")

SPELLED_STABLE: list[dict[str, Any]] = [
    {
        "type": "message",
        "role": "developer",
        "content": [{"type": "input_text", "text": TASK}],
    },
    {
        "type": "message",
        "role": "developer",
        "content": [
            {"type": "input_text", "text": '<context kind="rules" path="AGENTS.md">\n'},
            {"type": "input_text", "text": "Use tabs."},
            {"type": "input_text", "text": "\n</context>\n"},
        ],
    },
    {
        "type": "message",
        "role": "user",
        "content": [
            {"type": "input_text", "text": '<context kind="file" path="a.py">\n'},
            {"type": "input_text", "text": "A = 1\n"},
            {"type": "input_text", "text": "\n</context>\n"},
        ],
    },
]
SPELLED_TAIL: list[dict[str, Any]] = [
    {
        "type": "message",
        "role": "user",
        "content": [
            {"type": "input_text", "text": '<cursor path="b.py">\n<after>\n'},
            {"type": "input_text", "text": "\n"},
            {"type": "input_text", "text": "\n</after>\n<before>\n"},
            {"type": "input_text", "text": "y = "},
        ],
    }
]


def test_a_warm_up_is_this() -> None:
    """`generate: false` on the base lane, with all fields of the turns to come (§1.4)."""
    (frame,) = Client(PROFILE).warm(STABLE).frames

    assert json.loads(frame) == {
        "type": "response.create",
        "stream_id": "base",
        "model": "gpt-6-luna",
        "store": False,
        "generate": False,
        "reasoning": {"effort": "low"},
        "max_output_tokens": 128,
        "prompt_cache_key": "ws-7f3a",
        "stream_options": {"include_obfuscation": False},
        "input": SPELLED_STABLE,
    }


def test_a_turn_from_a_warm_base_is_this() -> None:
    """The id of the base and the tail, nothing else of the context."""
    client = Client(PROFILE)
    client.warm(STABLE)
    for kind in ("created", "completed"):
        event = {"type": f"response.{kind}", "stream_id": "base", "response": {"id": "resp_1"}}
        client.receive(json.dumps(event))

    (frame,) = client.create(1, PROMPT).frames

    assert json.loads(frame) == {
        "type": "response.create",
        "stream_id": "c0",
        "model": "gpt-6-luna",
        "store": False,
        "previous_response_id": "resp_1",
        "reasoning": {"effort": "low"},
        "max_output_tokens": 128,
        "prompt_cache_key": "ws-7f3a",
        "stream_options": {"include_obfuscation": False},
        "input": SPELLED_TAIL,
    }


def test_a_turn_to_a_plain_provider_is_this() -> None:
    """No lane, no continuation, and nothing that is unset."""
    profile = Profile("m", None, 64, lanes=False, continuation=False, interrupt=False)

    (frame,) = Client(profile).create(1, PROMPT).frames

    assert json.loads(frame) == {
        "type": "response.create",
        "model": "m",
        "store": False,
        "max_output_tokens": 64,
        "stream_options": {"include_obfuscation": False},
        "input": SPELLED_STABLE + SPELLED_TAIL,
    }


def test_an_interrupt_is_this() -> None:
    """The private form, as codex sends it (§1.6 b)."""
    client = Client(PROFILE)
    client.create(1, PROMPT)
    event = {"type": "response.created", "stream_id": "c0", "response": {"id": "resp_2"}}
    client.receive(json.dumps(event))

    (frame,) = client.cancel(1).frames

    assert json.loads(frame) == {
        "type": "response.interrupt",
        "response_id": "resp_2",
        "mode": "discard_partial_items",
    }


def test_half_a_surrogate_pair_leaves_as_a_replacement_character() -> None:
    """An editor that cuts a pair in two must not break the connection."""
    prompt = Prompt((Block("file", "\ud83d", "\ude00"),), "b.py", "x\ud800", "\ud83d\ude00")

    (frame,) = Client(PROFILE).create(1, prompt).frames
    frame.encode()
    texts = [part["text"] for item in json.loads(frame)["input"] for part in item["content"]]

    assert texts[1:] == [
        '<context kind="file" path="\ufffd">\n',
        "\ufffd",
        "\n</context>\n",
        '<cursor path="b.py">\n<after>\n',
        "\U0001f600",
        "\n</after>\n<before>\n",
        "x\ufffd",
    ]


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (
            '{"type":"response.create","model":"m","input":"hi","stream":true,"tools":[]}',
            Create(model="m", input="hi"),
        ),
        (
            '{"input":[],"stream_id":null,"type":"response.create","generate":false}',
            Create(input=[], generate=False),
        ),
        (
            b'{"type":"response.interrupt","response_id":"r","mode":"discard_partial_items"}',
            Interrupt(response_id="r", mode="discard_partial_items"),
        ),
        ('{"type":"response.steer"}', Steer()),
        ('{"type":"response.cancel","response_id":"r"}', Unknown("response.cancel")),
    ],
)
def test_a_request_is_read_as_what_it_says(frame: str | bytes, expected: object) -> None:
    """Fields that have no meaning here are not read."""
    assert expected == decode_request(frame)


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (
            '{"type":"response.create","stream_id":"a","previous_response_id":"r","input":[1]}',
            ("response.create", "a", "r", "input"),
        ),
        ('{"type":"response.create","stream_id":5}', ("response.create", "", "", "stream_id")),
        ('{"type":"response.interrupt"}', ("response.interrupt", "", "", "")),
        ('{"type":7}', ("", "", "", "")),
        ("[]", ("", "", "", "")),
        ("{}", ("", "", "", "")),
        ("", ("", "", "", "")),
        (b"\xff", ("", "", "", "")),
    ],
)
def test_a_malformed_request_tells_what_can_be_told(
    frame: str | bytes, told: tuple[str, str, str, str]
) -> None:
    """Its type, lane, parent and the field at fault, so that the refusal finds its way."""
    request = decode_request(frame)

    assert isinstance(request, Malformed)
    assert told == (request.type, request.lane, request.parent, request.field)
    assert request.detail


def test_encode_keeps_what_json_can_say() -> None:
    """Astral characters, line separators and control characters come through."""
    text = '\U0001f600 \u2028 \x00 \x7f é \\ " \r\n'

    assert text == json.loads(encode(text))
