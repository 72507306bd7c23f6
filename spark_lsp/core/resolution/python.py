"""Python: packages, modules and names; a root is any folder from which the dotted path leads on."""

import re
from collections.abc import Iterable, Iterator, Sequence

from spark_lsp.core.resolution.files import Files
from spark_lsp.core.resolution.paths import above, folder_of, is_above, name_of, within
from spark_lsp.core.resolution.targets import EVERYTHING, Found
from spark_lsp.core.resolution.words import listed

_WORD = re.compile(r"#[^\n]*|\w+|[.,*;]")

_MODULES = 64
"""Modules of one statement that are looked up."""

_ROOTS = frozenset({"src", "lib", "libs", "python", "py", "source", "app", "backend", "server"})
"""Folders that are a root by custom. A lone module elsewhere may just be called like a library."""

_ASIDE = listed("tests test testing testdata fixtures examples example samples docs doc benchmarks")
"""Folders that nothing outside of them imports from as a root."""

# A module of the workspace is seldom called like one of these, and a wrapper of it often is.
_STANDARD = listed(
    """abc argparse array ast asyncio base64 binascii bisect builtins bz2 calendar cgi cmath cmd
    code codecs collections colorsys compileall concurrent configparser contextlib contextvars copy
    copyreg csv ctypes curses dataclasses datetime dbm decimal difflib dis doctest email encodings
    enum errno faulthandler fcntl filecmp fnmatch fractions ftplib functools gc getopt getpass
    gettext glob graphlib grp gzip hashlib heapq hmac html http imaplib importlib inspect io
    ipaddress itertools json keyword linecache locale logging lzma mailbox marshal math mimetypes
    mmap multiprocessing netrc numbers operator os pathlib pdb pickle pkgutil platform plistlib
    poplib posixpath pprint profile pstats pty pwd pydoc queue quopri random re readline resource
    runpy sched secrets select selectors shelve shlex shutil signal site smtplib socket socketserver
    sqlite3 ssl stat statistics string stringprep struct subprocess symtable sys sysconfig syslog
    tarfile tempfile termios textwrap threading time timeit tkinter token tokenize tomllib trace
    traceback tracemalloc tty turtle types typing unicodedata unittest urllib uuid venv warnings
    wave weakref webbrowser winreg wsgiref xml xmlrpc zipapp zipfile zipimport zlib zoneinfo
    __future__ __main__"""
)


def resolve(path: str, statement: str, files: Files, found: Found) -> None:
    """Find what `import` or `from ... import` means in a file."""
    words = [it for it in _WORD.findall(statement) if it[0] != "#"]
    if not words:
        return
    if words[0] == "from" and "import" in words:
        at = words.index("import")
        names = [part[0] for part in _parts(words[at + 1 :])]
        _from(path, "".join(words[1:at]), names, files, found)
    elif words[0] in {"import", "cimport"}:
        for part in list(_parts(words[1:]))[:_MODULES]:
            module = "".join(part[: part.index("as")] if "as" in part else part)
            found.add(_module(module, path, files))


def _parts(words: Sequence[str]) -> Iterator[list[str]]:
    """Yield what stands between commas."""
    part: list[str] = []
    for word in (*words, ","):
        if word not in {",", ";"}:
            part.append(word)
        elif part:
            yield part
            part = []


def _from(path: str, module: str, names: Sequence[str], files: Files, found: Found) -> None:
    plain = module.lstrip(".")
    if plain != module:
        folder = _relative(path, len(module) - len(plain), plain)
        if folder is not None:
            _take(_own(folder, files), folder, names, files, found)
        return
    if own := _module(plain, path, files):
        is_package = name_of(own).startswith("__init__.")
        _take(own, folder_of(own) if is_package else None, names, files, found)
        return
    # A package without a file of its own has nothing but modules.
    tail = plain.replace(".", "/")
    folders = _plausible(files.folders_ending(tail, path), tail, path, files)
    holding = [it for it in folders if any(_own(f"{it}/{name}", files) for name in names)]
    if holding:
        _take(None, files.nearest(holding, path), names, files, found)


def _take(
    own: str | None, folder: str | None, names: Sequence[str], files: Files, found: Found
) -> None:
    """Take names from a module: those that are modules of their own stand for themselves."""
    for name in names:
        inner = _own(within(folder, name), files) if folder is not None else None
        if inner is not None and name != EVERYTHING:
            found.add(inner)
        else:
            found.add(own, (name,))


def _relative(path: str, level: int, module: str) -> str | None:
    """Return where a relative module would be, or None if that is outside of the workspace."""
    folder = folder_of(path)
    for _ in range(level - 1):
        if not folder:
            return None
        folder = folder_of(folder)
    return within(folder, module.replace(".", "/"))


def _own(place: str, files: Files) -> str | None:
    """Return the file of the module at a place without ending."""
    package = within(place, "__init__.py")
    modules = (place + ".py", place + ".pyi") if place else ()
    return files.first((package, package + "i", *modules))


def _module(module: str, path: str, files: Files) -> str | None:
    """Return the file that an absolute module means."""
    tail = module.replace(".", "/")
    if not tail:
        return None
    found = [*files.ending(tail + ".py", path), *files.ending(tail + ".pyi", path)]
    places = dict.fromkeys(it[: it.rfind(".")] for it in found)
    for folder in files.folders_ending(tail, path):
        if files.first((folder + "/__init__.py", folder + "/__init__.pyi")):
            places[folder] = None
    plausible = [it for it in _plausible(places, tail, path, files) if _own(it, files) != path]
    return _own(files.nearest(plausible, path), files) if plausible else None


def _plausible(places: Iterable[str], tail: str, path: str, files: Files) -> list[str]:
    """Return the places whose root Python may have on its search path."""
    return [it for it in places if _is_root(it[: -len(tail) - 1], tail, path, files)]


def _is_root(root: str, tail: str, path: str, files: Files) -> bool:
    """Whether a folder may be a root for a file.

    A folder inside of a package is one only for what lies in it, such as a project among the test
    data; a package itself is one only if someone runs its modules as scripts.
    """
    if not root:
        return True
    is_above_it = is_above(root, path)
    first, _, rest = tail.partition("/")
    if first in _STANDARD:
        return is_above_it and not _is_package(root, files)
    if _is_package(root, files):
        return is_above_it and not _is_package(folder_of(root), files)
    return is_above_it or (
        (bool(rest) or name_of(root) in _ROOTS or _is_package(within(root, tail), files))
        and not _is_aside(root, path, files)
    )


def _is_aside(root: str, path: str, files: Files) -> bool:
    """Whether a folder lies in one that keeps its modules for itself, and a file does not."""
    # With a name at the end, so that the root itself is among the folders above.
    return any(
        _is_package(folder, files) or (name_of(folder) in _ASIDE and not is_above(folder, path))
        for folder in above(root + "/.")
        if folder
    )


def _is_package(folder: str, files: Files) -> bool:
    return within(folder, "__init__.py") in files
