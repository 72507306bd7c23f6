"""What is shown of an answer, and where it may be parted, by fixtures."""

from itertools import pairwise
from pathlib import Path

import pytest

from spark_lsp.core import languages
from spark_lsp.core.showing.cuts import line_end_of, with_line_ends
from spark_lsp.core.showing.guard import guarded
from spark_lsp.core.showing.place import Place
from spark_lsp.core.showing.visible import Reading, Shown, visible
from spark_lsp.core.syntax import Syntax
from spark_lsp.core.text import Text
from tests.fixture import Fixture, fixtures

every_fixture = pytest.mark.parametrize(
    "path", [pytest.param(path, id=path.stem) for path in fixtures("showing")]
)
STOP = "<STOP>"


class Asked:
    """A document with a cursor, and what a model writes there."""

    def __init__(self, fixture: Fixture, line_end: str = "\n") -> None:
        path, source = fixture.source
        before, after = source.replace("\n", line_end).split("<CURSOR>")
        language = languages.by_path(path)
        self.text, self.offset = Text(before + after), len(before)
        self.tree = Syntax.parse(language, self.text) if language else None
        self.place = Place.of(self.text, self.offset, self.tree)
        self.answer = with_line_ends(fixture.parts["answer"][:-1], line_end_of(self.text.string))

    def shown(self, size: int | None = None) -> Shown:
        """Return what is shown of a beginning of the answer, or of all of it."""
        if size is None:
            return visible(self.answer, self.place, final=True)
        return visible(self.answer[:size], self.place, final=False)


def parted(shown: Shown) -> str:
    """Return the text with its stops."""
    ends = [0, *shown.stops]
    pieces = "".join(f"{shown.text[a:b]}{STOP}" for a, b in pairwise(ends))
    return pieces + shown.text[ends[-1] :]


@every_fixture
def test_what_is_shown_of_an_answer(path: Path, request: pytest.FixtureRequest) -> None:
    fixture = Fixture.read(path)
    update = request.config.getoption("update")
    asked = Asked(fixture)
    shown, place = asked.shown(), asked.place
    kept = len(shown.text)
    if asked.tree:
        kept = guarded(asked.tree, asked.text, asked.offset, shown.text, shown.stops)

    extent = place.extent.name.lower().replace("_", " ")
    fixture.expect("@place", f"{extent}: {place.rule}\n", update=update)
    fixture.expect("@shown", f"{parted(shown)}\n", update=update)
    fixture.expect("@reason", f"{shown.reason or 'complete'}\n", update=update)
    if kept < len(shown.text) or "@guarded" in fixture.parts:
        fixture.expect("@guarded", f"{shown.text[:kept]}\n", update=update)


@every_fixture
def test_an_answer_that_comes_letter_by_letter_only_ever_grows(path: Path) -> None:
    asked = Asked(Fixture.read(path))
    reading, last = Reading(asked.place), asked.shown(0)

    for size, letter in enumerate(asked.answer, 1):
        reading.grow(letter)
        shown = reading.shown(final=False)
        assert shown == asked.shown(size)
        assert shown.text.startswith(last.text)
        assert shown.stops[: len(last.stops)] == last.stops
        assert all(stop >= len(last.text) for stop in shown.stops[len(last.stops) :])
        last = shown
    final = reading.shown(final=True)
    assert final == asked.shown()
    assert final.text.startswith(last.text)


@every_fixture
@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_what_is_shown_has_the_line_ends_of_the_file(path: Path, line_end: str) -> None:
    fixture = Fixture.read(path)
    usual, other = Asked(fixture).shown(), Asked(fixture, line_end)
    shown = other.shown()

    if "\n" not in usual.text or other.place.line_end == line_end:
        assert usual.text.replace("\n", line_end) == shown.text
        assert usual.reason == shown.reason
        assert [usual.text[:stop] for stop in usual.stops] == [
            shown.text[:stop].replace(line_end, "\n") for stop in shown.stops
        ]


@every_fixture
def test_a_place_is_the_same_where_the_tree_is_not_wanted(path: Path) -> None:
    fixture = Fixture.read(path)
    asked, language = Asked(fixture), languages.by_path(fixture.source[0])

    assert asked.place == Place.of(asked.text, asked.offset, None, language)
