"""Owns the lanes of one connection as its client sees them: what runs where, and what is free.

What is sent on a lane, and what a frame on it means, is the business of `client`.
Source: responses-protocol.md §1.4.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto
from math import exp

from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.cleaning import Cleaner
from spark_lsp.wire.events import (
    Broken,
    Completed,
    Created,
    Incomplete,
    ItemAdded,
    RefusalDone,
    TextDelta,
)
from spark_lsp.wire.requests import spelled_interrupt

DEFAULT = ""
"""The lane of frames without `stream_id`."""

BASES = ("base", "base1")
"""Where warm-ups run, in turn, so that the newest response of a base in use stays the base."""

COMPLETIONS = tuple(f"c{number}" for number in range(15))
"""Where completions run: with one warm-up, 16 requests are in flight, as many as are allowed."""


class Steering(Enum):
    """How far the redirection of a response has come (§1.6 a)."""

    NONE = auto()
    ASKED = auto()
    ACCEPTED = auto()
    """A successor will run on the lane, whatever becomes of the response."""


@dataclass(slots=True, eq=False)
class Request:
    """One request on its way. A warm-up has neither handle nor prompt."""

    handle: int | None
    stable: tuple[Block, ...]
    prompt: Prompt | Rewrite | None = None
    lane: str = DEFAULT
    parent: str = ""  # the response it continues from
    full: bool = False  # must not continue: the server forgot what it continued from
    created: bool = False
    response_id: str = ""  # known from response.created on
    cancelled: bool = False
    spoken: bool = False  # some of its text was heard
    turned: bool = False  # what is answered is not what was sent, but what was said to it later
    refused: bool = False
    heard: int = 0  # the highest sequence number of a delta
    muted: set[int] = field(default_factory=set)  # output indexes that are no answer
    cleaner: Cleaner | None = None
    steering: Steering = Steering.NONE
    sent: Profile | None = None  # what was believed of the provider when it was sent
    logprob: float | None = None  # of what was heard, up to the end of the first line with text
    lined: bool = False  # whether that has ended

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for its answer."""
        return self.handle is not None and not self.cancelled

    @property
    def interrupt(self) -> list[str]:
        """The frame that ends its response early; none while that has no id."""
        return [spelled_interrupt(self.response_id).decode()] if self.response_id else []

    @property
    def enough(self) -> bool:
        """Whether what the model goes on to write is no part of the answer any more.

        What is being steered goes on all the same, with another answer.
        """
        over = self.cleaner is not None and self.cleaner.over
        return over and self.steering is Steering.NONE

    def read(self, event: TextDelta) -> str:
        """Takes in a delta on its lane; returns what it adds to the answer, "" for nothing."""
        if not self._hears(event):
            return ""
        self._weigh(event)
        return self.cleaner.feed(event.delta) if self.cleaner else event.delta

    @property
    def confidence(self) -> float | None:
        """The probability of the first line with text, so far; None if nothing is told of it."""
        return None if self.logprob is None else exp(min(self.logprob, 0.0))

    def _weigh(self, event: TextDelta) -> None:
        logprob = None if self.lined else event.logprob
        if logprob is None:
            return
        self.lined = self.logprob is not None and "\n" in event.delta
        if not self.lined:
            self.logprob = (self.logprob or 0.0) + logprob

    def rest(self) -> str:
        """The answer has ended: returns what was held back of it, "" for nothing."""
        return self.cleaner.close() if self.cleaner else ""

    def _hears(self, event: TextDelta) -> bool:
        if self.cancelled or not event.delta or event.output_index in self.muted:
            return False
        if event.response_id and event.response_id != self.response_id:
            return False
        # A number heard before is a repetition. Zero belongs to response.created (§1.7): on a
        # delta it comes from a server that does not count.
        number = event.sequence_number or 0
        if 0 < number <= self.heard:
            return False
        self.heard = number
        self.spoken = True
        return True


class Lanes:
    """At most one request per lane, and the id of the last response of each.

    Args:
        named: whether the provider knows lanes; else there is the default lane alone.
    """

    def __init__(self, *, named: bool) -> None:
        self._named = named
        self._requests: dict[str, Request] = {}
        self._behind: deque[Request] = deque()  # sent on lanes that turned out to be one
        self._last_ids: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._requests) + len(self._behind)

    def at(self, lane: str) -> Request | None:
        """The request that was sent on this lane and has not ended."""
        return self._requests.get(lane if self._named else DEFAULT)

    def running(self, lane: str) -> Request | None:
        """The same, once its response has been created."""
        request = self.at(lane)
        return request if request is not None and request.created else None

    def blamed(self, lane: str) -> Request | None:
        """The request that an error on this lane is about.

        The lane is optional on errors (§1.5): with one request in flight there is no doubt.
        """
        if (request := self.at(lane)) is not None or lane:
            return request
        return next(iter(self._requests.values())) if len(self) == 1 else None

    def in_flight(self) -> list[Request]:
        """All requests that were sent and have not ended, oldest first."""
        return [*self._requests.values(), *self._behind]

    def reader(self, lane: str) -> int | None:
        """The handle that waits for what runs on a lane, None if nobody does."""
        request = self.running(lane)
        return request.handle if request is not None and request.wanted else None

    def note(self, event: ItemAdded | RefusalDone) -> None:
        """Remembers what is said of the text that runs on a lane."""
        if (request := self.running(event.lane)) is None:
            return
        if isinstance(event, RefusalDone):
            request.refused = True
        elif event.is_commentary:
            request.muted.add(event.output_index)

    def asked_to_steer(self) -> list[Request]:
        """Those of which it is not known yet whether they are steered."""
        return [request for request in self.in_flight() if request.steering is Steering.ASKED]

    def steered(self, response_id: str) -> Request | None:
        """The request whose response was asked to be steered, or has been and ended."""
        for request in self.in_flight():
            if request.steering is Steering.NONE or not response_id:
                continue
            ended = not request.created and self.is_over(request.lane, response_id)
            if ended or request.response_id == response_id:
                return request
        return None

    def begun_by(self, event: Created) -> Request | None:
        """The request that has become this response, None where it does not fit what waits."""
        request = self.at(event.lane)
        if request is None or request.created or self.is_over(request.lane, event.response_id):
            return None
        return request

    def ended_by(self, event: Completed | Incomplete | Broken) -> Request | None:
        """The request that a terminal event ends, None where it does not fit what runs there."""
        request = self.at(event.lane)
        if request is None or self.is_over(request.lane, event.response_id):
            return None
        # Only a failure may come before response.created.
        if not request.created and not isinstance(event, Broken):
            return None
        if request.response_id and event.response_id not in {"", request.response_id}:
            return None
        return request

    def is_over(self, lane: str, response_id: str) -> bool:
        """Whether this is the response that ran on the lane before."""
        return bool(response_id) and response_id == self._last_ids.get(lane)

    def free(self) -> str | None:
        """A lane for a completion."""
        lanes = COMPLETIONS if self._named else (DEFAULT,)
        return next((lane for lane in lanes if lane not in self._requests), None)

    def free_for_base(self, in_use: str | None) -> str | None:
        """A lane for a warm-up, of which one runs at a time, beside the base in use."""
        if not self._named:
            return self.free()
        if any(lane in self._requests for lane in BASES):
            return None
        return BASES[1] if in_use == BASES[0] else BASES[0]

    def put(self, request: Request, lane: str) -> None:
        """The request has been sent on this free lane."""
        request.lane = lane
        self._requests[lane] = request

    def succeed(self, request: Request) -> None:
        """The response has ended, and another of the same request follows on its lane."""
        self._last_ids[request.lane] = request.response_id
        request.created = request.refused = request.spoken = False
        request.turned = True
        request.response_id, request.heard = "", 0
        if request.cleaner is not None and request.prompt is not None:
            request.cleaner = Cleaner(request.prompt)
        request.muted.clear()

    def take(self, request: Request) -> None:
        """The request has ended; its lane is free."""
        del self._requests[request.lane]
        self._last_ids[request.lane] = request.response_id
        if self._behind and request.lane == DEFAULT:
            self.put(self._behind.popleft(), DEFAULT)

    def unname(self) -> None:
        """The server knows no lanes: what was sent runs one after the other, as it was sent."""
        self._named = False
        self._behind.extend(self._requests.values())
        self._requests.clear()
        self._last_ids.clear()
        if self._behind:
            self.put(self._behind.popleft(), DEFAULT)
