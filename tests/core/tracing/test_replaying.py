"""What is recorded happens again, and what does not is told."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from spark_lsp.core.documents import Change
from spark_lsp.core.effects import Effect, Open, Pack, Recall, Warm
from spark_lsp.core.events import (
    Asked,
    Configured,
    Edited,
    Ended,
    Event,
    Following,
    Instructed,
    Opened,
    Packed,
    Recalled,
    Up,
    Vetted,
    Warmed,
    Withdrawn,
    Wrote,
)
from spark_lsp.core.policy import Policy
from spark_lsp.core.prompt import Block
from spark_lsp.core.session import Session
from spark_lsp.core.text import Encoding, Position
from spark_lsp.core.tracing.form import Line, Trace, TraceError, read
from spark_lsp.core.tracing.recording import Recording
from spark_lsp.core.tracing.replaying import Replay
from spark_lsp.core.tracing.veil import Privacy
from tests.conversation import played
from tests.core.tracing.stage import URI, Stage, body, differences, joined
from tests.fixture import Fixture, fixtures

OTHER = "file:///home/alice/repository/b.py"


class Recorded(Session):
    """A session that is recorded."""

    latest: "Recorded"

    def __init__(
        self, encoding: Encoding = Encoding.UTF16, window: int = 128_000, policy: Policy = Policy()
    ) -> None:
        super().__init__(encoding, window, policy)
        self.recording = Recording(encoding, window, policy)
        self.lines: list[bytes] = []
        Recorded.latest = self

    def handle(self, event: Event, now: float) -> list[Effect]:
        self.recording.event(event, now)
        return self._seen(super().handle(event, now), now)

    def tick(self, now: float) -> list[Effect]:
        return self._seen(super().tick(now), now)

    def trace(self) -> Trace:
        return read(b"".join([*self.lines, *self.recording.close()]))

    def _seen(self, effects: list[Effect], now: float) -> list[Effect]:
        self.recording.effects(effects, now)
        self.lines += self.recording.lines()
        return effects


@pytest.mark.parametrize("path", fixtures("session"))
def test_a_recorded_conversation_happens_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if its document were public, though in most nobody has said so."""
    monkeypatch.setattr("tests.conversation.Session", Recorded)
    monkeypatch.setattr(Privacy, "forbid", lambda _self, _uri: None)
    played(Fixture.read(path))
    trace = Recorded.latest.trace()

    assert trace.lines
    assert [] == list(map(str, differences(trace)))


@pytest.mark.parametrize("path", fixtures("session"))
def test_what_differs_in_a_private_conversation_is_told_as_masked(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.conversation.Session", Recorded)
    played(Fixture.read(path))

    assert all(difference.masked for difference in differences(Recorded.latest.trace()))


class Typist:
    """Someone who types into two documents, with a library and a model that answer."""

    def __init__(self, now: float) -> None:
        self.session = Recorded(Encoding.UTF16, 24_000, Policy())
        self.now = now
        self.texts = {URI: "", OTHER: ""}
        self.streams: list[int] = []
        self.requests = 0
        self.versions = 1
        self.feed(Configured(enabled=True, window=24_000, local=False))
        for uri, name in ((URI, "a.py"), (OTHER, "b.py")):
            self.texts[uri] = "def f(a):\n    return a\n"
            self.feed(Opened(uri, name, "python", 1, self.texts[uri]))
            self.feed(Vetted(uri, ""))
        self.feed(Up())

    def feed(self, event: Event) -> None:
        for effect in self.session.handle(event, self.now):
            self.answer(effect)

    def answer(self, effect: Effect) -> None:
        block = Block("file", "b.py", "def f(a):\n" * 300, "it is called", 0, 299, 900, 905)
        match effect:
            case Open(number):
                self.streams.append(number)
            case Pack(number):
                self.feed(Packed(number, (block,), frozenset({""})))
            case Recall(number):
                self.feed(Recalled(number, (replace(block, kind="chunk", text="x = 1\n"),)))
            case Warm(stable):
                self.feed(Warmed(stable))

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.session.deadline()) is not None and due <= end:
            self.now = max(due, self.now)
            for effect in self.session.tick(self.now):
                self.answer(effect)
        self.now = end

    def do(self, what: str, uri: str, at: int, text: str) -> None:
        """Do something that people or models do."""
        self.requests += 1
        place = self.place(uri, at)
        match what:
            case "type":
                self.edit(uri, at, at, text)
            case "delete":
                self.edit(uri, at, at + len(text), "")
            case "ask":
                self.feed(Asked(self.requests, uri, place, grows=True))
            case "instruct":
                self.feed(Instructed(self.requests, uri, None, place, place, f"write {text}", True))
            case "follow":
                self.feed(Following(self.requests, uri, None, place))
            case "withdraw":
                self.feed(Withdrawn(self.requests - 1))
            case "write" if self.streams:
                self.feed(Wrote(self.streams[-1], text))
            case "end" if self.streams:
                self.feed(Ended(self.streams[-1]))
            case _:
                self.wait(len(text) / 7)

    def edit(self, uri: str, start: int, end: int, new: str) -> None:
        places = self.place(uri, start), self.place(uri, end)
        text = self.texts[uri]
        self.texts[uri] = text[:start] + new + text[end:]
        self.versions += 1
        self.feed(Edited(uri, self.versions, [Change(*places, new)]))

    def place(self, uri: str, at: int) -> Position:
        before = self.texts[uri][:at]
        return Position(before.count("\n"), len(before) - before.rfind("\n") - 1)


ACTS = st.tuples(
    st.sampled_from(
        ["type", "delete", "ask", "write", "end", "wait", "withdraw", "instruct", "follow"]
    ),
    st.sampled_from([URI, OTHER]),
    st.integers(0, 30),
    st.text(alphabet="ab(\n ", min_size=1, max_size=8),
)


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1e6), st.lists(ACTS, max_size=40))
def test_whatever_is_recorded_happens_again(
    now: float, acts: list[tuple[str, str, int, str]]
) -> None:
    typist = Typist(now)
    for act in acts:
        typist.do(*act)

    assert [] == list(map(str, differences(typist.session.trace())))


def talk(session: Recorded) -> Trace:
    """Return the trace of someone who asks in vain, and then gets an answer."""
    here = Position(0, 4)
    session.handle(Opened(URI, "a.py", "python", 1, "x = "), 100.0)
    session.handle(Vetted(URI, ""), 100.0)
    session.handle(Asked(1, URI, here, grows=True), 100.0)
    session.tick(103.0)
    session.handle(Up(), 104.0)
    for request, stream in ((2, 1), (3, 2)):
        session.handle(Asked(request, URI, here, grows=True), 104.5)
        session.handle(Wrote(stream, "total"), 104.75)
        session.handle(Ended(stream), 105.0)
        session.handle(Edited(URI, 1 + request, [Change(here, here, "#")]), 105.0)
    return session.trace()


def changed(trace: Trace, **changes: Any) -> Trace:
    """Return a trace with another header."""
    return replace(trace, header=structs.replace(trace.header, **changes))


def test_another_policy_is_a_difference_that_is_told_and_the_replay_goes_on() -> None:
    told = differences(changed(talk(Recorded()), policy=Policy(hold=10.0)))

    assert [
        "event 4 at 3.000 s: recorded `clear 1: the backend is starting`, now `nothing`",
        "event 5 at 4.000 s: recorded `nothing`, now `open 1`",
        "event 6 at 4.500 s: recorded `open 1`, now `keep 1: overtaken by a newer request`",
    ] == list(map(str, told))
    assert not any(difference.masked for difference in told)


def test_another_window_is_a_difference_that_is_told() -> None:
    first, *_ = differences(changed(talk(Recorded()), window=8_000))

    assert "event 2 at 0.000 s: recorded `pack 1, window 128000`, now `pack 1, window 8000`" == (
        str(first)
    )


def test_a_session_that_failed_then_and_does_not_now_is_a_difference() -> None:
    trace = talk(Recorded())
    lines = (structs.replace(trace.lines[0], effects=None), *trace.lines[1:])
    (difference,) = differences(replace(trace, lines=lines))

    assert "event 1 at 0.000 s: recorded `the session failed`, now `nothing`" == str(difference)


@pytest.mark.parametrize(
    ("text", "masked", "told"),
    [
        ("total", False, []),
        ("to*al", False, ['recorded `grow 2 "to*al"`, now `grow 2 "total"`']),
        ("to*al", True, []),
        ("to*am", True, ['recorded `grow 2 "to*am"`, now `grow 2 "total"` (text was masked here)']),
        ("to*", True, ['recorded `grow 2 "to*"`, now `grow 2 "total"` (text was masked here)']),
    ],
)
def test_stars_are_equal_to_anything_where_text_was_masked(
    text: str, masked: bool, told: list[str]
) -> None:
    trace = talk(Recorded())
    lines = list(trace.lines)
    at, grown = next((at, it) for at, it in enumerate(lines) if "Wrote" in str(it.event))
    effects = json.loads(json.dumps(grown.effects).replace("total", text))
    lines[at] = structs.replace(grown, effects=effects, masked=masked)
    found = differences(replace(trace, lines=tuple(lines)))

    assert told == [str(it).partition(": ")[2] for it in found if it.number == at + 1]


def test_sums_of_times_are_as_they_were() -> None:
    """Half of the waits would be over a moment too early if they were counted from nothing."""
    for start in (0.1, 3.3, 100.7, 86_400.1, 1e6 / 3):
        session = Recorded()
        session.handle(Opened(URI, "a.py", "python", 1, "x = "), start)
        session.handle(Asked(1, URI, Position(0, 4), grows=True), start)
        due = session.deadline()
        assert due is not None
        session.tick(due)

        assert [] == differences(session.trace())


def test_a_secret_that_is_typed_along_does_not_change_what_happens() -> None:
    stage = Stage("x = 1\n", session=Session())
    stage.feed(Up())
    stage.feed(Asked(1, URI, stage.text.position(stage.cursor, Encoding.UTF16), grows=True))
    line = f"password = '{body('along', 14)}'\nprint(x)\n"
    for char in line:
        stage.feed(Wrote(1, char))
    for at, char in enumerate(line[:20]):
        stage.type(char)
        place = stage.text.position(stage.cursor, Encoding.UTF16)
        stage.feed(Asked(2 + at, URI, place, grows=True))
    stage.feed(Ended(1))
    stage.wait(5.0)
    trace = stage.trace()

    assert any(line.masked for line in trace.lines)
    assert "***" in joined(trace)
    assert [] == list(map(str, differences(trace)))


def test_a_difference_where_text_was_masked_says_so() -> None:
    stage = Stage("", session=Session())
    stage.feed(Up())
    stage.paste(f"password = '{body('masked', 14)}'")
    stage.cursor -= 5
    stage.feed(Asked(1, URI, stage.text.position(stage.cursor, Encoding.UTF16), grows=True))
    (difference,) = differences(stage.trace())

    assert "`, now `open 1` (text was masked here)" in str(difference)


def test_after_a_difference_the_same_answers_have_the_same_meaning() -> None:
    """What the first request got is not asked for any more; from then on all numbers differ."""
    session = Recorded()
    here = Position(0, 4)
    session.handle(Opened(URI, "a.py", "python", 1, "x = "), 0.0)
    session.handle(Vetted(URI, ""), 0.0)
    session.handle(Up(), 0.0)
    for number in range(1, 5):
        at = float(number)
        session.handle(Asked(number, URI, here, grows=True), at)
        session.handle(Wrote(number, f"total_{number}"), at)
        session.handle(Ended(number), at)
        session.handle(Edited(URI, 1 + number, [Change(Position(0, 0), here, f"y{number}= ")]), at)
    trace = session.trace()
    lines = [line for line in trace.lines if (line.event or {}).get("request") != 1]
    told = differences(replace(trace, lines=tuple(lines)))

    assert [
        'event 4 at 1.000 s: recorded `grow 1 "total_1"`, now `nothing`',
        'event 5 at 1.000 s: recorded `show 1 "total_1": the model\'s answer`, now `nothing`',
        "event 10 at 2.000 s: recorded `count completion glimpsed`, now `nothing`",
    ] == list(map(str, told))


def test_an_event_that_is_none_is_damage() -> None:
    trace = talk(Recorded())
    replay = Replay(trace.header)
    with pytest.raises(TraceError, match=r"event 1 of the trace is damaged: Up: .*bool"):
        replay.play(Line(0.0, {"type": "Up", "instructable": "yes"}))
