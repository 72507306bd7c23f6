"""What `bench stream` measures: tokens that have reached an editor, through a real server."""

import ast
import json
import re
from pathlib import Path

import pytest

from spark_lsp.cli.bench import stream
from spark_lsp.cli.bench.corpus import Corpus, caching
from spark_lsp.cli.bench.processes import VISIBLE
from spark_lsp.cli.errors import CommandError


def test_tokens_are_counted_where_they_arrive(tmp_path: Path) -> None:
    told: list[str] = []
    with caching(tmp_path / "cache"):
        figures = stream.stream(
            Corpus(tmp_path, "", tmp_path), told.append, tokens=5_000, paced=200
        )

    assert "6,000 tokens through the server" in told  # answer after answer, each of 2,000
    speed = figures["socket to editor"]
    assert speed.more
    assert speed.value > 0
    assert speed.baseline > 0
    whole = figures["delta to progress at 1,000 tokens/s, p50"]
    assert figures["added to each delta, p50"].value == pytest.approx(whole.value - whole.baseline)
    assert VISIBLE == ("memory after a million tokens more" in figures)
    assert all(json.dumps(figure.as_json()) for figure in figures.values())


def test_growth_is_told_by_the_million_and_without_the_beginning() -> None:
    memory = [(0.1 * at, 50.0 + max(0, at - 2)) for at in range(11)]

    assert stream.Run(memory=[(0.0, 10.0), *memory[2:]]).growth == pytest.approx(10.0)
    assert 0.0 == stream.Run(memory=[(0.0, 10.0)]).growth


def test_the_number_of_tokens_must_be_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_LSP_BENCH_TOKENS", "many")

    with pytest.raises(CommandError, match="number of tokens, not 'many'"):
        stream.stream(Corpus(tmp_path, "", tmp_path), lambda _what: None)


def test_what_is_streamed_is_one_statement_that_goes_round_in_no_circle() -> None:
    words = stream.words(2_000)
    text = "".join(words)

    assert {4} == set(map(len, words))
    assert 1 == len(ast.parse(f"value ={text}").body)
    assert not re.search(r"([A-Z]{2}.{1,30}?)\1\1", text)
