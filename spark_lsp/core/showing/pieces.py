"""Where an answer may be parted: what is accepted at once is whole.

Owns the length of pieces: a statement, a line, a short block, a paragraph of a long one. That
something is whole at a place is told by `visible`; this decides whether a piece ends there. A piece
never ends within what has been visible while it was not known to: where that hangs on what comes,
the text behind the place is held back.
"""

from spark_lsp.core.showing.borders import Border
from spark_lsp.core.showing.place import Extent

_SHORT = 12
"""Lines that are taken at once."""
_PARAGRAPH = 6
"""Lines that are worth to be a piece of their own."""
_LONG = 20
"""Lines after which a piece ends wherever something is whole."""


class Pieces:
    """The ends of the pieces of one answer, as lengths of its text, in ascending order."""

    def __init__(self, extent: Extent) -> None:
        """Take how much is wanted at first."""
        self.stops: list[int] = []
        self._first_line = extent in {Extent.LINE, Extent.REST_OF_LINE}
        self._block = extent is Extent.BLOCK
        self._lines = 0
        self._pending: tuple[int, int] | None = None

    @property
    def held(self) -> int | None:
        """From where on the text is held back, or None."""
        return self._pending[0] if self._pending else None

    def line(self) -> None:
        """A line with text in it is complete."""
        self._lines += 1

    def border(self, at: int, border: Border, *, header: bool, apart: bool) -> None:
        """A further line has begun, and how it relates to the last one is known.

        Args:
            at: the length of the text up to the end of the last line.
            border: what is known of the place between the two.
            header: whether the last line is whole but for the body that follows.
            apart: whether there is an empty line between them.
        """
        if self._first_line and (header or border is not Border.WITHIN):
            self._first_line = False
            self._end(at)
            return
        if border is Border.OUTER and not self._block:
            self._end(at)
            return
        if border is not Border.WITHIN:
            if self._lines >= (_SHORT if apart else _LONG):
                self._end(at)
            elif apart and self._lines >= _PARAGRAPH:
                self._pending = at, self._lines
        if self._pending and self._lines >= _SHORT:
            stop, lines = self._pending
            self._lines -= lines
            self.stops.append(stop)
            self._pending = None

    def finish(self, end: int) -> tuple[int, ...]:
        """Return the ends of the pieces of a text of this length, of which all is known."""
        stops = [stop for stop in self.stops if stop < end]
        return (*stops, end) if end else ()

    def known(self, end: int) -> tuple[int, ...]:
        """Return the ends of the pieces that are known so far of a text of this length."""
        return tuple(stop for stop in self.stops if stop <= end)

    def _end(self, at: int) -> None:
        self.stops.append(at)
        self._lines = 0
        self._pending = None
