"""Numbers for tokens: one vocabulary for everything an engine has ever read.

A newline is numbered by the change of indentation it brings, so that a pattern learned at
one depth is recognised at another. Cutting text into tokens is the business of `lexer`,
where tokens stand and what follows them that of `segment` and `page`.
"""

from itertools import count
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spark_lsp.engine.lexer import lex

Ids: TypeAlias = NDArray[np.int32]
"""Token numbers in reading order, shape (n,)."""

BOUNDARY: Final = 0
"""Stands between texts and before their first line; nothing matches across it."""
BLANK: Final = 1
"""A newline whose line holds no more than white space."""
_WIDEST: Final = 120
"""Changes of indentation beyond this many characters count as this many."""
_LEVEL: Final = BLANK + 1 + _WIDEST
"""A newline that keeps the indentation; its neighbours change it by -1 and +1 characters."""
UNKNOWN: Final = -1
"""Stands for a token that was never read; nothing matches it."""
FIRST_WORD: Final = _LEVEL + _WIDEST + 1
"""Every number from here on is a token with a text of its own."""


class Vocabulary:
    """Gives each token text a number, for ever; safe to read and to grow from several threads.

    Growing takes no lock: a text is filed under a number of its own before the number is
    published by `setdefault`, so whoever sees a number finds its text. A lost race costs one
    unused number.
    """

    def __init__(self) -> None:
        self.texts: dict[int, str] = {}
        self._numbers = _Numbers(self.texts)

    def __len__(self) -> int:
        return len(self._numbers)

    def raw(self, text: str) -> list[int]:
        """Numbers of the tokens of `text`; a newline is minus one minus its indentation's width."""
        return list(map(self._numbers.__getitem__, lex(text)))

    def encode(self, text: str) -> Ids:
        """Numbers of a whole text, its first line opened by a newline as all the others are."""
        return relate(np.array(self.raw("\n" + text), np.int32), 0)

    def find(self, token: str) -> int:
        """The number of a token that is no newline, `UNKNOWN` if it was never read."""
        return self._numbers.get(token, UNKNOWN)


class _Numbers(dict[str, int]):
    def __init__(self, texts: dict[int, str]) -> None:
        super().__init__()
        self._texts = texts
        self._fresh = count(FIRST_WORD)

    def __missing__(self, token: str) -> int:
        if token[0] in "\r\n":
            return self.setdefault(token, -len(token.lstrip("\r\n")) - 1)
        number = next(self._fresh)
        self._texts[number] = token
        return self.setdefault(token, number)


def relate(raw: Ids, width: int) -> Ids:
    """Turns raw newlines (see `Vocabulary.raw`) into changes of indentation, in place.

    `width` is the indentation, in characters, of the line before the first newline.
    """
    newlines = np.flatnonzero(raw < 0)
    if not newlines.size:
        return raw
    widths = -1 - raw[newlines]
    blank = np.empty(newlines.size, bool)
    blank[:-1] = newlines[1:] == newlines[:-1] + 1
    blank[-1] = newlines[-1] == raw.size - 1
    raw[newlines[blank]] = BLANK
    kept = widths[~blank]
    change = np.diff(kept, prepend=np.int32(width))
    raw[newlines[~blank]] = _LEVEL + np.clip(change, -_WIDEST, _WIDEST)
    return raw


def is_newline(number: int) -> bool:
    """Whether the token opens a line."""
    return BLANK <= number < FIRST_WORD


def change_of(number: int) -> int:
    """Characters by which a newline token widens the indentation; 0 for a blank line."""
    return 0 if number == BLANK else number - _LEVEL


def newline_of(change: int) -> int:
    """The newline token that widens the indentation by `change` characters."""
    return _LEVEL + min(max(change, -_WIDEST), _WIDEST)
