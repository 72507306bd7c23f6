"""The few small edits between two texts: what they are, and that they are exact."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.editing.hunks import minimal
from spark_lsp.core.text import Edit

LINES = (
    "a",
    "b = a\n",
    "    return b\n",
    "\n",
    "}\n",
    "\r\n",
    "x\r\n",
    "\r",
    "y\r",
    "word other\n",
)
texts = st.lists(st.sampled_from(LINES), max_size=12).map("".join)
wild = st.text(alphabet="ab \r\n\u2028é😀_(", max_size=30)
words = st.text(alphabet="abcdefgh", min_size=1, max_size=8)


def applied(text: str, edits: tuple[Edit, ...]) -> str:
    for edit in reversed(edits):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text


@given(st.one_of(texts, wild), st.one_of(texts, wild))
def test_the_edits_turn_one_text_into_the_other(before: str, after: str) -> None:
    assert after == applied(before, minimal(before, after))


@given(st.one_of(texts, wild), st.one_of(texts, wild))
def test_there_is_text_between_two_edits_and_each_changes_something(
    before: str, after: str
) -> None:
    edits = minimal(before, after)

    assert all(one.end < other.start for one, other in pairwise(edits))
    assert all(before[edit.start : edit.end] != edit.new for edit in edits)


@given(st.one_of(texts, wild), st.one_of(texts, wild))
def test_no_edit_parts_a_crlf_of_either_text(before: str, after: str) -> None:
    grown = 0
    for edit in minimal(before, after):
        for at in (edit.start, edit.end):
            assert before[max(0, at - 1) : at + 1] != "\r\n"
        for at in (edit.start + grown, edit.start + grown + len(edit.new)):
            assert after[max(0, at - 1) : at + 1] != "\r\n"
        grown += len(edit.new) - (edit.end - edit.start)


@given(texts)
def test_two_texts_that_are_the_same_have_no_edits(text: str) -> None:
    assert () == minimal(text, text)


@given(st.lists(words, min_size=2, max_size=30), words, st.data())
def test_a_word_put_into_a_text_is_one_edit_of_that_word(
    some: list[str], word: str, data: st.DataObject
) -> None:
    ends = data.draw(
        st.lists(st.sampled_from([" ", "\n", ", "]), min_size=len(some), max_size=len(some))
    )
    pieces = ["".join(it) for it in zip(some, ends, strict=True)]
    at = data.draw(st.integers(0, len(pieces) - 1))
    before = "".join(pieces)
    after = "".join([*pieces[:at], word + " ", *pieces[at:]])
    (edit,) = minimal(before, after)

    assert edit.start == edit.end
    assert len(edit.new) == len(word) + 1


@pytest.mark.parametrize(
    ("before", "after", "edits"),
    [
        ("", "new\n", [(0, 0, "new\n")]),
        ("old\n", "", [(0, 4, "")]),
        ("the quick fox", "the quick brown fox", [(10, 10, "brown ")]),
        ("x = total + 1\n", "x = subtotal + 1\n", [(4, 9, "subtotal")]),
        ("a\r\nb\r\n", "a\r\nc\r\n", [(3, 4, "c")]),
        ("a\r\nb", "a\nb", [(1, 3, "\n")]),
        ("a\r", "a\r\n", [(1, 2, "\r\n")]),
        ("f(a, b)\n", "f(c, d)\n", [(2, 3, "c"), (5, 6, "d")]),
        ("f(a, b)\n", "g(c, d)\n", [(0, 3, "g(c"), (5, 6, "d")]),
        (
            "def one():\n    return 1\n\n\ndef two():\n    return 2\n",
            "def one():\n    return 3\n\n\ndef two():\n    return 4\n",
            [(22, 23, "3"), (48, 49, "4")],
        ),
        (
            "one\ntwo\nthree\n",
            "zero\none\ntwo\n2.5\nthree\n",
            [(0, 0, "zero\n"), (8, 8, "2.5\n")],
        ),
    ],
)
def test_edits_are_those_that_a_person_would_have_made(
    before: str, after: str, edits: list[tuple[int, int, str]]
) -> None:
    assert [Edit(*it) for it in edits] == list(minimal(before, after))


def test_a_sentence_written_anew_is_not_cut_into_the_words_that_are_left() -> None:
    before = "It is the sum of all that was counted in the end.\n"
    after = "Adds up whatever the caller has passed, in order.\n"

    assert len(minimal(before, after)) <= 2


def test_many_lines_with_a_change_each_are_edits_of_these_words() -> None:
    lines = [f"    value_{number} = compute({number})\n" for number in range(1_500)]
    changed = [it if at % 7 else it.replace("compute", "count") for at, it in enumerate(lines)]
    edits = minimal("".join(lines), "".join(changed))

    assert 215 == len(edits)
    assert {"count"} == {edit.new for edit in edits}


def test_what_is_too_long_to_be_compared_is_one_edit_from_word_to_word() -> None:
    middle = " ".join(f"word{number}" for number in range(30_000))
    before, after = f"begin sum {middle} end", f"begin subtotal {middle[::-1]} end"
    (edit,) = minimal(before, after)

    assert 6 == edit.start
    assert after == applied(before, (edit,))


def test_a_changed_word_in_one_endless_line_is_one_edit() -> None:
    before = "x" * 50 + ";y = 1;" * 200_000
    after = before[:700_051] + "zz" + before[700_052:]
    (edit,) = minimal(before, after)

    assert edit.end - edit.start <= 4
    assert after == applied(before, (edit,))


@pytest.mark.parametrize("piece", ["}\n", "a\n", "a ", "(", "\r\n", "\r", "\n\r"])
def test_texts_of_nothing_but_the_same_piece_are_compared_too(piece: str) -> None:
    before, after = piece * 40_000, "b" + piece * 39_000 + "c" + piece * 500

    assert after == applied(before, minimal(before, after))
