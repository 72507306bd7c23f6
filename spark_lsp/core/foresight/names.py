"""What a name means at each place of a text: which mentions of it are of one thing.

Owns scopes and shadowing, for one file at a time; which class a member is of is told by `objects`.
A thing is a name bound in a scope, a member of a class or of those it extends, or what is bound
nowhere in the file. Where the syntax does not say what is meant, there is no thing, and nothing may
be concluded.
"""

from dataclasses import dataclass

from spark_lsp.core.foresight.calls import called, invocation
from spark_lsp.core.foresight.mentions import (
    BINDING,
    MOST,
    Mention,
    Role,
    Scope,
    mentions,
    occurrences,
    scopes,
)
from spark_lsp.core.foresight.naming import Naming
from spark_lsp.core.foresight.objects import Members, is_stranger
from spark_lsp.core.nodes import Node, Tree

_LOOKS = 8_000
"""Mentions of a file that are looked at to find out what objects are."""
_PARENT = "super"
"""What a module calls the one around it."""
CONSTRUCTORS = frozenset({"__init__", "constructor"})
"""Methods whose parameters are those of calls of their class."""


@dataclass(frozen=True, slots=True)
class Thing:
    """What a name means.

    Attributes:
        kind: "name" (bound in a scope), "member" (of a class), "object" (a member of something
            that the syntax does not tell) or "free" (bound nowhere in the file).
        scope: of a name, where it holds.
        since: from where on, if the scope has had other things of this name.
        owners: of a member, the classes that share it.
        called: of a member, whether it is a function where variables may have the same name.
    """

    kind: str
    scope: Scope | None = None
    since: int = 0
    owners: frozenset[str] = frozenset()
    called: bool = False

    @property
    def is_global(self) -> bool:
        """Whether it is a name of the file, and not of a part of it."""
        return self.scope is not None and self.scope[0] == 0


FREE = Thing("free")
_MEMBERS = frozenset({Role.DEFINE, Role.ACCESS})


def _scope(mention: Mention, depth: int) -> Scope:
    node = mention.way[depth]
    return (depth, node.start, node.type)


class Source:
    """A text with its tree, and what the names in it mean.

    Attributes:
        path: workspace-relative POSIX path of its file.
        tree: its nodes.
        naming: how names work in its language.
        looks: mentions that may still be looked at to find out what objects are.
    """

    def __init__(self, path: str, tree: Tree, naming: Naming) -> None:
        """Take a parsed text in a language whose names are understood."""
        self.path = path
        self.tree = tree
        self.naming = naming
        self.looks = _LOOKS
        self._names: dict[str, Names] = {}

    def names(self, name: str) -> "Names":
        """Return the mentions of a name."""
        if name not in self._names:
            self._names[name] = Names(self, name)
        return self._names[name]


class Names:
    """The mentions of one name in a text, and what they mean.

    Attributes:
        name: as it is written.
        mentions: where it stands, in order.
        is_common: whether it stands at so many places that nobody has looked at any.
    """

    def __init__(self, source: Source, name: str) -> None:
        """Find the mentions; what each means is found out when it is asked for."""
        self.name = name
        self._source = source
        self._naming = naming = source.naming
        self.mentions = mentions(source.tree, naming, name)
        self.is_common = not self.mentions and len(occurrences(source.tree.string, name)) > MOST
        source.looks -= len(self.mentions)
        self._redirected = {
            scope: it.role
            for it in self.mentions
            if it.role in {Role.GLOBAL, Role.NONLOCAL} and (scope := self._function(it))
        }
        self._bound: dict[Scope, list[Mention]] = {}
        for it in sorted(self.mentions, key=lambda it: it.scope in self._redirected):
            if it.role in BINDING | {Role.DOUBT} and it.scope:
                self._bound.setdefault(self._home(it, it.scope), []).append(it)
        self._members = Members(naming, self.mentions, self._meant, self._named)
        self._starting = {it.start: it for it in self.mentions}
        self._things: dict[int, Thing | None] = {}

    def thing(self, mention: Mention) -> Thing | None:
        """Return what one of the mentions means, or None if nobody can say."""
        if mention.start not in self._things:
            self._things[mention.start] = self._thing(mention)
        return self._things[mention.start]

    def of(self, thing: Thing) -> list[Mention]:
        """Return the mentions of a thing, in order."""
        aside = BINDING
        if thing.kind in {"name", "free"}:
            # What a member is depends on what its object is, and that costs a look.
            aside = _MEMBERS - {Role.ACCESS} if self._naming.modules else _MEMBERS
        return [it for it in self.mentions if it.role not in aside and self.thing(it) == thing]

    def starting(self, start: int) -> Mention | None:
        """Return the mention that begins at a place."""
        return self._starting.get(start)

    def seen(self, place: Mention) -> Thing | None:
        """Return what the name would mean at the place of another one."""
        return self._resolved(place)

    def object(self, mention: Mention) -> Node | None:
        """Return the object whose member is mentioned, if one stands there."""
        return self._members.object(mention)

    def extends(self, owner: str) -> frozenset[str]:
        """Return the words that say what a class of the file extends, its own name among them."""
        return self._members.extends(owner)

    def owners(self) -> frozenset[str]:
        """Return the classes of the file that have a member of the name."""
        return self._members.definers

    def closed(self, owners: frozenset[str]) -> bool:
        """Whether classes extend only classes of the file."""
        return all(map(self._members.closed, owners))

    def anyones(self, thing: Thing) -> list[Mention]:
        """Return where a function is called that may be a member, of whatever object."""
        anyone = Thing("object", called=thing.called)
        return [it for it in self.of(anyone) if invocation(it.way, self._naming)]

    def is_function(self, thing: Thing) -> bool:
        """Whether a thing is a function wherever it is defined."""
        defined = self.definitions(thing)
        return bool(defined) and all(it.way[-2].part("parameters") for it in defined)

    def shorthands(self, thing: Thing) -> list[Mention]:
        """Return where a member is given, or taken, under its own name by a variable."""
        return [it for it in self.mentions if not thing.owners.isdisjoint(self._members.given(it))]

    def definitions(self, thing: Thing) -> list[Mention]:
        """Return where a thing is bound or defined, in order."""
        roles = BINDING | {Role.DEFINE}
        return [it for it in self.mentions if it.role in roles and self.thing(it) == thing]

    def _named(self, name: str) -> tuple[Mention, ...]:
        return self._source.names(name).mentions

    def _meant(self, node: Node) -> list[Mention]:
        """Return where what another name means is bound or defined, unless much was looked up."""
        names = self._source.names(node.text) if self._source.looks > 0 else None
        if names is None:
            return []
        mention = names.starting(node.start)
        thing = names.thing(mention) if mention else None
        return names.definitions(thing) if thing else []

    def _thing(self, mention: Mention) -> Thing | None:
        match mention.role:
            case Role.DEFINE | Role.ACCESS:
                return self._in_module(mention) or self._member(mention)
            case Role.BIND | Role.IMPORT | Role.ALIAS:
                assert mention.scope  # it binds
                since = mention.since if mention.fresh else 0
                return Thing("name", self._home(mention, mention.scope), since)
            case Role.USE | Role.GLOBAL | Role.NONLOCAL:
                return self._resolved(mention)
            case Role.KEYWORD:
                return self._parameter(mention)
            case _:
                return None

    def _member(self, mention: Mention) -> Thing | None:
        owners = self._members.owners(mention)
        return None if owners is None else self._of(owners, mention)

    @staticmethod
    def _of(owners: frozenset[str], mention: Mention) -> Thing:
        kind = "member" if owners else "object"
        return Thing(kind, owners=owners, called=mention.called)

    def _resolved(self, mention: Mention) -> Thing | None:
        """Return what a name stands for, by the scopes that it sees."""
        naming, crossed = self._naming, False
        for depth in scopes(naming, mention.way):
            node = mention.way[depth]
            scope = (depth, node.start, node.type)
            owners = self._in_scope(mention, depth, crossed=crossed)
            if owners is not None:
                # What a class body assigns may have been read from outside before.
                doubtful = self._bound and not naming.implicit
                strange = any(
                    is_stranger(naming, mention.way, at)
                    for at in range(depth + 1, len(mention.way))
                )
                return None if doubtful or strange else self._of(owners, mention)
            crossed = crossed or node.type not in naming.classes
            if depth and self._redirected.get(scope) is Role.GLOBAL:
                return self._of_file(mention)
            held = [] if mention.called else self._bound.get(scope, [])
            if depth and naming.after:
                held = [it for it in held if it.since <= mention.start]
            if any(it.role is Role.DOUBT for it in held):
                return None
            if held:
                return Thing("name", scope, max(it.since if it.fresh else 0 for it in held))
        return FREE

    def _of_file(self, mention: Mention) -> Thing:
        scope = _scope(mention, 0)
        return Thing("name", scope) if scope in self._bound else FREE

    def _in_module(self, mention: Mention) -> Thing | None:
        """Return what a module of the file has under the name, if that is what stands before it."""
        node = self.object(mention) if self._naming.modules else None
        if node is None:
            return None
        if node.text == _PARENT:
            scope = self._outside(mention)
        else:
            found = self._meant(node) if node.type in self._naming.names else []
            named = len(found) == 1 and found[0].way[-2].type in self._naming.modules
            scope = _scope(found[0], len(found[0].way) - 2) if named else None
        return Thing("name", scope) if scope in self._bound else None

    def _outside(self, mention: Mention) -> Scope | None:
        """Return what is around the innermost module that something stands in."""
        modules = [at for at, it in enumerate(mention.way) if it.type in self._naming.modules]
        around = scopes(self._naming, mention.way) if modules else iter(())
        return next((_scope(mention, at) for at in around if at < modules[-1]), None)

    def _in_scope(self, mention: Mention, depth: int, *, crossed: bool) -> frozenset[str] | None:
        """Return the classes whose member a bare name is by what stands around it."""
        naming, node = self._naming, mention.way[depth]
        if depth and node.type in naming.classes and (naming.implicit or not crossed):
            visible = naming.implicit or naming.body
            return self._members.defined_in(node, called=mention.called) if visible else None
        if node.type in naming.owners and naming.implicit:
            return self._members.of_method(node)
        return None

    def _home(self, mention: Mention, scope: Scope) -> Scope:
        """Return where a binding holds that may have been declared to belong further out."""
        if mention.role is Role.IMPORT and self._naming.modules:
            paths = (it.part("path") for it in mention.way[1:-1])
            if any(it is not None and it.text == _PARENT for it in paths):
                return self._outside(mention) or scope
        role = self._redirected.get(scope)
        if role is None:
            return scope
        way, outer = mention.way, scopes(self._naming, mention.way)
        around = [(at, way[at].start, way[at].type) for at in outer if at < scope[0]]
        if role is Role.NONLOCAL:
            return next((it for it in around if it in self._bound), scope)
        return around[-1] if around else scope

    def _function(self, mention: Mention) -> Scope | None:
        """Return the function that a name is declared to be no variable of."""
        for depth in scopes(self._naming, mention.way):
            node = mention.way[depth]
            if node.type in self._naming.functions:
                return (depth, node.start, node.type)
        return None

    def _parameter(self, mention: Mention) -> Thing | None:
        """Return what an argument is for, if the file says which function is called."""
        call = mention.above(frozenset(self._naming.invocations))
        node = called(call, self._naming) if call else None
        found = self._meant(node) if node else []
        if len(found) != 1:
            return None
        home = _scope(found[0], len(found[0].way) - 2)
        if home[2] in self._naming.classes:
            made = [it for one in CONSTRUCTORS for it in self._named(one) if it.scope == home]
            if made:
                home = _scope(made[0], len(made[0].way) - 2)
        roles = {Role.BIND, Role.DEFINE}
        given = [it for it in self.mentions if it.role in roles and it.scope == home]
        return self._thing(given[0]) if given else None
