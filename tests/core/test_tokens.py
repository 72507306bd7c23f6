"""Tokens are counted as the vocabulary has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.tokens import count


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("hello world", 2),
        ("def main() -> None:\n    return None\n", 10),
        ("antidisestablishmentarianism", 6),
        ("naïve 漢字 😀", 7),
        (" " * 80, 2),
        ("<|endoftext|>", 7),
    ],
)
def test_known_texts_have_known_counts(text: str, tokens: int) -> None:
    assert tokens == count(text)


@given(st.text())
def test_no_text_has_more_tokens_than_bytes(text: str) -> None:
    assert count(text) <= len(text.encode("utf-8", "surrogatepass"))


def test_a_lone_surrogate_is_counted_as_its_stand_in() -> None:
    assert count("a?b") == count("a\ud83db")


def test_a_long_run_of_one_character_takes_no_longer_than_other_text() -> None:
    assert 125_000 == count("a" * 1_000_000)
