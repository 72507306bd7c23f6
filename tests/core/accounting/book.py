"""A ledger under test: the time, a document, and what was written down."""

from typing import Any

from spark_lsp.core.accounting.ledger import GRACE, Ledger
from spark_lsp.core.documents import Applied
from spark_lsp.core.effects import Count
from spark_lsp.core.text import Edit

URI = "file:///w/a.py"
OTHER = "file:///w/b.py"
TEXT = "total += price\n    count += 1"
WORDS = {
    "",
    *("completion", "python", "model"),
    *("shown", "glimpsed", "accepted", "more", "typed", "rejected", "kept"),
    *("all", "line", "word", "part"),
    *("sent away", "typed over", "overtaken", "left"),
}
"""All that a count of this book may say in words."""


class Book:
    """A ledger, the time, a document, and what was written down."""

    def __init__(self, text: str = "") -> None:
        self.ledger = Ledger()
        self.now = 1000.0
        self.text = text
        self.counts: list[Count] = []

    def passes(self, seconds: float) -> None:
        """Let time pass, with `due` at each deadline."""
        end = self.now + seconds
        while (at := self.ledger.deadline()) is not None and at <= end:
            self.now = at
            self.ledger.due(at)
            after = self.ledger.deadline()
            assert after is None or after > at
        self.now = end
        self.counts += self.ledger.taken()

    def shows(self, text: str = TEXT, answer: int = 1, **more: Any) -> None:
        arguments = {"asked": self.now, "source": "model", **more}
        self.ledger.shown(answer, URI, "python", text, now=self.now, **arguments)

    def types(self, offset: int, text: str, removed: int = 0) -> None:
        end = offset + removed
        applied = Applied(Edit(offset, end, text), self.text[offset:end])
        self.text = self.text[:offset] + text + self.text[end:]
        self.ledger.edited(URI, applied, self.now)

    def takes(self, text: str, *, part: bool = True, answer: int = 1, offset: int = 0) -> None:
        """Take an answer over, with the edit that it makes."""
        self.types(offset, text)
        size = len(text) if part else None
        self.ledger.accepted(answer, size, URI, offset, text, self.now)

    def written(self, *names: str) -> list[tuple[Any, ...]]:
        """What was written down since the test looked last, as some of its figures."""
        self.passes(GRACE)
        counts, self.counts = self.counts, []
        return [tuple(getattr(count, name) for name in ("what", *names)) for count in counts]


def kept(book: Book) -> list[tuple[float, float | None]]:
    """After how many seconds which share was left, since the test looked last."""
    counts, book.counts = book.counts, []
    return [(count.seconds, count.share) for count in counts if count.what == "kept"]
