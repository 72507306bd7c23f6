"""The other files that a question looks at, each parsed when it is first wanted.

Owns the bounds of that: a question reads so many files, and so much of them, and no more. Which
files say what is known by the library; texts come from the caller, secrets masked.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator

from spark_lsp.core import languages
from spark_lsp.core.foresight.names import Source
from spark_lsp.core.foresight.naming import naming
from spark_lsp.core.library import Library
from spark_lsp.core.nodes import Tree
from spark_lsp.core.records import Record, word_hash
from spark_lsp.core.resolution import Target, resolve
from spark_lsp.core.syntax import Syntax

_FILES = 50
"""Files that one question reads."""
_CHARACTERS = 2_000_000
"""Characters of all that it reads."""
_STATEMENTS = 5_000
"""Imports of other files that it follows."""
_FAMILIES = ({"javascript", "typescript", "tsx"}, {"c", "cpp"})
"""Languages whose files use each other."""


class Workspace:
    """The other files, for one question."""

    def __init__(
        self,
        library: Library,
        read: Callable[[str], str | None],
        opened: Collection[str] = (),
    ) -> None:
        """Take what is known of them, what returns the text of one, and which are open."""
        self.library = library
        self._read = read
        self._opened = opened
        self._sources: dict[str, Source | None] = {}
        self._imports: dict[str, tuple[tuple[str, Target], ...]] = {}
        self._files = _FILES
        self._characters = _CHARACTERS
        self._statements = _STATEMENTS

    def put(self, source: Source) -> None:
        """Take a text that is known already."""
        self._sources[source.path] = source

    def source(self, path: str) -> Source | None:
        """Return a file, or None if it cannot be read, or too much has been read."""
        if path not in self._sources:
            self._sources[path] = self._parsed(path)
        return self._sources[path]

    def mentioning(self, word: str, path: str) -> Iterator[str]:
        """Yield, in order, the files that hold a word and may speak of what a file defines."""
        language = languages.by_path(path)
        number = word_hash(word)
        known = self.library.records
        for it in sorted({*known, *self._opened}):
            other = languages.by_path(it)
            if it == path or language is None or other is None:
                continue
            if not _related(language.name, other.name):
                continue
            record = known.get(it)
            if it in self._opened or (record and _holds(record, number)):
                yield it

    def imports(self, path: str) -> tuple[tuple[str, Target], ...]:
        """Return what a file imports: each statement with a file that it means."""
        if path not in self._imports:
            symbols = self.library.index.symbols(path)
            self._imports[path] = tuple(
                (statement, target)
                for statement in (symbols.imports if symbols else ())
                for target in self.targets(path, statement)
            )
        return self._imports[path]

    def targets(self, path: str, statement: str) -> tuple[Target, ...]:
        """Return the files that an import statement means."""
        language = languages.by_path(path)
        if language is None or not self._statements:
            return ()
        self._statements -= 1
        return resolve(path, language.name, statement, self.library.files)

    def defines(self, name: str, without: Collection[str]) -> bool:
        """Whether a file that is not among some defines a name."""
        return any(it.path not in without for it in self.library.index.definitions({name}))

    def _parsed(self, path: str) -> Source | None:
        language = languages.by_path(path)
        if language is None or not self._files:
            return None
        text = self._read(path)
        if text is None or len(text) > self._characters:
            return None
        self._files -= 1
        self._characters -= len(text)
        return Source(path, Tree(Syntax.parse(language, text), text), naming(language.name))


def _related(one: str, other: str) -> bool:
    return one == other or any({one, other} <= family for family in _FAMILIES)


def _holds(record: Record, number: int) -> bool:
    """Whether a file holds a word."""
    for chunk in record.chunks:
        hashes = memoryview(chunk.words).cast("I")
        at = bisect_left(hashes, number)
        if at < len(hashes) and hashes[at] == number:
            return True
    return False
