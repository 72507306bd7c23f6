"""What one file defines and imports.

Owns the reading of a syntax tree into plain records, small enough to be sent between processes and
kept for a whole repository. Looking things up across files is left to `index`.
"""

import re
from bisect import bisect_left, bisect_right
from functools import cache

import msgspec
import tree_sitter

from spark_lsp.core.languages import Language
from spark_lsp.core.syntax import Syntax, query
from spark_lsp.core.text import Text

_SIGNATURE_LIMIT = 400
"""Characters of a signature that are kept: long enough for any a person wants to read."""
_IMPORT_LIMIT = 4000
"""The same of an import, which may list every name of a module."""
_LINE_END = re.compile(rb"\r\n|\n|\r")
_LEAD = re.compile(rb"(?:\b(?:const|declare|let|local|type|var)[ \t]+)+\Z")
"""Words of a declaration that grammars put outside of what they declare."""
_LIST_KINDS = frozenset({"function", "method", "table"})
"""Kinds whose signature goes on until its brackets close, if no body ends it before."""
_OWNER_KINDS = frozenset({"class", "enum", "extension", "interface", "struct"})
"""Kinds that make a function a method that stands directly inside of them."""
_EQUATION_KINDS = frozenset({"function", "macro", "method", "variable"})
"""Kinds whose definitions may come in pieces, in languages that merge them."""
_QUOTES = frozenset("\"'`")


class Definition(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A name that a file gives to something.

    Attributes:
        name: the name as written, without its qualifiers and quotes.
        kind: one of `languages.KINDS`.
        start_line: zero-based first line of the whole definition.
        end_line: zero-based last line, inclusive.
        signature: its text up to the body, with its indentation, without decorators.
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


def extract(text: Text | str, language: Language) -> FileSymbols:
    """Parse a text and return what it defines and imports; broken code gives what can be read."""
    return from_syntax(Syntax.parse(language, text), text)


def from_syntax(syntax: Syntax, text: Text | str) -> FileSymbols:
    """Return what a parsed text defines and imports.

    A plain string will do: its lines are not looked at one by one.
    """
    found, imports = _matches(syntax)
    lines = _Lines(text if isinstance(text, str) else text.string, syntax.source)
    return FileSymbols(
        language=syntax.language.name,
        lines=lines.count,
        definitions=tuple(_definitions(found, syntax, lines)),
        imports=tuple(imports[at] for at in sorted(imports)),
    )


# What the tree says of a definition: its bytes from, and negative up to, so that tuples sort by the
# order of the text, outer before inner; the byte of its name; pattern, kind, node, name, body.
_Found = tuple[int, int, int, int, str, tree_sitter.Node, tree_sitter.Node, tree_sitter.Node | None]


@cache
def _kinds(language: Language) -> dict[str, str]:
    """Return the kind that each capture of a definition stands for; "" if a word decides."""
    patterns = query(language)
    names = (patterns.capture_name(number) for number in range(patterns.capture_count))
    return {it: it[len("definition.") :] for it in names if it.startswith("definition")}


@cache
def _cursor(language: Language) -> tree_sitter.QueryCursor:
    cursor = tree_sitter.QueryCursor(query(language))
    cursor.set_max_start_depth(language.depth)
    return cursor


def _matches(syntax: Syntax) -> tuple[list[_Found], dict[int, str]]:
    """Return the definitions in the order of the text, and the imports by where they start."""
    language, source = syntax.language, syntax.source
    kinds = _kinds(language)
    found: dict[int, _Found] = {}
    imports: dict[int, str] = {}
    imported: set[int] = set()
    for pattern, captures in _cursor(language).matches(syntax.root):
        word = ""
        if "word" in captures:
            word = language.words.get(_text(captures["word"][0], source), "")
            if not word or (word == "import") != ("import" in captures):
                continue
        if "import" in captures:
            node = captures["import"][0]
            imports[node.start_byte] = _text(node, source, _IMPORT_LIMIT).strip()
            imported.update(it.start_byte for it in captures.get("imported", ()))
            continue
        name = captures["name"][0]
        at = name.start_byte
        if at in found and found[at][3] > pattern:
            continue
        for capture, nodes in captures.items():
            if capture in kinds:
                node, kind = nodes[0], kinds[capture] or word
                break
        body = captures["body"][0] if "body" in captures else node.child_by_field_name("body")
        found[at] = (node.start_byte, -node.end_byte, at, pattern, kind, node, name, body)
    for at in imported:
        found.pop(at, None)
    return sorted(found.values()), imports


def _definitions(found: list[_Found], syntax: Syntax, lines: "_Lines") -> list[Definition]:
    """Return the records of what was found."""
    language, source = syntax.language, syntax.source
    result: list[Definition] = []
    around: list[tuple[int, str]] = []  # where what encloses this ends, negative, and its kind
    for start, end, at, _, kind, node, name_node, body in found:
        name = source[at : name_node.end_byte].decode("utf-8", "replace")
        if not name.isidentifier():
            name = _plain(name, language.separator)
            if not name:
                continue
        while around and -around[-1][0] <= start:
            around.pop()
        if kind == "function" and around and around[-1][1] in _OWNER_KINDS:
            kind = "method"  # noqa: PLW2901
        around.append((end, kind))
        first, last = lines.of(node)
        if language.merges and result and _continues(result[-1], name, kind):
            result[-1] = msgspec.structs.replace(result[-1], end_line=last)
        else:
            signature = _signature(node, body, kind, language, source) or name
            result.append(Definition(name, kind, first, last, signature))
    return result


def _continues(last: Definition, name: str, kind: str) -> bool:
    """Whether a definition is one more equation of the last, or the first after its type."""
    return last.name == name and last.kind in _EQUATION_KINDS and kind in _EQUATION_KINDS


class _Lines:
    """The lines of a text, and on which of them a node stands.

    The tree's rows end at LF only, and so they are the text's lines unless it has a lone CR.
    """

    __slots__ = ("_starts", "count")

    def __init__(self, string: str, source: bytes) -> None:
        self._starts: list[int] | None = None
        self.count = string.count("\n") + 1
        if "\r" in string and string.count("\r") != string.count("\r\n"):
            self._starts = [0, *(match.end() for match in _LINE_END.finditer(source))]
            self.count = len(self._starts)

    def of(self, node: tree_sitter.Node) -> tuple[int, int]:
        """Return the first and the last line of a node; a line end at its end opens no line."""
        if self._starts is None:
            first = node.start_point.row
            last, column = node.end_point
            return first, last if column or last == first else last - 1
        first = bisect_right(self._starts, node.start_byte) - 1
        return first, max(first, bisect_left(self._starts, node.end_byte) - 1)


def _signature(
    node: tree_sitter.Node,
    body: tree_sitter.Node | None,
    kind: str,
    language: Language,
    source: bytes,
) -> str:
    begin = node.start_byte
    if language.decorators:
        begin = _undecorated(node, language.decorators, source)
    start = _line_or_word(source, begin)
    end = start + 4 * _SIGNATURE_LIMIT  # bytes of so many characters, at most
    if body is not None and (stop := body.start_byte) > begin:
        text = source[start:stop] if stop < end else source[start:end]
    else:
        text = source[start : min(node.end_byte, end)]
        text = _closed(text) if kind in _LIST_KINDS else _LINE_END.split(text, maxsplit=1)[0]
    return text.decode("utf-8", "replace").rstrip()[:_SIGNATURE_LIMIT]


def _undecorated(node: tree_sitter.Node, decorators: frozenset[str], source: bytes) -> int:
    """Return where a definition starts behind its decorators, which may stand in its modifiers."""
    first = node
    while first.type not in decorators:
        if not first.child_count:
            return node.start_byte
        first = first.children[0]
    while (following := first.next_sibling) is not None and following.type in decorators:
        first = following
    end = first.end_byte
    while end < node.end_byte and source[end] in b" \t\r\n":
        end += 1
    return end


def _line_or_word(source: bytes, begin: int) -> int:
    """Return where the signature of what begins at a byte starts.

    That is with the line, if nothing else stands before, else with the words that declare it.
    """
    reach = begin - _SIGNATURE_LIMIT if begin > _SIGNATURE_LIMIT else 0
    lead = source[source.rfind(b"\n", reach, begin) + 1 or reach : begin]
    if not lead:
        return begin
    if b"\r" in lead:
        lead = lead[lead.rfind(b"\r") + 1 :]
    if not lead.isspace():
        words = _LEAD.search(lead)
        before = lead[: words.start()] if words else lead
        lead = lead[len(before) :] if before.strip() else lead
    return begin - len(lead)


def _closed(text: bytes) -> bytes:
    """Return the lines of a text up to the first where no bracket is open."""
    opened = at = 0
    for line_end in _LINE_END.finditer(text):
        line = text[at : line_end.start()]
        opened += sum(map(line.count, (b"(", b"[", b"{"))) - sum(
            map(line.count, (b")", b"]", b"}"))
        )
        if opened <= 0:
            return text[: line_end.start()]
        at = line_end.end()
    return text


def _plain(text: str, separator: str) -> str:
    """Return a name without its qualifiers and quotes, on one line."""
    name = (text.rpartition(separator)[2] or text) if separator else text
    if name[:1] in _QUOTES:
        name = name.strip("\"'`")
    return " ".join(name[:_SIGNATURE_LIMIT].split())


def _text(node: tree_sitter.Node, source: bytes, limit: int = _SIGNATURE_LIMIT) -> str:
    end = min(node.end_byte, node.start_byte + 4 * limit)
    return source[node.start_byte : end].decode("utf-8", "replace")[:limit]
