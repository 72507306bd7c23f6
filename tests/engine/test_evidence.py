"""Evidence stands wherever a context ends like the one in question."""

from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.engine.evidence import Evidence, gather
from spark_lsp.engine.model import Engine
from spark_lsp.engine.scene import Scene

TEXT = st.text("ab(). \n", max_size=60)


def found(prefix: str, learned: dict[str, str] | None = None) -> tuple[Scene, Evidence]:
    """The evidence on what follows `prefix`."""
    engine = Engine()
    engine.learn(learned or {})
    scene = engine.scene("x.py", prefix, "")
    return scene, gather(scene, scene.page.context, 64)


def tokens(scene: Scene, evidence: Evidence) -> list[str]:
    """What the evidence speaks for, the best last."""
    return [scene.vocabulary.texts.get(token, "\n") for token in evidence.tokens.tolist()]


def test_the_longest_context_comes_last() -> None:
    """On the page and elsewhere alike."""
    scene, evidence = found("c.f(near)\nb.f(", {"y.py": "b.f(far)\n"})

    assert tokens(scene, evidence) == ["near", "far"]
    assert evidence.lengths.tolist() == sorted(evidence.lengths.tolist())
    assert evidence.weights[1] > evidence.weights[0]


def test_a_place_among_the_same_names_is_more_alike() -> None:
    """Rare names tell what a place is about, though they do not stand where they are compared."""
    about = "open_session(user)\n" + "x = 1\n" * 4
    learned = {
        "y.py": about + "f(alike)\n",
        "z.py": "other_thing(user)\n" + "x = 1\n" * 4 + "f(unlike)\n",
        "rest.py": "common = names\n" * 400,
    }
    scene, evidence = found(about + "f(", learned)
    likeness = dict(zip(tokens(scene, evidence), evidence.likeness.tolist(), strict=True))

    assert likeness["alike"] > likeness["unlike"]


@given(TEXT, TEXT)
def test_every_place_shares_its_context(prefix: str, learned: str) -> None:
    """At least one token, and only as many as are compared."""
    _, evidence = found(prefix, {"y.py": learned})

    assert all(1 <= length <= 16 for length in evidence.lengths.tolist())
    assert (evidence.origins > 0).all()
    assert len({array.size for array in evidence}) == 1
