"""A region while it is written anew: readable at each moment, and in the end what was written."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spark_lsp.core.editing.draft import Draft

PIECES = ("a", "b", "  ", "return x", "}", "\n", "\n", "\r\n", "\r", "total = 1", "\u2028")
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
ends = st.sampled_from(["\n", "\r\n", "\r"])
LINE_END = re.compile(r"\r\n|\n|\r")
REGION = "def one():\n    return 1\n\ndef two():\n    return 2\n"


def with_ends(text: str, end: str) -> str:
    return LINE_END.sub(lambda _: end, text)


def cut(text: str, data: st.DataObject) -> list[str]:
    places = data.draw(st.lists(st.integers(0, len(text)), max_size=8).map(sorted))
    return [text[at:to] for at, to in zip([0, *places], [*places, len(text)], strict=True)]


def written(draft: Draft, *pieces: str) -> Draft:
    for piece in pieces:
        draft.write(piece)
    return draft


@given(texts, texts, ends, st.data())
def test_a_draft_is_the_same_however_what_is_written_is_cut(
    region: str, text: str, end: str, data: st.DataObject
) -> None:
    whole, pieces = Draft(region, end), Draft(region, end)
    whole.write(text)
    written(pieces, *cut(text, data))

    assert whole.now == pieces.now
    assert whole.final() == pieces.final()


@given(texts, texts, ends, st.data())
def test_of_a_draft_the_written_lines_stay_and_of_the_old_ones_the_first_go(
    region: str, text: str, end: str, data: st.DataObject
) -> None:
    draft = Draft(region, end)
    lines, left, head = 0, draft.left, ""
    for piece in cut(text, data):
        draft.write(piece)
        assert draft.lines >= lines
        assert draft.left <= left
        lines, left = draft.lines, draft.left
        if left:
            rest = tail(region, left)
            assert draft.now.endswith(rest)
            assert draft.now.removesuffix(rest).startswith(head)
            head = draft.now.removesuffix(rest)


def tail(region: str, count: int) -> str:
    """The last lines of a region."""
    lines = re.findall(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+", region)
    return "".join(lines[len(lines) - count :])


@given(texts, ends)
def test_a_region_written_as_it_was_stays_as_it_is(region: str, end: str) -> None:
    draft = Draft(region, end)
    draft.write(with_ends(region, "\n"))

    assert region.rstrip("\r\n") == draft.final().rstrip("\r\n")
    assert region == draft.final() or not region.strip("\r\n")


@given(texts, texts, ends)
@example("\n", "a\n\na", "\r")  # a CR and the LF of an empty line would be one line end
def test_a_final_text_is_what_was_written_with_the_line_ends_of_the_file(
    region: str, text: str, end: str
) -> None:
    draft = written(Draft(region, end), text)
    final = draft.final()

    assert with_ends(text, "\n").rstrip("\n") == with_ends(final, "\n").rstrip("\n")
    if final:
        assert final.endswith(("\n", "\r")) == region.endswith(("\n", "\r"))


@given(texts, texts)
def test_all_line_ends_are_those_of_a_file_that_has_one_kind(region: str, text: str) -> None:
    draft = written(Draft(with_ends(region, "\r\n"), "\r\n"), text)

    for shown in (draft.now, draft.final()):
        assert "\r" not in shown.replace("\r\n", "")
        assert "\n" not in shown.replace("\r\n", "")


def test_a_line_that_is_new_leaves_the_old_ones_below_it() -> None:
    draft = written(Draft(REGION, "\n"), "def one():\n", '    """Return one."""\n')

    assert REGION.replace("():\n", '():\n    """Return one."""\n', 1) == draft.now


def test_a_line_that_is_nearly_an_old_one_takes_its_place() -> None:
    draft = written(Draft(REGION, "\n"), "def one() -> int:\n")

    assert REGION.replace("one()", "one() -> int") == draft.now


def test_what_is_not_a_whole_line_yet_is_not_shown() -> None:
    draft = written(Draft(REGION, "\n"), "def one(x):\n    ret")

    assert REGION.replace("one()", "one(x)") == draft.now


def test_a_line_farther_on_counts_when_it_says_enough() -> None:
    region = "".join(f"value_{number} = compute_all({number})\n" for number in range(9)) + "}\n"
    draft = written(Draft(region, "\n"), "}\n")
    assert 10 == draft.left, "a brace stands everywhere"

    draft.write("value_4 = compute_all(4)\n")
    assert 5 == draft.left


def test_lines_that_agree_one_after_another_weigh_together() -> None:
    last = ["one line here\n", "two lines there\n", "three lines more\n", "end\n"]
    draft = Draft("".join([*(f"old {letter}\n" for letter in "abcdefgh"), *last]), "\n")
    left: list[int] = []
    for line in last:
        draft.write(line)
        left.append(draft.left)

    assert [12, 12, 1, 0] == left, "eight lines are passed over for what three lines say"


def test_a_line_with_another_indentation_is_the_same_line() -> None:
    draft = written(Draft("a = f(x)\nb = g(y)\n", "\n"), "try:\n", "    a = f(x)\n")

    assert "try:\n    a = f(x)\nb = g(y)\n" == draft.now


def test_a_region_without_a_line_end_gets_none_while_it_is_written() -> None:
    draft = written(Draft("a = 1", "\n"), "a = 2\n")

    assert "a = 2" == draft.now
    assert "a = 2" == draft.final()


def test_an_insertion_before_a_line_ends_with_a_line_end() -> None:
    draft = written(Draft("", "\r\n", ends=True), "a = 2")

    assert "" == draft.now
    assert "a = 2\r\n" == draft.final()


def test_nothing_written_is_no_line_end_either() -> None:
    assert "" == Draft("a = 1\n", "\n").final()
    assert "a = 1\n" == Draft("a = 1\n", "\n").now


@pytest.mark.parametrize("pieces", [["a\r", "\nb"], ["a", "\r\n", "b"], ["a\r\nb"]])
def test_a_crlf_that_comes_in_two_pieces_is_one_line_end(pieces: list[str]) -> None:
    assert "a\nb" == written(Draft("x", "\n"), *pieces).final()


def test_of_an_old_text_that_repeats_itself_no_more_is_passed_over_than_is_written() -> None:
    region = "x = 1\n" * 50
    draft = Draft(region, "\n")
    for count in range(1, 40):
        draft.write("x = 1\n")
        assert 50 - count == draft.left


def test_a_text_of_thousands_of_lines_is_followed() -> None:
    region = "".join(f"value_{number} = {number}\n" for number in range(3_000))
    draft = Draft(region, "\n")
    for number in range(3_000):
        draft.write(f"value_{number} = {number + 1}\n")

    assert 0 == draft.left
    assert 3_000 == draft.lines
