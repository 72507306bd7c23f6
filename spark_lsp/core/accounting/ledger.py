"""What became of answers: shown, taken over, sent away, and how much of it stayed.

Theory. An answer's account is opened when it is first on screen and closed when it is known what
became of it. Then it is written down once, as a few `Count`s, which hold figures and never a text,
a path or a name that a person has given.

Nobody has read what was on screen for a moment: unless it was acted upon, it is counted as
"glimpsed", apart from what was "shown" (Cody draws the line at 750 ms). The same holds for what an
editor never said to have displayed, if it is one that says so of others.

An answer may be taken over bit by bit. The first acceptance decides that it was accepted and for
how long it had been shown, those that follow add characters to it.

Editors tell of an acceptance after the change that it makes in the buffer, which looks as if the
text had been typed along or typed over. So an account that is closed without acceptance stays open
to one for a moment before it is written down, and is taken up again if the answer reappears.

Accepted text is followed through the edits of its document (`stretches`). After each of `HORIZONS`
the part of it that still stands is written down, as "kept"; of a document that was closed before,
nothing is known.

Owns the accounts. What is on screen, and why it went, is said by the session; where counts are kept
is the business of `server.tally`.
"""

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from spark_lsp.core.accounting.alignment import Match, matches
from spark_lsp.core.accounting.stretches import Stretch, joined
from spark_lsp.core.documents import Applied
from spark_lsp.core.effects import DRAFT, Count
from spark_lsp.core.text import line_starts

HORIZONS = (30.0, 120.0, 600.0)
"""Seconds after an acceptance at which it is looked what is left of it."""
GLIMPSE = 0.75
"""Seconds on screen before which nobody has read anything."""
GRACE = 1.0
"""Seconds after which a closed account is written down."""
SENT_AWAY = "sent away"
"""The reason of a rejection by command."""
OPEN = 64
"""Answers whose account is kept open."""
FOLLOWED = 100
"""Acceptances that are followed."""

_WORD = re.compile(r"\w+")
_LINE_ENDS = ("\n", "\r")


@dataclass(slots=True)
class _Account:
    """What is known of one answer.

    Attributes:
        kind: "completion", "edit" or "next".
        uri: of its document.
        language: of its document.
        source: where it came from.
        first: seconds from the request to the first of it on screen, None if nobody knows.
        since: when that was.
        text: what is on screen of it now.
        taken: how many characters of it were taken over already.
        characters: how many it showed at most, with those.
        lines: how many lines these were.
        displayed: whether the editor has said that it was shown.
        accepted: whether any of it was taken over.
    """

    kind: str
    uri: str
    language: str
    source: str
    first: float | None
    since: float
    text: str = ""
    taken: int = 0
    characters: int = 0
    lines: int = 0
    displayed: bool = False
    accepted: bool = False

    def came(self, source: str, after: float) -> None:
        """Take in where it came from and after how long; the model may go on with a draft."""
        self.source = source
        self.first = None if source == DRAFT else max(0.0, after)

    def show(self, text: str) -> None:
        """Take in what is on screen of it."""
        self.text = text
        if self.taken + len(text) > self.characters:
            self.characters = self.taken + len(text)
            self.lines = len(line_starts(text))

    def count(self, what: str, now: float, reason: str = "", taken: str | None = None) -> Count:
        """Return what became of it, or of the text that was taken over, as a count."""
        return Count(
            self.kind,
            what,
            self.language,
            self.characters if taken is None else len(taken),
            self.lines if taken is None else len(line_starts(taken)),
            seconds=max(0.0, now - self.since),
            first=self.first if what in {"shown", "glimpsed"} else None,
            reason=reason,
            source=self.source,
        )


@dataclass(frozen=True, slots=True)
class _End:
    """An account that is closed, and not written down yet."""

    account: _Account
    what: str
    reason: str
    at: float


@dataclass(slots=True)
class _Followed:
    """An accepted text that is followed; `checks` counts the horizons that are behind it."""

    answer: int
    uri: str
    language: str
    kind: str
    source: str
    at: float
    lines: int = 0
    stretch: Stretch = field(default_factory=Stretch)
    checks: int = 0

    @property
    def due(self) -> float:
        return self.at + HORIZONS[self.checks]


class Acceptance(NamedTuple):
    """A text that was taken over: into which document, where, and when."""

    uri: str
    offset: int
    text: str
    at: float


class Ledger:
    """The accounts of all answers of a session."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._open: OrderedDict[int, _Account] = OrderedDict()
        self._ended: OrderedDict[int, _End] = OrderedDict()
        self._whole: OrderedDict[int, None] = OrderedDict()  # what was taken over to its end
        self._followed: list[_Followed] = []
        self._telling: set[str] = set()  # kinds of which the editor says what it displays
        self._counts: list[Count] = []
        self._acceptances: list[Acceptance] = []

    def shown(  # noqa: PLR0917 - what there is to know of it
        self,
        answer: int,
        uri: str,
        language: str,
        text: str,
        asked: float,
        now: float,
        source: str,
        kind: str = "completion",
    ) -> None:
        """An answer is on screen: the first of it, or more, or what is left of it.

        Args:
            answer: which.
            uri: of its document.
            language: our name of the document's language, "" if we have none.
            text: all of it that is on screen now.
            asked: when the request was made; the first time counts, as for all that follows.
            now: when it is shown.
            source: "model", "cache", "typed along", "draft" or "engine".
            kind: "completion", "edit" or "next".
        """
        account = self._open.get(answer) or self._taken_up(answer)
        if account is None:
            if not text and kind == "completion":
                return  # an edit that deletes has none
            account = self._begun(answer, _Account(kind, uri, language, source, None, now), now)
            account.came(source, now - asked)
        elif account.source == DRAFT and not account.accepted:
            account.came(source, now - asked)
        account.show(text)

    def displayed(self, answer: int, now: float) -> None:  # noqa: ARG002 - as the others
        """The editor says that it has displayed an answer; those that do say so of each."""
        if account := self._open.get(answer):
            account.displayed = True
            self._telling.add(account.kind)

    def accepted(  # noqa: PLR0917 - same
        self, answer: int, length: int | None, uri: str, offset: int, text: str, now: float
    ) -> None:
        """The person has taken an answer over, or the beginning of what is on screen of it.

        Args:
            answer: which.
            length: how much the editor says it was, in any unit; None for all that was on screen.
            uri: of the document that it went into.
            offset: where it begins in the document's current text, in code points.
            text: what was inserted there, or is about to be.
            now: when.
        """
        if not text and length is not None:
            return
        account = self._open.get(answer) or self._taken_up(answer)
        if account is None:
            if answer in self._whole:
                return  # editors may say it twice
            # It has gone from the screen, as far as we know; the editor knows better.
            account = self._begun(answer, _Account("completion", uri, "", "", None, now), now)
            account.show(text)
        self._acceptances.append(Acceptance(uri, offset, text, now))
        reason = "all" if length is None else _reason(account.text, text)
        if not account.accepted:
            self._counts.append(account.count("shown", now))
        what = "more" if account.accepted else "accepted"
        self._counts.append(account.count(what, now, reason, text))
        account.accepted = True
        account.taken += len(text)
        account.text = account.text[len(text) :]
        if reason == "all":
            del self._open[answer]
            self._whole[answer] = None
            _shrink(self._whole, OPEN)
        if text:
            self._follow(answer, account, uri, offset, text, now)

    def typed(self, answer: int, now: float) -> None:
        """The person has typed all of an answer without taking it over."""
        self._end(answer, "typed", "", now)

    def rejected(self, answer: int, reason: str, now: float) -> None:
        """An answer has gone from the screen: "sent away", "typed over", "overtaken" and such."""
        self._end(answer, "rejected", reason, now)

    def edited(self, uri: str, applied: Applied, now: float) -> None:
        """A document was edited; to be called before an acceptance is told that this edit was."""
        self.due(now)
        edit = applied.edit
        here = [followed for followed in self._followed if followed.uri == uri]
        common: Sequence[Match] = ()
        if edit.new and applied.removed:
            touched = joined(span for it in here for span in it.stretch.touched(edit))
            common = matches(applied.removed, edit.new, touched) if touched else ()
        for followed in here:
            followed.stretch = followed.stretch.after(edit, common)

    def closed(self, uri: str, now: float) -> None:
        """A document was closed: nothing more will be known of what is in it."""
        self.due(now)
        for answer in [answer for answer, it in self._open.items() if it.uri == uri]:
            self._end(answer, "rejected", "left", now)
        for answer in [answer for answer, it in self._ended.items() if it.account.uri == uri]:
            self._write(self._ended.pop(answer))
        self._followed = [followed for followed in self._followed if followed.uri != uri]

    def deadline(self) -> float | None:
        """Return when `due` should be called if nothing happens before, or None."""
        times = [followed.due for followed in self._followed]
        if self._ended:  # in the order in which they have ended
            times.append(next(iter(self._ended.values())).at + GRACE)
        return min(times, default=None)

    def due(self, now: float) -> None:
        """Write down what has become due: closed accounts, and what is left of accepted texts."""
        if (deadline := self.deadline()) is None or deadline > now:
            return
        for answer in [answer for answer, it in self._ended.items() if it.at + GRACE <= now]:
            self._write(self._ended.pop(answer))
        for followed in self._followed:
            while followed.checks < len(HORIZONS) and followed.due <= now:
                self._counts.append(
                    Count(
                        followed.kind,
                        "kept",
                        followed.language,
                        followed.stretch.total,
                        followed.lines,
                        seconds=HORIZONS[followed.checks],
                        share=followed.stretch.share,
                        source=followed.source,
                    )
                )
                followed.checks += 1
        self._followed = [it for it in self._followed if it.checks < len(HORIZONS)]

    def taken(self) -> list[Count]:
        """Return what is to be written down since the last call."""
        counts, self._counts = self._counts, []
        return counts

    def acceptances(self) -> list[Acceptance]:
        """Return what was taken over since the last call."""
        found, self._acceptances = self._acceptances, []
        return found

    def _begun(self, answer: int, account: _Account, now: float) -> _Account:
        if len(self._open) >= OPEN:
            self._end(next(iter(self._open)), "rejected", "overtaken", now)
        self._open[answer] = account
        return account

    def _taken_up(self, answer: int) -> _Account | None:
        """Return an account that was closed a moment ago, open again."""
        if (end := self._ended.pop(answer, None)) is None:
            return None
        return self._begun(answer, end.account, end.at)

    def _end(self, answer: int, what: str, reason: str, now: float) -> None:
        account = self._open.pop(answer, None)
        if account is None or account.accepted:
            return  # what is left of an accepted answer has no end of its own
        self._ended[answer] = _End(account, what, reason, now)
        if len(self._ended) > OPEN:
            self._write(self._ended.popitem(last=False)[1])

    def _write(self, end: _End) -> None:
        account = end.account
        silent = account.kind in self._telling and not account.displayed
        unread = silent or end.at - account.since < GLIMPSE
        if unread and end.reason != SENT_AWAY:
            self._counts.append(account.count("glimpsed", end.at))
        else:
            self._counts.append(account.count("shown", end.at))
            self._counts.append(account.count(end.what, end.at, end.reason))

    def _follow(  # noqa: PLR0917 - same
        self, answer: int, account: _Account, uri: str, offset: int, text: str, now: float
    ) -> None:
        newest = self._followed[-1] if self._followed else None
        if newest is None or (newest.answer, newest.uri, newest.checks) != (answer, uri, 0):
            newest = _Followed(answer, uri, account.language, account.kind, account.source, now)
            self._followed = [*self._followed[1 - FOLLOWED :], newest]
        newest.stretch = newest.stretch.accepted(offset, text)
        newest.lines += len(line_starts(text)) - (newest.lines > 0)


def _reason(shown: str, text: str) -> str:
    """Return how much of what was shown has been taken over, in a word."""
    if len(text) >= len(shown):
        return "all"
    if text.endswith(_LINE_ENDS) or shown[len(text) :].startswith(_LINE_ENDS):
        return "line"
    return "word" if len(_WORD.findall(text)) <= 1 else "part"


def _shrink(entries: OrderedDict[int, None], most: int) -> None:
    while len(entries) > most:
        entries.popitem(last=False)
