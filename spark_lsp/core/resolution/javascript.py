"""JavaScript and TypeScript: the clauses of a statement, and files by relative path.

What a bare name means is left to `packages`.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from spark_lsp.core.resolution import packages
from spark_lsp.core.resolution.files import Files
from spark_lsp.core.resolution.modules import ENDINGS, TYPED_ENDINGS, module_at
from spark_lsp.core.resolution.paths import folder_of, join
from spark_lsp.core.resolution.targets import EVERYTHING, Found
from spark_lsp.core.resolution.words import is_name, is_string, words

_SPECIFIER = re.compile(r"[^?!]*")

_MODULES = 64
"""Modules of one statement that are looked up."""

_LENGTH = 1000
"""Characters of a specifier that may still be a path."""

_PATTERN = 1000
"""Words before a call that are searched for the names it is taken apart into."""


def javascript(path: str, statement: str, files: Files, found: Found) -> None:
    """Find what `import`, `export ... from`, `require` or `import()` mean in JavaScript."""
    _resolve(path, statement, files, found, ENDINGS)


def typescript(path: str, statement: str, files: Files, found: Found) -> None:
    """Find the same in TypeScript, where a file of types is as good as one of code."""
    _resolve(path, statement, files, found, TYPED_ENDINGS)


def _resolve(
    path: str, statement: str, files: Files, found: Found, endings: tuple[str, ...]
) -> None:
    known: dict[str, str | None] = {}
    for specifier, names in _clauses(words(statement)):
        if specifier not in known:
            if len(known) == _MODULES:
                return
            known[specifier] = _file(path, specifier, files, endings)
        found.add(known[specifier], names)


def _file(path: str, specifier: str, files: Files, endings: tuple[str, ...]) -> str | None:
    """Return the file that a specifier means."""
    if len(specifier) > _LENGTH:
        return None
    if specifier.startswith("#"):
        return packages.internal(path, specifier, files, endings)
    # What follows a question mark is for a bundler.
    match = _SPECIFIER.match(specifier)
    plain = match[0] if match else ""
    if plain.startswith("."):
        place = join(folder_of(path), plain)
        return None if place is None else module_at(place, files, endings)
    if not plain or ":" in plain or plain.startswith("/"):
        return None
    return packages.bare(path, plain, files, endings)


def _clauses(tokens: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each specifier of a statement with the names that are taken from it.

    A module that is taken as a whole and by name comes twice.
    """
    first = tokens[0] if tokens else ""
    if first in {"import", "export"} and "from" in tokens:
        at = len(tokens) - 1 - tokens[::-1].index("from")
        if at + 1 < len(tokens) and is_string(tokens[at + 1]):
            specifier = tokens[at + 1][1:-1]
            for names in _declared(tokens[1:at], exporting=first == "export"):
                yield specifier, names
            return
    if first == "import" and len(tokens) > 1 and is_string(tokens[1]):
        yield tokens[1][1:-1], ()
        return
    yield from islice(_calls(tokens), _MODULES)


def _declared(clause: Sequence[str], *, exporting: bool) -> Iterator[tuple[str, ...]]:
    """Yield the names between `import` or `export` and `from`; () for the module as a whole."""
    before = list(clause[: clause.index("{")] if "{" in clause else clause)
    if before[:1] == ["type"] and (len(before) > 1 or "{" in clause):
        del before[0]
    if "*" in before:
        yield (EVERYTHING,) if exporting and "as" not in before else ()
    names = [before[0]] if before and is_name(before[0]) else []
    if "{" in clause:
        names += _listed(clause[clause.index("{") + 1 :])
    if names:
        yield tuple(names)
    elif "*" not in before:
        yield ()


def _listed(tokens: Sequence[str]) -> Iterator[str]:
    """Yield the names in braces, as the module has them."""
    item: list[str] = []
    for word in tokens:
        if word not in {",", "}"}:
            item.append(word)
            continue
        if item[:1] == ["type"] and len(item) > 1 and item[1] != "as":
            del item[0]
        # A default has no name but the one that it is given here.
        name = item[-1] if item[:1] == ["default"] else item[0] if item else ""
        if name and name != "default" and is_name(name):
            yield name
        item = []
        if word == "}":
            return


def _calls(tokens: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what `require("...")` and `import("...")` take, by what stands around each."""
    for at in range(len(tokens) - 2):
        if (
            tokens[at] in {"require", "import"}
            and tokens[at + 1] == "("
            and is_string(tokens[at + 2])
        ):
            before = at - 1 if at and tokens[at - 1] == "await" else at
            yield tokens[at + 2][1:-1], _taken(tokens, before, at + 4)


def _taken(tokens: Sequence[str], before: int, after: int) -> tuple[str, ...]:
    """Return the names that a call's result is taken apart into; () if it is kept whole.

    Args:
        tokens: the statement.
        before: where the call begins.
        after: what follows it.
    """
    if tokens[after : after + 1] == ["."] and after + 1 < len(tokens):
        return (tokens[after + 1],) if is_name(tokens[after + 1]) else ()
    if before < 2 or tokens[before - 1] != "=" or tokens[before - 2] != "}":
        return ()
    opening = before - 2
    depth = 0
    names: list[str] = []
    while opening >= max(0, before - _PATTERN):
        word = tokens[opening]
        depth += (word == "}") - (word == "{")
        if depth == 0:
            break
        # A name is what follows a brace or a comma of the pattern itself.
        if depth == 1 and is_name(word) and tokens[opening - 1] in {"{", ","}:
            names.append(word)
        opening -= 1
    return tuple(reversed(names))
