"""The loop around a session: effects in order, and one timer at most."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.effects import (
    Cancel,
    Count,
    Draft,
    Effect,
    Explained,
    Foresee,
    Grow,
    Open,
    Pack,
    Proposed,
    Recall,
    Refusal,
    Refuse,
    Reply,
    Report,
    Revise,
    Revised,
    Shelve,
    Steer,
    Steered,
    Stopped,
    Suggestion,
    Verdict,
    Warm,
)
from spark_lsp.core.events import Event, Failed, Up
from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.core.session import Session
from spark_lsp.core.text import Encoding, Position
from spark_lsp.server.driver import Driver
from spark_lsp.server.hooks import Final, Partial

PROMPT = Prompt((), "a.py", "x = ", "")
REWRITE = Rewrite((), "a.py", "", "x = 1", "", "make it 2")
SUGGESTION = Suggestion(1, Position(0, 4), "value")
EFFECTS: list[Effect] = [
    Cancel(1),
    Open(2, PROMPT),
    Draft(3, PROMPT),
    Warm((Block("file", "a.py", "x"),)),
    Grow(7, SUGGESTION),
    Reply(7, Verdict.SHOW, SUGGESTION, "the model's answer"),
]
FOR_THE_EDITOR: list[Partial | Final] = [
    Grow(7, SUGGESTION),
    Revise(8, 2, 1, ()),
    Report(8, "writing"),
    Reply(7, Verdict.KEEP, None, "overtaken"),
    Revised(8, 2, 1, ()),
    Proposed(9, ()),
    Steered(10, 2, "steered"),
    Stopped(11, (2,)),
    Explained(12, {}),
    Refuse(13, Refusal.FAILED, "there is nothing to steer"),
]
FOR_THE_LIBRARY: list[Shelve | Pack | Recall | Foresee] = [
    Shelve("file:///a.py", "a.py", "x"),
    Pack(1, "a.py", "x", 1, (), 8000),
    Recall(2, "a.py", "x", 1, 100, 50, (), ()),
    Foresee(3, "a.py", "x", "y", 1),
]


class Loop:
    """An event loop whose clock stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[asyncio.TimerHandle] = []
        self.soon: list[Callable[[], object]] = []

    def time(self) -> float:
        return self.now

    def get_debug(self) -> bool:
        return False

    def call_at(
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, cast("Any", self), context)
        self.timers.append(handle)
        return handle

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, cast("Any", self), context)
        self.soon.append(handle._run)
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        self.timers.remove(handle)

    def advance(self, now: float) -> None:
        """Let time pass and fire the timers that are due."""
        self.now = now
        for handle in [handle for handle in self.timers if handle.when() <= now]:
            self.timers.remove(handle)
            handle._run()


class Script(Session):
    """A session that says what it is told to say."""

    def __init__(self, *said: list[Effect]) -> None:
        super().__init__(Encoding.UTF16)
        self.said = list(said)
        self.due: float | None = None
        self.calls: list[tuple[str, object, float]] = []

    def handle(self, event: Event, now: float) -> list[Effect]:
        self.calls.append(("handle", event, now))
        return self.said.pop(0) if self.said else []

    def tick(self, now: float) -> list[Effect]:
        self.calls.append(("tick", None, now))
        self.due = None
        return self.said.pop(0) if self.said else []

    def deadline(self) -> float | None:
        return self.due


class Recorder:
    """All that surrounds a driver at once: what was asked of it, in order."""

    def __init__(self) -> None:
        self.done: list[tuple[Any, ...]] = []

    def open(self, stream: int, prompt: Prompt | Rewrite) -> None:
        self.done.append(("open", stream, prompt))

    def draft(self, stream: int, prompt: Prompt) -> None:
        self.done.append(("draft", stream, prompt))

    def steer(self, stream: int, instruction: str, again: Prompt | Rewrite) -> None:
        self.done.append(("steer", stream, instruction, again))

    def cancel(self, stream: int) -> None:
        self.done.append(("cancel", stream))

    def warm(self, stable: tuple[Block, ...]) -> None:
        self.done.append(("warm", stable))

    def show(self, effect: Partial) -> None:
        self.done.append(("show", effect))

    def answer(self, effect: Final) -> None:
        self.done.append(("answer", effect))

    def ask(self, question: Shelve | Pack | Recall | Foresee) -> None:
        self.done.append(("ask", question))

    def event(self, event: Event, now: float) -> None:
        self.done.append(("event", event, now))

    def effects(self, effects: Sequence[Effect], now: float) -> None:
        self.done.append(("effects", list(effects), now))


class Stage:
    """A driver among fakes."""

    def __init__(self, *said: list[Effect]) -> None:
        self.loop = Loop()
        self.session = Script(*said)
        self.recorder = Recorder()
        self.driver = Driver(self.session, self.recorder, cast("Any", self.loop))
        self.driver.backend = self.recorder


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_effects_are_carried_out_in_order_before_the_event_is_done() -> None:
    stage = Stage(EFFECTS)
    stage.driver.feed(Up())

    assert [("handle", Up(), 100.0)] == stage.session.calls
    assert ["cancel", "open", "draft", "warm", "show", "answer"] == [
        it[0] for it in stage.recorder.done
    ]
    assert ("open", 2, PROMPT) == stage.recorder.done[1]
    assert ("answer", EFFECTS[-1]) == stage.recorder.done[-1]


def test_whatever_is_told_of_a_request_goes_to_the_editor(stage: Stage) -> None:
    stage.session.said = [list(FOR_THE_EDITOR)]
    stage.driver.feed(Up())

    assert ["show"] * 3 + ["answer"] * 7 == [it[0] for it in stage.recorder.done]
    assert FOR_THE_EDITOR == [it[1] for it in stage.recorder.done]


def test_questions_go_to_the_library_if_there_is_one(stage: Stage) -> None:
    stage.session.said = [list(FOR_THE_LIBRARY)] * 2
    stage.driver.feed(Up())

    assert [] == stage.recorder.done

    stage.driver.library = stage.recorder
    stage.driver.feed(Up())

    assert [("ask", question) for question in FOR_THE_LIBRARY] == stage.recorder.done


def test_a_stream_is_redirected_with_what_to_ask_where_it_cannot_be(stage: Stage) -> None:
    stage.session.said = [[Steer(2, "shorter", REWRITE)]]
    stage.driver.feed(Up())

    assert [("steer", 2, "shorter", REWRITE)] == stage.recorder.done


def test_figures_go_to_whoever_records_them_if_anybody_does(stage: Stage) -> None:
    count = Count("completion", "accepted", characters=5)
    stage.session.said = [[count], [count]]
    stage.driver.feed(Up())
    recorded: list[Count] = []
    stage.driver.recorder = recorded.append
    stage.driver.feed(Up())

    assert [count] == recorded


def test_an_observer_sees_each_event_and_what_follows_before_it_is_done(stage: Stage) -> None:
    stage.session.said = [[Cancel(1)], [], [Cancel(2)]]
    stage.driver.observer = stage.recorder
    stage.driver.feed(Up())

    assert [("event", Up(), 100.0), ("effects", [Cancel(1)], 100.0), ("cancel", 1)] == (
        stage.recorder.done
    )

    stage.recorder.done.clear()
    stage.session.due = 103.0
    stage.driver.feed(Up())
    stage.loop.advance(104.0)

    assert [
        ("event", Up(), 100.0),
        ("effects", [], 100.0),
        ("effects", [Cancel(2)], 104.0),
        ("cancel", 2),
    ] == stage.recorder.done


@pytest.mark.parametrize("asks", [Open(2, PROMPT), Steer(2, "shorter", PROMPT)], ids=repr)
def test_without_a_backend_a_request_fails_but_not_before_the_event_is_done(asks: Effect) -> None:
    stage = Stage([Cancel(1), asks, *EFFECTS[2:]])
    stage.driver.backend = None
    stage.driver.feed(Up())

    assert ["show", "answer"] == [it[0] for it in stage.recorder.done]
    assert 1 == len(stage.session.calls)

    stage.loop.soon.pop(0)()
    _, event, _ = stage.session.calls[1]

    assert isinstance(event, Failed)
    assert (2, False) == (event.stream, event.transient)


def test_the_timer_rings_at_the_deadline_and_then_no_more(stage: Stage) -> None:
    stage.session.due = 105.0
    stage.driver.feed(Up())

    assert [105.0] == [timer.when() for timer in stage.loop.timers]

    stage.loop.advance(105.0)

    assert ("tick", None, 105.0) == stage.session.calls[-1]
    assert [] == stage.loop.timers


def test_what_a_tick_asks_for_is_carried_out() -> None:
    stage = Stage([], [Cancel(3)])
    stage.session.due = 105.0
    stage.driver.feed(Up())
    stage.loop.advance(106.0)

    assert [("cancel", 3)] == stage.recorder.done


@given(st.lists(st.none() | st.floats(101, 110), max_size=12))
def test_there_is_one_timer_at_most_and_it_is_the_latest_deadline_s(
    deadlines: list[float | None],
) -> None:
    stage = Stage()
    for due in deadlines:
        stage.session.due = due
        stage.driver.feed(Up())

        assert [due] * (due is not None) == [timer.when() for timer in stage.loop.timers]

    stage.driver.close()

    assert [] == stage.loop.timers


def test_a_deadline_that_stays_keeps_its_timer(stage: Stage) -> None:
    stage.session.due = 105.0
    stage.driver.feed(Up())
    timer = stage.loop.timers[0]
    stage.driver.feed(Up())

    assert timer is stage.loop.timers[0]


def test_a_backend_may_answer_while_it_is_being_asked(stage: Stage) -> None:
    """What it has to say may come as an event in the middle of the effects of another."""

    class Hasty(Recorder):
        def open(self, stream: int, prompt: Prompt | Rewrite) -> None:
            super().open(stream, prompt)
            stage.session.due = 120.0
            stage.driver.feed(Up())

    stage.driver.backend = Hasty()
    stage.session.said = [[Open(1, PROMPT), Grow(7, SUGGESTION)], [Cancel(1)]]
    stage.session.due = 110.0
    stage.driver.feed(Up())

    assert [120.0] == [timer.when() for timer in stage.loop.timers]
    assert [("show", Grow(7, SUGGESTION))] == stage.recorder.done
