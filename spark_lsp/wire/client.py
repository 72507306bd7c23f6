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
- *Repair.* When the server no longer knows the base, the base is forgotten and the request goes
  out again in full, once, and only if none of its text has been heard. A base that has served is
  warmed anew; one that never has is not, lest a server forget one with every key.
- *Distrust.* A frame that does not fit the state of its lane changes nothing.
"""

from collections import deque
from dataclasses import dataclass, replace
from typing import assert_never

from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.wire import events as wire
from spark_lsp.wire.faults import Fault, Remedy
from spark_lsp.wire.frames import Malformed, Unknown
from spark_lsp.wire.lanes import Lanes, Request
from spark_lsp.wire.layout import block_items, stable_items, tail_items
from spark_lsp.wire.outcomes import Delta, Ended, Event, Failed, Step, Warmed
from spark_lsp.wire.requests import Profile, spelled_create, spelled_interrupt, spelled_items

FRAME_LIMIT = 15 * 1024 * 1024
"""Frames of this many bytes are not sent: servers close with 1009 from 16 MiB on (§1.5, §9.8)."""


@dataclass(frozen=True, slots=True)
class _Base:
    lane: str
    stable: tuple[Block, ...]
    response_id: str
    proven: bool = False  # a completion has continued from it


class Client:
    """The client's half of a connection; see the theory of operation above.

    One client outlives its connections: after `lost` it is as new, except that it remembers that
    the server refused interrupts (`profile` tells).
    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._open: dict[int, Request] = {}
        self._waiting: deque[Request] = deque()
        self._next_warm: Request | None = None
        self._lanes = Lanes(named=profile.lanes)
        self._base: _Base | None = None
        self._spelled: tuple[tuple[Block, ...], bytes] = ((), spelled_items(stable_items(())))

    @property
    def profile(self) -> Profile:
        """What is believed of the provider by now."""
        return self._profile

    @property
    def in_flight(self) -> int:
        """How many requests the server has, cancelled ones that still drain included."""
        return len(self._lanes)

    def warm(self, stable: tuple[Block, ...]) -> Step:
        """Prepares the server for prompts with this stable part.

        One warm-up runs at a time. One that still waits is superseded by the next (code
        "superseded"); the base in use stays until the new one is ready.
        """
        step = Step()
        if self._next_warm is not None:
            fault = Fault("superseded", "a newer warm-up took its place")
            step.events.append(Warmed(ok=False, stable=self._next_warm.stable, fault=fault))
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
        request = self._open[handle] = Request(handle, prompt.stable, prompt)
        self._waiting.append(request)
        step = Step()
        self._dispatch(step)
        return step

    def cancel(self, handle: int) -> Step:
        """Forgets a completion: no event names this handle again. Unknown handles are fine.

        The ladder (§9.3): an interrupt where understood, sent as soon as the response has an id;
        else the answer drains unheard and the next request takes a free lane; else the connection
        must be dropped.
        """
        request = self._open.pop(handle, None)
        if request is None:
            return Step()
        if self._lanes.at(request.lane) is not request:
            self._waiting.remove(request)
            return Step()
        request.cancelled = True
        if self._profile.interrupt and (request.response_id or not request.created):
            return Step(_interrupts(request))
        return Step(drop=self._lanes.free() is None)

    def receive(self, frame: str | bytes) -> Step:
        """Takes one frame from the server. Never raises; what does not fit changes nothing."""
        event = wire.decode_event(frame)
        if isinstance(event, wire.TextDelta):  # most common case first
            return self._text(event)
        match event:
            case wire.Created():
                return self._created(event)
            case wire.ItemAdded() | wire.RefusalDone():
                self._noted(event)
            case wire.Completed() | wire.Incomplete() | wire.Broken():
                return self._terminal(event)
            case wire.InterruptFailed():
                self._interrupt_failed(event)
            case wire.ErrorFrame():
                return self._error(event)
            case Unknown() | Malformed():
                pass
            case _:
                assert_never(event)
        return Step()

    def lost(self, reason: str) -> list[Event]:
        """The connection is gone, and with it all the server knew.

        Every open handle fails, every warm-up under way as well; the next calls are for the next
        connection.
        """
        fault = Fault("connection_lost", reason)
        warming = [request for request in self._lanes.in_flight() if request.handle is None]
        if self._next_warm is not None:
            warming.append(self._next_warm)
        events: list[Event] = [_failed(handle, fault) for handle in self._open]
        events += [Warmed(ok=False, stable=request.stable, fault=fault) for request in warming]
        self._open.clear()
        self._waiting.clear()
        self._next_warm = None
        self._lanes.clear()
        self._base = None
        return events

    # What frames mean.

    def _text(self, event: wire.TextDelta) -> Step:
        request = self._lanes.running(event.lane)
        if request is None or request.handle is None or request.cancelled or not event.delta:
            return Step()
        if event.response_id and event.response_id != request.response_id:
            return Step()
        if event.output_index in request.muted:
            return Step()
        # A number heard before is a repetition. Zero belongs to response.created (§1.7): on a
        # delta it comes from a server that does not count.
        number = event.sequence_number or 0
        if 0 < number <= request.heard:
            return Step()
        request.heard = number
        request.spoken = True
        return Step(events=[Delta(request.handle, event.delta)])

    def _created(self, event: wire.Created) -> Step:
        request = self._lanes.at(event.lane)
        if request is None or request.created or self._lanes.is_over(event.lane, event.response_id):
            return Step()
        request.created = True
        request.response_id = event.response_id
        if request.parent and self._base and self._base.response_id == request.parent:
            self._base = replace(self._base, proven=True)
        if request.cancelled and self._profile.interrupt:
            return Step(_interrupts(request))
        return Step()

    def _noted(self, event: wire.ItemAdded | wire.RefusalDone) -> None:
        request = self._lanes.running(event.lane)
        if request is None:
            return
        if isinstance(event, wire.RefusalDone):
            request.refused = True
        elif event.is_commentary:
            request.muted.add(event.output_index)

    def _terminal(self, event: wire.Completed | wire.Incomplete | wire.Broken) -> Step:
        request = self._lanes.at(event.lane)
        if request is None or self._lanes.is_over(event.lane, event.response_id):
            return Step()
        # Only a failure may come before response.created.
        if not request.created and not isinstance(event, wire.Broken):
            return Step()
        if request.response_id and event.response_id not in {"", request.response_id}:
            return Step()
        step = Step()
        match event:
            case wire.Broken():
                self._fail(request, event.fault, step)
            case wire.Incomplete(reason="content_filter"):
                fault = Fault("content_filter", "the provider's filter stopped the answer")
                self._fail(request, fault, step)
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
        cancelled = {
            request.response_id for request in self._lanes.in_flight() if request.cancelled
        }
        if event.response_id and event.response_id in cancelled:
            self._profile = replace(self._profile, interrupt=False)

    def _error(self, event: wire.ErrorFrame) -> Step:
        fault = event.fault
        step = Step(drop=fault.remedy is Remedy.RECONNECT)
        if "response.interrupt" in fault.message:
            # How a server answers that has never heard of it. The lane may still be talking: its
            # next request hears nothing before its own response.created.
            self._profile = replace(self._profile, interrupt=False)
        request = self._lanes.at(event.lane)
        if request is None and not event.lane:
            # The lane is optional on errors (§1.5): with one request there is no doubt.
            request = self._lanes.only()
        if request is not None:
            self._fail(request, fault, step)
        return step

    # How requests end.

    def _end(self, request: Request, usage: wire.Usage, reason: str, step: Step) -> None:
        self._lanes.take(request)
        if request.handle is None:
            ok = reason == "completed"
            if ok and self._profile.continuation and request.response_id:
                self._base = _Base(request.lane, request.stable, request.response_id)
            fault = None if ok else Fault(reason, "the warm-up was cut short")
            step.events.append(Warmed(ok, request.stable, usage, fault))
        elif not request.cancelled:
            del self._open[request.handle]
            step.events.append(Ended(request.handle, usage, reason))
        self._dispatch(step)

    def _fail(self, request: Request, fault: Fault, step: Step) -> None:
        self._lanes.take(request)
        lost_parent = bool(request.parent) and fault.names_parent
        if lost_parent and self._base is not None and self._base.response_id == request.parent:
            if self._base.proven and self._next_warm is None:
                # It was good until now: without another one, every key would be sent in full.
                self._next_warm = Request(None, self._base.stable)
            self._base = None
        if lost_parent and fault.code in {"unsupported_parameter", "unknown_parameter"}:
            self._profile = replace(self._profile, continuation=False)
        if lost_parent and not request.spoken and not request.cancelled and not step.drop:
            again = Request(request.handle, request.stable, request.prompt, full=True)
            if again.handle is not None:
                self._open[again.handle] = again
            self._send(again, request.lane, step)
        else:
            self._settle(request, fault, step)
        self._dispatch(step)

    def _settle(self, request: Request, fault: Fault, step: Step) -> None:
        if request.handle is None:
            step.events.append(Warmed(ok=False, stable=request.stable, fault=fault))
        elif not request.cancelled:
            del self._open[request.handle]
            step.events.append(_failed(request.handle, fault))

    # How requests leave.

    def _dispatch(self, step: Step) -> None:
        """Sends what waits, completions first, as far as lanes are free."""
        if step.drop:
            return
        while self._waiting and (lane := self._lanes.free()) is not None:
            self._send(self._waiting.popleft(), lane, step)
        in_use = None if self._base is None else self._base.lane
        if self._next_warm is not None and (lane := self._lanes.free_for_base(in_use)) is not None:
            request, self._next_warm = self._next_warm, None
            self._send(request, lane, step)

    def _send(self, request: Request, lane: str, step: Step) -> None:
        frame = self._frame(request, lane)
        if len(frame) >= FRAME_LIMIT:
            size = f"{len(frame) / 1024 / 1024:.1f} MiB"
            message = f"the request is {size}, over the limit of 15 MiB: send less context"
            self._settle(request, Fault("frame_too_large", message), step)
            return
        if not self._profile.lanes:
            self._base = None
        self._lanes.put(request, lane)
        step.frames.append(frame.decode())

    def _frame(self, request: Request, lane: str) -> bytes:
        tail = [] if request.prompt is None else tail_items(request.prompt)
        base = None if request.full else self._base
        known = 0 if base is None else len(base.stable)
        if base is not None and known and request.stable[:known] == base.stable:
            spelled = spelled_items(block_items(request.stable[known:]) + tail)
        else:
            base = None
            spelled = b",".join(
                filter(None, (self._spelled_stable(request.stable), spelled_items(tail)))
            )
        request.parent = "" if base is None else base.response_id
        return spelled_create(
            self._profile, spelled, lane, request.parent, generate=request.prompt is not None
        )

    def _spelled_stable(self, stable: tuple[Block, ...]) -> bytes:
        # Kept: a provider without continuation is sent the same half megabyte with every key.
        if self._spelled[0] is not stable:
            self._spelled = (stable, spelled_items(stable_items(stable)))
        return self._spelled[1]


def _interrupts(request: Request) -> list[str]:
    """The interrupt of a request, none while it has no response id."""
    return [spelled_interrupt(request.response_id).decode()] if request.response_id else []


def _failed(handle: int, fault: Fault) -> Failed:
    transient = fault.remedy is not Remedy.REPORT
    return Failed(handle, fault.code, fault.message, transient, fault.retry_after)
