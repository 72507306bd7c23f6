"""Numbers for tokens: one vocabulary for everything an engine has ever read.

A newline is numbered by the change of indentation it brings, so that a pattern learned at
one depth is recognised at another. The change is measured in levels and, for what is no whole
level, such as the alignment of a comment's stars, in spaces: what was learned from a text in
one style can be written in another, and within one style no character is lost. Cutting text
into tokens is the business of `lexer`, where tokens stand and what follows them that of
`segment` and `page`.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spark_lsp.engine.lexer import lex

Ids: TypeAlias = NDArray[np.int32]
"""Token numbers in reading order, shape (n,)."""

BOUNDARY: Final = 0
"""Stands between texts and before their first line; nothing matches across it."""
BLANK: Final = 1
"""A newline whose line holds no more than white space."""
_LEVELS: Final = 60
"""Changes of indentation beyond this many levels count as this many."""
_SPACES: Final = 120
"""Changes of alignment beyond this many spaces count as this many."""
_STRIDE: Final = 2 * _SPACES + 1
_LEVEL: Final = BLANK + 1 + _LEVELS * _STRIDE + _SPACES
"""A newline that keeps the indentation; its neighbours change it by -1 and +1 spaces, those a
stride away by a level."""
UNKNOWN: Final = -1
"""Stands for a token that was never read; nothing matches it."""
FIRST_WORD: Final = 2 * _LEVEL - BLANK
"""Every number from here on is a token with a text of its own."""
_BITS: Final = 8
_MOST: Final = (1 << _BITS) - 1
"""Tabs, or spaces, beyond this many in one line's indentation count as this many."""
_NARROWEST: Final = 2
_USUAL: Final = 4
_WIDEST: Final = 8


class Change(NamedTuple):
    """What a newline does to the indentation; either part may be negative."""

    levels: int
    spaces: int


@dataclass(frozen=True, slots=True)
class Style:
    """How a level of indentation is written in one text."""

    width: int = _USUAL
    """Spaces of a level; 0 where tabs indent."""

    def changes(
        self, codes: NDArray[np.int32], before: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Levels and spaces by which the lines differ from those before them; see `code_of`."""
        spaces = codes & _MOST
        levels = np.diff(codes >> _BITS, prepend=np.int32(before >> _BITS))
        spaces = np.diff(spaces, prepend=np.int32(before & _MOST))
        if self.width:
            # Cut towards zero, so that the same number of spaces is the same change anywhere.
            whole = np.sign(spaces) * (np.abs(spaces) // self.width)
            levels += whole
            spaces -= whole * self.width
        return levels, spaces

    def cleared(self, indentation: str) -> Change:
        """The change that leaves nothing of `indentation`."""
        levels, spaces = self.changes(np.zeros(1, np.int32), code_of(indentation))
        return Change(int(levels[0]), int(spaces[0]))

    def changed(self, indentation: str, change: Change) -> str | None:
        """The indentation after `change`, None if there is less of it than `change` takes."""
        if change == (0, 0):
            return indentation
        tabs = indentation.count("\t")
        spaces = len(indentation) - tabs + change.spaces
        if tabs or not self.width:
            tabs += change.levels
        else:
            spaces += change.levels * self.width
        return None if tabs < 0 or spaces < 0 else "\t" * tabs + " " * spaces


class Vocabulary:
    """Gives each token text a number, for ever; safe to read and to grow from several threads.

    Growing takes no lock: a number is taken by filing a text under it, and published only then,
    so whoever sees a number finds its text, and none is left out. A lost race costs one unused
    number.
    """

    def __init__(self) -> None:
        self.texts: dict[int, str] = {}
        self._numbers = _Numbers(self.texts)

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def end(self) -> int:
        """One more than the largest number that was given."""
        return FIRST_WORD + len(self.texts)

    def raw(self, text: str) -> list[int]:
        """Numbers of the tokens of `text`; a newline is minus one minus its indentation's code."""
        return list(map(self._numbers.__getitem__, lex(text)))

    def encode(self, text: str) -> Ids:
        """Numbers of a whole text, its first line opened by a newline as all the others are."""
        raw = np.array(self.raw("\n" + text), np.int32)
        return relate(raw, style_in(raw), 0)

    def find(self, token: str) -> int:
        """The number of a token that is no newline, `UNKNOWN` if it was never read."""
        return self._numbers.get(token, UNKNOWN)


class _Numbers(dict[str, int]):
    def __init__(self, texts: dict[int, str]) -> None:
        super().__init__()
        self._texts = texts

    def __missing__(self, token: str) -> int:
        if token[0] in "\r\n":
            return self.setdefault(token, -code_of(token.lstrip("\r\n")) - 1)
        number = FIRST_WORD + len(self._texts)
        while self._texts.setdefault(number, token) is not token:
            number += 1  # another thread was faster
        return self.setdefault(token, number)


def code_of(indentation: str) -> int:
    """Tabs and spaces of a line's indentation, in one number."""
    tabs = indentation.count("\t")
    return min(tabs, _MOST) << _BITS | min(len(indentation) - tabs, _MOST)


def style_of(codes: NDArray[np.int32]) -> Style:
    """The style of a text by the indentations of its lines (see `code_of`), blank ones left out."""
    spaces = codes & _MOST
    tabbed = codes > _MOST
    if 2 * np.count_nonzero(tabbed) > np.count_nonzero(tabbed | (spaces >= _NARROWEST)):
        return Style(0)
    steps = np.diff(spaces)
    steps = steps[(steps >= _NARROWEST) & (steps <= _WIDEST)]
    counts = np.bincount(steps, minlength=_USUAL + 1)
    # A single wide step is as likely a continuation of the usual style as a level of its own.
    counts[_USUAL] += 1
    return Style(int(counts.argmax()))


def style_in(raw: Ids) -> Style:
    """The style of a text whose newlines are raw (see `Vocabulary.raw`)."""
    lines, _ = _lines(raw)
    return style_of(-1 - raw[lines])


def relate(raw: Ids, style: Style, before: int) -> Ids:
    """Turns raw newlines (see `Vocabulary.raw`) into changes of indentation, in place.

    `before` is the code of the indentation of the line before the first newline.
    """
    lines, blank = _lines(raw)
    levels, spaces = style.changes(-1 - raw[lines], before)
    raw[blank] = BLANK
    raw[lines] = (
        _LEVEL + np.clip(levels, -_LEVELS, _LEVELS) * _STRIDE + np.clip(spaces, -_SPACES, _SPACES)
    )
    return raw


def _lines(raw: Ids) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where the newlines stand that open lines with text, and where those of blank lines do."""
    newlines = np.flatnonzero(raw < 0)
    blank = np.diff(newlines, append=raw.size) == 1
    return newlines[~blank], newlines[blank]


def is_newline(number: int) -> bool:
    """Whether the token opens a line."""
    return BLANK <= number < FIRST_WORD


def change_of(number: int) -> Change:
    """What a newline token does to the indentation; nothing for a blank line."""
    if number == BLANK:
        return Change(0, 0)
    levels, spaces = divmod(number - _LEVEL + _SPACES, _STRIDE)
    return Change(levels, spaces - _SPACES)


def newline_of(change: Change) -> int:
    """The newline token that makes this change of indentation."""
    levels = min(max(change.levels, -_LEVELS), _LEVELS)
    return _LEVEL + levels * _STRIDE + min(max(change.spaces, -_SPACES), _SPACES)
