"""Owns Markdown fences: what a line that opens or closes a block of code looks like.

Source: CommonMark 0.31, "Fenced code blocks", which allows any indentation here, because models
indent fences like the code around them. Whether a fence belongs to the answer is decided in
`cleaning`.
"""

import re

_FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<mark>`{3,}|~{3,})(?P<info>[^`\r\n]*)")
_SHORTEST = 3
_LONGEST = 80
"""Characters of a line above which it is no fence: nothing needs to be waited for that long."""


class Fence:
    """An opening fence, and what opens and closes inside of it.

    Attributes:
        info: what is said of the text, mostly its language; "" if nothing is.
        mark: what the fence is made of, one character.
        length: how many of it.
        indent: how many blanks stand before it.
    """

    def __init__(self, found: "re.Match[str]") -> None:
        """Take an opening line as `_FENCE` reads it."""
        self.info = found["info"].strip()
        self.mark = found["mark"][0]
        self.length = len(found["mark"])
        self.indent = len(found["indent"])
        self._depth = 1

    @classmethod
    def of(cls, line: str) -> "Fence | None":
        """Read a line, without blanks at its end; None if it is no fence."""
        found = _FENCE.fullmatch(line) if len(line) <= _LONGEST else None
        return None if found is None else cls(found)

    def closed_by(self, line: str) -> bool:
        """Take in the next line of its kind, without blanks at its end; whether this is the end.

        What is indented deeper closes something else, unless it was opened inside of this one.
        """
        other = Fence.of(line)
        if other is None or other.mark != self.mark or other.length < self.length:
            return False
        if other.info:
            self._depth += 1
        elif self._depth > 1 or other.indent <= self.indent:
            self._depth -= 1
        return self._depth == 0


def may_become_fence(line: str) -> bool:
    """Whether a line of which more will come, without blanks at its end, may be a fence then."""
    core = line.lstrip()
    if not core.startswith(("`", "~")) or len(line) > _LONGEST:
        return False
    info = core.lstrip(core[0])
    return not info or (len(core) - len(info) >= _SHORTEST and "`" not in info)
