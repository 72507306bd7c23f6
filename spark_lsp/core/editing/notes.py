"""What is written down of rewrites: for whoever asks why, and for the figures.

Owns which facts of a rewriting are noted, and what counts as taking it over. They are kept in
`accounting`; what happens to a rewriting is decided in `rewrites`.
"""

from collections.abc import Sequence

from spark_lsp.core.accounting.journal import Journal
from spark_lsp.core.accounting.ledger import Ledger
from spark_lsp.core.editing.rewriting import Rewriting
from spark_lsp.core.effects import Effect, Refuse, Replacement, Revised
from spark_lsp.core.events import Accepted, Instructed, Rejected
from spark_lsp.core.prompt import Rewrite

_KIND = "edit"


class Notes:
    """The account of rewrites."""

    def __init__(self, ledger: Ledger, journal: Journal) -> None:
        """Take where it is kept."""
        self._ledger = ledger
        self._journal = journal
        self._offered: tuple[int, str, int, str] | None = None  # answer, document, place, text

    def asked(self, event: Instructed, now: float) -> None:
        """A rewriting is wanted."""
        line, character = (event.start.line, event.start.character) if event.start else (0, 0)
        self._journal.begin(event.request, event.uri, line, character, now, _KIND)

    def refused(self, refusal: Refuse, now: float) -> None:
        """It will not be done."""
        request = refusal.request
        self._journal.note(request, verdict=refusal.refusal.name, reason=refusal.reason)
        self._journal.step(request, "answered", now)

    def sent(self, work: Rewriting, asked: Rewrite, now: float) -> None:
        """A model was asked."""
        request, shown = work.asked.request, asked.before + asked.region + asked.after
        size = len(shown.encode("utf-8", "surrogatepass"))
        self._journal.step(request, "request sent", now)
        self._journal.note(request, answer=work.answer, blocks=asked.stable, tail=size)

    def heard(self, work: Rewriting, now: float) -> None:
        """Some of the answer has come."""
        self._journal.step(work.asked.request, "first text", now)

    def shown(self, work: Rewriting, now: float) -> None:
        """Some of it is on screen."""
        self._journal.step(work.asked.request, "first shown", now)

    def answered(self, work: Rewriting, answer: Effect, text: str, now: float) -> None:
        """It is done, or will not be."""
        if isinstance(answer, Refuse):
            self.refused(answer, now)
        elif isinstance(answer, Revised):
            edits: Sequence[Replacement] = answer.edits
            self._journal.note(
                answer.request, verdict="SHOW", reason="written", source="model", edits=len(edits)
            )
            self._journal.step(answer.request, "answered", now)
            document, new = work.document, "".join(edit.text for edit in edits)
            language = document.language.name if document.language else ""
            self._ledger.shown(
                work.answer, document.uri, language, new, work.asked_at, now, "model", _KIND
            )
            self._offered = (work.answer, document.uri, work.start, text)

    def accepted(self, event: Accepted, now: float) -> bool:
        """The person has taken a rewrite over; returns whether it was one."""
        if self._offered is None or self._offered[0] != event.answer:
            return False
        number, uri, start, text = self._offered
        self._offered = None
        self._ledger.accepted(number, None, uri, start, text, now)
        return True

    def rejected(self, event: Rejected, now: float) -> bool:
        """The person has sent a rewrite away; returns whether it was one."""
        if self._offered is None or self._offered[0] != event.answer:
            return False
        self._offered = None
        self._ledger.rejected(event.answer, "sent away", now)
        return True
