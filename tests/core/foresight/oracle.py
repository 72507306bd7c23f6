"""What Python itself says of the names in a file: `symtable` resolves, `ast` tells the places.

A witness that shares no code with what it judges.
"""

import ast
import re
import symtable
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

Key = tuple[int, str]
"""The identity of a scope's table, and a name bound in it."""
Table = symtable.SymbolTable
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_COMPREHENSIONS: dict[type[_Comprehension], str] = {
    ast.ListComp: "listcomp",
    ast.SetComp: "setcomp",
    ast.DictComp: "dictcomp",
    ast.GeneratorExp: "genexpr",
}


@dataclass
class Oracle:
    """The variables of a file.

    Attributes:
        source: the text of the file.
        places: where each is mentioned, in code points.
        bound: where each is bound.
        imported: those that an import binds.
        keywords: names that calls use for arguments, unless it is known of which function.
    """

    source: str
    places: dict[Key, set[int]] = field(default_factory=lambda: defaultdict(set))
    bound: dict[Key, set[int]] = field(default_factory=lambda: defaultdict(set))
    imported: set[Key] = field(default_factory=set)
    keywords: set[str] = field(default_factory=set)

    def renamed(self, key: Key, new: str) -> str:
        """Return the file with a variable renamed."""
        return replaced(self.source, self.places[key], key[1], new)


def replaced(text: str, places: set[int], old: str, new: str) -> str:
    """Return a text with a word replaced where it stands."""
    for at in sorted(places, reverse=True):
        assert text[at : at + len(old)] == old, (at, old, text[at : at + 20])
        text = text[:at] + new + text[at + len(old) :]
    return text


def read(source: str) -> Oracle:
    """Return the variables of a file that can be parsed."""
    oracle = Oracle(source)
    reader = _Reader(oracle)
    reader.inside(ast.parse(source), [symtable.symtable(source, "file", "exec")])
    reader.link()
    return oracle


class _Reader:
    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle
        lines = oracle.source.split("\n")
        self._lines = [line.encode() for line in lines]
        self._starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
        self._used: set[int] = set()
        self._functions: dict[Key, list[tuple[ast.AST, Table]]] = defaultdict(list)
        self._methods: dict[tuple[int, str], list[Table]] = defaultdict(list)
        self._calls: list[tuple[ast.Call, list[Table]]] = []

    def inside(self, node: ast.AST, tables: list[Table]) -> None:
        """Read what stands in a scope."""
        for child in ast.iter_child_nodes(node):
            self.visit(child, tables)

    def visit(self, node: ast.AST, tables: list[Table]) -> None:  # noqa: C901, PLR0912 - one arm a node
        """Read a node and what is below it."""
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._define(node, tables)
            case ast.ClassDef():
                table = self._child(tables, node.name, node.lineno)
                self._bind(node.name, self._after(node, r"class\s+"), tables)
                self._register(node, node.name, table, tables)
                for outer in (*node.decorator_list, *node.bases, *node.keywords):
                    self.visit(outer, tables)
                for inner in node.body:
                    self.visit(inner, [*tables, table])
            case ast.Lambda():
                for outer in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
                    self.visit(outer, tables)
                table = self._child(tables, "lambda", node.lineno)
                self._arguments(node.args, [*tables, table])
                self.visit(node.body, [*tables, table])
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self.visit(node.generators[0].iter, tables)
                self._comprehend(node, tables)
            case ast.Name():
                self._mention(node.id, self._at(node), tables, bind=isinstance(node.ctx, ast.Store))
            case ast.Global() | ast.Nonlocal():
                for name in node.names:
                    self._mention(name, self._after(node, rf".*?\b(?={name}\b)"), tables)
            case ast.alias():
                self._alias(node, tables)
            case ast.ExceptHandler():
                if node.name and node.type:
                    end = self._offset(node.type.end_lineno or 0, node.type.end_col_offset or 0)
                    self._bind(node.name, self._found(end, r"[)\s]*as\s+"), tables)
                self.inside(node, tables)
            case ast.MatchAs() | ast.MatchStar() | ast.MatchMapping():
                self._pattern(node, tables)
            case ast.AnnAssign():
                self._annotation(node.annotation, tables)
                for other in filter(None, (node.target, node.value)):
                    self.visit(other, tables)
            case ast.Call():
                self._calls.append((node, tables))
                self.inside(node, tables)
            case _:
                self.inside(node, tables)

    def _comprehend(self, node: _Comprehension, tables: list[Table]) -> None:
        within = [*tables, self._child(tables, _COMPREHENSIONS[type(node)], node.lineno)]
        for at, part in enumerate(node.generators):
            self.visit(part.target, within)
            for other in ([part.iter] if at else []) + part.ifs:
                self.visit(other, within)
        for made in [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]:
            self.visit(made, within)

    def link(self) -> None:
        """Bring arguments that are given by name to the parameters that they are for."""
        for call, tables in self._calls:
            function = self._called(call.func, tables)
            for argument in call.keywords:
                name = argument.arg
                if name and function and name in function.get_parameters():
                    self._oracle.places[function.get_id(), name].add(self._at(argument))
                elif name:
                    self._oracle.keywords.add(name)

    def _called(self, func: ast.expr, tables: list[Table]) -> symtable.Function | None:
        found: list[tuple[ast.AST, Table]] = []
        if isinstance(func, ast.Name):
            key = self._key(func.id, tables)
            if key and len(self._oracle.bound[key]) == 1:
                found = self._functions[key]
        node, table = found[0] if len(found) == 1 else (None, None)
        if isinstance(node, ast.ClassDef) and table:
            made = self._methods[table.get_id(), "__init__"]
            table = made[0] if len(made) == 1 else None
        return table if isinstance(table, symtable.Function) else None

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef, tables: list[Table]) -> None:
        table = self._child(tables, node.name, node.lineno)
        self._bind(node.name, self._after(node, r"(?:async\s+)?def\s+"), tables)
        self._register(node, node.name, table, tables)
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += filter(None, [arguments.vararg, arguments.kwarg])
        outside = [*node.decorator_list, *arguments.defaults, *arguments.kw_defaults]
        for outer in filter(None, outside):
            self.visit(outer, tables)
        for annotation in [*(it.annotation for it in every), node.returns]:
            self._annotation(annotation, tables)
        self._arguments(arguments, [*tables, table])
        for inner in node.body:
            self.visit(inner, [*tables, table])

    def _annotation(self, node: ast.expr | None, tables: list[Table]) -> None:
        """Read a type, and what is in quotes in it because it is not there yet."""
        if node is None:
            return
        self.visit(node, tables)
        todo: list[ast.AST] = [node]
        while todo:
            it = todo.pop()
            if isinstance(it, ast.Subscript) and ast.unparse(it.value).endswith("Literal"):
                continue
            if isinstance(it, ast.Constant) and isinstance(it.value, str):
                start = self._at(it) + 1
                for word in re.finditer(r"(?<![\w.])[^\W\d]\w*", it.value):
                    self._quoted(word[0], start + word.start(), tables)
            todo += ast.iter_child_nodes(it)

    def _quoted(self, name: str, at: int, tables: list[Table]) -> None:
        for depth in range(len(tables), 0, -1):
            if name in tables[depth - 1].get_identifiers():
                self._mention(name, at, tables[:depth])
                return

    def _arguments(self, node: ast.arguments, tables: list[Table]) -> None:
        every = [*node.posonlyargs, *node.args, *node.kwonlyargs, node.vararg, node.kwarg]
        for it in filter(None, every):
            self._bind(it.arg, self._at(it), tables)

    def _alias(self, node: ast.alias, tables: list[Table]) -> None:
        if node.name == "*":
            return
        bound = node.asname or node.name.partition(".")[0]
        at = self._at(node)
        if node.asname:
            at = self._found(at, rf"{re.escape(node.name)}\s+as\s+")
        self._bind(bound, at, tables)
        if key := self._key(bound, tables):
            self._oracle.imported.add(key)

    def _pattern(
        self, node: ast.MatchAs | ast.MatchStar | ast.MatchMapping, tables: list[Table]
    ) -> None:
        name = node.rest if isinstance(node, ast.MatchMapping) else node.name
        if name:
            end = self._offset(node.end_lineno or 0, node.end_col_offset or 0)
            start = self._at(node)
            if isinstance(node, ast.MatchAs):
                at = end - len(name)
            else:
                at = start + self._oracle.source[start:end].rindex(name)
            self._bind(name, at, tables)
        self.inside(node, tables)

    def _register(self, node: ast.AST, name: str, table: Table, tables: list[Table]) -> None:
        if tables[-1].get_type() == "class":
            self._methods[tables[-1].get_id(), name].append(table)
        elif key := self._key(name, tables):
            self._functions[key].append((node, table))

    def _bind(self, name: str, at: int, tables: list[Table]) -> None:
        self._mention(name, at, tables, bind=True)

    def _mention(self, name: str, at: int, tables: list[Table], *, bind: bool = False) -> None:
        if key := self._key(name, tables):
            self._oracle.places[key].add(at)
            if bind:
                self._oracle.bound[key].add(at)

    def _key(self, name: str, tables: Sequence[Table]) -> Key | None:
        """Return the variable that a name means in the last of some scopes."""
        symbol = tables[-1].lookup(_mangled(name, tables))
        if symbol.is_global() or len(tables) == 1:
            try:
                known = tables[0].lookup(name)
            except KeyError:
                return None
            is_bound = known.is_assigned() or known.is_imported() or known.is_namespace()
            return (tables[0].get_id(), name) if is_bound else None
        if symbol.is_free():
            for table in reversed(tables[1:-1]):
                holds = table.get_type() == "function" and name in table.get_identifiers()
                if holds and table.lookup(name).is_local():
                    return (table.get_id(), name)
            return None
        return (tables[-1].get_id(), name) if tables[-1].get_type() == "function" else None

    def _child(self, tables: list[Table], name: str, line: int) -> Table:
        for table in tables[-1].get_children():
            here = (table.get_name(), table.get_lineno()) == (name, line)
            if here and table.get_id() not in self._used:
                self._used.add(table.get_id())
                return table
        raise AssertionError((name, line))

    def _at(self, node: ast.AST) -> int:
        return self._offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]

    def _offset(self, line: int, column: int) -> int:
        return self._starts[line - 1] + len(self._lines[line - 1][:column].decode())

    def _after(self, node: ast.AST, pattern: str) -> int:
        return self._found(self._at(node), pattern)

    def _found(self, at: int, pattern: str) -> int:
        found = re.compile(pattern, re.DOTALL).match(self._oracle.source, at)
        assert found, (pattern, self._oracle.source[at : at + 80])
        return found.end()


def _mangled(name: str, tables: Sequence[Table]) -> str:
    """Return a name as `symtable` has it: private ones carry the name of their class."""
    inside = [it.get_name() for it in tables if it.get_type() == "class"]
    private = name.startswith("__") and not name.endswith("__") and inside
    return f"_{inside[-1].lstrip('_')}{name}" if private else name


def variables(oracle: Oracle) -> Iterator[Key]:
    """Yield what can be renamed by the syntax of the file alone, in the order of the text."""
    for key in sorted(oracle.places, key=lambda it: (min(oracle.places[it]), it[1])):
        if key not in oracle.imported and oracle.bound[key] and key[1] not in oracle.keywords:
            yield key
