"""What holds for every answer at every place, however it comes."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from spark_lsp.core import languages
from spark_lsp.core.showing.guard import guarded
from spark_lsp.core.showing.place import Place
from spark_lsp.core.showing.visible import Reading, Shown, visible
from spark_lsp.core.syntax import Syntax, shift_of
from spark_lsp.core.text import Edit, Text

# What is looked for makes the interesting texts.
WORDS = [
    *(
        "a",
        "b",
        "if",
        "else",
        "else:",
        "elif",
        "end",
        "fi",
        "done",
        "case 1:",
        "return",
        "def f():",
    ),
    *(
        "if x {",
        "}",
        "{",
        "(",
        ")",
        "[",
        "]",
        "});",
        ");",
        ",",
        ";",
        ":",
        "=",
        "+",
        "&&",
        ".b",
        ".",
    ),
    *(
        '"',
        "'",
        '"""',
        "`",
        "\\",
        "#",
        "//",
        "/*",
        "*/",
        "--",
        "<a>",
        "</a>",
        "</",
        "```",
        "@a",
        "x" * 70,
    ),
    *(" ", "  ", "    ", "\t", "\n", "\n\n", "\r\n", "\r", "\n    ", "\n  ", "\n\t", "\n}", "\n)"),
    *(
        "ab " * 40,
        "\U0001d487",
        "\u2028",
        "\ud800",
        "\x02",
        "\x00",
        "?",
        "<",
        "'a",
        "'('",
        "- ",
        "1) ",
    ),
    *("\n    a = 1", "\na = 1", "\nfoo()", "\n  foo()", "\n    foo(b,\n        c)"),
]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=14).map("".join)
LEFT = st.sampled_from(["", "", "\n", "\n    ", ":\n    ", "{\n  ", "(\n    ", '\n"""', "/* "])
RIGHT = st.sampled_from(["", "\n", "\n\n}", "\n  b", "\n)", '\n"""', "*/"])
LANGUAGES = st.sampled_from([None, *languages.LANGUAGES])
OFTEN = settings(max_examples=400, deadline=None)


@st.composite
def places(draw: st.DrawFn) -> Place:
    before, after = draw(TEXTS) + draw(LEFT), draw(RIGHT) + draw(TEXTS)
    return Place.of(Text(before + after), len(before), None, draw(LANGUAGES))


@st.composite
def answers(draw: st.DrawFn) -> list[str]:
    """Draw an answer in pieces; some go round in circles."""
    parts = draw(st.lists(st.sampled_from(WORDS), max_size=20))
    if draw(st.booleans()):
        parts += draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4)) * 4
    return parts


def beginnings(parts: Sequence[str]) -> list[str]:
    return ["".join(parts[:count]) for count in range(len(parts) + 1)]


@OFTEN
@given(places(), answers())
def test_what_is_shown_only_ever_grows(place: Place, parts: list[str]) -> None:
    shown = [visible(text, place, final=False) for text in beginnings(parts)]
    final = visible("".join(parts), place, final=True)

    for less, more in pairwise([*shown, final]):
        assert more.text.startswith(less.text)


@OFTEN
@given(places(), answers())
def test_where_it_may_be_parted_is_known_before_it_is_shown(place: Place, parts: list[str]) -> None:
    shown = [visible(text, place, final=False) for text in beginnings(parts)]
    final = visible("".join(parts), place, final=True)

    for less, more in pairwise([*shown, final]):
        assert less.stops == more.stops[: len(less.stops)]
        assert all(stop >= len(less.text) for stop in more.stops[len(less.stops) :])


@OFTEN
@given(places(), answers())
def test_it_does_not_matter_in_which_pieces_an_answer_comes(place: Place, parts: list[str]) -> None:
    whole, letters = Reading(place), Reading(place)

    for part, text in zip(parts, beginnings(parts)[1:], strict=True):
        whole.grow(part)
        for letter in part:
            letters.grow(letter)
            letters.shown(final=False)
        assert visible(text, place, final=False) == whole.shown(final=False)
        assert whole.shown(final=False) == letters.shown(final=False)
    assert whole.shown(final=True) == letters.shown(final=True)
    assert whole.shown(final=True) == whole.shown(final=True)


@OFTEN
@given(places(), answers(), TEXTS)
def test_what_is_over_stays_as_it_is(place: Place, parts: list[str], more: str) -> None:
    text = "".join(parts)
    shown = visible(text, place, final=False)

    if shown.over:
        assert shown == visible(text, place, final=True)
        assert shown == visible(text + more, place, final=False)
        assert shown.reason


@OFTEN
@given(places(), TEXTS, st.booleans())
def test_stops_ascend_within_a_text_without_a_blank_tail(
    place: Place, text: str, final: bool
) -> None:
    shown = visible(text, place, final=final)

    assert shown.text == shown.text.rstrip()
    assert list(shown.stops) == sorted(set(shown.stops))
    assert all(0 < stop <= len(shown.text) for stop in shown.stops)
    assert all(not shown.text[stop - 1].isspace() for stop in shown.stops)


@OFTEN
@given(TEXTS, TEXTS, TEXTS, st.sampled_from(languages.LANGUAGES), st.data())
def test_the_guard_never_lets_the_tree_become_worse(
    before: str, after: str, answer: str, language: languages.Language, data: st.DataObject
) -> None:
    text, offset = Text(before + after), len(before)
    tree = Syntax.parse(language, text)
    stops = sorted(data.draw(st.sets(st.integers(1, max(1, len(answer))), max_size=9)))

    kept = guarded(tree, text, offset, answer, stops)
    edit = Edit(offset, offset, answer[:kept])
    spliced = tree.edited([shift_of(text, edit)], text.splice(edit))

    assert 0 <= kept <= len(answer)
    assert len(spliced.flaws()) <= len(tree.flaws())


@OFTEN
@given(TEXTS, st.integers(-1, 60), st.sampled_from(languages.LANGUAGES))
def test_a_place_is_read_anywhere_with_a_tree_or_without(
    text: str, offset: int, language: languages.Language
) -> None:
    tree = Syntax.parse(language, text)

    for place in (
        Place.of(Text(text), offset, tree),
        Place.of(Text(text), offset, None, language),
        Place.of(Text(text), offset, None),
    ):
        assert place.rule
        assert isinstance(visible(text, place, final=True), Shown)
