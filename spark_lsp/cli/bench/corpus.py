"""The code that is measured on: a directory that is read and never written into.

Owns what is known of it, and the way to a part of it that may be changed. The index of it goes into
a temporary directory, so that neither the person's cache nor their files are touched.
"""

import asyncio
import os
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from spark_lsp.cli.errors import CommandError
from spark_lsp.cli.files import directory
from spark_lsp.core.records import Record
from spark_lsp.server import walk
from spark_lsp.server.catalog import Catalog
from spark_lsp.server.indexing import Indexer, Report
from spark_lsp.server.store import open_store

_CACHE = "SPARK_LSP_CACHE"
_LINES = (400, 3_000)
"""Lines of a file that is opened, unless one is named: neither trivial nor monstrous."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """A repository to measure on.

    Attributes:
        root: its directory.
        file: the relative path of the file to open, "" to choose one.
        temporary: a directory that may be written to, and is deleted in the end.
    """

    root: Path
    file: str
    temporary: Path

    def chosen(self, catalog: Catalog) -> str:
        """Return the file to open: the one that defines the most, of those of a decent size."""
        if self.file:
            return self.file
        least, most = _LINES
        records = catalog.library.records

        def rank(path: str) -> tuple[bool, bool, int, str]:
            symbols = records[path].symbols
            functions = [it for it in symbols.definitions if it.kind in {"function", "method"}]
            return least <= symbols.lines <= most, "test" not in path, len(functions), path

        path = max(records, key=rank, default="")
        if not path:
            raise CommandError(f"{self.root} has no file that could be measured on")
        return path


def corpus(repository: Path | None, file: str, temporary: Path) -> Corpus:
    """Return the repository named on the command line, or the interpreter's standard library."""
    if repository is None:
        return Corpus(Path(sysconfig.get_paths()["stdlib"]), file or "argparse.py", temporary)
    root = directory(repository, "--repository")
    if file and not (root / file).is_file():
        raise CommandError(f"--file: there is no file {file} in {root}", 2)
    return Corpus(root, file, temporary)


@cache
def standard_library() -> dict[str, str]:
    """Return the Python files of the standard library's top folder: code that everyone has."""
    root = Path(asyncio.__file__).parent.parent
    return {
        path.name: text
        for path in sorted(root.glob("*.py"))
        if (text := walk.read(root, path.name)) is not None
    }


class Shelves:
    """Takes in what an indexer finds as the librarian does, and knows when a round is over."""

    def __init__(self, root: Path) -> None:
        """Start empty."""
        self.catalog = Catalog(root)
        self.over = asyncio.Event()

    def indexed(self, files: Mapping[str, Record | None]) -> None:
        """Take in what files hold."""
        self.catalog.indexed(files)

    def progress(self, done: int, total: int) -> None:
        """Nobody looks."""

    def settled(self, _report: Report) -> None:
        """Take notice that a round is over."""
        self.over.set()


def indexed(root: Path, cache: Path, *, count: bool = False) -> tuple[Catalog, Report]:
    """Index a directory, with what the cache knows of it; returns what is known then."""
    with caching(cache), closing(open_store(root)) as store:

        async def build() -> tuple[Catalog, Report]:
            shelves = Shelves(root)
            report = await Indexer(root, shelves, store, count=count).build()
            return shelves.catalog, report

        return asyncio.run(build())


@contextmanager
def caching(cache: Path) -> Iterator[None]:
    """Have a directory be the one for caches, here and in processes that are started."""
    before = os.environ.get(_CACHE)
    os.environ[_CACHE] = str(cache)
    try:
        yield
    finally:
        if before is None:
            del os.environ[_CACHE]
        else:
            os.environ[_CACHE] = before


def copied(root: Path, paths: Mapping[str, Record], to: Path, *, files: int, lines: int) -> int:
    """Copy files in their order until there are so many files or lines; returns the lines."""
    total = 0
    for path in sorted(paths)[:files]:
        if total >= lines:
            break
        content = walk.read_bytes(root, path)
        if content is not None:
            (to / path).parent.mkdir(parents=True, exist_ok=True)
            (to / path).write_bytes(content)
            total += paths[path].symbols.lines
    return total
