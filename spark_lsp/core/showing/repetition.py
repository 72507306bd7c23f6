"""Answers that go round in circles.

Owns the finding of loops: the same lines, or the same group of lines, three times in a row, or a
line in which the same few characters come again and again. Lines that may be the second round of a
loop are held back while they are; so what is shown ends before the first repetition, although it
never shrinks.
"""

import re

_ROUNDS = 3
_GROUP = 8
"""Lines of the longest loop."""
_TELLS = re.compile(r"[^\W\d_]{2}")
"""Lines of brackets and numbers repeat for good reasons."""
_STRIDE = 64
"""Characters of a line after which it is looked at for a loop within itself."""
_PERIOD = 16
"""Characters of the longest such loop."""


class Repetition:
    """The lines of one answer, as they come; only those with text in them.

    Attributes:
        looked: up to where the current line has been looked at for a loop within itself.
    """

    def __init__(self) -> None:
        """Start without any."""
        self._lines: list[str] = []
        self._starts: list[int] = []
        self._rounds: dict[int, int] = {}
        self.looked = 0

    def held(self, line: str, at: int) -> int | None:
        """Return from where on the text may be a repetition, or None.

        Args:
            line: the beginning of a line that is not complete, with its indentation.
            at: where it begins in the text.
        """
        return self._start(self._continued(line, complete=False), at)

    def add(self, line: str, at: int) -> tuple[int | None, bool]:
        """Take in a complete line.

        Returns:
            From where on the text may be a repetition, or None; and whether it is a loop.
        """
        self._rounds = self._continued(line, complete=True)
        self._lines.append(line)
        self._starts.append(at)
        self.looked = 0
        count = len(self._lines)
        loops = [
            first for size, first in self._rounds.items() if count - first >= (_ROUNDS - 1) * size
        ]
        if loops:
            return self._starts[min(loops)], True
        return self._start(self._rounds, at), False

    def spins(self, line: str) -> bool:
        """Whether a line, or the beginning of one, has been going round in itself for long.

        It is looked at where it passes a multiple of some length, so that it does not matter in
        which pieces it comes.
        """
        while self.looked + _STRIDE <= len(line):
            self.looked += _STRIDE
            end, start = self.looked, self.looked - _STRIDE
            for period in range(1, _PERIOD + 1):
                if line[start + period : end] == line[start : end - period]:
                    return _TELLS.search(line, start, end) is not None
        return False

    def _continued(self, line: str, *, complete: bool) -> dict[int, int]:
        """Return for each size of a group the line with which its repetition began."""
        result = {}
        lines, count = self._lines, len(self._lines)
        for size in range(1, min(_GROUP, count) + 1):
            before = lines[count - size]
            if before == line if complete else before.startswith(line):
                if size in self._rounds:
                    result[size] = self._rounds[size]
                elif _TELLS.search(before):
                    result[size] = count
        return result

    def _start(self, rounds: dict[int, int], at: int) -> int | None:
        if not rounds:
            return None
        first = min(rounds.values())
        return self._starts[first] if first < len(self._starts) else at
