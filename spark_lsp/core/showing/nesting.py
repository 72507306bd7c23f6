"""How deep an answer stands: in brackets of its own and of the file's, in a comment, in a string.

Owns the balance with what is there already. A closer whose opener is not in the answer closes a
bracket of the file; if that one is closed behind the cursor, the answer ends before the closer,
else the closer is what was missing.
"""

from dataclasses import dataclass

from spark_lsp.core.showing.place import Place
from spark_lsp.core.showing.signs import BRACKET, PAIRS, left


@dataclass(frozen=True, slots=True)
class Nesting:
    """What is open at the end of a line of an answer.

    Attributes:
        stack: closers of the brackets that the answer has opened.
        closed: how many of the brackets around the place the answer has closed.
        inside: the end of the comment or string that is open, or "".
        home: whether that is the one that the cursor is in.
    """

    stack: str = ""
    closed: int = 0
    inside: str = ""
    home: bool = False

    @property
    def open(self) -> bool:
        """Whether something is open that the answer has opened."""
        return bool(self.stack) or (bool(self.inside) and not self.home)

    def after(self, line: str, place: Place) -> tuple["Nesting", str, int | None]:
        """Read a line, or its beginning.

        Returns:
            What is open behind it, the line masked, and where it ends if it closes what is closed
            behind the cursor already.
        """
        signs = place.signs
        end = left(self.inside, line) if self.inside else -1
        if self.home and place.quoted and end >= 0:
            return self, line, end - len(self.inside)
        home = self.home and end < 0
        masked, inside = signs.masked(line, self.inside)
        if not signs.brackets:
            return Nesting(self.stack, self.closed, inside, home), masked, None
        stack, closed = self.stack, self.closed
        for match in BRACKET.finditer(masked):
            char = match.group()
            if char in PAIRS:
                stack += PAIRS[char]
            elif char in stack[-3:]:
                stack = stack[: stack.rindex(char)]
            elif not stack:
                openers = place.openers[closed : closed + 1]
                if char in signs.stray and not (openers and openers[0].mine):
                    continue
                if openers and PAIRS[openers[0].char] == char:
                    if openers[0].closed:
                        cut = Nesting(stack, closed, inside, home)
                        return cut, masked, match.start()
                    closed += 1
                elif not openers and place.loose.startswith(char):
                    return Nesting(stack, closed, inside, home), masked, match.start()
        return Nesting(stack, closed, inside, home), masked, None

    def next_line(self, place: Place) -> "Nesting":
        """Return what is open on the next line: not what ends with its line."""
        if not self.inside or place.signs.spans_lines(self.inside):
            return self
        return Nesting(self.stack, self.closed)
