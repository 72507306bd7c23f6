"""Which files of an installed package are taken, in which order, and how many.

Owns one row of rules per ecosystem, and the budget.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from spark_lsp.core.exclusion import excluded_by_name
from spark_lsp.core.resolution.paths import folder_of, name_of, stem_of
from spark_lsp.core.resolution.words import listed

_SHARE = 3
"""The part of a budget that one package may have."""
_CRUMB = 1000
"""The part of a budget that is not worth looking for a file that is small enough."""
_PROJECTS = 50
"""Folders of a workspace that may have dependencies of their own."""

_APART = listed(
    """__pycache__ __tests__ _vendor benches benchmarks examples fixtures node_modules test testdata
    tests vendored"""
)
"""Folders of a package that are not what others use of it."""
_MANIFESTS = frozenset(
    {"Cargo.toml", "go.mod", "package.json", "pyproject.toml", "requirements.txt", "setup.py"}
)
_ROOTS = frozenset({"", "lib", "python", "src"})
"""Folders of a workspace whose modules Python finds, by custom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is taken of a package.

    Attributes:
        endings: how the names of files end that are taken.
        but: what names of tests look like.
        first: stems of the files that come before those beside them.
        deep: whether folders below belong to the package too.
    """

    endings: tuple[str, ...]
    but: re.Pattern[str] = re.compile(r"(?!)")
    first: frozenset[str] = frozenset()
    deep: bool = True

    def takes(self, name: str) -> bool:
        """Whether a file of this name is worth a look."""
        return (
            name.endswith(self.endings)
            and self.but.match(name) is None
            and excluded_by_name(name) is None
        )

    def enters(self, name: str) -> bool:
        """Whether a folder of this name inside of a package is a part of it."""
        return self.deep and not name.startswith(".") and name.lower() not in _APART

    def order(self, path: str) -> tuple[int, bool, str]:
        """Return by what files are sorted: the nearest to the package's root come first."""
        return path.count("/"), stem_of(path).partition(".")[0] not in self.first, path


PYTHON: Final = Kind(
    endings=(".py", ".pyi"),
    but=re.compile(r"test_|conftest\.|.*_tests?\."),
    first=frozenset({"__init__"}),
)
DECLARATIONS: Final = Kind(endings=(".d.ts", ".d.mts", ".d.cts"), first=frozenset({"index"}))
JAVASCRIPT: Final = Kind(
    endings=(".js", ".mjs", ".cjs"),
    but=re.compile(r".*[._-](?:test|spec|config|min)\."),
    first=frozenset({"index"}),
)
GO: Final = Kind(endings=(".go",), but=re.compile(r".*_test\."), deep=False)
RUST: Final = Kind(
    endings=(".rs",), but=re.compile(r"(?:.*_)?tests?\."), first=frozenset({"lib", "mod"})
)
HEADERS: Final = Kind(endings=(".h", ".hh", ".hpp", ".hxx", ".h++"))


class Sized(Protocol):
    """Whatever has a size in bytes."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...


_Sized = TypeVar("_Sized", bound=Sized)


def chosen(
    packages: Iterable[Iterable[_Sized]], budget: int, useful: Callable[[_Sized], bool]
) -> Iterator[_Sized]:
    """Yield the files of packages that a budget of bytes has room for, in their order.

    No package gets more than a third of it. A file that does not fit, or turns out to be of no use
    when it is looked at, takes no room. Packages that come when nothing is left are not looked at.
    """
    share, crumb = budget // _SHARE, budget // _CRUMB
    for package in packages:
        room = min(share, budget)
        for it in package:
            if room <= crumb:
                break
            if it.size <= room and useful(it):
                room -= it.size
                budget -= it.size
                yield it
        if budget <= crumb:
            return


def projects(paths: Iterable[str]) -> list[str]:
    """Return the folders of a workspace that may have dependencies, the workspace first."""
    found = {folder_of(path) for path in paths if name_of(path) in _MANIFESTS}
    return sorted(found | {""}, key=lambda it: (it.count("/") + bool(it), it))[:_PROJECTS]


def own(paths: Iterable[str]) -> frozenset[str]:
    """Return the Python modules of a workspace by which no installed one is meant.

    What is installed under such a name is a copy of the workspace itself.
    """
    modules = [path for path in paths if path.endswith((".py", ".pyi"))]
    packages = {folder_of(path) for path in modules if stem_of(path) == "__init__"}
    return frozenset(
        [name_of(folder) for folder in packages if folder_of(folder) not in packages]
        + [stem_of(path) for path in modules if folder_of(path) in _ROOTS]
    )
