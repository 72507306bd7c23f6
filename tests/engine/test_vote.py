"""A vote goes to what followed the longest context, nearest to home."""

import numpy as np
import pytest

from spark_lsp.engine.page import Reader, Source
from spark_lsp.engine.segment import build
from spark_lsp.engine.vocabulary import Vocabulary
from spark_lsp.engine.vote import DEPTH, Ballot, Weights


def winner(*, page: str, learned: list[tuple[str, float]] | None = None) -> str | None:
    """The token most voted for after `page`, given learned texts and their weights."""
    vocabulary = Vocabulary()
    files = [(str(n), vocabulary.encode(text)) for n, (text, _) in enumerate(learned or [])]
    weights = np.array([weight for _, weight in learned or []])
    read = Reader(vocabulary).read(Source(page, 1), Source("", 1), [], DEPTH)
    ballot = Ballot(read, [(build(files), weights)], vocabulary, Weights())
    totals = ballot.count(read.context)
    return vocabulary.texts.get(max(totals, key=totals.__getitem__)) if totals else None


@pytest.mark.parametrize(
    ("page", "learned", "expected"),
    [
        pytest.param("a.b(c) a.d(e) x.b(", [], "c", id="longer context"),
        pytest.param("a(b) a(c) a(", [], "c", id="nearer to the cursor"),
        pytest.param("a(", [("a(b)", 0.1), ("a(c)", 0.3)], "c", id="heavier file"),
        pytest.param("a(", [("a(b)", 0.3), ("a(c)", 0.2), ("a(c)", 0.2)], "c", id="more files"),
        pytest.param("a(", [("a(b)", 0.0)], None, id="files without a say"),
        pytest.param("q.h(c) p.f(a) q.h(b) p.g(", [], "a", id="loosely alike"),
        pytest.param("c; a(", [("a(b)", 0.1), ("a(c)", 0.1)], "c", id="seen on the page"),
        pytest.param("a(", [], None, id="nothing known"),
    ],
)
def test_the_best_evidence_wins(
    page: str, learned: list[tuple[str, float]], expected: str | None
) -> None:
    """Context first, then the place it was found in, then how often."""
    assert winner(page=page, learned=learned) == expected
