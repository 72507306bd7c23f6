"""Of an instruction the engine follows the names and the literals."""

import pytest

from spark_lsp.engine.instruction import words_in
from spark_lsp.engine.model import Engine, Gate

BOLD = Gate(line=0.0, fragment=0.0, floor=0.0, worth=0, lines=1)


@pytest.mark.parametrize(
    ("instruction", "words"),
    [
        pytest.param(
            "use the parse_date helper", ["parse_date", "helper"], id="prose is not meant"
        ),
        pytest.param("timeout of 30.5, not 10", ["timeout", "30", "5", "10"], id="numbers"),
        pytest.param("`Cache.get` or Cache.put", ["Cache"], id="what is also prose, and twice"),
        pytest.param("please", [], id="nothing to go by"),
        pytest.param(" ".join(f"n{n}" for n in range(99)), [f"n{n}" for n in range(12)], id="long"),
    ],
)
def test_names_and_literals_are_picked_out(instruction: str, words: list[str]) -> None:
    """In their order, each once."""
    assert words_in(instruction) == words


def said(instruction: str) -> str:
    """What an engine writes behind `colour = ` that knows three colours, when told something."""
    engine = Engine(BOLD)
    engine.learn(
        {f"{name}.py": f"colour = {name}\n" * 3 for name in ("red", "green", "blue", "red2")}
    )
    pieces = engine.complete("x.py", "colour =", "", instruction=instruction)
    return "".join(piece.text for piece in pieces)


@pytest.mark.parametrize("name", ["red", "green", "blue"])
def test_what_is_named_is_written(name: str) -> None:
    """Among what may stand there, that comes which the person has named."""
    assert said(f"I want {name} here") == f" {name}"


def test_a_name_that_was_never_read_can_be_written() -> None:
    """It is known from the instruction alone."""
    assert said("violet") == " violet"


def test_no_word_of_an_instruction_is_written_where_it_cannot_stand() -> None:
    """It raises what is likely, and writes nothing by itself."""
    engine = Engine(BOLD)
    engine.learn({f"{name}.py": "value = compute(rows)\n" * 3 for name in "abc"})
    pieces = engine.complete("x.py", "value = compute(rows", "", instruction="violet")

    assert "".join(piece.text for piece in pieces) == ")"
