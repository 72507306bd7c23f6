"""What has changed between two texts, word by word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.foresight.hunks import MOST, hunks, moved, touched

TEXTS = st.text(alphabet="ab \n.(", max_size=60)


def changes(before: str, text: str) -> list[tuple[str, str]]:
    return [
        (before[it.old_start : it.old_end], text[it.start : it.end]) for it in hunks(before, text)
    ]


@pytest.mark.parametrize(
    ("before", "text", "expected"),
    [
        ("total = total + x", "subtotal = subtotal + x", [("total", "subtotal")] * 2),
        ("x.total = 1", "x.totals = 1", [("total", "totals")]),
        ("f(a, b)", "f(a, c, b)", [("", "c, ")]),
        ("f(a, b)", "f(b, a)", [("a", "b"), ("b", "a")]),
        ("os.path.join(a)", "Path(a)", [("os.path.join", "Path")]),
        ("len(x) == 0", "not x", [("len(", "not "), (") == 0", "")]),
        ("a\nb\nc\n", "a\nb\nx\nc\n", [("", "x\n")]),
        ("a\n", "a\n", []),
        ("", "a", [("", "a")]),
    ],
)
def test_words_are_told_apart(before: str, text: str, expected: list[tuple[str, str]]) -> None:
    assert expected == changes(before, text)


def test_what_is_put_in_twice_is_told_alike() -> None:
    before = "draw(box, text)\nshow(box, text)\n"
    text = before.replace("box, ", "box, depth, ")

    assert [("", "depth, ")] * 2 == changes(before, text)


def test_too_much_is_nothing() -> None:
    before = "".join(f"x{number} = 1\n" for number in range(MOST + 1))

    assert () == hunks(before, before.replace("x", "y"))


@given(TEXTS, TEXTS)
def test_hunks_turn_the_one_into_the_other(before: str, text: str) -> None:
    found = hunks(before, text)
    made, end = "", 0
    for it in found:
        assert end <= it.old_start
        made += before[end : it.old_start]
        assert len(made) == it.start
        made, end = made + text[it.start : it.end], it.old_end

    assert made + before[end:] == text


@given(TEXTS, TEXTS)
def test_what_no_hunk_touches_has_moved_with_its_text(before: str, text: str) -> None:
    found = hunks(before, text)
    for at, letter in enumerate(before):
        if not touched(at, at + 1, found):
            assert letter == text[moved(at, found)]
