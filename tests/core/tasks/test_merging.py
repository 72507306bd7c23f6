"""What a task has made of a text, brought onto the person's: never at the cost of their lines."""

import subprocess
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_lsp.core.tasks.merging import applied, merge
from spark_lsp.core.text import Text

BASE = "one\ntwo\nthree\nfour\nfive\n"

lines = st.sampled_from(("a", "b", "    return b", "", "}", "word other", "é😀", "\u2028 x"))
texts = st.builds(
    lambda lines, last: "\n".join([*lines, ""]) if last else "\n".join(lines),
    st.lists(lines, max_size=9),
    st.booleans(),
)
closed = st.lists(lines, max_size=9).map(lambda lines: "".join(line + "\n" for line in lines))
wild = st.text(alphabet="ab\r\n\u2028é😀", max_size=14)
anything = st.one_of(texts, closed, wild)


def of(text: str) -> list[str]:
    """Return the lines of a text, without their ends; an end that ends the text opens none."""
    whole = Text(text)
    found = [whole.line(line) for line in range(whole.line_count)]
    return found if found[-1] else found[:-1]


def result(base: str, task: str, person: str) -> str:
    return applied(person, merge(base, task, person).clean)


@given(anything, anything)
def test_a_task_that_has_changed_nothing_has_nothing_to_offer(base: str, person: str) -> None:
    assert () == merge(base, base, person).hunks


@given(anything, anything)
def test_a_person_who_has_changed_nothing_gets_the_lines_of_the_task(base: str, task: str) -> None:
    merged = merge(base, task, base)

    assert not merged.conflicts
    assert of(task) == of(applied(base, merged.clean))


@given(closed, closed)
def test_and_its_text_to_the_letter_where_both_end_their_lines_alike(base: str, task: str) -> None:
    assert task == result(base, task, base) or not (base and task)


@given(anything, anything)
def test_what_both_have_done_alike_is_offered_to_nobody(base: str, both: str) -> None:
    assert () == merge(base, both, both).hunks


@given(anything, anything, anything)
def test_every_line_that_the_person_has_written_is_still_there(
    base: str, task: str, person: str
) -> None:
    written = Counter(of(person)) - Counter(of(base))

    assert written <= Counter(of(result(base, task, person)))


@given(anything, anything, anything)
def test_what_is_there_comes_from_the_person_or_from_the_task(
    base: str, task: str, person: str
) -> None:
    assert set(of(result(base, task, person))) <= {*of(task), *of(person)}


@given(closed, closed, closed)
def test_it_does_not_matter_which_side_is_called_the_task(base: str, one: str, other: str) -> None:
    there, back = merge(base, one, other), merge(base, other, one)

    assert [(it.base, it.task, it.person) for it in there.conflicts] == [
        (it.base, it.person, it.task) for it in back.conflicts
    ]
    assert there.conflicts or of(applied(other, there.clean)) == of(applied(one, back.clean))


@given(anything, anything, anything)
def test_hunks_are_in_order_and_apart_and_say_what_they_replace(
    base: str, task: str, person: str
) -> None:
    hunks = merge(base, task, person).hunks

    assert all(0 <= it.start <= it.end <= len(person) for it in hunks)
    assert all(one.end <= other.start for one, other in pairwise(hunks))
    assert all(of(task)[it.line : it.line + len(it.task)] == list(it.task) for it in hunks)
    for at in (at for it in hunks for at in (it.start, it.end)):
        assert "\r\n" != person[max(0, at - 1) : at + 1]


@given(st.data())
def test_what_has_been_taken_over_is_not_offered_again(data: st.DataObject) -> None:
    # Lines that can be told apart: where all are alike, no comparison knows which one has come.
    base = [f"line {at}" for at in range(data.draw(st.integers(0, 12)))]
    task, person = (_edited(data, base, name) for name in ("task", "person"))
    merged = merge(*map("\n".join, (base, task, person)))

    after = applied("\n".join(person), merged.clean)

    again = merge("\n".join(base), "\n".join(task), after)
    assert () == again.clean
    assert len(merged.conflicts) == len(again.conflicts)


def _edited(data: st.DataObject, base: list[str], name: str) -> list[str]:
    edited = list(base)
    for count in range(data.draw(st.integers(0, 4))):
        start = data.draw(st.integers(0, len(edited)))
        end = data.draw(st.integers(start, min(len(edited), start + 2)))
        new = [f"{name} {count}.{at}" for at in range(data.draw(st.integers(0, 2)))]
        edited[start:end] = new
    return edited


@settings(max_examples=60)
@given(st.data())
def test_texts_merge_as_git_merges_them(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    base = [f"line {at}" for at in range(data.draw(st.integers(0, 12)))]
    sides = [_edited(data, base, name) for name in ("task", "person")]
    began, task, person = ("".join(f"{line}\n" for line in it) for it in (base, *sides))
    folder = tmp_path_factory.getbasetemp()
    for name, text in (("base", began), ("task", task), ("person", person)):
        (folder / name).write_text(text, "utf-8")

    git = subprocess.run(
        ["git", "merge-file", "-p", "person", "base", "task"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )

    merged = merge(began, task, person)
    assert bool(git.returncode) == bool(merged.conflicts)
    assert git.returncode or git.stdout == applied(person, merged.clean)


@given(anything, anything, anything)
def test_a_conflict_that_is_decided_for_the_task_has_its_lines(
    base: str, task: str, person: str
) -> None:
    merged = merge(base, task, person)

    chosen = Counter(of(applied(person, merged.hunks)))

    assert all(Counter(hunk.task) <= chosen for hunk in merged.hunks)


def test_changes_at_different_places_come_together() -> None:
    task = BASE.replace("two", "TWO")
    person = BASE.replace("four", "FOUR")

    assert "one\nTWO\nthree\nFOUR\nfive\n" == result(BASE, task, person)


@pytest.mark.parametrize(
    ("task", "person"),
    [
        pytest.param("one\nTWO\nthree\n", "one\nzwei\nthree\n", id="both have changed a line"),
        pytest.param("one\nTWO\nthree\n", "one\nthree\n", id="the person has deleted it"),
        pytest.param("one\nthree\n", "one\nzwei\nthree\n", id="the task has deleted it"),
        pytest.param("one\nTWO\nthree\n", "one\ntwo\nTHREE\n", id="the lines stand side by side"),
    ],
)
def test_changes_that_touch_are_a_conflict_and_leave_the_text_alone(task: str, person: str) -> None:
    merged = merge("one\ntwo\nthree\n", task, person)

    assert [True] == [hunk.conflicts for hunk in merged.hunks]
    assert person == applied(person, merged.clean)


def test_a_conflict_carries_all_three_sides() -> None:
    (hunk,) = merge("a\nb\nc\n", "a\nx\ny\nc\n", "a\nz\nc\n").hunks

    assert (("b",), ("x", "y"), ("z",)) == (hunk.base, hunk.task, hunk.person)
    assert ("x\ny\n", 1) == (hunk.text, hunk.line)


@pytest.mark.parametrize(
    ("base", "task", "person", "expected"),
    [
        pytest.param("a\nb\n", "a\nX\nb\n", "a\r\nb\r\n", "a\r\nX\r\nb\r\n", id="CRLF"),
        pytest.param("a\nb\n", "a\nX\nb\n", "a\rb\r", "a\rX\rb\r", id="CR"),
        pytest.param(
            "a\nb\n", "a\r\nX\r\nb\r\n", "a\nb\n", "a\nX\nb\n", id="the task's are others"
        ),
        pytest.param("a\nb", "a\nb\nc\n", "a\nb", "a\nb\nc", id="no final newline"),
        pytest.param("a\nb\n", "a\nb\nc", "a\nb\n", "a\nb\nc\n", id="a final newline"),
        pytest.param("a\nb", "a\n", "a\nb", "a", id="the last line goes"),
        pytest.param("", "a\r\nb\r\n", "", "a\r\nb\r\n", id="an empty text has none of its own"),
        pytest.param("a\nb\n\nc\n", "a\n\nc\n", "a\rb\n\nc\n", "a\r\n\nc\n", id="what would join"),
    ],
)
def test_line_ends_are_those_that_the_person_has(
    base: str, task: str, person: str, expected: str
) -> None:
    assert expected == result(base, task, person)


def test_of_what_both_have_added_only_the_rest_comes() -> None:
    base, person = "a\nb\n", "a\nnew\nb\n"

    merged = merge(base, "a\nnew\nnewer\nb\n", person)

    assert ["newer\n"] == [hunk.text for hunk in merged.hunks]
    assert not merged.conflicts
