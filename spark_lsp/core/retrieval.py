"""Which definitions of the workspace a file is likely to need.

Owns the choice and its reason: here, the definitions behind the file's imports, by name and by how
much of the defining file's path the import spells. How much of it goes out is decided in `context`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spark_lsp.core.index import Index
from spark_lsp.core.symbols import Definition, FileSymbols

_WORD = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Signatures:
    """The signatures of one file that the open file imports.

    Attributes:
        path: the defining file.
        text: one signature per line, in the order of that file.
        reason: which imports asked for it.
    """

    path: str
    text: str
    reason: str


def imported(index: Index, path: str, symbols: FileSymbols) -> Iterator[Signatures]:
    """Yield what the imports of a file lead to, in path order."""
    chosen: dict[str, dict[Definition, str]] = {}
    for statement in symbols.imports:
        words = list(dict.fromkeys(_WORD.findall(statement)))
        for name in words:
            for defining, definition in _best(index, path, name, set(words)):
                chosen.setdefault(defining, {})[definition] = name
    for defining in sorted(chosen):
        found = chosen[defining]
        ordered = sorted(found, key=lambda definition: definition.start_line)
        names = ", ".join(dict.fromkeys(found[definition] for definition in ordered))
        text = "\n".join(_with_members(index, defining, ordered))
        yield Signatures(defining, text, f"imported: {names}")


def _best(index: Index, path: str, name: str, words: set[str]) -> list[tuple[str, Definition]]:
    """Return the definitions of a name in the file whose path the import spells best."""
    found = [it for it in index.definitions(name) if it.path != path]
    if not found:
        return []
    scores = {it.path: _overlap(it.path, words - {name}) for it in found}
    best = max(scores.values())
    if best == 0 and len(scores) > 1:
        return []
    winner = min(path for path, score in scores.items() if score == best)
    return [(it.path, it.definition) for it in found if it.path == winner]


def _overlap(path: str, words: set[str]) -> int:
    """Count the parts of a path that occur among the words of an import."""
    stem = path.rsplit(".", 1)[0]
    return sum(part in words for part in stem.split("/"))


def _with_members(index: Index, path: str, chosen: list[Definition]) -> Iterator[str]:
    """Yield the signatures of the chosen definitions and of what stands inside them."""
    symbols = index.symbols(path)
    for definition in symbols.definitions if symbols else ():
        if any(
            outer.start_line <= definition.start_line and definition.end_line <= outer.end_line
            for outer in chosen
        ):
            yield definition.signature
