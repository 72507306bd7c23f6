"""What speaks for a candidate is told in numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.engine.features import FAMILIES, FEATURES, Candidates
from spark_lsp.engine.model import Engine
from spark_lsp.engine.vote import Ballot

TEXT = st.text("ab1(){}[]'\". =\n", max_size=60)


def told(prefix: str, *, instruction: str, learned: str) -> dict[str, dict[str, list[float]]]:
    """What is told of each candidate behind `prefix`, by its text and by family."""
    engine = Engine()
    engine.learn({"y.py": learned})
    scene = engine.scene("x.py", prefix, "", instruction=instruction)
    it = Ballot(scene).candidates(scene.page.context, 0, scene.page.partial)
    return {
        scene.vocabulary.texts.get(token, "\n"): {
            name: row[part].tolist() for name, part in FAMILIES.items()
        }
        for token, row in zip(it.tokens.tolist(), it.features, strict=True)
    }


def test_the_families_cover_every_column_once() -> None:
    """So that each can be measured."""
    columns = [column for part in FAMILIES.values() for column in range(part.start, part.stop)]

    assert columns == list(range(FEATURES))


@pytest.mark.parametrize(
    ("family", "prefix", "instruction", "with_it", "without"),
    [
        ("where it stands on the page", "seen = 1\nf(", "", "seen", "unseen"),
        ("wanted by the person", "f(", "give seen", "seen", "unseen"),
        ("the half-typed word", "seen = seen_too\nf(seen", "", "seen", "seen_too"),
        ("brackets and quotes", "f(", "", ")", "]"),
    ],
)  # fmt: skip
def test_one_family_tells_two_candidates_apart(
    family: str, prefix: str, instruction: str, with_it: str, without: str
) -> None:
    """What it is there for."""
    learned = "f(seen)\nf(unseen)\nf()\nf(]\nf(seen_too)\n"
    numbers = told(prefix, instruction=instruction, learned=learned)

    assert numbers[with_it][family] != numbers[without][family]


@given(TEXT, TEXT)
def test_all_numbers_are_small_whatever_is_read(prefix: str, learned: str) -> None:
    """The network was trained on such as these."""
    engine = Engine()
    engine.learn({"y.py": learned})
    scene = engine.scene("x.py", prefix, "")
    it: Candidates = Ballot(scene).candidates(scene.page.context, 0, scene.page.partial)

    assert np.isfinite(it.features).all()
    assert np.abs(it.features).max(initial=0) <= 3
    assert np.abs(it.situation).max() <= 3
    assert len(set(it.tokens.tolist())) == it.tokens.size
