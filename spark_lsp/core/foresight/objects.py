"""Of which class a member is, as far as the syntax says so.

Owns the members of classes in one file: what an object is called in its own methods, what its
declaration says that it is, and which classes of the file extend each other.
"""

import re
from collections.abc import Callable, Sequence

from spark_lsp.core.foresight.mentions import Mention, Role, spellings, token_object
from spark_lsp.core.foresight.naming import Naming
from spark_lsp.core.foresight.naming.row import words
from spark_lsp.core.nodes import Node

_BRACKETS = re.compile(r"\[[^\[\]]*\]|<[^<>]*>")
_WORD = re.compile(r"[^\W\d]\w*")
_NO_CLASS = words(
    "Optional None null undefined const mut final readonly var let auto dyn struct class"
)
"""Words of a type that say nothing of which class it is."""
_MADE = {
    "call": "function",
    "call_expression": "function",
    "composite_literal": "type",
    "new_expression": "constructor",
    "object_creation_expression": "type",
    "struct_expression": "name",
}
"""Expressions that may make an object, and the field in which its class stands."""
_GIVES = words(
    """assignment named_expression variable_declarator short_var_declaration var_spec
    let_declaration declaration"""
)
"""Nodes that bind a name to just the value that stands in them."""
_AROUND = frozenset({"expression_list", "unary_expression", "reference_expression", "await"})
"""Nodes around an expression that do not change what object it is."""
_KEYWORDS = words(
    """class struct interface enum trait impl for extends implements object ABC Generic Protocol
    Enum Exception public private protected static final abstract export default pub type"""
)
"""Words before the body of a class that are no class of a person's own."""
_HEAD = 400
"""Characters of a class in which it says what it extends."""
_NESTED = 8
"""How deep brackets of types are looked into."""
_CLASSES = 16
"""Classes that one may extend, directly or not."""

UNKNOWN = ""
"""The class of an object of which the syntax does not say it."""


class Members:
    """The classes that have a member of a name, in one file."""

    def __init__(
        self,
        naming: Naming,
        mentions: Sequence[Mention],
        meant: Callable[[Node], Sequence[Mention]],
        named: Callable[[str], Sequence[Mention]],
    ) -> None:
        """Look at all mentions of the name.

        `meant` tells where what another name means is bound, `named` where another name stands.
        """
        self._naming = naming
        self._meant = meant
        self._named = named
        self._headers: dict[str, frozenset[str] | None] = {}
        self._direct: set[tuple[int, bool]] = set()
        definers: set[str] = set()
        for it in mentions:
            if it.role is Role.DEFINE or self._is_self(self.object(it)):
                definers.add(self._around(it))
            if it.role is Role.DEFINE and (home := self._class(it)):
                self._direct.add((home.start, it.called))
        self.definers = frozenset(definers - {UNKNOWN})

    def owners(self, mention: Mention) -> frozenset[str] | None:
        """Return the classes that share a member; none if nobody knows, None if it is no one's."""
        owner = self._owner(mention)
        if not owner:
            return None if owner is None else frozenset()
        return self._family(owner)

    def defined_in(self, node: Node, *, called: bool) -> frozenset[str] | None:
        """Return the same of what the body of a class defines, or None if it does not."""
        return self._family(self._name(node)) if (node.start, called) in self._direct else None

    def of_method(self, node: Node) -> frozenset[str] | None:
        """Return the same of the class whose method stands outside of it."""
        owner = self._said(node)
        return self._family(owner) if owner in self.definers else None

    def given(self, mention: Mention) -> frozenset[str]:
        """Return the classes whose member a variable stands for as well, in a literal."""
        if mention.shorthand and self._is_self(self._unpacked(mention)):
            return self._family(self._around(mention)) or frozenset()
        literals = sorted(set(self._naming.literals.values())) if mention.shorthand else ()
        owners = (self._literal(mention, *it) for it in literals)
        return next((self._family(it) or frozenset() for it in owners if it), frozenset())

    def _unpacked(self, mention: Mention) -> Node | None:
        """Return the object from which a pattern takes its members."""
        pattern = next((at for at, it in enumerate(mention.way) if it.type == "object_pattern"), 0)
        node = mention.way[pattern - 1]
        return node.part("value") if pattern and node.type == "variable_declarator" else None

    def extends(self, owner: str) -> frozenset[str]:
        """Return the words before the body of a class of the file, as far as they are known."""
        return self._header(owner) or frozenset()

    def closed(self, owner: str) -> bool:
        """Whether a class extends only what is in the file."""
        header = self._header(owner)
        return header is not None and all(self._header(it) for it in header - _KEYWORDS)

    def _family(self, owner: str) -> frozenset[str] | None:
        family, grown = {owner}, True
        while grown:
            more = {it for it in self.definers - family if self._related(it, family)}
            family |= more
            grown = bool(more)
        if any(self._header(it) is None for it in family):
            return None
        return frozenset(family & self.definers) or frozenset({owner})

    def _owner(self, mention: Mention) -> str | None:
        if mention.role is Role.DEFINE:
            return self._around(mention)
        for edge in spellings(mention.way, mention.top):
            if edge in self._naming.literals:
                return self._literal(mention, *self._naming.literals[edge])
        node = self.object(mention)
        if node is not None and self._is_self(node):
            return self._around(mention)
        if node is not None and node.text in {"super", "super()"}:
            return self._base(mention)
        if node is None or node.type not in self._naming.names:
            return _made(node) if node else UNKNOWN
        return node.text if node.text in self.definers else self._declared(node)

    @staticmethod
    def _literal(mention: Mention, type_: str, field: str) -> str | None:
        """Return the class of an object that is written out, or None if it is not said."""
        node = mention.above(frozenset({type_}))
        said = node.part(field) if node else None
        spoken = _WORD.findall(said.text.rpartition("::")[2]) if said else []
        return spoken[0] if len(spoken) == 1 else None

    def _declared(self, node: Node) -> str | None:
        """Return the class of what a variable holds, or None if it is nothing of this file."""
        bindings = self._meant(node)
        if not bindings or any(it.role in {Role.IMPORT, Role.ALIAS} for it in bindings):
            return None
        kinds = {_kind(it) for it in bindings}
        if any(it.way[-2].type in self._naming.classes for it in bindings):
            return node.text
        return kinds.pop() if len(kinds) == 1 else UNKNOWN

    def object(self, mention: Mention) -> Node | None:
        """Return the object whose member is mentioned."""
        if mention.role is not Role.ACCESS:
            return None
        if mention.way[-2].type == self._naming.tokens:
            return token_object(self._naming, mention.node)
        objects = self._naming.objects
        fields = (objects[it] for it in spellings(mention.way, mention.top) if it in objects)
        return next(
            (it for field in fields if (it := mention.way[mention.top - 1].part(field))), None
        )

    def _is_self(self, node: Node | None) -> bool:
        selves = self._naming.selves
        return node is not None and (node.type in selves or node.text in selves)

    def _base(self, mention: Mention) -> str | None:
        """Return the class above that of a method which has the member; None if nobody can say."""
        owner = self._around(mention)
        above = sorted(self._above(owner) & self.definers)
        foreign = [it for it in self.extends(owner) - _KEYWORDS - {owner} if not self._header(it)]
        found = above or foreign
        return found[0] if len(above) > 1 or len(found) == 1 else None

    def _around(self, mention: Mention) -> str:
        """Return the class whose member a definition is, or in whose method something stands."""
        for at in range(len(mention.way) - 2, 0, -1):
            node = mention.way[at]
            if node.type in self._naming.classes:
                return self._name(node)
            if node.type in self._naming.owners and (owner := self._said(node)):
                return owner
            if is_stranger(self._naming, mention.way, at):
                return UNKNOWN
        return UNKNOWN

    def _said(self, node: Node) -> str:
        """Return the class that a method says it is of."""
        said = node.part(self._naming.owners[node.type])
        return _owner_said(said.text) if said else UNKNOWN

    def _class(self, mention: Mention) -> Node | None:
        return mention.above(frozenset(self._naming.classes))

    def _name(self, node: Node) -> str:
        said = node.part(self._naming.classes[node.type])
        spoken = _WORD.findall(_unbracketed(said.text)) if said else []
        return spoken[-1] if spoken else UNKNOWN

    def _related(self, owner: str, family: set[str]) -> bool:
        return not self._above(owner).isdisjoint(family) or any(
            owner in self._above(it) for it in family
        )

    def _above(self, owner: str) -> set[str]:
        """Return the classes that one extends, directly or not, as far as they are in the file."""
        found: set[str] = set()
        todo = [owner]
        while todo and len(found) < _CLASSES:
            for base in sorted(self._header(todo.pop()) or ()):
                if base not in found and base != owner and self._header(base):
                    found.add(base)
                    todo.append(base)
        return found

    def _header(self, owner: str) -> frozenset[str] | None:
        """Return the words before the body of a class; None if there are several of its name."""
        if owner not in self._headers:
            naming = self._naming
            heads = [
                node
                for it in self._named(owner)
                if (node := it.way[-2]).type in naming.classes
                and it.node.field == naming.classes[node.type]
            ]
            spoken = {word for node in heads for word in _head(node)}
            single = len(heads) < 2 or naming.spread
            self._headers[owner] = frozenset(spoken) if single else None
        return self._headers[owner]


def is_stranger(naming: Naming, way: Sequence[Node], at: int) -> bool:
    """Whether an object calls itself something else above a node of a way than below it."""
    spelled = spellings(way, at)
    return way[at].type in naming.strangers or not naming.strangers.isdisjoint(spelled)


def _kind(mention: Mention) -> str:
    """Return the class of what a binding binds, or of something else, as far as it is said."""
    way, top = mention.way, mention.top
    if any(len(it.parts) > 1 and not it.type.endswith("_declarator") for it in way[top:-1]):
        return UNKNOWN  # one of several
    binder = way[top - 1]
    declarations = (binder, way[top - 2]) if binder.type == "variable_declarator" else (binder,)
    for said in [it for node in declarations if (it := node.part("type"))]:
        for text in (said.text, _unbracketed(said.text)):
            spoken: list[str] = [it for it in _WORD.findall(text) if it not in _NO_CLASS]
            if len(spoken) == 1:
                return spoken[0]
        if spoken:
            return said.text
    given = [*way[top:-1], binder] if binder.type in _GIVES else []
    values = (it.part("right") or it.part("value") for it in given)
    return next((_made(it) for it in values if it), UNKNOWN)


def _made(node: Node) -> str:
    """Return the class of which an expression makes an object."""
    while node.type in _AROUND and node.parts:
        node = node.parts[-1]
    said = node.part(_MADE[node.type]) if node.type in _MADE else None
    first, _, rest = said.text.partition("::") if said else ("", "", "")
    return first if first.isidentifier() and first[0].isupper() and "::" not in rest else UNKNOWN


def _head(node: Node) -> list[str]:
    body = node.part("body")
    text = node.text[: body.start - node.start] if body else node.text
    return _WORD.findall(_unbracketed(text[:_HEAD]))


def _owner_said(text: str) -> str:
    """Return the class that a receiver, or a name with its class before it, speaks of."""
    plain = _unbracketed(text)
    if plain.startswith("("):
        spoken = _WORD.findall(plain)
        return spoken[-1] if spoken else UNKNOWN
    qualified = _WORD.findall(plain.partition("(")[0])
    return qualified[-2] if "::" in plain.partition("(")[0] and len(qualified) > 1 else UNKNOWN


def _unbracketed(text: str) -> str:
    """Return a text without what stands in brackets of types."""
    for _ in range(_NESTED):
        text = _BRACKETS.sub("", text)
    return text
