"""The syntax guard: nothing is shown that would make the tree worse.

Owns the comparison. The answer is inserted into the tree as a value, and what counts is how many
errors there are with it and without it. A text that is being written is broken most of the time:
an answer may leave as many errors as there were, but it may not add any.

A parse takes its time, above all of a text that is broken: a bracket that nobody has closed yet, in
a file of half a million characters, takes a second, incrementally or not. So of a longer text only
the outermost block around the cursor is looked at, which takes a few milliseconds at most.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from spark_lsp.core.languages import Language
from spark_lsp.core.syntax import Syntax, shift_of
from spark_lsp.core.text import Edit, Text

_STOPS, _LINES = 4, 2
"""Beginnings of an answer that are parsed beside all of it, up to stops and up to lines."""
WHOLE = 20_000
"""Characters up to which a text is looked at as a whole, and its tree is of use."""
_ABOVE, _BELOW = 6_000, 3_000
"""Characters of a longer text that are looked at, at most."""
_LINE = re.compile(r"[\r\n]([ \t]*)(?=[^\s)\]}])")
_LINE_END = re.compile(r"(?<=\S)[ \t]*(?:\r\n|\n|\r)")
_PREFIXES = {"python": ("if 1:\n", re.compile(r"[ \t]")), "php": ("<?php\n", re.compile(r"(?!<)"))}
"""What makes a text of a part of one, and what such a part begins with."""
_LAST = re.compile(r"(?:\w+|\W)\s*\Z")
"""The last word or sign of an answer."""


def guarded(  # noqa: PLR0917 - the tree is one of two ways to say what the text is
    tree: Syntax | None,
    text: Text,
    offset: int,
    answer: str,
    stops: Sequence[int],
    language: Language | None = None,
) -> int:
    """Return how much of an answer may be shown without making the tree worse.

    Args:
        tree: of the text, if there is one.
        text: the document.
        offset: where the answer is inserted, in code points.
        answer: what is inserted.
        stops: ascending lengths of the answer at which it may be cut.
        language: of the document, where there is no tree. Without either nothing is judged.

    Returns:
        The length of the answer, else the last stop up to which it does no harm, else the end of
        a line above the first error, else 0.
    """
    trial = _Trial.of(tree, text, offset, answer, language)
    flaws = trial.harm(len(answer)) if trial else []
    if trial is None or not flaws:
        return len(answer)
    first = next((flaw - trial.at for flaw in flaws if flaw >= trial.at), 0)
    return next((size for size in _cuts(answer, stops, first) if not trial.harm(size)), 0)


def breaks_off(
    tree: Syntax | None, text: Text, offset: int, answer: str, language: Language | None = None
) -> bool:
    """Whether what is wrong with an answer is only that it goes no further.

    A model stops where it is no longer sure, as a person stops to think: in the middle of a call,
    behind a dot. It is so if something stays open, or if no error lies in its one line before the
    last word.
    """
    surplus = [answer.count(one) - answer.count(two) for one, two in ("()", "[]", "{}")]
    if min(surplus) < 0:
        return False
    if max(surplus) > 0 or any(answer.count(quote) % 2 for quote in "\"'`"):
        return True
    if "\n" in answer or "\r" in answer:
        return False
    trial = _Trial.of(tree, text, offset, answer, language)
    last = _LAST.search(answer)
    if trial is None or last is None:
        return True
    inside = range(trial.at + 1, trial.at + last.start())
    return not any(flaw in inside for flaw in trial.harm(len(answer)))


@dataclass(frozen=True, slots=True)
class _Trial:
    """An answer that is put into a tree as a value, to see what harm it does.

    Attributes:
        tree: of the text, or of the part of it that matters.
        string: that text.
        at: where the answer goes.
        answer: what is put there.
        before: how many errors there are without.
    """

    tree: Syntax
    string: str
    at: int
    answer: str
    before: int

    @classmethod
    def of(
        cls, tree: Syntax | None, text: Text, offset: int, answer: str, language: Language | None
    ) -> "_Trial | None":
        """Return the trial of an answer, None if nothing can be judged."""
        language = tree.language if tree else language
        if not answer or language is None:
            return None
        string, at = text.string, offset
        if len(string) > WHOLE:
            string, at = _part(string, offset, language)
            tree = None
        tree = tree or Syntax.parse(language, Text(string))
        return cls(tree, string, at, answer, len(tree.flaws()))

    def harm(self, size: int) -> list[int]:
        """Return where the errors are with so much of the answer, if there are more than before."""
        edit = Edit(self.at, self.at, self.answer[:size])
        after = self.tree.edited(
            [shift_of(Text(self.string), edit)],
            self.string[: self.at] + edit.new + self.string[self.at :],
        )
        flaws = after.flaws()
        return flaws if len(flaws) > self.before else []


def _part(string: str, offset: int, language: Language) -> tuple[str, int]:
    """Return the outermost block around an offset, and where the offset is in it.

    It begins with the last of the least indented lines above, and ends before the next such line.
    """
    line = max(string.rfind("\n", 0, offset), string.rfind("\r", 0, offset))
    low, high = max(0, offset - _ABOVE), min(len(string), offset + _BELOW)
    above = [(len(it.group(1)), -it.start(1)) for it in _LINE.finditer(string, low, max(0, line))]
    depth, start = min(above, default=(0, -low)) if low else (0, 0)
    below = (
        it.start(1) for it in _LINE.finditer(string, offset, high) if len(it.group(1)) <= depth
    )
    part, at = string[-start : next(below, high)], offset + start
    prefix, begins = _PREFIXES.get(language.name, ("", None))
    if begins is not None and begins.match(part):
        return prefix + part, len(prefix) + at
    return part, at


def _cuts(answer: str, stops: Sequence[int], flaw: int) -> list[int]:
    """Return where an answer may be cut, in the order of trying, a few of them."""
    ends = [stop for stop in reversed(stops) if 0 < stop < len(answer)]
    if len(ends) > _STOPS:
        ends = [*ends[: _STOPS - 1], ends[-1]]
    lines = [match.start() for match in _LINE_END.finditer(answer, 0, max(0, flaw))]
    lines = [end for end in reversed(lines) if answer[:end].strip() and end not in ends]
    return ends + lines[:_LINES]
