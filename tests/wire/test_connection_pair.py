"""Both halves against each other over a link that keeps order and delays as it likes.

Held for every interleaving: each handle that is not cancelled ends exactly once, what ended was
heard as it was said, nothing is heard after a cancel, a lane carries one request at a time and at
most sixteen are in flight.
"""

import json
from collections import deque
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.client import Client
from spark_lsp.wire.events import Usage
from spark_lsp.wire.outcomes import (
    Delta,
    Ended,
    Event,
    Failed,
    Steered,
    Step,
    Unsteered,
    Warmed,
)
from spark_lsp.wire.server import Answered, Command, Generate, Prepare, Server, Stop

PROFILE = Profile("embedded", "low", 128, lanes=True, continuation=True, interrupt=True)


class ConnectionPair:
    """A client, a server, and what is on the way between them."""

    def __init__(self, profile: Profile) -> None:
        numbers = count(1)
        self.client = Client(profile)
        self._ids = lambda: str(next(numbers))
        self.events: list[Event] = []
        self.commands: list[Command] = []
        self.drop = False
        self.connect()

    def connect(self) -> None:
        """A new connection, with a server that knows nothing."""
        self.server = Server("embedded", self._ids)
        self.up: deque[str] = deque()
        self.down: deque[str] = deque()
        self.drop = False

    def take(self, step: Step) -> list[Event]:
        """Puts what the client wants sent on the way."""
        self.up.extend(step.frames)
        self.events += step.events
        self.drop = self.drop or step.drop
        return step.events

    def carry_up(self) -> None:
        """Delivers one frame to the server."""
        answered = self.server.receive(self.up.popleft())
        self.down.extend(answered.frames)
        self.commands += answered.commands

    def carry_down(self) -> list[Event]:
        """Delivers one frame to the client."""
        return self.take(self.client.receive(self.down.popleft()))

    def settle(self) -> None:
        """Delivers until nothing is on the way."""
        while self.up or self.down:
            if self.up:
                self.carry_up()
            else:
                self.carry_down()

    def generating(self) -> list[str]:
        """Keys of what the server was asked to say and not to stop, oldest first."""
        stopped = {command.key for command in self.commands if isinstance(command, Stop)}
        return [
            command.key
            for command in self.commands
            if not isinstance(command, Stop) and command.key not in stopped
        ]

    def commands_of(self, key: str) -> list[Command]:
        """What the server asked for under this key."""
        return [command for command in self.commands if command.key == key]

    def finish(self, key: str, usage: Usage | None = None) -> None:
        """The backend has no more to say."""
        self.over(key, self.server.finish(key, usage))

    def fail(self, key: str) -> None:
        """The backend cannot go on."""
        self.over(key, self.server.fail(key, "server_error", "oops"))

    def over(self, key: str, answered: Answered) -> None:
        """A response has ended, and others may have begun."""
        self.down.extend(answered.frames)
        self.commands = [command for command in self.commands if command.key != key]
        self.commands += answered.commands

    def say(self, key: str, text: str) -> None:
        """The backend says some text."""
        self.down.extend(self.server.delta(key, text))


STABLE = (Block("rules", "AGENTS.md", "Use tabs."), Block("file", "a.py", "A = 1\n"))
PROMPT = Prompt(STABLE, "b.py", "y = ", "\n")


def warmed(profile: Profile = PROFILE) -> ConnectionPair:
    """A pair whose base is warm."""
    pair = ConnectionPair(profile)
    pair.take(pair.client.warm(STABLE))
    pair.settle()
    (command,) = pair.commands
    assert isinstance(command, Prepare)
    pair.finish(command.key)
    pair.settle()
    assert [Warmed(ok=True, stable=STABLE)] == pair.events
    pair.events.clear()
    return pair


def test_the_server_reads_the_whole_prompt_from_a_frame_of_the_tail() -> None:
    """The stable part crosses the wire once."""
    pair = warmed()
    for handle in range(3):
        prompt = replace(PROMPT, prefix=f"y = {handle}")
        (frame,) = pair.client.create(handle, prompt).frames
        pair.up.append(frame)
        pair.settle()

        assert "A = 1" not in frame
        assert isinstance(pair.commands[-1], Generate)
        assert prompt == pair.commands[-1].prompt


def test_text_arrives_as_it_was_said() -> None:
    """With its usage."""
    pair = warmed()
    pair.take(pair.client.create(1, PROMPT))
    pair.settle()
    (key,) = pair.generating()
    for text in ["a", "", "\u2028", "\U0001f600\r\n", '"\\']:
        pair.say(key, text)
    pair.finish(key, Usage(10, 8, 1, 4, 2))
    pair.settle()

    assert [
        Delta(1, "a"),
        Delta(1, "\u2028"),
        Delta(1, "\U0001f600\r\n"),
        Delta(1, '"\\'),
        Ended(1, Usage(10, 8, 1, 4, 2)),
    ] == pair.events


@pytest.mark.parametrize("delivered", range(5))
def test_a_cancel_at_any_moment_stops_the_server(delivered: int) -> None:
    """Before the request arrived, before its id is known, or in mid-text."""
    pair = warmed()
    pair.take(pair.client.create(1, PROMPT))
    if delivered:
        pair.carry_up()
        pair.say(pair.generating()[0], "x")
        for _ in range(delivered):
            pair.carry_down()
    pair.events.clear()
    pair.take(pair.client.cancel(1))
    pair.settle()

    assert pair.generating() == []
    assert pair.events == []
    assert not pair.client.in_flight
    assert not pair.drop


def test_an_interrupt_that_crosses_the_end_does_no_harm() -> None:
    """Both halves have forgotten the response by then."""
    pair = warmed()
    pair.take(pair.client.create(1, PROMPT))
    pair.settle()
    pair.finish(pair.generating()[0])
    pair.take(pair.client.cancel(1))
    pair.settle()

    assert pair.events == []
    assert pair.client.profile.interrupt


def test_a_base_that_the_server_lost_is_repaired_between_the_halves() -> None:
    """The caller sees an answer, not an error."""
    pair = warmed()
    pair.server = Server("embedded", lambda: "new")
    pair.take(pair.client.create(1, PROMPT))
    pair.settle()

    assert pair.events == []
    (command,) = pair.commands
    assert isinstance(command, Generate)
    assert command.prompt == PROMPT


STABLES = st.sampled_from([(), STABLE[:1], STABLE, (*STABLE, Block("file", "c.py", "C = 3\n"))])
PROMPTS = st.builds(Prompt, STABLES, st.just("b.py"), st.text(max_size=3), st.text(max_size=3))
TERMINAL = {"response.completed", "response.failed", "response.incomplete", "error"}


class Link(RuleBasedStateMachine):
    """Random interleavings of both callers, the two halves, and the link."""

    @initialize(
        lanes=st.booleans(),
        continuation=st.booleans(),
        interrupt=st.booleans(),
        steer=st.booleans(),
        warm=st.booleans(),
    )
    def open(self, *, warm: bool, **abilities: Any) -> None:
        """Any profile; a warm base in half of the runs."""
        self.pair = ConnectionPair(Profile("embedded", None, 64, **abilities))
        self.handles = count()
        self.cancelled: set[int] = set()
        self.terminal: dict[int, Event] = {}
        self.heard: dict[int, str] = {}  # by handle
        self.said: dict[str, str] = {}  # by key
        self.whole: dict[int, str] = {}  # what was said by the time the handle's response ended
        self.warming = 0
        self.forgets = 0
        self.busy: set[str] = set()  # lanes, from the frame sent to the terminal frame heard
        if warm:
            self.warm(STABLE)
            self.settle()

    @rule(stable=STABLES)
    def warm(self, stable: tuple[Block, ...]) -> None:
        """The caller has packed a new epoch."""
        self.warming += 1
        self.send(self.pair.client.warm(stable))

    @rule(prompt=PROMPTS, copies=st.sampled_from([1, 1, 1, 1, 18]))
    def create(self, prompt: Prompt, copies: int) -> None:
        """The caller asks, sometimes for more than there are lanes."""
        for _ in range(copies):
            handle = next(self.handles)
            self.heard[handle] = ""
            # The path tells the server's commands which handle they are for.
            self.send(self.pair.client.create(handle, replace(prompt, path=str(handle))))

    @precondition(lambda self: self.heard)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """The caller cancels any handle there ever was."""
        handle = data.draw(st.sampled_from(sorted(self.heard)))
        if handle not in self.terminal:
            self.cancelled.add(handle)
        self.send(self.pair.client.cancel(handle))

    @precondition(lambda self: self.heard)
    @rule(data=st.data())
    def steer(self, data: st.DataObject) -> None:
        """The caller says something to any handle there ever was."""
        open_ = sorted(set(self.heard) - set(self.terminal) - self.cancelled)
        handle = data.draw(st.sampled_from(open_ or sorted(self.heard)))
        self.send(self.pair.client.steer(handle, "shorter"))

    @precondition(lambda self: self.pair.generating())
    @rule(data=st.data())
    def boundary(self, data: st.DataObject) -> None:
        """The backend has nothing half written, which ends a response that is steered."""
        key = data.draw(st.sampled_from(self.pair.generating()))
        answered = self.pair.server.boundary(key)
        if answered.frames:
            self.pair.over(key, answered)

    @precondition(lambda self: self.pair.up)
    @rule()
    def carry_up(self) -> None:
        """One frame reaches the server."""
        self.pair.carry_up()

    @precondition(lambda self: self.pair.down)
    @rule(n_frames=st.integers(1, 5))
    def carry_down(self, n_frames: int) -> None:
        """Some frames reach the client."""
        for _ in range(min(n_frames, len(self.pair.down))):
            message = json.loads(self.pair.down[0])
            lane = message.get("stream_id", "")
            before = self.pair.client._lanes.at(lane)
            step = self.pair.client.receive(self.pair.down.popleft())
            # A response that is steered leaves its lane to its successor.
            succeeds = before is self.pair.client._lanes.at(lane)
            if not succeeds and (message["type"] in TERMINAL or "steer" in message["type"]):
                self.busy.remove(lane)
            self.send(step)

    @precondition(lambda self: self.pair.generating())
    @rule(data=st.data(), text=st.text(max_size=4))
    def say(self, data: st.DataObject, text: str) -> None:
        """The backend says something in any running response."""
        key = data.draw(st.sampled_from(self.pair.generating()))
        if any(isinstance(command, Generate) for command in self.pair.commands_of(key)):
            self.said[key] = self.said.get(key, "") + text
            self.pair.say(key, text)

    @precondition(lambda self: self.pair.generating())
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        """The backend ends any running response."""
        self.end(data.draw(st.sampled_from(self.pair.generating())))

    @precondition(lambda self: self.pair.generating())
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        """The backend fails in any running response."""
        self.pair.fail(data.draw(st.sampled_from(self.pair.generating())))

    @rule()
    def forget(self) -> None:
        """The server loses all it kept; what continues from it has to be repaired."""
        self.pair.server._newest.clear()
        self.forgets += 1

    @rule()
    def lose(self) -> None:
        """The connection breaks, with all that is on the way."""
        self.busy.clear()
        self.pair.server.lost()
        self.note(self.pair.client.lost("test"))
        self.pair.commands.clear()
        self.pair.connect()
        self.each_warm_up_was_told()
        self.warming = self.forgets = 0

    @invariant()
    def what_ended_was_heard_as_it_was_said(self) -> None:
        """Not a character more or less."""
        for handle, event in self.terminal.items():
            if isinstance(event, Ended):
                assert self.whole[handle] == self.heard[handle]

    def teardown(self) -> None:
        """When nothing is left to do, each handle has ended or was cancelled."""
        if not hasattr(self, "pair"):
            return
        self.settle()
        assert set(self.heard) == set(self.terminal) | self.cancelled
        self.each_warm_up_was_told()
        assert not self.pair.client.in_flight
        assert self.pair.client.lost("nothing is open") == []

    def each_warm_up_was_told(self) -> None:
        """And those that the client has made by itself, in place of a base that was forgotten."""
        assert -self.forgets <= self.warming <= 0

    def note(self, events: list[Event]) -> None:
        """Events reach the caller: one terminal per handle, none after a cancel."""
        for event in events:
            if isinstance(event, Warmed):
                self.warming -= 1
                continue
            assert event.handle not in self.cancelled
            assert event.handle not in self.terminal
            match event:
                case Delta(handle, text):
                    self.heard[handle] += text
                    continue
                case Steered(handle):
                    self.heard[handle] = ""
                    continue
                case Unsteered(handle):
                    # It would be asked anew, which is the business of a link.
                    self.cancelled.add(handle)
                    self.send(self.pair.client.cancel(handle))
                    continue
                case _:
                    pass
            self.terminal[event.handle] = event
            if isinstance(event, Failed):
                assert event.code in {"connection_lost", "server_error"}

    def send(self, step: Step) -> None:
        """The client wants frames sent: on idle lanes only, of which there are sixteen."""
        for frame in step.frames:
            message = json.loads(frame)
            if message["type"] == "response.create":
                lane = message.get("stream_id", "")
                assert lane not in self.busy
                self.busy.add(lane)
        self.note(self.pair.take(step))
        assert len(self.busy) <= 16
        assert len(self.busy) == self.pair.client.in_flight

    def end(self, key: str) -> None:
        """Ends a response, and records what its handle must have heard."""
        for command in self.pair.commands_of(key):
            if isinstance(command, Generate):
                self.whole[int(command.prompt.path)] = self.said.get(key, "")
        self.pair.finish(key)

    def settle(self) -> None:
        """Delivers and finishes until nothing is left to do."""
        while self.pair.up or self.pair.down or self.pair.generating():
            if self.pair.up:
                self.carry_up()
            elif self.pair.down:
                self.carry_down(1)
            else:
                self.end(self.pair.generating()[0])


Link.TestCase.settings = settings(
    max_examples=250,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestLink = Link.TestCase
