"""What a prompt holds, how large it gets, and what of it stays the same from key to key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.context import Context, outside
from spark_lsp.core.documents import Change, Document
from spark_lsp.core.index import Index
from spark_lsp.core.languages import LANGUAGES
from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.core.symbols import extract
from spark_lsp.core.text import Encoding, Text

URI = "file:///repository/open.py"
SMALL = 4096
LINES = [f"value_{number} = {number}\n" for number in range(1000)]
LONG = "".join(LINES)

pieces = st.sampled_from(["a", "\n", "\r\n", "é", "漢字", "😀", "\ud83d", " = value\n", "x" * 90])
texts = st.lists(st.tuples(pieces, st.integers(0, 300)), max_size=12).map(
    lambda parts: "".join(piece * count for piece, count in parts)
)


def document(string: str, path: str = "open.py") -> Document:
    return Document(URI, path, "python", 1, Text(string))


def index_of(**files: str) -> Index:
    index = Index()
    for stem, source in files.items():
        index.put(f"{stem}.py", extract(Text(source), LANGUAGES[0]))
    return index


def opened_in(index: Index, string: str) -> Document:
    """Open a document, and record in the index what it holds, as the session does."""
    index.put_open("open.py", extract(Text(string), LANGUAGES[0]))
    return document(string)


def size(string: str) -> int:
    return len(string.encode("utf-8", "surrogatepass"))


def bytes_of(prompt: Prompt) -> int:
    """Return the bytes of everything in a prompt that a model reads."""
    texts_in = [prompt.prefix, prompt.suffix, *(block.text for block in prompt.stable)]
    return sum(map(size, texts_in))


def type_at(opened: Document, context: Context, offset: int, text: str) -> None:
    """Insert text as the session does."""
    place = opened.text.position(offset, Encoding.UTF32)
    changes = [Change(place, place, text)]
    for applied in opened.change(opened.version + 1, changes, Encoding.UTF32):
        context.edited(opened.uri, len(applied.removed) + len(applied.edit.new))


@given(texts, st.integers(0, 10_000), st.sampled_from([SMALL, 8192, 128_000]))
def test_a_prompt_is_within_the_window_for_any_text(string: str, offset: int, window: int) -> None:
    """In UTF-8 bytes, since no byte-level vocabulary spends more than one token on a byte."""
    offset = min(offset, len(string))
    files = {"漢": "def 漢(): ...\n" * 400, "b": "def b(): ...\n"}
    index = index_of(**files)
    opened = opened_in(index, "import 漢, b\n" + string)
    prompt = Context(window).prompt(opened, offset + 13, index)

    assert bytes_of(prompt) <= window


@given(texts, st.integers(0, 10_000))
def test_the_tail_is_the_text_around_the_cursor(string: str, offset: int) -> None:
    offset = min(offset, len(string))
    prefix, suffix = Context(SMALL).tail(Text(string), offset)

    assert string[:offset].endswith(prefix)
    assert string[offset:].startswith(suffix)


def test_the_far_edges_of_the_windows_move_in_steps_of_lines() -> None:
    text = Text(LONG)
    context = Context(128_000)
    firsts, lasts = set(), set()
    for line in range(text.line_count):
        prefix, suffix = context.tail(text, text.line_start(line))
        firsts.add(line - prefix.count("\n"))
        lasts.add(line + suffix.count("\n"))

    assert all(first % 64 == 0 for first in firsts)
    assert all(last % 64 == 0 or last == len(LINES) for last in lasts)
    assert len(firsts) < 1000 / 64 + 1


@pytest.mark.parametrize(
    ("window", "width"), [(128_000, 40), (128_000, 120), (8192, 40), (SMALL, 2000)]
)
def test_the_far_edges_stay_where_they_are_while_a_line_is_typed(window: int, width: int) -> None:
    """Also where lines are so long, or the window so small, that lines alone do not bound it."""
    string = ("x" * width + "\n") * 600
    context = Context(window)
    edges = set()
    for keys in range(40):
        offset = len(string) // 2 + keys
        prefix, suffix = context.tail(Text(string[:offset] + "y" + string[offset:]), offset + 1)
        edges.add((offset + 1 - len(prefix), len(string) - offset - len(suffix)))

    assert len(edges) <= 2


def test_the_cursor_sees_lines_before_and_after_it() -> None:
    text = Text(LONG)
    prefix, suffix = Context(128_000).tail(text, text.line_start(500))

    assert 192 <= prefix.count("\n") < 192 + 64
    assert 64 <= suffix.count("\n") <= 64 + 64


def test_the_stable_part_is_the_same_for_a_hundred_keys_of_typing() -> None:
    index = index_of(util="def helper(): ...\n")
    opened = opened_in(index, "from util import helper\n" + LONG)
    context = Context(128_000)
    offset = 2000
    prompts = [context.prompt(opened, offset, index)]
    for number in range(100):
        type_at(opened, context, offset, "x")
        offset += 1
        if number == 50:
            # What is indexed meanwhile does not change what is frozen either.
            index.put("util.py", extract(Text("def helper(more): ...\n"), LANGUAGES[0]))
        prompts.append(context.prompt(opened, offset, index))

    assert {prompts[0].stable} == {prompt.stable for prompt in prompts}
    assert [prompts[0].prefix + "x" * count for count in range(101)] == [
        prompt.prefix for prompt in prompts
    ]
    assert {prompts[0].suffix} == {prompt.suffix for prompt in prompts}


@pytest.mark.parametrize(
    ("size", "share"),
    [
        pytest.param(20_000, 4_000, id="a fifth of the file"),
        pytest.param(0, 2_000, id="a little in a small file"),
    ],
)
def test_after_enough_has_changed_the_stable_part_is_packed_anew(size: int, share: int) -> None:
    opened = document("a" * size)
    context = Context(128_000)
    before = context.prompt(opened, size, Index())
    type_at(opened, context, size, "b" * share)

    assert before.stable == context.prompt(opened, size, Index()).stable

    type_at(opened, context, size, "b")
    after = context.prompt(opened, size, Index())

    assert "a" * size == before.stable[-1].text
    assert "a" * size + "b" * (share + 1) == after.stable[-1].text


def test_deleted_text_counts_as_changed() -> None:
    opened = document("a" * 20_000)
    context = Context(128_000)
    context.prompt(opened, 0, Index())
    places = [opened.text.position(at, Encoding.UTF32) for at in (0, 4_001)]
    opened.change(2, [Change(places[0], places[1], "")], Encoding.UTF32)
    context.edited(URI, 4_001)

    assert "a" * 15_999 == context.prompt(opened, 0, Index()).stable[-1].text


@pytest.mark.parametrize(
    ("offset", "first"),
    [
        pytest.param(0, 0, id="at the beginning"),
        pytest.param(100_000, 76_000, id="in the middle"),
        pytest.param(200_000, 168_010, id="at the end"),
    ],
)
def test_of_a_large_file_all_that_there_is_room_for_is_frozen_around_the_cursor(
    offset: int, first: int
) -> None:
    string = "".join(f"line {number:09}\n" for number in range(200_000 // 15 + 1))
    context = Context(128_000)
    block = context.prompt(document(string), offset, Index()).stable[-1]

    assert string[first : first + 32_000] == block.text


def test_a_cursor_that_leaves_what_is_frozen_has_it_packed_anew() -> None:
    opened = document("a" * 100_000 + "b" * 100_000)
    context = Context(128_000)
    context.prompt(opened, 0, Index())

    assert {"b"} == set(context.prompt(opened, 190_000, Index()).stable[-1].text)


def test_an_epoch_ends_for_one_document_or_for_all() -> None:
    opened = document("old\n")
    context = Context(128_000)
    for forgotten in ((URI,), ()):
        context.prompt(opened, 0, Index())
        opened.text = Text("new\n" + opened.text.string)
        kept = context.prompt(opened, 0, Index())
        context.forget(*forgotten)

        assert kept.stable[-1].text != opened.text.string
        assert context.prompt(opened, 0, Index()).stable[-1].text == opened.text.string


def test_a_prompt_holds_the_imported_signatures_then_the_file() -> None:
    index = index_of(util="def helper(x): ...\n")
    opened = opened_in(index, "from util import helper\nhelper(\n")
    prompt = Context(128_000).prompt(opened, len(opened.text), index)

    assert (
        Block("signatures", "util.py", "def helper(x):", "imported: helper"),
        Block("file", "open.py", opened.text.string, "the open file as it was at packing"),
    ) == prompt.stable
    assert ("open.py", opened.text.string, "") == (prompt.path, prompt.prefix, prompt.suffix)


def test_a_file_too_large_for_the_stable_part_is_cut_around_the_cursor() -> None:
    opened = document(LONG)
    offset = LONG.index("value_500 = ")
    body = Context(SMALL).prompt(opened, offset, Index()).stable[-1].text

    assert size(body) <= SMALL // 4
    assert "value_500 = " in body
    assert body in LONG


def test_the_same_inputs_give_the_same_prompt() -> None:
    made = []
    for order in (("a", "b"), ("b", "a")):
        index = index_of(**{name: f"def {name}{name}(): ...\n" for name in order})
        opened = opened_in(index, "from a import aa\nfrom b import bb\n" + LONG)
        made.append(Context(SMALL).prompt(opened, 500, index))

    assert made[0] == made[1]
    assert ["a.py", "b.py", "open.py"] == [block.path for block in made[0].stable]


def test_a_document_without_a_grammar_has_a_prompt_of_its_own_text() -> None:
    opened = Document(URI, "notes", "klingon", 1, Text("nuqneH\n"))
    prompt = Context(SMALL).prompt(opened, 3, Index())

    assert ("nuq", "neH\n") == (prompt.prefix, prompt.suffix)
    assert ["nuqneH\n"] == [block.text for block in prompt.stable]


@given(texts, st.integers(0, 10_000))
def test_what_stands_outside_of_the_windows_is_outside_of_them(string: str, offset: int) -> None:
    """In a copy that is still the file: what comes before the prefix and after the suffix."""
    offset = min(offset, len(string))
    prefix, suffix = Context(SMALL).tail(Text(string), offset)
    before, after = outside(string, prefix, suffix)
    start, end = offset - len(prefix), offset + len(suffix)

    assert string[:start].startswith(before)
    assert string[end:].endswith(after)


def test_where_the_edges_are_found_all_that_is_outside_is_told() -> None:
    text = Text(LONG)
    offset = text.line_start(500)
    prefix, suffix = Context(128_000).tail(text, offset)
    stale = LONG[: offset - 20] + "stale\n" + LONG[offset + 20 :]
    before, after = outside(stale, prefix, suffix)

    assert LONG == before + prefix + suffix + after
    assert before
    assert after


def test_a_side_whose_edge_is_not_found_is_empty() -> None:
    assert ("", "") == outside("something else\n", "prefix", "suffix")
    assert ("before ", "") == outside("before prefix", "prefix", "suffix")
    assert ("", " after") == outside("suffix after", "prefix", "suffix")
    assert ("", "") == outside("whole file", "", "")
