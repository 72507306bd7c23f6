"""Ruby, PHP, Lua, Bash and Elixir: paths in strings, and names that are paths by custom."""

import re

from spark_lsp.core.resolution.files import Files
from spark_lsp.core.resolution.manifests import Composer
from spark_lsp.core.resolution.paths import folder_of, is_above, join, name_of, within
from spark_lsp.core.resolution.targets import EVERYTHING, Found
from spark_lsp.core.resolution.words import branches, strings, words

_ALL = (EVERYTHING,)
_RUBY_ROOTS = frozenset({"lib", "app", "test", "spec", "ext"})

_LUA = re.compile(r"""\brequire\b\s*+\(?\s*+["']([\w./-]++)["']""")
_LUA_FILE = re.compile(r"""\b(?:dofile|loadfile)\b\s*+\(?\s*+["']([\w./-]++)["']""")

_BASH_VARIABLE = re.compile(r"\$\w+|\$\{[^}$\n]*\}")
_BASH_PATH = re.compile(r"[\w./+@~-]+")
_BASH_WORDS = 12
"""Words after `source` that are tried: a path may follow what finds out its folder."""

_ELIXIR_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ELIXIR_ENDINGS = (".ex", ".exs")

_DEEPEST = 40
"""Parts of a name that may still be a path."""

_STRINGS = 64
"""Strings of a statement that are looked up."""


def ruby(path: str, statement: str, files: Files, found: Found) -> None:
    """Find what `require`, `require_relative` or `load` means in Ruby."""
    relative = "require_relative" in statement
    for spelled in strings(statement)[:_STRINGS]:
        name = spelled if spelled.endswith(".rb") else spelled + ".rb"
        if relative or spelled.startswith("."):
            place = join(folder_of(path), name)
            found.add(place if place in files else None, _ALL)
            continue
        roots = {it: it[: -len(name) - 1] for it in files.ending(name, path)}
        # A file called like a library counts only where Ruby looks for the project's own.
        candidates = [
            it
            for it, root in roots.items()
            if "/" in name or name_of(root) in _RUBY_ROOTS or is_above(root, path)
        ]
        library = [it for it in candidates if name_of(roots[it]) == "lib"]
        if candidates:
            found.add(files.nearest(library or candidates, path), _ALL)


def php(path: str, statement: str, files: Files, found: Found) -> None:
    """Find what `use`, `include` or `require` means in PHP."""
    tokens = words(statement)
    if "use" not in tokens[:1]:
        for spelled in strings(statement)[:_STRINGS]:
            place = join(folder_of(path), spelled.lstrip("/"))
            if place not in files and spelled:
                place = files.find((spelled.lstrip("./"),), path)
            found.add(place if place in files else None, _ALL)
        return
    kinds = {"function", "const"}
    for parts in branches(tokens[1:], "\\", frozenset({"as"})):
        plain = [it for it in parts if it not in kinds]
        if 0 < len(plain) <= _DEEPEST:
            found.add(_php_class(plain, path, files), plain[-1:])


def _php_class(parts: list[str], path: str, files: Files) -> str | None:
    """Return the file of a class: below the folder of its prefix, as a composer.json has it."""
    name = "\\".join(parts)
    for folder in files.described(path):
        composer = files.manifest(folder, "composer.json", Composer)
        for prefix, folders in composer.prefixes if composer is not None else ():
            if prefix and not name.startswith(prefix + "\\"):
                continue
            rest = name[len(prefix) :].lstrip("\\").replace("\\", "/") + ".php"
            for root in folders:
                place = join(folder, f"{root}/{rest}")
                if place in files:
                    return place
    if len(parts) == 1:
        return files.first((within(folder_of(path), parts[0] + ".php"),))
    return files.closest(parts[:-1], parts[-1] + ".php", 1, path)


def lua(path: str, statement: str, files: Files, found: Found) -> None:
    """Find what `require` or `dofile` means in Lua."""
    for spelled in _LUA.findall(statement)[:_STRINGS]:
        tail = spelled.replace(".", "/").strip("/")
        if tail:
            found.add(files.find((tail + ".lua", tail + "/init.lua"), path))
    for spelled in _LUA_FILE.findall(statement)[:_STRINGS]:
        place = join(folder_of(path), spelled)
        found.add(files.first((place, join("", spelled))), _ALL)


def bash(path: str, statement: str, files: Files, found: Found) -> None:
    """Find what `source` or `.` means in a shell script.

    What a variable stands for is not known; most often it is the folder of the script.
    """
    plain = _BASH_VARIABLE.sub("$", statement)
    for spelled in _BASH_PATH.findall(plain)[:_BASH_WORDS]:
        tail = spelled.lstrip("/")
        place = join(folder_of(path), tail) if tail.strip(".") else None
        if place is not None and place not in files:
            place = files.find((_without_dots(tail),), path)
        if place is not None and place != path and place in files:
            found.add(place, _ALL)
            return


def _without_dots(path: str) -> str:
    return "/".join(part for part in path.split("/") if part not in {"", ".", ".."})


def elixir(path: str, statement: str, files: Files, found: Found) -> None:
    """Find what `alias`, `import`, `require` or `use` means in Elixir."""
    tokens = words(statement)
    names = _ALL if tokens[:1] == ["import"] else ()
    if "," in tokens and "{" not in tokens:
        # What follows are options.
        del tokens[tokens.index(",") :]
    for parts in branches(tokens[1:], "."):
        if all(part[:1].isupper() for part in parts) and len(parts) <= _DEEPEST:
            found.add(_elixir_module(parts, path, files), names)


def _elixir_module(parts: list[str], path: str, files: Files) -> str | None:
    """Return the file of a module, whose folders may have others in between, as Phoenix's do."""
    spelled = [_ELIXIR_HUMP.sub("_", part).lower() for part in parts]
    tail = "/".join(spelled)
    if file := files.find((tail + ending for ending in _ELIXIR_ENDINGS), path):
        return file
    candidates = [
        it for ending in _ELIXIR_ENDINGS for it in files.ending(spelled[-1] + ending, path)
    ]
    fitting = [it for it in candidates if len(spelled) > 1 and _in_order(spelled[:-1], it)]
    return files.nearest(fitting, path) if fitting else None


def _in_order(parts: list[str], path: str) -> bool:
    """Whether some folders all occur in a path, one after another."""
    folders = iter(folder_of(path).split("/"))
    return all(part in folders for part in parts)
