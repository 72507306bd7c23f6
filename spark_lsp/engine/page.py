"""The open file as the engine reads it: the text around the cursor, and texts sent along with it.

Owns the cut at the cursor (what is context, what is a half-typed token) and the order and weight
of the texts that are scanned. Lines are cut once and remembered, so that a key costs one line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from spark_lsp.engine.lexer import is_open, lex, unify_newlines
from spark_lsp.engine.sources import AFTER, BEFORE, ELSEWHERE
from spark_lsp.engine.vocabulary import (
    BOUNDARY,
    UNKNOWN,
    Ids,
    Style,
    Vocabulary,
    code_of,
    relate,
    style_in,
)

_REMEMBERED_LINES: Final = 20_000
"""Lines whose tokens are remembered before all are forgotten; about 300 bytes each."""
_REMEMBERED_WIDTH: Final = 400
"""Characters of the longest line that is remembered."""
_REMEMBERED_TEXT: Final = 2_000_000
"""Characters of references that are remembered before all are forgotten."""
_PREFIX: Final = 60_000
"""Characters before the cursor that are read."""
_SUFFIX: Final = 60_000
"""Characters after the cursor that are read."""
_REFERENCES: Final = 400_000
"""Characters of references that are read, all together."""
_FENCE: Final = np.array([BOUNDARY], np.int32)


@dataclass(frozen=True, slots=True)
class Page:
    """One moment of an open file."""

    ids: Ids
    """Everything scanned: references, suffix, prefix, with boundaries between; shape (n,)."""
    weights: NDArray[np.float32]
    """What the evidence at each position of `ids` weighs, shape (n,)."""
    sources: NDArray[np.int8]
    """Where each position stands, shape (n,); see `sources`."""
    tail: int
    """Where in `ids` the suffix begins."""
    head: int
    """Where in `ids` the prefix begins; it ends where they end."""
    context: tuple[int, ...]
    """The tokens before the cursor in reading order; where the file begins, a boundary and
    before that tokens that match nothing."""
    partial: str
    """What is typed of the token at the cursor; empty between tokens."""
    line: str
    """The text of the cursor's line before the cursor."""
    rest: str
    """The text of the cursor's line after the cursor."""
    following: str
    """The next line with text after the cursor's, white space at its end cut; may be empty."""
    indentation: str
    """What the next newline changes, as it is written."""
    style: Style
    """How the file indents."""


@dataclass(frozen=True, slots=True)
class Source:
    """A text to scan, where it stands and what its evidence weighs."""

    text: str
    place: int
    weight: float = 1.0


class Reader:
    """Makes pages; remembers lines and references between calls."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._lines: dict[str, list[int]] = {}
        self._texts: dict[str, Ids] = {}

    def read(self, prefix: str, suffix: str, references: Sequence[Source], depth: int) -> Page:
        """The page for a cursor between `prefix` and `suffix`, with `depth` tokens of context."""
        before = unify_newlines(_end_of(prefix, _PREFIX)).split("\n")
        line = before.pop()
        rest, *after = unify_newlines(suffix[:_SUFFIX]).split("\n")
        tokens = lex("\n" + line)
        # Before an empty line the indentation is still open; typed indentation is meant.
        indenting = bool(before) and not line
        partial = tokens.pop() if len(tokens) > 1 and is_open(tokens[-1]) else ""
        level = line
        if indenting:
            level = next((earlier for earlier in reversed(before) if earlier.strip()), "")
        indentation = level[: len(level) - len(level.lstrip(" \t"))]
        head = np.array(self._raw(before) + self._vocabulary.raw("".join(tokens)), np.int32)
        tail = np.array(self._vocabulary.raw(rest) + self._raw(after), np.int32)
        style = style_in(np.concatenate((head, tail)))
        # The boundary keeps the cursor's line from being taken for a blank one.
        head = relate(np.append(head, _FENCE), style, 0)[: -2 if indenting else -1]
        tail = relate(tail, style, code_of(indentation))
        parts, weights, places = [_FENCE], [0.0], [ELSEWHERE]
        room = _REFERENCES
        for reference in references:
            text = reference.text[:room]
            room -= len(text)
            parts += (self._text(text), _FENCE)
            weights += (reference.weight, 0.0)
            places += (reference.place, reference.place)
        parts += (tail, _FENCE, head)
        weights += (1.0, 0.0, 1.0)
        places += (AFTER, AFTER, BEFORE)
        sizes = [part.size for part in parts]
        ids = np.concatenate(parts)
        return Page(
            ids=ids,
            weights=np.repeat(np.array(weights, np.float32), sizes),
            sources=np.repeat(np.array(places, np.int8), sizes),
            tail=ids.size - head.size - 1 - tail.size,
            head=ids.size - head.size,
            context=(*(UNKNOWN,) * depth, BOUNDARY, *head[-depth:].tolist())[-depth:],
            partial="\n" if indenting else partial,
            line=line,
            rest=rest,
            following=next((later.rstrip() for later in after if later.strip()), ""),
            indentation=indentation,
            style=style,
        )

    def _text(self, text: str) -> Ids:
        ids = self._texts.get(text)
        if ids is None:
            if sum(map(len, self._texts)) > _REMEMBERED_TEXT:
                self._texts = {}
            ids = self._texts[text] = self._vocabulary.encode(unify_newlines(text))
        return ids

    def _raw(self, lines: Sequence[str]) -> list[int]:
        known = self._lines
        if len(known) > _REMEMBERED_LINES:
            known = self._lines = {}
        found: list[list[int]] = []
        for line in lines:
            raw = known.get(line)
            if raw is None:
                raw = self._vocabulary.raw("\n" + line)
                if len(line) <= _REMEMBERED_WIDTH:
                    known[line] = raw
            found.append(raw)
        return list(chain.from_iterable(found))


def _end_of(text: str, limit: int) -> str:
    """The end of `text`, from the start of a line where there is one."""
    if len(text) <= limit:
        return text
    end = text[-limit:]
    return end[end.find("\n") + 1 :]
