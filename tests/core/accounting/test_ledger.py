"""What is written down of answers, and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple

from spark_lsp.core.accounting.ledger import FOLLOWED, GRACE, OPEN
from spark_lsp.core.effects import Count
from tests.core.accounting.book import OTHER, TEXT, URI, WORDS, Book, kept


@pytest.fixture
def book() -> Book:
    return Book()


def test_an_answer_that_was_taken_over_is_written_down_once(book: Book) -> None:
    book.shows(asked=book.now - 0.25)
    book.passes(2)
    book.takes(TEXT, part=False)

    assert [
        Count("completion", "shown", "python", 29, 2, 2.0, first=0.25, source="model"),
        Count("completion", "accepted", "python", 29, 2, 2.0, reason="all", source="model"),
    ] == book.ledger.taken()


def test_more_of_an_answer_belongs_to_it_and_the_first_of_it_counts(book: Book) -> None:
    book.shows("total", asked=book.now - 0.5)
    book.passes(1)
    book.shows("total += price", asked=book.now)
    book.passes(1)
    book.shows("price", asked=book.now)
    book.ledger.rejected(1, "typed over", book.now)

    assert [("shown", 14, 0.5, 2.0, ""), ("rejected", 14, None, 2.0, "typed over")] == book.written(
        "characters", "first", "seconds", "reason"
    )


def test_what_was_typed_along_to_its_end_is_told_apart(book: Book) -> None:
    book.shows()
    book.passes(5)
    book.ledger.typed(1, book.now)

    assert [("shown",), ("typed",)] == book.written()


@pytest.mark.parametrize("end", ["typed", "typed over", "deleted", "overtaken", "left"])
def test_nobody_has_read_what_was_there_for_a_moment(book: Book, end: str) -> None:
    book.shows(asked=book.now - 0.25)
    book.passes(0.7)
    if end == "typed":
        book.ledger.typed(1, book.now)
    else:
        book.ledger.rejected(1, end, book.now)

    assert [("glimpsed", 0.25, "")] == book.written("first", "reason")


def test_whoever_acts_upon_an_answer_has_read_it(book: Book) -> None:
    book.shows(answer=1)
    book.takes(TEXT, part=False, answer=1)
    book.shows(answer=2)
    book.ledger.rejected(2, "sent away", book.now)

    assert ["shown", "accepted", "shown", "rejected"] == [what for (what,) in book.written()]


def test_where_the_editor_says_what_it_displays_the_rest_was_not_seen(book: Book) -> None:
    book.shows(answer=1)
    book.ledger.displayed(1, book.now)
    book.shows(answer=2)
    book.shows(answer=3, kind="next")
    book.ledger.displayed(4, book.now)
    book.passes(10)
    for answer in (1, 2, 3):
        book.ledger.rejected(answer, "overtaken", book.now)
    told = book.written("kind", "reason")

    assert [("shown", "completion", ""), ("rejected", "completion", "overtaken")] == told[:2]
    assert [("glimpsed", "completion", "")] == told[2:3]
    assert [("shown", "next", ""), ("rejected", "next", "overtaken")] == told[3:]


def test_an_acceptance_told_after_the_change_that_it_made_counts_all_the_same(book: Book) -> None:
    book.shows(answer=1)
    book.shows(answer=2)
    book.passes(3)
    book.ledger.typed(1, book.now)
    book.ledger.rejected(2, "typed over", book.now)
    book.passes(GRACE / 2)
    book.ledger.accepted(1, None, URI, 0, TEXT, book.now)
    book.ledger.accepted(2, None, URI, 0, TEXT, book.now)

    assert [("shown", ""), ("accepted", "all")] * 2 == book.written("reason")


def test_an_answer_that_comes_back_at_once_has_not_been_away(book: Book) -> None:
    book.shows()
    book.passes(1)
    book.ledger.rejected(1, "typed over", book.now)
    book.passes(GRACE / 2)
    book.shows()
    book.passes(1)
    book.ledger.rejected(1, "left", book.now)

    assert [("shown", 2.5), ("rejected", 2.5)] == book.written("seconds")


def test_an_answer_that_comes_back_later_is_shown_again(book: Book) -> None:
    for _ in range(2):
        book.shows()
        book.passes(1)
        book.ledger.rejected(1, "typed over", book.now)
        book.passes(2 * GRACE)

    assert ["shown", "rejected"] * 2 == [what for (what,) in book.written()]


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("total", "word"),
        ("total ", "word"),
        ("total +=", "word"),
        ("total += pri", "part"),
        ("total += price", "line"),
        ("total += price\n", "line"),
        ("total += price\n    count", "part"),
        (TEXT, "all"),
    ],
)
def test_how_much_was_taken_over_is_told_in_a_word(book: Book, part: str, reason: str) -> None:
    book.shows()
    book.takes(part)

    assert [("accepted", len(part), reason)] == book.written("characters", "reason")[1:]


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_a_line_may_end_in_other_ways(book: Book, end: str) -> None:
    book.shows(f"one two{end}three four{end}")
    book.takes("one two")
    book.takes(f"{end}three four", offset=7)

    assert [("line", 1), ("line", 2)] == [it[1:] for it in book.written("reason", "lines")[1:]]


def test_taken_over_bit_by_bit_it_is_accepted_once(book: Book) -> None:
    book.shows()
    book.passes(1)
    book.takes("total")
    book.passes(1)
    book.takes(" +=", offset=5)
    book.shows(" price\n    count += 1")
    book.passes(1)
    book.takes(TEXT[8:], offset=8)
    told = book.written("reason", "characters", "seconds")

    assert [
        ("shown", "", 29, 1.0),
        ("accepted", "word", 5, 1.0),
        ("more", "word", 3, 2.0),
        ("more", "all", 21, 3.0),
    ] == told


def test_what_is_left_of_an_accepted_answer_is_not_rejected_too(book: Book) -> None:
    book.shows()
    book.takes("total")
    book.passes(5)
    book.ledger.rejected(1, "typed over", book.now)

    assert ["shown", "accepted"] == [what for (what,) in book.written()]


def test_an_acceptance_that_is_told_twice_counts_once(book: Book) -> None:
    book.shows()
    book.takes(TEXT, part=False)
    book.ledger.accepted(1, None, URI, 0, TEXT, book.now)

    assert ["shown", "accepted"] == [what for (what,) in book.written()]


def test_an_answer_that_nobody_knows_any_more_can_be_taken_over(book: Book) -> None:
    book.takes("total", answer=77)

    assert [("shown", 5, None), ("accepted", 5, None)] == book.written("characters", "first")


def test_nothing_taken_over_is_no_acceptance(book: Book) -> None:
    book.shows()
    book.ledger.accepted(1, 0, URI, 0, "", book.now)

    assert [] == book.ledger.taken()


def test_an_edit_that_only_deletes_is_counted_and_an_empty_completion_is_not(book: Book) -> None:
    book.shows("", answer=1)
    book.shows("", answer=2, kind="next")
    book.passes(1)
    for answer in (1, 2):
        book.ledger.accepted(answer, None, URI, 0, "", book.now)

    assert {"next"} == {kind for what, kind, first in book.written("kind", "first") if first == 0.0}


def test_what_is_unknown_is_passed_over(book: Book) -> None:
    book.ledger.displayed(9, book.now)
    book.ledger.typed(9, book.now)
    book.ledger.rejected(9, "left", book.now)
    book.ledger.closed("file:///nowhere", book.now)
    book.types(0, "x")

    assert book.ledger.deadline() is None
    assert [] == book.written()


def test_of_a_closed_document_nothing_more_is_known(book: Book) -> None:
    book.shows(answer=1)
    book.takes(TEXT, part=False, answer=1)
    book.shows(answer=2)
    book.shows(answer=3)
    book.ledger.shown(4, OTHER, "python", "x", book.now, book.now, "cache")
    book.passes(1)
    book.ledger.rejected(3, "typed over", book.now)
    book.ledger.closed(URI, book.now)
    book.counts += book.ledger.taken()

    assert book.ledger.deadline() is None
    assert [("shown", ""), ("accepted", "all")] == book.written("reason")[:2]
    book.passes(1000)
    assert [] == book.counts


def test_answers_are_closed_with_their_document(book: Book) -> None:
    book.shows()
    book.passes(1)
    book.ledger.closed(URI, book.now)
    told = book.ledger.taken()

    assert [("shown", ""), ("rejected", "left")] == [(it.what, it.reason) for it in told]


def test_memory_is_bounded_and_what_is_pushed_out_is_overtaken() -> None:
    book = Book()
    for answer in range(10 * OPEN):
        book.shows(answer=answer)
        book.passes(1)
    told = book.written("reason")

    assert 9 * OPEN == told.count(("rejected", "overtaken"))
    for answer in range(10 * FOLLOWED):
        book.takes("x", answer=-answer - 1)
    book.passes(30)
    assert FOLLOWED == len(kept(book))


actions = st.lists(
    st.tuples(
        st.sampled_from(
            ["show", "word", "all", "typed", "reject", "away", "display", "edit", "close"]
        ),
        st.integers(1, 3),
        st.sampled_from([0.0, 0.4, 1.0, 40.0]),
        st.integers(0, 40),
        st.sampled_from(["", "x", "total", TEXT]),
    ),
    max_size=40,
)


@given(actions)
def test_whatever_happens_the_figures_add_up(
    happened: list[tuple[str, int, float, int, str]],
) -> None:
    book = Book("a document\n")
    for what, answer, wait, place, text in happened:
        book.passes(wait)
        match what:
            case "show":
                book.shows(text, answer)
            case "word" | "all":
                book.takes(text, part=what == "word", answer=answer, offset=place)
            case "typed":
                book.ledger.typed(answer, book.now)
            case "reject" | "away":
                reason = "sent away" if what == "away" else "typed over"
                book.ledger.rejected(answer, reason, book.now)
            case "display":
                book.ledger.displayed(answer, book.now)
            case "edit":
                book.types(place, text, removed=answer * 3)
            case _:
                book.ledger.closed(URI, book.now)
    book.ledger.closed(URI, book.now)
    book.passes(2000)
    whats = [count.what for count in book.counts]
    words = {word for count in book.counts for word in astuple(count) if isinstance(word, str)}

    assert whats.count("shown") == sum(map(whats.count, ("accepted", "typed", "rejected")))
    assert all(0 <= (count.share or 0) <= 1 for count in book.counts)
    assert all(count.seconds >= 0 and (count.first or 0) >= 0 for count in book.counts)
    assert words <= WORDS
    assert whats.count("kept") <= 3 * (whats.count("accepted") + whats.count("more"))
    assert book.ledger.deadline() is None
