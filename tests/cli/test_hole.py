"""Which text is cut out to be typed back in."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.cli.drive import hole
from spark_lsp.core.languages import LANGUAGES
from spark_lsp.core.symbols import extract
from spark_lsp.core.text import Text
from tests.fixture import ROOT, Fixture, fixtures

FIXTURES = fixtures("symbols")
SOURCE = """\
import os

LIMIT = 3


def first():
    return 1


def second(x):
    y = x
    return y


class Third:
    def method(self):
        a = 1
        return a
"""


@given(
    st.text(alphabet="ab (:\t\r\n\f\u2028😀def", max_size=200),
    st.sampled_from(["a.py", "a.rs", "notes", "a.c"]),
    st.integers(1, 40),
)
def test_the_pieces_of_any_text_make_up_the_text(string: str, path: str, lines: int) -> None:
    text = Text(string)
    cut = hole(text, path, lines)

    assert string == cut.before + cut.missing + cut.after
    assert Text(cut.missing).line_count <= lines


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("path", FIXTURES)
def test_the_pieces_of_a_source_make_up_the_source(path: Path, end: str) -> None:
    name, source = Fixture.read(path).source
    source = source.replace("\n", end)
    for lines in (1, 3, 30):
        cut = hole(Text(source), name, lines)

        assert source == cut.before + cut.missing + cut.after


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_a_hole_starts_at_the_definition_nearest_to_the_middle(end: str) -> None:
    cut = hole(Text(SOURCE.replace("\n", end)), "a.py", 3)

    assert ["def second(x):", "    y = x", "    return y"] == cut.missing.split(end)
    assert cut.before.endswith(f"return 1{end}{end}{end}")
    assert cut.after.startswith(f"{end}{end}{end}class")


def test_a_hole_ends_before_the_blank_lines_at_its_end() -> None:
    assert hole(Text(SOURCE), "a.py", 5).missing.endswith("return y")


def test_without_definitions_the_hole_is_in_the_middle() -> None:
    lines = [f"line {number}" for number in range(9)]

    assert "line 3\nline 4\nline 5" == hole(Text("\n".join(lines)), "notes.txt", 3).missing


def test_a_short_text_is_all_hole() -> None:
    assert "x = 1" == hole(Text("x = 1"), "a.py", 30).missing
    assert "" == hole(Text(""), "a.py", 30).missing


def test_own_sources_are_cut_at_their_definitions() -> None:
    for path in sorted((ROOT / "spark_lsp" / "core").glob("*.py")):
        text = Text(path.read_text("utf-8"))
        cut = hole(text, path.name, 10)
        definitions = extract(text, LANGUAGES[0]).definitions
        starts = {it.start_line for it in definitions if it.end_line - it.start_line > 1}

        assert text.string == cut.before + cut.missing + cut.after
        assert not starts or text.line_at(len(cut.before)) in starts
