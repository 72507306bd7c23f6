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

from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.wire import events as wire
from spark_lsp.wire.bases import Bases
from spark_lsp.wire.capabilities import Profile, event_named
from spark_lsp.wire.cleaning import Cleaner
from spark_lsp.wire.drafts import Drafts
from spark_lsp.wire.faults import Fault, Remedy, unfinished
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
        self._lanes = Lanes(named=profile.lanes)
        self._bases = Bases()
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
            self._bases.used = None
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
        step = Step(events=[*self._bases.want(stable)])
        self._dispatch(step)
        return step

    def create(self, handle: int, prompt: Prompt | Rewrite) -> Step:
        """Asks for a completion or a rewrite; it waits here while no lane is free.

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
        if (waiting := self._bases.wanted) is not None:
            warming.append(waiting)
        events: list[Event] = [Failed.of(handle, fault) for handle in self._open]
        events += [Warmed.cold(request.stable, fault.code, reason) for request in warming]
        self._open.clear()
        self._waiting.clear()
        self._lanes = Lanes(named=self._profile.lanes)
        self._bases = Bases()
        return events

    # What frames mean.

    def _text(self, event: wire.TextDelta) -> Step:
        request = self._lanes.running(event.lane)
        text = "" if request is None else request.read(event)
        if request is None or request.handle is None or request.cancelled:
            return Step()
        if not request.enough:
            return Step(events=[Delta(request.handle, text, request.confidence)] if text else [])
        step = self.cancel(request.handle)
        text += request.rest()
        step.events.extend([Delta(request.handle, text, request.confidence)] if text else [])
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
        self._bases.serves(request)
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
            if rest := request.rest():
                step.events.append(Delta(request.handle, rest, request.confidence))
            del self._open[request.handle]
            if request.steering is Steering.ASKED:  # what came too late is asked anew
                step.events.append(Unsteered(request.handle))
            elif isinstance(request.prompt, Rewrite) and reason != "completed":
                # A region is not replaced by a part of its new text, or by an excuse.
                step.events.append(Failed.of(request.handle, unfinished(reason)))
            else:
                step.events.append(Ended(request.handle, usage, reason))
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
            self._bases.found(request)
        return Warmed(ok=True, stable=request.stable, usage=usage)

    def _fail(self, request: Request, fault: Fault, step: Step) -> None:
        self._lanes.take(request)
        lost_parent = bool(request.parent) and fault.names_parent
        proven = self._bases.proven
        if lost_parent:
            self._bases.lose(request)
        fewer = request.sent is not None and request.sent.without(fault) is not None
        if not (lost_parent and proven):  # else it is about that base, and not about bases
            self.learn(self._profile.without(fault) or self._profile)
        heard = request.spoken or request.turned or request.cancelled or step.drop
        if heard or not (lost_parent or fewer):
            self._settle(request, fault, step)
        elif request.handle is not None and request.steering is not Steering.NONE:
            del self._open[request.handle]
            step.events.append(Unsteered(request.handle))
        else:
            self._again(request, step, full=lost_parent)
        self._dispatch(step)

    def _again(self, request: Request, step: Step, *, full: bool) -> None:
        """Sends a request once more, in its place."""
        if request.handle is not None:
            completion = self._begun(request.handle, request.prompt)
            completion.full = full
            self._waiting.appendleft(completion)
        elif self._bases.wanted is None and self._profile.warm_up:
            self._bases.wanted = Request(None, request.stable, full=full)
        else:
            step.events.append(Warmed.unable(request.stable))

    def _settle(self, request: Request, fault: Fault, step: Step) -> None:
        if request.handle is None:
            step.events.append(Warmed(ok=False, stable=request.stable, fault=fault))
        elif request.wanted:
            del self._open[request.handle]
            step.events.append(Failed.of(request.handle, fault))

    # How requests leave.

    def _begun(self, handle: int, prompt: Prompt | Rewrite | None) -> Request:
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
        lane = self._lanes.free_for_base(self._bases.lane)
        if not self._profile.warm_up and (waiting := self._bases.take()):
            step.events.append(Warmed.unable(waiting.stable))
        elif lane is not None and (waiting := self._bases.take()):
            self._send(waiting, lane, step)

    def _send(self, request: Request, lane: str, step: Step) -> None:
        frame = self._drafts.frame(self._profile, request, lane, self._bases.used)
        if len(frame) >= FRAME_LIMIT:
            message = f"the request has {len(frame) / 2**20:.1f} of 15 MiB: send less context"
            self._settle(request, Fault("frame_too_large", message), step)
            return
        if not self._profile.lanes:
            self._bases.used = None
        request.sent = self._profile
        self._lanes.put(request, lane)
        step.frames.append(frame.decode())
