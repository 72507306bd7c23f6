"""How eager to be, by what the person has made of what they were shown.

Owns two answers: by how much new requests are put off while nothing that is shown is wanted, and
whether it is worth tokens to ask ahead for what may follow an acceptance. Which suggestion was
wanted is for others to say. What comes of it is small on purpose: peers multiply their waits up to
three seconds, and are then called slow.

A run of unwanted suggestions says more than a single one: most of what is shown is typed over, also
by people who are content (acceptance is one in four at best). So the first three cost nothing, each
one after that a little more calm, and one that is accepted halves it. It wears off by itself, half
of it in five minutes, because it is about what the person is doing just now.
"""

import math
from collections import deque

_FREE = 3
"""Unwanted suggestions in a row that change nothing."""
_REJECTED = 0.05
"""Seconds of calm for one that was sent away."""
_IGNORED = 0.025
"""Seconds of calm for one that was shown for a while and typed over."""
_CALMEST = 0.4
"""Seconds by which a request is put off at most."""
_HALF_LIFE = 300.0
"""Seconds after which half of the calm has worn off."""
_LOOKED_AT = 20
"""Suggestions of which the acceptance is known, the last ones."""
_KNOWN = 8
"""Suggestions before which too little is known to save tokens."""
_RECENT = 3600.0
"""Seconds for which a suggestion counts: this morning's work is not this afternoon's."""
_WORTH = 0.25
"""The part of suggestions that must be accepted for asking ahead to be worth its tokens."""


class Eagerness:
    """What became of the last suggestions."""

    def __init__(self) -> None:
        """Begin eager."""
        self._unwanted = 0
        self._calm = 0.0
        self._since = 0.0
        self._outcomes: deque[tuple[float, bool]] = deque(maxlen=_LOOKED_AT)

    def accepted(self, now: float) -> None:
        """Take in that a suggestion was taken over, all of it or a part."""
        self._outcomes.append((now, True))
        self._unwanted = 0
        self._set(self.calm(now) / 2, now)

    def rejected(self, now: float) -> None:
        """Take in that a suggestion was sent away."""
        self._refused(_REJECTED, now)

    def ignored(self, now: float) -> None:
        """Take in that a suggestion was shown for a while and typed over."""
        self._refused(_IGNORED, now)

    def calm(self, now: float) -> float:
        """Return the seconds by which new requests are put off."""
        return self._calm * math.exp2(-max(0.0, now - self._since) / _HALF_LIFE)

    def wants_ahead(self, now: float) -> bool:
        """Return whether to ask for what would follow an acceptance, before it has come."""
        recent = [wanted for at, wanted in self._outcomes if now - at <= _RECENT]
        return len(recent) < _KNOWN or sum(recent) >= _WORTH * len(recent)

    def _refused(self, step: float, now: float) -> None:
        self._outcomes.append((now, False))
        self._unwanted += 1
        if self._unwanted > _FREE:
            self._set(min(_CALMEST, self.calm(now) + step), now)

    def _set(self, calm: float, now: float) -> None:
        self._calm, self._since = calm, now
