"""Which installed dependencies of a workspace are on disk, and what is in them.

Owns where each ecosystem keeps them: environments of Python and its standard library,
`node_modules`, vendored packages and the module cache of Go, the registry of cargo, vendored
headers. Which files of a package are taken, and in which order, is decided by `core.installed`.

What is found here lies outside of what git tracks, and it is for the embedded engine alone, which
is local: nothing of it may come into a prompt, an index or a store. `.sparkignore` and
`.spark-lsp.toml` can forbid what of it lies in the workspace, as they can its own files. Links are
followed only where a package manager sets them, from a folder of packages into itself. Whatever is
missing or cannot be read is passed over.
"""

import os
import re
import stat
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

from spark_lsp.core.exclusion import SIZE_LIMIT, excluded_by_content
from spark_lsp.core.installed import files, imports, versions
from spark_lsp.core.installed.files import Kind
from spark_lsp.core.installed.imports import Import
from spark_lsp.core.resolution import manifests
from spark_lsp.core.resolution.manifests import Package
from spark_lsp.core.resolution.paths import join, name_of, within
from spark_lsp.server import walk
from spark_lsp.server.walk import Entry, Judge

_FOLDERS = 300
"""Folders of a package that are looked into."""
_LIBRARIES = 100
"""Vendored libraries of C that are looked for headers."""

_ENVIRONMENTS = (".venv", "venv", "env")
_VENDORED = ("vendor", "third_party", "external")
_PYTHON = re.compile(r"python3\.\d+")


@dataclass(frozen=True, slots=True)
class Dependency(Entry):
    """A file of an installed package; its path is for showing.

    Attributes:
        base: the folder of packages that it lies in.
        inner: its path in there.
    """

    base: Path
    inner: str


@dataclass(frozen=True, slots=True)
class _Base:
    """A folder of packages, and what is shown in its place."""

    folder: Path
    shown: str


def read(found: Dependency) -> str | None:
    """Return the text of a file, or None if it is none that a person wrote."""
    text = walk.read(found.base, found.inner)
    return None if text is None or excluded_by_content(found.path, text) else text


class Dependencies:
    """What is installed for a workspace, as it is on disk while this is asked."""

    def __init__(
        self,
        root: Path,
        paths: Iterable[str],
        environ: Mapping[str, str] = os.environ,
        home: Path | None = None,
    ) -> None:
        """Take the workspace and the relative paths of its files.

        Of the environment, the variables count that say where packages lie.
        """
        self._root = Path(os.path.realpath(root))
        self._judge = Judge(self._root)
        self._environ = environ
        self._home = Path.home() if home is None else home
        paths = list(paths)
        self._own = files.own(paths)
        self._projects = files.projects(paths)
        self._included: set[tuple[_Base, str]] = set()

    def packages(self, wanted: Sequence[Import]) -> Iterator[Iterator[Dependency]]:
        """Yield the files of each package that is wanted and found, in the order of the wishes.

        What comes with Python comes last: it is the same everywhere, and learned from a page.
        """
        finders: dict[str, Callable[[str], Iterator[Dependency]]] = {
            imports.C: self._c,
            imports.GO: self._go,
            imports.NODE: self._node,
            imports.PYTHON: self._python,
            imports.RUST: self._rust,
        }
        missing = []
        for it in wanted:
            found = finders[it.ecosystem](it.name)
            if (first := next(found, None)) is not None:
                yield chain((first,), found)
            elif it.ecosystem == imports.PYTHON:
                missing.append(it.name)
        library = self._library() if missing else None
        if library is not None:
            yield from (self._module(library, name) for name in missing)

    # --- Python ----------------------------------------------------------------------------------

    def _python(self, name: str) -> Iterator[Dependency]:
        return _first(self._module(base, name) for base in self._environments)

    def _module(self, base: _Base, name: str) -> Iterator[Dependency]:
        """Yield the files of a Python module, unless the workspace has one of this name."""
        if name in self._own:
            return
        for file in (f"{name}.py", f"{name}.pyi"):
            if self._may(base, file) and (one := _dependency(base, file)):
                yield one
        yield from self._listed(base, name, files.PYTHON)
        yield from self._listed(base, f"{name}-stubs", files.PYTHON)

    @cached_property
    def _environments(self) -> list[_Base]:
        return [_Base(site, "site-packages") for home in self._homes for site in _sites(home)]

    @cached_property
    def _homes(self) -> list[Path]:
        """The environments: the workspace's own, then those that are active."""
        own = [self._root / project / name for project in self._projects for name in _ENVIRONMENTS]
        found = [it for it in own if self._inside(it) and _is_file(it / "pyvenv.cfg")]
        active = filter(None, map(self._environ.get, ("VIRTUAL_ENV", "CONDA_PREFIX")))
        return list(dict.fromkeys([*found, *(Path(os.path.realpath(it)) for it in active)]))

    def _library(self) -> _Base | None:
        """Return the standard library: of the first environment that says, or our own."""
        found = [library for home in self._homes for library in _libraries(home)]
        for folder in (*found, Path(sysconfig.get_path("stdlib"))):
            if _is_file(folder / "os.py"):
                return _Base(folder, f"lib/{folder.name}")
        return None

    # --- JavaScript and TypeScript ---------------------------------------------------------------

    def _node(self, name: str) -> Iterator[Dependency]:
        """Return what declares a package, or its sources where nothing does."""
        return _first(it for base in self._node_modules for it in self._declared(base, name))

    @cached_property
    def _node_modules(self) -> list[_Base]:
        return self._beside(("node_modules",))

    def _declared(self, base: _Base, name: str) -> Iterator[Iterator[Dependency]]:
        text = walk.read(base.folder, f"{name}/package.json") if self._may(base, name) else None
        manifest = manifests.read("package.json", text) if text is not None else None
        entries = manifest.entries if isinstance(manifest, Package) else ()
        types = "@types/" + name.removeprefix("@").replace("/", "__")
        yield chain(
            self._listed(base, name, files.DECLARATIONS, entries),
            self._listed(base, types, files.DECLARATIONS),
        )
        yield self._listed(base, name, files.JAVASCRIPT, entries)

    # --- Go --------------------------------------------------------------------------------------

    def _go(self, name: str) -> Iterator[Dependency]:
        cached = (it for each in self._go_modules for it in versions.go_folders(each, name))
        return _first(
            chain(
                (self._listed(base, name, files.GO) for base in self._go_vendored),
                (self._listed(self._go_cache, it, files.GO) for it in cached),
            )
        )

    @cached_property
    def _go_modules(self) -> list[dict[str, str]]:
        return [versions.go_modules(text) for text in self._texts("go.mod")]

    @cached_property
    def _go_vendored(self) -> list[_Base]:
        return self._beside(("vendor",))

    @cached_property
    def _go_cache(self) -> _Base:
        path = self._environ.get("GOPATH", "").split(os.pathsep)[0] or self._home / "go"
        cache = self._environ.get("GOMODCACHE") or Path(path) / "pkg" / "mod"
        return _Base(Path(cache), "pkg/mod")

    # --- Rust ------------------------------------------------------------------------------------

    def _rust(self, name: str) -> Iterator[Dependency]:
        wanted = self._crates.get(name, ())
        return _first(
            self._listed(_Base(folder / crate, f"registry/src/{crate}"), "src", files.RUST)
            for folder, present in self._registries
            if (crate := versions.crate_folder(wanted, present)) is not None
        )

    @cached_property
    def _crates(self) -> dict[str, list[tuple[str, str]]]:
        return versions.crates("\n".join(self._texts("Cargo.lock")), self._texts("Cargo.toml"))

    @cached_property
    def _registries(self) -> list[tuple[Path, list[str]]]:
        cargo = Path(self._environ.get("CARGO_HOME") or self._home / ".cargo")
        sources = cargo / "registry" / "src"
        return [(sources / index, _names(sources / index)) for index in _names(sources)]

    # --- C and C++ -------------------------------------------------------------------------------

    def _c(self, name: str) -> Iterator[Dependency]:
        """Yield the headers of the vendored library that a header belongs to, once."""
        for base, library, path in self._headers.get(name.rpartition("/")[2], ()):
            if f"/{path}".endswith(f"/{name}"):
                if (base, library) not in self._included:
                    self._included.add((base, library))
                    yield from self._listed(base, library, files.HEADERS)
                return

    @cached_property
    def _headers(self) -> dict[str, list[tuple[_Base, str, str]]]:
        """Vendored headers by name: in which library of which folder, and their path there."""
        found: dict[str, list[tuple[_Base, str, str]]] = {}
        for base in self._beside(_VENDORED):
            for library in _names(base.folder)[:_LIBRARIES]:
                for path in self._paths(base, library, files.HEADERS):
                    found.setdefault(name_of(path), []).append((base, library, path))
        return found

    # --- Folders ---------------------------------------------------------------------------------

    def _texts(self, manifest: str) -> list[str]:
        """Return the manifests of a name in the folders of projects."""
        read = (walk.read(self._root, within(it, manifest)) for it in self._projects)
        return [text for text in read if text is not None]

    def _beside(self, names: Iterable[str]) -> list[_Base]:
        """Return the folders of these names that lie in the folders of projects."""
        shown = [within(project, name) for project in self._projects for name in names]
        bases = [_Base(self._root / it, it) for it in shown]
        return [it for it in bases if self._inside(it.folder) and _is_folder(it.folder)]

    def _inside(self, folder: Path) -> bool:
        """Whether a folder of the workspace is one without any link on the way to it."""
        home = os.path.realpath(self._root)
        try:
            return Path(os.path.realpath(folder)) == home / folder.relative_to(self._root)
        except (OSError, ValueError):
            return False

    def _may(self, base: _Base, inner: str) -> bool:
        """Whether the person has not forbidden to read something that lies in the workspace."""
        whole = base.folder / inner
        if not whole.is_relative_to(self._root):
            return True
        rules, path = self._judge.place(""), ""
        for part in whole.relative_to(self._root).parts:
            path = within(path, part)
            if rules is None or rules.forbids(os.fsencode(path), directory=True):
                return False
            # Nothing is said inside of what is not entered, and what was said above still counts.
            rules = self._judge.place(f"{path}/") or rules
        return True

    def _listed(
        self, base: _Base, package: str, kind: Kind, entries: Iterable[str] = ()
    ) -> Iterator[Dependency]:
        """Yield the files of a package: the entries that it names, then as their kind is sorted."""
        named = [join(package, it) for it in entries]
        front = [it for it in named if it and it.startswith(package + "/") and kind.takes(it)]
        for path in dict.fromkeys(chain(front, self._paths(base, package, kind))):
            if found := _dependency(base, path):
                yield found

    def _paths(self, base: _Base, package: str, kind: Kind) -> Iterator[str]:
        """Yield the paths of the files of a package, level by level."""
        level = [package] if self._may(base, package) and _leads_inside(base, package) else []
        if level and kind.takes(name_of(package)):
            yield package  # a library of one header
        left = _FOLDERS
        while level and left:
            names: list[str] = []
            deeper: list[str] = []
            for folder in level[:left]:
                with suppress(OSError, ValueError), os.scandir(base.folder / folder) as found:
                    for it in found:
                        path = within(folder, it.name)
                        if it.is_dir(follow_symlinks=False):
                            deeper += [path] if kind.enters(it.name) else []
                        elif kind.takes(it.name):
                            names.append(path)
            left -= min(left, len(level))
            yield from sorted(names, key=kind.order)
            level = sorted(deeper)


def _first(found: Iterable[Iterator[Dependency]]) -> Iterator[Dependency]:
    """Return the first of these that yields anything."""
    for it in found:
        if (first := next(it, None)) is not None:
            return chain((first,), it)
    return iter(())


def _dependency(base: _Base, inner: str) -> Dependency | None:
    """Return a file, if it is an ordinary one of a size that is read."""
    try:
        found = (base.folder / inner).lstat()
        inner.encode()
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(found.st_mode) or found.st_size > SIZE_LIMIT:
        return None
    shown = within(base.shown, inner)
    return Dependency(shown, found.st_size, found.st_mtime_ns, base.folder, inner)


def _leads_inside(base: _Base, package: str) -> bool:
    """Whether a package lies in its folder of packages once links are resolved."""
    try:
        home = os.path.realpath(base.folder)
        return Path(os.path.realpath(base.folder / package)).is_relative_to(home)
    except (OSError, ValueError):
        return False


def _sites(home: Path) -> list[Path]:
    """Return the folders of packages of an environment."""
    libraries = [home / "lib" / name for name in _names(home / "lib") if _PYTHON.fullmatch(name)]
    found = [it / "site-packages" for it in (*libraries, home / "Lib")]
    return [it for it in found if _is_folder(it)]


def _libraries(home: Path) -> list[Path]:
    """Return where the standard library of an environment should be."""
    said = versions.interpreter(walk.read(home, "pyvenv.cfg") or "")
    if said is None:
        # The interpreter's own, as conda's are.
        return [site.parent for site in _sites(home)]
    if not Path(said).is_absolute():
        return []
    return [*(Path(said).parent / "lib" / it.parent.name for it in _sites(home)), Path(said, "Lib")]


def _is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113 - does not raise where it may not look


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - same


def _names(folder: Path) -> list[str]:
    """Return what a folder holds, in order."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - names are wanted
    except (OSError, ValueError):
        return []
