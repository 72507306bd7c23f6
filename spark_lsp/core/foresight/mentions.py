"""Where a name is mentioned in a text, and as what: read off the tree, node by node.

Owns the way from an occurrence to its role. Which of them mean the same thing is decided in
`names`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from spark_lsp.core.foresight.naming import Edge, Naming
from spark_lsp.core.nodes import Node, Tree

MOST = 2_000
"""Occurrences above which a name is too common to be looked at."""

Scope = tuple[int, int, str]
"""A node that bindings hold in: how deep it stands, where it begins, and its type."""


class Role(Enum):
    """As what a name is mentioned."""

    USE = auto()
    BIND = auto()
    IMPORT = auto()
    """It binds what another file has under this name."""
    ALIAS = auto()
    """It binds what another file has under another name."""
    DOUBT = auto()
    """It binds, and nothing is said of it."""
    SOURCE = auto()
    """It is what another file calls a thing."""
    DEFINE = auto()
    """It is a member, where that is defined."""
    ACCESS = auto()
    """It is a member of some object."""
    KEYWORD = auto()
    """It is a parameter, in a call."""
    GLOBAL = auto()
    NONLOCAL = auto()
    OTHER = auto()


BINDING = frozenset({Role.BIND, Role.IMPORT, Role.ALIAS})

ASIDE = frozenset({Role.ACCESS, Role.DEFINE, Role.KEYWORD, Role.OTHER, Role.SOURCE})
"""Roles in which a name stands in the way of no variable."""

_BOUND = {
    Edge.NEAR: Role.BIND,
    Edge.OUTER: Role.BIND,
    Edge.FUNCTION: Role.BIND,
    Edge.FILE: Role.BIND,
    Edge.IMPORT: Role.IMPORT,
    Edge.ALIAS: Role.ALIAS,
    Edge.DOUBT: Role.DOUBT,
}
_SAID = {
    Edge.SOURCE: Role.SOURCE,
    Edge.DEFINE: Role.DEFINE,
    Edge.ACCESS: Role.ACCESS,
    Edge.KEYWORD: Role.KEYWORD,
    Edge.GLOBAL: Role.GLOBAL,
    Edge.NONLOCAL: Role.NONLOCAL,
    Edge.NOTHING: Role.OTHER,
}


_TYPE = "type"
"""The node around what is written as a type."""
_SPOKEN = re.compile(r"[\w\s.,|\[\]]*")
"""What is written in quotes where a type is wanted."""
_OF = frozenset({".", "::"})
"""Tokens between an object, or a class, and its member."""


@dataclass(frozen=True, slots=True, eq=False)
class Mention:
    """A place where a name stands, from `start` up to `end`.

    Attributes:
        role: as what.
        way: the nodes that it lies in, from the root to the name itself.
        top: how deep the node stands at the end of the edge that says the role.
        scope: of a binding, where it holds.
        since: from which place on it holds there.
        fresh: whether it is another thing than what had the name there before.
        called: whether it can only be a function.
        shorthand: whether it stands for a member and for its value at once.
    """

    start: int
    end: int
    role: Role
    way: tuple[Node, ...]
    top: int
    scope: Scope | None = None
    since: int = 0
    fresh: bool = False
    called: bool = False
    shorthand: bool = False

    @property
    def node(self) -> Node:
        """The name itself."""
        return self.way[-1]

    def above(self, types: frozenset[str]) -> Node | None:
        """Return the nearest node around it that is of one of some types."""
        return next((it for it in reversed(self.way[:-1]) if it.type in types), None)


def mentions(tree: Tree, naming: Naming, name: str) -> tuple[Mention, ...]:
    """Return where a name is mentioned, in order; nothing if it is too often."""
    found = occurrences(tree.string, name)
    if len(found) > MOST:
        return ()
    return tuple(it for start in found if (it := at(tree, naming, start, start + len(name))))


def occurrences(text: str, name: str) -> list[int]:
    """Return where a word stands in a text, comments and strings included."""
    # Looked around only where the word stands: a pattern with the boundaries is far slower.
    return [
        it.start()
        for it in re.finditer(re.escape(name), text)
        if not _in_word(text[max(it.start() - 1, 0) : it.start()])
        and not _in_word(text[it.end() : it.end() + 1])
    ]


def macros(tree: Tree, naming: Naming, name: str) -> set[str]:
    """Return the macros in whose bodies, which are not parsed, a name stands."""
    found: set[str] = set()
    for start in occurrences(tree.string, name)[:MOST] if naming.opaque else ():
        way = tree.way(start, start + len(name))
        if way[-1].type in naming.opaque:
            macro = way[-2].part("name")
            found.add(macro.text if macro else name)
    return found


def _in_word(character: str) -> bool:
    return character.isalnum() or character in {"_", "$"}


def at(tree: Tree, naming: Naming, start: int, end: int) -> Mention | None:
    """Return the mention that spans a range, or None if no name does."""
    way = tree.way(start, end)
    leaf = way[-1]
    if leaf.type in naming.names and (leaf.start, leaf.end) == (start, end) and len(way) > 1:
        return _mention(naming, tuple(way))
    if leaf.type in naming.quoted and _is_quoted(naming, way, start):
        return Mention(start, end, Role.USE, tuple(way), len(way) - 1)
    return None


def _is_quoted(naming: Naming, way: Sequence[Node], start: int) -> bool:
    """Whether a name stands in quotes only because its class is not there yet."""
    leaf = way[-1]
    outer = next((at for at, it in enumerate(way) if it.type == _TYPE), len(way))
    said = way[outer:]
    return (
        bool(said)
        and _SPOKEN.fullmatch(leaf.text) is not None
        and leaf.text[: start - leaf.start][-1:] != "."
        and all(it.type in naming.quoted for it in said)
        and not any(it.text.startswith(naming.verbatim) for it in said)
    )


def _mention(naming: Naming, way: tuple[Node, ...]) -> Mention:
    top = len(way) - 1
    leaf, spelled = way[top], spellings(way, top)
    said = Mention(
        leaf.start,
        leaf.end,
        Role.USE,
        way,
        top,
        called=not naming.calls.isdisjoint(spelled),
        shorthand=leaf.type in naming.shorthands or not naming.shorthands.isdisjoint(spelled),
    )
    if leaf.text[:1].islower() and not naming.tags.isdisjoint(spelled):
        return replace(said, role=Role.OTHER)
    if naming.tokens and way[top - 1].type == naming.tokens:
        return replace(said, role=_token(naming, leaf))
    while (edge := _edge(naming, way, top)) is Edge.THROUGH and top > 1:
        top -= 1
    if edge in _BOUND and (edge is Edge.IMPORT or not _qualified(naming, way, top)):
        return _binding(naming, replace(said, role=_BOUND[edge], top=top), edge)
    role = _SAID.get(edge, Role.USE) if edge else Role.USE
    if role is Role.ACCESS and not _has_object(naming, way, top):
        role = Role.USE
    if role is Role.USE and _passed_on(naming, way):
        role = Role.SOURCE
    return replace(said, role=role, top=top)


def _edge(naming: Naming, way: Sequence[Node], at: int) -> Edge | None:
    """Return what a name means at the end of the edge down to a node of the way."""
    for edge in spellings(way, at):
        if edge in naming.edges:
            return naming.edges[edge]
        if edge in naming.declared:
            meanings = naming.declared[edge]
            beside = (meanings[it.type] for it in way[at - 1].parts if it.type in meanings)
            return next(beside, None)
    return None


def _binding(naming: Naming, said: Mention, edge: Edge) -> Mention:
    """Return a mention that binds, with where it does."""
    way, top, role = said.way, said.top, said.role
    if edge is Edge.IMPORT and _beside(way[top - 1], "alias", way[top]):
        return replace(said, role=Role.SOURCE)
    if naming.constants and edge is Edge.NEAR and said.node.text[:1].isupper():
        return replace(said, role=Role.USE)
    at = _scope_at(naming, way, top - 1, edge)
    node = way[at]
    if at and role is Role.BIND and node.type in naming.classes and at < top - 1:
        name = node.part(naming.classes[node.type])
        if name is not None and name.text == said.node.text and not naming.body:
            role = Role.USE  # a constructor that has the name of its class
        elif naming.gives:
            role = Role.DEFINE
        elif edge is Edge.NEAR:
            role = Role.DOUBT  # a parameter of the class itself
    declared = next((it for it in reversed(way[at + 1 :]) if it.type in naming.after), None)
    return replace(
        said,
        role=role,
        scope=(at, node.start, node.type),
        since=declared.end if declared and at else node.start,
        fresh=bool(at) and declared is not None and declared.type in naming.renews,
    )


def _scope_at(naming: Naming, way: Sequence[Node], binder: int, edge: Edge) -> int:
    """Return where on the way the scope stands that a node binds in."""
    if edge is Edge.FILE:
        return 0
    kinds = naming.functions if edge is Edge.FUNCTION else naming.scopes
    at = binder - 1 if edge is Edge.OUTER else binder
    while at > 0 and not _is_scope(naming, way, at, kinds | naming.classes.keys()):
        at -= 1
    return max(at, 0)


def _has_object(naming: Naming, way: Sequence[Node], at: int) -> bool:
    """Whether a member is that of something that stands beside it, or around it."""
    edges = spellings(way, at)
    for type_, field in (naming.literals[it] for it in edges if it in naming.literals):
        outer = next((it for it in reversed(way[:at]) if it.type == type_), None)
        said = outer.part(field) if outer else None
        return said is None or said.type not in naming.tables
    return any(way[at - 1].part(naming.objects[it]) for it in edges if it in naming.objects)


def _passed_on(naming: Naming, way: Sequence[Node]) -> bool:
    """Whether a name stands in a statement that gives on what another file has."""
    outer = next((it for it in reversed(way[1:-1]) if it.type in naming.imports), None)
    return outer is not None and outer.part("source") is not None


def _qualified(naming: Naming, way: Sequence[Node], at: int) -> bool:
    """Whether a name is the first of several with dots."""
    leaf = way[-1]
    return any(
        it.type in naming.dotted and (it.start, it.end) != (leaf.start, leaf.end)
        for it in way[at:-1]
    )


def _beside(parent: Node, field: str, node: Node) -> bool:
    other = parent.part(field)
    return other is not None and other.start != node.start


def _token(naming: Naming, leaf: Node) -> Role:
    """Return the role of a name among tokens that are not parsed: used, if nothing speaks against.

    That would be what may make it the name of an argument, or the member of something long.
    """
    before, behind = (it.text if it else "" for it in (leaf.before, leaf.behind))
    if before in _OF:
        return Role.ACCESS if token_object(naming, leaf) else Role.OTHER
    named = behind in {"=", ":", "=>", "!", "::"}
    return Role.OTHER if before in {"$", "'"} or named else Role.USE


def token_object(naming: Naming, leaf: Node) -> Node | None:
    """Return the object of a member among tokens that are not parsed, if it is a single word."""
    dot = leaf.before
    node = dot.before if dot and dot.text in _OF else None
    if node is None or node.type not in naming.names | naming.selves:
        return None
    further = node.before
    return None if further and further.text in _OF else node


def scopes(naming: Naming, way: Sequence[Node]) -> Iterator[int]:
    """Yield where on a way the scopes stand that its last node sees, from the innermost."""
    kinds = naming.scopes | naming.classes.keys()
    leaves = False
    for at in range(len(way) - 2, -1, -1):
        spelled = spellings(way, at + 1)
        leaves = leaves or not naming.outside.isdisjoint(spelled)
        if not leaves and not naming.leaving.isdisjoint(spelled):
            leaves = _is_first(way, at)
        if at == 0 or _is_scope(naming, way, at, kinds):
            if at == 0 or not leaves:
                yield at
            leaves = False


def _is_scope(naming: Naming, way: Sequence[Node], at: int, kinds: frozenset[str]) -> bool:
    return way[at].type in kinds and naming.merged.isdisjoint(spellings(way, at))


def _is_first(way: Sequence[Node], at: int) -> bool:
    """Whether a node of a way is the first of its type in its parent."""
    node = way[at]
    return node.start == next(it.start for it in way[at - 1].parts if it.type == node.type)


def spellings(way: Sequence[Node], at: int) -> list[str]:
    """Return the spellings of the edge down to a node of a way, the longest first."""
    parent, node = way[at - 1], way[at]
    plain = f"{parent.type}.{node.field or node.type}"
    found = [f"{plain}={node.type}", plain] if node.field else [plain]
    if at > 1:
        found = [f"{way[at - 2].type}>{it}" for it in found] + found
    if node.start > parent.start:
        found = [f"{it}+" for it in found] + found
    return found
