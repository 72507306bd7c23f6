"""Every event and effect there is, as data: generated from what their fields are."""

import dataclasses
import json
from collections.abc import Sequence
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.effects import (
    Effect,
    Open,
    Pack,
    Recall,
    Reply,
    Shelve,
    Suggestion,
    Verdict,
)
from spark_lsp.core.events import Asked, Edited, Event, Packed, Turned
from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.core.text import Position
from spark_lsp.core.tracing.plain import (
    AsItIs,
    EventError,
    effect_as_data,
    event_as_data,
    event_from_data,
)

BLANKS = st.integers(0, 50).map(lambda size: " " * size)
NUMBERS = st.integers(-(2**53), 2**53)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    int: NUMBERS,
    bool: st.booleans(),
    float: st.floats(-1e300, 1e300),
    NoneType: st.none(),
    dict[str, object]: st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
    Block: st.builds(
        Block,
        st.text(max_size=5),
        st.sampled_from(["a.py", "b/c.py"]),
        BLANKS,
        st.just(""),
        NUMBERS,
        NUMBERS,
        NUMBERS,
        NUMBERS,
    ),
}


def values(hint: Any) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - one arm a kind
    """Return all values that a type hint allows; of a block's text a trace keeps the length."""
    if hint in PLAIN:
        return PLAIN[hint]
    match get_origin(hint):
        case None if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            return fields(hint, [field.name for field in msgspec.structs.fields(hint)])
        case None if dataclasses.is_dataclass(hint):
            return fields(hint, [field.name for field in dataclasses.fields(hint)])
        case None:
            return st.sampled_from(list(hint))  # an enumeration
        case origin if origin is Literal:
            return st.sampled_from(get_args(hint))
        case origin if origin in {Union, UnionType}:
            return st.one_of([values(arm) for arm in get_args(hint)])
        case origin if origin is tuple:
            return st.lists(values(get_args(hint)[0]), max_size=3).map(tuple)
        case origin if origin is frozenset:
            return st.frozensets(values(get_args(hint)[0]), max_size=3)
        case origin if origin is Sequence or issubclass(origin, Sequence):
            return st.lists(values(get_args(hint)[0]), max_size=3)
    raise AssertionError(hint)


def fields(kind: Any, names: list[str]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{name: values(hints[name]) for name in names})


EVENTS = {kind.__name__: kind for kind in get_args(Event)}
EFFECTS = {kind.__name__: kind for kind in get_args(Effect)}


@pytest.mark.parametrize("name", EVENTS)
@given(data=st.data())
def test_an_event_comes_back_as_it_was(name: str, data: st.DataObject) -> None:
    event = data.draw(values(EVENTS[name]))
    told = json.loads(json.dumps(event_as_data(event, AsItIs())))

    assert event == event_from_data(told)


@pytest.mark.parametrize("name", EFFECTS)
@given(data=st.data())
def test_an_effect_is_told_in_the_words_of_json(name: str, data: st.DataObject) -> None:
    told = effect_as_data(data.draw(values(EFFECTS[name])), AsItIs())

    assert name == told["type"]
    assert told == json.loads(json.dumps(told))


@pytest.mark.parametrize("text", ["\ud800", "\udc00x", "a\u2028b", "\U0001f600"])
def test_no_text_cannot_be_told(text: str) -> None:
    told = event_as_data(Asked(1, text, Position(0, 0), grows=True), AsItIs())

    assert text == told["uri"]


def test_numbers_that_json_cannot_hold_are_bounded() -> None:
    told = event_as_data(Edited("u", 10**30, []), AsItIs())

    assert 2**53 == told["version"]


def test_of_a_block_only_the_length_of_its_text_is_kept() -> None:
    block = Block("file", "a.py", "def total():\n", "it is called", 3, 4, 5, 6)
    told = event_as_data(Packed(1, (block,), frozenset({"b", "a"})), AsItIs())
    again = event_from_data(told)

    assert "total" not in json.dumps(told)
    assert "called" not in json.dumps(told)
    assert isinstance(again, Packed)
    assert (Block("file", "a.py", " " * 13, "", 3, 4, 5, 6),) == again.blocks


@pytest.mark.parametrize(
    "effect",
    [
        Open(1, Prompt((Block("file", "b.py", "SECRET"),), "a.py", "SECRET", "SECRET")),
        Shelve("file:///a.py", "a.py", "SECRET"),
        Pack(1, "a.py", "SECRET", 3, ("SECRET.py",), 128_000),
        Recall(1, "a.py", "SECRET", 3, 5, 7, (), ()),
    ],
)
def test_what_a_model_or_the_library_is_shown_is_told_by_its_length(effect: Effect) -> None:
    told = json.dumps(effect_as_data(effect, AsItIs()))

    assert "SECRET" not in told
    assert "6" in told


def test_a_long_text_that_is_shown_is_told_by_its_beginning_and_a_checksum() -> None:
    texts = ("x" * 1_000, "x" * 1_001, "x" * 1_000 + "y")
    short, one, other = (
        effect_as_data(Reply(1, Verdict.SHOW, Suggestion(2, Position(0, 0), text), ""), AsItIs())
        for text in texts
    )

    assert texts[0] == short["suggestion"]["text"]
    assert ("x" * 200, 1_001) == (
        one["suggestion"]["text"]["begins"],
        one["suggestion"]["text"]["length"],
    )
    assert one != other


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({}, "no event None"),
        ({"type": "Nonsense"}, "no event 'Nonsense'"),
        ({"type": ["Up"]}, "no event"),
        ({"type": "Up", "colour": 1}, "Up has no 'colour'"),
        ({"type": "Withdrawn"}, "request"),
        ({"type": "Withdrawn", "request": "1"}, "int"),
        ({"type": "Turned", "stream": 1, "how": "sideways"}, "sideways"),
        ({"type": "Packed", "number": 1, "blocks": [{"kind": "file"}]}, "Packed"),
    ],
)
def test_what_is_no_event_says_why(told: dict[str, Any], why: str) -> None:
    with pytest.raises(EventError, match=why):
        event_from_data(told)


def test_a_block_as_large_as_the_memory_is_none() -> None:
    told = event_as_data(Packed(1, (Block("file", "a.py", ""),)), AsItIs())
    told["blocks"][0]["text"] = 10**15

    with pytest.raises(EventError, match="characters"):
        event_from_data(told)


def test_a_turn_tells_how() -> None:
    assert "steered" == event_as_data(Turned(1, "steered"), AsItIs())["how"]
