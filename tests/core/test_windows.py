"""The windows around the cursor: what they hold, and how still they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.text import Edit, Text
from spark_lsp.core.windows import Tail, estimated, outside

LONG = "".join(f"value_{number} = {number}\n" for number in range(2000))

pieces = st.sampled_from(["a", "\n", "\r\n", "é", "漢字", "😀", "\ud83d", " = value\n", "x" * 90])
texts = st.lists(st.tuples(pieces, st.integers(0, 300)), max_size=12).map(
    lambda parts: "".join(piece * count for piece, count in parts)
)


def size(string: str) -> int:
    return len(string.encode("utf-8", "surrogatepass"))


@given(texts, st.integers(0, 10_000), st.sampled_from([100, 1000, 6000]))
def test_the_tail_is_the_text_around_the_cursor_and_no_more_than_its_room(
    string: str, offset: int, room: int
) -> None:
    offset = min(offset, len(string))
    tail = Tail.around(Text(string), offset, room)

    assert string[tail.start : offset] == tail.prefix
    assert string[offset : tail.end] == tail.suffix
    assert size(tail.prefix) + size(tail.suffix) <= room


@given(texts, st.integers(0, 10_000))
def test_the_text_near_the_cursor_is_always_shown(string: str, offset: int) -> None:
    offset = min(offset, len(string))
    tail = Tail.around(Text(string), offset, 6000)

    assert tail.prefix.endswith(string[max(0, offset - 250) : offset])
    assert tail.suffix.startswith(string[offset : offset + 90])


@pytest.mark.parametrize("line", [0, 500, 1000, 1990])
def test_while_text_is_typed_the_suffix_stays_and_the_prefix_grows_at_its_end(line: int) -> None:
    text = Text(LONG)
    offset = text.line_start(line)
    tail = Tail.around(text, offset, 6000)
    moves = 0
    for char in "def function(argument):\n    return argument\n" * 20:
        text = text.splice(Edit(offset, offset, char))
        offset += 1
        now = Tail.around(text, offset, 6000)
        assert now.suffix == tail.suffix
        moves += not now.prefix.startswith(tail.prefix)
        tail = now

    assert moves <= 2, "the beginning moves in steps"


def test_a_window_begins_and_ends_with_whole_lines() -> None:
    tail = Tail.around(Text(LONG), len(LONG) // 2, 6000)

    assert LONG[tail.start - 1] == "\n"
    assert LONG[tail.end - 1] == "\n"


def test_a_secret_across_the_cursor_is_masked_on_both_sides() -> None:
    body = "Zr7LmX2q9aK3" * 3
    text = f'password = "{body}"\n'
    tail = Tail.around(Text(text), text.index(body) + 10, 6000)

    assert tail.prefix + tail.suffix == text.replace(body, "*" * len(body))


def test_what_the_windows_show_is_cut_out_of_a_copy_of_the_file() -> None:
    tail = Tail.around(Text(LONG), len(LONG) // 2, 6000)

    assert (LONG[: tail.start], LONG[tail.end :]) == outside(LONG, tail.prefix, tail.suffix)
    assert ("", "") == outside("something else", tail.prefix, tail.suffix)


@given(texts)
def test_tokens_are_estimated_from_bytes_and_rounded_up(string: str) -> None:
    assert size(string) <= 3 * estimated(string) < size(string) + 3
