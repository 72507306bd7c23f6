"""A page is cut at the cursor, and holds everything that is known of an open file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.engine.page import Page, Reader, Source
from spark_lsp.engine.sources import AFTER, BEFORE, BESIDE, ELSEWHERE
from spark_lsp.engine.vocabulary import BOUNDARY, UNKNOWN, Vocabulary, is_newline

TEXT = st.text("ab \t\n=(", max_size=40)


def page_of(vocabulary: Vocabulary, text: str, depth: int = 4) -> Page:
    """The page of `text` with the cursor at `|`."""
    prefix, _, suffix = text.partition("|")
    return Reader(vocabulary).read(prefix, suffix, [], depth)


@pytest.mark.parametrize(
    ("text", "partial", "width", "rest", "following"),
    [
        pytest.param("x = na|me", " na", 0, "me", "", id="word"),
        pytest.param("    x = |", " ", 4, "", "", id="space"),
        pytest.param("f(|)", "", 0, ")", "", id="punctuation"),
        pytest.param("if a:\n    |\nb  \n", "", 4, "", "b", id="typed indentation"),
        pytest.param("    a\n\n|\n\n    b", "\n", 4, "", "    b", id="left margin"),
        pytest.param("|", "", 0, "", "", id="nothing"),
    ],
)
def test_the_half_typed_token_is_no_context(
    text: str, partial: str, width: int, rest: str, following: str
) -> None:
    """What stands around the cursor is told apart."""
    page = page_of(Vocabulary(), text)

    assert (page.partial, len(page.indentation), page.rest, page.following) == (
        partial,
        width,
        rest,
        following,
    )


def test_the_context_begins_at_a_boundary() -> None:
    """Before the first line nothing matches."""
    vocabulary = Vocabulary()
    unknown, boundary, newline, word = page_of(vocabulary, "f(|)", 5).context[:4]

    assert (unknown, boundary) == (UNKNOWN, BOUNDARY)
    assert is_newline(newline)
    assert vocabulary.texts[word] == "f"


@given(TEXT, TEXT)
def test_a_page_read_after_others_is_the_page_read_first(first: str, second: str) -> None:
    """What is remembered of lines changes nothing but the time it takes."""
    vocabulary = Vocabulary()
    reader = Reader(vocabulary)
    for text in (first, second, first + second):
        reader.read(text, second, [Source(first, ELSEWHERE)], 4)
    again = reader.read(first, second, [], 4)
    fresh = Reader(vocabulary).read(first, second, [], 4)

    assert again.ids.tolist() == fresh.ids.tolist()
    assert again.context == fresh.context


@given(TEXT, TEXT)
def test_every_token_on_the_page_has_the_place_and_the_weight_of_its_text(
    first: str, second: str
) -> None:
    """Boundaries weigh nothing."""
    page = Reader(Vocabulary()).read(first, second, [Source(first, BESIDE, 0.5)], 4)

    assert page.weights.size == page.sources.size == page.ids.size
    weights = {BEFORE: 1, AFTER: 1, BESIDE: 0.5}
    for token, place, weight in zip(page.ids, page.sources, page.weights, strict=True):
        assert weight == (0 if token == BOUNDARY else weights[int(place)])
    assert (page.sources[page.head :] == BEFORE).all()
    assert (page.sources[page.tail : page.head] == AFTER).all()
