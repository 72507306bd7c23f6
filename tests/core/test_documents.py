"""The document store against the plainest model of a text: a string that is edited as a string."""

import re

from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.documents import Change, Documents
from spark_lsp.core.symbols import extract, from_syntax
from spark_lsp.core.text import Encoding, Position, Text

ALPHABET = "ab \r\n\f\x85\u2028é😀"
strings = st.text(alphabet=ALPHABET, max_size=20)
positions = st.builds(Position, st.integers(0, 8), st.integers(0, 12))
changes = st.one_of(
    st.builds(Change, positions, positions, strings),
    st.builds(lambda text: Change(None, None, text), strings),
)


def plain_offset(string: str, position: Position, encoding: Encoding) -> int:
    """Find an offset the slow and obvious way."""
    starts = [0, *(match.end() for match in re.finditer("\r\n|\n|\r", string))]
    if position.line >= len(starts):
        return len(string)
    offset = starts[position.line]
    width = {
        Encoding.UTF8: lambda char: len(char.encode()),
        Encoding.UTF16: lambda char: len(char.encode("utf-16-le")) // 2,
        Encoding.UTF32: len,
    }[encoding]
    left = position.character
    while offset < len(string) and string[offset] not in "\r\n":
        left -= width(string[offset])
        if left < 0:
            break
        offset += 1
    return offset


def plain_change(string: str, change: Change, encoding: Encoding) -> str:
    """Apply a change the slow and obvious way."""
    if change.start is None or change.end is None:
        return change.text
    places = [plain_offset(string, at, encoding) for at in (change.start, change.end)]
    return string[: min(places)] + change.text + string[max(places) :]


@given(strings, st.lists(changes, max_size=12), st.sampled_from(Encoding))
def test_any_changes_give_the_text_that_plain_string_edits_give(
    string: str, many: list[Change], encoding: Encoding
) -> None:
    documents = Documents(encoding)
    documents.open("file:///a", "a", "plaintext", 1, string)
    for version, change in enumerate(many, 2):
        documents.change("file:///a", version, [change])
        string = plain_change(string, change, encoding)
    document = documents.get("file:///a")

    assert document is not None
    assert string == document.text.string


@given(st.lists(st.lists(changes, max_size=3), max_size=6), st.data())
def test_the_tree_of_an_edited_text_equals_that_of_a_fresh_parse(
    batches: list[list[Change]], data: st.DataObject
) -> None:
    documents = Documents(Encoding.UTF16)
    source = "def f(é):\r\n    return 1\n\nclass A:\n    x = '😀'\n"
    document = documents.open("file:///a.py", "a.py", "python", 1, source)
    document.tree()
    for version, batch in enumerate(batches, 2):
        documents.change("file:///a.py", version, batch)
        if data.draw(st.booleans()):
            document.tree()
    tree, language = document.tree(), document.language

    assert tree is not None
    assert language is not None
    assert extract(Text(document.text.string), language) == from_syntax(tree, document.text)


def test_a_change_tells_what_was_removed() -> None:
    documents = Documents(Encoding.UTF16)
    documents.open("u", "a", "plaintext", 1, "one two")
    applied = documents.change("u", 2, [Change(Position(0, 0), Position(0, 3), "1")])

    assert [("one", "1")] == [(it.removed, it.edit.new) for it in applied]


def test_changes_of_a_document_that_is_not_open_are_left_alone() -> None:
    assert [] == Documents(Encoding.UTF16).change("u", 1, [Change(None, None, "x")])


def test_huge_documents_and_unknown_languages_have_no_tree() -> None:
    documents = Documents(Encoding.UTF16)

    assert documents.open("u", "a.unknown", "klingon", 1, "x").tree() is None
    assert documents.open("v", "a.py", "python", 1, "x = 1\n" * 200_000).tree() is None
