"""From what a model has written to what may be shown of it, and where that is whole.

Theory. An answer is read line by line, each line once. What is known of the lines so far is a small
state: open brackets, an open string, the indentation that the answer began with. A line that is not
complete is judged anew with each piece that comes, but only until it is known how it relates to the
lines before it. Whatever may still turn out otherwise is held back: a word that may become `else`,
a line that may become the next line of the file, a second round of what may be a loop. Hence what
is shown only ever grows, and it does not matter in which pieces an answer comes.

Owns that reading. The rules that it goes by have modules of their own: what tells structure in a
language (`signs`), what is open and what of it is closed already (`nesting`), how two lines relate
(`borders`), where pieces end (`pieces`), what is a loop (`repetition`), how lines are indented
(`indentation`), what repeats the rest of the cursor's line (`cuts`).
"""

import re
from dataclasses import dataclass

from spark_lsp.core.showing.borders import Above, turn
from spark_lsp.core.showing.cuts import without_overlap
from spark_lsp.core.showing.indentation import Style, Translation
from spark_lsp.core.showing.nesting import Nesting
from spark_lsp.core.showing.pieces import Pieces
from spark_lsp.core.showing.place import Extent, Place
from spark_lsp.core.showing.repetition import Repetition
from spark_lsp.core.showing.signs import PAIRS

_LINE_END = re.compile(r"\r\n|\n|\r")
_EMPTY = 2
"""Empty lines in a row that are kept."""
_NOTHING = 10
"""Empty lines in a row after which nothing is expected to come."""

SCOPE = "the scope ends"
CLOSED = "the bracket is closed already"
ENDED = "what the cursor is in ends behind it"
LINE = "text follows on the line"
NEXT_LINE = "it repeats the next line"
LOOP = "it repeats itself"
NOTHING = "nothing but empty lines comes"


@dataclass(frozen=True, slots=True)
class Shown:
    """What may be shown of an answer.

    Attributes:
        text: the part that may be shown at all. It only ever grows while the answer does. Its
            indentation is that of the file, so it need not be a part of what the model wrote.
        stops: ascending lengths of `text` at which a piece is whole: what is accepted ends at one.
            More of the answer only adds to them, and none that is added lies within `text`. When
            the answer is complete or `over`, the last is the whole text, unless that is a loop
            within a line, of which nothing should be accepted.
        over: nothing that the model may still write would be shown.
        reason: why the answer was cut, in a few words for people; "" if it was not.
    """

    text: str
    stops: tuple[int, ...]
    over: bool
    reason: str


def visible(text: str, place: Place, *, final: bool) -> Shown:
    """Return what may be shown of an answer.

    Args:
        text: the answer as far as it is known, with the line ends of the file.
        place: where it goes.
        final: whether it is complete. If not, what may turn out otherwise is held back.
    """
    reading = Reading(place)
    reading.grow(text)
    return reading.shown(final=final)


class Reading:
    """One answer, as it is being read: says what `visible` says, at the price of what is new."""

    def __init__(self, place: Place) -> None:
        """Begin with an answer that says nothing yet."""
        self._place = place
        self._pieces = Pieces(place.extent)
        self._repetition = Repetition()
        self._translation = Translation(place.style if place.signs.indented else Style())
        self._text = ""  # complete lines as they are shown, with their ends
        self._end = 0  # where the last line with text in it ends
        self._line = ""  # a line that is not complete, as it was written
        self._first = True  # whether that line is the cursor's
        self._turned = False  # whether it is known how that line relates to the last one
        self._held: int | None = None  # from where on complete lines are held back
        self._blanks = 0  # empty lines since the last one with text in it
        self._nesting = Nesting(inside=place.quote, home=bool(place.quote))
        self._above = Above.of(place)
        self._ending = False  # whether the line that is being read closes the block of the place
        self._over = False
        self._reason = ""
        self._spins = False
        self._done = False

    def grow(self, delta: str) -> None:
        """Take in more of the answer, with the line ends of the file."""
        text, start = self._line + delta, 0
        for match in _LINE_END.finditer(text):
            if self._over or (match.group() == "\r" and match.end() == len(text)):
                break  # a CR at the end may be half of a CRLF
            self._complete(text[start : match.start()], match.group())
            start = match.end()
        self._line = "" if self._over else text[start:]

    def shown(self, *, final: bool) -> Shown:
        """Return what may be shown by now; `final` if nothing more will come."""
        begun: _Line | None = None
        if not self._over and not self._done:
            line = self._line.removesuffix("\r")
            if final:
                self._done = True
                self._complete(line, "")
            else:
                begun = self._read(line, complete=False)
        if self._over or self._done:
            text = self._text[: self._end]
            finish = self._pieces.known if self._spins else self._pieces.finish
            return Shown(text, finish(len(text)), self._over, self._reason)
        text, held = self._text[: self._end], self._held
        if begun:
            held = self._repetition.held(self._line_of(begun), len(self._text))
            text = self._text + begun.text
        ends = [it for it in (held, self._pieces.held) if it is not None]
        text = text[: min(ends, default=len(text))].rstrip()
        return Shown(text, self._pieces.known(len(text)), over=False, reason="")

    def _complete(self, line: str, end: str) -> None:
        """Take in a complete line."""
        read = self._read(line, complete=True)
        if self._over:
            return
        if read:
            at = len(self._text)
            self._held, loops = self._repetition.add(self._line_of(read), at)
            if loops:
                assert self._held is not None
                self._text = self._text[: self._held]
                self._finish(LOOP)
                return
            self._text += read.text + end
            self._end = at + len(read.text.rstrip())
            self._pieces.line()
            self._blanks = 0
            self._above = self._above.then(
                read.whole, read.masked, read.columns, self._place.signs, ending=self._ending
            )
            self._nesting = read.nesting.next_line(self._place)
        else:
            self._empty(line, end)
        if self._place.following.rest and not self._goes_on:
            self._finish(LINE)
        self._first = self._turned = False

    @property
    def _goes_on(self) -> bool:
        """Whether an answer goes on below although text follows on the line.

        What it has opened it may close, before brackets that are closed there already.
        """
        return self._nesting.open and self._place.extent is Extent.LINE

    def _line_of(self, read: "_Line") -> str:
        """Return all of a line as it is shown, with what stands before the cursor."""
        return ((self._place.before if self._first else "") + read.text).rstrip()

    def _empty(self, line: str, end: str) -> None:
        """Take in a line without text in it."""
        self._nesting = self._nesting.next_line(self._place)
        if self._first and not self._place.blank:
            self._text += end  # of the cursor's line
            return
        self._blanks += 1
        if self._nesting.inside:
            self._text += line + end
        elif self._blanks <= _EMPTY:
            self._text += end
        if self._blanks > _NOTHING:
            self._finish(NOTHING)

    def _finish(self, reason: str) -> None:
        """End the answer with the text as it is."""
        self._text = self._text.rstrip()
        self._end = len(self._text)
        self._over, self._reason = True, reason

    def _read(self, line: str, *, complete: bool) -> "_Line | None":
        """Read a line, or its beginning; None if nothing of it may be shown, for now or at all."""
        place, signs, first = self._place, self._place.signs, self._first
        alone = not first or place.blank
        body = line.lstrip(" \t") if alone else line
        if not body.strip():
            return None
        lead = self._lead(line[: len(line) - len(body)])
        before = place.before if first else ""
        columns = place.style.columns(before + lead) if alone else place.columns
        if not self._turned and not self._turn(body, columns, complete=complete, alone=alone):
            return None
        nesting, masked, cut = self._nesting.after(body, place)
        end = len(body) if cut is None else cut
        if cut is None and not complete:
            end = signs.settled(body, place.quote if self._nesting.home else "")
        said = body[:end]
        if rest := place.following.rest:
            if cut is not None or not (complete and nesting.next_line(place).open):
                final = complete or cut is not None
                said = without_overlap(said, rest, final=final, balanced=signs.brackets)
        elif cut is None and alone and self._again(before + lead + body, complete=complete):
            return None
        text = lead + said
        if self._repetition.spins(text):
            self._text += text[: self._repetition.looked]
            self._spins = True
            self._finish(LOOP)
            return None
        if cut is not None:
            self._text += text if said.strip() else ""
            self._finish(self._why())
            return None
        return _Line(text, before + lead + body, before + lead + masked, columns, nesting)

    def _lead(self, lead: str) -> str:
        """Return the indentation of a line as the file would have it."""
        nesting, place = self._nesting, self._place
        if nesting.inside:
            return lead
        within = nesting.stack[-1:] or "".join(
            PAIRS[opener.char] for opener in place.openers[nesting.closed : nesting.closed + 1]
        )
        return self._translation.spelled(
            lead,
            already=place.columns if self._first else 0,
            above=self._above.columns,
            opened=bool(self._above.opened),
            listed=within in {")", "]"},
        )

    def _turn(self, body: str, columns: int, *, complete: bool, alone: bool) -> bool:
        """Decide how a line relates to those above; whether it is known, and part of the answer."""
        self._ending = False
        if alone:
            apart = self._blanks > 0
            found = turn(
                body,
                columns,
                self._above,
                self._nesting,
                self._place,
                apart=apart,
                complete=complete,
            )
            if found is None:
                return False
            if found.over:
                self._finish(SCOPE)
                return False
            if self._end:
                self._pieces.border(self._end, found.border, header=found.header, apart=apart)
            self._ending = found.ending
        self._turned = True
        return True

    def _again(self, line: str, *, complete: bool) -> bool:
        """Whether a line is, or may become, the next line of the file."""
        following = self._place.following.next_line
        if self._place.signs.brackets and not following.strip(" \t)]},;"):
            return False  # whose closers these are is a matter of balance
        if not complete:
            return following.startswith(line.rstrip())
        if line.rstrip() != following:
            return False
        self._finish(NEXT_LINE)
        return True

    def _why(self) -> str:
        """Return why an answer ends before what closes something."""
        if self._nesting.home:
            return ENDED
        openers = self._place.openers[self._nesting.closed :]
        return CLOSED if openers and openers[0].mine else SCOPE


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of an answer, or its beginning.

    Attributes:
        text: as it is shown.
        whole: the same with what stands before the cursor.
        masked: that without what comments and strings say.
        columns: its indentation.
        nesting: what is open behind it.
    """

    text: str
    whole: str
    masked: str
    columns: int
    nesting: Nesting
