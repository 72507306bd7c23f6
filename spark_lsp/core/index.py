"""What the files of a workspace define, by name.

Owns one `FileSymbols` per file and the way from a name to the files that define it. An open buffer
hides the file on disk until it is closed. Walking, parsing and watching are left to the server.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from spark_lsp.core.symbols import Definition, FileSymbols


@dataclass(frozen=True, slots=True)
class Found:
    """A definition and the workspace-relative path of the file that holds it."""

    path: str
    definition: Definition


class Index:
    """The symbols of a workspace; every answer comes in path and line order."""

    def __init__(self) -> None:
        """Start empty."""
        self._disk: dict[str, FileSymbols] = {}
        self._open: dict[str, FileSymbols] = {}

    def __len__(self) -> int:
        return len(self._disk.keys() | self._open.keys())

    def symbols(self, path: str) -> FileSymbols | None:
        """Return what a file defines and imports, the open buffer's word before the disk's."""
        return self._open.get(path) or self._disk.get(path)

    def put(self, path: str, symbols: FileSymbols | None) -> None:
        """Record what a file on disk holds; None if it is gone."""
        _replace(self._disk, path, symbols)

    def put_open(self, path: str, symbols: FileSymbols | None) -> None:
        """Record what an open buffer holds; None when it is closed."""
        _replace(self._open, path, symbols)

    def definitions(self, names: Collection[str]) -> Iterator[Found]:
        """Yield what is defined under some names anywhere in the workspace.

        All is looked through: names are asked for seldom and many at a time, and files come and go
        by thousands, so that an index of names would cost more than it saves.
        """
        for path in sorted(self._disk.keys() | self._open.keys()):
            symbols = self.symbols(path)
            for definition in symbols.definitions if symbols else ():
                if definition.name in names:
                    yield Found(path, definition)


def _replace(side: dict[str, FileSymbols], path: str, symbols: FileSymbols | None) -> None:
    if symbols is None:
        side.pop(path, None)
    else:
        side[path] = symbols
