"""A tree as nodes, whatever the letters and line ends of its text are."""

from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.languages import LANGUAGES, Language
from spark_lsp.core.nodes import Node, Tree
from spark_lsp.core.syntax import Syntax
from tests.fixture import Fixture, fixtures

PYTHON = LANGUAGES[0]
SOURCES = [Fixture.read(path).source[1] for path in fixtures("symbols")]


def tree(text: str, language: Language = PYTHON) -> Tree:
    return Tree(Syntax.parse(language, text), text)


def leaves(node: Node) -> list[Node]:
    return [leaf for part in node.parts for leaf in leaves(part)] if node.parts else [node]


def test_a_way_leads_from_the_root_to_what_a_range_lies_in() -> None:
    text = "def f(größe):\n    return '😀' + größe\n"
    start = text.rindex("größe")
    way = tree(text).way(start, start + 5)

    assert ["module", "function_definition", "block", "return_statement"] == [
        it.type for it in way[:4]
    ]
    assert ("identifier", "right", "größe") == (way[-1].type, way[-1].field, way[-1].text)
    assert (start, start + 5) == (way[-1].start, way[-1].end)


def test_a_node_has_parts_by_their_fields() -> None:
    call = tree("f(1, x=2)").way(0, 9)[-1]
    function, arguments = call.part("function"), call.part("arguments")

    assert function is not None
    assert arguments is not None
    assert ("f", "(1, x=2)") == (function.text, arguments.text)
    assert ["(", "1", ",", "x=2", ")"] == [it.text for it in arguments.parts]
    assert call.part("nothing") is None


def test_errors_are_counted_each() -> None:
    assert 0 == tree("x = 1\n").errors()
    assert 0 < tree("x = (1\n").errors()
    assert tree("x = )\n").errors() < tree("x = )\ny = )\n\n\n").errors()


@given(st.sampled_from(LANGUAGES), st.sampled_from(SOURCES), st.data())
def test_the_way_to_a_leaf_ends_with_it(
    language: Language, source: str, data: st.DataObject
) -> None:
    letter = data.draw(st.sampled_from(["e", "é", "名", "😀", "\ud83d"]))
    end = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    parsed = tree(source[:2000].replace("e", letter).replace("\n", end), language)
    found = [it for it in leaves(parsed.way(0, 0)[0]) if it.start < it.end]
    leaf = data.draw(st.sampled_from(found)) if found else None
    if leaf:
        way = parsed.way(leaf.start, leaf.end)

        assert (leaf.start, leaf.end) == (way[-1].start, way[-1].end)
        assert all(it.start <= leaf.start <= leaf.end <= it.end for it in way)
        assert parsed.string[leaf.start : leaf.end] == leaf.text


@given(st.text(max_size=200), st.integers(0, 200), st.integers(0, 200))
def test_any_range_of_any_text_has_a_way(text: str, start: int, size: int) -> None:
    first = min(start, len(text))
    way = tree(text).way(first, min(first + size, len(text)))

    assert "module" == way[0].type or "ERROR" == way[0].type
