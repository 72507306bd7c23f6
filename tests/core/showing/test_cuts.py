import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core import languages
from spark_lsp.core.showing.cuts import Following, line_end_of, with_line_ends, without_overlap
from spark_lsp.core.showing.place import Place
from spark_lsp.core.showing.visible import visible
from spark_lsp.core.text import Text

texts = st.text(alphabet="ab() ,\n'", max_size=12)
lines = st.text(alphabet="ab(), '", max_size=12)


@pytest.mark.parametrize("language", ["python", "typescript", None])
@pytest.mark.parametrize(
    ("text", "after", "shown"),
    [
        ("value", "\nnext", "value"),
        ("value\n", "", "value"),
        ("one\ntwo", ")", "one"),  # text after the cursor: within the line
        ("x)", ")", "x"),  # the editor has closed the bracket already
        ("f(x)", ")", "f(x)"),  # this one closes the text's own
        ("f(x))", ")", "f(x)"),
        ('word"', '"', "word"),
        ("a, b", ", b)", "a"),  # repeats what follows
        ("b", "b)", "b"),  # one letter may be chance
        ("b;", ";", "b"),  # one sign is none
        ("x)  ", ")", "x"),
        ("foo()\n    return 1", "\n    return 1\n", "foo()"),
        ("foo()\n    return 12", "\n    return 1\n", "foo()\n    return 12"),
        ("if a:\n    b\n\n", "\n\nelse:", "if a:\n    b"),
        ("a\r\nb\r\nc", "\r\nb", "a"),
        ("a\rb\rc", "\nb", "a"),
        ("a\nbc\nb \nd", "\nb", "a\nbc"),  # the line as a whole
        ("", "x", ""),
    ],
)
def test_only_what_is_worth_showing_is_shown(
    text: str, after: str, shown: str, language: str | None
) -> None:
    row = languages.by_id(language) if language else None
    place = Place.of(Text(after), 0, None, row)

    assert shown == visible(text, place, final=True).text


@given(lines, lines.filter(str.strip), st.booleans(), st.booleans())
def test_what_is_cut_is_a_tail_that_follows_already(
    text: str, rest: str, final: bool, balanced: bool
) -> None:
    kept = without_overlap(text, rest, final=final, balanced=balanced)

    assert text.startswith(kept)
    assert rest.startswith(text[len(kept) :])


@given(texts)
def test_what_follows_is_the_rest_of_the_line_and_the_next_with_text(after: str) -> None:
    following = Following.of(after)
    first, *below = [line.rstrip() for line in after.split("\n")]

    assert following == Following(first, next(filter(None, below), ""))


def test_line_ends_are_those_of_the_file_however_the_model_cuts_its_own() -> None:
    parts = ["a\r", "\nb\n", "c"]

    assert "a\r\nb\r\nc" == "".join(with_line_ends(part, "\r\n") for part in parts)
    assert "\r\n" == line_end_of("a\r\nb\n")
    assert "\n" == line_end_of("a")
