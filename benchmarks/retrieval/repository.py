"""A repository as the rankers see it: files, top-level definitions, and what names lead to.

Read with the standard library's `ast`, on purpose apart from the product's own index: a yardstick
that shared its code would share its blind spots.
"""

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

WORD: Final = re.compile(r"[^\W\d]\w*")
_LARGEST: Final = 1_000_000
"""Bytes of the largest file that is read."""
_HOPS: Final = 8
"""Re-exports followed on the way to a definition."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Definition:
    """A top-level function, class or variable; lines count from 1, both ends included."""

    path: str
    name: str
    start: int
    end: int
    signature: str = field(compare=False)
    """Its header; of a class, its methods' headers as well; of a variable, its first line."""
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Import:
    """A name that a line binds to `name` of `module`; "*" is everything, "" the module itself."""

    line: int
    local: str
    module: str
    name: str


@dataclass(frozen=True)
class File:
    """A file, its syntax tree, and what it defines and imports."""

    path: str
    text: str
    tree: ast.Module
    definitions: tuple[Definition, ...]
    imports: tuple[Import, ...]

    @cached_property
    def lines(self) -> list[str]:
        """The lines, without their ends."""
        return self.text.split("\n")

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word of the text."""
        return frozenset(WORD.findall(self.text))


class Repository:
    """The modules below a folder, and the way from an import to a definition."""

    def __init__(self, files: dict[str, str], root: str) -> None:
        """Take texts by path; what does not parse is left out."""
        self.files: dict[str, File] = {}
        self._modules: dict[str, str] = {}
        for path in sorted(files):
            tree = _parsed(files[path])
            if tree is not None:
                module = _module(path, root)
                text = files[path]
                self._modules[module] = path
                self.files[path] = File(
                    path, text, tree, _definitions(path, text, tree), _imports(path, module, tree)
                )
        self.definitions = [it for file in self.files.values() for it in file.definitions]
        self.by_name: dict[str, list[Definition]] = {}
        for definition in self.definitions:
            self.by_name.setdefault(definition.name, []).append(definition)
        self._top: dict[tuple[str, str], Definition] = {}
        for definition in self.definitions:
            self._top.setdefault((definition.path, definition.name), definition)

    def resolve(self, found: Import) -> list[Definition]:
        """Return what an import leads to: nothing if that is no definition of this repository."""
        path = self._modules.get(found.module)
        if found.name == "*":
            return list(self._public(path, 0)) if path else []
        definition = self._named(found.module, found.name, 0)
        return [definition] if definition else []

    def module(self, found: Import) -> str | None:
        """Return the path of the module that an import binds, if it binds one."""
        dotted = f"{found.module}.{found.name}" if found.name else found.module
        return self._modules.get(dotted)

    def _named(self, module: str, name: str, hops: int) -> Definition | None:
        path = self._modules.get(module)
        if path is None or hops > _HOPS:
            return None
        if (path, name) in self._top:
            return self._top[path, name]
        stars = []
        for further in self.files[path].imports:
            if further.local == name and further.name not in {"", "*"}:
                return self._named(further.module, further.name, hops + 1)
            if further.name == "*":
                stars.append(further)
        onward = (self._named(star.module, name, hops + 1) for star in stars)
        return next((found for found in onward if found is not None), None)

    def _public(self, path: str, hops: int) -> Iterator[Definition]:
        for definition in self.files[path].definitions:
            if not definition.name.startswith("_"):
                yield definition
        for further in self.files[path].imports if hops < _HOPS else ():
            if further.name == "*" and (onward := self._modules.get(further.module)):
                yield from self._public(onward, hops + 1)


def read(folder: Path, root: str) -> Repository:
    """Read the files below a folder, whose modules are imported from `root` or from the top."""
    files: dict[str, str] = {}
    for path in sorted(folder.rglob("*.py")):
        if path.stat().st_size <= _LARGEST:
            text = path.read_bytes().decode("utf-8", "replace")
            name = path.relative_to(folder).as_posix()
            files[name] = text.replace("\r\n", "\n").replace("\r", "\n")
    return Repository(files, root)


def _parsed(text: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            return None


def _module(path: str, root: str) -> str:
    return (
        path.removeprefix(f"{root}/")
        .removesuffix(".py")
        .removesuffix("/__init__")
        .replace("/", ".")
    )


def _definitions(path: str, text: str, tree: ast.Module) -> tuple[Definition, ...]:
    lines = text.split("\n")
    found = []
    for node in _top_level(tree.body):
        start = min([node.lineno, *(it.lineno for it in getattr(node, "decorator_list", ()))])
        end = node.end_lineno or node.lineno
        body = "\n".join(lines[start - 1 : end])
        if isinstance(node, _Function):
            found.append(Definition(path, node.name, start, end, _header(lines, node), body))
        elif isinstance(node, ast.ClassDef):
            methods = [_header(lines, it) for it in node.body if isinstance(it, _Function)]
            signature = "\n".join([_header(lines, node), *methods])
            found.append(Definition(path, node.name, start, end, signature, body))
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found += [
                Definition(path, it.id, start, end, lines[start - 1], body)
                for it in targets
                if isinstance(it, ast.Name)
            ]
    return tuple(found)


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module, also those that stand in an `if` or `try`."""
    for node in body:
        yield node
        for block in ("body", "orelse", "finalbody"):
            if isinstance(node, ast.If | ast.Try):
                yield from _top_level(getattr(node, block, []))
        if isinstance(node, ast.Try):
            for handler in node.handlers:
                yield from _top_level(handler.body)


def _header(lines: list[str], node: _Function | ast.ClassDef) -> str:
    last = max(node.lineno, node.body[0].lineno - 1)
    header = lines[node.lineno - 1 : last]
    # What stands between the header and the first statement may be a comment.
    while len(header) > 1 and not header[-1].split("#")[0].rstrip().endswith(":"):
        header.pop()
    return "\n".join(header)


def _imports(path: str, module: str, tree: ast.Module) -> tuple[Import, ...]:
    package = module if path.endswith("__init__.py") else module.rpartition(".")[0]
    found = []
    for node in ast.walk(tree):
        line = getattr(node, "end_lineno", 0)
        if isinstance(node, ast.Import):
            found += [
                Import(line, it.asname or it.name.partition(".")[0], it.name, "")
                for it in node.names
                if it.asname or "." not in it.name
            ]
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            if node.level:
                base = package.split(".")
                base = base[: len(base) - node.level + 1]
                source = ".".join([*base, source]) if source else ".".join(base)
            found += [Import(line, it.asname or it.name, source, it.name) for it in node.names]
    return tuple(sorted(found, key=lambda it: it.line))
