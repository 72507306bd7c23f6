"""What editors ask and tell, as events; what does not fit is nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.effects import Suggestion
from spark_lsp.core.events import (
    Accepted,
    Asked,
    Displayed,
    Event,
    Following,
    Instructed,
    Interrupted,
    Questioned,
    Redirected,
    Rejected,
    Selected,
)
from spark_lsp.core.text import Position
from spark_lsp.server.asking import (
    COMPLETION,
    DID_PARTIALLY_ACCEPT,
    EDIT,
    EXPLAIN,
    INTERRUPT,
    NEXT_EDIT,
    NOTICES,
    QUESTIONS,
    STEER,
    command,
    notice,
    question,
)
from spark_lsp.server.items import item

A = {"uri": "file:///a.py"}
A7 = {**A, "version": 7}
HERE = {"line": 1, "character": 4}
THERE = {"line": 2, "character": 0}
RANGE = {"start": HERE, "end": THERE}
AT_HERE, AT_THERE = Position(1, 4), Position(2, 0)
ITEM = item(Suggestion(12, AT_HERE, "value"))

ASKED: list[tuple[str, Any, Event]] = [
    (COMPLETION, {"textDocument": A, "position": HERE}, Asked(5, "file:///a.py", AT_HERE, False)),
    (
        COMPLETION,
        {"textDocument": A7, "position": HERE, "context": {"triggerKind": 1}},
        Asked(5, "file:///a.py", AT_HERE, False, invoked=True, version=7),
    ),
    (
        COMPLETION,
        {
            "textDocument": A,
            "position": HERE,
            "context": {
                "triggerKind": 2,
                "selectedCompletionInfo": {"range": RANGE, "text": "value"},
            },
            "formattingOptions": {"tabSize": 4, "insertSpaces": True},
        },
        Asked(5, "file:///a.py", AT_HERE, False, selected=Selected(AT_HERE, AT_THERE, "value")),
    ),
    (
        NEXT_EDIT,
        {"textDocument": A7, "position": HERE, "context": {"triggerKind": 2}},
        Following(5, "file:///a.py", 7, AT_HERE),
    ),
    (
        EDIT,
        {"textDocument": A7, "range": RANGE, "instruction": "sort"},
        Instructed(5, "file:///a.py", 7, AT_HERE, AT_THERE, "sort"),
    ),
    (
        EDIT,
        {"textDocument": A, "range": None, "instruction": "sort"},
        Instructed(5, "file:///a.py", None, None, None, "sort"),
    ),
    (
        STEER,
        {"textDocument": A, "instruction": "shorter"},
        Redirected(5, "file:///a.py", "shorter"),
    ),
    (
        STEER,
        {"textDocument": A, "instruction": "shorter", "expectedId": 3},
        Redirected(5, "file:///a.py", "shorter", 3),
    ),
    (
        STEER,
        {"textDocument": A, "instruction": "shorter", "expectedId": "3"},
        Redirected(5, "file:///a.py", "shorter", 3),
    ),
    (INTERRUPT, None, Interrupted(5)),
    (INTERRUPT, {"id": None}, Interrupted(5)),
    (INTERRUPT, {"id": 3}, Interrupted(5, 3)),
    (INTERRUPT, {"id": "3"}, Interrupted(5, 3)),
    (EXPLAIN, {"textDocument": A}, Questioned(5, "file:///a.py")),
    (
        EXPLAIN,
        {"textDocument": A, "position": HERE},
        Questioned(5, "file:///a.py", AT_HERE),
    ),
]
UNFIT: list[tuple[str, Any]] = [
    (COMPLETION, None),
    (COMPLETION, [A, HERE]),
    (COMPLETION, {"textDocument": A}),
    (COMPLETION, {"textDocument": {"uri": 7}, "position": HERE}),
    (COMPLETION, {"textDocument": A, "position": {"line": -1, "character": 0}}),
    (COMPLETION, {"textDocument": A, "position": {"line": True, "character": 0}}),
    (COMPLETION, {"textDocument": A, "position": HERE, "partialResultToken": {}}),
    (COMPLETION, {"textDocument": A, "position": HERE, "workDoneToken": False}),
    (COMPLETION, {"textDocument": A, "position": HERE, "context": "automatic"}),
    (NEXT_EDIT, {"textDocument": A7}),
    (EDIT, {"textDocument": A7, "range": RANGE}),
    (EDIT, {"textDocument": A7, "range": RANGE, "instruction": " \n"}),
    (EDIT, {"textDocument": A7, "range": {"start": HERE}, "instruction": "sort"}),
    (STEER, {"textDocument": A, "instruction": ""}),
    (STEER, {"textDocument": A, "instruction": "shorter", "expectedId": "the last"}),
    (STEER, {"textDocument": A, "instruction": "shorter", "expectedId": 1.5}),
    (STEER, {"instruction": "shorter"}),
    (INTERRUPT, {"id": "all"}),
    (INTERRUPT, {"id": True}),
    (INTERRUPT, {"id": "9" * 30}),
    (EXPLAIN, None),
    (EXPLAIN, {"textDocument": A, "position": 4}),
]

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["textDocument", "uri", "position", "line", "character", "item", "command", "id"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(("method", "params", "event"), ASKED, ids=repr)
def test_a_request_is_read_as_what_it_means(method: str, params: Any, event: Event) -> None:
    asked = question(method, 5, params)

    assert asked
    assert (event, None, None) == (asked.event, asked.partial, asked.work)


@pytest.mark.parametrize(("method", "params"), UNFIT, ids=repr)
def test_parameters_that_do_not_fit_ask_nothing(method: str, params: Any) -> None:
    assert question(method, 5, params) is None


@pytest.mark.parametrize("version", [None, "7", 1.5, True, {}])
def test_a_version_that_is_no_number_is_none(version: Any) -> None:
    params = {"textDocument": {**A, "version": version}, "position": HERE}
    asked = question(COMPLETION, 5, params)

    assert asked
    assert Asked(5, "file:///a.py", AT_HERE, grows=False) == asked.event


@pytest.mark.parametrize("token", ["t", "", 0, 7])
def test_what_grows_and_reports_is_what_has_a_token(token: Any) -> None:
    params = {"textDocument": A, "position": HERE, "instruction": "sort"}
    tokens = {"partialResultToken": token, "workDoneToken": "w"}
    completion = question(COMPLETION, 5, {**params, **tokens})
    edit = question(EDIT, 5, {**params, **tokens})

    assert completion
    assert edit
    assert isinstance(completion.event, Asked)
    assert isinstance(edit.event, Instructed)
    assert completion.event.grows
    assert (True, True) == (edit.event.grows, edit.event.reports)
    assert (token, "w") == (edit.partial, edit.work)


def test_what_became_of_an_answer_is_told_by_its_item() -> None:
    shown = notice("textDocument/didShowCompletion", {"item": ITEM})
    edited = notice("textDocument/didShowInlineEdit", {"item": {"text": "x", **ITEM}})
    partly = notice(DID_PARTIALLY_ACCEPT, {"item": ITEM, "acceptedLength": 3})

    assert Displayed(12) == shown
    assert Displayed(12) == edited
    assert Accepted(12, 3) == partly


@pytest.mark.parametrize("method", sorted(NOTICES))
@pytest.mark.parametrize(
    "params",
    [
        None,
        {},
        {"item": {"insertText": "x"}},
        {"item": {"command": None}},
        {"item": {"command": {"command": "other"}}, "acceptedLength": 1},
        {"item": {"command": {"arguments": []}}, "acceptedLength": 1},
        {"item": {"command": {"arguments": [{"uuid": "x"}]}}, "acceptedLength": 1},
        {"item": ITEM, "acceptedLength": -1},
    ],
    ids=repr,
)
def test_of_an_item_that_is_not_ours_nothing_is_told(method: str, params: Any) -> None:
    assert notice(method, params) is None


def test_a_part_that_is_not_told_was_not_accepted() -> None:
    assert notice(DID_PARTIALLY_ACCEPT, {"item": ITEM}) is None


@pytest.mark.parametrize(
    ("params", "name", "event"),
    [
        ({"command": "spark.accept", "arguments": [12]}, "spark.accept", Accepted(12)),
        ({"command": "spark.accept", "arguments": ["12", "x"]}, "spark.accept", Accepted(12)),
        ({"command": "spark.reject", "arguments": [12]}, "spark.reject", Rejected(12)),
        ({"command": "spark.accept", "arguments": []}, "spark.accept", None),
        ({"command": "spark.accept", "arguments": None}, "spark.accept", None),
        ({"command": "spark.accept"}, "spark.accept", None),
        ({"command": "rm", "arguments": [12]}, "rm", None),
    ],
    ids=repr,
)
def test_a_command_says_by_its_name_what_became_of_an_answer(
    params: Any, name: str, event: Event | None
) -> None:
    wanted = command(params)

    assert wanted
    assert (name, event) == (wanted.name, wanted.event)


@pytest.mark.parametrize("params", [None, [], {}, {"command": 7}, {"command": "x", "arguments": 7}])
def test_a_command_without_a_name_is_none(params: Any) -> None:
    assert command(params) is None


@given(st.sampled_from([*QUESTIONS, *NOTICES]), junk)
def test_nothing_that_may_be_sent_is_too_much(method: str, params: Any) -> None:
    if method in QUESTIONS:
        asked = question(method, 5, params)

        assert asked is None or asked.event.request == 5
    else:
        notice(method, params)
    command(params)
