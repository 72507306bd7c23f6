"""What of a syntax tree showing asks for."""

import pytest

from spark_lsp.core import languages
from spark_lsp.core.syntax import Syntax
from spark_lsp.core.text import Text


def tree_of(source: str, language: str = "python") -> Syntax:
    found = languages.by_id(language)
    assert found
    return Syntax.parse(found, source)


@pytest.mark.parametrize(
    ("source", "quoted"),
    [
        ("x = 'ab|c'", "'abc'"),
        ("x = |'abc'", None),
        ("x = 'abc'|", None),
        ('def f():\n    """a\n  🦆 |\n    """\n', '"""a\n  🦆 \n    """'),
        ("# 🦆🦆 a|b\nx = 1", "# 🦆🦆 ab"),
        ("x = f'a{b|c}'", None),  # what is interpolated is code
        ("|", None),
    ],
)
def test_what_is_quoted_around_an_offset(source: str, quoted: str | None) -> None:
    before, after = source.split("|")
    text = Text(before + after)

    found = tree_of(text.string).quoted(text, len(before))

    assert quoted == (text.string[found[0] : found[1]] if found else None)


@pytest.mark.parametrize(
    ("source", "flaws"),
    [
        ("x = 1\n", []),
        ("", []),
        ("🦆 = [1, 2\n", [0]),
        ("x = '🦆🦆'\nfor\n", [9]),
    ],
)
def test_errors_are_counted_where_they_begin(source: str, flaws: list[int]) -> None:
    assert flaws == tree_of(source).flaws()


def test_missing_brackets_are_errors_and_errors_within_errors_are_none() -> None:
    assert 1 == len(tree_of("f(1;", "typescript").flaws())
    assert [] == tree_of("f(1);", "typescript").flaws(limit=0)
