"""How far into an old text the lines reach that are being written in its place.

Owns that judgement, made line by line and never taken back. A line that goes on where the last one
was found, unchanged or nearly so, is the next of the old ones. One that stands farther on counts
only if what is known to agree outweighs what is passed over: a brace or a `return` stands
everywhere. A line that is found nowhere is new and passes over nothing, so that of the old text
nothing is lost that may still come.
"""

import re
from collections import Counter
from collections.abc import Sequence

_TOKEN = re.compile(r"\w+|[^\w\s]")
_LETTER = re.compile(r"\w")
_NEAR = 3
"""Lines behind the last one among which a changed one is looked for."""
_ALIKE = 0.5
"""Share of words and signs, counted on both sides, from which on a line is a changed one."""
_WEIGHT = 4
"""Letters that must agree for each line that is passed over."""
_PLACES = 16
"""Places of a line that are looked at, the nearest first."""
_LONGEST = 1_000
"""Characters of a line above which it is compared only as a whole."""


class Alignment:
    """The lines of an old text, and how many of them are behind.

    Attributes:
        at: how many old lines what has been written stands for; it never falls.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        """Take the old lines; blanks and line ends around them do not matter."""
        self.at = 0
        self._old = [line.strip() for line in lines]
        self._places: dict[str, list[int]] = {}
        for index, line in enumerate(self._old):
            self._places.setdefault(line, []).append(index)
        self._new: list[str] = []  # those written since the last that was found

    def follow(self, line: str) -> int | None:
        """Take in the next written line; which old one it is, None if it is new."""
        line = line.strip()
        self._new.append(line)
        found = self._same(line)
        if found is None:
            found = self._changed(line)
        if found is not None:
            self.at = found + 1
            self._new.clear()
        return found

    def _same(self, line: str) -> int | None:
        """The nearest old line that says the same, if enough speaks for it."""
        places = self._places.get(line, [])
        while places and places[0] < self.at:
            places.pop(0)
        return next((place for place in places[:_PLACES] if self._outweighs(place)), None)

    def _outweighs(self, place: int) -> bool:
        """Whether what agrees up to an old line outweighs what would be passed over."""
        letters = 0
        for line in reversed(self._new):
            if place < self.at or self._old[place] != line:
                return False
            letters += len(_LETTER.findall(line[:_LONGEST]))
            if letters >= _WEIGHT * (place - self.at):
                return True
            place -= 1
        return False

    def _changed(self, line: str) -> int | None:
        """The first of the next old lines that a line is a changed form of."""
        words = _words(line)
        for place in range(self.at, min(self.at + _NEAR, len(self._old))):
            old = _words(self._old[place])
            both, common = words.total() + old.total(), (words & old).total()
            if common > place - self.at and 2 * common >= _ALIKE * both > 0:
                return place
        return None


def _words(line: str) -> Counter[str]:
    """Return the words and signs of a line; none of one that is too long."""
    return Counter(_TOKEN.findall(line)) if len(line) <= _LONGEST else Counter()
