"""Numbers stand for texts, and newlines for changes of indentation."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.engine.vocabulary import (
    BLANK,
    FIRST_WORD,
    UNKNOWN,
    Change,
    Ids,
    Style,
    Vocabulary,
    change_of,
    code_of,
    is_newline,
    newline_of,
    style_of,
)

SPACES = st.integers(0, 40).map(" ".__mul__)
TABS = st.builds(
    lambda tabs, spaces: "\t" * tabs + " " * spaces, st.integers(0, 9), st.integers(0, 40)
)


def codes_of(lines: list[str]) -> Ids:
    """The code of each indentation."""
    return np.array([code_of(line) for line in lines], np.int32)


def followed(style: Style, lines: list[str]) -> list[str | None]:
    """Each line's indentation, made of the line before and the change."""
    levels, spaces = style.changes(codes_of(lines), 0)
    return [
        style.changed(before, Change(*change))
        for before, change in zip(
            ["", *lines], zip(levels.tolist(), spaces.tolist(), strict=True), strict=False
        )
    ]


def test_the_same_pattern_has_the_same_numbers_at_any_depth() -> None:
    """Only the first newline tells how deep a block stands."""
    vocabulary = Vocabulary()
    shallow = vocabulary.encode("if a:\n    b\nc").tolist()
    deep = vocabulary.encode("        if a:\n            b\n        c").tolist()

    assert shallow[1:] == deep[1:]
    assert [change_of(number) for number in deep if is_newline(number)] == [(2, 0), (1, 0), (-1, 0)]


def test_a_blank_line_keeps_the_indentation_of_the_line_before() -> None:
    """White space on an otherwise empty line means nothing."""
    numbers = Vocabulary().encode("    a\n  \n\n    b").tolist()
    newlines = [number for number in numbers if is_newline(number)]

    assert newlines == [newline_of(Change(1, 0)), BLANK, BLANK, newline_of(Change(0, 0))]


@given(st.text("ab \n\t=.", max_size=60))
def test_every_word_is_found_again_by_its_number(text: str) -> None:
    """Numbers and texts are two sides of one mapping."""
    vocabulary = Vocabulary()
    for number in vocabulary.encode(text).tolist():
        if number >= FIRST_WORD:
            assert vocabulary.find(vocabulary.texts[number]) == number
        else:
            assert is_newline(number)


def test_a_token_never_read_is_unknown() -> None:
    """Asking for a token does not make it known."""
    vocabulary = Vocabulary()

    assert vocabulary.find("name") == UNKNOWN
    assert len(vocabulary) == 0


@given(st.lists(SPACES), st.sampled_from([2, 3, 4, 8]))
def test_indentation_by_spaces_is_found_again(lines: list[str], width: int) -> None:
    """Whatever is no whole level is kept in spaces."""
    assert followed(Style(width), lines) == lines


@given(st.lists(TABS))
def test_tabs_and_the_spaces_after_them_are_found_again(lines: list[str]) -> None:
    """Alignment by spaces after tabs never becomes a tab."""
    assert followed(Style(0), lines) == lines


@pytest.mark.parametrize(
    ("lines", "width"),
    [
        pytest.param([], 4, id="nothing"),
        pytest.param(["", "  ", "    ", ""], 2, id="two spaces"),
        pytest.param(["", "  "], 2, id="one step"),
        pytest.param(["", "        ", "    "], 4, id="one continuation"),
        pytest.param(["", "        ", "", "        "], 8, id="eight spaces"),
        pytest.param(["", "\t", "\t ", "\t ", ""], 0, id="tabs"),
        pytest.param(["", " ", " ", "", " ", "", " "], 4, id="comments only"),
        pytest.param(["", "\t", "", "    ", "        "], 4, id="mostly spaces"),
    ],
)
def test_the_style_is_that_of_most_lines(lines: list[str], width: int) -> None:
    """Stars of comments and single continuations are no evidence."""
    assert style_of(codes_of(lines)) == Style(width)


def test_several_threads_leave_no_number_out() -> None:
    """Whoever sees a number finds its text, and all are below the end."""
    vocabulary = Vocabulary()
    texts = [" ".join(f"w{n * step % 977}" for n in range(3000)) for step in (1, 3, 5, 7)]
    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(vocabulary.raw, texts))

    assert vocabulary.texts.keys() == set(range(FIRST_WORD, vocabulary.end))
    for text, numbers in zip(texts, read, strict=True):
        assert "".join(vocabulary.texts[number] for number in numbers) == text
