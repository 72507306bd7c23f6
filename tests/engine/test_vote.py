"""A vote goes to what followed the longest context, nearest to home."""

import pytest

from spark_lsp.engine.model import Engine
from spark_lsp.engine.vote import Ballot


def vote(*, page: str, learned: dict[str, str] | None = None) -> dict[str, float]:
    """What may follow `page`, the file `src/x.py`, and how likely that is."""
    engine = Engine()
    engine.learn(learned or {})
    scene = engine.scene("src/x.py", page, "")
    outcome = Ballot(scene).count(scene.page.context, 0, scene.page.partial)
    texts = [scene.vocabulary.texts.get(token, "\n") for token in outcome.tokens]
    return dict(zip(texts, outcome.probabilities, strict=True))


@pytest.mark.parametrize(
    ("page", "learned", "expected"),
    [
        pytest.param("a.b(c) a.d(e) x.b(", {}, "c", id="longer context"),
        pytest.param("a(b) a(c) a(", {}, "c", id="nearer to the cursor"),
        pytest.param("a(", {"lib/a.py": "a(b)", "src/a.py": "a(c)"}, "c", id="beside it"),
        pytest.param("a(", {"lib/a.md": "a(b)", "lib/a.py": "a(c)"}, "c", id="same language"),
        pytest.param("q.h(c) p.f(a) q.h(b) p.g(", {}, "a", id="loosely alike"),
    ],
)
def test_the_best_evidence_wins(page: str, learned: dict[str, str], expected: str) -> None:
    """Context first, then the place it was found in."""
    assert next(iter(vote(page=page, learned=learned))) == expected


def test_nothing_is_said_where_nothing_is_known() -> None:
    """No candidate stands on an empty page."""
    assert vote(page="") == {}


def test_the_probabilities_leave_room_for_something_else() -> None:
    """They fall from candidate to candidate, and their sum is less than one."""
    probabilities = list(vote(page="a(b) a(c) a(d) a(").values())

    assert probabilities == sorted(probabilities, reverse=True)
    assert 0 < sum(probabilities) < 1


def test_only_what_goes_on_with_the_half_typed_word_stands_for_election() -> None:
    """The word itself is as well a candidate as what makes it longer."""
    page = "f(value)\nf(valid)\nf(other)\nf(val)\nx = f(val"

    assert vote(page=page).keys() == {"value", "valid", "val"}
