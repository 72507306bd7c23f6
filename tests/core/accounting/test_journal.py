"""What is told of a request, when somebody asks why."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.accounting.journal import EPISODES, STEPS, Journal
from spark_lsp.core.prompt import Block

URI = "file:///w/a.py"
SECRET = "text = of_the_person()"
STABLE = (
    Block("signatures", "b.py", SECRET, "is imported", 0, 9, 120, 130),
    Block("chunk", "c.py", SECRET, "words like here", 4, 8, 30, 35),
)


def test_a_request_is_told_with_its_answer_its_context_and_what_each_step_took() -> None:
    journal = Journal()
    journal.begin(7, URI, 11, 4, 100.0, "completion")
    journal.step(7, "request sent", 100.05)
    journal.note(7, stream=3, blocks=STABLE, tail=4500, window=128_000, debounce=0.05)
    journal.step(7, "first text", 100.25)
    journal.step(7, "first shown", 100.2504)
    journal.note(7, answer=3, source="model", characters=80, lines=3, cut="the function ends")
    journal.note(7, verdict="SHOW", reason="a whole piece of the model's answer", rule="network")
    journal.step(7, "answered", 100.4)

    assert {
        "found": True,
        "summary": "80 characters in 3 lines were shown by the model, 250 ms after the request; "
        "what followed was left out, because the function ends.",
        "what": "completion",
        "verdict": "shown",
        "reason": "a whole piece of the model's answer",
        "rule": "network",
        "source": "model",
        "quiet": None,
        "cut": "the function ends",
        "guard": None,
        "status": None,
        "confidence": None,
        "request": 7,
        "answer": 3,
        "stream": 3,
        "uri": URI,
        "position": {"line": 11, "character": 4},
        "shown": {"characters": 80, "lines": 3, "edits": 0},
        "steps": [
            {"name": "asked", "milliseconds": 0.0, "took": 0.0},
            {"name": "request sent", "milliseconds": 50.0, "took": 50.0},
            {"name": "first text", "milliseconds": 250.0, "took": 200.0},
            {"name": "first shown", "milliseconds": 250.4, "took": 0.4},
            {"name": "answered", "milliseconds": 400.0, "took": 149.6},
        ],
        "debounce": 50.0,
        "context": {
            "tokens": 150,
            "blocks": [
                {
                    "kind": "signatures",
                    "path": "b.py",
                    "start_line": 0,
                    "end_line": 9,
                    "tokens": 120,
                    "reason": "is imported",
                },
                {
                    "kind": "chunk",
                    "path": "c.py",
                    "start_line": 4,
                    "end_line": 8,
                    "tokens": 30,
                    "reason": "words like here",
                },
            ],
            "tail_bytes": 4500,
            "window": 128_000,
        },
    } == journal.explain(URI, 11)
    assert SECRET not in json.dumps(journal.explain(URI))


def asked(*lines: int) -> Journal:
    """Return a journal in which one request was made for each of some lines."""
    journal = Journal()
    for request, line in enumerate(lines):
        journal.begin(request, URI, line, 0, float(request), "completion")
        journal.note(request, verdict="CLEAR", reason=f"reason {request}")
    return journal


def test_of_a_line_the_newest_request_is_told_and_without_one_the_newest_of_all() -> None:
    journal = asked(3, 5, 3, 9)

    assert (2, True) == told(journal.explain(URI, 3), "request", "found")
    assert (1, True) == told(journal.explain(URI, 5), "request", "found")
    assert (3, True) == told(journal.explain(URI), "request", "found")


def told(account: dict[str, object], *keys: str) -> tuple[object, ...]:
    return tuple(account[key] for key in keys)


def test_where_nothing_was_asked_the_newest_of_the_document_is_told_instead() -> None:
    account = asked(3, 5).explain(URI, 7)

    assert (1, False) == told(account, "request", "found")
    assert account["summary"] == (
        "Nothing has been asked on line 8; the last request was on line 6. "
        "Nothing was shown: reason 1."
    )


def test_where_nothing_was_ever_asked_the_same_keys_say_so() -> None:
    account = Journal().explain(URI, 7)

    assert account.keys() == asked(1).explain(URI).keys()
    assert ("Nothing has been asked in this document yet.", False, None, []) == told(
        account, "summary", "found", "verdict", "steps"
    )
    assert not asked(1).explain("file:///w/other.py")["found"]


def test_the_newest_requests_are_remembered_and_the_rest_forgotten() -> None:
    journal = asked(*range(EPISODES + 1))
    journal.note(0, answer=1)
    journal.step(0, "answered", 9.0)

    assert not journal.explain(URI, 0)["found"]
    assert journal.explain(URI, 1)["found"]


def test_a_step_told_again_and_again_is_one_and_of_first_things_the_first_counts() -> None:
    journal = asked(1)
    for number in range(3):
        for name in ("first text", "first shown", "request sent", "request sent"):
            journal.step(0, name, 1.0 + number)
    names = [step["name"] for step in steps(journal)]

    assert ["asked", "first text", "first shown", "request sent"] == names
    for number in range(2 * STEPS):
        journal.step(0, f"step {number}", 2.0)
    assert STEPS == len(steps(journal))


def steps(journal: Journal) -> list[dict[str, Any]]:
    found = journal.explain(URI)["steps"]
    assert isinstance(found, list)
    return found


def test_a_request_that_begins_again_begins_anew() -> None:
    journal = asked(1)
    journal.begin(0, URI, 2, 0, 5.0, "edit")

    assert ("edit", None) == told(journal.explain(URI), "what", "verdict")
    assert not journal.explain(URI, 1)["found"]


@pytest.mark.parametrize("count", [1, 3])
def test_prompts_that_begin_alike_share_what_is_kept_of_them(count: int) -> None:
    journal = asked(1, 2)
    for request in (0, 1):
        journal.note(request, blocks=[*STABLE[:count]])

    first, second = journal._episodes.values()
    assert first.blocks is second.blocks
    journal.note(1, blocks=STABLE[1:])
    assert 150 - 30 * (count == 1) == sum(block["tokens"] for block in first.blocks)
    assert 30 == sum(block["tokens"] for block in second.blocks)


VERDICTS = st.sampled_from(["SHOW", "CLEAR", "KEEP", "CANCELLED", "MODIFIED", "FAILED", "OTHER"])


@given(
    verdict=st.none() | VERDICTS,
    what=st.sampled_from(["completion", "edit", "next", "other"]),
    facts=st.fixed_dictionaries(
        {},
        optional={
            "reason": st.text(),
            "source": st.text(),
            "quiet": st.text(),
            "guard": st.text(),
            "cut": st.text(),
            "characters": st.integers(0, 9999),
            "edits": st.integers(0, 9),
            "debounce": st.floats(0, 9),
        },
    ),
)
def test_whatever_is_noted_is_told_as_json_and_in_a_sentence(
    verdict: str | None, what: str, facts: dict[str, Any]
) -> None:
    journal = Journal()
    journal.begin(1, URI, 0, 0, 0.0, what)
    journal.note(1, **facts)
    if verdict:
        journal.note(1, verdict=verdict)
    account = journal.explain(URI, 0)
    json.dumps(account)

    assert str(account["summary"]).endswith(".")
