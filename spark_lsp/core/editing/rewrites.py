"""Targeted rewrites: a range of a document, written anew as a person says.

Theory of operation
-------------------
There is at most one *rewriting*; a newer one overtakes it, in whatever document. It lives through

    waiting --backend up, document vetted--> writing --ended--> answered
       ^                                      |  ^
       +------ failed before a word came -----+  +-- steered: begins anew, under the same number

and its request is answered exactly once: with edits of the document as it is by then, or with a
reason that says what to do. Nothing is applied here; what is shown before the end are proposals,
each a whole text, and what is answered is the answer as it was written.

The range belongs to the text inside of it. Edits elsewhere move it, and what is told from then on
speaks of the new version; an edit inside of it ends the rewriting, for it would undo what the
person has just done.

*Steering* adds to the instruction. A model that can be told in the middle of an answer writes the
same range anew; any other is asked anew, for the range as it had become by then, so that what was
kept of the text is kept. Which of both it was is only known when it has turned, and until then
nothing new is shown. What is said meanwhile waits for the next turn. Before the answer has begun,
what is said just joins the instruction.

An empty answer may be a deletion, or a model that had nothing to say or would not say it. It is
taken for a deletion only where a short instruction, or a line of it, begins by asking for one.
"""

import re
from collections.abc import Sequence

from spark_lsp.core import secrets
from spark_lsp.core.common import MUTE, Common
from spark_lsp.core.documents import Applied
from spark_lsp.core.editing.notes import Notes
from spark_lsp.core.editing.objections import CLOSED, OFF, SAID, never_sent, objection
from spark_lsp.core.editing.rewriting import Rewriting, range_of
from spark_lsp.core.effects import (
    Effect,
    Open,
    Refusal,
    Refuse,
    Report,
    Revise,
    Revised,
    Steer,
    Steered,
)
from spark_lsp.core.events import (
    Accepted,
    Ended,
    Failed,
    Instructed,
    Redirected,
    Rejected,
    RequestId,
    Turned,
    Wrote,
)
from spark_lsp.core.prompt import Rewrite

_GROWTH = 4
"""Times that an answer may be as long as its range, and then some, before it is stopped."""
_SPARE = 20_000
_TOLD = 0.1
"""Seconds between two reports."""
_REMEMBERED = 64
"""Answers that are known to have ended."""

_TURN = """\
The person says of the edit that you are writing: {}
Begin anew: write all of the region's new text once more, from its first line on, as this and \
<instruction> say. Answer with only that text."""
_DELETES = re.compile(
    r"^[^\w\n]{0,8}(?:please |then |now |just ){0,3}"
    r"(?:delete|remove|erase|drop|cut|clear|strip|get rid of|throw away|take out)\b.{0,60}$",
    re.IGNORECASE | re.MULTILINE,
)


class Rewrites:
    """The rewriting that is under way; see the theory of operation above."""

    def __init__(self, common: Common, notes: Notes) -> None:
        """Take the common ground of the session's parts, and where is noted what happens."""
        self._common = common
        self._notes = notes
        self._work: Rewriting | None = None
        self._ended: list[int] = []

    # What the editor says.

    def instructed(self, event: Instructed, now: float) -> None:
        """A range is to be rewritten."""
        self._notes.asked(event, now)
        document = self._common.documents.get(event.uri)
        if document is None:
            self._object(event, Refusal.INVALID, CLOSED, now)
            return
        place = range_of(event, document.text, self._common.documents.encoding)
        if found := objection(event, document, place, self._common):
            self._object(event, *found, now)
            return
        self._stop(Refusal.CANCELLED, "overtaken by a newer edit", now)
        number = self._common.number()
        self._work = Rewriting(event, document, number, *place, event.instruction, now)
        self.advance(now)

    def edited(self, uri: str, applied: Sequence[Applied], now: float) -> None:
        """A document was edited."""
        work = self._work
        if work and work.document.uri == uri and not work.follow(applied):
            reason = "the text to be rewritten was changed meanwhile: ask again"
            self._stop(Refusal.MODIFIED, reason, now)

    def closed(self, uri: str, now: float) -> None:
        """A document is being closed."""
        if self._work and self._work.document.uri == uri:
            self._stop(Refusal.CANCELLED, "the document was closed", now)

    def withdrawn(self, request: RequestId, now: float) -> bool:
        """The editor has cancelled a request; returns whether it was one of these."""
        work, reason = self._work, "withdrawn by the editor"
        if work is None:
            return False
        if work.asked.request == request:
            self._stop(Refusal.CANCELLED, reason, now)
            return True
        for said in (work.waiting, work.turning):
            for event in [it for it in said if it.request == request]:
                said.remove(event)
                self._refuse(request, Refusal.CANCELLED, reason)
                return True
        return False

    def redirected(self, event: Redirected, now: float) -> bool:
        """The person wants another thing; returns whether this is about an edit.

        That is so if something of the document is being rewritten, unless another answer is meant
        that is no edit; and if an edit is meant that has ended.
        """
        work = self._work
        ours = work is not None and work.document.uri == event.uri
        if event.expected is not None and not (work and ours and event.expected == work.answer):
            if event.expected not in self._ended:
                return False
            self._refuse(event.request, Refusal.INVALID, "that edit has ended")
            return True
        if work is None or not ours:
            return False
        said = event.instruction.strip()
        if not said or len(work.instruction) + len(said) > SAID:
            reason = f"say what to do instead, in fewer than {SAID:,} characters in all"
            self._refuse(event.request, Refusal.INVALID, reason)
            return True
        work.waiting.append(event)
        self._turn(work, now)
        return True

    def interrupted(self, answer: int | None, now: float) -> tuple[int, ...]:
        """The person wants it to stop; returns the answers that were stopped."""
        work = self._work
        if work is None or answer not in {None, work.answer}:
            return ()
        self._stop(Refusal.CANCELLED, "interrupted", now)
        return (work.answer,)

    def accepted(self, event: Accepted, now: float) -> bool:
        """The person has taken an edit over; returns whether it was one of these."""
        return self._notes.accepted(event, now)

    def rejected(self, event: Rejected, now: float) -> bool:
        """The person has sent an edit away; returns whether it was one of these."""
        return self._notes.rejected(event, now)

    def switched_off(self, now: float) -> None:
        """Nothing is offered any more."""
        self._stop(Refusal.FAILED, OFF, now)

    # What the backend says.

    def wrote(self, event: Wrote, now: float) -> bool:
        """More of an answer has come; returns whether it is of an edit."""
        work = self._of(event.stream)
        if work is None:
            return False
        work.heard = now
        if not event.text:
            return True
        self._notes.heard(work, now)
        work.draft.write(event.text)
        if work.draft.size > _GROWTH * max(len(work.base), len(work.region)) + _SPARE:
            self._stop(Refusal.FAILED, "the model does not come to an end: say it another way", now)
        elif work.coming is None:
            self._show(work, now)
        return True

    def turned(self, event: Turned, now: float) -> bool:
        """An answer begins anew; returns whether it is one of these."""
        work = self._of(event.stream)
        if work is None:
            return False
        if work.coming is None:
            return True
        if event.how != "steered":
            work.base = work.coming
        work.begin(event.stream, self._asked(work, work.base), now)
        self._steered(work, work.turning, event.how)
        self._turn(work, now)
        return True

    def ended(self, event: Ended, now: float) -> bool:
        """An answer is complete; returns whether it is one of these."""
        work = self._of(event.stream)
        if work is None:
            return False
        work.stream = None
        text = work.draft.final()
        if work.draft.lost:
            reason = "the range holds a secret, which no model is shown: select less than that"
            self._stop(Refusal.FAILED, reason, now)
        elif not text.strip() and not (work.region and _DELETES.search(work.instruction)):
            self._stop(Refusal.FAILED, "the model had nothing to say: say it another way", now)
        else:
            edits = work.edits(text, self._common.documents.encoding)
            version = work.document.version
            revised = Revised(work.asked.request, work.answer, version, edits)
            self._answer(revised, "written", now, text)
        return True

    def failed(self, event: Failed, now: float) -> bool:
        """An answer has failed; returns whether it is one of these."""
        work, policy = self._of(event.stream), self._common.policy
        if work is None:
            return False
        work.stream, self._common.not_before = None, now + event.after
        again = event.transient and not work.draft.size and work.tries < policy.retries
        if again and event.after <= policy.hold:
            work.tries += 1
            work.since = now
            self._turn(work, now)
            self._steered(work, work.turning, "reissued")
            self.advance(now)
        else:
            self._stop(Refusal.FAILED, event.reason, now)
        return True

    # What time and the rest of the session say.

    def advance(self, now: float) -> None:
        """Begin what waits, if it may begin; the backend has come up or a document was vetted."""
        work, common = self._work, self._common
        if work is None:
            return
        sent = common.may_send(work.document)
        if never := never_sent(work.document, common):
            self._stop(Refusal.FAILED, never, now)
        elif work.stream is None and common.up and not common.instructable:
            self._stop(Refusal.FAILED, MUTE, now)
        elif work.stream is None and common.up and sent and common.not_before <= now:
            again = work.tries > 0
            stream = common.number() if again else work.answer
            asked = self._asked(work, work.base)
            work.begin(stream, asked, now)
            common.do(Open(stream, asked))
            self._notes.sent(work, asked, now)
            common.heed([common.context.wish(work.document, work.start)])
            self._report(work, _reading(asked), now)
        elif work.stream is None and common.not_before > work.since + common.policy.hold:
            self._stop(Refusal.FAILED, self._lacking(work), now)

    def deadline(self) -> float | None:
        """Return when `tick` should be called if nothing happens before, or None."""
        work, common = self._work, self._common
        if work is None:
            return None
        if work.stream is not None:
            stalls = work.stalls(common.policy)
            return min(stalls, work.next_look) if work.unseen else stalls
        latest = work.since + common.policy.hold
        ready = common.up and common.may_send(work.document) is not None
        return min(common.not_before, latest) if ready else latest

    def tick(self, now: float) -> None:
        """Do what has become due."""
        work, policy = self._work, self._common.policy
        if work is None:
            return
        if work.stream is None:
            self.advance(now)
            if self._work and self._work.stream is None and work.since + policy.hold <= now:
                self._stop(Refusal.FAILED, self._lacking(work), now)
        elif work.stalls(policy) <= now:
            self._stop(Refusal.FAILED, "the model has stalled: ask again", now)
        elif work.unseen:
            self._show(work, now)

    # How it is done.

    def _lacking(self, work: Rewriting) -> str:
        """Return what an answer has waited for in vain."""
        if not self._common.up:
            return f"{self._common.away}: ask again when it is there"
        if self._common.may_send(work.document) is None:
            return "it is not known yet whether this document may be sent: ask again"
        return "the provider asks to wait: ask again later"

    def _of(self, stream: int) -> Rewriting | None:
        return self._work if self._work and self._work.stream == stream else None

    def _asked(self, work: Rewriting, base: str) -> Rewrite:
        """Return what a model is shown, as if the range held a text."""
        instead = None if base == work.region else base
        return self._common.context.rewrite(
            work.document, work.start, work.end, work.instruction, instead
        )

    def _turn(self, work: Rewriting, now: float) -> None:
        """Tell the model what the person has said, unless it is turning already."""
        if not work.waiting or (work.stream is not None and work.coming is not None):
            return
        said = "\n".join(event.instruction.strip() for event in work.waiting)
        work.instruction += f"\n{said}"
        work.turning, work.waiting = work.turning + work.waiting, []
        if work.stream is None:
            self._steered(work, work.turning, "reissued")
            return
        work.coming, work.heard, work.unseen = work.draft.now, now, False
        size = len(work.coming.encode("utf-8", "surrogatepass"))
        if size > self._common.context.longest(work.instruction):
            work.coming = work.base
        told = _TURN.format(secrets.redact(said))
        self._common.do(Steer(work.stream, told, self._asked(work, work.coming)))

    def _steered(self, work: Rewriting, said: list[Redirected], how: str) -> None:
        for event in said:
            self._common.do(Steered(event.request, work.answer, how))
        said.clear()

    def _show(self, work: Rewriting, now: float) -> None:
        """Show how far it has come, if there is more to see than before."""
        line, lines = work.draft.lines + 1, work.lines
        about = f" of about {lines}" if line <= lines else ""
        if now >= work.told_at + _TOLD:
            self._report(work, f"writing line {line}{about}", now)
        if not work.asked.grows or not work.draft.lines:
            return
        work.unseen = now < work.next_look
        if work.unseen:
            return
        work.looked = now
        edits = work.edits(work.draft.now, self._common.documents.encoding)
        if edits != work.shown:
            work.shown = edits
            version = work.document.version
            self._notes.shown(work, now)
            self._common.do(Revise(work.asked.request, work.answer, version, edits))

    def _report(self, work: Rewriting, message: str, now: float) -> None:
        if work.asked.reports and message != work.told:
            work.told, work.told_at = message, now
            self._common.do(Report(work.asked.request, message))

    def _object(self, event: Instructed, refusal: Refusal, reason: str, now: float) -> None:
        """Refuse what cannot be done."""
        self._notes.refused(Refuse(event.request, refusal, reason), now)
        self._refuse(event.request, refusal, reason)

    def _refuse(self, request: RequestId, refusal: Refusal, reason: str) -> None:
        self._common.do(Refuse(request, refusal, reason))

    def _stop(self, refusal: Refusal, reason: str, now: float) -> None:
        """End the rewriting, if there is one, without edits."""
        if work := self._work:
            self._answer(Refuse(work.asked.request, refusal, reason), reason, now)

    def _answer(self, answer: Effect, message: str, now: float, text: str = "") -> None:
        """Answer the request, and all that was said of it and came too late."""
        work, self._work = self._work, None
        if work is None:
            return
        if work.stream is not None:
            self._common.cancel(work.stream)
        for event in (*work.turning, *work.waiting):
            reason = "it had ended before it could be steered"
            self._refuse(event.request, Refusal.FAILED, reason)
        if work.told:
            self._common.do(Report(work.asked.request, message, ended=True))
        self._notes.answered(work, answer, text, now)
        self._common.do(answer)
        self._ended = [*self._ended[1 - _REMEMBERED :], work.answer]


def _reading(asked: Rewrite) -> str:
    """Return what is being read for an answer, in a few words."""
    files = {block.path for block in asked.stable if block.path} - {asked.path}
    more = f" and {len(files)} file{'s' * (len(files) > 1)} of context" if files else ""
    return f"reading {asked.path}{more}"
