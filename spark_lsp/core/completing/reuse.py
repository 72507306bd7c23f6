"""Answers that outlive the keys typed after them.

Theory. An answer was made for a text `T0` with the cursor at `anchor`: accepting it gives the
target `D = T0[:anchor] + text + T0[anchor:]`. Whatever the person does next, the answer is still
right for a text `T` exactly as long as accepting the rest of it gives the same `D`. So an answer
carries, beside its own text, the `middle`: what the buffer holds between the anchor and the place
where the suffix starts again. Typing and deleting inside that region edit the middle; the answer
applies while the middle is a beginning of its text, sleeps while it is not, and wakes when the
person takes the divergence back. Deleting to the left of the anchor moves the anchor and makes the
deleted text part of the answer. An edit anywhere else changes `T0`, and the answer is dropped.

Owns that bookkeeping, for finished answers and for one that is still streaming in. When to look
here, and what to do on a miss, is left to `session`.
"""

from dataclasses import dataclass, replace

from spark_lsp.core.documents import Applied

REMEMBERED = 32
"""Finished answers kept per document."""

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
    """

    id: int
    anchor: int
    text: str
    middle: str = ""

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
    def rest(self) -> str:
        """What is still to be inserted at the cursor; empty if there is nothing right to show."""
        return self.text[len(self.middle) :] if self.text.startswith(self.middle) else ""

    def grown(self, delta: str) -> "Answer":
        """Return the answer with more text at its end."""
        return replace(self, text=self.text + delta)

    def after(self, applied: Applied) -> "Answer | None":
        """Return the answer as it stands after an edit, or None if the edit ends it."""
        edit = applied.edit
        if edit.start == edit.end and not edit.new:
            return self
        answer = self
        if edit.start < self.anchor <= edit.end <= self.cursor:
            back = applied.removed[: self.anchor - edit.start]
            answer = Answer(self.id, edit.start, back + self.text, back + self.middle)
        if not answer.anchor <= edit.start <= edit.end <= answer.cursor:
            return None
        start, end = edit.start - answer.anchor, edit.end - answer.anchor
        middle = answer.middle[:start] + edit.new + answer.middle[end:]
        if len(middle) > len(answer.text) + _STRAY:
            return None
        return replace(answer, middle=middle)


class Answers:
    """The finished answers of one document, newest first, bounded."""

    def __init__(self) -> None:
        """Start empty."""
        self._answers: list[Answer] = []

    def add(self, answer: Answer) -> None:
        """Remember a finished answer before all others."""
        self._answers = [answer, *self._answers[: REMEMBERED - 1]]

    def edited(self, applied: Applied) -> None:
        """Follow an edit of the document."""
        moved = (answer.after(applied) for answer in self._answers)
        self._answers = [answer for answer in moved if answer is not None]

    def at(self, offset: int) -> Answer | None:
        """Return the newest answer with something to show at an offset, or None."""
        for answer in self._answers:
            if answer.cursor == offset and answer.rest:
                return answer
        return None
