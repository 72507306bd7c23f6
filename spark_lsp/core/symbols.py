"""What one file defines and imports.

Owns the reading of a syntax tree into plain records, small enough to be sent between processes and
kept for a whole repository. Looking things up across files is left to `index`.
"""

import re
from bisect import bisect_right
from collections.abc import Callable

import msgspec
import tree_sitter

from spark_lsp.core.languages import Language
from spark_lsp.core.syntax import Syntax, query
from spark_lsp.core.text import Text

_LINE_END = re.compile(rb"\r\n|\n|\r")
_SIGNATURE_LIMIT = 400
"""Characters of a signature that are kept: long enough for any a person wants to read."""


class Definition(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A name that a file gives to something.

    Attributes:
        name: the name as written, without its qualifiers.
        kind: "function", "method", "class", "struct", "interface", "enum", "type", "variable",
            "constant", "macro" or "module".
        start_line: zero-based first line of the whole definition.
        end_line: zero-based last line, inclusive.
        signature: its text up to the body, with its indentation.
    """

    name: str
    kind: str
    start_line: int
    end_line: int
    signature: str


class FileSymbols(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one file defines and imports, in the order of its text.

    Attributes:
        language: our name of its language.
        lines: how many lines it has.
        definitions: every definition found.
        imports: the text of each import statement.
    """

    language: str
    lines: int
    definitions: tuple[Definition, ...] = ()
    imports: tuple[str, ...] = ()


def extract(text: Text, language: Language) -> FileSymbols:
    """Parse a text and return what it defines and imports; broken code gives what can be read."""
    return from_syntax(Syntax.parse(language, text), text)


def from_syntax(syntax: Syntax, text: Text) -> FileSymbols:
    """Return what a parsed text defines and imports."""
    definitions: dict[int, Definition] = {}
    imports: dict[int, str] = {}
    line_of = _line_finder(text, syntax.source)
    for _, captures in tree_sitter.QueryCursor(query(syntax.language)).matches(syntax.root):
        for capture, nodes in captures.items():
            node = nodes[0]
            if capture == "import":
                imports[node.start_byte] = _text(node, syntax.source).strip()
            elif capture.startswith("definition."):
                name = captures["name"][0]
                definitions[name.start_byte] = Definition(
                    name=_text(name, syntax.source).rpartition("::")[2],
                    kind=capture.removeprefix("definition."),
                    start_line=line_of(node.start_byte, node.start_point.row),
                    end_line=line_of(node.end_byte, node.end_point.row),
                    signature=_signature(node, syntax.source),
                )
    return FileSymbols(
        language=syntax.language.name,
        lines=text.line_count,
        definitions=tuple(definitions[at] for at in sorted(definitions)),
        imports=tuple(imports[at] for at in sorted(imports)),
    )


def _line_finder(text: Text, source: bytes) -> Callable[[int, int], int]:
    """Return what gives the line of a byte, which the tree knows as a row.

    The tree's rows end at LF only, and so they are the text's lines unless it has a lone CR.
    """
    if text.string.count("\r") == text.string.count("\r\n"):
        return lambda _byte, row: row
    starts = [0, *(match.end() for match in _LINE_END.finditer(source))]
    return lambda byte, _row: bisect_right(starts, byte) - 1


def _signature(node: tree_sitter.Node, source: bytes) -> str:
    body = node.child_by_field_name("body")
    line_start = source.rfind(b"\n", 0, node.start_byte) + 1
    lead = source[line_start : node.start_byte]
    start = node.start_byte if lead.strip() else line_start
    if body is not None:
        end = body.start_byte
    else:
        line_end = source.find(b"\n", node.start_byte)
        end = min(node.end_byte, line_end if line_end >= 0 else len(source))
    return source[start:end].decode("utf-8", "replace").rstrip()[:_SIGNATURE_LIMIT]


def _text(node: tree_sitter.Node, source: bytes) -> str:
    return source[node.start_byte : node.end_byte].decode("utf-8", "replace")
