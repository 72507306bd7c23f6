"""Which documents may leave the machine.

Owns the judgement of an open document, by its name and by the ignore files of where it lies. Files
that are only indexed are judged by `walk`.
"""

from pathlib import Path
from urllib.parse import unquote

from spark_lsp.core import exclusion
from spark_lsp.server import walk
from spark_lsp.server.uris import location


def private(uri: str, root: Path | None) -> str:
    """Return why a document may not leave the machine, or "".

    Inside of the root by what is told of its path there; elsewhere by its own repository, or by its
    whole name if there is none. Reads files.
    """
    document = location(uri)
    # The last part of the whole URI too: some clients do not encode what is special in a name.
    names = (document.path.rpartition("/")[2], unquote(uri).rpartition("/")[2])
    for name in names:
        if reason := exclusion.excluded_by_name(name):
            return reason
    inside = document.below(str(root)) if root else None
    if root is None or inside is None:
        home = Path(document.path)
        if not home.is_absolute() or not (root := _repository(home)):
            return exclusion.excluded_by_name(document.path) or ""
        inside = home.relative_to(root).as_posix()
    if reason := exclusion.excluded_by_name(inside):
        return reason
    return "" if walk.allowed(root, inside) else "ignored by git or .sparkignore"


def judges(path: str) -> bool:
    """Whether a file of this path has a say in what may leave the machine."""
    return path.rpartition("/")[2] in walk.IGNORE_FILES or path.endswith(walk.GIT_EXCLUDE)


def _repository(file: Path) -> Path | None:
    """Return the repository that a file lies in."""
    return next((folder for folder in file.parents if (folder / ".git").exists()), None)
