"""Files that a task was shown without their secrets, and how the secrets come back.

A secret is laid before a task as a run of `*`, letter by letter. Owns what a run in the task's text
stands for: on a line that the task has left alone, what the person has there; on one that it has
written, what stands for a run of this length on the same line, else behind the same beginning of a
line, else, in the same file alone, what is the only one of this length. Files that are not the one
that the line was in get nothing by length: it says too little to write a secret down by.

Where that cannot be told the stars stay, and their lines are *veiled*: they would cover a secret,
so `patch` offers nothing of them unless the person decides. The base is given its secrets as the
person has them now: what merely was not shown is no change of the person's.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from spark_lsp.core.secrets import redacted
from spark_lsp.core.spans import spans_between
from spark_lsp.core.tasks.moves import moved
from spark_lsp.core.tasks.patch import Sides
from spark_lsp.core.text import line_starts

_STARS = re.compile(r"\*+")
_FEW = 3
"""Stars in a row that may well be code: an operator, the frame of a comment."""
_PIECE = 100_000
"""Characters that are masked in one go: a search holds the interpreter."""


def masked(text: str) -> str:
    """Return a text without its secrets; done piece by piece, so that others get a turn."""
    return "".join(redacted(text, at, at + _PIECE) for at in range(0, len(text), _PIECE))


def unmasked(sides: Sides, laid: Mapping[str, str], now: Mapping[str, str]) -> Sides:
    """Return what a task has made of files with the secrets that it was not shown.

    `laid` are the files that were laid down masked, `now` what the person has of them.
    """
    texts = {**now, **sides.person}
    texts |= {path: texts[here] for path in sides.base if (here := sides.now(path))}
    known = _Known(texts)
    shown = {
        path: _Shown(path, text, known, hidden=path in laid)
        for path, text in {**laid, **sides.base}.items()
    }
    for began in shown.values():
        known.miss(began)
    gone = {path: text for path, text in sides.base.items() if path not in sides.task}
    come = {path: text for path, text in sides.task.items() if path not in sides.base}
    origins = moved(gone, come)
    task: dict[str, str] = {}
    veiled: dict[str, frozenset[int]] = {}
    for path, text in sides.task.items():
        task[path] = text
        if "*" in text:
            began = shown.get(origins.get(path, path)) or _Shown(path, "", known, hidden=False)
            task[path], lines = _Revealing(known, began, {path, began.path}).done(text)
            veiled |= {path: lines} if lines else {}
    base = {path: shown[path].text for path in sides.base}
    return replace(sides, base=base, task=task, veiled=veiled)


class _Run(NamedTuple):
    """A run of stars, as it is shown of a file of the person's.

    Attributes:
        path: the file.
        line: its line, without blanks around it.
        before: the beginning of the line up to the run, likewise.
        text: what stands there; None if the person does not have it any more.
        hides: whether that is anything but stars.
    """

    path: str
    line: str
    before: str
    text: str | None
    hides: bool


class _Known:
    """The files of the person as they are shown, and what their stars stand for."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.shown = {path: masked(text) for path, text in texts.items()}
        self.texts = texts
        self._runs: dict[int, list[_Run]] = {}
        for path, text in texts.items():
            for size, run in _runs(path, self.shown[path], text):
                self._runs.setdefault(size, []).append(run)

    def miss(self, began: "_Shown") -> None:
        """Take in what a file had and the person has on no such line any more."""
        for line in (it for at, it in enumerate(began.words) if began.veiled(at)):
            for size, run in _runs(began.path, line, line):
                there = ((it.line, it.before) for it in self.fitting(size) if it.hides)
                if size > _FEW and (run.line, run.before) not in there:
                    self._runs.setdefault(size, []).append(run._replace(text=None, hides=True))

    def fitting(self, size: int) -> Sequence[_Run]:
        """Return the runs of a length."""
        return self._runs.get(size, ())


class _Shown:
    """A file as it was laid before a task.

    Attributes:
        path: where it was.
        words: its lines as they were laid down.
        real: these with what the person has there now, where the person has them.
        text: the whole of that.
    """

    def __init__(self, path: str, text: str, known: _Known, *, hidden: bool) -> None:
        lines = _lines(text)
        self.path = path
        self.words = [_words(line) for line in lines]
        self.real = list(self.words)
        self._open = set(range(len(lines))) if hidden else set()
        if hidden and path in known.texts:
            now, real = (
                [_words(line) for line in _lines(it)]
                for it in (known.shown[path], known.texts[path])
            )
            before, after = Counter(self.words), Counter(now)
            fewer = {it for it, count in before.items() if after[it] < count > 1 and "*" in it}
            for at, there in _same(self.words, now, fewer | _twins(now, real)):
                self.real[at] = real[there]
                self._open.discard(at)
        ends = (line[len(words) :] for line, words in zip(lines, self.words, strict=True))
        self.text = "".join(words + end for words, end in zip(self.real, ends, strict=True))

    def hides(self, at: int) -> bool:
        """Whether a line holds a secret that the person has there now."""
        return self.real[at] != self.words[at]

    def veiled(self, at: int) -> bool:
        """Whether a line may hold one that the person has there no more."""
        return at in self._open and _many(self.words[at])


class _Revealing:
    """One text of a task on its way to what the person would have written."""

    def __init__(self, known: _Known, began: _Shown, own: Collection[str]) -> None:
        self._known = known
        self._began = began
        self._own = own
        self._back: set[str] = set()
        self._doubtful = self._strange = False

    def done(self, text: str) -> tuple[str, frozenset[int]]:
        """Return the text with its secrets, and the lines whose stars may cover one."""
        lines = _lines(text)
        words = [_words(line) for line in lines]
        twins = _twins(self._began.words, self._began.real)
        kept = {there: at for at, there in _same(self._began.words, words, twins)}
        real: list[str] = []
        veiled: set[int] = set()
        strange: set[int] = set()
        for at, line in enumerate(words):
            if at in kept:
                real.append(self._began.real[kept[at]])
                self._doubtful, self._strange = self._began.veiled(kept[at]), False
            else:
                self._doubtful = self._strange = False
                real.append(_STARS.sub(self._revealed, line))
            veiled |= {at} if self._doubtful else set()
            strange |= {at} if self._strange else set()
        if strange and self._lacks(frozenset(kept.values())):
            veiled |= strange
        ends = (line[len(it) :] for line, it in zip(lines, words, strict=True))
        return "".join(map("".join, zip(real, ends, strict=True))), frozenset(veiled)

    def _revealed(self, stars: re.Match[str]) -> str:
        """Return what a run in a line that the task has written stands for."""
        line, before = stars.string.strip(), stars.string[: stars.start()].strip()
        size = len(stars[0])
        fitting = self._known.fitting(size)
        ours = [run for run in fitting if run.path in self._own]
        others = [run for run in fitting if run.path not in self._own]
        speaks = any(map(str.isalnum, line))
        for runs in (ours, others):
            same = [run for run in runs if (run.line, run.before) == (line, before)]
            if not same and any(map(str.isalnum, before)):
                same = [run for run in runs if run.before == before]
            if same:
                return self._only(same, stars[0])
        if ours and speaks:
            rivals = [] if any(run.hides for run in ours) else [it for it in others if it.hides]
            return self._only([*ours, *rivals], stars[0])
        if size > _FEW and speaks and any(run.hides for run in others):
            self._doubtful = True
        self._strange = self._strange or size > _FEW or self._replaces(before)
        return stars[0]

    def _only(self, runs: Sequence[_Run], stars: str) -> str:
        """Return what all of some runs stand for; the stars, and a doubt, if they disagree."""
        text = runs[0].text
        if text is None or any(run.text != text for run in runs):
            self._doubtful = True
            return stars
        self._back.add(text)
        return text

    def _replaces(self, before: str) -> bool:
        """Whether a line of the file began so and went on with a secret."""
        began = (it for at, it in enumerate(self._began.words) if self._began.hides(at))
        return bool(before) and any(it.strip().startswith(f"{before}*") for it in began)

    def _lacks(self, kept: frozenset[int]) -> bool:
        """Whether a secret of the file has not come back, on none of the task's lines."""
        began = self._began
        for at in set(range(len(began.words))) - kept:
            if began.veiled(at):
                return True
            if began.hides(at):
                pieces = _runs("", began.words[at], began.real[at])
                if any(run.hides and run.text not in self._back for _, run in pieces):
                    return True
        return False


def _runs(path: str, shown: str, text: str) -> Iterator[tuple[int, _Run]]:
    """Yield the runs of stars in a text as it is shown, each with its length."""
    if "*" not in shown:
        return
    for start, end in pairwise([*line_starts(shown), len(shown)]):
        line = shown[start:end]
        for run in _STARS.finditer(line):
            found = text[start + run.start() : start + run.end()]
            hides = found != run[0]
            before = line[: run.start()].strip()
            yield len(found), _Run(path, line.strip(), before, found, hides)


def _many(words: str) -> bool:
    return any(len(run) > _FEW for run in _STARS.findall(words))


def _lines(text: str) -> list[str]:
    return [text[start:end] for start, end in pairwise([*line_starts(text), len(text)])]


def _words(line: str) -> str:
    return line.rstrip("\r\n")


def _twins(shown: Sequence[str], real: Sequence[str]) -> set[str]:
    """Return the lines that are shown alike and are not the same."""
    found: dict[str, str] = {}
    return {line for line, it in zip(shown, real, strict=True) if found.setdefault(line, it) != it}


def _same(old: Sequence[str], new: Sequence[str], twins: set[str]) -> Iterator[tuple[int, int]]:
    """Yield the places, in both, of lines that stay; of twins only where it is sure which is which.

    That is between two lines that occur once and stay, if as many are there as were, and no line
    that occurs once has been moved to there or away.
    """
    at = there = 0
    pairs: list[tuple[int, int]] = []
    for span in (*spans_between(old, new), None):
        until = span.start if span else len(old)
        pairs += zip(range(at, until), range(there, there + until - at), strict=True)
        if span:
            at, there = span.end, span.new_end
    if twins.isdisjoint(new):
        yield from pairs
        return
    counts, others = Counter(old), Counter(new)
    at = there = 0
    between: list[tuple[int, int]] = []
    for pair in (*pairs, (len(old), len(new))):
        if pair[0] < len(old) and not counts[old[pair[0]]] == others[old[pair[0]]] == 1:
            between.append(pair)
            continue
        was, now = Counter(old[at : pair[0]]), Counter(new[there : pair[1]])
        moved_here = any(counts[it] == others[it] == 1 for it in (*was, *now))
        for one, other in between:
            line = old[one]
            if line not in twins or (was[line] == now[line] and not moved_here):
                yield one, other
        if pair[0] < len(old):
            yield pair
        at, there, between = pair[0] + 1, pair[1] + 1, []
