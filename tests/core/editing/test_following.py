"""Ranges that stay with their text while it is edited elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.documents import Applied
from spark_lsp.core.editing.following import moved
from spark_lsp.core.text import Edit, difference

texts = st.text(alphabet="ab\r\n", max_size=20)


def replaced(text: str, start: int, end: int, new: str) -> tuple[str, Applied]:
    after = text[:start] + new + text[end:]
    return after, Applied(Edit(start, end, new), text[start:end])


@given(texts, st.data())
def test_a_range_that_moves_still_holds_its_text(text: str, data: st.DataObject) -> None:
    start, end, first, last = (data.draw(st.integers(0, len(text))) for _ in range(4))
    start, end, first, last = min(start, end), max(start, end), min(first, last), max(first, last)
    after, applied = replaced(text, first, last, data.draw(texts))
    place = moved(start, end, applied)

    assert place is None or after[slice(*place)] == text[start:end]


@given(texts, st.data())
def test_a_range_is_lost_only_to_an_edit_that_reaches_into_it(
    text: str, data: st.DataObject
) -> None:
    start, end, first, last = (data.draw(st.integers(0, len(text))) for _ in range(4))
    start, end, first, last = min(start, end), max(start, end), min(first, last), max(first, last)
    _, applied = replaced(text, first, last, data.draw(texts))
    change = difference(applied.removed, applied.edit.new)
    first, last = first + change.start, first + change.end

    if moved(start, end, applied) is None:
        assert (first < end and last > start) or first == last == start == end


@pytest.mark.parametrize(
    ("edit", "place"),
    [
        ((0, 2, ""), (3, 6)),
        ((5, 5, "new"), (8, 11)),  # what is inserted at an end stays outside
        ((8, 8, "new"), (5, 8)),
        ((4, 5, "x"), (5, 8)),
        ((8, 9, ""), (5, 8)),
        ((6, 6, "x"), None),
        ((4, 6, ""), None),
        ((7, 9, ""), None),
        ((0, 10, ""), None),
        ((0, 10, "x123456789"), (5, 8)),  # only the first character changes
        ((0, 10, "012345x789"), None),
        ((5, 8, "567"), (5, 8)),  # nothing changes
    ],
)
def test_a_range_follows_what_an_edit_does(
    edit: tuple[int, int, str], place: tuple[int, int] | None
) -> None:
    _, applied = replaced("0123456789", *edit)

    assert place == moved(5, 8, applied)


@pytest.mark.parametrize(
    ("edit", "place"),
    [
        ((5, 5, "x"), None),
        ((5, 5, ""), (5, 5)),
        ((3, 5, ""), (3, 3)),
        ((3, 5, "xyz"), (6, 6)),
        ((5, 7, ""), (5, 5)),
        ((4, 6, ""), None),
    ],
)
def test_an_empty_range_is_lost_to_what_is_typed_at_it(
    edit: tuple[int, int, str], place: tuple[int, int] | None
) -> None:
    _, applied = replaced("0123456789", *edit)

    assert place == moved(5, 5, applied)
