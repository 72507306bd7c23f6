"""Owns how long to wait before something is tried again.

Pure figures and their growth; what is tried, and when, is decided in `link`.
Source: responses-protocol.md §1.5, §9.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from spark_lsp.wire.outcomes import Failed

_NO_WEBSOCKET = frozenset({404, 405, 426, 501})
"""What a server answers to a handshake that has no Responses over WebSocket there."""
_KEY_REFUSED = frozenset({401, 403})

_LONGEST_ASKED = 600.0
"""Seconds that a server may ask to be left alone; it may not mean it for days."""

_UNRECOVERABLE = frozenset({1002, 1003, 1007, 1008, 1009, 1010})
"""Close codes after which the same connection would end the same way."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a link waits for what, in seconds.

    Attributes:
        first: before the second attempt to connect; doubles with each further one.
        longest: between two attempts.
        unlikely: between attempts that will most likely fail as the last one did.
        refused: between attempts with a key that was refused.
        settled: after which a connection counts as good though nothing of use came over it.
        rotation: after which a connection is replaced; servers end them after an hour.
        retirement: that a replaced connection may take to finish what it carries.
        drain: that an answer which nobody wants may take before it costs its connection.
        spare: between two attempts to connect a spare.
        warming: after which the caller goes on, though the server has not said that it is prepared.
        mute: that a connection may owe us a sign of life.
    """

    first: float = 0.1
    longest: float = 5.0
    unlikely: float = 180.0
    refused: float = 60.0
    settled: float = 5.0
    rotation: float = 55 * 60.0
    retirement: float = 120.0
    drain: float = 2.0
    spare: float = 10.0
    warming: float = 20.0
    mute: float = 10.0


class Redial:
    """How long to wait before the next attempt to connect.

    Attributes:
        relaxed: whether there is no hurry, because another way is in use.
        delay: the seconds.
    """

    def __init__(self, pace: Pace) -> None:
        self.relaxed = False
        self._pace = pace
        self._failures = 0
        self._delay = 0.0
        self._key_refused = False

    @property
    def delay(self) -> float:
        """Seconds to wait now."""
        return max(self._delay, self._pace.unlikely) if self.relaxed else self._delay

    @property
    def hopeless(self) -> bool:
        """Whether waiting for this way alone is no good: it has failed twice, or is far away."""
        return self._failures > 1 or self.delay > self._pace.longest

    def refused(self, status: int | None, after: float | None) -> None:
        """An attempt was refused."""
        self._failures += 1
        self._delay = self._growing()
        if status in _NO_WEBSOCKET:
            self._delay = self._pace.unlikely
        elif status in _KEY_REFUSED:
            # Once at once: the key may just have been renewed, and is looked up anew.
            self._delay = self._pace.refused if self._key_refused else 0.0
        elif after is not None:
            self._delay = min(max(self._delay, after), _LONGEST_ASKED)
        self._key_refused = status in _KEY_REFUSED

    def ended(self, code: int | None, *, useful: bool) -> None:
        """A connection has ended; it was of use, or the next one will be as useless."""
        self._key_refused = False
        unrecoverable = code is not None and (code in _UNRECOVERABLE or code >= 3000)
        self.relaxed = self.relaxed and not useful
        self._failures = 0 if useful and not unrecoverable else self._failures + 1
        self._delay = self._growing() if self._failures else 0.0
        if unrecoverable:
            self._delay = self._pace.longest

    def _growing(self) -> float:
        return min(self._pace.first * 2.0 ** min(self._failures - 1, 30), self._pace.longest)


class Overload:
    """What to wait for a server that has too much to do, where it does not say so itself.

    Args:
        jitter: gives numbers from [0, 1), so that clients do not come back all at once.
    """

    def __init__(self, jitter: Callable[[], float]) -> None:
        self._jitter = jitter
        self._times = 0

    def failed(self, failed: Failed) -> Failed:
        """Return a failure with the wait that it asks for."""
        waits = _WAITS.get(failed.code)
        if waits is None:
            return failed
        wait = waits[min(self._times, len(waits) - 1)] * (1.0 + self._jitter())
        self._times += 1
        return failed if failed.retry_after is not None else replace(failed, retry_after=wait)

    def ended(self) -> None:
        """It has answered: the next complaint is a new one."""
        self._times = 0


_OVERLOADED = (0.0, 5.0, 30.0, 120.0, 300.0)
_WAITS = {
    "server_is_overloaded": _OVERLOADED,
    "slow_down": _OVERLOADED,
    "rate_limit_exceeded": (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0),
}
"""Seconds for each complaint in a row."""
