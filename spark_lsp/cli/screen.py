"""What a person at an editor sees: a buffer, a cursor and ghost text.

Owns the rules by which editors keep, drop and accept ghost text, and the count of everything a
server did that an editor must not be asked to bear. Pure: knows no server and no clock. Written
apart from the server's own session on purpose: it is the witness, not the accused.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from spark_lsp.core.text import Edit, Encoding, Position, Text

_WORD = re.compile(r"\s*(?:\w+|[^\w\s]+)|\s+")
_LINE = re.compile(r"(?:\r\n|\r|\n)?[^\r\n]*")


@dataclass(slots=True)
class Screen:
    """One buffer on the screen.

    Attributes:
        text: the buffer.
        cursor: offset of the cursor.
        version: how often the buffer has changed.
        ghost: the text shown after the cursor, or "".
        stale_frames: answers that the server should not have sent any more: for another place
            than the cursor's, for a request that it had answered, or for an older text than one
            that it had already spoken of.
        crossed_frames: answers for an older text that crossed a key on its way to the server.
        shrunk_frames: partial results, and answers after them, that took back text shown before
            for the same request and put other text or nothing in its place.
        cut_frames: answers that ended text shown before for the same request, somewhere in it.
        swapped_frames: first answers to a request that put other text or nothing in the place of
            text that was on screen before and still agreed with the buffer.
        misplaced_frames: answers that would replace what an editor cannot replace on screen: a
            range of several lines, one that begins after the cursor, or text before the cursor
            that the inserted text does not begin with.
    """

    text: Text
    cursor: int
    version: int = 1
    ghost: str = ""
    stale_frames: int = 0
    crossed_frames: int = 0
    shrunk_frames: int = 0
    cut_frames: int = 0
    swapped_frames: int = 0
    misplaced_frames: int = 0
    _partial: str = field(default="", repr=False)
    _heard: int = 0
    _settled: int = 0

    @property
    def position(self) -> Position:
        """The cursor in UTF-16 units."""
        return self.text.position(self.cursor, Encoding.UTF16)

    @property
    def faults(self) -> int:
        """How many answers there were that no editor is to be sent."""
        return self.stale_frames + self.shrunk_frames + self.misplaced_frames

    def key(self, char: str) -> None:
        """Type one character at the cursor; ghost text that begins with it stays."""
        rest = self.ghost[len(char) :] if self.ghost.startswith(char) else ""
        self._replace(0, char)
        self.ghost = rest

    def backspace(self) -> str:
        """Delete the character or line break before the cursor and return it, "" at the start."""
        before = self.text.string[max(0, self.cursor - 2) : self.cursor]
        before = before if before == "\r\n" else before[-1:]
        if before:
            self._replace(len(before), "")
            self.ghost = ""
        return before

    def accept(self) -> str:
        """Take over the ghost text and return it."""
        return self._accept(len(self.ghost))

    def accept_word(self) -> str:
        """Take over the next word of the ghost text, blanks before it included, and return it."""
        word = _WORD.match(self.ghost)
        return self._accept(word.end() if word else 0)

    def accept_line(self) -> str:
        """Take over the ghost text to the end of its line, and return it.

        A line break that it begins with belongs to the line behind it.
        """
        line = _LINE.match(self.ghost)
        return self._accept(line.end() if line else 0)

    def dismiss(self) -> str:
        """Send the ghost text away and return it; the buffer stays as it is."""
        sent, self.ghost = self.ghost, ""
        return sent

    def asked(self) -> None:
        """A request has been sent for what is on screen now."""
        self._partial = ""
        self._settled = min(self._settled, self.version - 1)

    def answered(self, version: int, result: Mapping[str, Any] | None, *, final: bool) -> str:
        """Show an answer to the request sent at a version; returns the text it brought.

        That is the text behind the cursor, without what the answer repeats of the text before it.
        None keeps what is shown. An answer for another version than that on screen is not shown,
        nor is one whose place is not the cursor's.
        """
        late = version < self._heard or version <= self._settled
        self._heard = max(self._heard, version)
        if final:
            self._settled = max(self._settled, version)
        if result is None:
            return ""
        items: Sequence[Mapping[str, Any]] = result.get("items") or ()
        text = str(items[0].get("insertText", "")) if items else ""
        if late or (version == self.version and not all(map(self._ends_here, items))):
            self.stale_frames += bool(text)
            return ""
        if version != self.version:
            self.crossed_frames += bool(text)
            return ""
        standing = [self._standing(item) for item in items]
        if None in standing:
            self.misplaced_frames += 1
            return ""
        return self._show(text[len(standing[0] or "") :] if standing else "", final=final)

    def _show(self, text: str, *, final: bool) -> str:
        shown = self._partial or self.ghost
        if not text.startswith(shown):
            if not self._partial:
                self.swapped_frames += 1
            elif final and text and shown.startswith(text):
                self.cut_frames += 1
            else:
                self.shrunk_frames += 1
        self._partial = "" if final else text
        self.ghost = text
        return text

    def _ends_here(self, item: Mapping[str, Any]) -> bool:
        here = {"line": self.position.line, "character": self.position.character}
        return bool((item.get("range") or {}).get("end") == here)

    def _standing(self, item: Mapping[str, Any]) -> str | None:
        """Return what an item that ends at the cursor replaces, None if it may not."""
        start, here = item["range"].get("start") or {}, self.position
        line, character = start.get("line"), start.get("character")
        if line != here.line or not isinstance(character, int):
            return None
        if not 0 <= character <= here.character:
            return None
        begin = self.text.offset(Position(line, character), Encoding.UTF16)
        standing = self.text.string[begin : self.cursor]
        return standing if str(item.get("insertText", "")).startswith(standing) else None

    def _accept(self, length: int) -> str:
        taken, rest = self.ghost[:length], self.ghost[length:]
        self._replace(0, taken)
        self.ghost = rest
        return taken

    def _replace(self, before: int, string: str) -> None:
        """Put a text in the place of so many characters before the cursor."""
        start = self.cursor - before
        self.text = self.text.splice(Edit(start, self.cursor, string))
        self.cursor = start + len(string)
        self.version += 1
