"""Which edits follow from a change, by example: one fixture for each thing that is specified.

In a fixture a change stands where it was made, as «old→new»; the cursor is behind the last one.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core import languages
from spark_lsp.core.events import Found
from spark_lsp.core.foresight import Workspace, foresee
from spark_lsp.core.languages import LANGUAGES, Language
from spark_lsp.core.library import Library
from spark_lsp.core.nodes import Tree
from spark_lsp.core.retrieval import Place
from spark_lsp.core.syntax import Syntax
from spark_lsp.core.text import Text
from tests.fixture import Fixture, fixtures

FIXTURES = fixtures("foresight")
CHANGE = re.compile(r"«([^«→»]*)→([^«→»]*)»")


def changed(marked: str) -> tuple[str, str, int]:
    """Return a marked text before and after its changes, and where the cursor is."""
    now, cursor, end = "", 0, 0
    for it in CHANGE.finditer(marked):
        now += marked[end : it.start()] + it[2]
        cursor, end = len(now), it.end()
    return CHANGE.sub(r"\1", marked), now + marked[end:], cursor


def language_of(path: str) -> Language:
    language = languages.by_path(path)
    assert language, f"no language for {path}"
    return language


def foreseen(fixture: Fixture) -> tuple[dict[str, str], tuple[Found, ...]]:
    """Return the files of a fixture as they are, and what is foreseen of the first."""
    path, marked = fixture.source
    before, now, cursor = changed(marked)
    files = {it: text for it, text in fixture.parts.items() if not it.startswith("@")} | {path: now}
    library = Library()
    for it, text in files.items():
        library.put_text(it, text)
        library.learn(it, text)
    workspace = Workspace(library, files.get, files)
    return files, foresee(before, Place(path, now, cursor), language_of(path), workspace)


def told(files: dict[str, str], found: Iterable[Found]) -> str:
    """Spell edits as the fixtures do; lines and columns count from 1."""
    lines = []
    for it in found:
        text = Text(files[it.path])
        assert text.string[it.start : it.end] == it.old
        assert (it.line, it.lead) == (
            text.line_at(it.start),
            text.string[text.line_start(it.line) : it.start],
        )
        place = f"{it.path}:{it.line + 1}:{len(it.lead) + 1}"
        lines.append(f"{place} {it.old!r} -> {it.new!r} ({it.reason})\n")
    return "".join(lines)


def applied(text: str, found: Iterable[Found]) -> str:
    """Return a text with edits applied, none of which may overlap."""
    end = len(text)
    for it in sorted(found, key=lambda it: (it.start, it.end), reverse=True):
        assert it.end <= end
        text, end = text[: it.start] + it.new + text[it.end :], it.start
    return text


def errors(path: str, text: str) -> int:
    return Tree(Syntax.parse(language_of(path), text), text).errors()


@pytest.mark.parametrize("path", FIXTURES)
def test_the_edits_follow_that_the_fixture_tells(path: Path, *, update: bool) -> None:
    fixture = Fixture.read(path)
    files, found = foreseen(fixture)

    fixture.expect("@edits", told(files, found), update=update)


@pytest.mark.parametrize("path", FIXTURES)
def test_no_edit_leaves_a_file_worse_and_neither_do_all(path: Path) -> None:
    files, found = foreseen(Fixture.read(path))
    for name in {it.path for it in found}:
        text, own = files[name], [it for it in found if it.path == name]
        least = errors(name, text)

        assert errors(name, applied(text, own)) <= least
        assert all(errors(name, applied(text, [it])) <= least for it in own)


SOURCES = [Fixture.read(path).source for path in fixtures("symbols")]
WORD = re.compile(r"[^\W\d]\w*")


@given(st.sampled_from(SOURCES), st.data())
def test_whatever_is_changed_no_edit_leaves_the_file_worse(
    source: tuple[str, str], data: st.DataObject
) -> None:
    """Any language, any words, and texts that end anywhere."""
    path, before = source
    before = before[: data.draw(st.integers(0, len(before)))]
    now = before
    for _ in range(data.draw(st.integers(1, 2))):
        if words := sorted(set(WORD.findall(now))):
            old = re.compile(rf"\b{re.escape(data.draw(st.sampled_from(words)))}\b")
            new = data.draw(st.sampled_from(["renamed", "f(x)", "", "if", "é😀"]))
            now = old.sub(new, now, count=data.draw(st.integers(1, 2)))
    offset = data.draw(st.integers(0, len(now)))
    found = foresee(before, Place(path, now, offset), language_of(path))
    least = errors(path, now)

    assert errors(path, applied(now, found)) <= least
    assert all(now[it.start : it.end] == it.old != it.new for it in found)


@given(st.text(max_size=200), st.text(max_size=200), st.sampled_from(LANGUAGES))
def test_no_two_texts_make_it_fail(before: str, now: str, language: Language) -> None:
    for it in foresee(before, Place("a", now, 0), language):
        assert now[it.start : it.end] == it.old
