"""A replacement that fits at other places of the document too.

Owns what counts as the same. Done once, an expression or a statement has been replaced, two words
of it at least, and it stands elsewhere token by token. Done twice, the same words have been
replaced by the same ones, and what the places have in common around them tells the others. Either
way the variables have to be the same. What is in a string, or in a comment, stands for all of it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, takewhile

from spark_lsp.core.changes import Hunk
from spark_lsp.core.events import Found
from spark_lsp.core.foresight.change import Change, offer
from spark_lsp.core.foresight.variables import fits, meanings, same
from spark_lsp.core.nodes import Node, Tree

_TOKENS = 40
"""Tokens of the longest expression or statement that is looked for."""
_LONGEST = 2_000
"""Characters of it."""
_MATCHES = 500
"""Places that are looked at for one replacement."""
_CONTEXT = 4
"""Tokens on either side that places may have in common."""
_LINE = 400
"""Characters on either side in which these are looked for."""
_TELLING = 4
"""Letters of a string, or of a comment, that is no common one."""
_SHOWN = 30
"""Letters of a text that is told in a reason."""
_TOKEN = re.compile(r"\w+|[^\w\s]")
_WORDS = re.compile(r"\w")
_NAME = re.compile(r"[^\W\d]\w{2}")
"""Words that are no numbers, and not so short that they are everywhere."""
_PARTS = re.compile(r"ERROR|block|body|clause|comment|list|parameters|arguments|suite|string_")
"""Nodes that are no expression and no statement by themselves."""
_TARGETS = frozenset({"left", "name", "pattern"})
"""Fields of what is given a value."""
_PROSE = re.compile(r"string|comment|char_literal|content$|^text$")
"""Nodes that are no code."""
_CODE = re.compile(r"interpolation|substitution|expansion")
"""Nodes in strings that are code all the same."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place where the change has been made: an old node, and the text that it has become."""

    node: Node
    tokens: tuple[str, ...]
    new: str
    hunks: tuple[Hunk, ...]


def repeated(change: Change, hunks: Sequence[Hunk]) -> Iterator[Found]:
    """Yield the places where what some hunks have replaced stands too."""
    spots: list[_Spot] = []
    for hunk in hunks:
        spot = None if any(hunk in it.hunks for it in spots) else _spot(change, hunk, hunks)
        spots += [spot] if spot else []
    for spot in spots:
        twins = [it for it in spots if (it.tokens, it.new) == (spot.tokens, spot.new)]
        if twins[0] is spot:
            yield from _whole(change, twins)
    groups: dict[tuple[str, str], list[Hunk]] = {}
    for hunk in hunks:
        groups.setdefault(_texts(change, hunk), []).append(hunk)
    for (old, new), places in groups.items():
        if len(places) > 1 and "\n" not in old + new:
            prose = _prose(change.before.tree, places[0])
            yield from _in_prose(change, prose, places) if prose else _alike(change, places)


def _texts(change: Change, hunk: Hunk) -> tuple[str, str]:
    before, now = change.before.tree.string, change.now.tree.string
    return before[hunk.old_start : hunk.old_end], now[hunk.start : hunk.end]


def _reason(old: str, new: str) -> str:
    old, new = (" ".join(it.split()) for it in (old, new))
    shown = [it if len(it) <= _SHOWN else it[: _SHOWN - 1] + "…" for it in (old, new)]
    if not old:
        return f"put in {shown[1]} here too"
    return f"replace {shown[0]} by {shown[1]}" if new else f"take out {shown[0]} here too"


# --- Whole expressions and statements -----------------------------------------------------------


def _spot(change: Change, hunk: Hunk, hunks: Sequence[Hunk]) -> _Spot | None:
    """Return the smallest expression or statement that holds a hunk, and has become another."""
    for node in reversed(change.before.tree.way(hunk.old_start, hunk.old_end)[1:]):
        held = [it for it in change.hunks if it.old_start <= node.end and node.start <= it.old_end]
        first, last = held[0], held[-1]
        tokens = _tokens(node)
        if len(tokens) > _TOKENS:
            return None
        if first.old_start < node.start or last.old_end > node.end:
            continue
        start, end = node.start + first.start - first.old_start, node.end + last.end - last.old_end
        now = change.now.tree.way(start, end)[-1]
        whole = (now.start, now.end) == (start, end) and len(tokens) > 1
        if whole and not _PARTS.search(node.type) and not _PARTS.search(now.type):
            done = all(it in hunks for it in held)
            return _Spot(node, tokens, now.text, tuple(held)) if done else None
    return None


def _tokens(node: Node) -> tuple[str, ...]:
    """Return the leaves of a node, or more than are looked for."""
    if node.end - node.start > _LONGEST:
        return ("",) * (_TOKENS + 1)
    found: list[str] = []
    todo = [node]
    while todo and len(found) <= _TOKENS:
        it = todo.pop()
        parts = it.parts
        covered = sum(one.end - one.start for one in parts)
        if parts and covered >= len("".join(it.text.split())):
            todo += reversed(parts)
        else:
            found.append(it.text)
    return tuple(found)


def _whole(change: Change, spots: Sequence[_Spot]) -> Iterator[Found]:
    """Yield where the same expression or statement stands."""
    spot, tree = spots[0], change.before.tree
    removed = sum(len(_TOKEN.findall(_texts(change, it)[0])) for it in spot.hunks)
    if "\n" in spot.new or (len(spots) == 1 and (removed < 2 or _is_all(change, spot))):
        return
    pattern = _pattern(spot.tokens, r"\s*")
    if not pattern.fullmatch(spot.node.text):
        return
    reason = _reason(spot.node.text, spot.new)
    for found in islice(pattern.finditer(tree.string), _MATCHES):
        span = change.moved(*found.span())
        node = _node(tree, *found.span(), spot.node)
        if span is None or node is None or _tokens(node) != spot.tokens:
            continue
        there = meanings(change.before, node.start, node.end)
        alike = (meanings(change.before, it.node.start, it.node.end) for it in spots)
        if any(same(it, there) for it in alike) and fits(change, spot.hunks, span[0]):
            yield offer(change.now, *span, spot.new, reason)


def _is_all(change: Change, spot: _Spot) -> bool:
    """Whether nothing is left of a line: what is new there is another line, and no replacement."""
    text, first, last = change.before.tree.string, spot.hunks[0], spot.hunks[-1]
    before = text[text.rfind("\n", 0, first.old_start) + 1 : first.old_start]
    end = text.find("\n", last.old_end)
    behind = text[last.old_end : len(text) if end < 0 else end]
    kept = (text[one.old_end : other.old_start] for one, other in pairwise(spot.hunks))
    return not "".join([before, *kept, behind]).strip()


def _node(tree: Tree, start: int, end: int, like: Node) -> Node | None:
    """Return the node that spans a range, if it is of the type of another and stands like it."""
    for node in reversed(tree.way(start, end)):
        if (node.start, node.end) != (start, end):
            return None
        if node.type == like.type and (node.field in _TARGETS) == (like.field in _TARGETS):
            return node
    return None


def _pattern(tokens: Sequence[str], between: str) -> re.Pattern[str]:
    """Return a pattern for some tokens, the first and the last whole words if they are words."""
    text = between.join(map(re.escape, tokens))
    before = r"(?<![\w$])" if _WORDS.match(tokens[0][:1]) else ""
    behind = r"(?![\w$])" if _WORDS.match(tokens[-1][-1:]) else ""
    return re.compile(before + text + behind)


# --- Words, by what stands around them ----------------------------------------------------------


def _alike(change: Change, places: Sequence[Hunk]) -> Iterator[Found]:
    """Yield where the same words stand among the same ones."""
    before = change.before.tree.string
    old, new = _texts(change, places[0])
    left = _common([_line_before(before, it.old_start)[::-1] for it in places])[::-1]
    right = _common([_line_after(before, it.old_end) for it in places])
    tokens = _TOKEN.findall(old)
    if not _is_telling(left, tokens, right):
        return
    gap = r"[^\S\r\n]*"
    parts = [gap.join(map(re.escape, it)) for it in (left, tokens, right)]
    leaning = not before[: places[0].old_start][-1:].isspace()
    edges = (f"(?:{gap})", "") if tokens or not leaning else ("", f"(?:{gap})")
    pattern = re.compile(f"{parts[0]}{edges[0]}({parts[1]}){edges[1]}(?={gap}{parts[2]})")
    kinds = {_kind(change.before.tree, it.old_start, it.old_end) for it in places}
    for found in islice(pattern.finditer(before), _MATCHES):
        start, end = found.span(1)
        span = change.moved(start, end)
        if span is None or _kind(change.before.tree, start, end) not in kinds:
            continue
        there = meanings(change.before, start, end)
        alike = (meanings(change.before, it.old_start, it.old_end) for it in places)
        fitting = any(same(it, there) for it in alike) and fits(change, places, span[0])
        if fitting and before[start:end] == old:
            yield offer(change.now, *span, new, _reason(old, new))


def _is_telling(left: Sequence[str], tokens: Sequence[str], right: Sequence[str]) -> bool:
    """Whether some tokens, with what stands around them, are not just found anywhere."""
    words = [any(map(_WORDS.match, it)) for it in (left, right)]
    if not tokens:
        return all(words)
    return any(words) or (bool(left or right) and any(map(_NAME.match, tokens)))


def _line_before(text: str, offset: int) -> list[str]:
    return _TOKEN.findall(text, max(text.rfind("\n", 0, offset) + 1, offset - _LINE), offset)


def _line_after(text: str, offset: int) -> list[str]:
    end = text.find("\n", offset)
    return _TOKEN.findall(text, offset, min(len(text) if end < 0 else end, offset + _LINE))


def _common(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return how all of some rows begin, up to the first word."""
    same = takewhile(lambda column: len(set(column)) == 1, zip(*rows, strict=False))
    found: list[str] = []
    for column in islice(same, _CONTEXT):
        found.append(column[0])
        if _WORDS.match(column[0]):
            break
    return found


def _kind(tree: Tree, start: int, end: int) -> tuple[str, ...]:
    """Return what a range is made of, as far as its ends and what holds it tell."""
    edges = ((start, start + 1), (end - 1, end)) if end > start else ((start - 1, start),)
    leaves = [tree.way(max(0, first), last)[-1].type for first, last in edges]
    return (*leaves, *(it.type for it in tree.way(start, end)[-2:]))


# --- Strings and comments -----------------------------------------------------------------------


def _prose(tree: Tree, hunk: Hunk) -> Node | None:
    """Return the string, or the comment, that a hunk is in, if it is in one."""
    for node in reversed(tree.way(hunk.old_start, hunk.old_end)[-2:]):
        if _PROSE.search(node.type) and not any(_CODE.search(it.type) for it in node.parts):
            return node
    return None


def _in_prose(change: Change, prose: Node, places: Sequence[Hunk]) -> Iterator[Found]:
    """Yield where the same string, or comment, stands."""
    tree, changes = change.before.tree, {_rewritten(change, it) for it in places}
    if len(changes) != 1 or len(prose.text.strip()) < _TELLING:
        return
    old, new = changes.pop()
    for found in islice(re.finditer(re.escape(old), tree.string), _MATCHES):
        span, node = change.moved(*found.span()), _node(tree, *found.span(), prose)
        if span and node:
            yield offer(change.now, *span, new, _reason(old, new))


def _rewritten(change: Change, hunk: Hunk) -> tuple[str, str]:
    """Return the string, or the comment, that a hunk is in, as it was and as it is."""
    node = _prose(change.before.tree, hunk)
    if node is None:
        return "", ""
    held = [it for it in change.hunks if node.start <= it.old_start and it.old_end <= node.end]
    start = node.start + held[0].start - held[0].old_start
    end = node.end + held[-1].end - held[-1].old_end
    return node.text, change.now.tree.string[start:end]
