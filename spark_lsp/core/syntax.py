"""The syntax tree of one text, kept current edit by edit.

Owns tree-sitter: grammars, parsers, byte offsets. Offsets outside this module count code points;
tree-sitter counts bytes of UTF-8. What the nodes mean is left to `symbols`.

py-tree-sitter holds the interpreter lock while it parses, so only the open file is parsed on the
event loop, and only up to `LIMIT`; bulk parsing belongs into worker processes.
"""

import importlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import tree_sitter

from spark_lsp.core.languages import Language
from spark_lsp.core.text import Edit, Text

LIMIT = 1_000_000
"""Characters above which an open file gets no tree: a full parse would stall the loop."""

_QUOTED = re.compile(r"comment|string|heredoc|template")
_CODE = re.compile(r"interpolation|substitution")
_CONTINUATION = bytes(range(0x80, 0xC0))


@dataclass(frozen=True, slots=True)
class Shift:
    """What an edit does to the places in a tree, in bytes and in tree-sitter's rows."""

    start: int
    old_end: int
    new_end: int
    start_point: tree_sitter.Point
    old_end_point: tree_sitter.Point
    new_end_point: tree_sitter.Point


def shift_of(before: Text, edit: Edit) -> Shift:
    """Return the shift of an edit of a text. Holds no text, so that many may wait for a parse."""
    start = _byte_offset(before.string, edit.start)
    old, new = before.string[edit.start : edit.end], edit.new
    start_point = _point(before.string, edit.start)
    return Shift(
        start,
        start + len(encoded(old)),
        start + len(encoded(new)),
        start_point,
        _moved(start_point, old),
        _moved(start_point, new),
    )


@cache
def grammar(language: Language) -> tree_sitter.Language:
    """Return the compiled grammar, loaded once per process."""
    module = importlib.import_module(language.module)
    return tree_sitter.Language(getattr(module, language.function)())


@cache
def query(language: Language) -> tree_sitter.Query:
    """Return the compiled query of definitions and imports, kept for the life of the process."""
    return tree_sitter.Query(grammar(language), language.query)


@cache
def _parser(language: Language) -> tree_sitter.Parser:
    return tree_sitter.Parser(grammar(language))


class Syntax:
    """The tree of one text.

    A value: an edit gives a new one that shares what has not changed.
    """

    __slots__ = ("_source", "_tree", "language")

    def __init__(self, language: Language, source: bytes, tree: tree_sitter.Tree) -> None:
        """Wrap a tree; use `parse` to make one."""
        self.language = language
        self._source = source
        self._tree = tree

    @classmethod
    def parse(cls, language: Language, text: Text | str) -> "Syntax":
        """Parse a whole text. Any text gives a tree; what cannot be parsed is in error nodes."""
        source = encoded(text if isinstance(text, str) else text.string)
        return cls(language, source, _parser(language).parse(source))

    def edited(self, shifts: Iterable[Shift], text: Text | str) -> "Syntax":
        """Return the tree of a text, given the edits that led to it; what they spared is reused.

        Many edits cost one parse, so a tree is best brought up to date when it is wanted.
        """
        tree = self._tree.copy()
        for shift in shifts:
            tree.edit(
                start_byte=shift.start,
                old_end_byte=shift.old_end,
                new_end_byte=shift.new_end,
                start_point=shift.start_point,
                old_end_point=shift.old_end_point,
                new_end_point=shift.new_end_point,
            )
        source = encoded(text if isinstance(text, str) else text.string)
        return Syntax(self.language, source, _parser(self.language).parse(source, tree))

    def flaws(self, limit: int = 1000) -> list[int]:
        """Return where errors begin, in code points and in order, but for those within errors.

        A limit bounds how many are looked for.
        """
        found, nodes = list[int](), [self._tree.root_node]
        while nodes and len(found) < limit:
            node = nodes.pop()
            if node.is_error or node.is_missing:
                found.append(node.start_byte)
            elif node.has_error:
                nodes += [child for child in reversed(node.children) if child.has_error]
        if self._source.isascii():
            return found
        result, byte, offset = list[int](), 0, 0
        for start in found:
            offset += characters(self._source[byte:start])
            byte = start
            result.append(offset)
        return result

    def quoted(self, text: Text, offset: int) -> tuple[int, int] | None:
        """Return where the comment or string begins and ends that an offset is inside of, or None.

        Args:
            text: the text of this tree.
            offset: in code points, like what is returned.
        """
        at = _byte_offset(text.string, offset)
        node = self._tree.root_node.descendant_for_byte_range(at, at)
        found = None
        while node is not None and not _CODE.search(node.type):
            if node.start_byte < at < node.end_byte and _QUOTED.search(node.type):
                found = node
            node = node.parent
        if found is None:
            return None
        before = characters(self._source[found.start_byte : at])
        return offset - before, offset + characters(self._source[at : found.end_byte])

    @property
    def root(self) -> tree_sitter.Node:
        """The root node; its offsets are bytes into `source`."""
        return self._tree.root_node

    @property
    def source(self) -> bytes:
        """The text in UTF-8."""
        return self._source


def characters(source: bytes) -> int:
    """Count code points; works in the middle of one, and for what is no UTF-8 at all."""
    return len(source.translate(None, _CONTINUATION))


def encoded(string: str) -> bytes:
    """Return a text as trees see it."""
    # A lone surrogate can arrive in JSON; it must not raise, and its length must stay three bytes.
    return string.encode("utf-8", "surrogatepass")


def _byte_offset(string: str, offset: int) -> int:
    return offset if string.isascii() else len(encoded(string[:offset]))


def _point(string: str, offset: int) -> tree_sitter.Point:
    # tree-sitter's own rows end at LF only.
    line_start = string.rfind("\n", 0, offset) + 1
    return tree_sitter.Point(string.count("\n", 0, offset), len(encoded(string[line_start:offset])))


def _moved(start: tree_sitter.Point, text: str) -> tree_sitter.Point:
    """Return the point after a text that begins at a point."""
    last_line = len(encoded(text[text.rfind("\n") + 1 :]))
    rows = text.count("\n")
    return tree_sitter.Point(start.row + rows, last_line if rows else start.column + last_line)
