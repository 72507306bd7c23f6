"""What a person at an editor sees: a buffer, a cursor and ghost text.

Owns the rules by which editors keep, drop and accept ghost text, and the count of everything a
server did that an editor must not be asked to bear. Pure: knows no server and no clock. Written
apart from the server's own session on purpose: it is the witness, not the accused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from spark_lsp.core.text import Edit, Encoding, Position, Text


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
        shrunk_frames: partial results that took back text shown before for the same request.
    """

    text: Text
    cursor: int
    version: int = 1
    ghost: str = ""
    stale_frames: int = 0
    crossed_frames: int = 0
    shrunk_frames: int = 0
    _partial: str = field(default="", repr=False)
    _heard: int = 0
    _settled: int = 0

    @property
    def position(self) -> Position:
        """The cursor in UTF-16 units."""
        return self.text.position(self.cursor, Encoding.UTF16)

    def key(self, char: str) -> None:
        """Type one character at the cursor; ghost text that begins with it stays."""
        self._insert(char)
        self.ghost = self.ghost[len(char) :] if self.ghost.startswith(char) else ""

    def accept(self) -> str:
        """Take over the ghost text and return it."""
        taken, self.ghost = self.ghost, ""
        self._insert(taken)
        return taken

    def asked(self) -> None:
        """A request has been sent for what is on screen now."""
        self._partial = ""
        self._settled = min(self._settled, self.version - 1)

    def answered(self, version: int, result: Mapping[str, Any] | None, *, final: bool) -> str:
        """Show an answer to the request sent at a version; returns the text it brought.

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
        if late or (version == self.version and items and not self._fits(items[0])):
            self.stale_frames += bool(text)
            return ""
        if version != self.version:
            self.crossed_frames += bool(text)
            return ""
        if not text.startswith(self._partial):
            self.shrunk_frames += 1
        self._partial = "" if final else text
        self.ghost = text
        return text

    def _fits(self, item: Mapping[str, Any]) -> bool:
        range_ = item.get("range") or {}
        here = {"line": self.position.line, "character": self.position.character}
        return bool(range_.get("start") == here and range_.get("end") == here)

    def _insert(self, string: str) -> None:
        self.text = self.text.splice(Edit(self.cursor, self.cursor, string))
        self.cursor += len(string)
        self.version += 1
