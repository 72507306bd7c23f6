"""What a region would be now, while its new text is being written.

Owns the text at each moment: the lines that are written, whole ones only, and what of the old
region they do not stand for yet (`alignment`). So it is a text that can be read at each moment, the
beginning never changes again, and of the end lines only ever go. In the end it is what was written.

Also owns how the new text fits into its file, as far as that is not the model's business: lines end
as the file's do, and the region ends with a line end if it did. A model mostly writes LF, and what
it leaves out at the end is no statement. Its words are not judged: the wire has cleaned them.
"""

import re
from itertools import pairwise

from spark_lsp.core.editing.alignment import Alignment
from spark_lsp.core.editing.masks import Masks
from spark_lsp.core.text import line_starts

_LINE_ENDS = "\r\n"
_LINE_END = re.compile(r"\r\n|\n|\r(?!\Z)")
"""A CR at the end may be half of a CRLF."""


class Draft:
    """A region while it is written anew.

    Attributes:
        size: how many characters have been written.
    """

    def __init__(
        self,
        region: str,
        line_end: str,
        *,
        indent: str = "",
        ends: bool = False,
        masks: Masks | None = None,
    ) -> None:
        """Take the region as it is.

        Args:
            region: its text.
            line_end: how the file ends its lines.
            indent: blanks between the beginning of its first line and the region.
            ends: whether an empty region has to end with a line end, as where a line follows.
            masks: what the model was not shown of it, if anything.
        """
        starts = line_starts(region)
        self._old = [region[start:end] for start, end in pairwise([*starts, len(region)])]
        if not self._old[-1]:
            self._old.pop()
        self._line_end = line_end
        self._indent = indent
        self._ends = region.endswith(tuple(_LINE_ENDS)) if region else ends
        self._masks = masks or Masks("", "")
        self._alignment = Alignment(self._old)
        self._lines: list[str] = []
        self._held: list[str] = []  # of the line that is being written
        self.size = 0

    @property
    def lines(self) -> int:
        """How many whole lines have been written."""
        return len(self._lines)

    @property
    def left(self) -> int:
        """How many lines of the old region are still part of it."""
        return len(self._old) - self._alignment.at

    @property
    def lost(self) -> bool:
        """Whether something that the model was not shown would be lost."""
        return self._masks.lost

    def write(self, text: str) -> None:
        """Take in more of the new text, cut anywhere."""
        self.size += len(text)
        if self._held and self._held[-1].endswith("\r"):
            text = self._held.pop() + text
        at = 0
        for end in _LINE_END.finditer(text):
            self._take("".join(self._held) + text[at : end.start()])
            self._held.clear()
            at = end.end()
        if at < len(text):
            self._held.append(text[at:])

    @property
    def now(self) -> str:
        """The region as it would be now."""
        rest = self._old[self._alignment.at :]
        if not self._lines:
            return "".join(rest)
        if len(rest) == len(self._old) and rest:
            rest = [self._indent, *rest]  # its first line does not stand behind that any more
        return self._ended("".join([*self._lines, *rest]))

    def final(self) -> str:
        """Return the new text, all that was written and nothing else; nothing comes after it."""
        last = "".join(self._held)
        self._held.clear()
        if last.endswith("\r"):
            self._take(last[:-1])
        elif last:
            self._lines.append(self._masks.restored(last))
        text = "".join(self._lines)
        if not self._ends:
            return text.rstrip(_LINE_ENDS)
        if not text or text.endswith(tuple(_LINE_ENDS)):
            return text
        return text + (self._own_end(self._old[-1]) if self._old else self._line_end)

    def _take(self, line: str) -> None:
        """Take in a whole line, without its line end."""
        line = self._masks.restored(line)
        place = self._alignment.follow(line)
        end = self._own_end(self._old[place]) if place is not None else ""
        end = end or self._line_end
        if not line and end == "\n" and self._lines and self._lines[-1].endswith("\r"):
            end = "\r"  # both together would be one line end
        self._lines.append(line + end)

    def _ended(self, text: str) -> str:
        """Return a text of whole lines without the line end that the region does not have."""
        kept = self._ends or self.left
        return text if kept else text.removesuffix(self._own_end(self._lines[-1]))

    @staticmethod
    def _own_end(line: str) -> str:
        return line[len(line.rstrip(_LINE_ENDS)) :]
