"""What is found in a file, by example: one fixture and more for each language."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core import languages
from spark_lsp.core.languages import LANGUAGES, Language
from spark_lsp.core.symbols import FileSymbols, extract
from spark_lsp.core.text import Text
from tests.fixture import Fixture, fixtures

FIXTURES = fixtures("symbols")

every_language = pytest.mark.parametrize(
    "language", [pytest.param(language, id=language.name) for language in LANGUAGES]
)


def told(symbols: FileSymbols) -> str:
    """Spell symbols as the fixtures do; lines count from 1."""
    return "".join(
        [
            *(f"import {text!r}\n" for text in symbols.imports),
            *(
                f"{it.start_line + 1}-{it.end_line + 1} {it.kind} {it.name} {it.signature!r}\n"
                for it in symbols.definitions
            ),
        ]
    )


def language_of(name: str) -> Language:
    """Return the language of a fixture's source."""
    language = languages.by_path(name)
    assert language, f"no language for {name}"
    return language


@pytest.mark.parametrize("path", FIXTURES)
def test_a_file_defines_and_imports_what_its_fixture_tells(path: Path, *, update: bool) -> None:
    fixture = Fixture.read(path)
    name, source = fixture.source
    symbols = extract(Text(source), language_of(name))

    assert language_of(name).name == symbols.language
    assert Text(source).line_count == symbols.lines
    fixture.expect("@symbols", told(symbols), update=update)


@every_language
def test_a_language_has_a_fixture(language: Language) -> None:
    names = {language_of(Fixture.read(path).source[0]).name for path in FIXTURES}

    assert language.name in names


@given(st.sampled_from(LANGUAGES), st.sampled_from(FIXTURES), st.data())
def test_a_fixture_cut_anywhere_gives_symbols_within_its_lines(
    language: Language, path: Path, data: st.DataObject
) -> None:
    """Any language reads any text, whole or in the middle of a word."""
    _, source = Fixture.read(path).source
    start = data.draw(st.integers(0, len(source)))
    end = data.draw(st.integers(start, len(source)))
    symbols = extract(Text(source[start:end]), language)
    lines = [(it.start_line, it.end_line) for it in symbols.definitions]

    assert all(0 <= first <= last < symbols.lines for first, last in lines)
    assert all(it.name and it.signature.strip() for it in symbols.definitions)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("path", FIXTURES)
def test_a_plain_string_gives_what_a_text_gives(path: Path, end: str) -> None:
    name, source = Fixture.read(path).source
    source = source.replace("\n", end)

    assert extract(Text(source), language_of(name)) == extract(source, language_of(name))


@given(st.sampled_from(LANGUAGES), st.text(max_size=200))
def test_no_text_makes_extraction_fail(language: Language, string: str) -> None:
    assert Text(string).line_count == extract(Text(string), language).lines


def test_a_lone_surrogate_is_read_as_something() -> None:
    symbols = extract(Text('x = "\ud83d"\ndef f(): ...\n'), LANGUAGES[0])

    assert ["x", "f"] == [it.name for it in symbols.definitions]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_lines_of_a_definition_are_those_of_the_text(end: str) -> None:
    text = Text(
        end.join(["import os", "", "def first():", "    pass", "", "def second(): ...", ""])
    )
    symbols = extract(text, LANGUAGES[0])

    assert [(2, 3), (5, 5)] == [(it.start_line, it.end_line) for it in symbols.definitions]
    assert ["def first():", "def second():"] == [it.signature for it in symbols.definitions]


@pytest.mark.parametrize(
    "source",
    ["int size() { return 1; }", "int Box::size() { return 1; }", "int a::b::Box<int>::size() {}"],
)
def test_a_name_is_known_without_its_qualifiers(source: str) -> None:
    symbols = extract(Text(source), language_of("box.cpp"))

    assert ["size"] == [it.name for it in symbols.definitions]
