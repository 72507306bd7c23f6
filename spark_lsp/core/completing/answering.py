"""The one request that is open, and the ways in which it is answered, once.

Owns the request, what the person is shown for it, and the account of that. Which answer it gets,
and when, is decided in `completions`.
"""

from spark_lsp.core.accounting.journal import Journal
from spark_lsp.core.common import Common
from spark_lsp.core.completing.exchange import Request, led, misfit
from spark_lsp.core.completing.onscreen import OnScreen, line_before
from spark_lsp.core.completing.reuse import Answer
from spark_lsp.core.effects import DRAFT, Grow, Reply, Suggestion, Verdict
from spark_lsp.core.events import Asked


class Answering:
    """Holds the open request, if there is one."""

    def __init__(self, common: Common, screen: OnScreen, journal: Journal) -> None:
        """Begin without a request."""
        self.request: Request | None = None
        self._common = common
        self._screen = screen
        self._journal = journal

    def begin(self, event: Asked, now: float) -> Request | None:
        """Take in a request; one that cannot be served is answered at once, and None returned."""
        common, at = self._common, event.position
        document = common.documents.get(event.uri)
        self._journal.begin(event.request, event.uri, at.line, at.character, now, "completion")
        if unfit := misfit(event, document, common):
            verdict, reason = unfit
            self._journal.note(event.request, verdict=verdict.name, reason=reason)
            common.do(Reply(event.request, verdict, None, reason))
        if unfit or document is None:
            return None
        offset = document.text.offset(at, common.documents.encoding)
        self.request = Request(
            event.request, document, offset, event.grows, now, now, event.invoked
        )
        if event.selected:
            found = led(document, event.selected, offset, common.documents.encoding)
            if found is None:
                self.clear("the menu's choice replaces what was typed", now)
                return None
            self.request.start, self.request.lead = found
        return self.request

    def fits(self, answer: Answer, now: float, *, whole: bool = True) -> bool:
        """Whether the next piece of an answer, or what there is of it, may be shown."""
        request = self.request
        if request is None or not answer.rest.startswith(request.lead):
            return False
        barred = self.barred(answer, request.document.uri, now, whole=whole)
        return len(answer.rest) > len(request.lead) and not barred

    def barred(self, answer: Answer, uri: str, now: float, *, whole: bool = True) -> bool:
        """Whether the next piece of an answer, in a document, is one that was sent away there.

        If there is not the `whole` of it yet, whether it is or may become one.
        """
        document = self._common.documents.get(uri)
        if document is None or not answer.rest:
            return False
        before = line_before(document.text, answer.cursor)
        return self._screen.rejections.bars(before, answer.rest, now, whole=whole)

    def extends(self, answer: Answer) -> bool:
        """Whether the next piece of an answer is more of what the request has been shown.

        Of what only a draft has shown, all is more once the model has written it.
        """
        request = self.request
        shown = request.shown if request else ""
        more = len(answer.rest) > len(shown) or not (request and request.seen)
        return more and answer.rest.startswith(shown)

    def opposed(self, answer: Answer, *, whole: bool) -> bool:
        """Whether what a model says next, in part or as a whole, is not what a draft has shown."""
        shown = self.request.shown if self.request and not self.request.seen else ""
        agrees = answer.rest.startswith(shown) or (not whole and shown.startswith(answer.rest))
        return not agrees

    def show(self, answer: Answer, now: float, source: str = "model") -> None:
        """Show how far an answer has come; whoever cannot show growth hears of it later."""
        if request := self.request:
            if source == DRAFT:
                request.draft = answer
            else:
                request.seen = answer
            if request.grows:
                request.held, request.told = False, now
                shown = self._suggested(request, answer, source, now)
                self._common.do(Grow(request.id, shown))

    def hold(self, now: float) -> bool:
        """Whether more should not be shown just now, but when `deadline` has come.

        More frames than a screen shows cost the editor time and give the eye nothing.
        """
        request = self.request
        if request is None or not request.grows:
            return False
        request.held = now < request.told + self._common.policy.frame
        return request.held

    def due(self, now: float) -> bool:
        """Whether what was held back is to be shown now."""
        return self.request is not None and self.request.held and not self.hold(now)

    def deadline(self) -> float | None:
        """Return when a request that is being read should be looked at, or None."""
        request, policy = self.request, self._common.policy
        if request is None or request.best is None:
            return None
        if not request.grows:
            return request.asked + policy.patience
        return request.told + policy.frame if request.held else None

    def finish(self, answer: Answer, source: str, reason: str, now: float) -> None:
        """Answer the request with the next piece of an answer."""
        if request := self.request:
            suggestion = self._suggested(request, answer, source, now)
            self._journal.note(
                request.id, answer=suggestion.answer, source=source,
                characters=len(answer.rest), lines=answer.rest.count("\n") + 1,
            )  # fmt: skip
            self._close(request, Verdict.SHOW, suggestion, reason, now)

    def settle(self, reason: str, now: float) -> None:
        """Answer the request with what it has been shown."""
        if self.request and (best := self.request.best):
            self.finish(best, "model" if self.request.seen else DRAFT, reason, now)
        else:
            self.clear(reason, now)

    def leave(self, reason: str, now: float) -> None:
        """Answer the request with the draft that it was shown, or else with nothing."""
        if self.request and self.request.draft and not self.request.seen:
            self.settle(reason, now)
        else:
            self.clear(reason, now)

    def clear(self, reason: str, now: float) -> None:
        """Answer the request with nothing: what was shown is to go."""
        self._screen.clear(reason, now)
        self.reply(Verdict.CLEAR, reason, now)

    def reply(self, verdict: Verdict, reason: str, now: float) -> None:
        """Answer the request without a text, if there is one."""
        if request := self.request:
            self._close(request, verdict, None, reason, now)

    def _suggested(self, request: Request, answer: Answer, source: str, now: float) -> Suggestion:
        """Return the next piece of an answer as it is put on the screen."""
        number = self._screen.number(answer, request.document.uri)
        self._screen.show(
            number,
            request.document,
            request.offset,
            answer.rest,
            request.lead,
            request.asked,
            source,
            now,
        )
        self._journal.step(request.id, "draft shown" if source == DRAFT else "first shown", now)
        return request.suggestion(number, answer.rest, self._common.documents.encoding)

    def _close(
        self, request: Request, verdict: Verdict, suggestion: Suggestion | None, reason: str,
        now: float,
    ) -> None:  # fmt: skip
        self._journal.note(request.id, verdict=verdict.name, reason=reason)
        self._journal.step(request.id, "answered", now)
        self._common.do(Reply(request.id, verdict, suggestion, reason))
        self.request = None
