"""Of an instruction the names and the literals can be followed without understanding it."""

import pytest

from spark_lsp.core.hints import words_in


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
