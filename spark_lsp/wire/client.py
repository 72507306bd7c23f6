"""Owns the client's half of one Responses connection: which frame to send, what a frame means.

The socket, the clock, reconnecting and retrying belong to the caller, who sends the frames of each
`Step` in order and hands over what arrives. Every method is a plain function of the frames and
calls so far. Source: responses-protocol.md §1.3 to §1.7, §9.

Theory of operation
===================

A *request* is a completion (it has a handle) or a warm-up. It lives through

    waiting --lane free--> sent --response.created--> running --terminal frame--> gone

- *Lanes.* Deltas name neither handle nor response, so a lane carries one request at a time and a
  delta belongs to whatever runs there. Completions use `c0` to `c14`, warm-ups one more: at most 16
  are in flight, and at most 17 of 32 names are ever used. A provider without lanes has one, the
  default lane, spelled "".
- *Warm base.* A warm-up (`generate: false`) leaves a response that completions continue from: they
  send its id and only the tail. The connection keeps just the newest response of each lane, so no
  completion runs on a base lane, and the next base is warmed on the other of two while the present
  one stays in use. A stable part that has only grown is warmed by sending what is new. Without
  lanes the next request on the lane replaces the base: it serves once.
- *Cancelling* is silent at once: the handle is gone and nothing is said about it again. The request
  keeps its lane until the server ends it ("draining"), sooner where an interrupt is understood.
- *Steering.* An accepted steer ends the response and begins a successor on the same lane, unasked;
  its `response.created` is where the new answer begins. The request stays one request throughout.
- *Repair.* When the server no longer knows the base, the base is forgotten and the request goes
  out again in full, once, and only if none of its text has been heard. A base that has served is
  warmed anew; one that never has is not, lest a server forget one with every key. When the server
  names a field that it does not take, the profile loses it, and the request goes out without.
- *Distrust.* A frame that does not fit the state of its lane changes nothing.
"""

from collections import deque
from dataclasses import replace
from typing import assert_never

from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.wire import events as wire
from spark_lsp.wire.capabilities import Profile, event_named
from spark_lsp.wire.cleaning import Cleaner
from spark_lsp.wire.drafts import Base, Drafts
from spark_lsp.wire.faults import Fault, Remedy
from spark_lsp.wire.frames import Malformed, Unknown
from spark_lsp.wire.lanes import Lanes, Request, Steering
from spark_lsp.wire.outcomes import Delta, Ended, Event, Failed, Steered, Step, Unsteered, Warmed
from spark_lsp.wire.requests import spelled_steer

FRAME_LIMIT = 15 * 1024 * 1024
"""Frames of this many bytes are not sent: servers close with 1009 from 16 MiB on (§1.5, §9.8)."""


class Client:
    """The client's half of a connection; see the theory of operation above.

    One client outlives its connections: after `lost` it is as new, except that it remembers what
    the server has refused (`profile` tells).
    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._open: dict[int, Request] = {}
        self._waiting: deque[Request] = deque()
        self._next_warm: Request | None = None
        self._lanes = Lanes(named=profile.lanes)
        self._base: Base | None = None
        self._drafts = Drafts()

    @property
    def profile(self) -> Profile:
        """What is believed of the provider by now."""
        return self._profile

    def learn(self, lesser: Profile) -> None:
        """Goes on with a provider that can do less than was believed."""
        if self._profile.lanes and not lesser.lanes:
            self._lanes.unname()
        if not lesser.continuation or not lesser.lanes:
            self._base = None
        self._profile = lesser

    @property
    def in_flight(self) -> int:
        """How many requests the server has, cancelled ones that still drain included."""
        return len(self._lanes)

    @property
    def has_room(self) -> bool:
        """Whether a completion would be sent at once."""
        return not self._waiting and self._lanes.free() is not None

    def warm(self, stable: tuple[Block, ...]) -> Step:
        """Prepares the server for prompts with this stable part.

        One warm-up runs at a time. One that still waits is superseded by the next (code
        "superseded"); the base in use stays until the new one is ready. Where the server knows no
        warm-ups, that is said at once (code "no_warm_up").
        """
        if not self._profile.warm_up:
            return Step(events=[Warmed.unable(stable)])
        step = Step()
        if (waiting := self._next_warm) is not None:
            reason = "a newer warm-up took its place"
            step.events.append(Warmed.cold(waiting.stable, "superseded", reason))
        self._next_warm = Request(None, stable)
        self._dispatch(step)
        return step

    def create(self, handle: int, prompt: Prompt) -> Step:
        """Asks for a completion; it waits here while no lane is free.

        Continues from the warm base when the prompt's stable part begins with what was warmed, and
        sends the full input otherwise. A frame over the limit is not sent: the handle fails with
        "frame_too_large".

        Raises:
            ValueError: the handle is open already.
        """
        if handle in self._open:
            raise ValueError(f"handle {handle} is open already")
        self._waiting.append(self._begun(handle, prompt))
        step = Step()
        self._dispatch(step)
        return step

    def cancel(self, handle: int) -> Step:
        """Forgets a completion: no event names this handle again. Unknown handles are fine.

        The ladder (§9.3): an interrupt where understood, sent as soon as the response has an id;
        else the answer drains unheard and the next request takes a free lane; else there is no room
        here until it has drained (`has_room`).
        """
        request = self._open.pop(handle, None)
        if request is None:
            return Step()
        if request in self._waiting:
            self._waiting.remove(request)
            return Step()
        request.cancelled = True
        return Step(request.interrupt if self._profile.interrupt else [])

    def steer(self, handle: int, instruction: str) -> Step:
        """Says something to an answer that is being written, where the server takes that.

        What becomes of it comes as `Steered`, or as `Unsteered`: then the caller goes on down the
        ladder (§9.4) by cancelling and asking anew.
        """
        request = self._open.get(handle)
        if request is None:
            return Step()
        able = self._profile.steer and request.response_id
        if not able or request.steering is not Steering.NONE:
            return Step(events=[Unsteered(handle)])
        request.steering = Steering.ASKED
        return Step([spelled_steer(request.response_id, instruction).decode()])

    def receive(self, frame: str | bytes) -> Step:
        """Takes one frame from the server. Never raises; what does not fit changes nothing."""
        event = wire.decode_event(frame)
        if isinstance(event, wire.TextDelta):  # most common case first
            return self._text(event)
        step = Step()
        match event:
            case wire.Created():
                step = self._created(event)
            case wire.ItemAdded() | wire.RefusalDone():
                self._lanes.note(event)
            case wire.Completed() | wire.Incomplete() | wire.Broken():
                step = self._terminal(event)
            case wire.InterruptFailed():
                self._interrupt_failed(event)
            case wire.SteerAccepted() | wire.SteerPending() | wire.SteerFailed():
                step = self._steer_answered(event)
            case wire.ErrorFrame():
                step = self._error(event)
            case Unknown() if event.type.startswith("response.reasoning"):
                step = self._thinking(event.lane)
            case Unknown() | Malformed():
                pass
            case _:
                assert_never(event)
        return step

    def lost(self, reason: str) -> list[Event]:
        """The connection is gone, and with it all the server knew.

        Every open handle fails, every warm-up under way as well; the next calls are for the next
        connection.
        """
        fault = Fault("connection_lost", reason)
        warming = [request for request in self._lanes.in_flight() if request.handle is None]
        if self._next_warm is not None:
            warming.append(self._next_warm)
        events: list[Event] = [Failed.of(handle, fault) for handle in self._open]
        events += [Warmed.cold(request.stable, fault.code, reason) for request in warming]
        self._open.clear()
        self._waiting.clear()
        self._next_warm = None
        self._lanes = Lanes(named=self._profile.lanes)
        self._base = None
        return events

    # What frames mean.

    def _text(self, event: wire.TextDelta) -> Step:
        request = self._lanes.running(event.lane)
        text = "" if request is None else request.read(event)
        if request is None or request.handle is None or request.cancelled:
            return Step()
        step = Step(events=[Delta(request.handle, text)] if text else [])
        if request.enough:
            step.frames.extend(self.cancel(request.handle).frames)
            step.events.append(Ended(request.handle, wire.Usage()))
        return step

    def _created(self, event: wire.Created) -> Step:
        if not event.lane and self._profile.lanes and self._lanes.in_flight():
            # It answers, and has not understood `stream_id`.
            self.learn(replace(self._profile, lanes=False))
        request = self._lanes.begun_by(event)
        if request is None:
            return Step()
        request.created = True
        request.response_id = event.response_id
        if request.parent and self._base and self._base.response_id == request.parent:
            self._base = replace(self._base, proven=True)
        steered = request.steering is Steering.ACCEPTED
        request.steering = Steering.NONE
        if request.cancelled:
            return Step(request.interrupt if self._profile.interrupt else [])
        if steered and request.handle is not None:
            return Step(events=[Steered(request.handle, "steered")])
        return Step()

    def _thinking(self, lane: str) -> Step:
        handle = self._lanes.reader(lane)
        return Step(events=[] if handle is None else [Delta(handle, "")])

    def _terminal(self, event: wire.Completed | wire.Incomplete | wire.Broken) -> Step:
        request = self._lanes.ended_by(event)
        if request is None:
            return Step()
        step = Step()
        match event:
            case wire.Broken():
                self._fail(request, event.fault, step)
            case wire.Incomplete(reason="content_filter"):
                fault = Fault("content_filter", "the provider's filter stopped the answer")
                self._fail(request, fault, step)
            case _ if request.steering is Steering.ACCEPTED:
                self._lanes.succeed(request)
            case wire.Incomplete():
                self._end(request, event.usage, event.reason, step)
            case wire.Completed():
                reason = "refusal" if request.refused and not request.spoken else "completed"
                self._end(request, event.usage, reason, step)
            case _:
                assert_never(event)
        return step

    def _interrupt_failed(self, event: wire.InterruptFailed) -> None:
        # After the terminal frame it only says that the interrupt came late (§1.6 b).
        running = self._lanes.in_flight()
        cancelled = {request.response_id for request in running if request.cancelled}
        if event.response_id and event.response_id in cancelled:
            self._profile = replace(self._profile, interrupt=False)

    def _steer_answered(
        self, event: wire.SteerAccepted | wire.SteerPending | wire.SteerFailed
    ) -> Step:
        step = Step()
        accepted = isinstance(event, wire.SteerAccepted)
        if isinstance(event, wire.SteerFailed):
            self._profile = self._profile.without(event.fault) or self._profile
        if (request := self._lanes.steered(event.response_id)) is not None:
            self._steer_settled(request, step, accepted=accepted)
            if not request.created and not accepted:
                # It had ended for a successor that there will not be.
                self._lanes.take(request)
                self._dispatch(step)
        return step

    def _steer_settled(self, request: Request, step: Step, *, accepted: bool) -> None:
        request.steering = Steering.ACCEPTED if accepted else Steering.NONE
        if not accepted and request.wanted and request.handle is not None:
            step.events.append(Unsteered(request.handle))

    def _error(self, event: wire.ErrorFrame) -> Step:
        fault = event.fault
        step = Step(drop=fault.remedy is Remedy.RECONNECT)
        # An event that it has never heard of is answered like this; no request ends with that.
        about = event_named(fault)
        if about == "response.interrupt":
            self._profile = replace(self._profile, interrupt=False)
        elif about == "response.steer":
            self._profile = replace(self._profile, steer=False)
            for asked in self._lanes.asked_to_steer():
                self._steer_settled(asked, step, accepted=False)
        elif (request := self._lanes.blamed(event.lane)) is not None:
            self._fail(request, fault, step)
        return step

    # How requests end.

    def _end(self, request: Request, usage: wire.Usage, reason: str, step: Step) -> None:
        self._lanes.take(request)
        if request.handle is None:
            step.events.append(self._prepared(request, usage, reason))
        elif request.wanted:
            if rest := request.cleaner.close() if request.cleaner else "":
                step.events.append(Delta(request.handle, rest))
            del self._open[request.handle]
            ended = Ended(request.handle, usage, reason)
            # What came too late to be steered is asked anew.
            asked = request.steering is Steering.ASKED
            step.events.append(Unsteered(request.handle) if asked else ended)
        self._dispatch(step)

    def _prepared(self, request: Request, usage: wire.Usage, reason: str) -> Warmed:
        if request.spoken:
            # It passes over `generate`: answers that nobody wants have to be paid for.
            self._profile = replace(self._profile, warm_up=False)
            return Warmed.unable(request.stable)
        if reason != "completed":
            return Warmed.cold(request.stable, reason, "the warm-up was cut short")
        newest = self._profile.lanes or not self._lanes.in_flight()  # else it is replaced already
        if newest and self._profile.continuation and request.response_id:
            self._base = Base(request.lane, request.stable, request.response_id)
        return Warmed(ok=True, stable=request.stable, usage=usage)

    def _fail(self, request: Request, fault: Fault, step: Step) -> None:
        self._lanes.take(request)
        lost_parent = bool(request.parent) and fault.names_parent
        proven = self._base is not None and self._base.proven
        if lost_parent and self._base is not None and self._base.response_id == request.parent:
            if self._base.proven and request.handle is not None and self._next_warm is None:
                # It was good until now: without another one, every key would be sent in full.
                self._next_warm = Request(None, self._base.stable)
            self._base = None
        fewer = request.sent is not None and request.sent.without(fault) is not None
        if not (lost_parent and proven):  # else it is about that base, and not about bases
            self.learn(self._profile.without(fault) or self._profile)
        silent = not request.spoken and not request.cancelled and not step.drop
        if silent and (lost_parent or fewer):
            self._again(request, step, full=lost_parent)
        else:
            self._settle(request, fault, step)
        self._dispatch(step)

    def _again(self, request: Request, step: Step, *, full: bool) -> None:
        """Sends a request once more, in its place."""
        if request.handle is not None:
            completion = self._begun(request.handle, request.prompt)
            completion.full = full
            self._waiting.appendleft(completion)
        elif self._next_warm is None and self._profile.warm_up:
            self._next_warm = Request(None, request.stable, full=full)
        else:
            step.events.append(Warmed.unable(request.stable))

    def _settle(self, request: Request, fault: Fault, step: Step) -> None:
        if request.handle is None:
            step.events.append(Warmed(ok=False, stable=request.stable, fault=fault))
        elif request.wanted:
            del self._open[request.handle]
            step.events.append(Failed.of(request.handle, fault))

    # How requests leave.

    def _begun(self, handle: int, prompt: Prompt | None) -> Request:
        stable = () if prompt is None else prompt.stable
        cleaner = Cleaner(prompt) if prompt is not None and self._profile.cleans else None
        request = self._open[handle] = Request(handle, stable, prompt, cleaner=cleaner)
        return request

    def _dispatch(self, step: Step) -> None:
        """Sends what waits, completions first, as far as lanes are free."""
        if step.drop:
            return
        while self._waiting and (lane := self._lanes.free()) is not None:
            self._send(self._waiting.popleft(), lane, step)
        in_use = None if self._base is None else self._base.lane
        if self._next_warm is not None and not self._profile.warm_up:
            step.events.append(Warmed.unable(self._next_warm.stable))
            self._next_warm = None
        if self._next_warm is not None and (lane := self._lanes.free_for_base(in_use)) is not None:
            request, self._next_warm = self._next_warm, None
            self._send(request, lane, step)

    def _send(self, request: Request, lane: str, step: Step) -> None:
        frame = self._drafts.frame(self._profile, request, lane, self._base)
        if len(frame) >= FRAME_LIMIT:
            message = f"the request has {len(frame) / 2**20:.1f} of 15 MiB: send less context"
            self._settle(request, Fault("frame_too_large", message), step)
            return
        if not self._profile.lanes:
            self._base = None
        request.sent = self._profile
        self._lanes.put(request, lane)
        step.frames.append(frame.decode())
