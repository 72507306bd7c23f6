"""Java, Kotlin and Scala: dotted names that are paths, as far as the language wants them to be.

In Java a class has a file of its name in the folder of its package. In the other two a file may
hold anything, and its folders may leave out what all packages of the project begin with.
"""

from collections.abc import Sequence

from spark_lsp.core.resolution.files import Files
from spark_lsp.core.resolution.paths import folder_of, name_of
from spark_lsp.core.resolution.targets import EVERYTHING, Found
from spark_lsp.core.resolution.words import branches, is_name, words

_ENDINGS = (".java", ".kt", ".scala")
_EVERYTHING = frozenset({"*", "_", "given"})
_ROOTS = frozenset({"java", "kotlin", "scala", "src", "main", "test"})
"""Folders below which packages begin."""

_DEEPEST = 40
"""Parts of a dotted name that may still be a path."""

_OUTSIDE = frozenset({"java", "javax", "kotlin", "kotlinx", "scala", "android", "androidx", "sun"})
"""Names that begin what is no part of a project, unless its files say so in full."""


def java(path: str, statement: str, files: Files, found: Found) -> None:
    """Find what an import means in Java."""
    parts = [it for it in words(statement) if it not in {"import", "static", ".", ";"}]
    if not parts or len(parts) > _DEEPEST:
        return
    if parts[-1] != EVERYTHING:
        _class(parts, path, files, found)
    elif len(parts) > 1 and not _inside_class(parts[:-1], path, files, found):
        found.add_all(_package("/".join(parts[:-1]), path, files), (EVERYTHING,))


def kotlin(path: str, statement: str, files: Files, found: Found) -> None:
    """Find what an import means in Kotlin."""
    parts = [it for it in words(statement) if it not in {"import", ".", ";"}]
    if "as" in parts:
        del parts[parts.index("as") :]
    _anywhere([it.strip("`") for it in parts], path, files, found)


def scala(path: str, statement: str, files: Files, found: Found) -> None:
    """Find what an import means in Scala."""
    tokens = [it.strip("`") or it for it in words(statement) if it != "import"]
    for parts in branches(tokens, ".", frozenset({"as", "=>"})):
        plain = [EVERYTHING if it in _EVERYTHING else it for it in parts]
        _anywhere([it for it in plain if it != "_root_"], path, files, found)


def _class(parts: Sequence[str], path: str, files: Files, found: Found) -> None:
    """Find a class, or what is inside of one: the file is that of the class around it."""
    for length in range(len(parts), 1, -1):
        if length < len(parts) and not parts[length - 1][:1].isupper():
            return
        place = "/".join(parts[:length])
        file = files.find((place + ending for ending in _ENDINGS), path)
        if file is not None:
            found.add(file, parts[-1:])
            return


def _inside_class(parts: Sequence[str], path: str, files: Files, found: Found) -> bool:
    """Find everything in a class."""
    place = "/".join(parts)
    file = files.find((place + ending for ending in _ENDINGS), path)
    if file is None:
        return False
    found.add(file, (EVERYTHING,))
    return True


def _anywhere(parts: Sequence[str], path: str, files: Files, found: Found) -> None:
    """Find a name whose file may be called differently and lie less deep."""
    if not 1 < len(parts) <= _DEEPEST or not all(is_name(it) or it == EVERYTHING for it in parts):
        return
    least = len(parts) - 1 if parts[0] in _OUTSIDE else 1
    # What a class holds is looked for in the file of the class.
    for length in range(len(parts), 1, -1):
        folders, name = parts[: length - 1], parts[length - 1]
        if length < len(parts) and not name[:1].isupper():
            break
        for ending in _ENDINGS if name != EVERYTHING else ():
            file = files.closest(folders, name + ending, min(least, len(folders)), path)
            if file is not None:
                found.add(file, parts[-1:])
                return
    packages = parts[:-1]
    for start in range(1 if parts[0] in _OUTSIDE else len(packages)):
        listed = _package("/".join(packages[start:]), path, files, whole=start == 0)
        if listed:
            found.add_all(listed, parts[-1:])
            return


def _package(place: str, path: str, files: Files, *, whole: bool = True) -> list[str]:
    """Return the files of a package, from the nearest folder that has any.

    A single folder is a package whose first parts are left out only where sources begin.
    """
    holding = [
        folder
        for folder in files.folders_ending(place, path)
        if (whole or "/" in place or name_of(folder_of(folder)) in _ROOTS)
        and files.inside(folder, _ENDINGS)
    ]
    return files.inside(files.nearest(holding, path), _ENDINGS) if holding else []
