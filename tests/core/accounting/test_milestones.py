"""The moments from which on a person can have their work finished."""

from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.accounting.milestones import GAP, MOST, Milestones


def test_what_is_taken_over_soon_after_in_the_same_document_belongs_together() -> None:
    moments = Milestones()
    moments.add("a.py", 3, "one", "before one", 0.0)
    moments.add("a.py", 4, "two", "before two", GAP)
    (moment,) = moments.all()

    assert (0.0, GAP, 2) == (moment.began, moment.at, moment.count)
    assert (3, "one", "before one") == (moment.line, moment.text, moment.before)


def test_another_document_or_a_pause_begins_another_moment() -> None:
    moments = Milestones()
    moments.add("a.py", 0, "one", "1", 0.0)
    moments.add("b.py", 0, "two", "2", 1.0)
    moments.add("b.py", 0, "three", "3", 2.0 + GAP)

    assert ["three", "two", "one"] == [it.text for it in moments.all()]


def test_each_document_is_told_as_it_was_before_the_first_of_what_followed() -> None:
    moments = Milestones()
    for number, path in enumerate(("a", "b", "a", "b")):
        moments.add(path, 0, "", f"{path}{number}", float(number))

    assert {"a": "a0", "b": "b1"} == moments.since(1)
    assert {"a": "a2", "b": "b1"} == moments.since(2)
    assert {"b": "b3"} == moments.since(4)
    assert moments.since(5) is None


def test_a_moment_that_was_dropped_is_said_to_be_unknown() -> None:
    moments = Milestones()
    for number in range(MOST + 1):
        moments.add(f"{number}", 0, "", "x", 0.0)

    assert moments.since(1) is None
    assert MOST == len(moments.all()) == len(moments.since(2) or {})


@given(st.lists(st.integers(0, 25), max_size=8))
def test_the_texts_that_are_kept_are_bounded_but_the_latest_is_there(sizes: list[int]) -> None:
    moments = Milestones(room=20)
    for number, size in enumerate(sizes):
        moments.add(f"{number}", 0, "", "x" * size, 0.0)
    kept = [len(it.before) for it in moments.all()]

    assert sizes[::-1][: len(kept)] == kept
    assert bool(kept) == bool(sizes)
    assert len(kept) <= 1 or sum(kept) <= 20
    dropped = sizes[: len(sizes) - len(kept)]
    assert not dropped or sum(kept) + dropped[-1] > 20, "no more than needed is dropped"
