"""What may be needed at a place, and why."""

import pytest

from spark_lsp.core import resolution
from spark_lsp.core.resolution import Files, Target
from spark_lsp.core.retrieval import gather
from tests.repository import Repository

SHAPES = '''\
class Circle:
    """Round."""

    def area(self) -> float:
        return 3.14 * self.radius


class Square:
    def area(self) -> float:
        return self.side**2


def _hidden() -> None: ...
'''
FILES = {
    "shop/__init__.py": "from shop.shapes import Circle as Circle\n",
    "shop/shapes.py": SHAPES,
    "shop/paint.py": "def colour_of(shape: object) -> str:\n    return 'red'\n",
    "tests/test_shapes.py": "from shop import Circle\n\ndef test_area():\n    Circle().area()\n",
    "docs/colours.txt": "The colour of a shape is red unless the radius says otherwise.\n",
    **{f"noise/{name}.py": f"def {name}() -> None: ...\n" for name in ("one", "two", "three")},
}


def definitions(repository: Repository, path: str, source: str) -> list[tuple[str, str, str]]:
    gathered = gather(repository.library, repository.place(path, source), 20)
    return [(it.path, it.definition.name, it.reason) for it in gathered.definitions]


def test_what_an_import_names_comes_first() -> None:
    found = definitions(
        Repository(FILES), "app.py", "from shop.shapes import Square\n\nshape = <CURSOR>\n"
    )

    assert ("shop/shapes.py", "Square", "Square is imported") == found[0]


def test_a_name_is_followed_through_files_that_pass_it_on() -> None:
    found = definitions(Repository(FILES), "app.py", "from shop import Circle\n\n<CURSOR>\n")

    assert ("shop/shapes.py", "Circle", "Circle is imported") == found[0]


def test_of_a_module_that_is_imported_the_public_definitions_count() -> None:
    found = definitions(Repository(FILES), "app.py", "from shop import shapes\n\nshapes.<CURSOR>\n")
    names = [name for path, name, _ in found if path == "shop/shapes.py"]

    assert {"Circle", "Square"} <= set(names)
    assert "_hidden" not in names


def test_a_name_near_the_cursor_leads_to_its_definition() -> None:
    found = definitions(Repository(FILES), "app.py", "x = colour_of(<CURSOR>)\n")

    assert ("shop/paint.py", "colour_of", "colour_of stands nearby") in found


def test_a_name_that_many_files_define_says_nothing() -> None:
    many = {f"many/f{number}.py": "def run() -> None: ...\n" for number in range(20)}
    found = definitions(Repository(FILES | many), "app.py", "run(<CURSOR>)\n")

    assert not [reason for _, _, reason in found if "stands nearby" in reason]


def test_each_file_is_told_with_the_best_reason_for_it() -> None:
    repository = Repository(FILES)
    place = repository.place(
        "shop/app.py", "from shop.shapes import Square\n\n<CURSOR>\n", ("noise/two.py",)
    )
    files = dict(gather(repository.library, place, 20).files)

    assert "imported here" == files["shop/shapes.py"]
    assert "looked at lately" == files["noise/two.py"]
    assert "of the same directory" == files["shop/paint.py"]
    assert "noise/one.py" not in files


def test_chunks_that_speak_of_the_same_words_are_found_in_any_text() -> None:
    repository = Repository(FILES)
    place = repository.place("app.py", "# what colour has the radius\n<CURSOR>\n")

    assert "docs/colours.txt" == gather(repository.library, place, 20).chunks[0].path


def test_the_open_file_itself_is_never_found() -> None:
    repository = Repository(FILES)
    gathered = gather(repository.library, repository.place("shop/shapes.py", SHAPES), 20)

    assert "shop/shapes.py" not in {hit.path for hit in gathered.chunks}
    assert "shop/shapes.py" not in dict(gathered.files)
    assert "shop/shapes.py" not in {it.path for it in gathered.definitions}


def test_an_open_buffer_is_believed_before_its_file() -> None:
    repository = Repository(FILES)
    repository.library.learn("shop/paint.py", "def shade_of(shape: object) -> str: ...\n")
    found = definitions(repository, "app.py", "shade_of(colour_of(<CURSOR>))\n")

    assert {"shade_of"} == {name for _, name, _ in found}
    repository.library.put_open("shop/paint.py", None)
    found = definitions(repository, "app.py", "shade_of(colour_of(<CURSOR>))\n")
    assert {"colour_of"} == {name for _, name, _ in found}


def test_the_order_does_not_depend_on_the_order_in_which_files_came() -> None:
    source = "from shop.shapes import Circle\n\nshape = colour_of(<CURSOR>)\n"
    one, other = Repository(FILES), Repository(dict(reversed(FILES.items())))
    place = one.place("app.py", source)
    other.place("app.py", source)

    assert gather(one.library, place, 20) == gather(other.library, place, 20)


def test_files_that_import_all_of_each_other_are_gone_through_a_few_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = [f"m{number}" for number in range(20)]
    stars = "".join(f"from {name} import *\n" for name in names)
    repository = Repository({f"{name}.py": stars for name in names})
    place = repository.place("app.py", "from m1 import nowhere\n<CURSOR>")
    resolved: list[str] = []

    def resolve(path: str, language: str, statement: str, files: Files) -> tuple[Target, ...]:
        resolved.append(path)
        return resolution.resolve(path, language, statement, files)

    monkeypatch.setattr("spark_lsp.core.retrieval.resolve", resolve)
    gather(repository.library, place, 20)

    assert len(resolved) <= 3 * len(names) ** 2


def test_a_name_with_hundreds_of_definitions_says_nothing() -> None:
    overloads = "".join(f"def colour(x{at}): ...\n" for at in range(201))
    repository = Repository({"many.py": overloads, "few.py": "def shade(x): ...\n"})
    found = definitions(repository, "app.py", "colour(shade(<CURSOR>\n")

    assert ("few.py", "shade", "shade stands nearby") in found
    assert "colour stands nearby" not in {reason for *_, reason in found}
