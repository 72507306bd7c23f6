"""What is written down of an accepted text after a while."""

from tests.core.accounting.book import TEXT, Book, kept


def test_what_still_stands_is_told_after_thirty_seconds_and_two_and_ten_minutes() -> None:
    book = Book("items\n")
    book.shows("abcdefghij")
    book.takes("abcdefghij", part=False, offset=6)
    book.types(0, "# of all\n")
    book.passes(29)
    assert [] == kept(book)
    book.passes(1)
    assert [(30.0, 1.0)] == kept(book)
    book.types(book.text.index("fg"), "", removed=2)
    book.passes(90)
    assert [(120.0, 0.8)] == kept(book)
    book.types(book.text.index("cde"), "xyz", removed=3)
    book.passes(480)

    assert [(600.0, 0.5)] == kept(book)
    assert book.ledger.deadline() is None


def test_what_a_formatter_has_only_indented_still_stands() -> None:
    book = Book()
    book.shows("a = f(b)\nc = g(d)\n")
    book.takes("a = f(b)\nc = g(d)\n", part=False)
    book.types(0, "    a = f( b )\n    c = g( d )\n", removed=len(book.text))
    book.passes(30)

    assert [(30.0, 1.0)] == kept(book)


def test_undoing_an_acceptance_leaves_nothing() -> None:
    book = Book()
    book.shows()
    book.takes(TEXT, part=False)
    book.passes(1)
    book.types(0, "", removed=len(TEXT))
    book.passes(40)

    assert [(30.0, 0.0)] == kept(book)


def test_the_parts_of_one_answer_are_looked_at_together() -> None:
    book = Book()
    book.shows("one two")
    book.takes("one")
    book.passes(20)
    book.takes(" two", offset=3)
    book.types(0, "", removed=3)
    book.passes(10)
    (count,) = (it for it in book.counts if it.what == "kept")

    assert (7, 1, 4 / 7) == (count.characters, count.lines, count.share)


def test_what_was_due_before_an_edit_is_told_as_it_was_before() -> None:
    """However late the tick."""
    book = Book()
    book.shows("abcd")
    book.takes("abcd", part=False)
    book.now += 31
    book.types(0, "", removed=4)
    book.passes(0)

    assert [(30.0, 1.0)] == kept(book)
