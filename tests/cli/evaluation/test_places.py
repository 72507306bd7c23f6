"""Which pieces are held out: by example, and for any text."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.cli.evaluation.places import places, typed
from spark_lsp.cli.evaluation.sources import KINDS, Source, Task, by_path, first_line, spread
from spark_lsp.core import languages
from spark_lsp.core.symbols import extract
from spark_lsp.core.text import Text
from tests.fixture import Fixture, fixtures

MANY = 1000
WANTED = {
    "lines": ("line", "line_blind"),
    "uses": ("first_use", "later_use"),
    "uses-bare": ("first_use", "later_use"),
    "bodies": ("block",),
}
"""The kinds that a fixture is about."""


def sources(files: dict[str, str]) -> list[Source]:
    found = []
    for path, text in files.items():
        language = languages.by_path(path)
        assert language, path
        found.append(Source(path, language, Text(text), extract(text, language)))
    return found


def told(task: Task, source: Source) -> str:
    text = source.text
    row = text.line_at(task.start)
    line = task.before(text)[text.line_start(row) :]
    flags = f"{' blind' * task.blind}{' duplicated' * task.duplicated}"
    return f"{task.kind}{flags} {task.path}:{row + 1} {line!r} {task.held(text)!r}\n"


@pytest.mark.parametrize("path", fixtures("evaluation"))
def test_what_is_held_out_is_what_its_fixture_tells(path: Path, *, update: bool) -> None:
    fixture = Fixture.read(path)
    files = {name: text for name, text in fixture.parts.items() if not name.startswith("@")}
    known = sources(files)
    tasks = [it for it in places(known, MANY) if it.kind in WANTED[path.stem]]

    assert tasks
    fixture.expect(
        "@tasks", "".join(told(it, by_path(known)[it.path]) for it in tasks), update=update
    )


SNIPPETS = st.lists(
    st.sampled_from(
        [
            "def f(a):",
            "    return a + b",
            "",
            "x = f(1)",
            "\tif x:",
            "# no",
            "}",
            "import os",
            "é = '😀'",
        ]
    ),
    max_size=30,
)


@given(st.lists(SNIPPETS, max_size=4), st.sampled_from(["\n", "\r\n", "\r"]), st.integers(1, 20))
def test_any_repository_gives_tasks_that_make_up_its_files(
    files: list[list[str]], end: str, most: int
) -> None:
    known = sources({f"{at}.py": end.join(lines) for at, lines in enumerate(files)})
    tasks = places(known, most)

    assert tasks == places(known, most)
    for kind in KINDS:
        assert sum(it.kind == kind for it in tasks) <= most
    for task in tasks:
        text = by_path(known)[task.path].text
        held, after = task.held(text), task.after(text)
        assert held.strip()
        assert task.kind == "block" or "\n" not in held
        assert text.string.startswith(task.before(text) + held + after)
        assert ("" if task.blind else text.string[task.end :]) == after


def test_a_line_that_stands_elsewhere_too_is_marked_if_it_is_long_enough_to_say_something() -> None:
    known = sources(
        {"a.py": "number = split(text)\nx = 1\n", "b.py": "number = split(text)\nx = 1\n"}
    )
    lines = [it for it in places(known, MANY) if it.kind == "line"]

    assert {(True, 0), (False, 1)} == {
        (it.duplicated, by_path(known)[it.path].text.line_at(it.start)) for it in lines
    }


def test_a_name_that_many_files_define_is_nobodys() -> None:
    shared = {f"{at}.py": "def shared(): ...\n" for at in range(4)}
    known = sources({**shared, "use.py": "from a import shared\nx = shared()\n"})

    assert not [it for it in places(known, MANY) if it.kind.endswith("use")]


@given(st.integers(0, 50), st.integers(0, 300))
def test_a_spread_is_of_different_numbers_and_as_long_as_it_can_be(most: int, among: int) -> None:
    numbers = list(spread(most, among))

    assert min(most, among) == len(numbers) == len(set(numbers))
    assert all(0 <= number < among for number in numbers)


def test_a_spread_reaches_all_parts() -> None:
    assert {0, 1, 2, 3, 4} == {number // 200 for number in spread(10, 1000)}


def test_files_are_typed_that_have_something_to_type() -> None:
    known = sources({"empty.py": "\n", "a.py": "x = 1\n", "b.py": "y = 1\n"})

    assert ["a.py", "b.py"] == [it.path for it in typed(known, MANY)]
    assert 1 == len(typed(known, 1))


def test_a_first_line_ends_at_any_line_end() -> None:
    assert ["a", "a", "a", "", "a b"] == [*map(first_line, ("a \nb", "a\r\nb", "a\rb", "", "a b"))]
