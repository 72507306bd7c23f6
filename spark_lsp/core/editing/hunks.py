"""The few small edits that turn one text into another, as a person might have made them.

Owns the comparison. Lines are aligned first, then words inside of what has changed. What stands
between two changes and is small beside both goes with them, so that edits are few. No edit begins
or ends inside of a CRLF, of the old text or of the new one.

The time is bounded for any input: only what lies between the common beginning and the common end is
looked at, `spans` finds in it what differs, and what is too long is replaced as a whole.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

from spark_lsp.core.spans import Span, spans_between
from spark_lsp.core.text import Edit, difference

_LONG = 200_000
"""Characters of both texts, between what they have in common, above which they are one edit."""
_NARROWED = 40_000
"""Characters of changed lines, of both texts, that are looked at word by word."""
_LONGEST_WORD = 200
"""Characters that one edit of long texts is widened by to begin and end with words."""

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_LINE_END = re.compile(r"\r\n|\n|\r")
_WORD = re.compile(r"\w+|[^\S\r\n]+|\r\n|[\s\S]")
_LETTER = re.compile(r"\w")


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
    for span in _joined(spans_between(lines, new_lines), at, new_at, old, lines=True):
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
    for span in _joined(spans_between(words, new_words), at, new_at, old, lines=False):
        text = new[new_at[span.new_start] : new_at[span.new_end]]
        yield Edit(base + at[span.start], base + at[span.end], text)


def _offsets(pieces: Sequence[str]) -> list[int]:
    return list(accumulate(map(len, pieces), initial=0))


def _joined(
    spans: Sequence[Span], at: Sequence[int], new_at: Sequence[int], old: str, *, lines: bool
) -> list[Span]:
    """Return the spans with those as one that have too little between them to be told apart.

    Lines are too little only if they say nothing: a blank line, a bracket.
    """

    def size(span: Span) -> int:
        return max(at[span.end] - at[span.start], new_at[span.new_end] - new_at[span.new_start])

    joined: list[Span] = []
    for span in spans:
        if joined:
            last = joined[-1]
            between = old[at[last.end] : at[span.start]]
            says = _LETTER.search(between) is not None
            small = len(between) <= min(size(last), size(span))
            if small and not (lines and says):
                joined[-1] = Span(last.start, span.end, last.new_start, span.new_end)
                continue
        joined.append(span)
    return joined


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
