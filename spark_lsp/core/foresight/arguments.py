"""What becomes of the arguments of a call when the parameters of its function change.

Owns the edits of one call. Each argument is brought to its parameter first, as the function was; a
call for which that does not work out is not understood, and stays.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from spark_lsp.core.foresight.calls import Argument, Call
from spark_lsp.core.foresight.names import Source
from spark_lsp.core.foresight.parameters import Kind, Parameter, Reshaped
from spark_lsp.core.text import Edit


def adapted(source: Source, call: Call, shape: Reshaped) -> list[Edit]:
    """Return the edits that make a call fit what a function has become."""
    given = _given(call, shape.old)
    if given is None:
        return []
    if shape.removed:
        return list(_without(source, call, given, shape.removed))
    if shape.added:
        return list(_with(source, call, given, shape))
    return list(_reordered(source, given, shape))


def _given(call: Call, old: tuple[Parameter, ...]) -> dict[str, Argument] | None:
    """Return the argument of each parameter that has one, or None if the call does not fit."""
    plain = [it for it in old if it.kind is Kind.PLAIN]
    rest = any(it.kind is Kind.REST for it in old)
    names = {it.name for it in old if it.kind is not Kind.REST}
    positional = [it for it in call.arguments if it.keyword is None]
    if positional != list(call.arguments[: len(positional)]):
        return None  # one by position behind one by name
    if len(positional) > len(plain) and not rest:
        return None
    given = {one.name: it for one, it in zip(plain, positional, strict=False)}
    for it in call.arguments[len(positional) :]:
        name = it.keyword.text if it.keyword else ""
        if name in given or (name not in names and not rest):
            return None
        given[name] = it
    required = (it.name for it in old if it.kind is not Kind.REST and not it.default)
    return given if all(it in given for it in required) else None


def _without(
    source: Source, call: Call, given: Mapping[str, Argument], removed: tuple[Parameter, ...]
) -> Iterator[Edit]:
    """Yield the edits that take arguments out, each with the comma that it leaves."""
    gone = {given[it.name].node.start for it in removed if it.name in given}
    nodes = [it.node for it in call.arguments]
    kept = [at for at, it in enumerate(nodes) if it.start not in gone]
    first = 0
    while first < len(nodes):
        if nodes[first].start not in gone:
            first += 1
            continue
        last = next((at for at in kept if at > first), len(nodes))
        if last < len(nodes):
            start, end = nodes[first].start, nodes[last].start
        elif first:
            start, end = nodes[first - 1].end, nodes[last - 1].end
        else:
            start, end = call.opened, call.closed
        between = source.tree.string[start:end]
        for node in nodes[first:last]:
            between = between.replace(node.text, "", 1)
        if between.strip(" \t\r\n,"):
            return  # a comment: whose it is, nobody knows
        yield Edit(start, end, "")
        first = last


def _with(
    source: Source, call: Call, given: Mapping[str, Argument], shape: Reshaped
) -> Iterator[Edit]:
    """Yield the edits that put arguments in, each under the name of its parameter."""
    placed = {name for name, it in given.items() if it.keyword is None}
    plain = [it.name for it in shape.new if it.kind is Kind.PLAIN]
    added: dict[int, list[str]] = {}
    for name in [it.name for it in shape.added if not it.default]:
        before = plain[: plain.index(name)] if name in plain else []
        at, named = len(call.arguments), True
        if name in plain and placed.issuperset(before):
            at = sum(it in given for it in before)
            named = at < len(call.arguments) and call.arguments[at].keyword is not None
        if named and not source.naming.has_keywords:
            return
        if not named:
            placed.add(name)
        added.setdefault(at, []).append(f"{name}={name}" if named else name)
    for at, spelled in added.items():
        yield _inserted(source, call, at, spelled)


def _inserted(source: Source, call: Call, at: int, spelled: list[str]) -> Edit:
    """Return the edit that puts arguments before one of a call, or behind the last."""
    nodes = [it.node for it in call.arguments]
    gaps = [source.tree.string[one.end : other.start] for one, other in pairwise(nodes)]
    gap = gaps[0] if gaps and not gaps[0].strip(" \t\r\n,") else ", "
    if not nodes:
        return Edit(call.opened, call.opened, ", ".join(spelled))
    if at < len(nodes):
        return Edit(nodes[at].start, nodes[at].start, "".join(it + gap for it in spelled))
    return Edit(nodes[-1].end, nodes[-1].end, "".join(gap + it for it in spelled))


def _reordered(source: Source, given: Mapping[str, Argument], shape: Reshaped) -> Iterator[Edit]:
    """Yield the edit by which arguments that are given by place change places."""
    places = [it.name for it in shape.old if it.name in given and given[it.name].keyword is None]
    order = [it.name for it in shape.new if it.name in places]
    plain = [it.name for it in shape.new if it.kind is Kind.PLAIN]
    if plain[: len(order)] != order:
        return  # one would have to be left out
    moved = [at for at, (one, other) in enumerate(zip(places, order, strict=True)) if one != other]
    if not moved:
        return
    string = source.tree.string
    new, end = "", given[places[moved[0]]].node.start
    start = end
    for at in range(moved[0], moved[-1] + 1):
        slot, taken = given[places[at]].node, given[order[at]].node
        new += string[end : slot.start] + taken.text
        end = slot.end
    yield Edit(start, end, new)
