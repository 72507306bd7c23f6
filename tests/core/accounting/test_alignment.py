"""What two texts have in common."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.accounting.alignment import matches

texts = st.lists(
    st.sampled_from(["a", "total", " ", "  ", "\n", "\r\n", "(", ")", "é", "_x", "\r"])
)
LINES = "".join(f"    value_{number} = compute({number})\n" for number in range(400))
"""More than is compared word by word."""


def stood(old: str, new: str) -> str:
    """Return what of the old text stands in the new one too, parted where something does not."""
    found = matches(old, new, [(0, len(old))])
    parts = [old[at : at + size] for at, _, size in found]
    ends = [(at + size, to + size) for at, to, size in found]
    starts = [(at, to) for at, to, _ in found][1:]
    bars = ["" if end == start else "|" for end, start in zip(ends, starts, strict=False)]
    return "".join(map("".join, zip(parts, [*bars, ""], strict=False)))


@given(one=texts, other=texts, long=st.booleans())
def test_what_is_common_stands_in_both_in_order_and_once(
    one: list[str], other: list[str], *, long: bool
) -> None:
    old, new = "".join(one), "".join(other)
    if long:
        old, new = f"{old}x{LINES}y{new}", f"{new}y{LINES}x{old}"
    found = matches(old, new, [(0, len(old))])

    assert all(old[at : at + size] == new[to : to + size] for at, to, size in found)
    assert all(size for *_, size in found)
    for (at, to, size), (next_at, next_to, _) in pairwise(found):
        assert at + size <= next_at
        assert to + size <= next_to


@given(texts)
def test_the_same_text_is_common_as_a_whole(words: list[str]) -> None:
    text = "".join(words)

    assert sum(size for *_, size in matches(text, text, [(0, len(text))])) == len(text)


@pytest.mark.parametrize(
    ("old", "new", "common"),
    [
        ("return total", "return subtotal", "return "),
        ("a = compute(x)", "a = compute(x, y)", "a = compute(x|)"),
        ("f(a,b)", "f( a, b )", "f(|a,|b|)"),
        ("x=1", "x  =  1", "x|=|1"),
        ("first second", "second first", "second"),
        ("abc", "xyz", ""),
        ("abc", "", ""),
        ("", "abc", ""),
    ],
)
def test_words_stand_as_a_whole_or_not_at_all(old: str, new: str, common: str) -> None:
    assert common == stood(old, new)


def test_a_long_text_that_was_indented_stands_but_for_its_blanks() -> None:
    indented = "".join(f"    {line}\n" for line in LINES.splitlines())
    found = matches(LINES, f"if ready:\n{indented}", [(0, len(LINES))])
    lost = len(LINES) - sum(size for *_, size in found)

    assert lost == 0


def test_a_line_that_was_moved_past_others_is_not_where_it_was() -> None:
    first, *rest = LINES.splitlines(keepends=True)
    moved = "".join([*rest, first])

    assert stood(LINES, moved).replace("|", "").strip() == "".join(rest).strip()


def test_only_what_is_asked_for_is_looked_at_more_closely() -> None:
    changed = LINES.replace("0 =", "0 +=")
    line = LINES.index("value_200")
    found = matches(LINES, changed, [(line, line + 9)])
    ends = LINES.index("0 =") - len("value_"), LINES.rindex("0 =")

    assert any(at <= line < line + 9 <= at + size for at, _, size in found)
    assert sum(size for *_, size in found) < ends[0] + len(LINES) - ends[1] + 60


def test_texts_too_long_to_be_compared_begin_and_end_alike() -> None:
    old = f"first {LINES * 20} middle {LINES * 20} last"
    new = old.replace("middle", "centre").replace("value_1 ", "value ")
    found = matches(old, new, [(0, len(old))])

    assert 2 == len(found)
    assert 0 < sum(size for *_, size in found) < len(old)
