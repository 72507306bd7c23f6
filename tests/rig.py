"""A link under test: its acts as they were asked for, and a clock that the test moves."""

import json
from dataclasses import dataclass
from typing import Any

from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.delays import Pace
from spark_lsp.wire.legs import Act, Dial, Drop, Send
from spark_lsp.wire.link import Link
from spark_lsp.wire.outcomes import Connected, Disconnected, Event, Failed
from tests.frames import stage

PROFILE = Profile("m", None, 128, lanes=True, continuation=True, interrupt=True)
STABLE = (Block("file", "a.py", "A = 1\n"),)
OTHER = (Block("file", "z.py", "Z = 0\n"),)
PROMPT = Prompt(STABLE, "open.py", "y = ", "\n")
REWRITE = Rewrite(STABLE, "open.py", "import os\n", "x = 1\ny = 2\n", "print(x)\n", "Double them.")
PACE = Pace()

Told = Event | Connected | Disconnected


@dataclass(frozen=True)
class Sent:
    """A frame that a link wants sent, read."""

    leg: int
    message: dict[str, Any]

    @classmethod
    def read(cls, act: Send) -> "Sent":
        return cls(act.leg, json.loads(act.frame))

    @property
    def lane(self) -> str:
        lane = self.message.get("stream_id", "")
        assert isinstance(lane, str)
        return lane

    @property
    def warms(self) -> bool:
        return self.message.get("generate") is False

    @property
    def asks(self) -> bool:
        return self.message["type"] == "response.create" and not self.warms


class Rig:
    """A link, the time, and what became of both."""

    def __init__(self, profile: Profile = PROFILE, pace: Pace = PACE, jitter: float = 0.5) -> None:
        self.link = Link(profile, pace, lambda: jitter)
        self.now = 1000.0
        self.acts: list[Act] = []
        self.legs: set[int] = set()
        self.open: set[int] = set()

    def do(self, acts: list[Act]) -> list[Act]:
        """Carry out what a link wants, which must make sense."""
        for act in acts:
            match act:
                case Dial(leg):
                    assert leg not in self.legs
                    self.legs.add(leg)
                case Drop(leg):
                    self.legs.discard(leg)
                    self.open.discard(leg)
                case Send(leg):
                    assert leg in self.open
                case _:
                    pass
        self.acts += acts
        assert len(self.legs) <= 3
        return acts

    # What the link has wanted and told since the test looked last.

    def taken(self) -> list[Act]:
        acts, self.acts = self.acts, []
        return acts

    def told(self) -> list[Told]:
        """What was told since the test looked last; dials, sends and drops are passed over."""
        return [act for act in self.taken() if not isinstance(act, Dial | Drop | Send)]

    def sent(self) -> list[Sent]:
        """What was sent since the test looked last; the rest is passed over."""
        return [Sent.read(act) for act in self.taken() if isinstance(act, Send)]

    # What happens.

    def start(self) -> None:
        self.do(self.link.start(self.now))

    def opens(self, leg: int) -> None:
        self.open.add(leg)
        self.do(self.link.opened(leg, self.now))

    def refuses(self, leg: int, status: int | None = None, after: float | None = None) -> None:
        self.legs.discard(leg)
        self.do(self.link.refused(leg, "refused", self.now, status, after))

    def closes(self, leg: int, code: int | None = 1006) -> None:
        self.legs.discard(leg)
        self.open.discard(leg)
        self.do(self.link.closed(leg, "closed", self.now, code))

    def hears(self, leg: int, *frames: str) -> None:
        for frame in frames:
            self.do(self.link.received(leg, frame, self.now))

    def create(self, handle: int, prompt: Prompt | Rewrite = PROMPT) -> None:
        self.do(self.link.create(handle, prompt, self.now))

    def steer(self, handle: int, instruction: str, again: Prompt | Rewrite = PROMPT) -> None:
        self.do(self.link.steer(handle, instruction, again, self.now))

    def cancel(self, handle: int) -> None:
        self.do(self.link.cancel(handle, self.now))

    def warm(self, stable: tuple[Block, ...] = STABLE) -> None:
        self.do(self.link.warm(stable, self.now))

    def passes(self, seconds: float) -> None:
        """Let time pass, with a tick at each deadline."""
        end = self.now + seconds
        for _ in range(10_000):
            due = self.link.deadline()
            if due is None or due > end:
                break
            self.now = max(self.now, due)
            self.do(self.link.tick(self.now))
        else:
            raise AssertionError("a deadline that does not pass")
        self.now = end

    # What is common.

    def connects(self) -> int:
        """Be connected; returns the leg."""
        self.start()
        (dial,) = self.taken()
        assert isinstance(dial, Dial)
        self.opens(dial.leg)
        self.acts.remove(Connected())
        return dial.leg

    def dialled(self) -> int:
        """The one leg that was dialled since the test looked last."""
        (leg,) = [act.leg for act in self.taken() if isinstance(act, Dial)]
        return leg

    def answers(self, leg: int, lane: str, response_id: str) -> None:
        """A response, from its beginning to its end."""
        self.hears(leg, stage("created", lane, response_id), stage("completed", lane, response_id))

    def prepares(self, leg: int, lane: str = "base", response_id: str = "r0") -> None:
        """Answer the warm-up that was sent on this leg."""
        assert any(it.warms and (it.leg, it.lane) == (leg, lane) for it in self.sent())
        self.answers(leg, lane, response_id)


def failed(told: list[Told]) -> list[int]:
    """The handles that have failed."""
    return [event.handle for event in told if isinstance(event, Failed)]
