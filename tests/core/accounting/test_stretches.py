"""What still stands of an accepted text, against marks on each of its characters."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.accounting.alignment import matches
from spark_lsp.core.accounting.stretches import Stretch, joined
from spark_lsp.core.text import Edit

DOCUMENT = "def total(items):\n    return sum(items)\n"
ACCEPTED = "    for item in items:\n        yield item.price * 2\n"

places = st.tuples(
    st.floats(0, 1),
    st.sampled_from([0, 0, 1, 2, 5, 30, 200]),
    st.sampled_from(["", "x", " ", "item", "items:\n", "yield item.cost * 2", ACCEPTED, "\r\n"]),
)


class Marked:
    """A document in which the accepted characters are marked."""

    def __init__(self, before: str, accepted: str, after: str) -> None:
        self.text = before + accepted + after
        self.marks = [False] * len(before) + [True] * len(accepted) + [False] * len(after)

    def edit(self, place: tuple[float, int, str]) -> Edit:
        start = int(place[0] * len(self.text))
        return Edit(start, min(len(self.text), start + place[1]), place[2])

    def after(self, edit: Edit, common: Sequence[tuple[int, int, int]]) -> None:
        removed = self.marks[edit.start : edit.end]
        marks = [False] * len(edit.new)
        for old, new, length in common:
            marks[new : new + length] = removed[old : old + length]
        self.marks[edit.start : edit.end] = marks
        self.text = self.text[: edit.start] + edit.new + self.text[edit.end :]


@given(edits=st.lists(places, max_size=20), compared=st.booleans())
def test_the_spans_hold_the_accepted_characters_that_are_left_and_no_others(
    edits: list[tuple[float, int, str]], *, compared: bool
) -> None:
    document = Marked(DOCUMENT, ACCEPTED, DOCUMENT)
    stretch = Stretch().accepted(len(DOCUMENT), ACCEPTED).after(Edit(0, 0, ""))
    for place in edits:
        edit = document.edit(place)
        removed = document.text[edit.start : edit.end]
        common = matches(removed, edit.new, joined(stretch.touched(edit))) if compared else []
        stretch = stretch.after(edit, common)
        document.after(edit, common)
        marked = [at for at, mark in enumerate(document.marks) if mark]

        assert marked == [at for start, end in stretch.spans for at in range(start, end)]
        assert all(one[1] < two[0] for one, two in pairwise(stretch.spans))
        assert stretch.share == len(marked) / len(ACCEPTED)


@given(st.lists(places, max_size=10), st.lists(st.tuples(st.integers(0, 99), st.text(max_size=9))))
def test_however_it_was_accepted_no_more_than_all_of_it_stands(
    edits: list[tuple[float, int, str]], parts: list[tuple[int, str]]
) -> None:
    stretch = Stretch()
    document = Marked(DOCUMENT, "", DOCUMENT)
    for number in range(max(len(edits), len(parts))):
        for offset, text in parts[number : number + 1]:
            stretch = stretch.accepted(offset, text)
        for place in edits[number : number + 1]:
            stretch = stretch.after(document.edit(place))

        assert 0 <= stretch.share <= 1


@given(places)
def test_typing_elsewhere_takes_nothing_away(place: tuple[float, int, str]) -> None:
    before = Marked(DOCUMENT, "", "").edit(place)
    stretch = Stretch().accepted(len(DOCUMENT), ACCEPTED).after(before)

    assert 1 == stretch.share


def test_an_acceptance_told_before_its_change_is_not_pushed_away_by_it() -> None:
    told_before = Stretch().accepted(5, "name").after(Edit(5, 5, "name"))
    replacing = Stretch().accepted(5, "name").after(Edit(5, 7, "name"))
    told_after = Stretch().accepted(5, "name").after(Edit(0, 0, "")).after(Edit(5, 5, "name"))

    assert ((5, 9),) == told_before.spans == replacing.spans
    assert ((9, 13),) == told_after.spans


def test_what_was_typed_in_between_and_taken_out_again_leaves_one_span() -> None:
    stretch = Stretch().accepted(0, "abcdef")
    parted = stretch.after(Edit(3, 3, "--"))
    whole = parted.after(Edit(3, 5, ""))

    assert ((0, 3), (5, 8)) == parted.spans
    assert ((0, 6),) == whole.spans


def test_nothing_accepted_is_nothing_left() -> None:
    assert 0.0 == Stretch().share
