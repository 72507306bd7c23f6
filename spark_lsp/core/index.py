"""What the files of a workspace define, by name.

Owns one `FileSymbols` per file and the way from a name to the files that define it. An open buffer
hides the file on disk until it is closed. Walking, parsing and watching are left to the server.
"""

from collections.abc import Iterator
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
        self._paths_by_name: dict[str, set[str]] = {}

    def __len__(self) -> int:
        return len(self._disk.keys() | self._open.keys())

    def symbols(self, path: str) -> FileSymbols | None:
        """Return what a file defines and imports, the open buffer's word before the disk's."""
        return self._open.get(path) or self._disk.get(path)

    def put(self, path: str, symbols: FileSymbols | None) -> None:
        """Record what a file on disk holds; None if it is gone."""
        self._replace(self._disk, path, symbols)

    def put_open(self, path: str, symbols: FileSymbols | None) -> None:
        """Record what an open buffer holds; None when it is closed."""
        self._replace(self._open, path, symbols)

    def definitions(self, name: str) -> Iterator[Found]:
        """Yield what is defined under a name anywhere in the workspace."""
        for path in sorted(self._paths_by_name.get(name, ())):
            symbols = self.symbols(path)
            for definition in symbols.definitions if symbols else ():
                if definition.name == name:
                    yield Found(path, definition)

    def _replace(
        self, side: dict[str, FileSymbols], path: str, symbols: FileSymbols | None
    ) -> None:
        before = self._names(path)
        if symbols is None:
            side.pop(path, None)
        else:
            side[path] = symbols
        after = self._names(path)
        for name in before - after:
            paths = self._paths_by_name[name]
            paths.discard(path)
            if not paths:
                del self._paths_by_name[name]
        for name in after - before:
            self._paths_by_name.setdefault(name, set()).add(path)

    def _names(self, path: str) -> set[str]:
        symbols = self.symbols(path)
        return {definition.name for definition in symbols.definitions} if symbols else set()
