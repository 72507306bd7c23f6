"""Which HTTP dialects lead to models that follow instructions, and what becomes of one there."""

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.prompt import Block, Prompt, Rewrite, longest_rewrite
from spark_lsp.wire.dialects.base import Dialect, End, Piece, Target
from spark_lsp.wire.dialects.choose import DIALECTS, dialect
from spark_lsp.wire.faults import Fault, Remedy
from spark_lsp.wire.layout import chat_messages, read_rewrite

STABLE = (Block("rules", "AGENTS.md", "Use tabs.\n"), Block("file", "util.py", "def f(): ...\n"))
PROMPT = Prompt(STABLE, "a.py", "x = ", "\n")
REWRITE = Rewrite(STABLE, "a.py", "import os\n", "x = 1\ny = 2\n", "print(x)\n", "Double them.")
INSTRUCTED = ["chat", "ollama", "responses"]
FILLING = ["completions", "fim", "infill", "ollama"]
BASE = "codellama:7b-code"
TEXTS = st.text(max_size=12)

SAID = {
    "chat": '{"choices":[{"index":0,"delta":{"content":%s}}]}',
    "responses": '{"type":"response.output_text.delta","output_index":0,"delta":%s}',
    "ollama": '{"message":{"role":"assistant","content":%s},"done":false}',
}
ENDS = {
    "chat": {
        "completed": '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
        "max_output_tokens": '{"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}',
    },
    "responses": {
        "completed": '{"type":"response.completed","response":{"id":"r"}}',
        "max_output_tokens": '{"type":"response.incomplete","response":{"id":"r",'
        '"incomplete_details":{"reason":"max_output_tokens"}}}',
    },
    "ollama": {
        "completed": '{"message":{"content":""},"done":true,"done_reason":"stop"}',
        "max_output_tokens": '{"message":{"content":""},"done":true,"done_reason":"length"}',
    },
}
DECLINES = {
    "chat": '{"choices":[{"index":0,"delta":{"refusal":"no"}}]}',
    "responses": '{"type":"response.refusal.done","output_index":0,"refusal":"no"}',
}


def body(way: Dialect, prompt: Prompt | Rewrite) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(way.call(prompt).body)
    return said


def limit(said: dict[str, Any]) -> object:
    names = ("max_tokens", "max_output_tokens", "num_predict")
    return next(
        value for name, value in {**said, **said.get("options", {})}.items() if name in names
    )


def answered(wire_api: str, asked: Prompt | Rewrite, *messages: str) -> list[Piece]:
    """What is read of a stream, its text in one."""
    reader = dialect(wire_api, Target("m", 64)).reader(asked)
    form = "%s\n" if wire_api == "ollama" else "data: %s\n\n"
    heard = [it for message in messages for it in reader.feed((form % message).encode())]
    heard += reader.close()
    text = "".join(piece for piece in heard if isinstance(piece, str))
    return [text, *(piece for piece in heard if not isinstance(piece, str))]


def test_models_that_fill_in_follow_nothing_and_those_that_chat_do() -> None:
    """Ollama's do both, unless their names say otherwise."""
    able = {name for name in DIALECTS if dialect(name, Target("m", 64)).instructable}
    base = {name for name in DIALECTS if dialect(name, Target(BASE, 64)).instructable}

    assert set(INSTRUCTED) == able
    assert set(INSTRUCTED) - {"ollama"} == base


@pytest.mark.parametrize(
    ("model", "follows"),
    [
        ("qwen2.5-coder:7b", True),
        ("qwen2.5-coder", True),
        ("qwen2.5-coder:1.5b-base", False),
        ("qwen2.5-coder:7b-base-q8_0", False),
        ("codellama:7b-code", False),
        ("codellama:13b-python", False),
        ("codellama:7b-instruct", True),
        ("granite-code:8b", True),
        ("starcoder2:3b", False),
        ("starcoder2:15b-instruct", True),
        ("codebase-helper:7b", True),
    ],
)
def test_names_tell_which_models_of_ollama_only_complete(model: str, *, follows: bool) -> None:
    assert follows == dialect("ollama", Target(model, 64)).instructable


def test_what_gives_an_instruction_is_put_to_ollama_as_a_chat_and_all_else_is_filled_in() -> None:
    way = dialect("ollama", Target("m", 64, window=8192))
    guided = replace(PROMPT, instruction="Use a set.")
    paths = [way.call(asked).path for asked in (PROMPT, guided, REWRITE)]
    said = body(way, REWRITE)

    assert ["/api/generate", "/api/chat", "/api/chat"] == paths
    assert way.call(REWRITE).root("http://h/v1") == "http://h"
    assert {"num_ctx": 8192, "num_predict": 64 + REWRITE.room, "temperature": 0} == said["options"]
    assert {"model", "stream", "keep_alive", "options", "messages"} == said.keys()


def test_what_a_model_of_ollama_thinks_is_no_text() -> None:
    thought = '{"message":{"role":"assistant","content":"","thinking":"Hm."},"done":false}'
    said = SAID["ollama"] % '"x = 2"'

    assert ["x = 2\n", End()] == answered(
        "ollama", REWRITE, thought, said, ENDS["ollama"]["completed"]
    )


@given(
    st.sampled_from(FILLING),
    st.sampled_from(["", "suffix", "codestral"]),
    st.builds(Prompt, st.just(STABLE), TEXTS, TEXTS, TEXTS, TEXTS),
)
def test_a_model_that_fills_in_is_shown_no_instruction(
    wire_api: str, template: str, prompt: Prompt
) -> None:
    """It would go on with the words."""
    way = dialect(wire_api, Target(BASE, 64, template=template))

    assert way.call(prompt) == way.call(replace(prompt, instruction=""))


@pytest.mark.parametrize("wire_api", INSTRUCTED)
def test_one_that_chats_is_told_what_a_person_has_said(wire_api: str) -> None:
    way = dialect(wire_api, Target("m", 64))
    plain, guided = body(way, PROMPT), body(way, replace(PROMPT, instruction="Use a set."))

    assert "Use a set." in json.dumps(guided)
    assert limit(plain) == limit(guided) == 64


def test_a_rewrite_is_asked_as_the_layout_says() -> None:
    chat, ollama, responses = (body(dialect(name, Target("m", 64)), REWRITE) for name in INSTRUCTED)

    assert chat_messages(REWRITE) == chat["messages"] == ollama["messages"]
    assert REWRITE == read_rewrite(responses["input"])


@pytest.mark.parametrize("wire_api", INSTRUCTED)
def test_a_rewrite_has_room_for_its_answer_and_the_next_completion_has_its_own(
    wire_api: str,
) -> None:
    """Twice the region and more, up to what may be written at once."""
    way = dialect(wire_api, Target("m", 64, rewrite_tokens=5_000))
    long = replace(REWRITE, region="y = x\n" * 300)
    longer = replace(REWRITE, region="y = x\n" * 100_000)

    assert limit(body(way, REWRITE)) == 64 + REWRITE.room
    assert limit(body(way, long)) == 64 + 1_200 + 1_024
    assert limit(body(way, longer)) == 64 + 5_000
    assert limit(body(way, PROMPT)) == 64


@given(st.text(st.characters() | st.characters(categories=["Cs"])), st.integers(4096, 2_000_000))
def test_any_region_has_room_and_never_more_than_a_part_of_the_window(
    region: str, window: int
) -> None:
    assert replace(REWRITE, region=region).room >= 1_024
    assert 1_024 <= longest_rewrite(window) <= window // 4


CHATTY = "Sure! Here is the code:\n\n```python\nx = 2\ny = 4\n```\n\nThis code doubles them."


@pytest.mark.parametrize("wire_api", INSTRUCTED)
@given(cuts=st.lists(st.integers(1, len(CHATTY) - 1), max_size=8))
def test_what_chat_models_add_to_a_rewrite_is_taken_out_of_it(
    wire_api: str, cuts: list[int]
) -> None:
    """However it is cut; the region keeps its last line end."""
    ends = sorted({0, len(CHATTY), *cuts})
    said = [SAID[wire_api] % json.dumps(CHATTY[start:end]) for start, end in pairwise(ends)]

    assert ["x = 2\ny = 4\n", End()] == answered(wire_api, REWRITE, *said)


@pytest.mark.parametrize("wire_api", INSTRUCTED)
def test_a_rewrite_that_was_cut_has_failed_and_a_completion_has_not(wire_api: str) -> None:
    """A region is not replaced by a part of its new text."""
    said = SAID[wire_api] % json.dumps("x = 2\ny")
    cut = ENDS[wire_api]["max_output_tokens"]
    _, failed = answered(wire_api, REWRITE, said, cut)

    assert isinstance(failed, Fault)
    assert (Remedy.REPORT, False) == (failed.remedy, failed.lasting)
    assert "select less" in failed.message
    assert End("max_output_tokens") == answered(wire_api, PROMPT, said, cut)[1]


@pytest.mark.parametrize("wire_api", sorted(DECLINES))
def test_a_rewrite_that_is_declined_has_failed_and_removes_nothing(wire_api: str) -> None:
    end = ENDS[wire_api]["completed"]
    text, failed = answered(wire_api, REWRITE, DECLINES[wire_api], end)

    assert "" == text
    assert Fault("refusal", "the model declines to write this") == failed
    assert End("refusal") == answered(wire_api, PROMPT, DECLINES[wire_api], end)[1]


@pytest.mark.parametrize("wire_api", INSTRUCTED)
def test_a_rewrite_may_be_nothing(wire_api: str) -> None:
    """As where the person wants the region gone."""
    assert ["", End()] == answered(wire_api, REWRITE, ENDS[wire_api]["completed"])


@pytest.mark.parametrize("wire_api", INSTRUCTED)
def test_no_field_is_taken_for_refused_because_a_rewrite_was_cut(wire_api: str) -> None:
    way = dialect(wire_api, Target("m", 64))
    for reason in ("max_output_tokens", "refusal", "interrupted"):
        _, failed = answered(wire_api, REWRITE, ENDS[wire_api]["max_output_tokens"])
        assert isinstance(failed, Fault)

        assert way.without(replace(failed, code=reason)) is None
