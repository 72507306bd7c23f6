"""What has been renamed, and where else it stands in the same file.

Owns what counts as a rename: a name has been replaced by one that nothing had at this place. What
the old one meant is read off the text before the change. The other files are left to `elsewhere`.
"""

import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice

from spark_lsp.core.foresight.change import Change
from spark_lsp.core.foresight.mentions import ASIDE, BINDING, Mention, Role, at, macros, occurrences
from spark_lsp.core.foresight.names import FREE, Names, Thing

_WILDCARDS = 100
"""Places that are looked at for imports that do not tell what they bind."""
_PAIRS = 4
"""Renames at a time; more are something else."""


_CHANGES = frozenset({"augmented_assignment"})
"""Nodes that bind a name to a scope, and give it no value that it can have had none before."""
_DECLARED = frozenset({"declaration", "field_declaration", "function_definition"})
"""Nodes around the declarators of functions, where several may share a name."""


@dataclass(frozen=True, slots=True)
class Rename:
    """A thing that has a new name.

    Attributes:
        old: the name that it had.
        new: the name that it has.
        names: the mentions of the old name, before the change.
        thing: what has been renamed.
        done: its mentions that have been changed already.
        places: its mentions in the file, before the change.
    """

    old: str
    new: str
    names: Names
    thing: Thing
    done: tuple[Mention, ...]
    places: tuple[Mention, ...]

    @property
    def defined(self) -> bool:
        """Whether it has been renamed where it is bound or defined, and not only in use."""
        return any(it.role in BINDING or it.role is Role.DEFINE for it in self.done)

    @property
    def is_overloaded(self) -> bool:
        """Whether several functions of one class, or of the file, share the old name."""
        found = Counter(map(_declaration, self.names.definitions(self.thing)))
        return any(count > 1 for declared, count in found.items() if declared)

    @property
    def reason(self) -> str:
        """Why, for people."""
        return f"rename {self.old} to {self.new}"


def renames(change: Change) -> list[Rename]:
    """Return what has been renamed, as far as that is beyond doubt."""
    pairs: dict[str, dict[str, list[Mention]]] = {}
    for hunk in change.hunks:
        before, now = change.before, change.now
        was = at(before.tree, before.naming, hunk.old_start, hunk.old_end)
        is_now = at(now.tree, now.naming, hunk.start, hunk.end)
        if was and is_now and was.node.type == is_now.node.type:
            old = before.tree.string[was.start : was.end]
            new = now.tree.string[is_now.start : is_now.end]
            pairs.setdefault(old, {}).setdefault(new, []).append(was)
    found = (
        _rename(change, old, new, done)
        for old, news in pairs.items()
        for new, done in news.items()
        if len(news) == 1 and len(pairs) <= _PAIRS
    )
    return [it for it in found if it]


def _rename(change: Change, old: str, new: str, done: list[Mention]) -> Rename | None:
    names = change.before.names(old)
    things = {names.thing(it) for it in done}
    thing = things.pop() if len(things) == 1 else None
    if thing is None:
        return None
    if any(it.shorthand and it.role is Role.USE for it in done):
        return None  # of a member and its value: which has been renamed, nobody knows
    rename = Rename(old, new, names, thing, tuple(done), tuple(names.of(thing)))
    if change.before.names(new).is_common or change.now.names(new).is_common:
        return None
    if rename.is_overloaded or _is_hidden(change, rename):
        return None
    changes = all(it.way[it.top - 1].type in _CHANGES for it in names.definitions(thing))
    if changes and thing.kind in {"name", "free"}:
        return _left_behind(change, rename)
    free = {"name": _is_free, "member": _is_free_member}.get(thing.kind)
    return rename if free and free(change, rename) else None


def _is_hidden(change: Change, rename: Rename) -> bool:
    """Whether macros that are used where a thing holds speak of its name, and perhaps of it."""
    tree, thing = change.before.tree, rename.thing
    spoken = macros(tree, change.before.naming, rename.old)
    bound = rename.names.definitions(thing) if thing.scope and not thing.is_global else []
    if not bound or thing.scope is None:
        return bool(spoken)
    home = bound[0].way[thing.scope[0]]
    text = tree.string[home.start : home.end]
    return any(occurrences(text, it) for it in spoken)


def _declaration(mention: Mention) -> tuple[int, str] | None:
    """Return as what a function is declared, and in which class, where another one could be too."""
    way = [it for it in mention.way[:-1] if it.type != "qualified_identifier"]
    kinds = {"method_declaration"} if way[-1].type == "method_declaration" else _DECLARED
    if way[-1].type not in {"method_declaration", "function_declarator"}:
        return None
    at = next((at for at in range(len(way) - 1, -1, -1) if way[at].type in kinds), 0)
    return way[at - 1].start if at else 0, way[at].type


def _is_free(change: Change, rename: Rename) -> bool:
    """Whether nothing had the new name where the old one holds, and nothing else has it now."""
    thing, taken = rename.thing, change.before.names(rename.new)
    bound = rename.names.definitions(thing)
    if thing.scope is None or not bound:
        return False
    home = bound[0].way[thing.scope[0]]
    if any(home.start <= it.start < home.end for it in taken.mentions if it.role not in ASIDE):
        return False
    if not rename.defined and any(_is_seen(change, taken, it) for it in rename.done):
        return False
    renamed = {change.counterpart(it.start, it.end) for it in rename.done}
    now = change.now.names(rename.new)
    own = {now.thing(it) for it in now.mentions if it.start in renamed}
    return not any(
        home.start <= change.back(it.start) < home.end
        and (not rename.defined or (it.role in BINDING and now.thing(it) not in own))
        for it in now.mentions
        if it.role not in ASIDE and it.start not in renamed
    )


def _is_seen(change: Change, taken: Names, place: Mention) -> bool:
    """Whether a name already means something at a place, as far as can be told."""
    given = taken.name in change.before.naming.given or _has_wildcard(change)
    return given or taken.seen(place) != FREE


def _has_wildcard(change: Change) -> bool:
    """Whether an import binds names without telling which."""
    naming, tree = change.before.naming, change.before.tree
    found = re.finditer(re.escape(naming.wildcard), tree.string) if naming.wildcard else ()
    ways = (tree.way(it.start(), it.end()) for it in islice(found, _WILDCARDS))
    return any(node.type in naming.imports for way in ways for node in way)


def _left_behind(change: Change, rename: Rename) -> Rename | None:
    """Return what is left of a rename that was begun before: names that nothing has any more."""
    naming, taken = change.before.naming, change.before.names(rename.new)
    if not naming.given or rename.old in naming.given:
        return None
    if _has_wildcard(change):
        return None
    seen = {taken.seen(it) for it in rename.done}
    thing = seen.pop() if len(seen) == 1 else None
    if thing is None or thing.kind != "name":
        return None
    places = [
        it
        for it in rename.names.mentions
        if rename.names.thing(it) in {FREE, rename.thing} and taken.seen(it) == thing
    ]
    return replace(rename, places=tuple(places))


def _is_free_member(change: Change, rename: Rename) -> bool:
    """Whether the classes that share a member have none of the new name, and could have it."""
    if rename.old.startswith("__") and rename.old.endswith("__"):
        return False  # the language gives it its meaning
    static = {
        any(part.type == "static" for part in it.way[-2].parts)
        for it in rename.places
        if it.role is Role.DEFINE
    }
    if len(static) > 1:
        return False  # an object and its class may each have one of the name
    owners = rename.thing.owners
    taken = change.before.names(rename.new)
    if not owners <= rename.names.owners() or not owners.isdisjoint(taken.owners()):
        return False
    if rename.defined:
        return True
    used = any(it.role in {Role.ACCESS, Role.DEFINE} for it in taken.mentions)
    return not used and rename.names.closed(owners) and any(map(_gives, rename.places))


def _gives(mention: Mention) -> bool:
    """Whether a member is defined, or assigned, where it is mentioned."""
    return mention.role is Role.DEFINE or mention.way[-2].field == "left"
