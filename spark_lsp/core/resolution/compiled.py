"""C#, Haskell and Zig: namespaces that are folders by custom, dotted modules, paths in strings."""

import re
from collections.abc import Iterator

from spark_lsp.core.resolution.files import Files
from spark_lsp.core.resolution.paths import folder_of, join
from spark_lsp.core.resolution.targets import EVERYTHING, Found
from spark_lsp.core.resolution.words import is_name, words

_HASKELL = re.compile(r"""\{-(?s:.*?)(?:-\}|\Z)|--[^\n]*|"[^"\n]*"|[\w'.]+|\S""")
_HASKELL_ENDINGS = (".hs", ".lhs", ".hsc")
_ZIG = re.compile(r'@import\(\s*+"([^"\n]*+)"\s*+\)(?:\.(\w++))?')

_DEEPEST = 40
"""Parts of a name that may still be a path."""

_CALLS = 64
"""Calls of a statement that are looked up."""


def csharp(path: str, statement: str, files: Files, found: Found) -> None:
    """Find what `using` means in C#: a namespace, or a class if it is static or renamed."""
    tokens = [it for it in words(statement) if it not in {"global", "using", ".", ";"}]
    static = tokens[:1] == ["static"]
    renamed = "=" in tokens
    parts = tokens[tokens.index("=") + 1 :] if renamed else tokens[static:]
    if not 0 < len(parts) <= _DEEPEST or not all(is_name(it) for it in parts):
        return
    if static or renamed:
        file = files.closest(parts[:-1], parts[-1] + ".cs", min(1, len(parts) - 1), path)
        if file is not None:
            found.add(file, (EVERYTHING,) if static else parts[-1:])
            return
    if not static:
        found.add_all(_namespace(parts, path, files), (EVERYTHING,))


def _namespace(parts: list[str], path: str, files: Files) -> list[str]:
    """Return the files of a namespace.

    The folder of a project is often called by a dotted name, and then `A.B.C` is `A.B/C`. The first
    parts may be missing, but two have to be left, or `System.Text` would be any `Text`.
    """
    for start in range(max(len(parts) - 1, 1)):
        dotted = ".".join(parts[start:])
        candidates = [
            folder
            for at in range(start, len(parts))
            for folder in files.folders_ending(".".join(parts[at:]), path)
            if f".{folder.replace('/', '.')}".endswith("." + dotted)
        ]
        holding = [it for it in candidates if files.inside(it, (".cs",))]
        if holding:
            return files.inside(files.nearest(holding, path), (".cs",))
    return []


def haskell(path: str, statement: str, files: Files, found: Found) -> None:
    """Find what `import` means in Haskell."""
    matched: list[str] = _HASKELL.findall(statement)
    tokens = [it for it in matched if not it.startswith(("{-", "--", '"'))]
    at = next((at for at, it in enumerate(tokens) if it[:1].isupper()), None)
    if at is None:
        return
    tail = tokens[at].replace(".", "/")
    file = files.find((tail + ending for ending in _HASKELL_ENDINGS), path)
    if "(" in tokens and "hiding" not in tokens:
        names = list(_listed(tokens[tokens.index("(") :]))
        # A list that is empty, or has operators only, takes instances or what has no name here.
        found.add(file, names)
    else:
        found.add(file, () if "qualified" in tokens else (EVERYTHING,))


def _listed(tokens: list[str]) -> Iterator[str]:
    """Yield the names of an import list, without those inside of a type."""
    depth = 0
    for word in tokens:
        depth += (word == "(") - (word == ")")
        if depth == 1 and is_name(word) and word not in {"type", "pattern"}:
            yield word


def zig(path: str, statement: str, files: Files, found: Found) -> None:
    """Find what `@import` means in Zig."""
    for match in list(_ZIG.finditer(statement))[:_CALLS]:
        place = join(folder_of(path), match[1])
        found.add(place if place in files else None, (match[2],) if match[2] else ())
