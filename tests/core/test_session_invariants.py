"""The session under random interleavings of everything that editors and backends do."""

from dataclasses import dataclass
from typing import Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from spark_lsp.core.documents import Change
from spark_lsp.core.effects import (
    Cancel,
    Draft,
    Effect,
    Explained,
    Foresee,
    Grow,
    Open,
    Pack,
    Proposed,
    Refuse,
    Reply,
    Revise,
    Revised,
    Shelve,
    Steer,
    Steered,
    Stopped,
    Suggestion,
    Verdict,
)
from spark_lsp.core.events import (
    Accepted,
    Asked,
    Closed,
    Down,
    Edited,
    Ended,
    Event,
    Failed,
    Following,
    Foreseen,
    Found,
    Instructed,
    Interrupted,
    Opened,
    Packed,
    Questioned,
    Redirected,
    Rejected,
    Selected,
    Settled,
    Turned,
    Up,
    Vetted,
    Withdrawn,
    Wrote,
)
from spark_lsp.core.prompt import Prompt, Rewrite
from spark_lsp.core.session import Session
from spark_lsp.core.text import Edit, Encoding, Position, Text, difference

URIS = ("file:///w/a.py", "file:///w/b.txt")
ALPHABET = "ab(\n"
backs = st.sampled_from((0, 0, 0, 0, 1, 2))
"""Mostly the newest stream or request, sometimes one that is over."""
words = st.text(alphabet=ALPHABET, min_size=1, max_size=3)


@dataclass
class Whole:
    """What a stream was asked to go on with, and has written.

    Attributes:
        uri: for which document.
        before: what its model was shown before the cursor; edits on earlier lines move it.
        edge: up to where that is the text of the document as it is.
        written: what it has written since it began, or began anew.
    """

    uri: str
    before: str
    edge: int
    written: str = ""

    def follow(self, start: int, end: int, new: str) -> None:
        if end < self.edge:
            self.before = self.before[:start] + new + self.before[end:]
            self.edge += len(new) - (end - start)
        else:
            self.edge = min(self.edge, start)


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
        self.asked: dict[int, tuple[str, int]] = {}
        self.others: set[int] = set()
        self.grown: dict[int, str] = {}
        self.shown: tuple[str, int, str, int] | None = None
        self.streams: set[int] = set()
        self.rewrites: set[int] = set()
        self.drafts: set[int] = set()
        self.wholes: dict[int, Whole] = {}
        self.coming: dict[int, Whole] = {}
        self.last: dict[str, int] = {}
        self.questions = 0

    @initialize()
    def open_documents(self) -> None:
        for uri in URIS:
            self.open(uri)
        self.come_up()

    @rule(uri=st.sampled_from(URIS))
    def open(self, uri: str) -> None:
        self.texts[uri] = Text("a = 1\n\nx = \ny()\n")
        self.cursor[uri] = 11
        self.forget(uri)
        self.feed(Opened(uri, uri[-4:], "python", 1, self.texts[uri].string))

    @rule(uri=st.sampled_from(URIS))
    def close(self, uri: str) -> None:
        self.texts.pop(uri, None)
        self.forget(uri)
        self.feed(Closed(uri))

    @rule(uri=st.sampled_from(URIS), text=words)
    def type(self, uri: str, text: str) -> None:
        if uri in self.texts:
            self.edit(uri, self.cursor[uri], self.cursor[uri], text)

    @rule(data=st.data())
    def type_along(self, data: st.DataObject) -> None:
        """Type what is on screen, or some of it."""
        if self.shown and self.shown[0] in self.texts:
            uri, offset, text, _ = self.shown
            self.edit(uri, offset, offset, text[: data.draw(st.integers(1, len(text)))])

    @rule(data=st.data())
    def type_what_is_written(self, data: st.DataObject) -> None:
        """Type what a running answer says next."""
        for stream in sorted(self.streams - self.rewrites):
            whole = self.wholes[stream]
            known = whole.before + whole.written
            text = self.texts.get(whole.uri)
            before = text.string[: self.cursor[whole.uri]] if text else None
            if before is not None and known.startswith(before) and known != before:
                size = data.draw(st.integers(1, len(known) - len(before)))
                self.edit(whole.uri, len(before), len(before), known[len(before) :][:size])
                return

    @rule(uri=st.sampled_from(URIS), size=st.integers(1, 3))
    def delete(self, uri: str, size: int) -> None:
        if uri in self.texts:
            self.edit(uri, max(0, self.cursor[uri] - size), self.cursor[uri], "")

    @rule(uri=st.sampled_from(URIS), text=words)
    def edit_elsewhere(self, uri: str, text: str) -> None:
        if uri in self.texts:
            self.edit(uri, 0, 0, text)

    @rule(uri=st.sampled_from(URIS), text=words)
    def replace_the_whole_text(self, uri: str, text: str) -> None:
        if uri in self.texts:
            before, after = self.texts[uri].string, text + self.texts[uri].string[::2]
            edit = difference(before, after)
            self.texts[uri] = Text(after)
            self.cursor[uri] = min(self.cursor[uri], len(after))
            self.moved(uri, edit.start, edit.end, edit.new)
            self.feed(Edited(uri, self.version, [Change(None, None, after)]))

    @rule(uri=st.sampled_from(URIS), offset=st.integers(0, 18))
    def move(self, uri: str, offset: int) -> None:
        if uri in self.texts:
            self.cursor[uri] = min(offset, len(self.texts[uri]))

    @rule(uri=st.sampled_from(URIS), grows=st.booleans(), invoked=st.booleans())
    def ask(self, uri: str, grows: bool, invoked: bool) -> None:
        self.feed(Asked(self.request(uri), uri, self.place(uri), grows, invoked))

    @rule(uri=st.sampled_from(URIS), back=st.integers(0, 2), text=words)
    def ask_with_the_menu_open(self, uri: str, back: int, text: str) -> None:
        start = self.place(uri, back)
        typed = self.texts[uri].string[: self.cursor[uri]] if uri in self.texts else ""
        typed = typed[max(0, len(typed) - back) :]
        selected = Selected(start, self.place(uri), typed + text)
        self.feed(Asked(self.request(uri), uri, self.place(uri), grows=True, selected=selected))

    @rule(uri=st.sampled_from(URIS), old=st.booleans(), whole=st.booleans())
    def instruct(self, uri: str, old: bool, whole: bool) -> None:
        start, end = (None, None) if whole else (self.place(uri, 3), self.place(uri))
        version = self.version - old
        self.feed(Instructed(self.other(), uri, version, start, end, "tidy", grows=True))

    @rule(uri=st.sampled_from(URIS))
    def look_for_next_edits(self, uri: str) -> None:
        self.feed(Following(self.other(), uri, None, self.place(uri)))

    @rule(back=backs, data=st.data())
    def find_next_edits(self, back: int, data: st.DataObject) -> None:
        found = []
        if (text := self.texts.get(URIS[0])) and len(text):
            start = data.draw(st.integers(0, len(text) - 1))
            found.append(Found("a.py", start, start + 1, text.string[start], "zz", "because"))
        self.feed(Foreseen(self.questions - back, tuple(found)))

    @rule(uri=st.sampled_from(URIS), expected=st.none() | st.integers(1, 9))
    def steer(self, uri: str, expected: int | None) -> None:
        self.feed(Redirected(self.other(), uri, "otherwise", expected))

    @rule(back=backs, how=st.sampled_from(("steered", "interrupted", "reissued")))
    def turn(self, back: int, how: Literal["steered", "interrupted", "reissued"]) -> None:
        stream = self.stream(back)
        if stream in self.streams and stream in self.coming:
            if how != "steered":
                self.wholes[stream] = self.coming[stream]
            self.wholes[stream].written = ""
            del self.coming[stream]
            self.feed(Turned(stream, how))

    @rule(answer=st.none() | st.integers(1, 9))
    def interrupt(self, answer: int | None) -> None:
        self.feed(Interrupted(self.other(), answer))

    @rule(uri=st.sampled_from(URIS))
    def explain(self, uri: str) -> None:
        self.feed(Questioned(self.other(), uri, self.place(uri)))

    @rule(back=backs)
    def withdraw(self, back: int) -> None:
        self.feed(Withdrawn(self.requests - back))

    @rule(length=st.none() | st.integers(0, 3))
    def accept(self, length: int | None) -> None:
        if self.shown:
            self.feed(Accepted(self.shown[3], length))

    @rule()
    def reject(self) -> None:
        if self.shown:
            self.feed(Rejected(self.shown[3]))

    @rule(back=backs, text=words)
    def write(self, back: int, text: str) -> None:
        stream = self.stream(back)
        if stream in self.streams:
            self.wholes[stream].written += text
        self.feed(Wrote(stream, text))

    @rule(back=backs)
    def end(self, back: int) -> None:
        stream = self.stream(back)
        self.streams.discard(stream)
        self.feed(Ended(stream))

    @rule(uri=st.sampled_from(URIS), draft=words, text=words)
    def ask_and_be_answered_twice(self, uri: str, draft: str, text: str) -> None:
        """First by the engine and then by the model, with nothing in between."""
        self.ask(uri, grows=True, invoked=True)
        self.write_all_at_once(drafted=True, text=draft)
        self.wait(0.01)
        self.write_all_at_once(drafted=False, text=text)

    @rule(drafted=st.booleans(), text=words)
    def write_all_at_once(self, drafted: bool, text: str) -> None:
        streams = self.streams & self.drafts if drafted else self.streams - self.drafts
        for stream in sorted(streams - self.rewrites):
            if stream in self.streams:
                self.wholes[stream].written += text
                self.feed(Wrote(stream, text))
            if stream in self.streams:
                self.streams.discard(stream)
                self.feed(Ended(stream))

    @rule(back=backs, transient=st.booleans())
    def fail(self, back: int, transient: bool) -> None:
        stream = self.stream(back)
        self.streams.discard(stream)
        self.feed(Failed(stream, "failed", transient))

    @rule(instructable=st.booleans(), drafts=st.booleans())
    def come_up(self, instructable: bool = True, drafts: bool = True) -> None:
        self.up = True
        self.feed(Up(instructable, drafts))

    @rule()
    def go_down(self) -> None:
        self.up = False
        self.feed(Down("gone"))
        for stream in sorted(self.streams - self.drafts):
            self.streams.discard(stream)
            self.feed(Failed(stream, "gone", transient=True))

    @rule(seconds=st.sampled_from([0.01, 0.2, 1.0, 6.0]))
    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        ticks = 0
        while (due := self.session.deadline()) is not None and due <= end:
            ticks = ticks + 1 if due <= self.now else 0
            self.now = max(self.now, due)
            self.account(self.session.tick(self.now))
            # What a tick has begun may want one more: the place of a stream is looked at next.
            assert ticks < 10, "ticks must settle what was due"
        self.now = end

    @precondition(lambda self: self.asked or self.others)
    @rule()
    def wait_for_the_answer(self) -> None:
        """Nothing hangs: if nobody says anything, time alone answers."""
        self.wait(100.0)

        assert not self.asked
        assert not self.others

    @invariant()
    def at_most_one_completion_is_asked_for_and_two_streams_write_for_it(self) -> None:
        assert len(self.asked) <= 1
        assert len(self.streams - self.rewrites - self.drafts) <= 2
        assert len(self.streams & self.rewrites) <= 1
        assert len(self.streams & self.drafts) <= 1

    @invariant()
    def the_text_is_that_of_a_plain_editor(self) -> None:
        texts = {document.uri: document.text.string for document in self.session.documents}
        assert {uri: text.string for uri, text in self.texts.items()} == texts

    def teardown(self) -> None:
        self.wait(100.0)

        assert not self.asked
        assert not self.others
        assert self.streams <= self.drafts

    def request(self, uri: str) -> int:
        self.requests += 1
        self.last[uri] = self.cursor.get(uri, 0)
        self.asked[self.requests] = (uri, self.last[uri])
        self.shown = None
        return self.requests

    def stream(self, back: int) -> int:
        return [0, 0, 0, *self.wholes][-1 - back]

    def other(self) -> int:
        self.requests += 1
        self.others.add(self.requests)
        return self.requests

    def place(self, uri: str, back: int = 0) -> Position:
        text = self.texts.get(uri, Text(""))
        return text.position(max(0, self.cursor.get(uri, 0) - back), Encoding.UTF16)

    def forget(self, uri: str) -> None:
        if self.shown and self.shown[0] == uri:
            self.shown = None

    def edit(self, uri: str, start: int, end: int, new: str) -> None:
        text = self.texts[uri]
        places = [text.position(at, Encoding.UTF16) for at in (start, end)]
        self.texts[uri] = text.splice(Edit(start, end, new))
        self.cursor[uri] += len(new) - (end - start)
        self.moved(uri, start, end, new)
        self.feed(Edited(uri, self.version, [Change(places[0], places[1], new)]))

    def moved(self, uri: str, start: int, end: int, new: str) -> None:
        self.version += 1
        self.forget(uri)
        for whole in (*self.wholes.values(), *self.coming.values()):
            if whole.uri == uri:
                whole.follow(start, end, new)

    def feed(self, event: Event) -> None:
        self.account(self.session.handle(event, self.now))

    def account(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Open(stream, prompt) | Draft(stream, prompt):
                    assert self.up
                    assert stream not in self.streams
                    self.drafts |= {stream} if isinstance(effect, Draft) else set()
                    self.opened(stream, prompt)
                case Cancel(stream):
                    assert stream in self.streams
                    self.streams.discard(stream)
                case Steer(stream, _, again):
                    assert stream in self.streams
                    if isinstance(again, Prompt):
                        uri = self.wholes[stream].uri
                        self.coming[stream] = self.whole(uri, again.prefix)
                case Foresee(number):
                    self.questions = number
                case Grow(request, suggestion):
                    assert request in self.asked
                    assert suggestion.text.startswith(self.grown.get(request, ""))
                    self.grown[request] = suggestion.text
                    self.check(*self.asked[request], suggestion)
                case Reply(request, verdict, suggestion, _):
                    uri, offset = self.asked.pop(request)
                    assert (verdict is Verdict.SHOW) == (suggestion is not None)
                    if suggestion:
                        # It is only shorter than before where the syntax guard has cut it.
                        grown = self.grown.get(request, "")
                        assert suggestion.text.startswith(grown) or grown.startswith(
                            suggestion.text
                        )
                        self.check(uri, offset, suggestion)
                case Revised() | Proposed() | Steered() | Stopped() | Explained() | Refuse():
                    self.others.remove(effect.request)
                case Revise(request):
                    assert request in self.others
                case _:
                    pass

    def opened(self, stream: int, prompt: Prompt | Rewrite) -> None:
        uri = next(uri for uri in URIS if uri.endswith(prompt.path))
        before = prompt.prefix if isinstance(prompt, Prompt) else prompt.before
        self.streams.add(stream)
        if isinstance(prompt, Rewrite):
            self.rewrites.add(stream)
        self.wholes[stream] = self.whole(uri, before)

    def whole(self, uri: str, before: str) -> Whole:
        # A menu's choice, or an answer that is taken for granted, goes on behind the cursor.
        text, place = self.texts[uri].string, min(len(before), self.last.get(uri, 0))
        return Whole(uri, before, text.rfind("\n", 0, place) + 1)

    def check(self, uri: str, offset: int, suggestion: Suggestion) -> None:
        """What is shown stands where it was asked for and is what was written for that place."""
        text = self.texts[uri]
        assert text.position(offset, Encoding.UTF16) == suggestion.position
        start = text.offset(suggestion.start or suggestion.position, Encoding.UTF16)
        shown = text.string[:start] + suggestion.text
        assert shown.startswith(text.string[:offset])
        assert len(shown) > offset
        self.shown = (uri, offset, shown[offset:], suggestion.answer)
        wholes = [whole for whole in self.wholes.values() if whole.uri == uri]
        assert any((it.before + it.written).startswith(shown) for it in wholes)


SessionMachine.TestCase.settings = settings(max_examples=250, stateful_step_count=40)
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
