"""Chunks by their words: the scores of BM25, however the chunks have come."""

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.lexicon import Hit, Lexicon
from spark_lsp.core.records import Chunk, word_hash

WORDS = ["alpha", "beta", "gamma", "delta", "épsilon"]
texts = st.lists(st.lists(st.sampled_from(WORDS), max_size=6), max_size=4)
paths = st.sampled_from(["a.py", "b.py", "c/d.py"])


def chunks(*texts: list[str]) -> tuple[Chunk, ...]:
    return tuple(
        Chunk(
            10 * at, 10 * at + 9, array("I", sorted({word_hash(word) for word in text})).tobytes()
        )
        for at, text in enumerate(texts)
    )


def by_the_book(files: dict[str, list[list[str]]], query: dict[str, float]) -> list[Hit]:
    """BM25 as it is written, with each word counted once per chunk."""
    documents = [
        (path, 10 * at, set(text)) for path in files for at, text in enumerate(files[path])
    ]
    average = max(1.0, sum(len(words) for *_, words in documents) / max(1, len(documents)))
    hits = []
    for path, start, words in documents:
        score = 0.0
        for word, weight in query.items():
            holders = sum(word in other for *_, other in documents)
            if word not in words or (holders > len(documents) / 4 and len(documents) > 4):
                continue
            rarity = math.log1p((len(documents) - holders + 0.5) / (holders + 0.5))
            score += weight * rarity * 2.2 / (1 + 1.2 * (0.25 + 0.75 * len(words) / average))
        if score:
            hits.append(Hit(path, start, start + 9, round(score, 6)))
    return sorted(hits, key=lambda hit: (-hit.score, hit.path, hit.start_line))


@given(
    st.lists(st.tuples(paths, st.none() | texts), max_size=8),
    st.dictionaries(st.sampled_from(WORDS), st.sampled_from([0.5, 1.0]), max_size=3),
)
def test_scores_are_those_of_the_book_whatever_came_and_went(
    history: list[tuple[str, list[list[str]] | None]], query: dict[str, float]
) -> None:
    lexicon, files = Lexicon(), {}
    for path, text in history:
        lexicon.put(path, None if text is None else chunks(*text))
        lexicon.search(query, 1)  # so that segments are built in between
        files[path] = text or []
        if text is None:
            del files[path]

    found = lexicon.search(query, 100)
    expected = by_the_book(files, query)
    assert [hit.score for hit in expected] == pytest.approx([hit.score for hit in found], abs=2e-6)
    assert {(hit.path, hit.start_line) for hit in expected} == {
        (hit.path, hit.start_line) for hit in found
    }


def test_the_best_are_found_among_many() -> None:
    lexicon = Lexicon()
    for number in range(3000):
        lexicon.put(f"f{number}.py", chunks(["common", f"word{number}"], ["common"]))
    lexicon.search({"common": 1.0}, 5)  # build the large segment
    lexicon.put("f7.py", chunks(["rare", "word7"]))

    hits = lexicon.search({"rare": 1.0, "word9": 1.0, "common": 1.0}, 5)

    assert ["f7.py", "f9.py"] == sorted(hit.path for hit in hits)


def test_a_file_can_be_left_out() -> None:
    lexicon = Lexicon()
    for path in ("a.py", "b.py"):
        lexicon.put(path, chunks(["alpha"]))

    assert ["b.py"] == [hit.path for hit in lexicon.search({"alpha": 1.0}, 9, without="a.py")]


def test_nothing_is_found_in_nothing() -> None:
    assert [] == Lexicon().search({"alpha": 1.0}, 9)
