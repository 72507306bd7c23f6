"""The syntax guard, where a fixture would not show it: large texts, what it costs to look."""

import pytest

from spark_lsp.core import languages
from spark_lsp.core.languages import Language
from spark_lsp.core.showing.guard import WHOLE, breaks_off, guarded
from spark_lsp.core.syntax import Syntax
from spark_lsp.core.text import Text

FUNCTION = {
    "python": "def f{0}(a):\n    if a:\n        return a + {0}\n    return None\n\n\n",
    "typescript": "function f{0}(a: number) {{\n  if (a) {{\n    return a + {0};\n  }}\n}}\n\n",
    "go": "func f{0}(a int) int {{\n\tif a > 0 {{\n\t\treturn a + {0}\n\t}}\n\treturn 0\n}}\n\n",
}
NEW = {
    "python": ("    b = [a]\n    c = (b, a)", "    b = [a]\n    c = (b, a"),
    "typescript": ("  g(a);\n  h([a]);", "  g(a);\n  h([a);"),
    "go": ("\tg(a)\n\th(a)", "\tg(a)\n\th(a {"),
}


def language(name: str) -> Language:
    found = languages.by_id(name)
    assert found
    return found


def middle(name: str, count: int) -> tuple[Text, int]:
    """Return a file of so many functions, and the first line's end of the one in the middle."""
    source = "".join(FUNCTION[name].format(number) for number in range(count))
    text = Text(source)
    return text, source.index("\n", source.index(f"f{count // 2}("))


@pytest.mark.parametrize("name", FUNCTION)
@pytest.mark.parametrize("count", [8, 2_000])
@pytest.mark.parametrize("with_tree", [True, False])
def test_what_breaks_the_syntax_is_cut_in_files_of_any_size(
    name: str, count: int, with_tree: bool
) -> None:
    text, offset = middle(name, count)
    tree = Syntax.parse(language(name), text) if with_tree else None
    good, bad = (f"\n{lines}" for lines in NEW[name])
    first = good.index("\n", 1)

    assert (len(text) > WHOLE) == (count > 8)
    assert len(good) == guarded(tree, text, offset, good, (), language(name))
    assert first == guarded(tree, text, offset, bad, (first,), language(name))


def test_a_text_without_a_grammar_is_not_judged() -> None:
    assert 3 == guarded(None, Text("x"), 0, ")](", ())


def test_in_a_class_that_fills_a_large_file_members_are_judged_by_themselves() -> None:
    body = "".join(f"    def f{n}(self):\n        return [{n}]\n\n" for n in range(1_000))
    source = f"class A:\n{body}"
    text, offset = Text(source), source.index("    def f500(")
    good, bad = "    def g(self):\n        return 1\n\n", "    def g(self):\n        return (1\n\n"

    assert len(good) == guarded(None, text, offset, good, (), language("python"))
    assert guarded(None, text, offset, bad, (), language("python")) < len(bad)


def test_what_is_unfinished_before_the_cursor_may_be_finished() -> None:
    text = Text("def f(a):\n    return g(\n\n\ndef h():\n    pass\n")
    offset = text.string.index("g(") + 2
    tree = Syntax.parse(language("python"), text)

    assert 2 == guarded(tree, text, offset, "a)", ())
    assert 1 == guarded(tree, text, offset, "a", ())  # no better, and no worse


def test_where_no_stop_helps_the_lines_above_the_first_error_are_kept() -> None:
    text = Text("def f(a):\n    \n\n\nx = '🦆'\n")
    offset = text.string.index("\n\n\n")
    tree = Syntax.parse(language("python"), text)
    answer = "s = '🦆🦆'\n    t = 1\n    u = [\n    return a"

    kept = guarded(tree, text, offset, answer, (len(answer),))

    assert "s = '🦆🦆'\n    t = 1" == answer[:kept]


@pytest.mark.parametrize(
    ("before", "answer", "off"),
    [
        ("x = ", "self.", True),
        ("x = ", "call(first, ", True),
        ("x = ", "call(first,\n    ", True),
        ("", "if ] =", False),
        ("x = ", '"""A', True),
        ("match x:\n    case W", "rote", True),
        ("x ", "= = 3", False),
        ("x = ", "1\n) (", False),
    ],
)
def test_an_answer_that_just_goes_no_further_is_no_error(
    before: str, answer: str, off: bool
) -> None:
    text = Text(before)

    assert off == breaks_off(None, text, len(before), answer, language("python"))
