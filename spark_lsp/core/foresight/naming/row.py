"""What a row of the table of names holds: how a language gives names, and where they hold.

A row is data only, in terms of the grammar. An *edge* is a step from a node down to one of its
children, spelled `PARENT.FIELD`, or `PARENT.TYPE` if the child has no field. Where that does not
say enough, there is more of it: `GRAND>` before it tells what the parent stands in, `=TYPE` behind
a field what the child is, and `+` at the end that it is not the first child. The longest spelling
that a row knows counts. Reading a tree by it is left to `mentions`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto


class Edge(Enum):
    """What a name means at the end of an edge."""

    NEAR = auto()
    """It is bound in the nearest scope, the node at the top of the edge included."""
    OUTER = auto()
    """It is bound in the nearest scope around the node at the top of the edge."""
    FUNCTION = auto()
    """It is bound in the nearest function, or class, or the file."""
    FILE = auto()
    """It is bound in the file."""
    IMPORT = auto()
    """It is bound like `NEAR`, to what another file has under the same name."""
    ALIAS = auto()
    """It is bound like `NEAR`, to what another file has under another name, or to a file."""
    DOUBT = auto()
    """It is bound like `NEAR`, and nothing is said of it."""
    SOURCE = auto()
    """It is what another file calls a thing, which has another name here."""
    DEFINE = auto()
    """It is a member, where that is defined."""
    ACCESS = auto()
    """It is a member of an object, or of a class; `objects` tells where that stands."""
    KEYWORD = auto()
    """It is a parameter, in a call."""
    GLOBAL = auto()
    """It is declared to be the file's."""
    NONLOCAL = auto()
    """It is declared to be that of a function around."""
    THROUGH = auto()
    """It means what the node at the top of the edge means, as in patterns."""
    NOTHING = auto()
    """It is something else, such as a label."""


# Compared and hashed by identity, as rows of languages are.
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Naming:
    """How names work in a language.

    Attributes:
        names: node types of names; each is a leaf.
        edges: what a name means; where no edge says it, it is used.
        declared: edges that mean something only beside a child of some type.
        objects: edges of members, and the field beside them of the object.
        literals: edges of members in the literal of an object, the type of its node, and the field
            of the class.
        tables: types of literals that have keys, and no members.
        scopes: node types in which bindings hold, besides files and classes.
        functions: those of them, and of classes, that `FUNCTION` means.
        merged: edges to blocks that are no scopes of their own.
        outside: edges out of the nearest scope above, such as to the default of a parameter.
        leaving: the same, of the first child of its kind only.
        after: node types at whose end a binding begins to hold; elsewhere, and in a file, it holds
            in all of its scope.
        renews: those of them that bind a new thing where the scope has one of this name.
        classes: node types that have members, and the field in which their name stands.
        owners: node types of members that stand outside of their class, and the field that says
            which it is.
        gives: whether what is bound in a class is a member of it.
        body: whether members are in scope by their bare names directly in the class.
        implicit: whether they are so in all of it, methods included.
        spread: whether the members of a class may stand in several places of a file.
        selves: what an object calls itself in its methods, as node types or as words.
        strangers: node types, or edges, below which an object calls itself something else.
        invocations: node types of calls, and the field of what is called.
        calls: edges to names of functions, where a variable may have the same name.
        dotted: node types of names with dots, whose first word binds in imports only.
        shorthands: node types, or edges, of names that stand for a member and its value at once.
        tags: edges to names that are no variables if they begin with a small letter.
        constants: whether a name in a pattern that begins with a capital is used, not bound.
        tokens: node type of what is not parsed, as the arguments of a macro.
        quoted: node types from a type down to the text of a string that speaks of types.
        verbatim: types whose strings are just strings.
        opaque: node types of text that is not parsed: what is named in it may be anything.
        modules: node types of modules that stand in a file.
        imports: node types of import statements.
        given: names that have a meaning without being bound, where all of these can be told.
        wildcard: what stands in a text that binds names without telling them.
        mates: whether the files of a folder see each other's names without importing them.
        headers: whether files are included, with all of their names.
        exports: whether a name is for others only where it is exported.
        has_keywords: whether calls may give arguments by the names of parameters.
        overloads: whether functions of one name may be several.
    """

    names: frozenset[str]
    edges: Mapping[str, Edge]
    scopes: frozenset[str]
    functions: frozenset[str]
    classes: Mapping[str, str]
    objects: Mapping[str, str]
    invocations: Mapping[str, str]
    imports: frozenset[str]
    declared: Mapping[str, Mapping[str, Edge]] = field(default_factory=dict)
    literals: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    tables: frozenset[str] = frozenset()
    owners: Mapping[str, str] = field(default_factory=dict)
    selves: frozenset[str] = frozenset()
    strangers: frozenset[str] = frozenset()
    merged: frozenset[str] = frozenset()
    outside: frozenset[str] = frozenset()
    leaving: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()
    renews: frozenset[str] = frozenset()
    gives: bool = False
    body: bool = False
    implicit: bool = False
    spread: bool = False
    calls: frozenset[str] = frozenset()
    dotted: frozenset[str] = frozenset()
    shorthands: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    constants: bool = False
    tokens: str = ""
    modules: frozenset[str] = frozenset()
    quoted: frozenset[str] = frozenset()
    verbatim: tuple[str, ...] = ()
    opaque: frozenset[str] = frozenset()
    given: frozenset[str] = frozenset()
    wildcard: str = ""
    mates: bool = False
    headers: bool = False
    exports: bool = False
    has_keywords: bool = False
    overloads: bool = False


def words(text: str) -> frozenset[str]:
    """Return the words of a text, which is how long sets are written here."""
    return frozenset(text.split())


def edges(**meanings: str) -> dict[str, Edge]:
    """Return a table of edges, given the spellings that have each meaning."""
    return {
        it: Edge[name.strip("_").upper()] for name, text in meanings.items() for it in text.split()
    }
