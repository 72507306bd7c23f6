"""A parsed text as nodes, in code points.

Owns the way from the bytes of a tree to the places of a text, for whoever walks it. What nodes mean
is left to those who walk.
"""

from bisect import bisect_right
from itertools import accumulate

import tree_sitter

from spark_lsp.core.syntax import Syntax, characters, encoded

_STRIDE = 256
"""Characters between two places of a text whose bytes are remembered."""

_DEEPEST = 200
"""Nodes of a way."""


class Node:
    """A node of a tree, from `start` up to `end` in code points.

    Attributes:
        type: what the grammar calls it.
        field: what the grammar calls it as a part of its parent, or "".
    """

    __slots__ = ("_node", "_tree", "end", "field", "start", "type")

    def __init__(self, tree: "Tree", node: tree_sitter.Node, field: str | None) -> None:
        """Wrap a node of a tree."""
        self._tree, self._node = tree, node
        self.type, self.field = node.type, field or ""
        self.start, self.end = tree.offset(node.start_byte), tree.offset(node.end_byte)

    @property
    def text(self) -> str:
        """What it spans."""
        return self._tree.string[self.start : self.end]

    @property
    def parts(self) -> "list[Node]":
        """Its children in order, punctuation and comments among them."""
        cursor = self._node.walk()
        found = []
        more = cursor.goto_first_child()
        while more and cursor.node:
            found.append(Node(self._tree, cursor.node, cursor.field_name))
            more = cursor.goto_next_sibling()
        return found

    @property
    def before(self) -> "Node | None":
        """The part of its parent before it; its field is not told."""
        node = self._node.prev_sibling
        return Node(self._tree, node, None) if node else None

    @property
    def behind(self) -> "Node | None":
        """The part of its parent behind it; its field is not told."""
        node = self._node.next_sibling
        return Node(self._tree, node, None) if node else None

    def part(self, field: str) -> "Node | None":
        """Return its first child of a field."""
        node = self._node.child_by_field_name(field)
        return Node(self._tree, node, field) if node else None


class Tree:
    """A parsed text as nodes."""

    def __init__(self, syntax: Syntax, string: str) -> None:
        """Take a tree and the text that it is of."""
        self.syntax, self.string = syntax, string
        self._plain = len(syntax.source) == len(string)
        stretches = (string[at - _STRIDE : at] for at in range(_STRIDE, len(string), _STRIDE))
        self._marks = list(accumulate((len(encoded(it)) for it in stretches), initial=0))

    def offset(self, byte: int) -> int:
        """Return the code point that begins at a byte."""
        if self._plain:
            return byte
        mark = bisect_right(self._marks, byte) - 1
        return mark * _STRIDE + characters(self.syntax.source[self._marks[mark] : byte])

    def way(self, start: int, end: int) -> list[Node]:
        """Return the nodes that a range lies in, from the root to the innermost.

        Only so many: what is nested deeper than any person's text is not looked at.
        """
        first, last = self._byte(start), self._byte(end)
        cursor = self.syntax.root.walk()
        found = [Node(self, self.syntax.root, None)]
        while len(found) < _DEEPEST and cursor.goto_first_child_for_byte(first) is not None:
            node = cursor.node
            if node is None or node.start_byte > first or node.end_byte < last:
                break
            found.append(Node(self, node, cursor.field_name))
        return found

    def errors(self) -> int:
        """Count the places where the text is not what the grammar wants."""
        count, todo = 0, [self.syntax.root]
        while todo:
            if (node := todo.pop()).has_error:
                count += node.is_error or node.is_missing
                todo += node.children
        return count

    def _byte(self, offset: int) -> int:
        if self._plain:
            return offset
        mark = min(offset // _STRIDE, len(self._marks) - 1)
        return self._marks[mark] + len(encoded(self.string[mark * _STRIDE : offset]))
