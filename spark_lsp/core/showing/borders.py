"""How a line of an answer relates to the lines above it.

Owns the question what is whole between two lines: whether a statement has ended there, whether the
scope has, or whether the second line carries on the first. It is answered from the beginning of the
second line, as soon as that cannot become anything else.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

from spark_lsp.core.showing.nesting import Nesting
from spark_lsp.core.showing.place import Extent, Place
from spark_lsp.core.showing.signs import Signs

_LABEL = re.compile(r"#|(?:case|default|public|private|protected)\b|[A-Za-z_]\w*[ \t]*:(?!:)")
_LABEL_BEGUN = re.compile(r"\w+[ \t]*:?\Z")
_LEADS_ON = ("@", "#[", "#!", "template")
"""What a line begins with that belongs to the next one: decorators, attributes, parameters."""


class Border(Enum):
    """What is known of the place between two lines."""

    WITHIN = auto()
    """Nothing is whole there."""
    INNER = auto()
    """A statement ends there, within what the answer began with."""
    OUTER = auto()
    """What the answer began with is whole there."""


@dataclass(frozen=True, slots=True)
class Above:
    """What is known of the lines above a line.

    Attributes:
        base: the indentation that the answer began with; None before its first line.
        columns: the indentation of the last line with text in it.
        opened: what that line opens a block with: its last character; "" if it opens none.
        line: that line, masked; "" if the answer has none yet.
        leads_on: whether that line belongs to the next: a comment, a decorator.
        ending: whether a word or a tag has closed the block around the place.
    """

    base: int | None
    columns: int
    opened: str
    line: str = ""
    leads_on: bool = False
    ending: bool = False

    @classmethod
    def of(cls, place: Place) -> "Above":
        """Return what is known before an answer begins."""
        base = None if place.blank else place.columns
        if place.extent is Extent.BLOCK and not place.blank:
            base = place.above + 1  # the body is deeper than the line that opens it
        return cls(base, place.above, place.opened)

    def then(self, line: str, masked: str, columns: int, signs: Signs, *, ending: bool) -> "Above":
        """Return what is known below a further line.

        Args:
            line: the whole line, with what stands before the cursor.
            masked: the same without what strings and comments say.
            columns: its indentation.
            signs: of the language.
            ending: whether it closes the block around the place.
        """
        said = masked.rstrip()
        comment = not said.strip() and not signs.prose
        return Above(
            columns if self.base is None else self.base,
            columns,
            said[-1:] if signs.opens_block(said) else "",
            said or line,
            comment or line.lstrip().startswith(_LEADS_ON),
            self.ending or ending,
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """How a line relates to the lines above it.

    Attributes:
        border: what is whole between them.
        header: whether the line above is whole but for the body, or for what it belongs to.
        over: whether the scope has ended above this line.
        ending: whether this line ends it, closing its block.
    """

    border: Border = Border.WITHIN
    header: bool = False
    over: bool = False
    ending: bool = False


def turn(
    line: str,
    columns: int,
    above: Above,
    nesting: Nesting,
    place: Place,
    *,
    apart: bool,
    complete: bool,
) -> Turn | None:
    """Return how a line relates to those above it, or None if that hangs on what comes.

    Args:
        line: the line or its beginning, without its indentation.
        columns: its indentation.
        above: what is known of the lines above.
        nesting: what is open there.
        place: where the answer goes.
        apart: whether there is an empty line between them.
        complete: whether it is the whole line.
    """
    signs = place.signs
    text = signs.prose or nesting.home
    if nesting.open or (place.owes(nesting.closed) and not text):
        return Turn()
    if text:
        return Turn(Border.OUTER if apart else Border.INNER)
    ended = above.ending or (nesting.closed and nesting.closed > place.scope)
    if not ended and (above.base is None or columns < above.base):
        left = _left(line, columns, above, place, complete=complete)
        if left != Turn():
            return left
    resumed = signs.resumed(line, complete=complete) if above.line else True
    if resumed is None or resumed:
        return None if resumed is None else Turn()
    return Turn(over=True) if ended else _between(columns, above, nesting, place, apart=apart)


def _left(line: str, columns: int, above: Above, place: Place, *, complete: bool) -> Turn | None:
    """Judge a line that may stand left of the block that the cursor is in."""
    signs, begun = place.signs, above.base is not None
    closing = signs.closing(line, complete=complete)
    if closing is None or (not complete and begun and signs.labels and _LABEL_BEGUN.match(line)):
        return None
    if closing in {")", "]", "}"}:
        return Turn()  # what it closes is for `nesting` to say
    if closing:
        over = place.ends_with(closing, columns)
        return Turn(over=over, ending=begun and not over)
    return Turn(over=begun and not (signs.labels and _LABEL.match(line)))


def _between(columns: int, above: Above, nesting: Nesting, place: Place, *, apart: bool) -> Turn:
    signs = place.signs
    if above.leads_on and not apart:
        return Turn(header=True)
    listed = len(place.openers) > nesting.closed
    if signs.unfinished(above.line, listed=listed):
        # A line of a statement that ends with a sign of its own is a line all the same.
        return Turn(header=bool(signs.ended))
    if columns > above.columns:
        return Turn(header=bool(above.opened))
    assert above.base is not None
    return Turn(Border.OUTER if columns <= above.base else Border.INNER)
