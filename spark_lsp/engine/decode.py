"""Turns votes into text: token after token, line after line, until it is no longer sure.

Owns the half-typed token at the cursor, where a completion must end (text that already stands
there, cycles, the end of a block) and how much of it is worth showing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from spark_lsp.engine.lexer import is_open, lex
from spark_lsp.engine.page import Page
from spark_lsp.engine.vocabulary import (
    BLANK,
    UNKNOWN,
    Vocabulary,
    change_of,
    is_newline,
    newline_of,
)
from spark_lsp.engine.vote import Ballot, Outcome

_PERIOD: Final = 12
"""Tokens of the longest cycle that is recognised within a line."""
_CYCLED: Final = 8
"""Tokens that go round at least before a repetition counts as a cycle."""
_BLANKS: Final = 2
"""Blank lines in a row that a completion may hold."""
_TAB: Final = 8
"""Columns of a tab, to compare it with an alignment by spaces."""
_OPENING: Final = frozenset("([{")
_CLOSING: Final = frozenset(")]}")


@dataclass(frozen=True, slots=True)
class Gate:
    """How sure a completion must be to be shown: probabilities that all of it is right."""

    line: float = 0.35
    """A line is shown to its end when this likely."""
    fragment: float = 0.5
    """Of a first line less likely than that, the beginning that is this likely is shown."""
    worth: int = 5
    """Characters that such a beginning has at least, unless it ends a half-typed word: fewer are
    typed sooner than read."""
    word: float = 0.2
    """The end of a half-typed word is shown when this likely."""
    further: float = 0.6
    """A line after the first is shown when all up to its end is this likely."""
    floor: float = 0.05
    """A line that falls below this is given up at once."""
    lines: int = 6
    """Lines shown at most, the cursor's own among them."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One token of a completion."""

    text: str
    """What to insert; never empty."""
    probability: float
    """How likely it is that everything up to and including this piece is right."""


class Writer:
    """Writes one completion; its lines end by a line feed."""

    def __init__(self, page: Page, ballot: Ballot, vocabulary: Vocabulary, gate: Gate) -> None:
        self._page = page
        self._ballot = ballot
        self._vocabulary = vocabulary
        self._gate = gate
        self._context = list(page.context)
        self._start = len(self._context)
        self._indentation = page.indentation
        self._probability = 1.0
        self._open_brackets = 0
        rest = lex(page.rest.strip())
        self._wall = rest[0] if rest else ""
        """The token after the cursor on its line, where a completion must end."""

    def pieces(self, limit: int) -> Iterator[Piece]:
        """The completion as far as the gate lets it through, at most `limit` pieces."""
        gate, page = self._gate, self._page
        if limit <= 0 or (is_open(page.partial.strip()) and is_open(page.rest[:1].strip())):
            # Inside a word there is no telling what its end should become.
            return
        line = page.line
        pieces = self._begun()
        half_typed = bool(pieces and page.partial.strip())
        shallowest = _depth(self._indentation)
        known: set[str] = set()
        bar = gate.line
        for _ in range(gate.lines):
            newline = self._line(pieces, limit)
            line += "".join(piece.text for piece in pieces)
            whole = line[line.rfind("\n") + 1 :].rstrip()
            if whole == page.following or whole in known:
                return
            if newline is None or self._probability < bar:
                if not known:
                    cut_short = len(pieces) >= limit
                    least = gate.line if cut_short else gate.fragment
                    yield from _likely(pieces, least, gate, half_typed=half_typed)
                return
            yield from pieces
            limit -= len(pieces)
            known.add(whole)
            pieces = self._crossed(newline)
            if not pieces or self._wall or _depth(self._indentation) < shallowest:
                return
            bar = gate.further

    def _begun(self) -> list[Piece]:
        """Finishes the half-typed token, if there is one, and returns what was missing of it."""
        partial = self._page.partial
        if partial == "\n":
            return self._indented()
        if not partial:
            return []
        outcome = self._vote(partial)
        if not outcome.tokens:
            self._context.append(self._vocabulary.find(partial))
            return []
        token = self._take(outcome.tokens[0], outcome.probabilities[0])
        missing = self._vocabulary.texts[token][len(partial) :]
        return [Piece(missing, self._probability)] if missing else []

    def _indented(self) -> list[Piece]:
        """Indents the empty line that the cursor stands on."""
        outcome = self._vote()
        fitting = [
            (token, share)
            for token, share in zip(outcome.tokens, outcome.probabilities, strict=True)
            if is_newline(token) and token != BLANK and self._changed(token) is not None
        ]
        if not fitting:
            self._context.append(newline_of(self._page.style.cleared(self._indentation)))
            self._indentation = ""
            return []
        token, share = fitting[0]
        # That a line begins here is certain, since it has.
        self._take(token, share / sum(share for _, share in fitting))
        self._indentation = self._changed(token) or ""
        return [Piece(self._indentation, self._probability)] if self._indentation else []

    def _changed(self, newline: int) -> str | None:
        return self._page.style.changed(self._indentation, change_of(newline))

    def _line(self, pieces: list[Piece], limit: int) -> int | None:
        """Adds the rest of a line to `pieces`; returns what ended it, or None if it gave up."""
        while True:
            token = self._next()
            if token is None:
                return None
            if is_newline(token):
                return None if self._wall else token
            text = self._vocabulary.texts[token]
            if self._wall and self._ends_before(text):
                return token
            if self._probability < self._gate.floor or len(pieces) >= limit:
                return None
            pieces.append(Piece(text, self._probability))
            repeated = _repeated(self._context[self._start :])
            if repeated:
                del pieces[-repeated:]
                return None

    def _crossed(self, newline: int) -> list[Piece]:
        """Goes on to the next line with text, or returns nothing where none comes."""
        pieces: list[Piece] = []
        while newline == BLANK and len(pieces) < _BLANKS:
            pieces.append(Piece("\n", self._probability))
            following = self._next()
            newline = UNKNOWN if following is None else following
        if newline == BLANK or not is_newline(newline):
            return []
        indentation = self._changed(newline)
        if indentation is None:
            return []
        self._indentation = indentation
        return [*pieces, Piece("\n" + indentation, self._probability)]

    def _vote(self, partial: str = "") -> Outcome:
        return self._ballot.count(self._context, len(self._context) - self._start, partial)

    def _next(self) -> int | None:
        """Takes the likeliest token that is possible here; returns None where none is."""
        outcome = self._vote()
        for token, share in zip(outcome.tokens, outcome.probabilities, strict=True):
            if not is_newline(token) or self._changed(token) is not None:
                return self._take(token, share)
        return None

    def _take(self, token: int, probability: float) -> int:
        self._probability *= probability
        self._context.append(token)
        return token

    def _ends_before(self, text: str) -> bool:
        """Whether `text` is what already stands after the cursor; brackets are kept paired."""
        word = text.strip()
        if word in _CLOSING and self._open_brackets:
            self._open_brackets -= 1
            return False
        self._open_brackets += word in _OPENING
        return word == self._wall


def _likely(pieces: list[Piece], least: float, gate: Gate, *, half_typed: bool) -> list[Piece]:
    """The beginning that is likely enough, if there is enough of it."""
    likely = list(takewhile(lambda piece: piece.probability >= least, pieces))
    if half_typed:
        # To end a word is worth it in any case: it is being read as it is typed.
        return likely or [piece for piece in pieces[:1] if piece.probability >= gate.word]
    return likely if sum(len(piece.text.strip()) for piece in likely) >= gate.worth else []


def _depth(indentation: str) -> int:
    return len(indentation.expandtabs(_TAB))


def _repeated(tokens: list[int]) -> int:
    """How many tokens at the end do no more than repeat, in a cycle, those before them."""
    for period in range(1, _PERIOD + 1):
        length = period * max(3, -(-_CYCLED // period))
        end = tokens[-length:]
        if len(end) == length and end[period:] == end[:-period]:
            return length - period
    return 0
