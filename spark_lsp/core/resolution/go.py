"""Go: an import names a folder, and all of its files but the tests are the package."""

from spark_lsp.core.resolution.files import Files
from spark_lsp.core.resolution.manifests import GoModule
from spark_lsp.core.resolution.paths import folder_of, join, within
from spark_lsp.core.resolution.targets import EVERYTHING, LIMIT, Found
from spark_lsp.core.resolution.words import is_string, words

_HOSTED = 3
"""Parts of the name of a module on a host of modules: the host, the owner, the module."""

_LENGTH = 1000
"""Characters of a name that may still be a package."""


def resolve(path: str, statement: str, files: Files, found: Found) -> None:
    """Find what one import of a package means in a file, or a list of them."""
    tokens = words(statement)
    # A dot takes the names of the package for one's own.
    packages = {
        token[1:-1]: at > 0 and tokens[at - 1] == "."
        for at, token in enumerate(tokens)
        if is_string(token)
    }
    for package, dotted in list(packages.items())[:LIMIT]:
        folder = _folder(path, package, files) if 0 < len(package) < _LENGTH else None
        if folder is not None:
            code = files.inside(folder, (".go",), but=("_test.go",))
            found.add_all(code, (EVERYTHING,) if dotted else ())


def _folder(path: str, package: str, files: Files) -> str | None:
    """Return the folder of a package."""
    if package.startswith("."):
        return join(folder_of(path), package)
    for folder in files.described(path):
        module = files.manifest(folder, "go.mod", GoModule)
        if module is not None:
            if (place := _in_module(folder, module.name, package, files)) is not None:
                return place
            for name, replacement in module.replaced:
                root = join(folder, replacement)
                if root is not None:
                    place = _in_module(root, name, package, files)
                    if place is not None:
                        return place
    return _elsewhere(path, package, files)


def _elsewhere(path: str, package: str, files: Files) -> str | None:
    """Return the folder of a package of another module, or of one that no file describes."""
    prefix = package
    while prefix:
        named = files.named(GoModule, prefix, path)
        if named is not None:
            return _in_module(named[0], prefix, package, files)
        prefix = prefix[: max(prefix.rfind("/"), 0)]
    host, *rest = package.split("/", _HOSTED)
    if "." not in host:
        return None
    if folders := files.folders_ending(package, path):
        return files.nearest(folders, path)
    known = any(files.manifest(folder, "go.mod", GoModule) for folder in files.described(path))
    inner = rest[_HOSTED - 1] if len(rest) == _HOSTED else ""
    return inner if inner and not known and files.has_folder(inner) else None


def _in_module(folder: str, module: str, package: str, files: Files) -> str | None:
    if package == module:
        return folder
    if not module or not package.startswith(module + "/"):
        return None
    place = within(folder, package[len(module) + 1 :])
    return place if files.has_folder(place) else None
