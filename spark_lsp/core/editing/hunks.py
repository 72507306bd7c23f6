"""The few small edits that turn one text into another, as a person might have made them.

Owns the comparison. Lines are aligned first, then words inside of what has changed. What stands
between two changes and is small beside both goes with them, so that edits are few. No edit begins
or ends inside of a CRLF, of the old text or of the new one.

The time is bounded for any input. Only what lies between the common beginning and the common end is
looked at; the longest common subsequence is found with the bits of whole numbers, a row of a
thousand pieces in one step; and what is too long even for that is replaced as a whole.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from spark_lsp.core.patience import anchors
from spark_lsp.core.text import Edit, difference

_LONG = 200_000
"""Characters of both texts, between what they have in common, above which they are one edit."""
_NARROWED = 40_000
"""Characters of changed lines, of both texts, that are looked at word by word."""
_CELLS = 1_000_000
"""Pairs of pieces up to which each old one is compared with each new one."""
_LONGEST_WORD = 200
"""Characters that one edit of long texts is widened by to begin and end with words."""

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_LINE_END = re.compile(r"\r\n|\n|\r")
_WORD = re.compile(r"\w+|[^\S\r\n]+|\r\n|[\s\S]")
_LETTER = re.compile(r"\w")


class _Span(NamedTuple):
    """A stretch of the old pieces, and that of the new ones which stands in its place."""

    start: int
    end: int
    new_start: int
    new_end: int

    def moved(self, by: int, new_by: int) -> "_Span":
        return _Span(self.start + by, self.end + by, self.new_start + new_by, self.new_end + new_by)


def minimal(before: str, after: str) -> tuple[Edit, ...]:
    """Return edits that turn `before` into `after`, in order, with text between any two of them.

    Two texts that are the same have none.
    """
    if before == after:
        return ()
    edit = difference(before, after)
    start, tail = _line_start(before, edit.start), len(before) - _line_behind(before, edit.end)
    old, new = before[start : len(before) - tail], after[start : len(after) - tail]
    if len(old) + len(new) > _LONG:
        return (_on_words(before, after, edit),)
    return tuple(_edits(old, new, start))


def _edits(old: str, new: str, base: int) -> Iterator[Edit]:
    """Yield the edits of a text that stands at an offset: by lines, and within them by words."""
    lines, new_lines = _LINE.findall(old), _LINE.findall(new)
    at, new_at = _offsets(lines), _offsets(new_lines)
    left = _NARROWED
    for span in _joined(_spans(lines, new_lines), at, new_at, old, lines=True):
        start, end = at[span.start], at[span.end]
        text = new[new_at[span.new_start] : new_at[span.new_end]]
        size = end - start + len(text)
        if start == end or not text or size > left:
            yield Edit(base + start, base + end, text)
        else:
            left -= size
            yield from _words(old[start:end], text, base + start)


def _words(old: str, new: str, base: int) -> Iterator[Edit]:
    words, new_words = _WORD.findall(old), _WORD.findall(new)
    at, new_at = _offsets(words), _offsets(new_words)
    for span in _joined(_spans(words, new_words), at, new_at, old, lines=False):
        text = new[new_at[span.new_start] : new_at[span.new_end]]
        yield Edit(base + at[span.start], base + at[span.end], text)


def _offsets(pieces: Sequence[str]) -> list[int]:
    return list(accumulate(map(len, pieces), initial=0))


def _joined(
    spans: Sequence[_Span], at: Sequence[int], new_at: Sequence[int], old: str, *, lines: bool
) -> list[_Span]:
    """Return the spans with those as one that have too little between them to be told apart.

    Lines are too little only if they say nothing: a blank line, a bracket.
    """

    def size(span: _Span) -> int:
        return max(at[span.end] - at[span.start], new_at[span.new_end] - new_at[span.new_start])

    joined: list[_Span] = []
    for span in spans:
        if joined:
            last = joined[-1]
            between = old[at[last.end] : at[span.start]]
            says = _LETTER.search(between) is not None
            small = len(between) <= min(size(last), size(span))
            if small and not (lines and says):
                joined[-1] = _Span(last.start, span.end, last.new_start, span.new_end)
                continue
        joined.append(span)
    return joined


# --- What stays, and what changes ----------------------------------------------------------------


def _spans(old: Sequence[str], new: Sequence[str]) -> list[_Span]:
    """Return what differs between two sequences of pieces, in order and apart."""
    head = 0
    limit = min(len(old), len(new))
    while head < limit and old[head] == new[head]:
        head += 1
    tail = 0
    limit -= head
    while tail < limit and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    old, new = old[head : len(old) - tail], new[head : len(new) - tail]
    if not old and not new:
        return []
    if not old or not new:
        spans = [_Span(0, len(old), 0, len(new))]
    elif len(old) * len(new) <= _CELLS:
        spans = _between(_common(old, new), len(old), len(new))
    else:
        spans = _anchored(old, new)
    return [span.moved(head, head) for span in spans]


def _between(pairs: Sequence[tuple[int, int]], size: int, new_size: int) -> list[_Span]:
    """Return what lies between pieces that stay, given by their places in both sequences."""
    spans: list[_Span] = []
    at = new_at = 0
    for here, there in (*pairs, (size, new_size)):
        if at < here or new_at < there:
            spans.append(_Span(at, here, new_at, there))
        at, new_at = here + 1, there + 1
    return spans


def _common(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return a longest common subsequence, as places in both sequences.

    Hyyrö's row-wise bit-vectors: bit `i` of a row is 0 where the common length grows with `old[i]`.
    """
    places: dict[str, int] = {}
    for index, piece in enumerate(old):
        places[piece] = places.get(piece, 0) | 1 << index
    full = (1 << len(old)) - 1
    row = full
    rows: list[int] = []
    for piece in new:
        hits = row & places.get(piece, 0)
        row = ((row + hits) | (row - hits)) & full
        rows.append(row)
    pairs: list[tuple[int, int]] = []
    at, new_at = len(old), len(new)
    while at and new_at:
        if rows[new_at - 1] >> (at - 1) & 1:
            at -= 1
        elif new_at > 1 and not rows[new_at - 2] >> (at - 1) & 1:
            new_at -= 1
        else:
            at, new_at = at - 1, new_at - 1
            pairs.append((at, new_at))
    return pairs[::-1]


def _anchored(old: Sequence[str], new: Sequence[str]) -> list[_Span]:
    """Return what differs, between pieces that occur once in each: patience, for what is long."""
    spans: list[_Span] = []
    cells = 2 * _CELLS
    for gap in _between(anchors(old, new), len(old), len(new)):
        left, right = old[gap.start : gap.end], new[gap.new_start : gap.new_end]
        size = len(left) * len(right)
        if size <= min(cells, _CELLS):
            cells -= size
            spans += (span.moved(gap.start, gap.new_start) for span in _spans(left, right))
        else:
            spans.append(gap)
    return spans


# --- Where an edit may begin and end -------------------------------------------------------------


def _line_start(text: str, at: int) -> int:
    """Return where the line begins at which two texts part that are the same up to `at`."""
    # A CR there may be half of a CRLF in one of them.
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, max(0, at - 1))) + 1


def _line_behind(text: str, at: int) -> int:
    """Return where the next line begins in texts that are the same from `at` on."""
    end = _LINE_END.search(text, at)
    return end.end() if end else len(text)


def _on_words(before: str, after: str, edit: Edit) -> Edit:
    """Return one edit that begins and ends with words, where these are no longer than most."""
    start, tail = edit.start, len(before) - edit.end
    for _ in range(_LONGEST_WORD):
        if not (_parts_word(before, start) or _parts_word(after, start)):
            break
        start -= 1
    for _ in range(_LONGEST_WORD):
        if not (_parts_word(before, len(before) - tail) or _parts_word(after, len(after) - tail)):
            break
        tail -= 1
    if _parts_line_end(before, start) or _parts_line_end(after, start):
        start -= 1
    if _parts_line_end(before, len(before) - tail) or _parts_line_end(after, len(after) - tail):
        tail -= 1
    return Edit(start, len(before) - tail, after[start : len(after) - tail])


def _parts_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and bool(_LETTER.match(text[at - 1]) and _LETTER.match(text[at]))


def _parts_line_end(text: str, at: int) -> bool:
    return text[max(0, at - 1) : at + 1] == "\r\n"
