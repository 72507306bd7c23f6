"""What a model is shown when a range is to be rewritten; epochs are in `test_context`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core import secrets
from spark_lsp.core.context import Context
from spark_lsp.core.documents import Document, Documents
from spark_lsp.core.effects import Pack
from spark_lsp.core.events import Packed, Warmed
from spark_lsp.core.prompt import Block, Share, longest_rewrite
from spark_lsp.core.text import Encoding, Text
from spark_lsp.core.windows import Tail

WINDOW = 128_000
LINES = "".join(f"value_{number} = {number}\n" for number in range(400))
SECRET = "Zr7LmX2q9aK3" * 3

pieces = st.sampled_from(
    ["a", "\n", "\r\n", "é", "漢", "😀", " = value\n", f'password = "{SECRET}"\n']
)
texts = st.lists(st.tuples(pieces, st.integers(0, 40)), max_size=8).map(
    lambda parts: "".join(piece * count for piece, count in parts)
)


def opened(text: str, path: str = "a.py", window: int = WINDOW) -> tuple[Context, Document]:
    documents = Documents(Encoding.UTF32)
    document = documents.open(f"file:///{path}", path, "", 1, text)
    document.private = ""
    context = Context(window, documents)
    context.opened(document)
    return context, document


def with_stable(context: Context, document: Document, blocks: tuple[Block, ...]) -> None:
    asked = context.wish(document, 0)
    assert isinstance(asked, Pack)
    context.heard(Packed(asked.number, blocks), up=True)
    context.heard(Warmed(blocks), up=True)


def size(string: str) -> int:
    return len(string.encode("utf-8", "surrogatepass"))


@given(texts, st.integers(0, 300), st.integers(0, 300))
def test_a_rewrite_shows_the_file_around_its_region_masked_like_a_prompt(
    text: str, start: int, end: int
) -> None:
    start, end = sorted((min(start, len(text)), min(end, len(text))))
    context, document = opened(text)
    asked = context.rewrite(document, start, end, "Do it.")

    shown = asked.before + asked.region + asked.after
    assert shown in secrets.redact(text)
    assert len(asked.region) == end - start
    assert asked.before == context.prompt(document, start).prefix
    assert asked.after == context.prompt(document, end).suffix


def test_the_windows_around_a_region_are_those_of_a_completion_there() -> None:
    context, document = opened(LINES)
    text = Text(LINES)
    start, end = text.line_start(100), text.line_start(103)
    asked = context.rewrite(document, start, end, "Do it.")

    assert "value_100 = 100\nvalue_101 = 101\nvalue_102 = 102\n" == asked.region
    assert Tail.around(text, start, Share.of(WINDOW).tail).prefix == asked.before
    assert Tail.around(text, end, Share.of(WINDOW).tail).suffix == asked.after


def test_a_text_that_is_not_there_yet_is_shown_as_if_it_were() -> None:
    context, document = opened(LINES)
    start, end = document.text.line_start(2), document.text.line_start(3)
    asked = context.rewrite(document, start, end, "Do it.", f'password = "{SECRET}"\n')

    assert f'password = "{"*" * len(SECRET)}"\n' == asked.region
    assert "value_0 = 0\nvalue_1 = 1\n" == asked.before
    assert asked.after.startswith("value_3 = 3\n")


def test_secrets_in_an_instruction_are_masked() -> None:
    context, document = opened(LINES)

    assert SECRET not in context.rewrite(document, 0, 9, f'Use password="{SECRET}".').instruction


def test_the_stable_part_is_that_of_a_completion() -> None:
    context, document = opened(LINES)
    blocks = tuple(Block("file", f"{name}.py", LINES, cost=2_000) for name in "abc")
    with_stable(context, document, blocks)

    assert blocks == context.prompt(document, 0).stable
    assert blocks == context.rewrite(document, 0, 100, "Do it.").stable


def test_the_last_of_the_stable_part_gives_way_to_a_long_region() -> None:
    context, document = opened("value = 1\n" * 4_000)
    head = Share.of(WINDOW).head
    blocks = tuple(Block("file", f"{name}.py", "x", cost=head // 10) for name in "abcdefghij")
    with_stable(context, document, blocks)
    asked = context.rewrite(document, 0, len(document.text), "Do it.")

    assert blocks[:7] == asked.stable
    assert blocks == context.rewrite(document, 0, 200, "Do it.").stable


@given(
    st.sampled_from([128_000, 32_000, 8_000, 2_000, 300]),
    st.sampled_from(["value = 1\n", "漢字\n"]),
    st.integers(1, 7_000),
)
def test_what_is_asked_fits_into_the_window_as_far_as_it_is_estimated(
    window: int, line: str, count: int
) -> None:
    context, document = opened(line * count, window=window)
    with_stable(
        context, document, tuple(Block("file", f"{at}.py", "x", cost=900) for at in range(150))
    )
    region = min(len(document.text), context.longest("Do it.") * len(line) // size(line))
    asked = context.rewrite(document, 0, region, "Do it.")
    share = Share.of(window)
    blocks = sum(block.cost for block in asked.stable)
    needs = -(-size(asked.region) // 3) + min(asked.room, longest_rewrite(window))

    assert size(asked.before) + size(asked.after) <= share.tail
    assert needs + blocks + 2 <= share.head + share.growth or not asked.stable


@pytest.mark.parametrize(
    ("window", "longest"), [(128_000, 64_000), (32_000, 32_000), (8_000, 8_000), (100, 0)]
)
def test_a_range_may_be_as_long_as_fits_twice(window: int, longest: int) -> None:
    context, _ = opened("", window=window)

    assert longest == context.longest("Do it.")


def test_a_long_instruction_leaves_less_room_in_a_small_window() -> None:
    context, _ = opened("", window=8_000)

    assert context.longest("x" * 6_000) < context.longest("Do it.") < 8_658
