"""The session under random interleavings of everything that editors and backends do."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from spark_lsp.core.documents import Change
from spark_lsp.core.effects import (
    Cancel,
    Effect,
    Grow,
    Open,
    Pack,
    Reply,
    Shelve,
    Suggestion,
    Verdict,
)
from spark_lsp.core.events import (
    Asked,
    Closed,
    Down,
    Edited,
    Ended,
    Event,
    Failed,
    Opened,
    Packed,
    Settled,
    Up,
    Vetted,
    Withdrawn,
    Wrote,
)
from spark_lsp.core.session import Session
from spark_lsp.core.text import Edit, Encoding, Position, Text

URIS = ("file:///w/a.py", "file:///w/b.txt")
ALPHABET = "ab(\n"
backs = st.sampled_from((0, 0, 0, 0, 1, 2))
"""Mostly the newest stream or request, sometimes one that is over."""
words = st.text(alphabet=ALPHABET, min_size=1, max_size=3)


class SessionMachine(RuleBasedStateMachine):
    """An editor and a backend that do anything at any time, and an accountant."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session(Encoding.UTF16)
        self.now = 0.0
        self.up = False
        self.texts: dict[str, Text] = {}
        self.cursor: dict[str, int] = {}
        self.version = 0
        self.requests = 0
        self.open_requests: dict[int, tuple[str, int]] = {}
        self.grown: dict[int, str] = {}
        self.streams: set[int] = set()
        self.over: set[int] = set()
        self.targets: dict[int, str] = {}
        self.written: dict[int, str] = {}

    @initialize()
    def open_documents(self) -> None:
        for uri in URIS:
            self.open(uri)
        self.come_up()

    @rule(uri=st.sampled_from(URIS))
    def open(self, uri: str) -> None:
        self.texts[uri] = Text("x = \ny()\n")
        self.cursor[uri] = 4
        self.feed(Opened(uri, uri[-4:], "python", 1, self.texts[uri].string))

    @rule(uri=st.sampled_from(URIS))
    def close(self, uri: str) -> None:
        self.texts.pop(uri, None)
        self.feed(Closed(uri))

    @rule(uri=st.sampled_from(URIS), text=words)
    def type(self, uri: str, text: str) -> None:
        if uri in self.texts:
            self.edit(uri, self.cursor[uri], self.cursor[uri], text)

    @rule(uri=st.sampled_from(URIS), data=st.data())
    def type_along(self, uri: str, data: st.DataObject) -> None:
        """Type what a running answer says next."""
        for stream in sorted(self.streams):
            known = self.targets[stream] + self.written[stream]
            before = self.texts[uri].string[: self.cursor[uri]] if uri in self.texts else None
            if before is not None and known.startswith(before) and known != before:
                size = data.draw(st.integers(1, len(known) - len(before)))
                self.edit(uri, len(before), len(before), known[len(before) :][:size])
                return

    @rule(uri=st.sampled_from(URIS), size=st.integers(1, 3))
    def delete(self, uri: str, size: int) -> None:
        if uri in self.texts:
            self.edit(uri, max(0, self.cursor[uri] - size), self.cursor[uri], "")

    @rule(uri=st.sampled_from(URIS), text=words)
    def edit_elsewhere(self, uri: str, text: str) -> None:
        if uri in self.texts:
            self.edit(uri, 0, 0, text)

    @rule(uri=st.sampled_from(URIS), offset=st.integers(0, 8))
    def move(self, uri: str, offset: int) -> None:
        if uri in self.texts:
            self.cursor[uri] = min(offset, len(self.texts[uri]))

    @rule(uri=st.sampled_from(URIS), grows=st.booleans())
    def ask(self, uri: str, grows: bool) -> None:
        self.requests += 1
        self.open_requests[self.requests] = (uri, self.cursor.get(uri, 0))
        text = self.texts.get(uri, Text(""))
        position = text.position(self.cursor.get(uri, 0), Encoding.UTF16)
        self.feed(Asked(self.requests, uri, position, grows=grows))

    @rule(back=backs)
    def withdraw(self, back: int) -> None:
        self.feed(Withdrawn(self.requests - back))

    @rule(back=backs, text=words)
    def write(self, back: int, text: str) -> None:
        stream = len(self.targets) - back
        if stream in self.streams:
            self.written[stream] += text
        self.feed(Wrote(stream, text))

    @rule(back=backs)
    def end(self, back: int) -> None:
        self.ended(len(self.targets) - back)
        self.feed(Ended(len(self.targets) - back))

    @rule(back=backs, transient=st.booleans())
    def fail(self, back: int, transient: bool) -> None:
        self.ended(len(self.targets) - back)
        self.feed(Failed(len(self.targets) - back, "failed", transient))

    @rule()
    def come_up(self) -> None:
        self.up = True
        self.feed(Up())

    @rule()
    def go_down(self) -> None:
        self.up = False
        self.feed(Down("gone"))
        for stream in sorted(self.streams):
            self.ended(stream)
            self.feed(Failed(stream, "gone", transient=True))

    @rule(seconds=st.sampled_from([0.01, 0.2, 1.0, 6.0]))
    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.session.deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            before = self.session.deadline()
            self.account(self.session.tick(self.now))
            assert self.session.deadline() != before, "a tick must settle what was due"
        self.now = end

    @precondition(lambda self: self.open_requests)
    @rule()
    def wait_for_the_answer(self) -> None:
        """Nothing hangs: if nobody says anything, time alone answers."""
        self.wait(10.0)

        assert not self.open_requests

    @invariant()
    def at_most_one_request_and_one_stream_are_open(self) -> None:
        assert len(self.open_requests) <= 1
        assert len(self.streams) <= 1

    def teardown(self) -> None:
        self.wait(10.0)

        assert not self.open_requests
        assert not self.streams

    def edit(self, uri: str, start: int, end: int, new: str) -> None:
        text = self.texts[uri]
        places = [text.position(at, Encoding.UTF16) for at in (start, end)]
        self.texts[uri] = text.splice(Edit(start, end, new))
        self.cursor[uri] += len(new) - (end - start)
        self.version += 1
        self.feed(Edited(uri, self.version, [Change(places[0], places[1], new)]))

    def ended(self, stream: int) -> None:
        self.streams.discard(stream)
        self.over.add(stream)

    def feed(self, event: Event) -> None:
        self.account(self.session.handle(event, self.now))

    def account(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Open(stream, prompt):
                    assert self.up
                    assert stream not in self.targets
                    self.streams.add(stream)
                    self.targets[stream] = prompt.prefix
                    self.written[stream] = ""
                case Cancel(stream):
                    assert stream in self.streams
                    self.ended(stream)
                case Grow(request, suggestion):
                    assert request in self.open_requests
                    assert suggestion.text.startswith(self.grown.get(request, ""))
                    self.grown[request] = suggestion.text
                    self.check(*self.open_requests[request], suggestion)
                case Reply(request, verdict, suggestion, _):
                    uri, offset = self.open_requests.pop(request)
                    assert (verdict is Verdict.SHOW) == (suggestion is not None)
                    if suggestion:
                        assert suggestion.text.startswith(self.grown.get(request, ""))
                        self.check(uri, offset, suggestion)

    def check(self, uri: str, offset: int, suggestion: Suggestion) -> None:
        """What is shown stands where it was asked for and is what was written for that place."""
        text = self.texts[uri]
        assert text.position(offset, Encoding.UTF16) == suggestion.position
        shown = text.string[:offset] + suggestion.text
        whole = self.targets[suggestion.answer] + self.written[suggestion.answer]
        assert suggestion.text
        assert whole.startswith(shown)


SessionMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
test_a_session_keeps_its_promises_whatever_happens = SessionMachine.TestCase


def test_a_verdict_that_has_not_changed_asks_for_nothing() -> None:
    session = Session()
    session.handle(Opened("file:///a.py", "a.py", "python", 1, "x = 1\n"), 0.0)
    first = session.handle(Vetted("file:///a.py", ""), 0.0)

    assert ["Shelve", "Pack"] == [type(effect).__name__ for effect in first]
    assert [] == session.handle(Vetted("file:///a.py", ""), 1.0)


def test_what_is_packed_when_the_workspace_is_known_shows_the_other_buffers_as_they_are() -> None:
    session = Session()
    for name in ("b", "a"):
        uri = f"file:///{name}.py"
        session.handle(Opened(uri, f"{name}.py", "python", 1, "x = 1\n"), 0.0)
        for effect in session.handle(Vetted(uri, ""), 0.0):
            if isinstance(effect, Pack):
                session.handle(Packed(effect.number, None), 0.0)
    start = Position(0, 0)
    session.handle(Edited("file:///b.py", 2, [Change(start, start, "y")]), 1.0)
    shelved, asked = session.handle(Settled(), 1.0)

    assert Shelve("file:///b.py", "b.py", "yx = 1\n") == shelved
    assert isinstance(asked, Pack)
