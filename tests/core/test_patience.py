"""Pieces that bring two sequences together."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.patience import anchors

PIECES = st.lists(st.sampled_from(["", "a", "b", "c", "d", "e"]), max_size=12)


@given(PIECES, PIECES)
def test_anchors_occur_once_on_both_sides_and_rise_on_both(old: list[str], new: list[str]) -> None:
    found = anchors(old, new)

    for at, there in found:
        assert old[at] == new[there] != ""
        assert old.count(old[at]) == new.count(new[there]) == 1
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(found))


@given(st.permutations("abcdefg"))
def test_anchors_are_as_many_as_can_rise_together(new: list[str]) -> None:
    old = list("abcdefg")
    longest = [1] * len(new)
    for at, piece in enumerate(new):
        longest[at] += max((longest[it] for it in range(at) if new[it] < piece), default=0)

    assert len(anchors(old, new)) == max(longest)
