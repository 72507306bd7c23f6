"""Whether somebody who types would have to wait: what works in the background then stands back.

Owns that judgement, one moment in time. A key, and a question that the model has not begun to
answer, put it off; the beginning of an answer lets it be now. Who stands back does so for a while
only, so that a person who never stops typing does not stop everything else.
"""

import asyncio
import contextlib
from collections.abc import Callable

KEY = 0.02
"""Seconds in which the work of a key is done, and the next may follow."""
QUESTION = 0.5
"""Seconds that a question may go unanswered; whoever is slower is not waited for."""
LONGEST = 1.0
"""Seconds that whoever stands back does so at most."""
SHARE = 0.25
"""Seconds in which they may go on then, whoever waits."""


class Precedence:
    """The foreground's right of way, in one server."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take a clock, in seconds."""
        self._clock = clock
        self._until = clock()
        self._free = clock()
        self._stream: int | None = None
        self._moved = asyncio.Event()

    @property
    def waits(self) -> float:
        """Seconds for which the foreground has the right of way as things are, 0 if it has not."""
        now = self._clock()
        return max(0.0, self._until - now) if now >= self._free else 0.0

    def key(self) -> None:
        """A key has come."""
        self._until = max(self._until, self._clock() + KEY)

    def asked(self, stream: int) -> None:
        """A model is being asked."""
        self._stream = stream
        self._until = self._clock() + QUESTION

    def answered(self, stream: int) -> None:
        """An answer has begun, or is not wanted any more; only that to the last question counts."""
        if stream == self._stream:
            self._stream = None
            self._until = self._clock()
            self._moved.set()

    async def stand_back(self) -> None:
        """Return once nobody in the foreground waits, or after a while."""
        try:
            async with asyncio.timeout(LONGEST):
                while left := self.waits:
                    self._moved.clear()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(left):
                            await self._moved.wait()
        except TimeoutError:
            self._free = self._clock() + SHARE
