"""The syntax tree of one text, kept current edit by edit.

Owns tree-sitter: grammars, parsers, byte offsets. Offsets outside this module count code points;
tree-sitter counts bytes of UTF-8. What the nodes mean is left to `symbols`.

py-tree-sitter holds the interpreter lock while it parses, so only the open file is parsed on the
event loop, and only up to `LIMIT`; bulk parsing belongs into worker processes.
"""

import importlib
from collections.abc import Sequence
from functools import cache

import tree_sitter

from spark_lsp.core.languages import Language
from spark_lsp.core.text import Edit, Text

Step = tuple[Text, Edit, Text]
"""A text, an edit of it, and the text that the edit gives."""

LIMIT = 1_000_000
"""Characters above which an open file gets no tree: a full parse would stall the loop."""


@cache
def grammar(language: Language) -> tree_sitter.Language:
    """Return the compiled grammar, loaded once per process."""
    module = importlib.import_module(language.module)
    return tree_sitter.Language(getattr(module, language.function)())


@cache
def query(language: Language) -> tree_sitter.Query:
    """Return the language's compiled query, kept alive for the life of the process."""
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
    def parse(cls, language: Language, text: Text) -> "Syntax":
        """Parse a whole text. Any text gives a tree; what cannot be parsed is in error nodes."""
        source = _encoded(text.string)
        return cls(language, source, _parser(language).parse(source))

    def edited(self, steps: Sequence[Step]) -> "Syntax":
        """Return the tree after edits that follow each other; what they did not touch is reused.

        Many edits cost one parse, so a tree is best brought up to date when it is wanted.
        """
        tree = self._tree.copy()
        source = self._source
        for before, edit, after in steps:
            start = _byte_offset(before.string, edit.start)
            old_end = start + len(_encoded(before.string[edit.start : edit.end]))
            new_end = start + len(_encoded(edit.new))
            old, source = source, _encoded(after.string)
            tree.edit(
                start_byte=start,
                old_end_byte=old_end,
                new_end_byte=new_end,
                start_point=_point(old, start),
                old_end_point=_point(old, old_end),
                new_end_point=_point(source, new_end),
            )
        return Syntax(self.language, source, _parser(self.language).parse(source, tree))

    @property
    def root(self) -> tree_sitter.Node:
        """The root node; its offsets are bytes into `source`."""
        return self._tree.root_node

    @property
    def source(self) -> bytes:
        """The text in UTF-8."""
        return self._source

    @property
    def has_error(self) -> bool:
        """Whether any part of the text could not be parsed."""
        return self._tree.root_node.has_error


def _encoded(string: str) -> bytes:
    # A lone surrogate can arrive in JSON; it must not raise, and its length must stay three bytes.
    return string.encode("utf-8", "surrogatepass")


def _byte_offset(string: str, offset: int) -> int:
    return offset if string.isascii() else len(_encoded(string[:offset]))


def _point(source: bytes, offset: int) -> tree_sitter.Point:
    # tree-sitter's own rows end at LF only.
    row = source.count(b"\n", 0, offset)
    return tree_sitter.Point(row, offset - (source.rfind(b"\n", 0, offset) + 1))
