"""The paths of a workspace, made for the questions that import statements ask of them.

Owns the ways from a file's name, and from a folder's, to every place where it occurs, and the
manifests. Each answer depends on what the files are, never on the order in which they were added.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from spark_lsp.core.resolution import manifests
from spark_lsp.core.resolution.manifests import Manifest
from spark_lsp.core.resolution.paths import above, folder_of, name_of, within
from spark_lsp.core.resolution.targets import FOLDER_LIMIT

_BUSY = 500
"""Files of one name above which only those are considered that stand above the importing file."""

_Kind = TypeVar("_Kind", bound=Manifest)


class Files:
    """The files of a workspace by path, by name and by folder."""

    def __init__(self) -> None:
        """Start empty."""
        self._paths: set[str] = set()
        self._by_name: dict[str, list[str]] = {}
        # What a folder holds: names of files, and of folders with a slash at the end.
        self._folders: dict[str, dict[str, None]] = {}
        self._folders_by_name: dict[str, list[str]] = {}
        # What a folder holds, in order, of those that were asked about.
        self._listed: dict[str, list[str]] = {}
        self._manifests: dict[str, Manifest] = {}
        self._manifests_in: dict[str, set[str]] = {}
        self._named: dict[tuple[type[Manifest], str], set[str]] = {}

    def __contains__(self, path: object) -> bool:
        return path in self._paths

    def __len__(self) -> int:
        return len(self._paths)

    def add(self, path: str) -> None:
        """Record that a file exists."""
        if path in self._paths:
            return
        self._paths.add(path)
        folder, entry = folder_of(path), name_of(path)
        self._by_name.setdefault(entry, []).append(path)
        while (held := self._folders.get(folder)) is None:
            self._folders[folder] = {entry: None}
            if not folder:
                return
            own = name_of(folder)
            self._folders_by_name.setdefault(own, []).append(folder)
            folder, entry = folder_of(folder), own + "/"
        held[entry] = None
        self._listed.pop(folder, None)

    def discard(self, path: str) -> None:
        """Record that a file is gone."""
        if path not in self._paths:
            return
        self._paths.discard(path)
        folder, entry = folder_of(path), name_of(path)
        _drop(self._by_name, entry, path)
        while True:
            held = self._folders[folder]
            held.pop(entry, None)
            self._listed.pop(folder, None)
            if held:
                return
            del self._folders[folder]
            if not folder:
                return
            own = name_of(folder)
            _drop(self._folders_by_name, own, folder)
            folder, entry = folder_of(folder), own + "/"

    def put_manifest(self, path: str, text: str | None) -> None:
        """Record what a manifest says; None if it is gone. One that cannot be read says nothing."""
        old = self._manifests.pop(path, None)
        if old is not None:
            self._manifests_in[folder_of(path)].discard(path)
            if old.name:
                self._named[type(old), old.name].discard(path)
        new = manifests.read(path, text) if text is not None else None
        if new is not None:
            self._manifests[path] = new
            self._manifests_in.setdefault(folder_of(path), set()).add(path)
            if new.name:
                self._named.setdefault((type(new), new.name), set()).add(path)

    def manifest(self, folder: str, name: str, kind: type[_Kind]) -> _Kind | None:
        """Return the manifest of a name in a folder, if it is of that kind."""
        found = self._manifests.get(within(folder, name))
        return found if isinstance(found, kind) else None

    def described(self, path: str) -> Iterator[str]:
        """Yield the folders above a file that hold any manifest, the nearest first."""
        return filter(self._manifests_in.get, above(path))

    def named(self, kind: type[_Kind], name: str, path: str) -> tuple[str, _Kind] | None:
        """Return the folder and the manifest of that name which are nearest to a file."""
        found = self._named.get((kind, name))
        if not found:
            return None
        manifest = self._manifests[nearest := self.nearest(found, path)]
        assert isinstance(manifest, kind)
        return folder_of(nearest), manifest

    def has_folder(self, folder: str) -> bool:
        """Whether a folder holds any file, at any depth."""
        return folder in self._folders

    def inside(self, folder: str, endings: tuple[str, ...], but: tuple[str, ...] = ()) -> list[str]:
        """Return the files of a folder by the endings of their names, in order, up to a limit."""
        listed = self._listed.get(folder)
        if listed is None:
            listed = sorted(self._folders.get(folder, ()))
            if listed:
                self._listed[folder] = listed
        names = (name for name in listed if name.endswith(endings) and not name.endswith(but))
        paths = (path for name in names if (path := within(folder, name)) in self._paths)
        return list(islice(paths, FOLDER_LIMIT))

    def first(self, paths: Iterable[str | None]) -> str | None:
        """Return the first of these that exists."""
        for path in paths:
            if path in self._paths:
                return path
        return None

    def ending(self, tail: str, path: str) -> list[str]:
        """Return the files whose path ends in these whole parts, as seen from a file."""
        found = self._by_name.get(name_of(tail), ())
        if len(found) > _BUSY:
            return [it for folder in above(path) if (it := within(folder, tail)) in self._paths]
        return _ending(found, tail)

    def folders_ending(self, tail: str, path: str) -> list[str]:
        """Return the folders whose path ends in these whole parts, as seen from a file."""
        found = self._folders_by_name.get(name_of(tail), ())
        if len(found) > _BUSY:
            return [it for folder in above(path) if (it := within(folder, tail)) in self._folders]
        return _ending(found, tail)

    def nearest(self, paths: Iterable[str], path: str) -> str:
        """Return which of some paths shares the most folders with a file; the shortest of those."""
        listed = list(paths)
        if len(listed) == 1:
            return listed[0]
        folders = [folder + "/" for folder in above(path)][:-1]

        def distance(other: str) -> tuple[int, int, str]:
            apart = next(
                (at for at, it in enumerate(folders) if other.startswith(it)), len(folders)
            )
            return apart, other.count("/"), other

        return min(listed, key=distance)

    def find(self, tails: Iterable[str], path: str) -> str | None:
        """Return the nearest file whose path ends in one of these; earlier ones win."""
        for tail in tails:
            if found := self.ending(tail, path):
                return self.nearest(found, path)
        return None

    def closest(self, folders: Sequence[str], name: str, least: int, path: str) -> str | None:
        """Return the file of a name that shares the most folders before it with some.

        For languages whose folders leave out the beginning of a name that all files share.

        Args:
            folders: what the import spells before the file.
            name: the file.
            least: how many of the folders it has to share.
            path: the importing file.
        """
        best: list[str] = []
        for found in self.ending(name, path):
            shared = _shared(folder_of(found).split("/"), folders)
            if shared > least:
                best, least = [found], shared
            elif shared == least:
                best.append(found)
        return self.nearest(best, path) if best else None


def _drop(table: dict[str, list[str]], key: str, value: str) -> None:
    left = table[key]
    left.remove(value)
    if not left:
        del table[key]


def _ending(paths: Iterable[str], tail: str) -> list[str]:
    whole = "/" + tail
    return [path for path in paths if path.endswith(whole) or path == tail]


def _shared(left: Sequence[str], right: Sequence[str]) -> int:
    """Count the last parts that two paths have in common."""
    count = 0
    for one, other in zip(reversed(left), reversed(right), strict=False):
        if one != other:
            break
        count += 1
    return count
