"""Numbers stand for texts, and newlines for changes of indentation."""

from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.engine.vocabulary import (
    BLANK,
    FIRST_WORD,
    UNKNOWN,
    Vocabulary,
    change_of,
    is_newline,
    newline_of,
)


def test_the_same_pattern_has_the_same_numbers_at_any_depth() -> None:
    """Only the first newline tells how deep a block stands."""
    vocabulary = Vocabulary()
    shallow = vocabulary.encode("if a:\n    b\nc").tolist()
    deep = vocabulary.encode("        if a:\n            b\n        c").tolist()

    assert shallow[1:] == deep[1:]
    assert [change_of(number) for number in deep if is_newline(number)] == [8, 4, -4]


def test_a_blank_line_keeps_the_indentation_of_the_line_before() -> None:
    """White space on an otherwise empty line means nothing."""
    numbers = Vocabulary().encode("    a\n  \n\n    b").tolist()
    newlines = [number for number in numbers if is_newline(number)]

    assert newlines == [newline_of(4), BLANK, BLANK, newline_of(0)]


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
