"""Which range is rewritten, and what it becomes on its way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.editing.rewriting import range_of
from spark_lsp.core.events import Instructed
from spark_lsp.core.text import Encoding, Text

texts = st.lists(st.sampled_from(["a", "  ", "\t", "\n", "\r\n", "\r", "😀"]), max_size=12).map(
    "".join
)


def asked(text: str, start: int, end: int) -> Instructed:
    first, last = (Text(text).position(at, Encoding.UTF16) for at in (start, end))
    return Instructed(1, "file:///a.py", 1, first, last, "Do it.")


@pytest.mark.parametrize(
    ("source", "region"),
    [
        ("<    a\n    b\n>", "a\n    b\n"),
        ("  <  a\n>", "a\n"),
        ("a <  b> c", "  b"),
        ("<a>", "a"),
        ("<\n    a\n>", "\n    a\n"),
        ("<    \n    a\n>", "    \n    a\n"),
        ("  <  >  a\n", "  "),
        ("<\t a>", "a"),
        ("    <>", ""),
        ("<>    a", ""),
    ],
)
def test_a_range_begins_behind_the_indentation_of_its_first_line(source: str, region: str) -> None:
    start, end = source.index("<"), source.index(">") - 1
    text = source.replace("<", "").replace(">", "")
    place = range_of(asked(text, start, end), Text(text), Encoding.UTF16)

    assert region == text[slice(*place)]


@given(texts, st.integers(0, 24), st.integers(0, 24))
def test_a_range_loses_nothing_but_blanks_before_it(text: str, start: int, end: int) -> None:
    event = asked(text, start, end)
    assert event.start
    assert event.end
    wanted = sorted(Text(text).offset(at, Encoding.UTF16) for at in (event.start, event.end))
    place = range_of(event, Text(text), Encoding.UTF16)

    assert wanted[1] == place[1]
    assert not text[wanted[0] : place[0]].strip(" \t")


def test_no_range_is_all_of_the_text() -> None:
    event = Instructed(1, "file:///a.py", 1, None, None, "Do it.")

    assert (0, 8) == range_of(event, Text("a = 1\nb\n"), Encoding.UTF16)
