"""What a task has made of a text, brought onto what the person has made of it meanwhile.

Owns the three-way merge, by lines: of the text that both began with, the *base*, of the task's and
of the person's. What only the task has changed is a hunk against the person's text. What both have
changed, each otherwise, or at places that touch, is a conflict: it carries all three sides and
decides nothing. No line that the person has written or changed is ever part of a hunk that is none.

Lines are compared without their ends. The person's text keeps its own, and its final newline or
the lack of one; what comes in ends as the lines around it do. Content that is no text is left to
the caller, and so are files as such: which there are, and which have moved (`moves`).
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from spark_lsp.core.spans import Span, spans_between

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")


@dataclass(frozen=True, slots=True)
class Hunk:
    """A stretch of the person's text, and what the task would have there.

    Attributes:
        start: where the stretch begins, in code points of the person's text.
        end: where it ends.
        text: what would stand there; for a conflict only if the person chooses so.
        conflicts: whether the person has changed this stretch too.
        base: the lines that both began with, without their ends.
        task: those of the task.
        person: those of the person.
        line: the number of the first of the task's lines in its text, from 0.
    """

    start: int
    end: int
    text: str
    conflicts: bool
    base: tuple[str, ...]
    task: tuple[str, ...]
    person: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Merged:
    """What a task has for a text, in order and apart."""

    hunks: tuple[Hunk, ...]

    @property
    def clean(self) -> tuple[Hunk, ...]:
        """What may be applied as it is."""
        return tuple(hunk for hunk in self.hunks if not hunk.conflicts)

    @property
    def conflicts(self) -> tuple[Hunk, ...]:
        """What only the person can decide."""
        return tuple(hunk for hunk in self.hunks if hunk.conflicts)


def merge(base: str, task: str, person: str) -> Merged:
    """Return what the task has changed, against the person's text as it is now."""
    if task in {base, person}:
        return Merged(())
    began, theirs, mine = _Lines(base), _Lines(task), _Lines(person)
    ends = _Ends(mine, began, theirs)
    hunks = []
    for meeting in _meetings(began.words, theirs.words, mine.words):
        for part, conflicts in _settled(meeting, began, theirs, mine):
            hunks.append(_hunk(part, (began, theirs, mine), ends, conflicts=conflicts))
    return Merged(tuple(hunks))


def applied(person: str, hunks: Sequence[Hunk]) -> str:
    """Return the person's text with hunks applied, which are in order."""
    pieces: list[str] = []
    at = 0
    for hunk in hunks:
        pieces += (person[at : hunk.start], hunk.text)
        at = hunk.end
    return "".join([*pieces, person[at:]])


class _Lines:
    """A text by lines: their words, and the ends that these have."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words: list[str] = []
        self.ends: list[str] = []
        lines = _LINE.findall(text)
        for line in lines:
            words = line.rstrip("\r\n")
            self.words.append(words)
            self.ends.append(line[len(words) :])
        self.at = list(accumulate(map(len, lines), initial=0))

    @property
    def open(self) -> bool:
        """Whether the last line has no end."""
        return bool(self.ends) and not self.ends[-1]


class _Meeting(NamedTuple):
    """Stretches of lines that stand for each other: of the base, the task's and the person's."""

    base: tuple[int, int]
    task: tuple[int, int]
    person: tuple[int, int]


def _meetings(
    base: Sequence[str], task: Sequence[str], person: Sequence[str]
) -> Iterator[_Meeting]:
    """Yield each stretch that the task has changed, with all of the person's that touch it."""
    theirs, mine = spans_between(base, task), spans_between(base, person)
    at = other = 0
    while at < len(theirs):
        # The person's spans that end before this one are behind; those that touch it go with it.
        while other < len(mine) and mine[other].end < theirs[at].start:
            other += 1
        first, first_other = at, other
        start, end = theirs[at].start, theirs[at].end
        at += 1
        while True:
            if other < len(mine) and mine[other].start <= end:
                start, end = min(start, mine[other].start), max(end, mine[other].end)
                other += 1
            elif at < len(theirs) and other > first_other and theirs[at].start <= end:
                end = max(end, theirs[at].end)
                at += 1
            else:
                break
        yield _Meeting(
            (start, end),
            _opposite(theirs, first, at, (start, end)),
            _opposite(mine, first_other, other, (start, end)),
        )


def _opposite(
    spans: Sequence[Span], first: int, last: int, stretch: tuple[int, int]
) -> tuple[int, int]:
    """Return what stands for a stretch of the base, in which lie the spans `first` to `last`."""
    behind = spans[first - 1] if first else Span(0, 0, 0, 0)
    until = spans[last - 1] if last else Span(0, 0, 0, 0)
    return (
        stretch[0] + behind.new_end - behind.end,
        stretch[1] + until.new_end - until.end,
    )


def _settled(
    meeting: _Meeting, base: _Lines, task: _Lines, person: _Lines
) -> Iterator[tuple[_Meeting, bool]]:
    """Yield what is left of a meeting for the person to take over, and whether it conflicts."""
    old = base.words[slice(*meeting.base)]
    theirs = task.words[slice(*meeting.task)]
    mine = person.words[slice(*meeting.person)]
    if mine == old:
        yield meeting, False
        return
    # What both have written alike at the beginning and at the end is settled.
    head = _agreeing(theirs, mine)
    tail = _agreeing(theirs[head:][::-1], mine[head:][::-1])
    if head == len(theirs) == len(mine):
        return
    left = _Meeting(
        meeting.base,
        (meeting.task[0] + head, meeting.task[1] - tail),
        (meeting.person[0] + head, meeting.person[1] - tail),
    )
    if not old and head + tail in {len(theirs), len(mine)}:
        # Both have added the same, one of them more of it.
        if head + tail < len(theirs):
            yield left, False
        return
    yield left, True


def _agreeing(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many lines are the same at the beginning."""
    size = 0
    for here, there in zip(one, other, strict=False):
        if here != there:
            break
        size += 1
    return size


# --- How what comes in ends its lines ------------------------------------------------------------


class _Ends:
    """Which line ends are written where in the person's text."""

    def __init__(self, person: _Lines, base: _Lines, task: _Lines) -> None:
        self._person = person
        self._usual = next(map(_most, filter(_most, (person, base, task))), "\n")
        self._open = person.open if person.words else task.open

    def written(self, lines: Sequence[str], first: int, last: int) -> tuple[int, int, str]:
        """Return the range that the lines `first` to `last` have, and what replaces them there."""
        person = self._person
        start, end = person.at[first], person.at[last]
        before, behind = person.text[start - 1 : start], person.text[end : end + 1]
        line_end = self._near(first)
        if (line_end == "\n" and before == "\r") or (line_end == "\r" and behind == "\n"):
            line_end = "\r\n"  # the only one that nothing beside it makes another of
        text = "".join(line + line_end for line in lines)
        if last == len(person.words) and self._open:
            # What becomes the last line has no end either, unless that is all there is of it.
            if lines:
                text = text[: -len(line_end)] if lines[-1] else text
                text = line_end + text if first == last > 0 else text
            elif first and person.words[first - 1]:
                start -= len(person.ends[first - 1])
        elif not text and before == "\r" and behind == "\n":
            # A CR and an LF that come to stand together would be one end instead of two.
            start, text = start - 1, "\r\n"
        return start, end, text

    def _near(self, line: int) -> str:
        """Return the end that the lines have between which a line comes in."""
        ends = self._person.ends
        near = (ends[at] for at in (line, line - 1) if 0 <= at < len(ends) and ends[at])
        return next(near, self._usual)


def _most(lines: _Lines) -> str:
    """Return the line end that most lines have."""
    counts = Counter(filter(None, lines.ends))
    return counts.most_common(1)[0][0] if counts else ""


def _hunk(
    part: _Meeting, sides: tuple[_Lines, _Lines, _Lines], ends: _Ends, *, conflicts: bool
) -> Hunk:
    base, task, person = sides
    theirs = task.words[slice(*part.task)]
    start, end, text = ends.written(theirs, *part.person)
    return Hunk(
        start,
        end,
        text,
        conflicts,
        tuple(base.words[slice(*part.base)]),
        tuple(theirs),
        tuple(person.words[slice(*part.person)]),
        part.task[0],
    )
