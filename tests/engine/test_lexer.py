"""The lexer loses nothing and cuts where the engine expects it to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.engine.lexer import is_open, lex, unify_newlines

ANY_TEXT = st.text(
    st.characters(categories=None)
    | st.sampled_from("\r\n\t\f\v \u2028\ud800\udfff\U0001f600_a1.=(\"'"),
    max_size=80,
)


@given(ANY_TEXT)
def test_tokens_joined_are_the_text(text: str) -> None:
    """Nothing is lost, added or reordered, whatever the text."""
    assert "".join(lex(text)) == text


@given(ANY_TEXT)
def test_a_newline_is_only_ever_the_start_of_a_token(text: str) -> None:
    """No token reaches over the end of a line."""
    for token in lex(text):
        body = token.removeprefix("\r\n") if token.startswith("\r\n") else token[1:]

        assert "\n" not in body
        assert "\r" not in body


@given(ANY_TEXT, ANY_TEXT)
def test_lines_are_cut_alone_as_they_are_cut_together(first: str, second: str) -> None:
    """What a line is cut into does not depend on its neighbours, so lines can be remembered."""
    first, second = unify_newlines(first), unify_newlines(second)

    assert lex(first + "\n" + second) == lex(first) + lex("\n" + second)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("x = foo(a, b)", ["x", " =", " foo", "(", "a", ",", " b", ")"]),
        ("if a:\n    b", ["if", " a", ":", "\n    ", "b"]),
        ("a\r\n\tb\rc", ["a", "\r\n\t", "b", "\r", "c"]),
        ("a   # b", ["a", "   ", "#", " b"]),
        ("a != b -> c === d", ["a", " !=", " b", " ->", " c", " ===", " d"]),
        ('"""doc"""', ['"""', "doc", '"""']),
        ("naïve_名前2", ["naïve_名前2"]),
        ("", []),
    ],
)
def test_code_is_cut_into_words_operators_and_newlines(text: str, tokens: list[str]) -> None:
    """One space belongs to what follows it, indentation to the newline before it."""
    assert lex(text) == tokens


@pytest.mark.parametrize(
    ("token", "expected"),
    [("name", True), (" name", True), ("_", True), (" ", True), ("(", False), ("", False)],
)
def test_words_and_spaces_may_go_on(token: str, *, expected: bool) -> None:
    """A half-typed token is a word or a space; punctuation is complete."""
    assert is_open(token) is expected
