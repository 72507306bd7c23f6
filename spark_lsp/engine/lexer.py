"""Cuts text into the tokens that the engine counts; every text whatever is cut without loss.

Language-neutral on purpose: words, runs of an operator's characters, newline with the
indentation that follows it, other white space. What a token means, its number and the
relation of one indentation to the last are the business of `vocabulary`.
"""

import re

_TOKEN = re.compile(
    # A newline owns the indentation of the line it opens.
    r"(?:\r\n|\r|\n)[ \t]*"
    # One leading space belongs to what follows: contexts reach twice as far that way.
    r"| ?\w+"
    r"| ?(?:===|!==|[-=!<>+*/%&|^@:~?]=|->|=>|\*\*|//|<<|>>|&&|\|\||::|\.\.\."
    r"|\"\"\"|'''|```|#+|[^\w\s])"
    r"|[^\S\r\n]+"
)


def lex(text: str) -> list[str]:
    """Tokens of `text`, in order; joined they are `text` again, whatever it holds."""
    return _TOKEN.findall(text)


def is_open(token: str) -> bool:
    """Whether a person who has typed `token` may be in the middle of a longer one."""
    return bool(token) and (token[-1].isalnum() or token[-1] == "_" or token.isspace())


def unify_newlines(text: str) -> str:
    """The same lines, each ended by a line feed; the engine knows no other ending."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
