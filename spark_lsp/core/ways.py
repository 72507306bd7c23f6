"""Which of several ways to a model is used: the best that works, and a stand-in where none does.

Owns that choice, with time as an argument. What a way is, and how requests go there, is left to
`server.provider`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_DOUBTED = 2
"""Requests in a row that come to nothing before another way is taken."""
_REST = 15.0
_LONG_REST = 120.0
"""Seconds until a way that is there and does not answer is tried again, at first and at most."""


@dataclass(slots=True)
class _Way:
    after: float
    up: bool = False
    away: float | None = None  # since when; None if it was never tried
    hopeless: bool = False
    rests: float = 0.0  # until when
    reason: str = ""
    failures: int = 0  # requests in a row that came to nothing

    def usable(self, now: float) -> bool:
        return self.up and self.rests <= now

    def leaves_room(self, now: float, after: float) -> bool:
        """Whether a lesser way may take its place."""
        if self.away is None or self.hopeless or self.up:
            return not self.usable(now)
        return self.away + after <= now


class Ways:
    """What is known of each way, the best first.

    A lesser way is wanted where all better ones rest, are hopeless, or have been away for as long
    as it gives them to come back.
    """

    def __init__(self, after: Sequence[float], now: float) -> None:
        """Take the seconds that each way gives the better ones; the first is tried from now on."""
        self._ways = [_Way(seconds) for seconds in after]
        self._ways[0].away = now

    def up(self, way: int) -> None:
        """A way is there."""
        it = self._ways[way]
        it.up, it.hopeless, it.reason = True, False, ""

    def down(self, way: int, reason: str, now: float, *, hopeless: bool) -> None:
        """A way is away; the reason is a sentence for people."""
        it = self._ways[way]
        if it.up or it.away is None:
            it.away = now
        it.up, it.reason, it.hopeless = False, reason, it.hopeless or hopeless

    def rest(self, way: int, until: float, reason: str) -> None:
        """A way is not to be used, nor tried, for a while."""
        self._ways[way].rests, self._ways[way].reason = until, reason

    def failed(self, way: int, reason: str, now: float) -> None:
        """A request has come to nothing, though the way is there.

        After the second in a row it rests, longer and longer, if there is a lesser way.
        """
        it = self._ways[way]
        it.failures += it.up  # what was lost with the way itself says nothing of the next request
        if it.up and it.failures >= _DOUBTED and way + 1 < len(self._ways):
            self.rest(way, now + min(_REST * 2.0 ** (it.failures - _DOUBTED), _LONG_REST), reason)

    def answered(self, way: int) -> None:
        """A request is being answered: what was said against the way holds no more."""
        self._ways[way].failures, self._ways[way].reason = 0, ""

    def tried(self, way: int, now: float) -> None:
        """A way is tried from now on, if it was not before."""
        it = self._ways[way]
        it.away = now if it.away is None else it.away

    def given_up(self, way: int) -> None:
        """A way is not tried any more, until it is wanted again."""
        self._ways[way] = _Way(self._ways[way].after)

    def wanted(self, now: float) -> list[int]:
        """The ways that should be tried now, the best first."""
        wanted: list[int] = []
        for index, way in enumerate(self._ways):
            better = (self._ways[other] for other in wanted)
            if way.rests <= now and all(it.leaves_room(now, way.after) for it in better):
                wanted.append(index)
        return wanted

    def chosen(self, now: float) -> int | None:
        """The way to use, None while there is none."""
        usable = (index for index in self.wanted(now) if self._ways[index].usable(now))
        return next(usable, None)

    def reason(self) -> str:
        """Why the best way is not used, as far as it is known; else why the next is not."""
        return next((way.reason for way in self._ways if way.reason), "")

    def deadline(self, now: float) -> float | None:
        """When the choice may change by time alone, or None."""
        times = [way.rests for way in self._ways]
        times += [
            better.away + way.after
            for index, way in enumerate(self._ways)
            for better in self._ways[:index]
            if better.away is not None and not better.up
        ]
        return min((time for time in times if time > now), default=None)
