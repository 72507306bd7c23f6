"""The sentence that says what happened to a request."""

import pytest

from spark_lsp.core.accounting.telling import Facts, Step, summary


@pytest.mark.parametrize(
    ("what", "facts", "sentence"),
    [
        (
            "completion",
            Facts(verdict="CLEAR", quiet="you had just deleted text", reason="after a deletion"),
            (
                "Nothing was shown: you had just deleted text (quiet rule); "
                "press the completion key to ask anyway."
            ),
        ),
        (
            "completion",
            Facts(verdict="CLEAR", rule="quiet", reason="inside a word"),
            (
                "Nothing was shown: inside a word (quiet rule); "
                "press the completion key to ask anyway."
            ),
        ),
        (
            "completion",
            Facts(verdict="CLEAR", reason="the model had nothing to add"),
            "Nothing was shown: the model had nothing to add.",
        ),
        (
            "completion",
            Facts(verdict="CLEAR", guard="a bracket would have stayed open"),
            "Nothing was shown: a bracket would have stayed open (syntax guard).",
        ),
        (
            "completion",
            Facts(verdict="CLEAR", cut="it repeats itself", reason="nothing to show"),
            "Nothing was shown: it repeats itself.",
        ),
        ("edit", Facts(verdict="CLEAR"), "Nothing was rewritten."),
        (
            "next",
            Facts(verdict="CLEAR", reason="nothing follows"),
            "No edit was proposed: nothing follows.",
        ),
        (
            "completion",
            Facts(verdict="SHOW", characters=1, lines=1, source="cache"),
            "1 character was shown from an answer in hand, 31 ms after the request.",
        ),
        (
            "completion",
            Facts(verdict="SHOW", characters=1204, lines=30, source="typed along"),
            (
                "1,204 characters in 30 lines were shown as the rest of what you are typing along "
                "with, 31 ms after the request."
            ),
        ),
        (
            "completion",
            Facts(verdict="SHOW", characters=9, guard="its end was cut off"),
            "9 characters were shown, 31 ms after the request; its end was cut off (syntax guard).",
        ),
        (
            "next",
            Facts(verdict="SHOW", edits=3, source="engine"),
            "3 edits were proposed by the embedded engine, 31 ms after the request.",
        ),
        (
            "edit",
            Facts(verdict="SHOW", edits=1, source="model"),
            "1 edit was written by the model, 31 ms after the request.",
        ),
        (
            "completion",
            Facts(verdict="KEEP", reason="overtaken by an edit"),
            "What was on screen was left as it was: overtaken by an edit.",
        ),
        (
            "completion",
            Facts(verdict="CANCELLED", reason="withdrawn by the editor"),
            "The editor withdrew the request before there was an answer.",
        ),
        (
            "next",
            Facts(verdict="MODIFIED", reason="the document has changed since: ask again"),
            "It was refused: the document has changed since: ask again.",
        ),
        (
            "edit",
            Facts(verdict="FAILED", reason="the model has stalled."),
            "It failed: the model has stalled.",
        ),
        ("completion", Facts(), "It is not decided yet: first shown after 31 ms."),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_happened_is_told_in_one_sentence(what: str, facts: Facts, sentence: str) -> None:
    steps = [Step("asked", 2.0), Step("first shown", 2.031)]

    assert sentence == summary(what, steps, facts)


def test_of_a_request_that_was_only_asked_nothing_else_is_said() -> None:
    assert "It is not decided yet: asked." == summary("completion", [Step("asked", 2.0)], Facts())
