"""The streams of completing: how each is begun, read, checked, raced and ended.

Owns their set, the prompts they are begun with, and what is asked for ahead. Which request reads
which, and what it is answered, is decided in `completions`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from spark_lsp.core import secrets
from spark_lsp.core.accounting.journal import Journal
from spark_lsp.core.common import Common
from spark_lsp.core.completing.eagerness import Eagerness
from spark_lsp.core.completing.exchange import Request, Stream, tree_of
from spark_lsp.core.completing.reuse import Answer, Answers
from spark_lsp.core.documents import Applied, Document
from spark_lsp.core.effects import Open, Refusal, Refuse
from spark_lsp.core.events import RequestId
from spark_lsp.core.prompt import Prompt
from spark_lsp.core.showing.cuts import line_end_of
from spark_lsp.core.showing.guard import breaks_off, guarded
from spark_lsp.core.text import Edit, Text

_BROKEN = "what follows would break the syntax"
_NEAR = 20
"""Lines below in which the next one with text is looked for."""
_ASKED = 256
"""Answers of which it is remembered that what follows them was asked for."""


class Streams:
    """Answers that are being written; at most two for one place."""

    def __init__(self, common: Common, journal: Journal, answers: dict[str, Answers]) -> None:
        """Begin without any; `answers` takes what they have written, by document."""
        self._answers = answers
        self._common = common
        self._journal = journal
        self._streams: list[Stream] = []
        self._readers: dict[int, RequestId] = {}
        self._next: tuple[Answer, Document, float] | None = None
        self._asked: dict[tuple[int, int], None] = {}

    def __iter__(self) -> Iterator[Stream]:
        return iter(self._streams)

    def get(self, number: int) -> Stream | None:
        """Return a stream that is open, or None."""
        return next((stream for stream in self._streams if stream.id == number), None)

    def at(self, uri: str, offset: int, lead: str) -> list[Stream]:
        """Return the streams that write for a place, and, as far as known, what is wanted there."""
        return [
            stream
            for stream in self._streams
            if (stream.uri, stream.answer.cursor) == (uri, offset) and stream.answer.leads_to(lead)
        ]

    # How they begin and end.

    def open(self, request: Request, predicted: str, now: float) -> tuple[Stream, Prompt]:
        """Ask for an answer to a request; returns the stream, and what its model is shown.

        `predicted` is what it will most likely say, "" if nobody knows.
        """
        common, document, offset = self._common, request.document, request.offset
        prompt = common.context.prompt(document, offset, request.lead)
        if predicted:  # behind what stands there, by which is seen whether it is secret
            predicted = secrets.redact(prompt.prefix + predicted)[len(prompt.prefix) :]
        prompt = replace(prompt, invoked=request.invoked, prediction=predicted)
        number = common.number()
        answer = empty(number, document.text, offset).grown(request.lead)
        stream = self.begin(number, document, answer, request.lead, prompt, now)
        self._readers[stream.id] = request.id
        self._journal.step(request.id, "request sent", now)
        self._journal.note(
            request.id, stream=number, blocks=prompt.stable,
            tail=len((prompt.prefix + prompt.suffix).encode("utf-8", "surrogatepass")),
        )  # fmt: skip
        common.heed([common.context.wish(document, offset)])
        return stream, prompt

    def wants_rival(self, attached: Sequence[Stream], now: float) -> bool:
        """Whether to ask anew beside a stream that was silent for long while the person typed."""
        [first, *others] = attached
        late = now - first.begun >= self._common.policy.race and bool(first.answer.middle)
        return late and not others and not first.written and self._common.up

    def retire(self, stream: Stream) -> None:
        """Forget a stream, and keep what it has written."""
        known = stream.written and stream.answer.text and not stream.void
        if known and stream.uri in self._answers:
            self._answers[stream.uri].add(stream.answer)
        self.remove(stream)

    def remove(self, stream: Stream) -> None:
        """Forget a stream."""
        self._streams.remove(stream)
        self._readers.pop(stream.id, None)
        if stream.steer is not None:
            reason = "the answer had ended before it could be told"
            self._common.do(Refuse(stream.steer, Refusal.FAILED, reason))

    def orphan(self, now: float, but: int | None = None) -> None:
        """Start the grace period of streams that nobody reads, those of one answer excepted."""
        for stream in self._streams:
            if stream.orphaned is None and stream.answer.id != but:
                stream.orphaned = now

    def closed(self, uri: str) -> None:
        """Forget what was to be asked for ahead in a document."""
        if self._next and self._next[1].uri == uri:
            self._next = None

    def follow(self, uri: str, applied: Applied) -> list[Stream]:
        """Follow an edit; returns the streams whose answers do not agree with it."""
        self.closed(uri)
        here = [stream for stream in self._streams if stream.uri == uri]
        return [it for it in here if not (it.follow(applied) and it.answer.agrees)]

    # What they write.

    def wrote(self, stream: Stream, text: str, confidence: float | None, now: float) -> None:
        """Take in more of an answer, and how sure of it the model is, if it says so."""
        document = self._common.documents.get(stream.uri)
        if document is None:
            return
        if (reader := self._readers.get(stream.id)) is not None:
            if text and not stream.written:
                self._journal.step(reader, "first text", now)
            if confidence is not None:
                self._journal.note(reader, confidence=confidence)
        stream.write(text, document, now)

    def finish(self, stream: Stream, document: Document) -> None:
        """Take in that an answer is complete, and cut it where it would break the syntax."""
        stream.finish(document)
        answer, typed = stream.answer, len(stream.answer.middle)
        end = len(answer.text) if answer.wall is None else answer.wall
        rest = answer.text[typed:end]
        if answer.text.startswith(answer.middle) and typed < end:
            stops = tuple(stop - typed for stop in answer.stops if typed < stop <= end)
            kept = self._harmless(stream, document, end, stops)
            ends_early = kept < len(rest) and breaks_off(
                tree_of(document), document.text, answer.cursor, rest, document.language
            )
            if kept < len(rest) and not ends_early:
                stream.break_off(typed + kept, _BROKEN)

    def check(self, stream: Stream) -> None:
        """Cut an answer where its next piece, which is whole, would break the syntax."""
        document = self._common.documents.get(stream.uri)
        stop = stream.unchecked
        if stop is None or document is None:
            return
        typed = len(stream.answer.middle)
        kept = typed + self._harmless(stream, document, stop, ())
        if kept < stop:
            stream.break_off(kept, _BROKEN)
        else:
            stream.passed(stop)

    @staticmethod
    def _harmless(stream: Stream, document: Document, end: int, stops: tuple[int, ...]) -> int:
        """Return how much of an answer, from the cursor up to an end, leaves the syntax whole."""
        answer = stream.answer
        piece = answer.text[len(answer.middle) : end]
        if stream.line_end == "\r":
            return len(piece)  # grammars know no lines that end so
        tree = tree_of(document)
        return guarded(tree, document.text, answer.cursor, piece, stops, document.language)

    def enough(self, stream: Stream) -> bool:
        """Whether more has been written than anybody will read."""
        policy, stop = self._common.policy, stream.answer.stop
        ahead = 0 if stop is None else len(stream.answer.text) - stop
        return len(stream.written) > policy.longest or ahead > policy.ahead

    # What time does.

    def deadline(self) -> float | None:
        """Return when `due` and `look_ahead` should be called, or None."""
        times = [self._next[2]] if self._next else []
        for stream in self._streams:
            times.append(stream.stalls(self._common.policy))
            if not stream.placed:
                times.append(stream.begun)
            if (left := self._left_at(stream)) is not None:
                times.append(left)
        return min(times, default=None)

    def due(self, now: float) -> tuple[list[Stream], list[Stream]]:
        """Return the streams that have stalled, and those that nobody has come to read."""
        for stream in self._streams:
            # The request is out; what kind of place it is must be known when the answer comes.
            if not stream.placed and (document := self._common.documents.get(stream.uri)):
                stream.place(document)
        stalled = [it for it in self._streams if it.stalls(self._common.policy) <= now]
        others = [it for it in self._streams if it not in stalled]
        left = [it for it in others if (at := self._left_at(it)) is not None and at <= now]
        return stalled, left

    def _left_at(self, stream: Stream) -> float | None:
        """When a stream that nobody reads is given up; one that writes what comes next is not."""
        if stream.orphaned is None or stream.answer.stop is not None:
            return None
        return stream.orphaned + self._common.policy.grace

    # What is asked for ahead.

    def follows(self, answer: Answer, document: Document, now: float) -> None:
        """An answer is on screen: what follows the last piece of it may be asked for."""
        policy, left = self._common.policy, len(answer.text) - len(answer.middle)
        self._next = None
        if len(answer.rest) == left and (answer.id, len(answer.text)) not in self._asked:
            nearly = left <= policy.nearly < len(answer.text)
            self._next = (answer, document, now if nearly else now + policy.linger)

    def not_ahead(self) -> None:
        """What was to be asked for ahead is not wanted any more."""
        self._next = None

    def look_ahead(self, eagerness: Eagerness, now: float) -> None:
        """Ask for what follows the answer on screen, if it is due and likely to be taken."""
        if self._next is None or self._next[2] > now:
            return
        (answer, document, _), self._next = self._next, None
        common = self._common
        may = common.up and common.may_send(document) and common.not_before <= now
        if self._streams or not (may and common.enabled) or not eagerness.wants_ahead(now):
            return
        while len(self._asked) > _ASKED:
            del self._asked[next(iter(self._asked))]
        self._asked[answer.id, len(answer.text)] = None
        rest = answer.text[len(answer.middle) :]
        prompt = common.context.prompt(document, answer.cursor, rest)
        number = common.number()
        stream = self.begin(number, document, answer, rest, prompt, now)
        stream.taken, stream.stops = answer.text, (*answer.stops, len(answer.text))
        stream.place(document)

    def begin(  # noqa: PLR0917 - what a stream is made of
        self, number: int, document: Document, answer: Answer, taken: str, prompt: Prompt,
        now: float,
    ) -> Stream:  # fmt: skip
        """Have an answer written, from where `taken` of it is taken for granted."""
        text, offset = document.text, answer.cursor
        if taken:
            text = text.splice(Edit(offset, offset, taken))
        line_end = line_end_of(document.text.string)
        stream = Stream(
            number, document.uri, answer, text, offset + len(taken), line_end, now, now, taken
        )
        self._streams.append(stream)
        self._common.do(Open(number, prompt))
        return stream


def empty(number: int, text: Text, offset: int) -> Answer:
    """Return an answer of which nothing is known yet.

    It depends on its line, and on what follows up to the next line with text.
    """
    line = text.line_at(offset)
    left = offset - text.line_start(line)
    last = min(text.line_count - 1, line + _NEAR)
    below = next((it for it in range(line + 1, last + 1) if text.line(it).strip()), last)
    return Answer(number, offset, "", left=left, right=text.line_end(below) - offset)
