import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.showing.cuts import Following, line_end_of, visible, with_line_ends

pieces = st.lists(st.text(alphabet="ab() \n'", min_size=1, max_size=4), max_size=8)
texts = st.text(alphabet="ab() \n'", max_size=12)


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
        ("x)  ", ")", "x)"),
        ("foo()\n    return 1", "\n    return 1\n", "foo()"),
        ("foo()\n    return 12", "\n    return 1\n", "foo()\n    return 12"),
        ("if a:\n    b\n\n", "\n\nelse:", "if a:\n    b"),
        ("a\r\nb\r\nc", "\r\nb", "a"),
        ("a\rb\rc", "\nb", "a"),
        ("a\nbc\nb \nd", "\nb", "a\nbc"),  # the line as a whole
        ("", "x", ""),
    ],
)
def test_only_what_is_worth_showing_is_shown(text: str, after: str, shown: str) -> None:
    assert shown == visible(text, Following.of(after), final=True)


@given(pieces, texts)
def test_what_is_shown_only_ever_grows(parts: list[str], after: str) -> None:
    text, shown = "", ""
    for part in parts:
        text += part
        more = visible(text, Following.of(after), final=False)
        assert more.startswith(shown)
        shown = more
    final = visible(text, Following.of(after), final=True)

    assert final.startswith(shown)


@given(texts, texts, st.booleans())
def test_what_is_shown_is_a_beginning_of_the_answer(text: str, after: str, final: bool) -> None:
    assert text.startswith(visible(text, Following.of(after), final=final))


def test_line_ends_are_those_of_the_file_however_the_model_cuts_its_own() -> None:
    parts = ["a\r", "\nb\n", "c"]

    assert "a\r\nb\r\nc" == "".join(with_line_ends(part, "\r\n") for part in parts)
    assert "\r\n" == line_end_of("a\r\nb\n")
    assert "\n" == line_end_of("a")
