"""Calls as they are written: what is called, and with which arguments."""

from collections.abc import Sequence
from dataclasses import dataclass

from spark_lsp.core.foresight.naming import Naming
from spark_lsp.core.nodes import Node

_LAST = ("attribute", "property", "field", "name", "function", "type")
"""Fields of a qualified name in which the last word of it stands."""
_LISTS = frozenset({"argument_list", "arguments"})
_SPREAD = frozenset({"list_splat", "dictionary_splat", "spread_element", "variadic_argument"})
_ASIDE = frozenset({"(", ")", ",", "comment", "line_comment", "block_comment"})


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call; `keyword` is the name that it is given by, if it is."""

    node: Node
    keyword: Node | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A call whose arguments can all be told.

    Attributes:
        node: all of it.
        opened: behind the bracket that opens its arguments.
        closed: before the one that closes them.
        arguments: in their order.
    """

    node: Node
    opened: int
    closed: int
    arguments: tuple[Argument, ...]


def called(node: Node, naming: Naming) -> Node | None:
    """Return the name of the function, or class, that the node of a call calls."""
    found = node.part(naming.invocations[node.type])
    while found is not None and found.type not in naming.names:
        parts = map(found.part, _LAST)
        found = next((it for it in parts if it is not None), None)
    return found


def invocation(way: Sequence[Node], naming: Naming) -> Node | None:
    """Return the node that calls what the name at the end of a way means."""
    node = next((it for it in reversed(way[:-1]) if it.type in naming.invocations), None)
    function = called(node, naming) if node else None
    return node if function and function.start == way[-1].start else None


def call_of(way: Sequence[Node], naming: Naming) -> Call | None:
    """Return the call that calls what the name at the end of a way means, if it is a plain one."""
    node = invocation(way, naming)
    return _read(node) if node else None


def _read(node: Node) -> Call | None:
    """Return a call, unless some of its arguments are not told one by one."""
    listed = node.part("arguments")
    if listed is None or listed.type not in _LISTS:
        return None
    parts = listed.parts
    if [it.type for it in (*parts[:1], *parts[-1:])] != ["(", ")"] or parts[-1].start == parts[
        -1
    ].end:
        return None
    given = [it for it in parts if it.type not in _ASIDE]
    if any(it.type in _SPREAD or it.type == "ERROR" for it in given):
        return None
    arguments = [
        Argument(it, it.part("name") if it.type == "keyword_argument" else None) for it in given
    ]
    return Call(node, parts[0].end, parts[-1].start, tuple(arguments))
