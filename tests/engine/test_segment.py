"""A segment finds the places whose context ends like a query."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.engine.segment import SORTED_DEPTH, build

FILES = st.lists(st.lists(st.integers(1, 4), max_size=30), min_size=1, max_size=4)


@given(FILES, st.lists(st.integers(1, 4), min_size=SORTED_DEPTH, max_size=SORTED_DEPTH))
def test_no_place_left_out_shares_more_context_than_the_neighbours_found(
    files: list[list[int]], context: list[int]
) -> None:
    """The single nearest neighbours hold a longest match there is."""
    segment = build([(str(index), np.array(ids, np.int32)) for index, ids in enumerate(files)])
    ids = segment.ids.tolist()

    def shared(place: int) -> int:
        length = 0
        while (
            length < SORTED_DEPTH
            and place > length
            and ids[place - 1 - length] == context[-1 - length]
        ):
            length += 1
        return length

    everywhere = [shared(place) for place in segment.order.tolist()]
    found = [shared(place) for place in segment.neighbours(context, 1).tolist()]

    assert max(found, default=0) == max(everywhere, default=0)


@given(FILES)
def test_a_segment_gives_back_its_files(files: list[list[int]]) -> None:
    """Merging segments needs no text."""
    segment = build([(str(index), np.array(ids, np.int32)) for index, ids in enumerate(files)])

    assert [segment.file(index).tolist() for index in range(len(files))] == files
    assert segment.sizes == [len(ids) for ids in files]
    assert segment.tokens == sum(segment.sizes)
