"""Owns a provider's connections over time: which carries what, and when another takes over.

Pure, with time as an argument. The frames of one connection are `client`'s, sockets and timers
`server.connection`'s. Source: responses-protocol.md §1.5, §9.

Theory of operation
===================

A *leg* is one connection: dialled, then open, then gone. At most one is *current* and takes
requests; at most one is a *spare*, about to take over; the others are *retired* and end when what
they carry has ended. There are at most three legs.

- *Down* is having no current leg. Dialling begins at once after a leg that was of use, and comes
  more and more seldom after those that were not. A server that has no WebSocket, or refuses the
  key, is asked again after minutes: what is *hopeless* says so, for others to fill in. Nothing
  waits for a connection: what cannot be sent has failed.
- *Rotation.* Servers end connections after an hour. A spare is dialled before, prepared like the
  current leg, and takes over; what the old one writes is heard to its end.
- *No room.* Where a cancelled answer cannot be interrupted and there is no other lane, the next
  request goes to whatever has room first: the spare, which is kept for this, or a leg that has
  drained. Such legs rest to be spares again; one that does not drain for long is dropped.
- *Mute.* A leg that gives no sign of life for long after a request is given up: it may be dead.
- *Refusals.* What one leg has learned of the provider holds for all that follow.
- *Overload.* Where a server says that it has too much to do and not for how long, the waits grow.
"""

from collections.abc import Callable

from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.wire import outcomes
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.client import Client
from spark_lsp.wire.delays import Overload, Pace, Redial
from spark_lsp.wire.faults import Fault
from spark_lsp.wire.legs import Act, Dial, Drop, Leg, Send, Spares
from spark_lsp.wire.outcomes import Failed, Steered, Step, Unsteered, Warmed
from spark_lsp.wire.warming import Warming

_LOST = Fault("connection_lost", "the connection to the model was lost")


class Link:
    """A provider at the end of whatever connections it takes; see the theory of operation above.

    Every call returns what is to be done, in order. None raises, but no handle may be open twice.
    """

    def __init__(self, profile: Profile, pace: Pace, jitter: Callable[[], float]) -> None:
        """Take what is believed of the provider, how long to wait, and a source of [0, 1)."""
        self._profile = profile
        self._pace = pace
        self._redial = Redial(pace)
        self._spares = Spares(pace)
        self._overload = Overload(jitter)
        self._legs: dict[int, Leg] = {}
        self._numbers = 0
        self._current: Leg | None = None
        self._spare: Leg | None = None  # only beside a current one
        self._dial_at: float | None = None
        self._waiting: dict[int, Prompt | Rewrite] = {}
        self._again: dict[int, Prompt | Rewrite] = {}
        self._carriers: dict[int, Leg] = {}
        self._warming = Warming()
        self._acts: list[Act] = []

    @property
    def profile(self) -> Profile:
        """What is believed of the provider by now."""
        return self._profile

    # What the caller wants.

    def start(self, now: float) -> list[Act]:
        """Begin to connect."""
        self._dial_at = now
        return self.tick(now)

    def relax(self, now: float, *, relaxed: bool = True) -> None:
        """Dial seldom, until a leg was of use, or until told otherwise: another way is in use."""
        self._redial.relaxed = relaxed
        if self._dial_at is not None and not relaxed:
            self._dial_at = min(self._dial_at, now + self._redial.delay)

    def create(self, handle: int, prompt: Prompt | Rewrite, now: float) -> list[Act]:
        """Ask for a completion or a rewrite; it fails at once while there is no connection."""
        self._waiting[handle] = prompt
        self._place(now)
        return self._taken()

    def cancel(self, handle: int, now: float) -> list[Act]:
        """Forget what was asked: nothing is said about it any more."""
        self._waiting.pop(handle, None)
        if leg := self._carriers.get(handle):
            self._stop(leg, handle, now)
        self._place(now)
        return self._taken()

    def steer(
        self, handle: int, instruction: str, again: Prompt | Rewrite, now: float
    ) -> list[Act]:
        """Redirect an answer: the model is told so where it can be, else `again` is asked.

        `Steered` says how; what is told before it belongs to the old answer, and nothing after.
        """
        if leg := self._carriers.get(handle):
            self._again[handle] = again
            self._take(leg, leg.client.steer(handle, instruction), now)
        elif handle in self._waiting:
            self._waiting[handle] = again
            self._acts.append(Steered(handle, "reissued"))
        return self._taken()

    def warm(self, stable: tuple[Block, ...], now: float) -> list[Act]:
        """Prepare for prompts with this stable part; `Warmed` says when that is over."""
        self._warming.stable = stable
        if self._current is not None:
            self._warming.due = now + self._pace.warming
            self._take(self._current, self._warming.prepare(self._current), now)
            if self._spare is not None and self._spare.open:
                self._make_ready(self._spare, now)
        return self._taken()

    # What the connections and the clock do.

    def opened(self, number: int, now: float) -> list[Act]:
        """A leg is connected."""
        leg = self._legs.get(number)
        if leg is None:
            return [Drop(number)]
        if not leg.open:
            leg.open, leg.born = True, now
            if leg is self._spare:
                self._make_ready(leg, now)
            else:
                self._enthrone(leg)
                self._acts.append(outcomes.Connected())
                self._keep_spare(now)
            self._place(now)
        return self._taken()

    def refused(
        self, number: int, reason: str, now: float, status: int | None, after: float | None
    ) -> list[Act]:
        """A leg could not be connected; `status` is the HTTP status that said so, if one did."""
        leg = self._legs.get(number)
        if leg is None or leg.open:
            return self.closed(number, reason, now)
        del self._legs[number]
        if leg is self._spare:
            self._spare = None
            self._spares.refused(status, after, now)
        else:
            self._redial.refused(status, after)
            self._dial_at = now + self._redial.delay
            self._acts.append(outcomes.Disconnected(reason, self._redial.hopeless))
        return self._taken()

    def received(self, number: int, frame: str | bytes, now: float) -> list[Act]:
        """A frame has come on a leg."""
        leg = self._legs.get(number)
        if leg is not None and leg.open:
            leg.asked = None
            self._take(leg, leg.client.receive(frame), now)
            retired = number in self._legs and leg not in {self._current, self._spare}
            if retired and not leg.client.in_flight:
                self._drained(leg, now)
            self._place(now)
        return self._taken()

    def closed(self, number: int, reason: str, now: float, code: int | None = None) -> list[Act]:
        """A leg is gone."""
        if leg := self._legs.get(number):
            if not leg.open:
                return self.refused(number, reason, now, None, None)
            self._gone(leg, reason, now, code)
        return self._taken()

    def deadline(self) -> float | None:
        """When `tick` should be called if nothing happens before, or None."""
        times = [self._dial_at, self._warming.due, self._spare_due()]
        for leg in self._legs.values():
            times += [leg.ends, leg.mute_at(self._pace)]
        return min((time for time in times if time is not None), default=None)

    def tick(self, now: float) -> list[Act]:
        """Do what has become due."""
        if self._dial_at is not None and self._dial_at <= now:
            self._dial_at = None
            self._dial()
        if self._warming.due is not None and self._warming.due <= now:
            self._acts += self._warming.told()
        for leg in list(self._legs.values()):
            if (mute := leg.mute_at(self._pace)) is not None and mute <= now:
                self._give_up(leg, "the model does not answer any more", now)
            elif leg.ends is not None and leg.ends <= now:
                self._give_up(leg, "the answer took too long", now)
        self._take_over(now)
        self._keep_spare(now)
        return self._taken()

    # How legs come and go.

    def _dial(self) -> Leg:
        self._numbers += 1
        leg = self._legs[self._numbers] = Leg(self._numbers, Client(self._profile))
        self._acts.append(Dial(leg.number))
        return leg

    def _enthrone(self, leg: Leg) -> None:
        self._current, self._dial_at, leg.ends = leg, None, None
        self._spare = None if leg is self._spare else self._spare
        leg.client.learn(self._profile)
        self._spares.served()
        if leg.ready and self._warming.holds(leg):
            self._acts += self._warming.told()

    def _spare_due(self) -> float | None:
        """When a spare is to be dialled, or to take over for age; None if neither is foreseen."""
        legs, crowded = len(self._legs), self._crowded()
        return self._spares.due(self._current, self._spare, legs, self._profile, crowded=crowded)

    def _rested(self) -> Leg | None:
        """A leg that took requests before and has drained."""
        others = [leg for leg in self._legs.values() if leg.open and leg is not self._current]
        return next((leg for leg in others if not leg.client.in_flight), None)

    def _keep_spare(self, now: float) -> None:
        if self._current is None or self._spare is not None:
            return
        if (rested := self._rested()) is not None:
            self._spare = rested
            self._make_ready(rested, now)
        elif (due := self._spare_due()) is not None and due <= now:
            self._spare = self._dial()

    def _take_over(self, now: float) -> None:
        """Let the spare, if it is ready, take over from a leg that is old or has no room."""
        spare, current = self._spare, self._current
        if spare is None or not spare.ready or current is None:
            return
        if self._crowded() or current.old_at(self._pace) <= now:
            self._enthrone(spare)
            current.ends = now + (
                self._pace.retirement if self._wanted(current) else self._pace.drain
            )
            if not current.client.in_flight:
                self._drained(current, now)

    def _drained(self, leg: Leg, now: float) -> None:
        """A retired leg has done its work: it may be a spare again, unless it is too old."""
        if self._current is None or leg.old_at(self._pace) <= now:
            self._give_up(leg, "it has done its work", now)
        else:
            leg.ends = leg.old_at(self._pace)
            self._keep_spare(now)

    def _give_up(self, leg: Leg, reason: str, now: float) -> None:
        if leg.number in self._legs:
            self._acts.append(Drop(leg.number))
            self._gone(leg, reason, now)

    def _gone(self, leg: Leg, reason: str, now: float, code: int | None = None) -> None:
        """A leg is of no more use: say that first, and then what was lost with it."""
        del self._legs[leg.number]
        # One that owes a sign of life has only lived because nobody noticed that it was dead.
        useful = leg.useful or (leg.asked is None and now - leg.born > self._pace.settled)
        if leg is self._spare:
            self._spare = None
            self._spares.ended(code, now, useful=useful)
        elif leg is self._current:
            self._redial.ended(code, useful=useful)
            spare = self._spare if self._spare and self._spare.open else self._rested()
            if spare is not None:
                self._enthrone(spare)
            else:
                # A spare that is being dialled will be the current leg.
                dialling, self._spare = self._spare, None
                self._dial_at = None if dialling else now + self._redial.delay
                self._current = self._warming.due = None
                self._acts.append(outcomes.Disconnected(reason, self._redial.hopeless))
        self._tell(leg, leg.client.lost(reason))
        self._place(now)
        self._keep_spare(now)

    def _crowded(self) -> bool:
        """Whether something waits for room."""
        return bool(self._waiting) and not (self._current and self._current.client.has_room)

    def _wanted(self, leg: Leg) -> bool:
        """Whether anybody waits for what a leg carries."""
        return leg in self._carriers.values() or (self._warming.holds(leg) and not leg.ready)

    # How requests find a leg.

    def _place(self, now: float) -> None:
        """Send what waits, as far as there is room for it."""
        while self._waiting:
            handle, current = next(iter(self._waiting)), self._current
            if current is None:
                del self._waiting[handle]
                self._acts.append(Failed.of(handle, _LOST))
            elif current.client.has_room:
                prompt = self._waiting.pop(handle)
                self._carriers[handle] = current
                step = current.client.create(handle, prompt)
                if step.frames and current.asked is None:
                    current.asked = now
                self._take(current, step, now)
            else:
                self._take_over(now)
                if self._current is current:
                    ends = now + self._pace.drain if current.ends is None else current.ends
                    current.ends = None if self._wanted(current) else ends
                    self._keep_spare(now)
                    return
        if self._current is not None:
            self._current.ends = None

    def _stop(self, leg: Leg, handle: int, now: float) -> None:
        """Forget what a leg carries; if it is retired, it need not be heard to the end now."""
        self._forget(handle)
        self._take(leg, leg.client.cancel(handle), now)
        if leg.ends is not None and not self._wanted(leg):
            leg.ends = min(leg.ends, now + self._pace.drain)

    def _make_ready(self, leg: Leg, now: float) -> None:
        """Prepare a spare like the current leg."""
        worthwhile = bool(self._warming.stable) and self._profile.lanes  # else a base serves once
        if worthwhile and not self._warming.holds(leg):
            leg.ends = now + self._pace.warming
            self._take(leg, self._warming.prepare(leg), now)
        elif leg.ready or not worthwhile:
            leg.ready, leg.ends = True, leg.old_at(self._pace)
        self._take_over(now)

    # What follows from a step of a leg's client.

    def _take(self, leg: Leg, step: Step, now: float) -> None:
        if step.drop:
            self._give_up(leg, "the connection to the model was given up", now)
            self._tell(leg, step.events)
            return
        self._acts += [Send(leg.number, frame) for frame in step.frames]
        if leg.client.profile is not self._profile:
            self._profile = self._profile.meet(leg.client.profile)
            leg.client.learn(self._profile)
        self._tell(leg, step.events)
        for event in step.events:
            if isinstance(event, Unsteered):
                self._redirect(leg, event.handle, now)
        if leg is self._spare:
            self._take_over(now)

    def _tell(self, leg: Leg, events: list[outcomes.Event]) -> None:
        for event in events:
            if isinstance(event, Warmed):
                self._warmed(leg, event)
            elif isinstance(event, Failed):
                self._forget(event.handle)
                self._acts.append(self._overload.failed(event))
            elif not isinstance(event, Unsteered):
                leg.useful = True
                self._acts.append(event)
                if isinstance(event, outcomes.Ended):
                    self._forget(event.handle)
                    self._overload.ended()

    def _forget(self, handle: int) -> None:
        self._carriers.pop(handle, None)
        self._again.pop(handle, None)

    def _warmed(self, leg: Leg, event: Warmed) -> None:
        if not self._warming.over(leg, event, self._current):
            return
        if leg is self._spare:
            leg.ends = leg.old_at(self._pace)
        else:
            self._acts += self._warming.told()

    def _redirect(self, leg: Leg, handle: int, now: float) -> None:
        """The lower rungs of the ladder (§9.4): end the answer, and ask anew."""
        self._waiting[handle] = self._again[handle]
        self._stop(leg, handle, now)
        interrupts = leg.client.profile.interrupt
        self._acts.append(Steered(handle, "interrupted" if interrupts else "reissued"))
        self._place(now)

    def _taken(self) -> list[Act]:
        acts, self._acts = self._acts, []
        return acts
