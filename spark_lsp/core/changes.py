"""What has changed between a text and the text that it has become, as few separate hunks.

Owns the composition of edits: each edit of the current text is folded into hunks that name their
place in the old text too. Also owns the account of what a model has been told of them. When it is
told is decided in `context`.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from spark_lsp.core import secrets
from spark_lsp.core.prompt import Change
from spark_lsp.core.text import Edit, Text
from spark_lsp.core.windows import Tail

_LONG = 1_000
"""Characters above which an edit is looked at line by line."""
_NEAR = 200
"""Characters between two hunks up to which they are told as one."""
_MOST = 64
"""Hunks that are kept apart: thousands of edits may come at once, and each looks at all of them."""
_LONGEST = 20_000
"""Characters of a change that may be told at all; packing wants far fewer."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """A stretch `old_start:old_end` of the old text that is now `start:end`, in code points."""

    old_start: int
    old_end: int
    start: int
    end: int


def after(hunks: Sequence[Hunk], edit: Edit) -> tuple[Hunk, ...]:
    """Return the hunks as they are after one more edit of the current text, in order."""
    grown = len(edit.new) - (edit.end - edit.start)
    before: list[Hunk] = []
    behind: list[Hunk] = []
    shift = 0  # how far the old text lies behind the current one at the edit
    start, end = edit.start, edit.end
    touched: list[Hunk] = []
    for hunk in hunks:
        if hunk.end + _NEAR < edit.start:
            before.append(hunk)
            shift = hunk.old_end - hunk.end
        elif hunk.start - _NEAR > edit.end:
            moved = Hunk(hunk.old_start, hunk.old_end, hunk.start + grown, hunk.end + grown)
            behind.append(moved)
        else:
            touched.append(hunk)
            start, end = min(start, hunk.start), max(end, hunk.end)
    old_start = start + shift
    for hunk in touched:
        shift = hunk.old_end - hunk.end
    return _fewer((*before, Hunk(old_start, end + shift, start, end + grown), *behind))


def _fewer(hunks: tuple[Hunk, ...]) -> tuple[Hunk, ...]:
    """Return the hunks with the two nearest ones as one, if there are too many."""
    if len(hunks) <= _MOST:
        return hunks
    at = min(range(len(hunks) - 1), key=lambda at: hunks[at + 1].start - hunks[at].end)
    one, other = hunks[at : at + 2]
    both = Hunk(one.old_start, other.old_end, one.start, other.end)
    return (*hunks[:at], both, *hunks[at + 2 :])


def extent(removed: str, new: str) -> int:
    """Return how many characters an edit has changed.

    Formatters, and clients that send whole texts, replace much by nearly the same: of what is long,
    the lines count that are not on both sides.
    """
    if len(removed) + len(new) < _LONG:
        return len(removed) + len(new)
    gone, come = Counter(removed.split("\n")), Counter(new.split("\n"))
    return sum(len(line) * count for it in (gone - come, come - gone) for line, count in it.items())


class Account:
    """What a model does not know of a document yet: the edits since it was shown a text of it.

    Two accounts are kept while a new stable part is being prepared, which shows a later text.
    """

    def __init__(self, text: Text) -> None:
        """Take the text that is known."""
        self._text = self._latest = text
        self._hunks: tuple[Hunk, ...] = ()
        self._hunks_later: tuple[Hunk, ...] | None = None
        self._text_later = text

    def edited(self, edit: Edit, text: Text) -> None:
        """Take in an edit, and the text that it has led to."""
        self._latest = text
        self._hunks = after(self._hunks, edit)
        if self._hunks_later is not None:
            self._hunks_later = after(self._hunks_later, edit)

    def begin_anew(self) -> None:
        """The text as it is now is going to be shown."""
        self._text_later, self._hunks_later = self._latest, ()

    def swap(self) -> None:
        """The text of `begin_anew` is now what is known."""
        if self._hunks_later is not None:
            self._text, self._hunks = self._text_later, self._hunks_later
            self._hunks_later = None

    def taken(self, path: str, shown: Tail | None) -> Iterator[Change]:
        """Yield what is to be told of the document, which counts as known from now on.

        Not that which the tail shows anyway.
        """
        kept = {
            it for it in self._hunks if shown and shown.start <= it.start <= it.end <= shown.end
        }
        told = [hunk for hunk in self._hunks if hunk not in kept]
        for hunk in told:
            if change := _change(path, self._text, self._latest, hunk):
                yield change
        if told:
            self._text, self._hunks = _folded(self._text, self._latest, self._hunks, kept)


def _folded(
    old: Text, now: Text, hunks: Sequence[Hunk], kept: Collection[Hunk]
) -> tuple[Text, tuple[Hunk, ...]]:
    """Return the old text with all hunks applied but those kept, and these as they are to it."""
    pieces: list[str] = []
    moved: list[Hunk] = []
    at = length = 0
    for hunk in hunks:
        pieces.append(old.string[at : hunk.old_start])
        length += len(pieces[-1])
        if hunk in kept:
            pieces.append(old.string[hunk.old_start : hunk.old_end])
            moved.append(Hunk(length, length + len(pieces[-1]), hunk.start, hunk.end))
        else:
            pieces.append(now.string[hunk.start : hunk.end])
        length += len(pieces[-1])
        at = hunk.old_end
    pieces.append(old.string[at:])
    return Text("".join(pieces)), tuple(moved)


def _change(path: str, before: Text, now: Text, hunk: Hunk) -> Change | None:
    """Return a hunk as it is told, or None if it is too long for that, or undone."""
    was = _whole_lines(before, hunk.old_start, hunk.old_end)
    is_now = _whole_lines(now, hunk.start, hunk.end)
    if was[1] - was[0] + is_now[1] - is_now[0] > _LONGEST:
        return None
    old = secrets.redacted(before.string, *was)
    new = secrets.redacted(now.string, *is_now)
    return None if old == new else Change(path, now.line_at(hunk.start), old, new)


def _whole_lines(text: Text, start: int, end: int) -> tuple[int, int]:
    return text.line_start(text.line_at(start)), text.line_end(text.line_at(end))
