"""Which file a path means to JavaScript: with and without an ending, of a folder, of a build."""

from collections.abc import Iterator

from spark_lsp.core.resolution.files import Files
from spark_lsp.core.resolution.manifests import Package
from spark_lsp.core.resolution.paths import folder_of, join, name_of, within
from spark_lsp.core.resolution.words import listed

_TYPED = (".ts", ".tsx", ".d.ts", ".mts", ".cts", ".d.mts", ".d.cts")
_PLAIN = (".js", ".jsx", ".mjs", ".cjs")
_OTHER = (".vue", ".svelte", ".json")

TYPED_ENDINGS = _TYPED + _PLAIN + _OTHER
ENDINGS = _PLAIN + _TYPED + _OTHER
"""What may follow a path in an import, the likeliest first."""

# TypeScript spells the file that it will have written.
_WRITTEN_FROM = {
    ".js": (".ts", ".tsx", ".d.ts"),
    ".jsx": (".tsx", ".d.ts"),
    ".mjs": (".mts", ".d.mts", ".ts"),
    ".cjs": (".cts", ".d.cts", ".ts"),
}

_BUILT = listed(
    """dist build out output lib libs es esm esm5 cjs umd mjs module modules commonjs types typings
    dts bundles bundle node browser"""
)
"""Folders that a build writes; the workspace holds what they were made from."""

_SOURCES = ("src", "", "source", "lib")


def module_at(place: str, files: Files, endings: tuple[str, ...]) -> str | None:
    """Return the file that a path in an import means."""
    return _file_at(place, files, endings) or _folder_at(place, files, endings)


def _file_at(place: str, files: Files, endings: tuple[str, ...]) -> str | None:
    if not files.has_folder(folder_of(place)):
        return None
    name = name_of(place)
    dot = name.rfind(".")
    if dot > 0:
        ending = name[dot:]
        if ending in _WRITTEN_FROM:
            stem = place[: len(place) - len(ending)]
            written = tuple(stem + it for it in _WRITTEN_FROM[ending])
            # Where both are there, each language takes its own.
            ordered = (*written, place) if endings is TYPED_ENDINGS else (place, *written)
            if found := files.first(ordered):
                return found
        elif place in files:
            return place
    return files.first(place + ending for ending in endings) if name else None


def _folder_at(place: str, files: Files, endings: tuple[str, ...]) -> str | None:
    if not files.has_folder(place):
        return None
    package = files.manifest(place, "package.json", Package)
    if package is not None and (found := package_file(place, package, files, endings)):
        return found
    index = within(place, "index")
    return files.first(index + ending for ending in endings)


def package_file(
    folder: str, package: Package, files: Files, endings: tuple[str, ...]
) -> str | None:
    """Return the file that a package means by its own name."""
    for key, entries in package.exports:
        if key == "." and (found := first_of(folder, entries, files, endings)):
            return found
    if found := first_of(folder, package.entries, files, endings):
        return found
    for source in _SOURCES:
        index = within(within(folder, source), "index")
        if found := files.first(index + ending for ending in endings):
            return found
    return None


def first_of(
    folder: str, entries: tuple[str, ...], files: Files, endings: tuple[str, ...]
) -> str | None:
    """Return the first file that one of some paths in a manifest means, or was made from."""
    for entry in entries[:16]:
        for relative in _sources(entry):
            place = join(folder, relative)
            if place and (found := _file_at(place, files, endings)):
                return found
            if place and (found := files.first(f"{place}/index{it}" for it in endings)):
                return found
    return None


def _sources(entry: str) -> Iterator[str]:
    """Yield a path in a manifest, and those in the sources that a build may make it from."""
    yield entry
    plain = entry.removeprefix("./")
    for declared, ending in ((".d.ts", ".ts"), (".d.mts", ".mts"), (".d.cts", ".cts")):
        if plain.endswith(declared):
            plain = plain.removesuffix(declared) + ending
    parts = plain.split("/")
    while len(parts) > 1 and parts[0] in _BUILT:
        del parts[0]
        for source in _SOURCES:
            yield within(source, "/".join(parts))
