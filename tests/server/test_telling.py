"""What is said to an editor, in the forms that LSP and Copilot's clients know."""

from pathlib import Path
from typing import Any

import pytest

from spark_lsp.core.effects import (
    Explained,
    Grow,
    Proposal,
    Proposed,
    Refusal,
    Refuse,
    Replacement,
    Reply,
    Report,
    Revise,
    Revised,
    Steered,
    Stopped,
    Suggestion,
    Verdict,
)
from spark_lsp.core.text import Position
from spark_lsp.server.hooks import Final
from spark_lsp.server.telling import Work, answer, partial

HERE = {"line": 1, "character": 4}
THERE = {"line": 2, "character": 0}
AT_HERE, AT_THERE = Position(1, 4), Position(2, 0)
SUGGESTION = Suggestion(12, AT_HERE, "value")
ACCEPT = {"title": "Accepted", "command": "spark.accept", "arguments": [12]}
ITEM = {"insertText": "value", "range": {"start": HERE, "end": HERE}, "command": ACCEPT}
REPLACEMENT = Replacement(AT_HERE, AT_THERE, "new")
RANGE = {"start": HERE, "end": THERE}

RESULTS: list[tuple[Final, Any]] = [
    (Reply(1, Verdict.SHOW, SUGGESTION, ""), {"items": [ITEM]}),
    (Reply(1, Verdict.CLEAR, None, "inside a word"), {"items": []}),
    (Reply(1, Verdict.KEEP, None, "overtaken"), None),
    (
        Revised(1, 3, 7, (REPLACEMENT,)),
        {"id": 3, "version": 7, "edits": [{"range": RANGE, "newText": "new"}]},
    ),
    (Steered(1, 3, "reissued"), {"id": 3, "how": "reissued"}),
    (Stopped(1, (3, 4)), {"ids": [3, 4]}),
    (Stopped(1, ()), {"ids": []}),
    (
        Explained(1, {"shown": False, "why": "inside a word"}),
        {"shown": False, "why": "inside a word"},
    ),
    (Proposed(1, ()), {"edits": []}),
]
ERRORS: list[tuple[Final, int]] = [
    (Reply(1, Verdict.CANCELLED, None, "a reason"), -32800),
    (Refuse(1, Refusal.CANCELLED, "a reason"), -32800),
    (Refuse(1, Refusal.MODIFIED, "a reason"), -32801),
    (Refuse(1, Refusal.INVALID, "a reason"), -32602),
    (Refuse(1, Refusal.FAILED, "a reason"), -32803),
]


def proposal(uri: str | None, path: str, reason: str = "rename a to b") -> Proposal:
    """A next edit in a document, or in a file that is not open."""
    return Proposal(12, uri, path, 7 if uri else None, REPLACEMENT, reason)


@pytest.mark.parametrize(("effect", "result"), RESULTS, ids=repr)
def test_an_answer_is_spelled_as_its_request_wants_it(effect: Final, result: Any) -> None:
    assert {"result": result} == answer(effect, None)


@pytest.mark.parametrize(("effect", "code"), ERRORS, ids=repr)
def test_a_refusal_has_the_protocol_s_code_and_a_sentence(effect: Final, code: int) -> None:
    assert {"error": {"code": code, "message": "a reason"}} == answer(effect, None)


def test_every_reason_to_refuse_has_a_code() -> None:
    assert all("error" in answer(Refuse(1, refusal, ""), None) for refusal in Refusal)


def test_a_suggestion_in_the_company_of_the_completion_menu_replaces_its_range() -> None:
    suggestion = Suggestion(12, AT_HERE, "value", Position(1, 2))
    told = answer(Reply(1, Verdict.SHOW, suggestion, ""), None)

    assert {"start": {"line": 1, "character": 2}, "end": HERE} == (
        told["result"]["items"][0]["range"]
    )


def test_what_grows_takes_the_place_of_what_was_told_before() -> None:
    assert {"kind": "replace", "items": [ITEM]} == partial(Grow(1, SUGGESTION))
    assert {
        "kind": "replace",
        "id": 3,
        "version": 7,
        "edits": [{"range": RANGE, "newText": "new"}],
    } == partial(Revise(1, 3, 7, (REPLACEMENT,)))


def test_a_next_edit_has_the_form_that_clients_of_copilot_know() -> None:
    told = answer(Proposed(1, (proposal("file:///w/a.py", "a.py"),)), "/w")

    assert {
        "edits": [
            {
                "text": "new",
                "textDocument": {"uri": "file:///w/a.py", "version": 7},
                "range": RANGE,
                "command": {**ACCEPT, "title": "rename a to b"},
            }
        ]
    } == told["result"]


def test_a_next_edit_in_a_file_that_is_not_open_names_it_within_the_workspace(
    tmp_path: Path,
) -> None:
    path = "pack age/\u00e9%#.py"
    told = answer(Proposed(1, (proposal(None, path, reason=""),)), str(tmp_path))
    (edit,) = told["result"]["edits"]

    assert {"uri": (tmp_path / path).as_uri(), "version": 0} == edit["textDocument"]
    assert edit["textDocument"]["uri"].endswith("/pack%20age/%C3%A9%25%23.py")
    assert ACCEPT == edit["command"]


@pytest.mark.parametrize("path", ["../b.py", "a/../../b.py", "/b.py", "", "//c/b.py"])
def test_an_edit_never_reaches_beyond_the_workspace(path: str) -> None:
    both = (proposal(None, path), proposal(None, "a.py"))
    told = answer(Proposed(1, both), "/w")

    assert 1 == len(told["result"]["edits"])
    assert {"edits": []} == answer(Proposed(1, both), None)["result"]


def test_work_is_begun_by_its_first_report_and_ended_by_its_last() -> None:
    work = Work()
    told = [
        work.told(Report(1, message, ended=message == "done"))
        for message in ("reading", "writing", "done", "late")
    ]

    assert [
        {"kind": "begin", "title": "Editing", "message": "reading"},
        {"kind": "report", "message": "writing"},
        {"kind": "end", "message": "done"},
        None,
    ] == told
    assert work.end() is None


def test_work_that_nothing_was_told_of_is_not_ended_either() -> None:
    assert Work().end() is None
    assert Work().told(Report(1, "done", ended=True)) is None


def test_work_whose_request_is_answered_is_over() -> None:
    work = Work()
    work.told(Report(1, "reading"))

    assert {"kind": "end"} == work.end()
    assert work.told(Report(1, "writing")) is None
