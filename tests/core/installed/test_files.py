"""Which files of an installed package are taken, in which order, and how many."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.installed.files import (
    DECLARATIONS,
    GO,
    HEADERS,
    JAVASCRIPT,
    PYTHON,
    RUST,
    Kind,
    chosen,
    own,
    projects,
)


@pytest.mark.parametrize(
    ("kind", "name", "taken"),
    [
        (PYTHON, "app.py", True),
        (PYTHON, "app.pyi", True),
        (PYTHON, "app.so", False),
        (PYTHON, "test_app.py", False),
        (PYTHON, "app_test.py", False),
        (PYTHON, "testing.py", True),
        (PYTHON, "conftest.py", False),
        (PYTHON, "app_pb2.py", False),
        (DECLARATIONS, "index.d.ts", True),
        (DECLARATIONS, "index.ts", False),
        (JAVASCRIPT, "index.js", True),
        (JAVASCRIPT, "index.min.js", False),
        (JAVASCRIPT, "index.test.js", False),
        (GO, "a.go", True),
        (GO, "a_test.go", False),
        (RUST, "lib.rs", True),
        (RUST, "tests.rs", False),
        (HEADERS, "a.hpp", True),
        (HEADERS, "a.cpp", False),
    ],
)
def test_what_others_use_is_taken_and_tests_and_what_machines_write_are_not(
    kind: Kind, name: str, *, taken: bool
) -> None:
    assert taken == kind.takes(name)


def test_a_package_is_entered_but_for_tests_caches_and_what_it_vendors() -> None:
    names = ["core", "tests", "__pycache__", "node_modules", ".git", "Tests", "dist"]

    assert ["core", "dist"] == [it for it in names if PYTHON.enters(it)]
    assert not GO.enters("core")


ORDERED = ["a/__init__.py", "a/z.py", "a/b/__init__.py", "a/c/__init__.py", "a/b/a.py"]


@given(st.permutations(ORDERED))
def test_files_near_the_root_come_first_and_of_them_the_one_that_opens(paths: list[str]) -> None:
    assert ORDERED == sorted(paths, key=PYTHON.order)


@dataclass(frozen=True)
class File:
    size: int


PACKAGES = st.lists(st.lists(st.builds(File, st.integers(0, 5_000)), max_size=8), max_size=8)


@given(PACKAGES, st.integers(0, 12_000))
def test_the_budget_is_held_and_no_package_gets_more_than_a_third(
    packages: Sequence[Sequence[File]], budget: int
) -> None:
    taken = list(chosen(packages, budget, lambda _: True))
    each = [list(chosen([it], budget, lambda _: True)) for it in packages]

    assert sum(it.size for it in taken) <= budget
    assert all(sum(it.size for it in one) <= budget // 3 for one in each)


def test_what_does_not_fit_or_is_of_no_use_takes_no_room() -> None:
    packages = [[File(40), File(20), File(5), File(6)], [File(30)], [File(31), File(8)]]

    taken = list(chosen(packages, 90, lambda it: it.size != 5))

    assert [20, 6, 30, 8] == [it.size for it in taken]


def test_packages_for_which_nothing_is_left_are_not_looked_at() -> None:
    def packages() -> object:
        for _ in range(3):
            yield [File(30)]
        raise AssertionError

    assert 3 == len(list(chosen(packages(), 90, lambda _: True)))  # type: ignore[arg-type]


def test_folders_with_a_manifest_may_have_dependencies_and_the_workspace_itself() -> None:
    paths = ["z/package.json", "a/b/go.mod", "a/x.py", "m/pyproject.toml"]

    assert ["", "m", "z", "a/b"] == projects(paths)


def test_a_module_of_the_workspace_hides_what_is_installed_under_its_name() -> None:
    paths = [
        *("src/mine/__init__.py", "src/mine/inner/__init__.py", "src/lone.py", "setup.py"),
        *("scripts/flask.py", "docs/click/index.md"),
    ]

    assert {"mine", "lone", "setup"} == own(paths)
