"""What the manifests of a workspace say about where modules live.

Owns which files those are, and the reading of each into a small record. A manifest is a stranger's:
one that cannot be read says nothing, and of a huge one only the beginning counts. None of them is
obeyed; all that is taken from them is how one file may call another.
"""

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import translate
from typing import Any, TypeAlias

import msgspec

from spark_lsp.core.resolution.paths import name_of

_SIZE = 200_000
"""Characters of a manifest above which nobody wrote it by hand."""

_ENTRIES = 500
"""Entries of one table in a manifest that are looked at."""

_DOTS = 100
"""Dots in a line of TOML above which it is not read: the time a key takes is their square."""

_DEPTH = 8
"""How deep conditions of a package's exports are looked into."""

_NAMES = re.compile(
    "|".join(
        map(
            translate,
            (
                "go.mod", "package.json", "tsconfig.json", "tsconfig.*.json", "tsconfig-*.json",
                "jsconfig.json", "jsconfig.*.json", "Cargo.toml", "composer.json",
            ),
        )
    )
).match  # fmt: skip

# A string that does not end is taken as far as it goes, or each of its quotes would be tried anew.
_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"?|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_COMMA = re.compile(r'"(?:[^"\\]|\\.)*"?|,(?=\s*[}\]])', re.DOTALL)
_GO_LINE = re.compile(r"(\S+)(?: +v\S+)? +=> +(\.\S*)")

_Targets: TypeAlias = tuple[str, ...]
_Table: TypeAlias = tuple[tuple[str, _Targets], ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What all of them have: the name by which others know what stands in the folder, or ""."""

    name: str


@dataclass(frozen=True, slots=True)
class GoModule(Manifest):
    """A go.mod; `replaced` leads from modules to folders that take their place."""

    replaced: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Package(Manifest):
    """A package.json.

    Attributes:
        entries: files that may be the package's own module, the likeliest first.
        exports: subpaths that it offers, "." for itself, each with files that may be meant.
        imports: names that start with "#" and mean something inside of the package.
    """

    entries: _Targets = ()
    exports: _Table = ()
    imports: _Table = ()


@dataclass(frozen=True, slots=True)
class Compiler(Manifest):
    """A tsconfig.json or jsconfig.json; None where it says nothing, so that another one counts."""

    base: str | None = None
    paths: _Table | None = None
    extends: _Targets = ()
    references: _Targets = ()


@dataclass(frozen=True, slots=True)
class Crate(Manifest):
    """A Cargo.toml; `name` is as `use` spells it, `renamed` leads from names to their folders."""

    library: str = "src/lib.rs"
    roots: _Targets = ()
    renamed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Composer(Manifest):
    """A composer.json; the folders of each namespace prefix, the longest prefix first."""

    prefixes: _Table = ()


def is_manifest(path: str) -> bool:
    """Whether a file says where modules live."""
    return _NAMES(name_of(path)) is not None


def read(path: str, text: str) -> Manifest | None:
    """Return what a manifest says, or None if it cannot be read."""
    name = name_of(path)
    reader = _READERS.get(name, _compiler if _NAMES(name) else None)
    if reader is None or len(text) > _SIZE:
        return None
    try:
        return reader(text)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return None


def _go(text: str) -> Manifest:
    name = ""
    replaced = []
    for line in text.split("\n"):
        plain = " ".join(line.partition("//")[0].split())
        if plain.startswith("module "):
            name = plain.removeprefix("module ").strip('"')
        elif (match := _GO_LINE.fullmatch(plain.removeprefix("replace "))) is not None:
            replaced.append((match[1], match[2]))
    return GoModule(name, tuple(replaced[:_ENTRIES]))


def _package(text: str) -> Manifest:
    found = _json(text)
    exports = found.get("exports")
    table = _dict(exports)
    if not any(key.startswith(".") for key in table):
        table = {".": exports}
    entries = [found.get(key) for key in ("source", "types", "typings", "module", "main")]
    return Package(
        _string(found.get("name")),
        tuple(it for it in entries if isinstance(it, str)),
        _conditions(table),
        _conditions(_dict(found.get("imports"))),
    )


def _conditions(table: dict[str, Any]) -> _Table:
    return tuple((key, tuple(_leaves(value))) for key, value in list(table.items())[:_ENTRIES])


def _leaves(value: object, depth: int = 0) -> Iterator[str]:
    """Yield the files of an export, whatever the conditions under which each counts."""
    if isinstance(value, str):
        yield value
    elif depth < _DEPTH and isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner, depth + 1)


def _compiler(text: str) -> Manifest:
    found = _json(text)
    options = _dict(found.get("compilerOptions"))
    base = options.get("baseUrl")
    paths = options.get("paths")
    references = found.get("references")
    return Compiler(
        "",
        base if isinstance(base, str) else None,
        tuple((key, _strings(it)) for key, it in list(paths.items())[:_ENTRIES])
        if isinstance(paths, dict)
        else None,
        _strings(found.get("extends")),
        _strings([_dict(it).get("path") for it in references])
        if isinstance(references, list)
        else (),
    )


def _cargo(text: str) -> Manifest:
    if any(line.count(".") > _DOTS for line in text.split("\n")):
        return Crate("")
    found = tomllib.loads(text)
    library = _dict(found.get("lib"))
    package = _string(_dict(found.get("package")).get("name"))
    binaries = found.get("bin")
    renamed = {}
    for table in ("dependencies", "dev-dependencies", "build-dependencies"):
        for name, value in list(_dict(found.get(table)).items())[:_ENTRIES]:
            if path := _string(_dict(value).get("path")):
                renamed[_crate(name)] = path
    return Crate(
        _crate(_string(library.get("name")) or package),
        _string(library.get("path")) or "src/lib.rs",
        _strings([_dict(it).get("path") for it in binaries] if isinstance(binaries, list) else ()),
        renamed,
    )


def _composer(text: str) -> Manifest:
    found = _json(text)
    prefixes: dict[str, _Targets] = {}
    for key in ("autoload", "autoload-dev"):
        for standard in ("psr-4", "psr-0"):
            table = _dict(_dict(found.get(key)).get(standard))
            for prefix, folders in list(table.items())[:_ENTRIES]:
                plain = prefix.strip("\\")
                # By the older rule, the folder holds the whole name and not what follows a prefix.
                deeper = "/" + plain.replace("\\", "/") if standard == "psr-0" else ""
                added = tuple(folder + deeper for folder in _strings(folders))
                prefixes[plain] = prefixes.get(plain, ()) + added
    ordered = sorted(prefixes.items(), key=lambda it: (-len(it[0]), it[0]))
    return Composer(_string(found.get("name")), tuple(ordered))


_READERS: dict[str, Callable[[str], Manifest]] = {
    "go.mod": _go,
    "package.json": _package,
    "Cargo.toml": _cargo,
    "composer.json": _composer,
}


def _json(text: str) -> dict[str, Any]:
    """Read JSON with comments and with commas after the last of a list, as people write it."""
    plain = _COMMENT.sub(_keep_string, text.removeprefix("\ufeff"))
    return _dict(msgspec.json.decode(_COMMA.sub(_keep_string, plain)))


def _keep_string(match: re.Match[str]) -> str:
    return match[0] if match[0].startswith('"') else " "


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _strings(value: object) -> _Targets:
    """Return the strings of a list, or the string that stands in its place."""
    if isinstance(value, str):
        return (value,)
    return tuple(it for it in value if isinstance(it, str)) if isinstance(value, list) else ()


def _crate(name: str) -> str:
    return name.replace("-", "_")
