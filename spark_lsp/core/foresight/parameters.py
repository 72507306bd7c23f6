"""The parameters of a function as they are written, and what has become of them.

Owns the reading of a signature, and the comparison of two: parameters that came, that went, or that
changed places, each alone. What follows for calls is left to `signature`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from spark_lsp.core.nodes import Node

_ASIDE = frozenset(
    {
        "(",
        ")",
        ",",
        "block_comment",
        "comment",
        "line_comment",
        "positional_separator",
        "receiver_parameter",
        "self_parameter",
    }
)
_RESTS = frozenset(
    {
        "dictionary_splat_pattern",
        "list_splat_pattern",
        "rest_pattern",
        "spread_parameter",
        "variadic_parameter_declaration",
    }
)
_DEFAULTS = frozenset(
    {"assignment_pattern", "default_parameter", "optional_parameter", "typed_default_parameter"}
)


class Kind(Enum):
    """How a parameter gets its argument."""

    PLAIN = auto()
    KEYWORD = auto()
    """By name only."""
    REST = auto()
    """All that is left."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; `default` says whether it may be left out."""

    name: str
    kind: Kind = Kind.PLAIN
    default: bool = False


@dataclass(frozen=True, slots=True)
class Reshaped:
    """Two signatures of a function, of which the second differs in one respect.

    Attributes:
        old: the parameters that it had.
        new: the parameters that it has.
        added: those that came.
        removed: those that went.
    """

    old: tuple[Parameter, ...]
    new: tuple[Parameter, ...]
    added: tuple[Parameter, ...]
    removed: tuple[Parameter, ...]

    def reason(self, function: str) -> str:
        """Say what has become of a function, in a few words for people."""
        names = ", ".join(it.name for it in self.added or self.removed)
        if self.added:
            return f"{function} has got {names}"
        return f"{function} has lost {names}" if names else f"{function} takes another order"


def parameters(function: Node) -> tuple[Parameter, ...] | None:
    """Return the parameters of a function without that for its object; None if one is nameless."""
    listed = function.part("parameters")
    found: list[Parameter] = []
    named = False  # what follows is given by name only
    for it in listed.parts if listed else ():
        if it.type in _ASIDE or "this" in {it.type, *(one.type for one in it.parts)}:
            continue
        if it.type == "keyword_separator":
            named = True
            continue
        kind = Kind.KEYWORD if named else Kind.PLAIN
        read = list(_read(it, kind))
        if not read:
            return None
        found += read
        named = named or any(one.kind is Kind.REST for one in read)
    names = {it.name for it in found}
    return tuple(found) if listed and len(names) == len(found) else None


def _read(node: Node, kind: Kind) -> Iterator[Parameter]:
    """Yield the parameters that one part of a list declares; nothing if it has no name."""
    first = next((it for it in node.parts if it.type != "mutable_specifier"), node)
    if node.type in _RESTS or first.type in _RESTS:
        yield Parameter(node.text, Kind.REST)
    elif node.type == "parameter_declaration":  # of Go, which may declare several
        for it in node.parts:
            if it.field == "name":
                yield Parameter(it.text, kind)
    else:
        fields = ("name", "pattern", "left")
        named = next(filter(None, map(node.part, fields)), first)
        default = node.type in _DEFAULTS or node.part("value") is not None
        yield Parameter(named.text, kind, default)


def reshaped(old: tuple[Parameter, ...], new: tuple[Parameter, ...]) -> Reshaped | None:
    """Return what has become of a signature, if that is one thing only."""
    before, now = {it.name: it for it in old}, {it.name: it for it in new}
    added = tuple(it for it in new if it.name not in before)
    removed = tuple(it for it in old if it.name not in now)
    kept = [it for it in old if it.name in now]
    left = [it for it in new if it.name in before]
    same = [(it.name, it.kind) for it in kept] == [(it.name, it.kind) for it in left]
    moved = {(it.name, it.kind) for it in kept} == {(it.name, it.kind) for it in left}
    single = (bool(added) + bool(removed) + (not same)) == 1
    if not single or not moved or any(it.kind is Kind.REST for it in (*added, *removed)):
        return None
    return Reshaped(old, new, added, removed)
