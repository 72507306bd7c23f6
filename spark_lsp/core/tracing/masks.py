"""How the characters of a trace are masked, and where a text holds what must be.

Owns two masks, both letter by letter and of the same length in UTF-8, UTF-16 and code points, so
that every position of a masked text means the same place: stars for a secret, as `secrets` has
them, and an x for each letter and digit of a private text, whose layout stays. What a secret is
`secrets` knows; that something was one, and may come again where no rule can see it, is known here.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from spark_lsp.core.secrets import redacted

Span = tuple[int, int]
"""From a code point up to another."""

_STARS = ("*", "\u066d", "\uff0a", "\U0001f7af")
_LETTERS = ("x", "\u03c7", "\uff58", "\U0001d465")
"""Masks of one to four bytes in UTF-8, of which only the last is two units in UTF-16."""

MASKS = frozenset(_STARS)

_NO_LINE_END = re.compile(r"[^\r\n]")
_TELLING = re.compile(r"[0-9A-Za-z]|[^\x00-\x7f\s]")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_MASKED = re.compile(r"\*+")

_MARGIN = 1_024
"""Characters around an edit among which it may make or unmake a secret."""
_FAR = 16_384 + _MARGIN
"""The same for keys of many lines and for web tokens, which begin with a mark."""
_MARKS = ("----", "PRIVATE KEY", "Private-Lines", "eyJ")
_NEAR = 96
"""Characters from the edge of what was read within which a secret may go on behind it."""
_STEP = 16_384
"""Characters that are searched at once, and"""
_PAUSE = 4_096
"""those that are looked at one by one, in less than a millisecond."""

PIECE = 8
"""Characters of a secret of which not even a piece may be told."""
_SHORT = 6
_MOST = 1_024
_MOST_PIECES = 262_144


def starred(text: str) -> str:
    """Return a star for each character of a text but line ends."""
    return _NO_LINE_END.sub(lambda found: _like(_STARS, found[0]), text)


def crossed(text: str) -> str:
    """Return a text with an x for each letter and digit, and for what is not ASCII."""
    return _TELLING.sub(lambda found: _like(_LETTERS, found[0]), text)


def hidden(text: str, spans: Iterable[Span]) -> str:
    """Return a text with stars in some places of it."""
    pieces: list[str] = []
    done = 0
    for start, end in sorted(spans):
        if end > max(start, done):
            pieces += (text[done : max(done, start)], starred(text[max(done, start) : end]))
            done = end
    return "".join([*pieces, text[done:]]) if pieces else text


def _like(masks: tuple[str, ...], char: str) -> str:
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:  # half of a pair: three bytes if it is written at all, one unit
        return masks[2]
    return masks[(code > 0x7F) + (code > 0x7FF) + (code > 0xFFFF)]


def secret_spans(
    text: str, start: int, end: int, known: "Known", breathe: Callable[[], None]
) -> list[Span]:
    """Return what is secret where a change of `text[start:end]` may have made it so.

    Whatever is found is known from now on. `breathe` is called after each piece of work of less
    than a millisecond, so that a caller may let others run.
    """
    low, high = max(0, start - _MARGIN), min(len(text), end + _MARGIN)
    if any(text.find(mark, low, high) >= 0 for mark in _MARKS):
        low, high = max(0, low - _FAR), min(len(text), high + _FAR)
    spans = list(_masked(text, low, high, breathe))
    if spans and spans[-1][1] > high - _NEAR:
        spans += _masked(text, high, min(len(text), high + _FAR), breathe)
    for first, last in spans:
        known.add(text[first:last])
    return [*spans, *known.spans(text[low:high], telling=False, at=low, breathe=breathe)]


def _masked(text: str, low: int, high: int, breathe: Callable[[], None]) -> Iterator[Span]:
    last: Span | None = None
    for at in range(low, high, _STEP):
        shown = redacted(text, at, min(high, at + _STEP))
        for run in _MASKED.finditer(shown):
            span = (at + run.start(), at + run.end())
            if text[slice(*span)] == run[0]:
                continue  # these are stars that somebody has written
            if last and last[1] == span[0]:
                span = (last[0], span[1])
            elif last:
                yield last
            last = span
        breathe()
    if last:
        yield last


class Known:
    """The secrets that have been found, by which they are found again without what told of them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._values: set[str] = set()
        self._pieces: set[str] = set()

    def add(self, value: str) -> None:
        """Know a secret; of very many, only the first are."""
        value = value.strip()
        if len(value) < _SHORT or value in self._values or len(self._values) >= _MOST:
            return
        self._values.add(value)
        if len(self._pieces) < _MOST_PIECES:
            self._pieces.update(value[at : at + PIECE] for at in range(len(value) - PIECE + 1))

    def spans(
        self,
        text: str,
        *,
        telling: bool,
        at: int = 0,
        breathe: Callable[[], None] = lambda: None,
    ) -> Iterator[Span]:
        """Yield where a text holds pieces of secrets, counted from `at`.

        Of a text whose words decide something in a replay, pieces that are mere words are left, for
        they may come from anywhere; not so if it is just `telling`.
        """
        if not self._values:
            return
        for value in self._values:
            found = text.find(value)
            while found >= 0:
                yield at + found, at + found + len(value)
                found = text.find(value, found + 1)
        breathe()
        for start, end in self._runs(text, breathe):
            word = text[start:end]
            if telling or len(word) > 2 * PIECE or not word.isalpha() or mixed(word):
                yield at + start, at + end

    def _runs(self, text: str, breathe: Callable[[], None]) -> Iterator[Span]:
        """Yield where pieces of secrets stand, as one where they overlap."""
        first = last = -1
        for start in range(len(text) - PIECE + 1):
            if text[start : start + PIECE] in self._pieces:
                if start > last >= 0:
                    yield first, last
                first = start if start > last else first
                last = start + PIECE
            if start % _PAUSE == _PAUSE - 1:
                breathe()
        if last >= 0:
            yield first, last


def mixed(word: str) -> bool:
    """Whether capitals stand in it as in no name: there they begin words."""
    return sum(len(part) < 3 for part in _PART.findall(word)) > 1
