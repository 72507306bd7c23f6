"""What an agent is told."""

from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.tasks.briefing import Selection, finish, instructions, task
from spark_lsp.core.tasks.reasons import REQUEST


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_rules_are_told_word_for_word(rules: dict[str, str]) -> None:
    told = instructions(rules)

    assert all(text in told for text in rules.values() if text.strip())
    assert told.endswith(REQUEST)


def test_what_the_person_has_open_and_selected_is_told() -> None:
    told = task("Do it.", ["a.py", "b.py"], Selection("a.py", 3, 4, "x = 1\ny = 2\n"))

    assert told.startswith("Do it.\n\n")
    assert "a.py, b.py" in told
    assert "lines 3 to 4 of a.py:\n\nx = 1\ny = 2\n" in told


def test_an_instruction_alone_is_told_as_it_is() -> None:
    assert "Do it." == task(" Do it.\n")


def test_a_change_is_shown_with_files_that_are_new() -> None:
    told = finish("Mind the names.", "-a\n+b\n", ["fresh.py"])

    assert "```diff\n-a\n+b\n" in told
    assert "new: fresh.py" in told
    assert "The person adds: Mind the names." in told


def test_of_an_enormous_change_the_beginning_is_shown_and_that_there_is_more() -> None:
    told = finish("", "+x\n" * 100_000, [])

    assert len(told) < 210_000
    assert "The rest is not shown" in told
    assert "adds" not in told
