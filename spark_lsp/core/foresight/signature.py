"""A function whose parameters have been changed, and the calls that have to follow.

Owns which functions and calls are meant. What becomes of the arguments is told by `arguments`. A
call that did not fit the function before, or that has been changed too, is left alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spark_lsp.core.events import Found
from spark_lsp.core.foresight.arguments import adapted
from spark_lsp.core.foresight.calls import Call, call_of
from spark_lsp.core.foresight.change import Change, offer
from spark_lsp.core.foresight.elsewhere import elsewhere, is_telling
from spark_lsp.core.foresight.mentions import Mention
from spark_lsp.core.foresight.names import CONSTRUCTORS, Names, Source, Thing
from spark_lsp.core.foresight.parameters import Reshaped, parameters, reshaped
from spark_lsp.core.foresight.workspace import Workspace
from spark_lsp.core.nodes import Node

_HARMLESS = frozenset({"abstractmethod", "classmethod", "final", "override", "staticmethod"})
"""Decorators that leave the parameters what they are."""
_CONSTRUCTION = "constructor_declaration"
"""A constructor that has the name of its class."""
_VARIABLES = frozenset({"variable_declarator", "field_definition", "public_field_definition"})
"""Nodes that give a function its name from outside."""


@dataclass(frozen=True, slots=True)
class _Function:
    """A function, and the name that calls of it use.

    Attributes:
        node: all of it.
        name: what it is called by.
        bound: whether its first parameter is for its object.
        detached: whether a call by way of its class gives the object as an argument.
    """

    node: Node
    name: Node
    bound: bool
    detached: bool


def following(change: Change, workspace: Workspace | None) -> Iterator[Found]:
    """Yield the edits of calls that follow from changed signatures."""
    done: set[int] = set()
    for hunk in change.hunks:
        old = _function(change.before, hunk.old_start, hunk.old_end)
        new = _function(change.now, hunk.start, hunk.end)
        if old is None or new is None or new.node.start in done:
            continue
        done.add(new.node.start)
        same = change.moved(old.name.start, old.name.end) == (new.name.start, new.name.end)
        shape = _reshaped(old, new) if same and old.bound == new.bound else None
        if shape is None:
            continue
        for source, mentions in _mentions(change.now, new, workspace):
            for mention in mentions:
                yield from _edits(change, source, mention, new, shape)


def _edits(
    change: Change, source: Source, mention: Mention, function: _Function, shape: Reshaped
) -> Iterator[Found]:
    """Yield the edits that one mention of a function asks for."""
    call = call_of(mention.way, source.naming)
    if call is None or (source is change.now and _is_changed(change, call)):
        return
    for edit in adapted(source, call, shape):
        reason = shape.reason(function.name.text)
        yield offer(source, edit.start, edit.end, edit.new, reason)


def _is_changed(change: Change, call: Call) -> bool:
    return any(it.start <= call.closed and it.end >= call.opened for it in change.hunks)


def _reshaped(old: _Function, new: _Function) -> Reshaped | None:
    before, now = parameters(old.node), parameters(new.node)
    if before is None or now is None:
        return None
    if new.bound:
        if not now or before[:1] != now[:1]:
            return None
        before, now = before[1:], now[1:]
    return reshaped(before, now)


def _mentions(
    source: Source, function: _Function, workspace: Workspace | None
) -> Iterator[tuple[Source, list[Mention]]]:
    """Yield who mentions a function, if it is one and no other is meant."""
    names = source.names(function.name.text)
    mention = names.starting(function.name.start)
    thing = names.thing(mention) if mention else None
    if thing is None or len(names.definitions(thing)) != 1:
        return
    own = names.of(thing)
    if thing.kind == "member" and is_telling(workspace, source, names, thing):
        own += names.anyones(thing)
    files: list[tuple[Source, Names, Sequence[Mention]]] = [(source, names, own)]
    if workspace:
        files += [
            (other, other.names(names.name), mentions)
            for other, mentions in elsewhere(workspace, source, names, thing)
            if other.path != source.path
        ]
    for other, others, mentions in files:
        yield other, [it for it in mentions if not _is_detached(others, it, function, thing)]


def _is_detached(names: Names, mention: Mention, function: _Function, thing: Thing) -> bool:
    """Whether the object that a function is called for is one of the arguments."""
    node = names.object(mention)
    return function.detached and node is not None and node.text in {*thing.owners, "Self"}


def _function(source: Source, start: int, end: int) -> _Function | None:
    """Return the function whose parameters a range lies in."""
    way, classes = source.tree.way(start, end), source.naming.classes
    listed = next((at for at in range(len(way) - 1, 1, -1) if way[at].field == "parameters"), 0)
    if not listed:
        return None
    node, around = way[listed - 1], way[listed - 2]
    name = node.part("name")
    if name is None and around.type in _VARIABLES:
        name = around.part("name") or around.part("property")
    scopes = source.naming.functions | classes.keys()
    outer = next((it for it in reversed(way[: listed - 1]) if it.type in scopes), None)
    owner = outer if outer and outer.type in classes else None
    decorators = _decorators(around)
    constructs = name is not None and name.text in CONSTRUCTORS
    if owner and (constructs or node.type == _CONSTRUCTION):
        name = owner.part(classes[owner.type]) if _is_only(owner, node) else None
    if name is None or not decorators <= _HARMLESS:
        return None
    written = any(it.type == "self_parameter" for it in way[listed].parts)
    bound = source.naming.body and owner is not None and "staticmethod" not in decorators
    detached = written or (bound and "classmethod" not in decorators and not constructs)
    return _Function(node, name, bound, detached)


def _decorators(node: Node) -> set[str]:
    """Return the names of what decorates a definition."""
    return {
        it.text.removeprefix("@").partition("(")[0].rpartition(".")[2].strip()
        for it in node.parts
        if it.type == "decorator"
    }


def _is_only(owner: Node, node: Node) -> bool:
    """Whether a class has no other constructor, where it may have several."""
    body = owner.part("body")
    others = [it for it in body.parts if it.type == _CONSTRUCTION] if body else []
    return node.type != _CONSTRUCTION or len(others) == 1
