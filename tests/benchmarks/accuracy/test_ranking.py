"""The tokens that may come next, the likeliest first."""

import pytest

from benchmarks.accuracy.ranking import ranked
from spark_lsp.engine.model import Engine

FILES = {
    "a.py": "x = first(1)\n" * 3 + "y = second(2)\n",
    "b.py": "x = first(1)\nz = third(3)\n",
}


@pytest.mark.parametrize(
    ("before", "first"),
    [("x =", " first"), ("x", " ="), ("x = first", "("), ("x = first(1)", "\n")],
)
def test_what_came_most_often_comes_first(before: str, first: str) -> None:
    engine = Engine()
    engine.learn(FILES)

    assert first == ranked(engine, "c.py", before, "")[0]


def test_the_learned_copy_of_the_file_has_no_say() -> None:
    engine = Engine()
    engine.learn(FILES)

    assert " second" not in ranked(engine, "a.py", "y =", "")
    assert " second" in ranked(engine, "c.py", "y =", "")
