"""One editor's conversation with one backend, as a pure state machine.

Theory of operation
-------------------
Everything that happens is an `Event`, everything to be done is an `Effect`, and time is an
argument: `handle(event, now)`, `tick(now)` when `deadline()` has come. The machine never waits and
never raises on anything a client or a backend may say.

It has parts, each with a theory of its own: `completing.completions` answers requests for inline
completions, `editing.rewrites` rewrites a range as told, `editing.nexts` proposes the edits that
follow from others, `context` keeps what stays the same in prompts. Each event goes to the part
whose it is; what a stream says goes to the part that has begun it. Parts do not know each other.
`accounting` writes down what becomes of it all.

Every edit goes through the documents first and then to every part, in one call, so that no part
ever looks at a text that another does not know yet.

Of a document that may not leave the machine nothing goes to a backend that is not our own process,
nor into the index, from where it could leave with another's prompt.
"""

from dataclasses import replace
from typing import assert_never

from spark_lsp.core.accounting.journal import Journal
from spark_lsp.core.accounting.ledger import Acceptance, Ledger
from spark_lsp.core.accounting.milestones import Milestones
from spark_lsp.core.common import Common
from spark_lsp.core.completing.completions import Completions
from spark_lsp.core.context import Context
from spark_lsp.core.documents import Documents
from spark_lsp.core.editing.nexts import Nexts
from spark_lsp.core.editing.notes import Notes
from spark_lsp.core.editing.rewrites import Rewrites
from spark_lsp.core.effects import Effect, Explained, Refusal, Refuse, Shelve, Stopped
from spark_lsp.core.events import (
    Accepted,
    Asked,
    Closed,
    Configured,
    Displayed,
    Down,
    Edited,
    Ended,
    Event,
    Failed,
    Following,
    Foreseen,
    Instructed,
    Interrupted,
    Opened,
    Outdated,
    Packed,
    Questioned,
    Recalled,
    Redirected,
    Rejected,
    Settled,
    Turned,
    Up,
    Vetted,
    Warmed,
    Withdrawn,
    Wrote,
)
from spark_lsp.core.policy import Policy
from spark_lsp.core.text import Encoding


class Session:
    """One editor's conversation with one backend; see the theory of operation above."""

    def __init__(
        self, encoding: Encoding = Encoding.UTF16, window: int = 128_000, policy: Policy = Policy()
    ) -> None:
        """Take the negotiated unit of positions, the model's window in tokens, and the policy."""
        self.documents = Documents(encoding)
        self._common = Common(self.documents, Context(window, self.documents), policy)
        self._ledger = Ledger()
        self._journal = Journal()
        self._completions = Completions(self._common, self._ledger, self._journal)
        self._rewrites = Rewrites(self._common, Notes(self._ledger, self._journal))
        self._nexts = Nexts(self._common, self._ledger, self._journal)
        self._parts = (self._completions, self._rewrites, self._nexts)
        self.milestones = Milestones()
        self._before: dict[str, str] = {}  # the texts before the last changes, by URI

    def handle(self, event: Event, now: float) -> list[Effect]:  # noqa: C901, PLR0912, PLR0915 - one arm per event
        """Take in one event and return what is to be done, in order."""
        common = self._common
        match event:
            case Opened():
                self._opened(event, now)
            case Vetted():
                self._vetted(event, now)
            case Edited():
                self._edited(event, now)
            case Closed():
                self._closed(event.uri, now)
            case Asked():
                self._completions.asked(event, now)
            case Instructed():
                self._rewrites.instructed(event, now)
            case Following():
                self._nexts.following(event, now)
            case Redirected() | Interrupted():
                self._turned_to(event, now)
            case Questioned():
                self._questioned(event)
            case Withdrawn(request):
                any(part.withdrawn(request, now) for part in self._parts)
            case Displayed():
                self._completions.displayed(event, now)
            case Accepted():
                if not self._rewrites.accepted(event, now):
                    self._completions.accepted(event, now)
            case Rejected():
                if not any(it.rejected(event, now) for it in (self._rewrites, self._nexts)):
                    self._completions.rejected(event, now)
            case Wrote():
                any(part.wrote(event, now) for part in self._parts)
            case Turned():
                any(part.turned(event, now) for part in (self._completions, self._rewrites))
            case Ended():
                any(part.ended(event, now) for part in self._parts)
            case Failed():
                any(part.failed(event, now) for part in self._parts)
            case Up():
                common.up, common.instructable = True, event.instructable
                common.guidable, common.drafts = event.guidable, event.drafts
                common.heed(common.context.connected())
                self._advance(now)
            case Down():
                common.up, common.away = False, event.reason
                common.context.disconnected()
            case Warmed() | Packed() | Recalled() | Outdated() | Settled():
                if isinstance(event, Outdated):
                    self._nexts.outdated(event.paths)
                if isinstance(event, Settled):
                    common.indexed = True
                    self._completions.learned()
                common.heed(common.context.heard(event, up=common.up))
            case Foreseen():
                self._nexts.foreseen(event, now)
            case Configured():
                self._configured(event, now)
            case _:
                assert_never(event)
        return self._taken()

    def deadline(self) -> float | None:
        """Return when `tick` should be called if nothing happens before, or None."""
        times = [part.deadline() for part in (*self._parts, self._ledger)]
        times += [at + self._common.policy.quiet for at in self._common.resting.values()]
        return min((time for time in times if time is not None), default=None)

    def tick(self, now: float) -> list[Effect]:
        """Do what has become due."""
        common = self._common
        for uri in [it for it, at in common.resting.items() if at + common.policy.quiet <= now]:
            common.shelve(uri)
        for part in self._parts:
            part.tick(now)
        self._ledger.due(now)
        return self._taken()

    def _opened(self, event: Opened, now: float) -> None:
        self._closed(event.uri, now)
        document = self.documents.open(
            event.uri, event.path, event.language_id, event.version, event.text
        )
        self._common.context.opened(document)
        self._completions.opened(event.uri)
        self._nexts.opened(document)

    def _closed(self, uri: str, now: float) -> None:
        for part in (*self._parts, self._ledger):
            part.closed(uri, now)
        document = self.documents.close(uri)
        if document and not any(other.path == document.path for other in self.documents):
            self._common.do(Shelve(uri, document.path, None))
        self._common.context.closed(uri)
        self._before.pop(uri, None)
        self._common.resting.pop(uri, None)

    def _vetted(self, event: Vetted, now: float) -> None:
        document, common = self.documents.get(event.uri), self._common
        if document and document.private != event.private:
            document.private = event.private
            if event.private:  # it was not, perhaps, before an ignore file changed
                common.do(Shelve(event.uri, document.path, None))
                common.heed(common.context.expel((document.path,)))
            common.shelve(event.uri)
            common.heed([common.context.wish(document, 0)])
            self._advance(now)

    def _edited(self, event: Edited, now: float) -> None:
        document = self.documents.get(event.uri)
        if document is None:
            return
        before = document.text
        self._before[event.uri] = before.string
        applied = self.documents.change(event.uri, event.version, event.changes)
        for edit in applied:
            self._common.context.edited(event.uri, edit)
            self._ledger.edited(event.uri, edit, now)
        self._completions.edited(document, applied, now)
        self._rewrites.edited(event.uri, applied, now)
        self._nexts.edited(document, before, applied, now)
        self._common.resting[event.uri] = now

    def _turned_to(self, event: Redirected | Interrupted, now: float) -> None:
        """The person speaks to what is being written: an edit first, for it takes longer."""
        if isinstance(event, Interrupted):
            stopped = [part.interrupted(event.answer, now) for part in self._parts]
            self._common.do(Stopped(event.request, tuple(it for part in stopped for it in part)))
        elif not event.instruction.strip():
            reason = "there is no instruction: say what is wanted instead"
            self._common.do(Refuse(event.request, Refusal.INVALID, reason))
        elif not self._rewrites.redirected(event, now):
            self._completions.redirected(event, now)

    def _questioned(self, event: Questioned) -> None:
        line = event.position.line if event.position else None
        common = self._common
        status = "the model can be asked" if common.up else common.away
        account = self._journal.explain(event.uri, line)
        account |= {"status": status, "indexed": common.indexed}
        common.do(Explained(event.request, account))

    def _configured(self, event: Configured, now: float) -> None:
        common = self._common
        common.enabled, common.local = event.enabled, event.local
        common.policy = replace(common.policy, stall=event.stall, retries=event.retries)
        common.context = common.context.resized(event.window)
        common.heed(common.context.again())
        common.not_before = 0.0  # that was the last provider's wish
        self._completions.configured(now)
        if not event.enabled:
            self._rewrites.switched_off(now)
            self._nexts.switched_off(now)
        self._advance(now)

    def _advance(self, now: float) -> None:
        """Ask for what waits, now that it may be asked for."""
        self._completions.advance(now)
        self._rewrites.advance(now)

    def _remember(self, it: Acceptance) -> None:
        """Keep how a text was before something was taken over."""
        document = self.documents.get(it.uri)
        if document is None or document.private != "":
            return
        text = document.text.string
        # Editors tell it before or after the change that it makes.
        there = text.startswith(it.text, it.offset)
        before = self._before.get(it.uri, text) if there else text
        line = document.text.line_at(it.offset)
        self.milestones.add(document.path, line, it.text, before, it.at)

    def _taken(self) -> list[Effect]:
        for acceptance in self._ledger.acceptances():
            self._remember(acceptance)
        effects, self._common.effects = self._common.effects, []
        return [*effects, *self._ledger.taken()]
