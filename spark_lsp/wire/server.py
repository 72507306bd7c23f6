"""Owns the server's half of one Responses connection: what to answer, and in which order.

The socket and the model belong to the caller, who sends the frames of each `Answered` in order and
obeys its commands. The words of one response are `emitter`'s, those of a prompt `layout`'s; what is
wrong with a request by itself is said by `objections`.
Source: responses-protocol.md §1.4 to §1.7.

Theory of operation
===================

A `response.create` lives through

    queued --lane idle, slot free--> running --finish, fail, interrupt, steer--> gone

- *Order.* Requests of one lane run one after the other, as they came; lanes run beside each other,
  at most 16 at a time. What is wrong with a request is said when its turn comes, never before:
  clients tell the answers of a lane apart by nothing but their order.
- *State.* Each lane keeps its newest response, input and output together. A request that continues
  it gets those items in front of its own, on whatever lane it runs. A continuation that fails on
  the lane of its parent evicts the parent (§1.4).
- *Steering.* What is said to a running response waits until the caller has nothing half written
  (`boundary`) or the response ends by itself. Then a successor takes its place in the lane, before
  anything that waits there, and goes on after the text so far with the same settings (§1.6 a).
- *Keys.* A response's id is the key of its commands. After its end nothing said under that key has
  any effect.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias, assert_never

from spark_lsp.core.prompt import Prompt, Rewrite
from spark_lsp.wire.emitter import Emitter
from spark_lsp.wire.events import Usage
from spark_lsp.wire.frames import Malformed, Unknown
from spark_lsp.wire.layout import Item, read, read_rewrite
from spark_lsp.wire.objections import (
    BAD_LANE,
    Refusal,
    asked_items,
    interrupt_failed,
    names_lane,
    objection,
    parent_not_found,
    steer_failed,
    steered_items,
)
from spark_lsp.wire.requests import Create, Interrupt, Steer, decode_request

_IN_FLIGHT = 16
_LANE_NAMES = 32
_QUEUED = 256  # ours, as the next: a client that never waits must not fill our memory
_PENDING_STEERS = 8


@dataclass(frozen=True, slots=True)
class Generate:
    """Answer this prompt: call `delta` as text comes, then `finish` or `fail`.

    Attributes:
        key: what to call them with.
        prompt: what was asked, with all that it continues.
        instructions: the request's own, "" for none.
        max_output_tokens: where to cut the answer; the caller then finishes with that reason.
    """

    key: str
    prompt: Prompt | Rewrite
    instructions: str = ""
    max_output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Prepare:
    """Get ready for prompts that begin like this one, then call `finish`; no text is wanted."""

    key: str
    prompt: Prompt | Rewrite


@dataclass(frozen=True, slots=True)
class Stop:
    """Nobody wants this answer any more."""

    key: str


Command: TypeAlias = Generate | Prepare | Stop


@dataclass(frozen=True, slots=True)
class Answered:
    """What follows from one call: frames to send in order, and commands to obey."""

    frames: list[str] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Queued:
    lane: str
    request: Create | Refusal
    parent: str


@dataclass(frozen=True, slots=True)
class _Pending:
    id: str
    request: Steer
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class _Running:
    lane: str
    parent: str
    items: tuple[Item, ...]
    command: Generate | Prepare
    told_back: dict[str, Any]
    emitter: Emitter
    steers: list[_Pending] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Kept:
    response_id: str
    items: tuple[Item, ...]
    completed: bool


class Server:
    """The server's half of a connection; see the theory of operation above.

    Args:
        model: the one model there is.
        ids: gives an identifier it has not given before, with each call.
        clock: seconds since the epoch, for those who read when a response was created.
    """

    def __init__(
        self, model: str, ids: Callable[[], str], clock: Callable[[], float] = lambda: 0.0
    ) -> None:
        self._model = model
        self._ids = ids
        self._clock = clock
        self._names: set[str] = set()
        self._queue: list[_Queued] = []
        self._running: dict[str, _Running] = {}
        self._newest: dict[str, _Kept] = {}

    def receive(self, frame: str | bytes) -> Answered:
        """Takes one frame from the client. Never raises, and no frame makes it unusable."""
        answered = Answered()
        request = decode_request(frame)
        match request:
            case Create():
                self._enqueue(request.stream_id, request, request.parent, answered)
            case Malformed(type="response.create", field="stream_id"):
                answered.frames.append(BAD_LANE.frame())
            case Malformed(type="response.create"):
                refusal = Refusal(request.detail, param=request.field or None)
                self._enqueue(request.lane or None, refusal, request.parent, answered)
            case Interrupt():
                self._interrupt(request, answered)
            case Steer():
                self._steer(request, answered)
            case Malformed():
                answered.frames.append(Refusal(request.detail).frame())
            case Unknown():
                message = f"unknown event type '{request.type[:64]}'"
                answered.frames.append(Refusal(message, param="type").frame())
            case _:
                assert_never(request)
        return answered

    def delta(self, key: str, text: str, logprob: float | None = None) -> list[str]:
        """Sends text of a running response, and the logarithm of its probability if it is known.

        Sends nothing for a response that has ended, or for no text.
        """
        running = self._running.get(key)
        return running.emitter.text(text, logprob) if running is not None and text else []

    def boundary(self, key: str, usage: Usage | None = None) -> Answered:
        """Says that nothing is half written: where a response that is steered may end.

        Costs nothing where none is. Without it a steer waits for the end of its response.
        """
        running = self._running.get(key)
        if running is None or not running.steers:
            return Answered()
        answered = self.finish(key, usage, "steered")
        answered.commands.insert(0, Stop(key))
        return answered

    def finish(
        self,
        key: str,
        usage: Usage | None = None,
        reason: Literal["completed", "max_output_tokens", "steered"] = "completed",
    ) -> Answered:
        """Ends a running response; its successor or the next in its lane may begin."""
        answered = Answered()
        running = self._running.pop(key, None)
        if running is None:
            return answered
        if reason == "completed":
            answered.frames.extend(running.emitter.completed(usage or Usage()))
        else:
            answered.frames.extend(running.emitter.incomplete(reason, usage or Usage()))
        self._keep(key, running, completed=True)
        if running.steers:
            self._succeed(key, running, answered)
        self._advance(answered)
        return answered

    def fail(self, key: str, code: str, message: str) -> Answered:
        """Ends a running response with `response.failed`; the next in its lane may begin."""
        answered = Answered()
        running = self._running.pop(key, None)
        if running is None:
            return answered
        answered.frames.extend(running.emitter.failed(code, message))
        _hand_back(running, "successor_creation_failed", "the response failed", answered)
        self._evict(running.lane, running.parent)
        self._advance(answered)
        return answered

    def lost(self) -> list[Command]:
        """The connection is gone: everything that runs is to stop, what waits is forgotten."""
        commands: list[Command] = [Stop(key) for key in self._running]
        self._running.clear()
        self._queue.clear()
        return commands

    def _enqueue(
        self, stream_id: str | None, request: Create | Refusal, parent: str, answered: Answered
    ) -> None:
        lane = stream_id or ""
        if stream_id is not None and not names_lane(stream_id):
            answered.frames.append(BAD_LANE.frame())
            return
        if lane and lane not in self._names:
            if len(self._names) >= _LANE_NAMES:
                message = f"a connection has at most {_LANE_NAMES} lanes: open another"
                refusal = Refusal(message, "websocket_stream_limit_reached")
                answered.frames.append(refusal.frame(lane))
                return
            self._names.add(lane)
        if len(self._queue) >= _QUEUED:
            # Out of turn, and therefore without a lane: it is no answer to the lane's next request.
            message = f"more than {_QUEUED} requests wait on this connection"
            answered.frames.append(Refusal(message, "rate_limit_exceeded", 429).frame())
            return
        self._queue.append(_Queued(lane, request, parent))
        self._advance(answered)

    def _advance(self, answered: Answered) -> None:
        """Begins what can begin, in order of arrival."""
        busy = {running.lane for running in self._running.values()}
        waiting: list[_Queued] = []
        for queued in self._queue:
            if queued.lane in busy or len(self._running) >= _IN_FLIGHT:
                busy.add(queued.lane)
                waiting.append(queued)
                continue
            refusal = self._begin(queued, answered)
            if refusal is None:
                busy.add(queued.lane)
                continue
            answered.frames.append(refusal.frame(queued.lane))
            self._evict(queued.lane, queued.parent)
        self._queue = waiting

    def _begin(self, queued: _Queued, answered: Answered) -> Refusal | None:
        """Begins a request, or says what is wrong with it."""
        request = queued.request
        if isinstance(request, Refusal):
            return request
        items = objection(request, self._model) or self._items(request)
        if isinstance(items, Refusal):
            return items
        prompt = read_rewrite(items) or read(items)
        if isinstance(prompt, Prompt) and request.invoked:
            prompt = replace(prompt, invoked=True)
        key, told_back = f"resp_{self._ids()}", request.told_back
        command: Generate | Prepare
        if request.generate is False:
            command = Prepare(key, prompt)
        else:
            command = Generate(key, prompt, request.instructions or "", request.max_output_tokens)
        emitter = self._emitter(queued.lane, key, queued.parent, told_back)
        running = _Running(queued.lane, queued.parent, items, command, told_back, emitter)
        self._run(key, running, answered)
        return None

    def _emitter(self, lane: str, key: str, parent: str, told_back: dict[str, Any]) -> Emitter:
        item_id = f"msg_{self._ids()}"
        return Emitter(
            lane, key, item_id, self._model, parent, created_at=self._clock(), told_back=told_back
        )

    def _run(self, key: str, running: _Running, answered: Answered) -> None:
        self._running[key] = running
        answered.frames.extend(running.emitter.opened())
        answered.commands.append(running.command)

    def _succeed(self, parent: str, ended: _Running, answered: Answered) -> None:
        """Begins the successor of a response that was steered."""
        assert isinstance(ended.command, Generate)
        key = f"resp_{self._ids()}"
        prompt = ended.command.prompt
        if isinstance(prompt, Prompt):
            prompt = replace(prompt, prefix=prompt.prefix + ended.emitter.written)
        said = (item for steer in ended.steers for item in steer.items)
        successor = replace(
            ended,
            parent=parent,
            items=(*ended.items, *ended.emitter.output, *said),
            command=replace(ended.command, key=key, prompt=prompt),
            emitter=self._emitter(ended.lane, key, parent, ended.told_back),
            steers=[],
        )
        self._run(key, successor, answered)

    def _items(self, request: Create) -> tuple[Item, ...] | Refusal:
        """The whole input of a sound request, what it continues included."""
        known: tuple[Item, ...] = ()
        if request.parent:
            parent = self._kept(request.parent)
            if parent is None:
                return parent_not_found(request.parent)
            known = parent.items
        return (*known, *asked_items(request.input))

    def _kept(self, response_id: str) -> _Kept | None:
        return next(
            (kept for kept in self._newest.values() if kept.response_id == response_id), None
        )

    def _keep(self, key: str, running: _Running, *, completed: bool) -> None:
        items = (*running.items, *running.emitter.output)
        self._newest[running.lane] = _Kept(key, items, completed)

    def _evict(self, lane: str, parent: str) -> None:
        kept = self._newest.get(lane)
        if parent and kept is not None and kept.response_id == parent:
            del self._newest[lane]

    def _interrupt(self, request: Interrupt, answered: Answered) -> None:
        key = request.response_id
        running = self._running.get(key)
        if running is None:
            code, message = "response_not_active", "no such response is running"
        elif request.mode != "discard_partial_items":
            code, message = "invalid_mode", "the only mode is 'discard_partial_items'"
        else:
            del self._running[key]
            answered.frames.extend(running.emitter.interrupted())
            answered.commands.append(Stop(key))
            _hand_back(running, "response_not_active", "the response was interrupted", answered)
            self._keep(key, running, completed=False)
            self._advance(answered)
            return
        lane = "" if running is None else running.lane
        answered.frames.append(interrupt_failed(key, code, message, lane))

    def _steer(self, request: Steer, answered: Answered) -> None:
        target = request.previous_response_id or ""
        running, kept = self._running.get(target), self._kept(target)
        items = steered_items(request.input)
        if not items:
            code, message = "invalid_input", "input must be a text or messages of the user"
        elif running is None and kept is None:
            code, message = "response_not_found", "no such response is known on this connection"
        elif running is None and kept is not None and kept.completed:
            code, message = "response_already_completed", "the response has ended"
        elif running is None or isinstance(running.command, Prepare):
            code, message = "response_not_active", "the response is not being written"
        elif len(running.steers) >= _PENDING_STEERS:
            code = "too_many_pending_steers"
            message = f"more than {_PENDING_STEERS} steers wait for this response"
        else:
            steer = _Pending(f"steer_{self._ids()}", request, items)
            running.steers.append(steer)
            answered.frames.extend(running.emitter.steer_accepted(steer.id))
            return
        lane = running.lane if running is not None else ""
        answered.frames.append(steer_failed(request, code, message, lane))


def _hand_back(running: _Running, code: str, message: str, answered: Answered) -> None:
    """Returns accepted steers that will have no effect, so that they can be said again."""
    answered.frames.extend(
        steer_failed(steer.request, code, message, running.lane, id=steer.id)
        for steer in running.steers
    )
