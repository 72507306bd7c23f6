"""What the imports of a file lead to, and why."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core import languages
from spark_lsp.core.index import Index
from spark_lsp.core.retrieval import Signatures, imported
from spark_lsp.core.symbols import FileSymbols, extract
from spark_lsp.core.text import Text

WORKSPACE = {
    "app/clock.py": """\
LIMIT = 3
def now() -> float:
    return 0.0
class Clock:
    def tick(self) -> None:
        pass
    def stop(self) -> None:
        pass
def unwanted(): ...
""",
    "app/store/disk.py": "class Store:\n    def put(self, key): ...\n",
    "app/store/memory.py": "class Store:\n    def drop(self): ...\n",
    "app/first.py": "def shared(): ...\n",
    "app/second.py": "def shared(): ...\n",
    "app/itself.py": "def own(): ...\n",
    "web/list.ts": "export function List(): void {}\nexport const row = () => 1;\n",
}


def symbols_of(path: str, source: str) -> FileSymbols:
    language = languages.by_path(path)
    assert language
    return extract(Text(source), language)


def index_of(files: Mapping[str, str]) -> Index:
    index = Index()
    for path, source in files.items():
        index.put(path, symbols_of(path, source))
    return index


def found(source: str, path: str = "app/open.py") -> list[Signatures]:
    """Return what a file of this source is given from the workspace."""
    return list(imported(index_of(WORKSPACE), path, symbols_of(path, source)))


@pytest.mark.parametrize(
    ("source", "path", "text", "reason"),
    [
        pytest.param(
            "from app.clock import now, LIMIT",
            "app/clock.py",
            "LIMIT = 3\ndef now() -> float:",
            "imported: LIMIT, now",
            id="names in the order of their file",
        ),
        pytest.param(
            "from app.clock import Clock as Watch",
            "app/clock.py",
            "class Clock:\n    def tick(self) -> None:\n    def stop(self) -> None:",
            "imported: Clock",
            id="a class with its members",
        ),
        pytest.param(
            "from app.clock import (\n    now,\n    Clock,\n)\nfrom app.clock import LIMIT",
            "app/clock.py",
            "LIMIT = 3\ndef now() -> float:\nclass Clock:\n"
            "    def tick(self) -> None:\n    def stop(self) -> None:",
            "imported: LIMIT, now, Clock",
            id="several statements, one file",
        ),
        pytest.param(
            "from app.store.disk import Store",
            "app/store/disk.py",
            "class Store:\n    def put(self, key):",
            "imported: Store",
            id="an ambiguous name by the path that is spelled",
        ),
        pytest.param(
            "from .memory import Store",
            "app/store/memory.py",
            "class Store:\n    def drop(self):",
            "imported: Store",
            id="an ambiguous name by a relative path",
        ),
        pytest.param(
            "from app import shared",
            "app/first.py",
            "def shared():",
            "imported: shared",
            id="a tie goes to the first path",
        ),
    ],
)
def test_an_import_leads_to_signatures_and_says_why(
    source: str, path: str, text: str, reason: str
) -> None:
    assert [Signatures(path, text, reason)] == found(source)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("", id="no imports"),
        pytest.param("import os", id="a name that nobody defines"),
        pytest.param("from elsewhere import shared", id="ambiguous and no path tells which"),
        pytest.param("x = Clock()", id="a use without an import"),
    ],
)
def test_where_no_import_leads_to_one_file_nothing_is_found(source: str) -> None:
    assert [] == found(source)


def test_a_file_is_not_given_its_own_definitions() -> None:
    assert [] == found("from app.itself import own", path="app/itself.py")


def test_files_come_in_path_order() -> None:
    source = "from app.store.memory import Store\nfrom app.clock import now\n"

    assert ["app/clock.py", "app/store/memory.py"] == [it.path for it in found(source)]


def test_other_languages_are_found_by_their_imports() -> None:
    source = 'import { List } from "./list";\n'

    assert [Signatures("web/list.ts", "function List(): void", "imported: List")] == found(
        source, "web/open.ts"
    )


@given(st.permutations(list(WORKSPACE)))
def test_what_is_found_does_not_depend_on_the_order_of_indexing(order: list[str]) -> None:
    source = "from app.store.disk import Store\nfrom app import shared\nfrom app.clock import *\n"
    symbols = symbols_of("app/open.py", source)
    index = index_of({path: WORKSPACE[path] for path in order})

    assert found(source) == list(imported(index, "app/open.py", symbols))


@given(st.text(max_size=60))
def test_no_import_statement_makes_retrieval_fail(statement: str) -> None:
    symbols = FileSymbols("python", 1, (), (statement, "from app import shared"))
    paths = [it.path for it in imported(index_of(WORKSPACE), "app/open.py", symbols)]

    assert sorted(set(paths)) == paths
