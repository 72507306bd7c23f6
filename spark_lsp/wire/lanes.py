"""Owns the lanes of one connection as its client sees them: what runs where, and what is free.

What is sent on a lane, and what a frame on it means, is the business of `client`.
Source: responses-protocol.md §1.4.
"""

from dataclasses import dataclass, field

from spark_lsp.core.prompt import Block, Prompt

DEFAULT = ""
"""The lane of frames without `stream_id`."""

BASES = ("base", "base1")
"""Where warm-ups run, in turn, so that the newest response of a base in use stays the base."""

COMPLETIONS = tuple(f"c{number}" for number in range(15))
"""Where completions run: with one warm-up, 16 requests are in flight, as many as are allowed."""


@dataclass(slots=True, eq=False)
class Request:
    """One request on its way. A warm-up has neither handle nor prompt."""

    handle: int | None
    stable: tuple[Block, ...]
    prompt: Prompt | None = None
    lane: str = DEFAULT
    parent: str = ""  # the response it continues from
    full: bool = False  # must not continue: the server forgot what it continued from
    created: bool = False
    response_id: str = ""  # known from response.created on
    cancelled: bool = False
    spoken: bool = False  # some of its text was heard
    refused: bool = False
    heard: int = 0  # the highest sequence number of a delta
    muted: set[int] = field(default_factory=set)  # output indexes that are no answer


class Lanes:
    """At most one request per lane, and the id of the last response of each.

    Args:
        named: whether the provider knows lanes; else there is the default lane alone.
    """

    def __init__(self, *, named: bool) -> None:
        self._named = named
        self._requests: dict[str, Request] = {}
        self._last_ids: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._requests)

    def at(self, lane: str) -> Request | None:
        """The request that was sent on this lane and has not ended."""
        return self._requests.get(lane)

    def running(self, lane: str) -> Request | None:
        """The same, once its response has been created."""
        request = self._requests.get(lane)
        return request if request is not None and request.created else None

    def only(self) -> Request | None:
        """The one request in flight, None where there are more or none."""
        if len(self._requests) != 1:
            return None
        return next(iter(self._requests.values()))

    def in_flight(self) -> list[Request]:
        """All requests that were sent and have not ended, oldest first."""
        return list(self._requests.values())

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

    def take(self, request: Request) -> None:
        """The request has ended; its lane is free."""
        del self._requests[request.lane]
        self._last_ids[request.lane] = request.response_id

    def clear(self) -> None:
        """The connection is gone, and its lanes with it."""
        self._requests.clear()
        self._last_ids.clear()
