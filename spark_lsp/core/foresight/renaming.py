"""The edits that a rename asks for, in the document and in the other files.

Owns their spelling, and where a name that is imported may be renamed at all: only with the thing
itself, or after it. What has been renamed is told by `rename`, who mentions it by `elsewhere`.
"""

from collections.abc import Iterator

from spark_lsp.core.events import Found
from spark_lsp.core.foresight.calls import call_of
from spark_lsp.core.foresight.change import Change, offer
from spark_lsp.core.foresight.elsewhere import (
    Linked,
    elsewhere,
    global_bindings,
    homes,
    is_telling,
)
from spark_lsp.core.foresight.mentions import ASIDE, Mention, Role, at
from spark_lsp.core.foresight.names import CONSTRUCTORS, Source
from spark_lsp.core.foresight.rename import Rename
from spark_lsp.core.foresight.workspace import Workspace
from spark_lsp.core.nodes import Node


def renaming(change: Change, rename: Rename, workspace: Workspace | None) -> Iterator[Found]:
    """Yield the edits that give a thing its new name where it still has the old one."""
    linked = _linked(change, rename, workspace)
    if linked is None:
        return
    places = list(rename.places)
    if rename.thing.kind == "member" and is_telling(
        workspace, change.before, rename.names, rename.thing
    ):
        places += rename.names.anyones(rename.thing)
    for place in places:
        if span := change.moved(place.start, place.end):
            yield offer(change.now, *span, respelled(place, rename), rename.reason)
    for place in rename.names.shorthands(rename.thing):
        if span := change.moved(place.start, place.end):
            yield offer(change.now, *span, f"{rename.new}: {rename.old}", rename.reason)
    for source, mentions in linked:
        if source.path != change.now.path and _is_free(source, rename):
            for it in mentions:
                yield offer(source, it.start, it.end, respelled(it, rename), rename.reason)


def respelled(place: Mention, rename: Rename) -> str:
    """Return what is to stand at a mention when its thing has the new name."""
    old, new = rename.old, rename.new
    if place.role is Role.SOURCE and place.way[-2].type == "export_specifier":
        return new if place.way[-2].part("alias") else f"{new} as {old}"
    if not place.shorthand:
        return new
    return f"{new}: {old}" if place.role in {Role.ACCESS, Role.DEFINE} else f"{old}: {new}"


def _is_free(source: Source, rename: Rename) -> bool:
    """Whether nothing in another file has the new name yet."""
    taken = source.names(rename.new)
    if taken.is_common:
        return False
    if rename.thing.kind == "member":
        return taken.owners().isdisjoint(source.names(rename.old).owners() | rename.thing.owners)
    return all(it.role in ASIDE for it in taken.mentions)


def _linked(change: Change, rename: Rename, workspace: Workspace | None) -> Linked | None:
    """Return where other files mention the thing, or None if it must not be renamed."""
    names, thing, home = rename.names, rename.thing, change.before
    bound = names.definitions(thing)
    imports = [it for it in bound if it.role is Role.IMPORT]
    if not imports or any(it.role is Role.BIND for it in bound):
        return _others(workspace, home, rename, bound) if workspace else iter(())
    if workspace is None or len(imports) > 1:
        return None
    old = homes(workspace, home, imports[0], rename.old)
    new = homes(workspace, home, imports[0], rename.new)
    if new and not old:
        return iter(())  # the thing has been renamed where it is defined
    return _from(workspace, old[0], rename) if len(old) == 1 and not new else None


def _from(workspace: Workspace, home: Source, rename: Rename) -> Linked:
    """Yield who mentions a thing that another file defines, that file first."""
    bound = global_bindings(home, rename.old)
    names = home.names(rename.old)
    thing = names.thing(bound[0])
    if thing:
        yield home, tuple(names.of(thing))
        yield from elsewhere(workspace, home, names, thing)


def _others(workspace: Workspace, home: Source, rename: Rename, bound: list[Mention]) -> Linked:
    yield from elsewhere(workspace, home, rename.names, rename.thing)
    named = _function(home, bound)
    if named is None:
        return
    names = home.names(named.text)
    mention = names.starting(named.start)
    thing = names.thing(mention) if mention else None
    for source, mentions in elsewhere(workspace, home, names, thing) if thing else ():
        given = tuple(_given(source, mentions, rename.old))
        if given:
            yield source, given


def _function(home: Source, bound: list[Mention]) -> Node | None:
    """Return the name by which a function is called that has a parameter of some bindings."""
    if not home.naming.has_keywords or not bound:
        return None
    way = bound[0].way
    listed = next((at for at, it in enumerate(way) if it.field == "parameters"), 0)
    name = way[listed - 1].part("name") if listed else None
    if name is None or name.text not in CONSTRUCTORS:
        return name
    owner = bound[0].above(frozenset(home.naming.classes))
    return owner.part("name") if owner else None


def _given(source: Source, mentions: tuple[Mention, ...], name: str) -> Iterator[Mention]:
    """Yield where calls give an argument of a name."""
    for it in mentions:
        call = call_of(it.way, source.naming)
        for argument in call.arguments if call else ():
            node = argument.keyword
            if node and node.text == name:
                found = at(source.tree, source.naming, node.start, node.end)
                if found:
                    yield found
