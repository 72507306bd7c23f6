"""A distribution is learned, pieces of it are held out, and what comes of them is counted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from benchmarks.accuracy.measuring import ENGINE, Ghost, measured, sources_of
from spark_lsp.cli.evaluation.baselines import BASELINES, saved
from spark_lsp.engine.model import Engine, Piece

LOGGER = """\
import logging

logger = logging.getLogger(__name__)


def run() -> None:
    pass
"""


class Scripted:
    """Says what it was told to, once, and notes what was asked."""

    def __init__(self, *answers: str) -> None:
        self._answers = iter(answers)
        self.asked: list[str] = []

    def complete(self, path: str, before: str, after: str, **_: Any) -> Iterator[Piece]:
        assert ("a.py", "\n") == (path, after)
        self.asked.append(before)
        words = next(self._answers, "").split(" ")
        return (Piece(word + " " * (at + 1 < len(words)), 0.5) for at, word in enumerate(words))


def ghost(*answers: str) -> tuple[Ghost, Scripted]:
    engine = Scripted(*answers)
    return Ghost(cast("Engine", engine), "a.py", "x = ", "\n"), engine


def test_each_language_is_measured_by_itself_and_twice_the_same(tmp_path: Path) -> None:
    for name in "abcd":
        (tmp_path / f"{name}.py").write_text(LOGGER)
        (tmp_path / f"{name}.js").write_text("const run = () => require('x')\r\n\r\nrun()\r\n")
    (tmp_path / "package.json").write_text('{"name": "x"}')
    found = measured(tmp_path, 12, 2)

    assert {"", "python", "javascript"} == set(found)
    assert found[""].tokens > 100
    python, javascript = found["python"], found["javascript"]
    assert 12 == len(python.ranks) + len(javascript.ranks)
    assert len(python.answers) == 2 * len(python.ranks)
    assert all(it.exact for it in python.answers + javascript.answers if it.kind == "line")
    assert {1} == set(python.ranks)
    assert {ENGINE, *BASELINES} == set(python.typed) | set(javascript.typed)
    assert found == measured(tmp_path, 12, 2)


def test_lines_end_alike_whatever_a_file_ends_them_by(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"x = 1\r\ny = 2\r\n")

    assert ["x = 1\ny = 2\n"] == [it.text.string for it in sources_of(tmp_path)]


def test_nothing_to_hold_out_gives_no_answers(tmp_path: Path) -> None:
    assert [""] == [*measured(tmp_path, 3, 3)]


def test_an_offer_stays_while_it_is_typed_along() -> None:
    offers, engine = ghost("one two", "three")
    seen = [offers.offer()]
    for char in "one":
        offers.key(char)
        seen.append(offers.offer())

    assert ["one two", "ne two", "e two", " two"] == seen
    assert ["x = "] == engine.asked

    offers.key("!")

    assert "three" == offers.offer()
    assert ["x = ", "x = one!"] == engine.asked


def test_who_takes_an_offer_over_is_asked_what_comes_then() -> None:
    offers, engine = ghost("one", " two")

    assert 5 == saved(offers, "one two")
    assert ["x = ", "x = one"] == engine.asked


def test_an_offer_goes_to_the_end_of_its_first_line_with_text() -> None:
    assert "\none" == ghost("\none \ntwo \nthree")[0].offer().rstrip()
