"""Answers that outlive the keys typed after them.

Theory. An answer was made for a text `T0` with the cursor at `anchor`: accepting it gives the
target `D = T0[:anchor] + text + T0[anchor:]`. Whatever the person does next, the answer is still
right for a text `T` exactly as long as accepting the rest of it gives the same `D`. So an answer
carries, beside its own text, the `middle`: what the buffer holds between the anchor and the place
where the suffix starts again. Typing and deleting inside that region edit the middle; the answer
applies while the middle is a beginning of its text, sleeps while it is not, and wakes when the
person takes the divergence back. Deleting to the left of the anchor moves the anchor and makes the
deleted text part of the answer.

An edit elsewhere changes `T0`. Near the answer, on its line or before the next line with text, that
may be what the answer depended on, and it is dropped. Farther away, as where an import is added
above, it moves with the text around it.

An editor that closes a bracket as it is typed changes the suffix, but not against the answer: that
is kept up to where it closes the bracket itself.

What is shown of an answer ends at the next of its *stops*, where a piece is whole; what follows
waits until that has been taken over. Where the scope of the cursor ends stands a *wall*: what the
model writes behind it is not offered, but it is there for whoever types on in that direction.

Owns that bookkeeping, for finished answers and for one that is still streaming in. When to look
here, and what to do on a miss, is left to `completions`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from spark_lsp.core.documents import Applied

REMEMBERED = 32
"""Finished answers kept per document."""

PAIRS = frozenset({"()", "[]", "{}", "<>", '""', "''", "``"})
"""What an editor inserts at one key, with the cursor in between."""
_STRAY = 200
"""Characters a middle may be longer than its answer before the answer is given up."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A completion, and where the buffer stands within it.

    Attributes:
        id: which answer it is, for acceptance and for logs.
        anchor: offset in the current text where the answer starts.
        text: the answer, from the anchor on; grows while it streams in.
        middle: what the buffer holds between the anchor and the unchanged suffix.
        stops: lengths of the text at which a piece is whole, ascending.
        left: how many characters before the anchor it depends on.
        right: how many of the unchanged suffix it depends on.
        wall: the length of the text at which nothing more is offered, None if there is none.
    """

    id: int
    anchor: int
    text: str
    middle: str = ""
    stops: tuple[int, ...] = ()
    left: int = 0
    right: int = 0
    wall: int | None = None

    @property
    def cursor(self) -> int:
        """The only offset at which the rest of the answer may be shown."""
        return self.anchor + len(self.middle)

    @property
    def agrees(self) -> bool:
        """Whether text and buffer say the same as far as both go.

        Holds also for a person who has typed ahead of a stream that may yet catch up.
        """
        return self.text.startswith(self.middle) or self.middle.startswith(self.text)

    @property
    def stop(self) -> int | None:
        """The end of the piece that comes next, or None while it is not known to be whole."""
        typed = len(self.middle)
        return next((stop for stop in self.stops if stop > typed), None)

    @property
    def rest(self) -> str:
        """What is to be inserted at the cursor next; empty if there is nothing right to show."""
        typed = len(self.middle)
        right = typed != self.wall and self.text.startswith(self.middle)
        return self.text[typed : self.stop] if right else ""

    @property
    def walled(self) -> bool:
        """Whether the buffer stands where the answer leaves the scope."""
        return self.wall == len(self.middle) and self.text.startswith(self.middle)

    def grown(self, delta: str) -> "Answer":
        """Return the answer with more text at its end."""
        return replace(self, text=self.text + delta)

    def cut(self, length: int) -> "Answer":
        """Return the answer with only so much of its text."""
        stops = tuple(stop for stop in self.stops if stop <= length)
        wall = self.wall if self.wall is not None and self.wall < length else None
        return replace(self, text=self.text[:length], stops=stops, wall=wall)

    def leads_to(self, lead: str) -> bool:
        """Whether what comes next begins with a text, as far as it is known."""
        left = self.text[len(self.middle) :]
        return self.agrees and (left.startswith(lead) or lead.startswith(left))

    def after(self, applied: Applied) -> "Answer | None":
        """Return the answer as it stands after an edit, or None if the edit ends it."""
        edit = applied.edit
        if edit.start == edit.end and not edit.new:
            return self
        if edit.end < self.anchor - self.left:
            return replace(self, anchor=self.anchor + len(edit.new) - (edit.end - edit.start))
        if edit.start > self.cursor + self.right:
            return self
        answer = self
        if edit.start < self.anchor <= edit.end <= self.cursor:
            answer = self._reaching(edit.start, applied.removed[: self.anchor - edit.start])
        if not answer.anchor <= edit.start <= edit.end <= answer.cursor:
            return None
        if (edit.start == edit.end == self.cursor) and (closed := self._closed(edit.new)):
            return closed
        start, end = edit.start - answer.anchor, edit.end - answer.anchor
        middle = answer.middle[:start] + edit.new + answer.middle[end:]
        stray = len(middle) > len(answer.text) + _STRAY
        return None if stray else replace(answer, middle=middle)

    def _closed(self, pair: str) -> "Answer | None":
        """Return the answer up to where the editor has closed a bracket that was typed along."""
        typed = len(self.middle)
        left = self.text[typed:] if self.text.startswith(self.middle) else ""
        if pair not in PAIRS or left[:1] != pair[0]:
            return None
        depth = 0
        for at, char in enumerate(left[1:], typed + 1):
            if char == pair[1] and not depth:
                cut = self.cut(at)
                return replace(cut, middle=self.middle + pair[0], right=self.right + 1)
            depth += (char == pair[0]) - (char == pair[1])
        return None

    def _reaching(self, anchor: int, back: str) -> "Answer":
        """Return the answer from an earlier anchor on, with the text that stood between."""
        size = len(back)
        return Answer(
            self.id,
            anchor,
            back + self.text,
            back + self.middle,
            tuple(size + stop for stop in self.stops),
            max(0, self.left - size),
            self.right,
            None if self.wall is None else size + self.wall,
        )


class Answers:
    """The finished answers of one document, newest first, bounded."""

    def __init__(self) -> None:
        """Start empty."""
        self._answers: list[Answer] = []

    def add(self, answer: Answer) -> None:
        """Remember a finished answer before all others."""
        others = [it for it in self._answers if it.id != answer.id]
        self._answers = [answer, *others[: REMEMBERED - 1]]

    def edited(self, applied: Applied) -> bool:
        """Follow an edit of the document; says whether it has taken a divergence back."""
        woken: list[Answer] = []
        others: list[Answer] = []
        for answer in self._answers:
            if moved := answer.after(applied):
                back = not answer.agrees and bool(moved.rest)
                (woken if back else others).append(moved)
        self._answers = woken + others  # what was on screen before, and not what has led away
        return bool(woken)

    def walled(self, offset: int) -> bool:
        """Whether an answer leaves the scope at an offset."""
        return any(answer.cursor == offset and answer.walled for answer in self._answers)

    def at(self, offset: int, wanted: Callable[[Answer], bool]) -> Answer | None:
        """Return the newest wanted answer with something to show at an offset, or None."""
        for answer in self._answers:
            if answer.cursor == offset and answer.rest and wanted(answer):
                return answer
        return None
