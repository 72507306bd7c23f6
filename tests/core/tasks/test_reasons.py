"""Reasons read out of a model's last answer, whatever it has written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.tasks.merging import Hunk, merge
from spark_lsp.core.tasks.reasons import UNSAID, Account, Reason, account

BASE = "import os\n\ndef load(path):\n    return open(path)\n\nprint(load('x'))\n"
TASK = BASE.replace("load", "read").replace("import os", "import io")
TOLD = {
    "summary": "Renamed load to read.",
    "changes": [
        {"path": "a.py", "line": "def read(path):", "reason": "The name clashed."},
        {"path": "a.py", "line": 6, "reason": "The only caller."},
        {"path": "b.py", "reason": "It is not used."},
    ],
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["summary", "changes", "path", "line", "reason"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


def hunks() -> tuple[Hunk, ...]:
    return merge(BASE, TASK, BASE).hunks


def reasons(told: Account, path: str = "a.py") -> list[str]:
    return [told.of_hunk(path, hunk) for hunk in hunks()]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(f"Done.\n\n```json\n{json.dumps(TOLD)}\n```", id="in a fence"),
        pytest.param(f"Done.\n```\n{json.dumps(TOLD, indent=2)}\n```\n", id="a fence of no kind"),
        pytest.param(f"Done. {json.dumps(TOLD)}", id="bare"),
        pytest.param(f'{{"summary": "A draft."}}\n{json.dumps(TOLD)}\nThat is all.', id="the last"),
        pytest.param(f"I use `{{}}` and {{ braces }}.\n{json.dumps(TOLD)}", id="among braces"),
    ],
)
def test_each_place_has_the_reason_that_is_given_for_it(answer: str) -> None:
    told = account(answer)

    assert "Renamed load to read." == told.summary
    assert ["Renamed load to read.", "The name clashed.", "The only caller."] == reasons(told)
    assert "It is not used." == told.of_file("b.py")


def test_a_place_without_a_reason_has_that_of_its_file() -> None:
    told = Account("All.", (Reason("a.py", "Of the file."), Reason("a.py", "Odd.", "no such line")))

    assert {"Of the file."} == set(reasons(told))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("    def read(path):  ", True),
        ("+def read(path):", True),
        ("def read", True),
        ("def load(path):", True),
        ("3", True),
        ("de", False),
        ("def write(path):", False),
    ],
)
def test_a_line_is_found_also_where_it_is_not_named_to_the_letter(line: str, found: bool) -> None:
    said = [{"path": "./a.py", "line": line, "reason": "Here."}, {"path": "a.py", "reason": "No."}]

    assert found == ("Here." in reasons(account(json.dumps({"changes": said}))))


def test_a_file_may_be_named_by_the_end_of_its_path() -> None:
    told = account('{"changes": [{"path": "core\\\\a.py", "reason": "So."}]}')

    assert "So." == told.of_file("src/core/a.py")
    assert UNSAID == told.of_file("src/score/a.py".replace("score/a", "hardcore-a"))


@pytest.mark.parametrize(
    ("answer", "summary"),
    [
        ("I renamed it. Then I tested it.", "I renamed it."),
        ("## Done\n\nall good", "Done"),
        ("```py\nx = 1\n```", "x = 1"),
        ('I broke off {"summary": "in the mid', 'I broke off {"summary": "in the mid'),
        ("", ""),
    ],
)
def test_without_an_account_the_first_sentence_is_the_reason(answer: str, summary: str) -> None:
    told = account(answer)

    assert summary == told.summary
    assert {summary or UNSAID} == set(reasons(told))


def test_what_is_shown_of_a_reason_is_one_line_and_not_long() -> None:
    told = account(json.dumps({"summary": "a\n\u202eb\x1b[0m " + "c" * 9_999}))

    assert told.summary.startswith("a b [0m c")
    assert len(told.summary) == 400


@given(json_values, st.text(max_size=20))
def test_no_answer_is_too_strange(value: object, before: str) -> None:
    told = account(before + json.dumps(value))

    assert all(reasons(told))


@pytest.mark.parametrize("piece", ['{"summary":', "{", '{"changes":[', "[" * 9, '{"summary"{"'])
def test_no_answer_takes_long(piece: str) -> None:
    assert all(reasons(account(piece * 100_000)))
