"""Renames in real files: what is offered after the first place, held against Python itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from spark_lsp.core import languages
from spark_lsp.core.foresight import foresee
from spark_lsp.core.retrieval import Place
from tests.core.foresight.oracle import Key, Oracle, read, replaced, variables
from tests.fixture import ROOT

FILES = sorted((ROOT / "spark_lsp").glob("**/*.py"))[::4]
NEW = "renamed_thing"
EACH = 8
"""Variables of a file that are renamed, spread over it."""


def chosen(oracle: Oracle) -> Iterator[tuple[Key, int]]:
    """Yield some variables that are mentioned more than once, and where each is renamed first."""
    several = [key for key in variables(oracle) if len(oracle.places[key]) > 1]
    for number, key in enumerate(several[:: max(1, len(several) // EACH)][:EACH]):
        # Half of the time a person begins where it is bound, else where it is used.
        places = sorted(oracle.places[key])
        yield key, min(oracle.bound[key]) if number % 2 else places[-1]


def offered(oracle: Oracle, key: Key, first: int) -> str:
    """Return the file with a variable renamed at one place, and at all that are offered then."""
    before, python = oracle.source, languages.by_path("a.py")
    assert python
    now = replaced(before, {first}, key[1], NEW)
    found = foresee(before, Place("a.py", now, first + len(NEW)), python)
    for it in sorted(found, key=lambda it: it.start, reverse=True):
        assert (it.old, it.new) == (key[1], NEW)
        now = now[: it.start] + it.new + now[it.end :]
    return now


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_accepting_all_that_is_offered_is_the_rename_or_nothing_is_offered(path: Path) -> None:
    oracle = read(path.read_text("utf-8"))
    for key, first in chosen(oracle):
        now = offered(oracle, key, first)
        ast.parse(now)

        alone = replaced(oracle.source, {first}, key[1], NEW)
        assert now in {oracle.renamed(key, NEW), alone}, (key[1], first)


def test_most_renames_are_found_from_either_end() -> None:
    found = total = 0
    for path in FILES:
        oracle = read(path.read_text("utf-8"))
        for key, first in chosen(oracle):
            total += 1
            found += offered(oracle, key, first) == oracle.renamed(key, NEW)

    assert total > 100
    assert found / total > 0.8
