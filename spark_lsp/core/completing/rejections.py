"""What a person has sent away, so that it does not come back with the next key.

Theory. A suggestion is the line that it would make: what stands before the cursor and the first
line of what is shown. Said that way it stays the same when the person types or deletes a little and
the model begins elsewhere in the same line, and when it says more or fewer lines after the first.
Blanks make no difference, as models differ in them. While a line is being written that may yet
become one of these, it cannot be told from it.

A person who goes on to type what they have sent away has thought better of it: from three
characters on it is shown again. And it is forgotten after ten minutes, because a no is about a
place in time as much as in the text.

Owns that memory, bounded. That something was sent away, and where to ask, is for others to know.
"""

from collections import OrderedDict
from dataclasses import dataclass

_REMEMBERED = 64
"""Suggestions that are remembered; the oldest are forgotten first."""
_LASTS = 600.0
"""Seconds for which one is remembered."""
_TYPED = 3
"""Characters of a rejected suggestion that a person types when they want it after all."""


@dataclass(frozen=True, slots=True)
class _Rejected:
    before: str  # without blanks, as the next
    line: str


class Rejections:
    """The suggestions that were sent away lately."""

    def __init__(self) -> None:
        """Start empty."""
        self._since: OrderedDict[_Rejected, float] = OrderedDict()

    def rejected(self, before: str, text: str, now: float) -> None:
        """Remember what was sent away.

        Args:
            before: the text of the cursor's line up to the cursor.
            text: what was shown there.
            now: the time.
        """
        first = _first_line(text)
        if not first:
            return
        start = _squeezed(before)
        rejected = _Rejected(start, start + first)
        self._since[rejected] = now
        self._since.move_to_end(rejected)
        if len(self._since) > _REMEMBERED:
            self._since.popitem(last=False)

    def bars(self, before: str, text: str, now: float, *, whole: bool = True) -> bool:
        """Return whether a text to be shown behind `before` is one that was sent away.

        If it is not `whole`, whether it is or may become one.
        """
        for old in [old for old, since in self._since.items() if now - since > _LASTS]:
            del self._since[old]
        if not self._since:
            return False
        start = _squeezed(before)
        line = start + _squeezed(text)
        return any(
            (line.startswith(old.line) or (not whole and old.line.startswith(line)))
            and len(start) < min(len(old.line), len(old.before) + _TYPED)
            for old in self._since
        )


def _first_line(text: str) -> str:
    """Return the first line with anything in it, without blanks; "" if there is none."""
    line, _, _ = text.strip().replace("\r", "\n").partition("\n")
    return _squeezed(line)


def _squeezed(text: str) -> str:
    return "".join(text.split())
