"""Owns the server's half of one Responses connection: what to answer, and in which order.

The socket and the model belong to the caller, who sends the frames of each `Answered` in order and
obeys its commands. The words of one response are `emitter`'s, those of a prompt `layout`'s.
Source: responses-protocol.md §1.4 to §1.7.

Theory of operation
===================

A `response.create` lives through

    queued --lane idle, slot free--> running --finish, fail, interrupt--> gone

- *Order.* Requests of one lane run one after the other, as they came; lanes run beside each other,
  at most 16 at a time. What is wrong with a request is said when its turn comes, never before:
  clients tell the answers of a lane apart by nothing but their order.
- *State.* Each lane keeps its newest response, input and output together. A request that continues
  it gets those items in front of its own, on whatever lane it runs. A continuation that fails on
  the lane of its parent evicts the parent (§1.4).
- *Keys.* A response's id is the key of its commands. After its end nothing said under that key has
  any effect.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, assert_never

from spark_lsp.core.prompt import Prompt
from spark_lsp.wire.emitter import Emitter, error_frame, refused_frame
from spark_lsp.wire.events import Usage
from spark_lsp.wire.frames import Malformed, Unknown
from spark_lsp.wire.layout import Item, read
from spark_lsp.wire.requests import Create, Interrupt, Steer, decode_request

_IN_FLIGHT = 16
_LANE_NAMES = 32
_QUEUED = 256  # ours: a client that never waits must not fill our memory
_LANE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,256}")


@dataclass(frozen=True, slots=True)
class Generate:
    """Complete this prompt: call `delta` as text comes, then `finish` or `fail`.

    Attributes:
        key: what to call them with.
        prompt: what was asked, with all that it continues.
        instructions: the request's own, "" for none.
        max_output_tokens: where to cut the answer; the caller then finishes with that reason.
    """

    key: str
    prompt: Prompt
    instructions: str = ""
    max_output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Prepare:
    """Get ready for prompts that begin like this one, then call `finish`; no text is wanted."""

    key: str
    prompt: Prompt


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
class _Refusal:
    message: str
    code: str = "invalid_request_error"
    status: int = 400
    param: str | None = None


@dataclass(frozen=True, slots=True)
class _Queued:
    lane: str
    request: Create | _Refusal
    parent: str


@dataclass(frozen=True, slots=True)
class _Running:
    lane: str
    parent: str
    items: tuple[Item, ...]
    emitter: Emitter


@dataclass(frozen=True, slots=True)
class _Kept:
    response_id: str
    items: tuple[Item, ...]


class Server:
    """The server's half of a connection; see the theory of operation above.

    Args:
        model: the one model there is.
        ids: gives an identifier it has not given before, with each call.
    """

    def __init__(self, model: str, ids: Callable[[], str]) -> None:
        self._model = model
        self._ids = ids
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
                answered.frames.append(_invalid_stream_id())
            case Malformed(type="response.create"):
                refusal = _Refusal(request.detail, param=request.field or None)
                self._enqueue(request.lane or None, refusal, request.parent, answered)
            case Interrupt():
                self._interrupt(request, answered)
            case Steer():
                answered.frames.append(_steer_failed(request))
            case Malformed():
                answered.frames.append(error_frame("invalid_request_error", request.detail))
            case Unknown():
                message = f"unknown event type '{request.type[:64]}'"
                answered.frames.append(error_frame("invalid_request_error", message, param="type"))
            case _:
                assert_never(request)
        return answered

    def delta(self, key: str, text: str) -> list[str]:
        """Sends text of a running response; nothing for one that has ended, or for no text."""
        running = self._running.get(key)
        return running.emitter.text(text) if running is not None and text else []

    def finish(
        self,
        key: str,
        usage: Usage | None = None,
        reason: Literal["completed", "max_output_tokens"] = "completed",
    ) -> Answered:
        """Ends a running response; the next in its lane may begin."""
        answered = Answered()
        running = self._running.pop(key, None)
        if running is None:
            return answered
        if reason == "completed":
            answered.frames.extend(running.emitter.completed(usage or Usage()))
        else:
            answered.frames.extend(running.emitter.incomplete(reason, usage or Usage()))
        self._keep(key, running)
        self._advance(answered)
        return answered

    def fail(self, key: str, code: str, message: str) -> Answered:
        """Ends a running response with `response.failed`; the next in its lane may begin."""
        answered = Answered()
        running = self._running.pop(key, None)
        if running is None:
            return answered
        answered.frames.extend(running.emitter.failed(code, message))
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
        self, stream_id: str | None, request: Create | _Refusal, parent: str, answered: Answered
    ) -> None:
        lane = stream_id or ""
        if stream_id is not None and not _LANE_NAME.fullmatch(stream_id):
            answered.frames.append(_invalid_stream_id())
            return
        if lane and lane not in self._names:
            if len(self._names) >= _LANE_NAMES:
                message = f"a connection has at most {_LANE_NAMES} lanes: open another"
                answered.frames.append(
                    error_frame("websocket_stream_limit_reached", message, lane=lane)
                )
                return
            self._names.add(lane)
        if len(self._queue) >= _QUEUED:
            # Out of turn, and therefore without a lane: it is no answer to the lane's next request.
            message = f"more than {_QUEUED} requests wait on this connection"
            answered.frames.append(error_frame("rate_limit_exceeded", message, status=429))
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
            answered.frames.append(
                error_frame(
                    refusal.code,
                    refusal.message,
                    status=refusal.status,
                    lane=queued.lane,
                    param=refusal.param,
                )
            )
            self._evict(queued.lane, queued.parent)
        self._queue = waiting

    def _begin(self, queued: _Queued, answered: Answered) -> _Refusal | None:
        """Begins a request, or says what is wrong with it."""
        request = queued.request
        if isinstance(request, _Refusal):
            return request
        items = self._flaw(request) or self._items(request)
        if isinstance(items, _Refusal):
            return items
        key = f"resp_{self._ids()}"
        emitter = Emitter(queued.lane, key, f"msg_{self._ids()}", self._model, queued.parent)
        self._running[key] = _Running(queued.lane, queued.parent, items, emitter)
        answered.frames.extend(emitter.opened())
        prompt = read(items)
        if request.generate is False:
            answered.commands.append(Prepare(key, prompt))
        else:
            answered.commands.append(
                Generate(key, prompt, request.instructions or "", request.max_output_tokens)
            )
        return None

    def _flaw(self, request: Create) -> _Refusal | None:
        """What is wrong with the request by itself."""
        if not request.model:
            message = "missing required parameter: 'model'"
            return _Refusal(message, "missing_required_parameter", param="model")
        if request.model != self._model:
            message = f"the model '{request.model[:64]}' does not exist here: use '{self._model}'"
            return _Refusal(message, "model_not_found", 404, "model")
        if request.max_output_tokens is not None and request.max_output_tokens < 1:
            message = "max_output_tokens must be at least 1"
            return _Refusal(message, param="max_output_tokens")
        if request.input is None and not request.parent:
            message = "missing required parameter: 'input' or 'previous_response_id'"
            return _Refusal(message, "missing_required_parameter", param="input")
        return None

    def _items(self, request: Create) -> tuple[Item, ...] | _Refusal:
        """The whole input of a sound request, what it continues included."""
        known: tuple[Item, ...] = ()
        if request.parent:
            kept = (kept for kept in self._newest.values() if kept.response_id == request.parent)
            parent = next(kept, None)
            if parent is None:
                message = f"Previous response with id '{request.parent[:64]}' not found."
                code = "previous_response_not_found"
                return _Refusal(message, code, param="previous_response_id")
            known = parent.items
        if isinstance(request.input, str):
            return (*known, {"type": "message", "role": "user", "content": request.input})
        return (*known, *(request.input or ()))

    def _keep(self, key: str, running: _Running) -> None:
        items = (*running.items, *running.emitter.output)
        self._newest[running.lane] = _Kept(key, items)

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
            self._keep(key, running)
            self._advance(answered)
            return
        lane = "" if running is None else running.lane
        answered.frames.append(
            refused_frame("interrupt.failed", code, message, lane=lane, response_id=key)
        )


def _invalid_stream_id() -> str:
    # Without the lane's name: it is none.
    message = "stream_id must be 1 to 256 characters of A-Z, a-z, 0-9, '_', '.' and '-'"
    return error_frame("invalid_stream_id", message, param="stream_id")


def _steer_failed(request: Steer) -> str:
    steer = {"input": request.input, "previous_response_id": request.previous_response_id}
    message = "this model cannot be steered: interrupt it, or ask anew"
    return refused_frame("steer.failed", "steering_not_supported", message, steer=steer)
