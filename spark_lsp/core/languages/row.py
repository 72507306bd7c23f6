"""What a row of language data holds.

A row is data only. Its query is our own: small, without predicates or directives (py-tree-sitter
0.26.1 frees memory twice on some orders of those), and compiled once per process, when it is
first wanted. All queries share one vocabulary of captures:

- `@definition.KIND` around a definition and `@name` inside of it; `@body` where the signature ends,
  if that is not the node's field of this name. Of two matches with the same name, the one of the
  later pattern counts.
- `@import` around an import; `@imported` is a name that it gives, which is then no definition.
- `@word` is a word that decides by its text, by way of `words`: whether an `@import` is one, and of
  which kind a plain `@definition` is. A word that is not listed makes the match void.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

KINDS = frozenset(
    {
        "class",
        "constant",
        "element",
        "enum",
        "extension",
        "function",
        "heading",
        "interface",
        "key",
        "macro",
        "method",
        "module",
        "property",
        "rule",
        "struct",
        "table",
        "type",
        "variable",
        "view",
    }
)
"""What a definition can be. An extension adds to a type that is defined elsewhere (`impl` in Rust);
element, heading, key, rule, table and view are those of HTML, Markdown, data, CSS and SQL."""


# Compared and hashed by identity: rows are constants, and they are looked up for each text.
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Language:
    """What is known of a language.

    Attributes:
        name: our name, and the LSP language id unless `ids` says more.
        ids: further LSP language ids, also those that editors other than VS Code send.
        suffixes: file name endings, with the dot, in lower case.
        names: whole names of files that have no such ending.
        comment: what starts a comment that runs to the end of the line, or "".
        block: what starts and ends a comment, where no comment runs to the end of the line.
        module: the grammar's Python package.
        function: the function of that package that returns the grammar.
        query: patterns that find definitions and imports.
        words: what `@word` means: "import" or a kind of definition.
        decorators: node types that may open a definition and are no part of its signature.
        separator: what stands between a name and its qualifiers; "" where names have none, or
            where the query leaves them out.
        merges: whether neighbours with the same name are one definition, as equations are.
        depth: how far below the root a definition may start. Most nodes stand deeper, so this
            bound is what keeps the query cheap.
    """

    name: str
    module: str
    query: str
    suffixes: tuple[str, ...]
    comment: str = ""
    block: tuple[str, str] | None = None
    ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    function: str = "language"
    words: Mapping[str, str] = field(default_factory=dict)
    decorators: frozenset[str] = frozenset()
    separator: str = ""
    merges: bool = False
    depth: int = 12
