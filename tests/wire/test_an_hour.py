"""One hour of simulated connection life in seconds of test time.

A link and the server halves at the ends of its legs, between them a network with a delay and a
bandwidth of its own, before them a person who types in bursts and changes their mind. The clock is
a number, and what happens follows from a seed.

Held: no request waits unless the provider is really away; each has one end, with exactly the text
that the server said; never more than three connections; nothing is left over at the end.
"""

import heapq
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from random import Random

import pytest

from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.legs import Act, Dial, Drop, Send
from spark_lsp.wire.outcomes import (
    Connected,
    Delta,
    Disconnected,
    Ended,
    Failed,
    Warmed,
)
from spark_lsp.wire.server import Answered, Generate, Prepare, Server, Stop
from tests.frames import error
from tests.rig import PACE, Rig

HOUR = 3600.0
DELAY = 0.02
"""Seconds that a frame takes, each way."""
TOKEN = 0.02
PREPARING = 0.4
KEY = 0.15

LANES = Profile("m", None, 128, lanes=True, continuation=True, interrupt=False)
INTERRUPTS = replace(LANES, interrupt=True)
PLAIN = replace(LANES, lanes=False, continuation=False)
PROVIDERS = {"lanes": LANES, "interrupts": INTERRUPTS, "plain": PLAIN}


@dataclass(frozen=True)
class Weather:
    """How bad an hour is: how often per hour, or how likely."""

    drops: float = 0.0
    silences: float = 0.0
    refused: float = 0.0
    limited: float = 0.0
    broken: float = 0.0
    forgetful: float = 0.0
    rambling: float = 0.0
    lifetime: float = HOUR
    away: tuple[tuple[float, float], ...] = ()


CALM = Weather()
STORM = Weather(
    drops=12,
    silences=2,
    refused=0.3,
    limited=0.02,
    broken=0.02,
    forgetful=12,
    rambling=0.03,
    away=((600.0, 660.0), (2000.0, 2020.0)),
)
SHORT = Weather(lifetime=600.0)
"""A server that ends connections sooner than it documents."""


class Far:
    """The other end of a leg."""

    def __init__(self, world: "World", leg: int) -> None:
        self.world = world
        self.leg = leg
        self.born = world.now
        self.server = Server("m", world.ids)
        self.alive = True
        self.silent = False
        self.stopped: set[str] = set()
        self._arrives = 0.0
        self._returns = 0.0

    def carry_up(self, frame: str) -> None:
        """A frame is on its way here."""
        self._arrives = max(self._arrives, self.world.now + DELAY)
        self.world.at(self._arrives, lambda: self._takes(frame))

    def carry_down(self, frames: list[str]) -> None:
        """Frames are on their way back."""
        self._returns = max(self._returns, self.world.now + DELAY)
        for frame in frames:
            self.world.at(self._returns, partial(self._delivers, frame))

    def ends(self, code: int | None) -> None:
        """The connection is gone, and the client hears of that."""
        self._returns = max(self._returns, self.world.now + DELAY)
        self.world.at(self._returns, lambda: self._closes(code))

    def _takes(self, frame: str) -> None:
        if self.alive and not self.silent:
            self.obey(self.server.receive(frame))

    def _delivers(self, frame: str) -> None:
        if self.alive and not self.silent and self.leg in self.world.rig.open:
            self.world.rig.hears(self.leg, frame)
            self.world.heed()

    def _closes(self, code: int | None) -> None:
        self.alive = False
        if self.leg in self.world.rig.open:
            self.world.rig.closes(self.leg, code)
            self.world.heed()

    def obey(self, answered: Answered) -> None:
        """Do what the server half wants."""
        self.carry_down(answered.frames)
        for command in answered.commands:
            match command:
                case Stop(key):
                    self.stopped.add(key)
                case Prepare(key):
                    self.world.after(PREPARING, partial(self._finishes, key))
                case Generate(key):
                    self._generates(command)

    def _generates(self, command: Generate) -> None:
        world, key = self.world, command.key
        world.asked[key] = int(command.prompt.path)
        world.said[key] = ""
        dice = world.dice.random()
        if dice < world.weather.limited:
            self.obey(self.server.fail(key, "rate_limit_exceeded", "Please try again in 1.5s."))
        elif dice < world.weather.limited + world.weather.broken:
            world.after(5 * TOKEN, lambda: self._fails(key))
            self._says(key, 9)
        else:
            rambles = world.dice.random() < world.weather.rambling
            self._says(key, 120 if rambles else world.dice.randint(0, 20))

    def _says(self, key: str, left: int) -> None:
        if not self.alive or key in self.stopped:
            return
        if not left:
            self._finishes(key)
            return
        word = f"{left} "
        self.world.said[key] += word
        self.carry_down(self.server.delta(key, word))
        self.world.after(TOKEN, lambda: self._says(key, left - 1))

    def _finishes(self, key: str) -> None:
        if self.alive and key not in self.stopped:
            self.stopped.add(key)
            self.obey(self.server.finish(key))

    def _fails(self, key: str) -> None:
        if self.alive and key not in self.stopped:
            self.stopped.add(key)
            self.obey(self.server.fail(key, "server_error", "oops"))


@dataclass
class Asked:
    """A request of the person's."""

    at: float
    text: str = ""
    first: float | None = None
    ended: float | None = None
    failed: str = ""
    cancelled: float | None = None
    retry: bool = False


@dataclass
class World:
    """A person, a link, a network and the ends of it."""

    profile: Profile
    seed: int
    weather: Weather
    now: float = 0.0
    heap: list[tuple[float, int, Callable[[], object]]] = field(default_factory=list)
    far: dict[int, Far] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    requests: dict[int, Asked] = field(default_factory=dict)
    outages: list[tuple[float, float]] = field(default_factory=list)
    lives: list[float] = field(default_factory=list)
    frames: list[tuple[bool, int]] = field(default_factory=list)
    limits: int = 0
    up: bool = False
    current: int | None = None
    typing: bool = True
    lines: int = 100

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)
        self.rig = Rig(self.profile)
        self._numbers = count(1)
        self._handles = count(1)
        self._order = count()
        self.stable: tuple[Block, ...] = ()
        self.warm: tuple[Block, ...] = ()

    def ids(self) -> str:
        return str(next(self._numbers))

    # Time.

    def at(self, time: float, what: Callable[[], object]) -> None:
        heapq.heappush(self.heap, (time, next(self._order), what))

    def after(self, seconds: float, what: Callable[[], object]) -> None:
        self.at(self.now + seconds, what)

    def lives_until(self, end: float) -> None:
        """Let everything happen that happens before a time."""
        for _ in range(10_000_000):
            due = self.rig.link.deadline()
            next_ = self.heap[0][0] if self.heap else end
            time = min(next_, end if due is None else max(due, self.now))
            if time >= end:
                break
            self.now = self.rig.now = time
            if self.heap and next_ <= time:
                heapq.heappop(self.heap)[2]()
            else:
                self.rig.do(self.rig.link.tick(time))
                self.heed()
        self.now = self.rig.now = end

    # The network.

    def heed(self) -> None:
        """Carry out what the link wants, and hear what it tells."""
        for act in self.rig.taken():
            self._perform(act)

    def _perform(self, act: Act) -> None:
        match act:
            case Send(leg, frame):
                message = json.loads(frame)
                if message["type"] == "response.create" and message.get("generate", True):
                    self.frames.append(("previous_response_id" in message, len(frame)))
                self.far[leg].carry_up(frame)
            case Dial(leg):
                self.after(4 * DELAY, lambda: self._dialled(leg))
            case Drop(leg):
                if far := self.far.get(leg):
                    self._is_over(far)
            case Connected() | Disconnected():
                self._is_up(up=isinstance(act, Connected))
            case Warmed(stable=stable):
                self.warm = stable
            case _:
                self._hears(act)

    def _is_up(self, *, up: bool) -> None:
        if self.up and not up:
            self.outages.append((self.now, HOUR * 24))
        if up and self.outages:
            self.outages[-1] = (self.outages[-1][0], self.now)
        self.up = up
        if not up:
            self.warm = ()
        elif self.stable:
            self.rig.warm(self.stable)

    def _hears(self, act: Act) -> None:
        match act:
            case Delta(handle, text):
                asked = self._open(handle)
                asked.first = self.now if asked.first is None else asked.first
                asked.text += text
            case Ended(handle):
                self._open(handle).ended = self.now
                self._answered(handle)
            case Failed(handle):
                self._open(handle).failed = act.code
                self._answered(handle)
                self._retries(act)
            case _:
                raise AssertionError(act)

    def _open(self, handle: int) -> Asked:
        asked = self.requests[handle]
        assert asked.ended is None
        assert not asked.failed
        assert asked.cancelled is None
        return asked

    def _dialled(self, leg: int) -> None:
        if leg not in self.rig.legs:
            return
        if self.is_away(self.now) or self.dice.random() < self.weather.refused:
            status, after = self.dice.choice([(503, None), (503, 0.5), (None, None), (429, 1.0)])
            self.rig.refuses(leg, status, after)
        else:
            far = self.far[leg] = Far(self, leg)
            self.after(self.weather.lifetime, lambda: self._limit(far))
            for rate, what in (
                (self.weather.drops, lambda: self._drops(far)),
                (self.weather.silences, lambda: self._falls_silent(far)),
                (self.weather.forgetful, lambda: self._forgets(far)),
            ):
                if rate:
                    self.after(self.dice.expovariate(rate / HOUR), what)
            self.rig.opens(leg)
        self.heed()

    def goes_away(self) -> None:
        """All connections are cut, and there will be none for a while."""
        for far in self.far.values():
            self._drops(far)

    def is_away(self, time: float) -> bool:
        return any(start <= time < end for start, end in self.weather.away)

    def _is_over(self, far: Far) -> None:
        if far.alive:
            far.alive = False
            self.lives.append(self.now - far.born)

    def _limit(self, far: Far) -> None:
        if far.alive:
            self.limits += 1
            far.carry_down([error("websocket_connection_limit_reached", "")])
            far.ends(1000)

    def _drops(self, far: Far) -> None:
        if far.alive and self.weather.drops:
            far.alive = False
            far.ends(1006)

    def _falls_silent(self, far: Far) -> None:
        far.silent = True

    def _forgets(self, far: Far) -> None:
        far.server._newest.clear()

    # The person.

    def types(self) -> None:
        """A burst of keys, then a pause."""
        if not self.typing:
            return
        for number in range(self.dice.randint(5, 40)):
            self.after(number * KEY, self._key)
        self.after(self.dice.choice([15.0, 30.0, 60.0, 120.0]), self.types)

    def packs(self) -> None:
        """The stable part grows, or is packed anew."""
        if not self.typing:
            return
        block = Block("file", f"{self.now}.py", "x = 1\n" * self.lines)
        self.stable = (*self.stable, block) if len(self.stable) < 5 else (block,)
        if self.up:
            self.rig.warm(self.stable)
            self.heed()
        self.after(self.dice.uniform(60.0, 600.0), self.packs)

    def _key(self) -> None:
        if self.current is not None and self.dice.random() < 0.5:
            return  # typed along
        if self.current is not None:
            self.requests[self.current].cancelled = self.now
            self.rig.cancel(self.current)
            self.current = None
            self.heed()
        if self.up:
            self._asks(retry=False)

    def _asks(self, *, retry: bool) -> None:
        handle = self.current = next(self._handles)
        self.requests[handle] = Asked(self.now, retry=retry)
        self.rig.create(handle, Prompt(self.warm, str(handle), "y = ", "\n"))
        self.heed()

    def _answered(self, handle: int) -> None:
        assert handle == self.current
        self.current = None

    def _retries(self, failed: Failed) -> None:
        """As the session does: once, if nothing was seen, and when the server says."""
        asked = self.requests[failed.handle]
        if asked.first is None and not asked.retry and failed.transient:
            self.after(failed.retry_after or 0.0, self._again)

    def _again(self) -> None:
        if self.current is None and self.up:
            self._asks(retry=True)


def lived(profile: Profile, seed: int, weather: Weather, seconds: float, lines: int = 100) -> World:
    """A world in which somebody has typed for so long, and then nothing more."""
    world = World(profile, seed, weather, lines=lines)
    for start, _ in weather.away:
        world.at(start, world.goes_away)
    world.rig.start()
    world.heed()
    world.packs()
    world.types()
    world.lives_until(seconds)
    world.typing = False
    world.weather = CALM
    world.lives_until(seconds + PACE.unlikely + 10.0)
    return world


def check(world: World) -> None:
    """What holds in every weather."""
    for number, asked in world.requests.items():
        ends = [asked.ended is not None, bool(asked.failed), asked.cancelled is not None]
        assert 1 == sum(ends), number
    said: dict[int, list[str]] = {}
    for key, handle in world.asked.items():
        said.setdefault(handle, []).append(world.said[key])
    for number, asked in world.requests.items():
        if asked.ended is not None:
            assert asked.text in said[number]
            assert asked.text == said[number][-1]
        else:
            assert any(it.startswith(asked.text) for it in said.get(number, [""]))
    assert world.up
    link = world.rig.link
    assert not link._waiting
    assert not link._again
    assert not link._carriers
    kept = {2, 3} if world.profile is PLAIN else {1}
    assert len(world.rig.open) in kept
    assert world.rig.open == world.rig.legs


def waits(world: World) -> list[float]:
    """Seconds from each request that was not cancelled to the first that was heard of it."""
    return [
        (asked.first or asked.ended or 0.0) - asked.at
        for asked in world.requests.values()
        if asked.ended is not None
    ]


@pytest.mark.parametrize("name", PROVIDERS)
def test_two_calm_hours_have_no_gap(name: str) -> None:
    """A rotation every 55 minutes, and nobody notices."""
    world = lived(PROVIDERS[name], 1, CALM, 2 * HOUR)

    check(world)
    assert [] == world.outages
    assert 0 == world.limits
    assert not [asked for asked in world.requests.values() if asked.failed]
    assert all(PACE.rotation <= life < HOUR for life in world.lives)
    assert 2 <= len(world.lives) <= (6 if name == "plain" else 2)
    assert max(waits(world)) < 0.5
    assert len(waits(world)) > 1000


@pytest.mark.parametrize("name", ["lanes", "interrupts"])
def test_a_key_costs_a_small_frame_all_that_time(name: str) -> None:
    """At most a fiftieth of the bytes that a full prompt has, rotations included."""
    world = lived(PROVIDERS[name], 2, CALM, HOUR, lines=2000)

    warm = [size for continues, size in world.frames if continues]
    spent = sum(size for _, size in world.frames)
    whole = len(str(world.stable)) * len(world.frames)
    assert len(warm) > 0.9 * len(world.frames)
    assert max(warm) < 1000
    assert spent <= 0.02 * whole


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", PROVIDERS)
def test_an_hour_of_storm_loses_nothing_and_answers_nothing_twice(name: str, seed: int) -> None:
    """Drops, silences, refusals, limits, failures, a server that forgets, and two outages."""
    world = lived(PROVIDERS[name], seed, STORM, HOUR)

    check(world)
    assert world.outages
    # A connection that falls silent is given up after a while; nothing takes longer.
    assert max(waits(world)) < PACE.mute
    # Away is what the provider was, and what it took to find that out.
    away = sum(end - start for start, end in world.outages)
    assert away < 80.0 + 5.0 * len(world.outages) + 10.0
    assert len(waits(world)) > 300


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_server_that_ends_connections_early_is_no_outage_for_long(name: str) -> None:
    """It says so on each; the next is dialled at once."""
    world = lived(PROVIDERS[name], 3, SHORT, HOUR)

    check(world)
    assert world.limits >= 5
    assert all(end - start < 0.2 for start, end in world.outages)
    assert max(waits(world)) < 0.7


def test_the_same_seed_is_the_same_hour() -> None:
    """So that what fails once can be looked at."""
    one, other = (lived(LANES, 4, STORM, 600.0) for _ in range(2))

    assert one.requests == other.requests
    assert one.frames == other.frames
