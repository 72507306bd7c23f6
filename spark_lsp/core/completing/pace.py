"""How long a request is held back, so that a slow model is not asked for what no one waits for.

Theory. A wait has one use: a person in the middle of a burst sends a key, and the next key ends the
answer before any of it is there. Asked at each key, a model that takes 500 ms to its first text and
a person who types at 100 ms a key are two hundred requests and two hundred cancels for nothing. A
wait of 130 ms, a little more than the person's own interval, sends one request when they stop, and
delays that one by no more than a quarter of what it takes anyway.

Everywhere else a wait only makes the answer late, and there is none:

- while the model's latency is unknown, because what is not measured is not paid for in advance;
- where its first text comes within the typing interval: it will be read before the next key. At
  60 ms a key, which is fast typing, that is so for a model that takes 60 ms or less;
- at the start of a line, and at the first key after a pause: there people stop to look, and there
  an answer is worth most (Cody does the first, with 0 ms against 25 to 250 elsewhere);
- where the bounds leave less than one interval. With 200 ms to the first text and 150 ms a key half
  the latency is 100 ms: each key would still send its request, only later;
- for a client that waits by itself. Neovim's own waits 200 ms from the last key, and a second wait
  on top of it is what makes others slow there;
- for the time that has passed since the key already, which editors with a delay of their own have
  spent.

Peers wait a fixed 350 ms (Continue), 400 ms (minuet) or 100 to 1,000 ms (Tabby), also before an
answer that they have in hand; at 60 ms a key they then show nothing at all while a person types.
That this is asked only when the network is needed is for the caller to see to, as is that a person
who asks by a command never waits.

Owns the rhythm of the keys and the measured latency; time is an argument, in seconds.
"""

from collections import deque
from statistics import median

_REMEMBERED = 10
"""Latencies, and intervals between keys, that are looked at; older ones are forgotten."""
_PAUSE = 0.5
"""Seconds without a key after which a burst is over. A slow typist has a key in 0.3."""
_FASTEST = 0.05
"""The shortest interval that counts. No one types at less for long; keys that roll over each other,
repeat, or are inserted by the editor say nothing of when the next one will come."""
_OVER = 1.3
"""Intervals to wait for: so that a key that comes a little late still comes in time."""
_SHARE = 0.5
"""The part of the latency that a wait may add to it."""
_LONGEST = 0.2
"""Seconds that a wait lasts at most."""


class Pace:
    """How fast a person types, and how fast they are answered."""

    def __init__(self, waits_itself: bool) -> None:
        """Say whether the client waits by itself before it asks."""
        self._waits_itself = waits_itself
        self._last: float | None = None
        self._in_burst = False
        self._intervals: deque[float] = deque(maxlen=_REMEMBERED)
        self._latencies: deque[float] = deque(maxlen=_REMEMBERED)

    def edited(self, now: float) -> None:
        """Take in a key, or any other edit of the person's."""
        gap = None if self._last is None else max(0.0, now - self._last)
        self._in_burst = gap is not None and gap < _PAUSE
        if gap is not None and self._in_burst:
            self._intervals.append(max(_FASTEST, gap))
        self._last = now

    def answered(self, seconds: float) -> None:
        """Take in how long it was from a request to the first text of its answer."""
        self._latencies.append(max(0.0, seconds))

    def unanswered(self, seconds: float) -> None:
        """Take in that a request was given up after so long without any text.

        Its answer would have taken longer. If it has taken longer than expected already, this is
        news: in a burst against a slow model no answer ever arrives to be measured.
        """
        if seconds > (self.expected() or 0.0):
            self.answered(seconds)

    def expected(self) -> float | None:
        """Return the seconds in which the first text can be expected, or None if nobody knows."""
        return median(self._latencies) if self._latencies else None

    def debounce(self, now: float, *, opens_line: bool) -> float:
        """Return the seconds from now until a request may go out; another key begins anew.

        Args:
            now: the time of the request, at or after that of its key.
            opens_line: whether nothing but blanks stands before the cursor in its line.
        """
        latency = self.expected()
        if self._waits_itself or opens_line or latency is None or not self._intervals:
            return 0.0
        if self._last is None or not self._in_burst:
            return 0.0
        interval = median(self._intervals)
        wait = min(_OVER * interval, _SHARE * latency, _LONGEST)
        if latency <= interval or wait < interval:
            return 0.0
        return max(0.0, wait - max(0.0, now - self._last))
