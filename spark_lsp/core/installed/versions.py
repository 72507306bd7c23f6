"""Which versions of its dependencies a workspace means, and where these lie.

Owns the reading of go.mod, Cargo.lock and Cargo.toml, as far as it says that, and of pyvenv.cfg.
Each is read line by line; of a huge one only the beginning counts.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

_SIZE = 1_000_000
"""Characters that are read."""

_GO_REQUIRED = re.compile(
    r"^[ \t]*+(?:require[ \t]++)?([\w.~/-]++)[ \t]++(v[\w.+-]++)", re.MULTILINE
)
_GO_REPLACED = re.compile(
    r"^[ \t]*+(?:replace[ \t]++)?([\w.~/-]++)(?:[ \t]++v[\w.+-]++)?[ \t]++=>[ \t]++"
    r"([\w.~/-]++)[ \t]++(v[\w.+-]++)",
    re.MULTILINE,
)
_LOCKED = re.compile(r'^name = "([\w-]++)"\nversion = "([\w.+-]++)"\nsource = ', re.MULTILINE)
_REQUIRED = re.compile(
    r'^([\w-]++)[ \t]*+=[ \t]*+(?:\{(?:[^}\n]*?\b)version[ \t]*+=[ \t]*+)?"[=^~ ]*+([\d.]++)',
    re.MULTILINE,
)
_HOME = re.compile(r"^home[ \t]*+=[ \t]*+([^\n]++)$", re.MULTILINE)
_UPPER = re.compile(r"[A-Z]")
_DIGITS = re.compile(r"\d+")


def go_modules(manifest: str) -> dict[str, str]:
    """Return the modules that a go.mod requires, and the folder of each in the module cache."""
    text = manifest[:_SIZE]
    found = {name: f"{name}@{version}" for name, version in _GO_REQUIRED.findall(text)}
    for name, other, version in _GO_REPLACED.findall(text):
        found[name] = f"{other}@{version}"
    return {name: _escaped(folder) for name, folder in found.items() if ".." not in folder}


def go_folders(modules: Mapping[str, str], package: str) -> Iterator[str]:
    """Yield where a package may lie in the module cache: in the longest module first."""
    prefix = package
    while prefix:
        if prefix in modules:
            yield modules[prefix] + package[len(prefix) :]
        prefix = prefix[: max(prefix.rfind("/"), 0)]


def _escaped(path: str) -> str:
    """Return a path as the module cache has it, where upper and lower case may be one."""
    return _UPPER.sub(lambda match: "!" + match[0].lower(), path)


def crates(lock: str, manifests: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Return the crates of a workspace by the name that sources use, with what their version is.

    Of a Cargo.lock, that is the whole version; where there is none ("") it is what its Cargo.toml
    files require, with which a version begins.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    pairs = _LOCKED.findall(lock[:_SIZE].replace("\r\n", "\n"))
    if not pairs:
        pairs = [it for text in manifests for it in _REQUIRED.findall(text[:_SIZE])]
    for name, version in pairs:
        found.setdefault(name.replace("-", "_"), []).append((name, version))
    return found


def crate_folder(wanted: Iterable[tuple[str, str]], present: Iterable[str]) -> str | None:
    """Return which of the folders that are `present` holds a crate: that of the newest version."""
    starts = [f"{name}-{version}" for name, version in wanted]
    fitting = [
        folder
        for folder in present
        if any(folder == it or folder.startswith((it + ".", it + "+")) for it in starts)
    ]
    return max(fitting, key=_newness, default=None)


def _newness(folder: str) -> tuple[list[int], str]:
    version = folder.rpartition("-")[2]
    return [int(it) for it in _DIGITS.findall(version)[:4]], folder


def interpreter(configuration: str) -> str | None:
    """Return the folder of the interpreter that a pyvenv.cfg names."""
    match = _HOME.search(configuration[:_SIZE])
    return match[1].strip() if match else None
