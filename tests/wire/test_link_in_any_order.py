"""A link holds its promises in whatever order calls, frames, losses and ticks come.

Held at each step: at most one current leg, one spare and one retired are open or dialled; nothing
is sent where nothing is open; each handle has one terminal event or was cancelled, and none is
heard after either; no answer has text of two responses, but for those that a turn parts, unless a
server lies of what it runs; a tick at the deadline makes progress.
"""

import json
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.delays import Pace
from spark_lsp.wire.legs import Act, Send
from spark_lsp.wire.outcomes import (
    Connected,
    Delta,
    Disconnected,
    Ended,
    Failed,
    Steered,
    Unsteered,
    Warmed,
)
from tests.frames import error, frame, stage, text
from tests.rig import OTHER, PROMPT, REWRITE, STABLE, Rig

PACE = Pace(rotation=100.0, retirement=20.0)
LANES = st.sampled_from(["", "c0", "c1", "base", "base1"])
IDS = st.sampled_from(["r1", "r2", "r3", ""])
CODES = st.sampled_from(
    [
        "previous_response_not_found",
        "websocket_connection_limit_reached",
        "rate_limit_exceeded",
        "unknown_parameter",
        "insufficient_quota",
        "interrupt_not_supported",
    ]
)
HOW = [
    "text",
    "text",
    "text",
    "text",
    "completed",
    "completed",
    "accepted",
    "interrupted",
    "content_filter",
]
HOW += ["broken"]
STEERED = [*["accepted"] * 4, *HOW, "failed", "pending"]
CAN_BEGIN = [*[None] * 9, "previous_response_not_found", "unknown_parameter", "rate_limit_exceeded"]
PARAMS = st.sampled_from(["", "stream_id", "previous_response_id", "generate", "reasoning"])
STEERS = st.sampled_from(["accepted", "pending", "failed"])
FRAMES = st.one_of(
    st.builds(stage, st.sampled_from(["created", "created", "completed", "failed"]), LANES, IDS),
    st.builds(text, st.sampled_from(["a", ""]), LANES),
    st.builds(lambda code, lane, param: error(code, lane, param=param), CODES, LANES, PARAMS),
    st.builds(
        lambda how, lane, of: frame(
            f"response.steer.{how}", lane, steer={"previous_response_id": of}
        ),
        STEERS,
        LANES,
        IDS,
    ),
    st.builds(lambda of: frame("response.interrupt.failed", "", response_id=of), IDS),
    st.just("{"),
)


TROUBLES = ["refuses", "closes", "says", "says", "relax", "tick", "tick"]


class Peer:
    """The other end of a leg: what it was asked and has not answered to the end.

    Args:
        named: whether it knows lanes; else it answers one after the other on the default lane.
    """

    def __init__(self, number: int, *, named: bool) -> None:
        self._number = number
        self._named = named
        self._ids = 0
        self._waiting: list[str] = []
        self.running: dict[str, str] = {}
        self.steered: set[str] = set()

    def hears(self, message: dict[str, Any]) -> None:
        """Take in what a link sends."""
        if message["type"] == "response.create":
            self._waiting.append(message.get("stream_id", "") if self._named else "")
        elif message["type"] == "response.steer":
            self.steered.add(message["previous_response_id"])

    @property
    def can_begin(self) -> list[str]:
        """Lanes whose next request may begin."""
        return sorted({*self._waiting} - self.running.keys())

    def begins(self, lane: str) -> str:
        """Begin the next request of a lane."""
        self._waiting.remove(lane)
        self._ids += 1
        self.running[lane] = f"r{self._number}-{self._ids}"
        return stage("created", lane, self.running[lane])

    def refuses(self, lane: str, code: str, param: str) -> str:
        """Answer the next request of a lane with an error."""
        self._waiting.remove(lane)
        return error(code, lane, param=param)

    def ends(self, lane: str, name: str, **fields: Any) -> str:
        """End what runs on a lane."""
        return stage(name, lane, self.running.pop(lane), **fields)

    def succeeds(self, lane: str) -> str:
        """End what runs on a lane for a successor."""
        self._waiting.insert(0, lane)
        return self.ends(lane, "incomplete", incomplete_details={"reason": "steered"})


class AnyOrder(RuleBasedStateMachine):
    """Calls, frames, losses and ticks in any order."""

    @initialize(
        lanes=st.booleans(),
        interrupt=st.booleans(),
        steer=st.booleans(),
        warm_up=st.booleans(),
        cleans=st.booleans(),
        named=st.sampled_from([True, True, False]),
        connects=st.sampled_from([True, True, True, False]),
    )
    def begin(self, *, named: bool, connects: bool, **abilities: Any) -> None:
        """A provider that is believed to be able to do anything or nothing."""
        profile = Profile("m", "low", 64, continuation=True, **abilities)
        self.rig = Rig(profile, PACE)
        self.named = named
        self.peers: dict[int, Peer] = {}
        self.handles = 0
        self.live: set[int] = set()
        self.heard: set[int] = set()
        self.connected = False
        self.source: dict[int, str] = {}
        self.trusted = True
        self.warming: tuple[Block, ...] | None = None
        self.rig.start()
        self.heed()
        if connects:
            self.open_leg(1)

    @rule(
        times=st.sampled_from([*[1] * 8, 2, 16]),
        anyhow=st.sampled_from([False] * 4 + [True]),
        asked=st.sampled_from([PROMPT, REWRITE]),
    )
    def creates(self, *, times: int, anyhow: bool, asked: Prompt | Rewrite) -> None:
        """Somebody asks, sometimes for more than there is room for, or without a connection."""
        if not self.connected and not anyhow:
            self.passes(200.0)
            self.open_leg(max(self.rig.legs))
        for _ in range(times):
            self.create(asked)

    def create(self, asked: Prompt | Rewrite) -> None:
        """Somebody asks."""
        self.handles += 1
        self.live.add(self.handles)
        connected = self.connected
        self.rig.create(self.handles, asked)
        self.heed()
        assert connected or self.handles not in self.live

    @precondition(lambda self: self.handles)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Somebody has lost interest, perhaps long ago."""
        handle = data.draw(self.any_handle())
        self.live.discard(handle)
        self.rig.cancel(handle)
        self.heed()

    @precondition(lambda self: self.handles)
    @rule(data=st.data(), again=st.sampled_from([PROMPT, REWRITE]))
    def steer(self, data: st.DataObject, again: Prompt | Rewrite) -> None:
        """Somebody wants something else, perhaps too late."""
        handle = data.draw(self.any_handle())
        self.rig.steer(handle, "shorter", again)
        self.heed()

    def any_handle(self) -> st.SearchStrategy[int]:
        """One that there has been, likely one that is open."""
        heard = sorted(self.heard & self.live)
        return st.sampled_from([*(heard * 4 or sorted(self.live)), 1, self.handles])

    @rule(stable=st.sampled_from([STABLE, OTHER, ()]))
    def warm(self, stable: tuple[Block, ...]) -> None:
        """There is a new stable part."""
        self.warming = stable if self.connected else None
        self.rig.warm(stable)
        self.heed()

    @precondition(lambda self: self.rig.legs - self.rig.open)
    @rule(data=st.data())
    def opens(self, data: st.DataObject) -> None:
        """A handshake has succeeded."""
        self.open_leg(data.draw(st.sampled_from(sorted(self.rig.legs - self.rig.open))))

    def open_leg(self, leg: int) -> None:
        """Have a leg connected to a server that knows nothing yet."""
        self.peers[leg] = Peer(leg, named=self.named)
        self.rig.opens(leg)
        self.heed()

    @rule(data=st.data(), kind=st.sampled_from(TROUBLES))
    def goes_wrong(self, data: st.DataObject, kind: str) -> None:
        """What a person does not want to happen, and what does not matter."""
        rig = self.rig
        anything = sorted(rig.legs or {999})
        match kind:
            case "refuses":
                leg = data.draw(st.sampled_from(sorted(rig.legs - rig.open) or [999]))
                rig.refuses(leg, data.draw(st.sampled_from([None, 401, 426, 503])))
            case "closes":
                code = data.draw(st.sampled_from([None, 1006, 1008]))
                rig.closes(data.draw(st.sampled_from(anything)), code)
            case "says":
                self.trusted = False  # deltas name no response: who lies of one mixes two
                for each in data.draw(st.lists(FRAMES, min_size=1, max_size=3)):
                    rig.hears(data.draw(st.sampled_from(anything)), each)
            case "relax":
                rig.link.relax(rig.now)
            case _:
                due = rig.link.deadline()
                rig.do(rig.link.tick(rig.now))
                after = rig.link.deadline()
                progress = due is None or due > rig.now or after is None or after > rig.now
                assert progress
        self.heed()

    @precondition(lambda self: self.rig.open)
    @rule(choices=st.lists(st.integers(0, 10_000), min_size=1, max_size=12), param=PARAMS)
    def goes_on(self, choices: list[int], param: str) -> None:
        """Servers go on with what they were asked, one way or another."""
        for choice in choices:
            ways = [
                (leg, lane, runs)
                for leg in sorted(self.rig.open)
                for runs in (False, True)
                for lane in sorted(self.peers[leg].running if runs else self.peers[leg].can_begin)
            ]
            if not ways:
                return
            leg, lane, runs = ways[choice % len(ways)]
            if runs:
                steered = self.peers[leg].running[lane] in self.peers[leg].steered
                hows = STEERED if steered else HOW
                self.runs_on(leg, lane, hows[choice % 97 % len(hows)])
            elif code := CAN_BEGIN[choice % 89 % len(CAN_BEGIN)]:
                self.trusted &= param != "stream_id" or not self.named
                self.says(leg, self.peers[leg].refuses(lane, code, param))
            else:
                self.says(leg, self.peers[leg].begins(lane))

    def runs_on(self, leg: int, lane: str, how: str) -> None:
        """A server goes on with what runs on a lane."""
        peer = self.peers[leg]
        steer = {"previous_response_id": peer.running[lane]}
        match how:
            case "text":
                self.says(leg, text(f"{peer.running[lane]};", lane))
            case "accepted":
                self.says(leg, frame("response.steer.accepted", lane, steer=steer))
                if leg in self.rig.open:
                    self.says(leg, peer.succeeds(lane))
            case "failed" | "pending":
                self.says(leg, frame(f"response.steer.{how}", lane, steer=steer))
            case "interrupted" | "content_filter":
                cut = {"reason": how}
                self.says(leg, peer.ends(lane, "incomplete", incomplete_details=cut))
            case "broken":
                self.says(leg, peer.ends(lane, "failed", error={"code": "server_error"}))
            case _:
                self.says(leg, peer.ends(lane, "completed"))

    def says(self, leg: int, said: str) -> None:
        """A leg carries a frame, unless it is gone by now."""
        self.rig.hears(leg, said)
        self.heed()

    @rule(seconds=st.sampled_from([*[0.1] * 8, 0.0, 0.5, 2.0, 5.0, 60.0, 200.0]))
    def passes(self, seconds: float) -> None:
        """Time passes, with a tick at each deadline, of which there is an end."""
        self.rig.passes(seconds)
        self.heed()

    def teardown(self) -> None:
        """When all is lost for a while, nothing is left to be told."""
        if not hasattr(self, "rig"):
            return
        while self.rig.open:
            for leg in sorted(self.rig.open):
                self.rig.closes(leg)
            self.heed()
        assert not self.connected
        assert not self.live
        assert not self.rig.link._waiting
        assert not self.rig.link._again
        assert not self.rig.link._carriers

    def heed(self) -> None:
        """Look at what was done and told since."""
        for act in self.rig.taken():
            self.look(act)

    def look(self, act: Act) -> None:
        """Each act must make sense where it stands."""
        match act:
            case Connected():
                assert not self.connected
                self.connected = True
            case Disconnected():
                self.connected = False
                self.warming = None
            case Delta(handle, said):
                assert handle in self.live
                self.heard.add(handle)
                for source in set(said.strip("a;\n").split(";")) - {""}:
                    assert not self.trusted or source == self.source.setdefault(handle, source)
            case Steered(handle):
                assert handle in self.live
                self.heard.add(handle)
                self.source.pop(handle, None)
            case Ended(handle) | Failed(handle):
                assert handle in self.live
                self.live.remove(handle)
            case Warmed(stable=stable):
                assert stable is self.warming
                self.warming = None
            case Unsteered():
                raise AssertionError("the caller knows no ladder")
            case Send(leg, sent):
                self.peers[leg].hears(json.loads(sent))
            case _:
                pass


AnyOrder.TestCase.settings = settings(
    max_examples=250,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestAnyOrder = AnyOrder.TestCase
