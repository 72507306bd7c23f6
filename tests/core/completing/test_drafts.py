"""Drafts: what is asked of the engine, and that the model is asked as if there were none."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from spark_lsp.core.documents import Change
from spark_lsp.core.effects import Cancel, Count, Draft, Effect, Grow, Open
from spark_lsp.core.events import (
    Asked,
    Closed,
    Edited,
    Ended,
    Event,
    Failed,
    Opened,
    Rejected,
    Up,
    Wrote,
)
from spark_lsp.core.prompt import Prompt
from spark_lsp.core.session import Session
from spark_lsp.core.text import Edit, Encoding, Position, Text

URI = "file:///w/a.py"


class Person:
    """Types into one document and asks; the model says only what a test has it say."""

    def __init__(self, *, drafts: bool) -> None:
        self.session = Session(Encoding.UTF16)
        self.now = 0.0
        self.text = Text("a = 1\n\nx = \ny()\n")
        self.cursor = 11
        self.version = 1
        self.requests = 0
        self.opened: list[int] = []
        self.drafted: list[int] = []
        self.asked: list[Prompt | int] = []
        self.predicted = ""
        self.effects: list[Effect] = []
        self.feed(Opened(URI, "a.py", "python", 1, self.text.string))
        self.feed(Up(drafts=drafts))

    def feed(self, event: Event) -> None:
        self._heed(self.session.handle(event, self.now))

    def edit(self, start: int, end: int, new: str) -> None:
        places = [self.text.position(at, Encoding.UTF16) for at in (start, end)]
        self.text = self.text.splice(Edit(start, end, new))
        self.cursor += len(new) - (end - start)
        self.version += 1
        self.feed(Edited(URI, self.version, [Change(places[0], places[1], new)]))

    def type(self, text: str) -> None:
        self.edit(self.cursor, self.cursor, text)

    def ask(self, *, invoked: bool = False) -> None:
        self.requests += 1
        place = self.text.position(self.cursor, Encoding.UTF16)
        self.feed(Asked(self.requests, URI, place, grows=True, invoked=invoked))

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.session.deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self._heed(self.session.tick(self.now))
        self.now = end

    def draft(self, text: str) -> None:
        """Have the engine write a whole draft."""
        for event in (Wrote(self.drafted[-1], text), Ended(self.drafted[-1])):
            self.feed(event)

    def _heed(self, effects: list[Effect]) -> None:
        self.effects += effects
        for effect in effects:
            match effect:
                case Open(stream, Prompt() as prompt):
                    self.opened.append(stream)
                    self.asked.append(replace(prompt, prediction=""))
                    self.predicted = prompt.prediction
                case Draft(stream):
                    self.drafted.append(stream)
                case Cancel(stream) if stream in self.opened:
                    self.asked.append(self.opened.index(stream))
                case _:
                    pass


words = st.text(alphabet="ab( \n", min_size=1, max_size=3)
steps = st.one_of(
    st.tuples(st.just("type"), words),
    st.tuples(st.just("along"), st.integers(1, 3)),
    st.tuples(st.just("delete"), st.integers(1, 2)),
    st.tuples(st.just("ask"), st.booleans()),
    st.tuples(st.just("draft"), words),
    st.tuples(st.just("end"), st.none()),
    st.tuples(st.just("fail"), st.booleans()),
    st.tuples(st.just("wait"), st.sampled_from([0.01, 0.1, 0.6, 6.0])),
)


@settings(max_examples=300)
@given(st.lists(steps, max_size=25))
def test_until_a_model_writes_a_draft_changes_nothing_of_what_it_is_asked(
    script: list[tuple[str, object]],
) -> None:
    """Neither when, nor what, nor what is cancelled, whatever is drafted and typed along with.

    What it is told that it may say is another matter, and changes nothing of what it is asked.
    """
    both = Person(drafts=True), Person(drafts=False)
    shown = ""
    for what, how in script:
        if what == "draft" and both[0].drafted:
            both[0].draft(str(how))
            shown = str(how)
        for person in both:
            match what, how:
                case "type", str():
                    person.type(how)
                case "along", int():
                    person.type(shown[:how])
                case "delete", int():
                    person.edit(max(0, person.cursor - how), person.cursor, "")
                case "ask", bool():
                    person.ask(invoked=how)
                case "end", _ if person.opened:
                    person.feed(Ended(person.opened[-1]))
                case "fail", bool() if person.opened:
                    person.feed(Failed(person.opened[-1], "failed", transient=how))
                case "wait", float():
                    person.wait(how)

        assert both[1].asked == both[0].asked


def test_the_engine_is_shown_the_cursor_and_holds_back_also_where_a_person_asks() -> None:
    person = Person(drafts=True)
    person.ask(invoked=True)
    (asked,) = (it.prompt for it in person.effects if isinstance(it, Open))
    (drafted,) = (it.prompt for it in person.effects if isinstance(it, Draft))

    assert isinstance(asked, Prompt)
    assert replace(asked, stable=(), invoked=False) == drafted
    assert asked.invoked


def counted(person: Person) -> list[tuple[str, str, float | None]]:
    person.feed(Closed(URI))
    counts = [it for it in person.effects if isinstance(it, Count)]
    return [(it.what, it.source, it.first) for it in counts]


def test_what_is_accepted_of_a_draft_is_counted_apart_and_says_nothing_of_how_fast_a_model_is() -> (
    None
):
    person = Person(drafts=True)
    person.ask()
    person.draft("value")
    person.wait(1.0)
    person.type("value")

    assert [("shown", "draft", None), ("accepted", "draft", None)] == counted(person)[:2]


def test_what_the_model_has_gone_on_with_is_the_models() -> None:
    person = Person(drafts=True)
    person.ask()
    person.draft("value")
    person.wait(0.4)
    person.feed(Wrote(person.opened[0], "value + 1"))
    person.wait(1.0)
    person.type("value + 1")

    assert [("shown", "model", 0.4), ("accepted", "model", None)] == counted(person)[:2]


def test_both_are_one_answer_to_the_editor() -> None:
    person = Person(drafts=True)
    person.ask()
    person.draft("value")
    person.wait(0.1)
    person.feed(Wrote(person.opened[0], "value + 1"))

    grown = [it.suggestion for it in person.effects if isinstance(it, Grow)]
    assert ["value", "value + 1"] == [it.text for it in grown]
    assert 1 == len({it.answer for it in grown})
    assert {Position(2, 4)} == {it.position for it in grown}


def test_drafts_that_nobody_wants_do_not_put_off_what_the_model_is_asked() -> None:
    person = Person(drafts=True)
    for round_ in range(8):
        person.type("\n")
        person.ask()
        person.draft("abcdefgh"[round_] * 5)
        person.wait(1.0)
        if round_ % 2:
            person.type("q")  # over it
        else:
            grown = [it for it in person.effects if isinstance(it, Grow)]
            person.feed(Rejected(grown[-1].suggestion.answer))
        person.wait(6.0)  # until the model is given up

    assert 0.0 == person.session._completions._screen.eagerness.calm(person.now)
    assert 8 == len([it for it in person.effects if isinstance(it, Grow)])


def test_of_a_secret_in_a_draft_a_model_is_told_nothing() -> None:
    key = "ghp_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5"
    person = Person(drafts=True)
    person.ask()
    person.draft(f"'{key}'")
    person.feed(Wrote(person.opened[0], "None"))
    person.feed(Ended(person.opened[0]))
    person.wait(1.0)
    person.type("'")
    person.ask()

    assert len(key) + 1 == len(person.predicted)
    assert key[4:] not in person.predicted
