"""From the cursor it is seen what is open, which names are near and which files are meant."""

from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.engine.model import Engine
from spark_lsp.engine.scene import Scene
from spark_lsp.engine.sources import BESIDE, ELSEWHERE, FOREIGN, NAMED
from spark_lsp.engine.traits import FIRST_QUOTE


def scene(prefix: str, suffix: str = "", learned: dict[str, str] | None = None) -> Scene:
    """What is seen between `prefix` and `suffix` in `src/x.py` once something is learned."""
    engine = Engine()
    engine.learn(learned or {})
    return engine.scene("src/x.py", prefix, suffix)


def test_brackets_and_a_quote_that_are_open_are_known() -> None:
    """What is closed again is forgotten, and what was opened within it."""
    stack, quote = scene("f(a[0], {(} g['x", "").opened(())

    assert len(stack) == 2, "a brace closes what was opened within it"
    assert quote >= FIRST_QUOTE
    assert scene("f('x')\n").opened(()) == ([], 0)


def test_what_is_written_since_opens_and_closes_as_well() -> None:
    """The cursor's own state is left as it is."""
    it = scene("f(a, b) + g('x')\nf(")
    tokens = it.page.ids.tolist()
    opening, closing = (it.vocabulary.find(sign) for sign in "()")

    assert len(it.opened([opening])[0]) == 2
    assert it.opened([closing])[0] == []
    assert len(it.opened(())[0]) == 1
    assert it.page.ids.tolist() == tokens


def test_the_names_nearest_before_the_cursor_come_first() -> None:
    """Each once, spelled as it was read."""
    it = scene("alpha = beta\ngamma = alpha + 1\n")
    plain, spaced = ([it.vocabulary.texts[name] for name in names] for names in it.names)

    assert plain == ["alpha", "gamma"]
    assert spaced == [" alpha", " beta"]


def test_a_file_whose_name_stands_on_the_page_weighs_more() -> None:
    """It is most likely imported; what is beside it is so in any case, what is foreign never."""
    engine = Engine()
    engine.learn({f"{path}.py": "x = 1\n" for path in ("lib/cache", "lib/other", "src/near")})
    engine.learn({"site/cache.py": "x = 1\n"}, foreign=True)
    voices = engine.scene("src/x.py", "import cache, near\n", "").voices
    places = {
        path: (int(place), float(weight))
        for voice in voices
        for path, place, weight in zip(
            voice.segment.paths, voice.sources, voice.weights, strict=True
        )
    }

    assert [places[f"{path}.py"][0] for path in ("lib/cache", "src/near", "site/cache")] == [
        NAMED,
        BESIDE,
        FOREIGN,
    ]
    assert places["lib/cache.py"][1] > places["lib/other.py"][1] > places["site/cache.py"][1]
    assert places["lib/other.py"][0] == ELSEWHERE


@given(st.text("ab(){}[]'\"`\n ", max_size=40), st.text("ab(){}[]'\"\n", max_size=20))
def test_no_brackets_whatever_make_it_raise(prefix: str, suffix: str) -> None:
    """Code at the cursor is seldom whole."""
    stack, quote = scene(prefix, suffix).opened(())

    assert all(0 < pair < FIRST_QUOTE for pair in stack)
    assert quote == 0 or quote >= FIRST_QUOTE
