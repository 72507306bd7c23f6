"""Rewriting under random interleavings of everything that editors and backends do."""

from typing import Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from spark_lsp.core.accounting.journal import Journal
from spark_lsp.core.accounting.ledger import Ledger
from spark_lsp.core.common import Common
from spark_lsp.core.context import Context
from spark_lsp.core.documents import Change, Documents
from spark_lsp.core.editing.notes import Notes
from spark_lsp.core.editing.rewrites import Rewrites
from spark_lsp.core.editing.rewriting import range_of
from spark_lsp.core.effects import (
    Cancel,
    Effect,
    Open,
    Pack,
    Refuse,
    Replacement,
    Report,
    Revise,
    Revised,
    Steer,
    Steered,
)
from spark_lsp.core.events import Ended, Failed, Instructed, Redirected, Turned, Wrote
from spark_lsp.core.policy import Policy
from spark_lsp.core.prompt import Rewrite
from spark_lsp.core.text import Edit, Encoding, Text, difference

URIS = ("file:///w/a.py", "file:///w/b.txt")
SOURCE = "".join(f"line {name} 😀\n" for name in ("one", "two", "three", "four"))
UPSETS = ("withdraw", "interrupt", "steer", "close", "open", "open", "down", "mute")
backs = st.sampled_from((0, 0, 0, 0, 1, 2))
"""Mostly the newest stream or request, sometimes one that is over."""
uris = st.sampled_from(URIS)
words = st.sampled_from(
    ("x", "\n", "😀", "line two", "line one 😀\n", "line two 😀\n", "new\n", "  ")
)
texts = st.lists(words, max_size=3).map("".join)


class RewritesMachine(RuleBasedStateMachine):
    """An editor and a backend that do anything at any time, and an accountant."""

    def __init__(self) -> None:
        super().__init__()
        self.documents = Documents(Encoding.UTF16)
        self.common = Common(self.documents, Context(8_000, self.documents), Policy())
        self.rewrites = Rewrites(self.common, Notes(Ledger(), Journal()))
        self.now = 0.0
        self.requests = 0
        self.edits: dict[int, Instructed] = {}
        self.steers: set[int] = set()
        self.reported: set[int] = set()
        self.streams: set[int] = set()
        self.turns: set[int] = set()
        self.newest = 0
        self.written = ""
        self.opened: set[int] = set()
        self.region = ""
        self.place = (0, 0)

    @initialize()
    def begin(self) -> None:
        for uri in URIS:
            self.open(uri)
        self.come_up()

    def open(self, uri: str) -> None:
        self.close(uri)
        document = self.documents.open(uri, uri[-4:], "", 1, SOURCE)
        self.common.context.opened(document)

    def close(self, uri: str) -> None:
        self.rewrites.closed(uri, self.now)
        self.documents.close(uri)
        self.common.context.closed(uri)
        self.account()

    @rule(uri=uris, start=st.integers(0, 60), size=st.integers(0, 3), new=words)
    def edit(self, uri: str, start: int, size: int, new: str) -> None:
        if document := self.documents.get(uri):
            text = document.text
            places = [text.position(at, Encoding.UTF16) for at in (start, start + size)]
            change = Change(places[0], places[1], new)
            applied = self.documents.change(uri, document.version + 1, [change])
            self.rewrites.edited(uri, applied, self.now)
            self.account()
            if any(event.uri == uri for event in self.edits.values()):
                self.follow(text.string, document.text.string)

    def follow(self, before: str, after: str) -> None:
        """The range has survived an edit, which was made on one side of it."""
        edit = difference(before, after)
        start, end = self.place
        assert edit.end <= start or edit.start >= end or before == after
        grown = len(after) - len(before) if edit.end <= start and edit.start < end else 0
        self.place = (start + grown, end + grown)

    @precondition(lambda self: not self.edits or self.requests % 3 == 0)
    @rule(
        uri=uris,
        place=st.tuples(st.integers(0, 60), st.integers(0, 60)),
        grows=st.booleans(),
        reports=st.booleans(),
        said=st.sampled_from(("Do it.", "Do it.", "Remove it.", "Remove it.", " ")),
    )
    def instruct(
        self, uri: str, place: tuple[int, int], grows: bool, reports: bool, said: str
    ) -> None:
        self.requests += 1
        document = self.documents.get(uri)
        text = document.text if document else Text("")
        start, end = (text.position(at, Encoding.UTF16) for at in place)
        event = Instructed(self.requests, uri, None, start, end, said, grows, reports)
        self.edits[self.requests] = event
        self.rewrites.instructed(event, self.now)
        self.account()
        if self.requests in self.edits:
            self.place = range_of(event, text, Encoding.UTF16)
            self.region = text.string[slice(*self.place)]

    @precondition(lambda self: self.edits)
    @rule(back=st.sampled_from((None, None, 0, 1)))
    def steer(self, back: int | None) -> None:
        (event,) = self.edits.values()
        self.requests += 1
        self.steers.add(self.requests)
        expected = None if back is None else self.newest - back
        said = Redirected(self.requests, event.uri, "So.", expected)
        if not self.rewrites.redirected(said, self.now):
            self.steers.remove(self.requests)
        self.account()

    @rule(uri=uris, what=st.sampled_from(UPSETS))
    def upset(self, uri: str, what: str) -> None:
        """Do what ends things."""
        match what:
            case "withdraw":
                self.rewrites.withdrawn(self.requests, self.now)
            case "interrupt":
                assert bool(self.rewrites.interrupted(None, self.now)) == bool(self.edits)
            case "steer":
                other = next((it for it in URIS if it != uri), uri)
                if not any(event.uri == other for event in self.edits.values()):
                    assert not self.rewrites.redirected(Redirected(0, other, "So."), self.now)
            case "close":
                self.close(uri)
            case "open":
                self.open(uri)
            case "down":
                self.common.up = False
                for stream in sorted(self.streams):
                    self.fail(self.newest - stream, transient=True, after=0.0)
            case "mute":
                self.come_up(instructable=False)
        self.account()

    @rule(back=backs, text=texts)
    def write(self, back: int, text: str) -> None:
        stream = self.newest - back
        self.written += text if stream in self.streams else ""
        assert self.rewrites.wrote(Wrote(stream, text), self.now) == (stream in self.streams)
        self.account()

    @precondition(lambda self: self.turns)
    @rule(how=st.sampled_from(("steered", "interrupted", "reissued")))
    def turn(self, how: Literal["steered", "interrupted", "reissued"]) -> None:
        (stream,) = self.turns
        self.turns.remove(stream)
        self.written = ""
        assert self.rewrites.turned(Turned(stream, how), self.now)
        self.account()

    @rule(back=backs, text=texts)
    def end(self, back: int, text: str) -> None:
        self.write(back, text)
        stream = self.newest - back
        ours = stream in self.streams
        self.over(stream)
        assert self.rewrites.ended(Ended(stream), self.now) == ours
        self.account()

    @rule(
        back=backs, transient=st.booleans(), after=st.sampled_from((0.0, 0.0, 0.0, 0.0, 1.0, 9.0))
    )
    def fail(self, back: int, transient: bool, after: float) -> None:
        stream = self.newest - back
        ours = stream in self.streams
        self.over(stream)
        failed = Failed(stream, "failed", transient, after)
        assert self.rewrites.failed(failed, self.now) == ours
        self.account()

    @rule()
    def come_up(self, instructable: bool = True) -> None:
        self.common.up, self.common.instructable = True, instructable
        self.rewrites.advance(self.now)
        self.account()

    @rule(seconds=st.sampled_from([0.01, 0.2, 1.0, 6.0]))
    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.rewrites.deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self.rewrites.tick(self.now)
            self.account()
            assert self.rewrites.deadline() != due, "a tick must settle what was due"
        self.now = end

    @precondition(lambda self: self.edits or self.steers)
    @rule()
    def wait_for_the_answer(self) -> None:
        """Nothing hangs: if nobody says anything, time alone answers."""
        self.wait(10.0)

        assert not self.edits
        assert not self.steers

    @invariant()
    def one_range_at_most_is_rewritten_and_without_one_nothing_is_open(self) -> None:
        assert len(self.edits) <= 1
        assert len(self.streams) <= len(self.edits)
        assert self.edits or not (self.steers or self.reported or self.rewrites.deadline())

    def teardown(self) -> None:
        self.wait(10.0)

        assert not self.edits
        assert not self.steers
        assert not self.streams
        assert not self.reported

    def over(self, stream: int) -> None:
        self.streams.discard(stream)
        self.turns.discard(stream)

    def account(self) -> None:
        effects, self.common.effects = self.common.effects, []
        for effect in effects:
            self.note(effect)

    def note(self, effect: Effect) -> None:
        match effect:
            case Open(stream, prompt):
                assert isinstance(prompt, Rewrite)
                assert self.common.up
                assert stream not in self.opened
                self.streams.add(stream)
                self.newest, self.written = stream, ""
                self.opened.add(stream)
            case Steer(stream, _, again):
                assert isinstance(again, Rewrite)
                assert stream in self.streams - self.turns
                self.turns.add(stream)
            case Cancel(stream):
                assert stream in self.streams
                self.over(stream)
            case Revise(request, _, version, edits):
                event = self.edits[request]
                assert event.grows
                self.check(event, version, edits, None)
            case Revised(request, _, version, edits):
                self.check(self.edits.pop(request), version, edits, self.written)
            case Steered(request, _, _):
                self.steers.remove(request)
            case Refuse(request, _, reason):
                assert reason
                assert request in self.edits or request in self.steers
                self.edits.pop(request, None)
                self.steers.discard(request)
            case Report(request, message, ended):
                assert message
                assert self.edits[request].reports
                assert ended <= (request in self.reported)
                (self.reported.discard if ended else self.reported.add)(request)
            case Pack():
                pass
            case _:
                raise AssertionError(effect)

    def check(
        self, event: Instructed, version: int, edits: tuple[Replacement, ...], answer: str | None
    ) -> None:
        """What is told are edits of the range, which is where it was asked for."""
        document = self.documents.get(event.uri)
        assert document
        assert version == document.version
        text = after = document.text
        last = len(text)
        for it in reversed(edits):
            start, end = (text.offset(at, Encoding.UTF16) for at in (it.start, it.end))
            assert start <= end <= last, "edits are in order and apart"
            after, last = after.splice(Edit(start, end, it.text)), start
        start, end = self.place
        before, behind = text.string[:start], text.string[end:]
        assert self.region == text.string[start:end]
        assert after.string.startswith(before)
        assert after.string.endswith(behind)
        if answer is not None:
            bare = answer.rstrip("\n")
            wholes = [bare, bare + "\n", answer]
            assert after.string in [before + whole + behind for whole in wholes]


RewritesMachine.TestCase.settings = settings(max_examples=200, stateful_step_count=50)
test_rewriting_keeps_its_promises_whatever_happens = RewritesMachine.TestCase
