"""Which lines are asked for: after RepoBench, made with `ast` alone and the same on each machine.

* `XF-F`: the first line of a file that uses a name imported from another file of the repository;
* `XF-R`: a later line that uses such a name;
* `IF`: a line of a function's body that uses none.
"""

import ast
import keyword
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from benchmarks.retrieval.repository import WORD, Definition, File, Import, Repository

KINDS: Final = ("XF-F", "XF-R", "IF")
_WIDEST: Final = 200
_TESTS: Final = frozenset({"tests", "test"})


@dataclass(frozen=True)
class Task:
    """A line of a file that is to be written, given what stands above and below it."""

    kind: str
    file: File
    line: int
    """Counted from 1."""
    gold: Definition | None
    """What the line uses from another file."""

    @cached_property
    def prefix(self) -> str:
        """The open file up to the start of the line."""
        return "".join(f"{line}\n" for line in self.file.lines[: self.line - 1])

    @cached_property
    def suffix(self) -> str:
        """The open file after the line."""
        return "\n".join(self.file.lines[self.line :])

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """The imports above the line."""
        return tuple(it for it in self.file.imports if it.line < self.line)

    @cached_property
    def novel(self) -> frozenset[str]:
        """The identifiers of the line that do not occur above it."""
        words = set(WORD.findall(self.file.lines[self.line - 1])) - set(keyword.kwlist)
        return frozenset(words - set(WORD.findall(self.prefix))) if words else frozenset()


def tasks_of(repository: Repository, sources: str, count: int) -> list[Task]:
    """Return at most `count` tasks of each kind from files below `sources`, tests left out."""
    found: dict[str, list[Task]] = {kind: [] for kind in KINDS}
    for path, file in repository.files.items():
        if path.startswith(sources) and not _TESTS.intersection(path.split("/")):
            for task in _candidates(repository, file):
                found[task.kind].append(task)
    chosen = []
    for kind in KINDS:
        lots = random.Random(kind)  # noqa: S311  # has to be repeatable, not secret
        drawn = lots.sample(found[kind], min(count, len(found[kind])))
        chosen += sorted(drawn, key=lambda task: (task.file.path, task.line))
    return chosen


def _candidates(repository: Repository, file: File) -> Iterator[Task]:
    golds = _imported(repository, file)
    uses: dict[int, list[str]] = {}
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Name) and node.id in golds:
            uses.setdefault(node.lineno, []).append(node.id)
    seen: set[str] = set()
    code = _code_lines(file)
    for line in sorted(uses):
        names = sorted(name for name in set(uses[line]) if golds[name][0] < line)
        fresh = [name for name in names if name not in seen]
        seen.update(names)
        if names and len(file.lines[line - 1]) <= _WIDEST:
            name = (fresh or names)[0]
            yield Task("XF-F" if fresh else "XF-R", file, line, golds[name][1])
    for line in sorted(code - set(uses)):
        yield Task("IF", file, line, None)


def _imported(repository: Repository, file: File) -> dict[str, tuple[int, Definition]]:
    """Return the line and the definition of each name that means one thing of another file."""
    stored = {
        node.id
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }
    stored |= {node.arg for node in ast.walk(file.tree) if isinstance(node, ast.arg)}
    found: dict[str, tuple[int, Definition]] = {}
    unclear = set(stored)
    for it in file.imports:
        definitions = repository.resolve(it) if it.name not in {"", "*"} else []
        elsewhere = bool(definitions) and definitions[0].path != file.path
        if elsewhere:
            found.setdefault(it.local, (it.line, definitions[0]))
        if not elsewhere or found[it.local][1] != definitions[0]:
            unclear.add(it.local)
    return {name: place for name, place in found.items() if name not in unclear}


def _code_lines(file: File) -> set[int]:
    """Return the lines of functions' bodies on which an expression or statement stands."""
    lines: set[int] = set()
    for function in ast.walk(file.tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            body = function.body[1:] if ast.get_docstring(function) is not None else function.body
            for statement in body:
                lines |= {it.lineno for it in ast.walk(statement) if isinstance(it, ast.expr)}
                lines.add(statement.lineno)
    return {it for it in lines if WORD.search(line := file.lines[it - 1]) and len(line) <= _WIDEST}
