"""The files that something is held out of, and the records of what is.

Owns `Source` and `Task`, and how one text becomes what stands before, in and behind a hole. Which
places are chosen is left to `places`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from math import sqrt
from typing import Final

from spark_lsp.core.languages import Language
from spark_lsp.core.symbols import FileSymbols
from spark_lsp.core.text import Text

KINDS: Final = ("line", "line_blind", "first_use", "later_use", "block")
"""The kinds of tasks, in the order in which they are told."""
NOT_CODE: Final = frozenset({"css", "html", "json", "markdown", "toml", "yaml"})
"""Languages that are known, and in which nothing is held out."""
_WIDEST: Final = 200
"""Characters of the longest line that anything is held out of."""


@dataclass(frozen=True)
class Source:
    """One file of code.

    Attributes:
        path: workspace-relative POSIX path.
        language: what it is written in.
        text: all of it.
        symbols: what it defines and imports.
    """

    path: str
    language: Language
    text: Text
    symbols: FileSymbols

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Its lines without their ends."""
        return tuple(map(self.text.line, range(self.text.line_count)))

    @cached_property
    def imports(self) -> frozenset[int]:
        """The lines, from zero, on which import statements stand."""
        rows: set[int] = set()
        at, string = 0, self.text.string
        for statement in self.symbols.imports:
            start = string.find(statement, at)
            if start < 0:
                continue
            at = start + len(statement)
            rows.update(range(self.text.line_at(start), self.text.line_at(at) + 1))
        return frozenset(rows)

    def is_worth(self, row: int) -> bool:
        """Whether a line holds code that a person writes: neither blank, endless, nor a comment."""
        line = self.lines[row].strip()
        marker = self.language.comment
        if not line or len(self.lines[row]) > _WIDEST or line.startswith(("/*", "*/")):
            return False
        inside = marker == "//" and line.startswith("*")
        return not (inside or (marker and line.startswith(marker)))


@dataclass(frozen=True, slots=True)
class Task:
    """A piece that is held out of a file.

    Attributes:
        kind: one of `KINDS`.
        path: the file's.
        language: our name of its language.
        start: where the piece begins and the cursor stands, in code points.
        end: where it ends.
        blind: whether nothing behind the cursor is shown either.
        duplicated: whether the line of the cursor stands elsewhere in the repository, too.
    """

    kind: str
    path: str
    language: str
    start: int
    end: int
    blind: bool = False
    duplicated: bool = False

    def before(self, source: Text) -> str:
        """Return what stands before the cursor."""
        return source.string[: self.start]

    def held(self, source: Text) -> str:
        """Return the piece."""
        return source.string[self.start : self.end]

    def after(self, source: Text) -> str:
        """Return what is seen behind the cursor."""
        return "" if self.blind else source.string[self.end :]


def spread(most: int, among: int) -> Iterator[int]:
    """Yield at most so many different numbers below `among`, spread evenly over them.

    Multiples of the golden ratio do so, however many they are, and alike on every machine.
    """
    if most >= among:
        yield from range(among)
        return
    chosen: set[int] = set()
    for number in count():
        if len(chosen) == most:
            return
        index = int(number * (sqrt(5) - 1) / 2 % 1 * among)
        if index not in chosen:
            chosen.add(index)
            yield index


def first_line(string: str) -> str:
    """Return a text up to its first line end, without blanks at the end of it."""
    text = Text(string)
    return text.line(0).rstrip()


def by_path(sources: Iterable[Source]) -> dict[str, Source]:
    """Return sources by their paths."""
    return {source.path: source for source in sources}
