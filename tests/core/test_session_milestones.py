"""A session remembers what the texts were before anything was taken over."""

import pytest

from spark_lsp.core.documents import Change
from spark_lsp.core.effects import Effect, Open, Reply, Suggestion
from spark_lsp.core.events import (
    Accepted,
    Asked,
    Edited,
    Ended,
    Event,
    Opened,
    Up,
    Vetted,
    Wrote,
)
from spark_lsp.core.session import Session
from spark_lsp.core.text import Position

URI = "file:///repository/a.py"
BEFORE = "total = "
WRITTEN = "sum(values)"
HERE = Position(0, len(BEFORE))


class Life:
    """A document in which a suggestion is on screen."""

    def __init__(self, private: str = "") -> None:
        self.session = Session()
        self.now = 0.0
        self.feed(Opened(URI, "a.py", "python", 1, BEFORE), Vetted(URI, ""), Up())
        (open_,) = (it for it in self.feed(Asked(1, URI, HERE, grows=False, invoked=True))
                    if isinstance(it, Open))  # fmt: skip
        effects = self.feed(Wrote(open_.stream, WRITTEN), Ended(open_.stream))
        (self.shown,) = (it.suggestion for it in effects if isinstance(it, Reply))
        if private:
            self.feed(Vetted(URI, private))

    def feed(self, *events: Event) -> list[Effect]:
        found: list[Effect] = []
        for event in events:
            self.now += 0.01
            found += self.session.handle(event, self.now)
        return found

    @property
    def accepted(self) -> Accepted:
        assert isinstance(self.shown, Suggestion)
        return Accepted(self.shown.answer)


CHANGE = Edited(URI, 2, (Change(HERE, HERE, WRITTEN),))


@pytest.mark.parametrize("after", [True, False], ids=["after it", "before it"])
def test_the_text_is_remembered_whether_the_editor_tells_it_before_or_after_the_change(
    *, after: bool
) -> None:
    life = Life()
    events: list[Event] = [life.accepted, CHANGE]
    life.feed(*(reversed(events) if after else events))
    (moment,) = life.session.milestones.all()

    assert {"a.py": BEFORE} == life.session.milestones.since(moment.number)
    assert (WRITTEN, 0) == (moment.text, moment.line)


def test_an_editor_that_tells_nothing_is_seen_by_the_change() -> None:
    life = Life()
    life.feed(CHANGE)

    assert {"a.py": BEFORE} == life.session.milestones.since(1)


def test_of_what_may_not_leave_the_machine_nothing_is_remembered() -> None:
    life = Life("it is ignored by git")
    life.feed(life.accepted, CHANGE)

    assert [] == life.session.milestones.all()
