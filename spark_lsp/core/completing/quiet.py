"""Where and when nothing is shown unless it is asked for.

Owns two kinds of reasons. The *place*: inside a word, behind a number, at the end of a line that is
finished; there a person rarely wants anything, and is likely to press Tab for what Tab is for. The
*deed*: a person who has just deleted something, or has just gone back to how it was, does not want
to be told at once what to write instead (cursortab and Copilot keep quiet there, others are asked
to). Strings and comments are no such places: many want help with their words. Whoever asks by a
command is shown what there is.

All of it is read off the cursor's line and the last edit. No syntax tree is needed, and none is
brought up to date for it at each key.

An undo is known by what it does, because no editor tells: it puts back what the last edits have
taken away, all at once. Editors undo a run of keys in one step, so the last edits are looked at as
the one edit that they were together, one of them, two of them and so on, as long as they touch. An
undo that only removes is a deletion to the eye, and is called one. What one key can bring back,
such as a character or a new line with its indentation, may as well have been typed again, and
counts as typed.
"""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from spark_lsp.core.documents import Applied
from spark_lsp.core.languages import Language
from spark_lsp.core.text import Text, difference, inside_word

_REMEMBERED = 32
"""Edits that an undo may take back at once."""
_LARGE = 4_000
"""Characters of an edit beyond which it is not remembered, nor looked for among the last ones."""
_LONG = 400
"""Characters of a line above which it was most likely made by a program."""

_NUMBER = re.compile(
    r"(?<![\w.])(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+"
    r"|[0-9][0-9_]*(?:\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9]+)?)\Z"
)
_SIGNS = re.compile(r"[-=*~_#/%;!<> \t]+")
_RUN = re.compile(r"([-=*~_])\1{3}|#{7}|/{5}")
"""What a separator is drawn with: more of it than any operator, heading or doc comment has."""
_CLOSED = re.compile(r"[)\]}]*[\]}][)\]}]*[;,]?|\)+[;,]")
"""Brackets that end something. A lone `)` does not: what a function returns comes behind it."""
_SENTENCE = re.compile(r"\w{2}[)\]\"'`]*\.\Z")
_PAIRS = frozenset({"()", "[]", "{}", "<>", '""', "''", "``"})
"""What an editor inserts at one key."""
_SEMICOLONS = frozenset(
    {
        "c", "cpp", "csharp", "css", "java", "javascript", "php", "rust", "sql", "tsx",
        "typescript", "zig",
    }
)  # fmt: skip
"""Languages in which a semicolon ends the line; in Go and Bash it parts what stands in one."""


class Deed(Enum):
    """What a person has done last, as far as it matters for what they want to see."""

    INSERTED = auto()
    DELETED = auto()
    UNDONE = auto()
    NONE = auto()


def why_quiet(text: Text, offset: int, last: Deed, language: Language | None) -> str:
    """Return in a few words why nothing should be shown at an offset, or "".

    Args:
        text: of the document.
        offset: of the cursor, in code points.
        last: what the person has done there last, see `History.deed`.
        language: of the document; None if we know nothing of it.
    """
    if inside_word(text.string, offset):
        return "inside a word"
    if last is Deed.DELETED:
        return "right after a deletion"
    if last is Deed.UNDONE:
        return "right after an undo"
    line = text.line_at(offset)
    start, end = text.line_start(line), text.line_end(line)
    if end - start > _LONG:
        # In prose a line is a paragraph.
        return "" if _is_prose(language) else f"a line of more than {_LONG} characters"
    before, after = text.string[start:offset], text.string[offset:end]
    comment = _comment(before, language)
    if comment is None and _NUMBER.search(before):
        return "behind a number"
    return "" if after.strip() else _why_finished(before, comment, language)


def _why_finished(before: str, comment: str | None, language: Language | None) -> str:
    """Say why a line needs nothing more, or ""; `before` is all of it."""
    if _SIGNS.fullmatch(before) and _RUN.search(before):
        return "a separator"
    if comment is not None:
        is_sentence = " " in comment.strip() and _SENTENCE.search(comment)
        return "the sentence of a comment has ended" if is_sentence else ""
    if _CLOSED.fullmatch(before.lstrip()):
        return "a bracket was closed"
    if before.endswith(";") and not _has_open_bracket(before):
        ends = language is not None and language.name in _SEMICOLONS
        return "the statement has ended" if ends else ""
    return ""


def _comment(before: str, language: Language | None) -> str | None:
    """Return what stands in a line comment before the cursor, or None if there is none.

    A marker behind code counts where blanks surround it: strings hold markers too.
    """
    if language is None or not (marker := language.comment):
        return None
    if before.lstrip().startswith(marker):
        return before.lstrip()[len(marker) :]
    _, found, behind = before.partition(f" {marker} ")
    return behind if found else None


def _is_prose(language: Language | None) -> bool:
    return language is None or language.name == "markdown"


def _has_open_bracket(before: str) -> bool:
    """Whether a bracket is open at the end of a line, as in the head of a C loop."""
    return any(before.count(start) > before.count(end) for start, end in ("()", "[]", "{}"))


@dataclass(frozen=True, slots=True)
class _Hunk:
    """Edits of one place, as one: `new` stands now where `old` stood before."""

    start: int
    old: str
    new: str

    @property
    def end(self) -> int:
        return self.start + len(self.new)

    @property
    def inverse(self) -> "_Hunk":
        return _Hunk(self.start, self.new, self.old)

    @property
    def trimmed(self) -> "_Hunk":
        """The same without what is the same before and after."""
        edit = difference(self.old, self.new)
        return _Hunk(self.start + edit.start, self.old[edit.start : edit.end], edit.new)

    def then(self, later: "_Hunk") -> "_Hunk | None":
        """Return both as one, or None if they do not touch."""
        if later.start > self.end or later.start + len(later.old) < self.start:
            return None
        head = later.old[: max(0, self.start - later.start)]
        tail = later.old[max(0, self.end - later.start) :]
        kept = self.new[: max(0, later.start - self.start)]
        rest = self.new[later.start + len(later.old) - self.start :]
        start = min(self.start, later.start)
        return _Hunk(start, head + self.old + tail, kept + later.new + rest)


class History:
    """The last edits of one document: what the newest of them was."""

    def __init__(self) -> None:
        """Begin with a document that nobody has touched."""
        self._done: deque[_Hunk] = deque(maxlen=_REMEMBERED)
        self._undone: deque[_Hunk] = deque(maxlen=_REMEMBERED)
        self._deed = Deed.NONE
        self._place = 0, 0

    def edited(self, applied: Sequence[Applied]) -> None:
        """Take in the edits of one notification; an editor may send several keys in one."""
        hunks = [_Hunk(it.edit.start, it.removed, it.edit.new) for it in applied]
        together = hunks[0] if hunks else None
        for hunk in hunks[1:]:
            together = together and together.then(hunk)
        if together is None:
            self._clear()
            return
        hunk = together.trimmed
        if not hunk.old and not hunk.new:
            return
        back = self._goes_back(hunk)
        self._deed = _deed(hunk, back=back)
        self._place = together.start, together.end
        if len(hunk.old) + len(hunk.new) > _LARGE:
            self._done.clear()
        elif not back:
            self._undone.clear()
            self._done.append(hunk)

    def deed(self, offset: int) -> Deed:
        """Return what was done last, if it was done where the cursor is."""
        start, end = self._place
        return self._deed if start <= offset <= end else Deed.NONE

    def _goes_back(self, hunk: _Hunk) -> bool:
        """Whether an edit takes back some of the last, or does again what was taken back."""
        if not hunk.old and _is_typed(hunk.new):
            return False
        if self._undone and self._undone[-1].inverse == hunk:
            self._undone.pop()
            self._done.append(hunk)
            return True
        together: _Hunk | None = None
        for count, earlier in enumerate(reversed(self._done), 1):
            together = earlier if together is None else earlier.then(together)
            if together is None or len(together.old) + len(together.new) > _LARGE:
                return False
            if together.inverse.trimmed == hunk:
                for _ in range(count):
                    self._done.pop()
                self._undone.append(hunk)
                return True
        return False

    def _clear(self) -> None:
        """Forget: several places have changed at once, which is no typing."""
        self._done.clear()
        self._undone.clear()
        self._deed = Deed.NONE


def _is_typed(text: str) -> bool:
    """Whether a single key may have inserted a text, indentation and closing bracket with it."""
    return len(text) < 2 or not text.strip() or text in _PAIRS


def _deed(hunk: _Hunk, *, back: bool) -> Deed:
    if not hunk.new:
        return Deed.DELETED
    if back:
        return Deed.UNDONE
    # One text for another, each of several lines, is what formatters and other programs do.
    lines = all("\n" in part or "\r" in part for part in (hunk.old, hunk.new))
    return Deed.NONE if lines else Deed.INSERTED
