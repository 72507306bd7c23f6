"""The words of an import statement, for languages whose statements are much alike.

No pattern here looks at a character more than a few times, whatever the text: a string or a comment
that does not end is taken as far as it goes.
"""

import re
from collections.abc import Iterator, Sequence

_WORD = re.compile(
    r"""//[^\n]*|/\*(?s:.*?)(?:\*/|\Z)|"[^"\n]*"|'[^'\n]*'|`[^`\n]*`|[\w$]+|::|=>|\S"""
)
_STRING = re.compile(r""""([^"\n]*)"|'([^'\n]*)'""")

_LEAVES = 256
"""Names of a statement that are looked up."""

_QUOTES = frozenset("\"'`")


def words(statement: str) -> list[str]:
    """Return the words, strings and signs of a statement, without its comments."""
    found: list[str] = _WORD.findall(statement)
    return [it for it in found if not it.startswith(("//", "/*"))] if "/" in statement else found


def is_string(word: str) -> bool:
    """Whether a word is a whole string."""
    return len(word) > 1 and word[0] in _QUOTES and word[0] == word[-1]


def is_name(word: str) -> bool:
    """Whether a word is a name, and no sign or string."""
    return word[0].isalpha() or word[0] in "_$"


def strings(statement: str) -> list[str]:
    """Return what stands in a statement's strings."""
    return [double or single for double, single in _STRING.findall(statement)]


def listed(text: str) -> frozenset[str]:
    """Return the words of a list that is written as text."""
    return frozenset(text.split())


def branches(
    tokens: Sequence[str], separator: str, renaming: frozenset[str] = frozenset()
) -> Iterator[list[str]]:
    """Yield the paths of a tree in braces.

    `a::{b, c::{d as e}}` has the paths a, b and a, c, d. At most some hundred are yielded.

    Args:
        tokens: the words of the tree.
        separator: what stands between the parts of a path.
        renaming: words after which a path goes on with what it is called here.
    """
    path: list[str] = []
    outer: list[int] = []  # how long the path was before each open brace
    base = leaves = 0
    renamed = False
    for word in (*tokens, ","):
        if word == "{":
            outer.append(base)
            base = len(path)
        elif word in {",", "}", ";"}:
            if len(path) > base and leaves < _LEAVES:
                leaves += 1
                yield path.copy()
            renamed = False
            if word == "}" and outer:
                base = outer.pop()
            del path[base:]
        elif word in renaming:
            renamed = True
        elif not renamed and word != separator:
            path.append(word)
