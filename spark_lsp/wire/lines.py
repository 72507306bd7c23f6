"""Owns what a line says about itself, in whatever language it is written.

Rules of thumb for lines of code, held to what real files contain: each is used where a mistake in
one direction only means that an answer stays as it came.
"""

import re

BLANKS = 1_000
"""Blanks in a row that a model may write before they count as text: some models do without end."""
WORD = re.compile(r"[^\W\d_]{2,}")
LINE_END = re.compile(r"\r\n|\n|\r")

_QUALIFIERS = (
    "export|default|public|private|protected|internal|static|final|abstract|async|pub|unsafe"
    "|override|open|sealed|data|inline|extern|virtual|suspend|local"
)
_DEFINING = (
    "def|class|function|fn|func|fun|interface|struct|enum|trait|impl|module|namespace|package|import"
    "|from|use|using|require|include|type|object|protocol|extension|defmodule|defp|CREATE|create"
)
_DEFINES = re.compile(
    rf"#include\b|(?:(?:{_QUALIFIERS})(?:\([^)]*\))?\s+)*(?:{_DEFINING})\s+[\w\"'<{{*(@$]"
)
_IMPORTS = re.compile(r"#include\b|(?:from|import|use|using|require|include|open)\b")
_FENCE = re.compile(r"(?:`{3,}|~{3,})\s*\w")
_STATES = re.compile(
    rf"(?:{_QUALIFIERS}|{_DEFINING}|return|if|elif|else if|while|for|let|const|var|val|yield|raise"
    r"|throw|case|switch|catch|except|with|assert|del|global|#include|#define|SELECT|INSERT|UPDATE"
    r"|DELETE|select|insert|update|delete|print|echo)(?=[\s(])"
)
_ASSIGNS = re.compile(r"[\w\])>\"'][ \t]*(?::=|[-+*/|&^%]?=)(?![=>~])")
_GOES_ON = re.compile(r"[{:(\[,\\+=|&>][ \t]*(?:(?:#|//).*)?\Z")
_BLOCK = re.compile(
    r"(?:if|for|while|until|unless|def|function|else|elsif|elseif|case|when|begin|do|loop|repeat|try"
    r"|module|class|func|sub)\b|.*\b(?:do|then|else|begin|of|where|in)\Z"
)
_OPEN, _CLOSE = "([{", ")]}"


def is_header(line: str) -> bool:
    """Whether a line, without indentation, opens something that stands there but once."""
    if _DEFINES.match(line) or _FENCE.match(line):
        return True
    return line.endswith(("{", ":")) and ("(" in line or len(WORD.findall(line)) > 1)


def imports(line: str) -> bool:
    """Whether a line, without indentation, imports something."""
    return _IMPORTS.match(line) is not None


def stands_once(line: str) -> bool:
    """Whether a line, with its indentation, is the head of a definition of the outermost level.

    Of overloads, which begin alike, the first line mostly opens a list.
    """
    return _DEFINES.match(line) is not None and not line.endswith(("(", ",", "["))


def tells(line: str) -> bool:
    """Whether a line, without indentation, says enough to be known again; rows of tables do not."""
    return not line.startswith("|") and sum(map(len, WORD.findall(line))) > 2


def states(line: str) -> bool:
    """Whether the beginning of a line, without indentation, is one that nobody writes twice."""
    if len(line.strip()) < 3:  # less than `x =`
        return False
    if _STATES.match(line) or _ASSIGNS.search(line):
        return True
    return len(WORD.findall(line)) > 2 and len(line) >= 12


def calls(line: str) -> bool:
    """Whether the beginning of a line ends with the one bracket that it opens, such as `foo(`."""
    return balance(line) == 1 and line[-1] in _OPEN and tells(line)


def allows_deeper(line: str) -> bool:
    """Whether the lines below a line may be deeper than it is: a block, or the rest of it."""
    return _GOES_ON.search(line) is not None or _BLOCK.match(line.strip()) is not None


def indentation(line: str) -> str:
    """Return what is blank at the beginning of a line."""
    return line[: len(line) - len(line.lstrip())]


def balance(text: str) -> int:
    """Return how many brackets more a text opens than it closes."""
    return sum(text.count(it) for it in _OPEN) - sum(text.count(it) for it in _CLOSE)


def line_at(text: str, at: int, *, final: bool) -> tuple[str, int, bool]:
    """Return the line at an offset, where it ends with its end, and whether all of it has come."""
    end = text.find("\n", at)
    if end < 0:
        return text[at:], len(text), final
    return text[at:end], end + 1, True
