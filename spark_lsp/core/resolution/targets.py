"""What an import statement comes to: files, and the names that are taken from each."""

from collections.abc import Iterable
from dataclasses import dataclass

LIMIT = 64
"""Files that one statement may mean."""

FOLDER_LIMIT = 40
"""Files of one folder that stand for all of it, where a package is a folder."""

EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Target:
    """A file that an import statement means.

    A name is the one that the file gives to a thing, whatever the importing file calls it. What
    JavaScript exports as its default has no name of its own; it goes by that of the importing file,
    which most often is the same.

    Attributes:
        path: workspace-relative path of the file.
        names: what is taken from it; () for the module as a whole, whose names are then used
            qualified, and ("*",) for everything.
    """

    path: str
    names: tuple[str, ...]


class Found:
    """The targets of one statement, as they are found."""

    def __init__(self, importing: str) -> None:
        """Collect for the file at a path, which is never a target of itself."""
        self._importing = importing
        # A file may be both: `use a::{self, b}` takes a name and the whole.
        self._names: dict[tuple[str, bool], dict[str, None]] = {}

    def add(self, path: str | None, names: Iterable[str] = ()) -> None:
        """Record names of a file, or the file as a whole if there are none."""
        if path is None or path == self._importing:
            return
        taken = dict.fromkeys(names)
        whole = not taken
        if (path, whole) in self._names or len(self._names) < LIMIT:
            self._names.setdefault((path, whole), {}).update(taken)

    def add_all(self, paths: Iterable[str], names: Iterable[str] = ()) -> None:
        """Record the same names of several files."""
        taken = tuple(names)
        for path in paths:
            self.add(path, taken)

    @property
    def targets(self) -> tuple[Target, ...]:
        """Return what was found, in the order in which it was."""
        return tuple(
            Target(path, (EVERYTHING,) if EVERYTHING in names else tuple(names))
            for (path, _), names in self._names.items()
        )
