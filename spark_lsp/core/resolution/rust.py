"""Rust: crates, modules as files, and trees of names.

Owns where a crate begins and in which folder the modules inside of a module lie. A module is spoken
of by that folder: `src` for the crate itself, `src/a/b` for `a::b`, whichever file holds it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from spark_lsp.core.resolution.files import Files
from spark_lsp.core.resolution.manifests import Crate
from spark_lsp.core.resolution.paths import above, folder_of, join, name_of, stem_of, within
from spark_lsp.core.resolution.targets import EVERYTHING, Found
from spark_lsp.core.resolution.words import branches, words

_RENAMING = frozenset({"as"})
_APART = ("tests", "examples", "benches", "src/bin")
"""Folders of a package of which each file is a crate of its own."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a file stands: its package, the folder and the file of its crate, and its module."""

    package: str
    manifest: Crate | None
    base: str
    root: str | None
    module: str


def resolve(path: str, statement: str, files: Files, found: Found) -> None:
    """Find what `use`, `mod` or `extern crate` means in a file."""
    tokens = words(statement)
    place = _place(path, files)
    for at, word in enumerate(tokens[:-1]):
        if word == "use":
            for parts in branches(tokens[at + 1 :], "::", _RENAMING):
                _use(parts, path, place, files, found)
            return
        if word == "mod":
            if "{" not in tokens:
                found.add(_file(within(place.module, tokens[at + 1]), files))
            return
        if word == "crate" and at and tokens[at - 1] == "extern":
            crate = _crate(tokens[at + 1], path, place, files)
            found.add(crate[1] if crate is not None else None)
            return


def _use(parts: Sequence[str], path: str, place: _Place, files: Files, found: Found) -> None:
    """Find what one path of a `use` means."""
    # Nearly always in a module for tests that stands inside of the file it tests.
    if list(parts) == ["super", "*"]:
        return
    first, rest = parts[0], list(parts[1:])
    if first == "$":
        first, rest = (rest[0], rest[1:]) if rest else ("", [])
    start: tuple[str, str | None] | None
    if first in {"crate", "$crate"}:
        start = place.base, place.root
    elif first == "self":
        start = place.module, path
    elif first == "super":
        module = place.module
        rest = ["super", *rest]
        while rest[:1] == ["super"]:
            if module == place.base:
                return
            module = folder_of(module)
            del rest[0]
        start = module, place.root if module == place.base else _file(module, files)
    elif _file(within(place.module, first), files):
        start, rest = (place.module, path), list(parts)
    else:
        start = _crate(first, path, place, files)
        if start is None and _file(within(place.base, first), files):
            # Before 2018 a path began at the crate.
            start, rest = (place.base, place.root), list(parts)
    if start is not None:
        _descend(start, rest, files, found)


def _descend(start: tuple[str, str | None], rest: list[str], files: Files, found: Found) -> None:
    """Follow a path from a module to the deepest file, and take the next name from that."""
    folder, file = start
    at = 0
    while at < len(rest):
        inner = _file(within(folder, rest[at]), files)
        if inner is None:
            break
        folder, file = within(folder, rest[at]), inner
        at += 1
    left = [it for it in rest[at:] if it != "self"]
    if not left:
        found.add(file)
    elif len(left) > 1 and left[1] != EVERYTHING and left[0][:1].islower():
        # A module inside of the file holds the name.
        found.add(file, left[-1:] if left[-1] != EVERYTHING else left[:1])
    else:
        found.add(file, left[:1])


def _file(module: str, files: Files) -> str | None:
    """Return the file of a module."""
    return files.first((module + ".rs", module + "/mod.rs"))


def _crate(name: str, path: str, place: _Place, files: Files) -> tuple[str, str | None] | None:
    """Return the folder and the file of a crate of the workspace."""
    renamed = place.manifest.renamed.get(name) if place.manifest is not None else None
    folder = join(place.package, renamed) if renamed is not None else None
    crate = files.manifest(folder, "Cargo.toml", Crate) if folder is not None else None
    if folder is None or crate is None:
        named = files.named(Crate, name, path)
        if named is None:
            return None
        folder, crate = named
    root = join(folder, crate.library)
    return (folder_of(root), root) if root is not None and root in files else None


def _place(path: str, files: Files) -> _Place:
    """Return where a file stands."""
    package, manifest = "", None
    for folder in files.described(path):
        manifest = files.manifest(folder, "Cargo.toml", Crate)
        if manifest is not None and (manifest.name or files.has_folder(within(folder, "src"))):
            package = folder
            break
    else:
        manifest = None
        package = _unwritten(path)
    base, root = _beginning(path, package, manifest, files)
    own = folder_of(path) if path == root or name_of(path) == "mod.rs" else None
    module = within(folder_of(path), stem_of(path)) if own is None else own
    return _Place(package, manifest, base, root, module)


def _unwritten(path: str) -> str:
    """Return the package of a file for which no manifest is known, by the custom of `src`."""
    for folder in above(path):
        if name_of(folder) in {"src", "tests", "examples", "benches"}:
            return folder_of(folder)
    return ""


def _beginning(
    path: str, package: str, manifest: Crate | None, files: Files
) -> tuple[str, str | None]:
    """Return the folder and the file with which the crate of a file begins."""
    for apart in _APART:
        folder = within(package, apart)
        if path.startswith(folder + "/"):
            inner = path[len(folder) + 1 :].partition("/")[0]
            main = files.first((f"{folder}/{inner}/main.rs",))
            if main is not None:
                return folder_of(main), main
            return folder, path if folder_of(path) == folder else None
    library = manifest.library if manifest is not None else "src/lib.rs"
    declared = [join(package, it) for it in (library, *(manifest.roots if manifest else ()))]
    main, build = within(package, "src/main.rs"), within(package, "build.rs")
    if path in {*declared, main, build}:
        return folder_of(path), path
    root = files.first((*declared[:1], main, *declared[1:]))
    return (folder_of(root), root) if root is not None else (within(package, "src"), None)
