"""What a bare name means to JavaScript: paths of a compiler, packages of the workspace.

Nothing stands for a folder by custom alone: `@/x` and `~/x` mean what a configuration says.
"""

from collections.abc import Iterator

from spark_lsp.core.resolution.files import Files
from spark_lsp.core.resolution.manifests import Compiler, Package
from spark_lsp.core.resolution.modules import first_of, module_at, package_file
from spark_lsp.core.resolution.paths import folder_of, join, name_of, within

_CONFIGURATIONS = (
    "tsconfig.json",
    "jsconfig.json",
    "tsconfig.base.json",
    "tsconfig.app.json",
)
"""The file that speaks for a folder; the last two where a generator leaves no other."""

_CHAIN = 8
"""Configurations that one may extend, one after another."""


def bare(path: str, name: str, files: Files, endings: tuple[str, ...]) -> str | None:
    """Return the file that a bare name means in a file."""
    for folder in files.described(path):
        for configuration in _CONFIGURATIONS:
            place = within(folder, configuration)
            if files.manifest(folder, configuration, Compiler) is not None:
                if found := _mapped(place, name, files, endings):
                    return found
                break
    return _packaged(path, name, files, endings)


def internal(path: str, name: str, files: Files, endings: tuple[str, ...]) -> str | None:
    """Return the file that a name with "#" means inside of its package."""
    for folder in files.described(path):
        package = files.manifest(folder, "package.json", Package)
        if package is not None:
            for entries in _fitting(package.imports, name):
                if found := first_of(folder, entries, files, endings):
                    return found
            break
    return bare(path, name, files, endings)


def _packaged(path: str, name: str, files: Files, endings: tuple[str, ...]) -> str | None:
    """Return the file of a package of the workspace, or of a subpath of one."""
    found, rest = _split(path, name, files)
    if found is None:
        return None
    folder, package = found
    if not rest:
        return package_file(folder, package, files, endings)
    for entries in _fitting(package.exports, "./" + rest):
        if inner := first_of(folder, entries, files, endings):
            return inner
    for source in ("", "src", "lib"):
        place = join(within(folder, source), rest)
        if place and (inner := module_at(place, files, endings)):
            return inner
    return first_of(folder, (rest,), files, endings)


def _mapped(place: str, name: str, files: Files, endings: tuple[str, ...]) -> str | None:
    """Return the file that the paths of a configuration lead to."""
    paths: Compiler | None = None
    paths_folder = base_folder = ""
    base: str | None = None
    for at, compiler in _chain(place, files):
        if base is None and compiler.base is not None:
            base, base_folder = compiler.base, folder_of(at)
        if paths is None and compiler.paths is not None:
            paths, paths_folder = compiler, folder_of(at)
    root = join(base_folder, base) if base is not None else None
    if paths is not None:
        mapped_root = root if root is not None else paths_folder
        for targets in _fitting(paths.paths or (), name):
            for target in targets:
                inner = join(mapped_root, target)
                if inner is not None and (found := module_at(inner, files, endings)):
                    return found
    inner = join(root, name) if root is not None else None
    return module_at(inner, files, endings) if inner else None


def _chain(place: str, files: Files) -> Iterator[tuple[str, Compiler]]:
    """Yield a configuration, those that it extends, then those that it refers to."""
    waiting = [place]
    seen: set[str] = set()
    while waiting and len(seen) < _CHAIN:
        at = waiting.pop(0)
        folder = folder_of(at)
        compiler = files.manifest(folder, name_of(at), Compiler)
        if at in seen or compiler is None:
            continue
        seen.add(at)
        yield at, compiler
        for name in (*compiler.extends, *compiler.references):
            other = join(folder, name) if name.startswith(".") else _in_package(at, name, files)
            if other is not None:
                waiting += [other, other + ".json", within(other, "tsconfig.json")]


def _in_package(path: str, name: str, files: Files) -> str | None:
    """Return the place of a file that is spelled by the package of the workspace it is in."""
    found, rest = _split(path, name, files)
    return within(found[0], rest) if found is not None else None


def _split(path: str, name: str, files: Files) -> tuple[tuple[str, Package] | None, str]:
    """Return the folder and manifest of the package that a name begins with, and the rest."""
    parts = name.split("/")
    own = 2 if name.startswith("@") else 1
    return files.named(Package, "/".join(parts[:own]), path), "/".join(parts[own:])


def _fitting(
    table: tuple[tuple[str, tuple[str, ...]], ...], name: str
) -> Iterator[tuple[str, ...]]:
    """Yield what the patterns that fit a name make of it, the most exact pattern first."""
    fitting: list[tuple[int, tuple[str, ...]]] = []
    for pattern, targets in table:
        before, star, after = pattern.partition("*")
        if not star:
            if name == pattern:
                yield targets
        elif (
            len(name) >= len(before) + len(after)
            and name.startswith(before)
            and name.endswith(after)
        ):
            middle = name[len(before) : len(name) - len(after)]
            filled = tuple(target.replace("*", middle, 4) for target in targets[:16])
            fitting.append((-len(before), filled))
    for _, filled in sorted(fitting, key=lambda it: it[0]):
        yield filled
