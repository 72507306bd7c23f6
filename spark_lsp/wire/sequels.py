"""Owns what an answer says again of the text that follows it.

A model that is asked for what is missing may go on and write the rest of the file once more.
`core.trim` sees where an answer has come to the next line; this is about an answer that has missed
it, and about regions that are rewritten, which are not trimmed. What becomes of the answer is
decided in `cleaning`.
"""

from bisect import bisect_left

from spark_lsp.wire.lines import LINE_END, stands_once, tells

_MOST = 200
"""Lines after the answer that are compared."""
_LONG = 400
"""Characters of a line above which it is not compared."""
_RUN = 3
"""Lines of what follows that nobody writes in this order by chance."""


class Following:
    """What stands after an answer, and the lines of the answer that may say it again.

    Lines are compared without blanks at their end, and empty lines not at all. A run of lines is
    an echo if it is long enough. It begins at a definition of the outermost level, because all
    else, such as how tests begin, may well stand in a file twice; or, where a region is rewritten,
    at the very next line.
    """

    def __init__(self, after: str, region: str | None = None) -> None:
        """Take the text behind the answer, and what the answer replaces, if anything."""
        first, *lines = [line.rstrip() for line in LINE_END.split(after, _MOST)]
        if region is None:
            # What stands behind the cursor on its line, and the next line, is `trim`'s business:
            # where there is something behind it, an answer has one line.
            lines = [] if first else [line for line in lines if line][:_MOST]
            starts = [at for at, line in enumerate(lines) if at and stands_once(line)]
        else:
            lines = [line for line in (first, *lines) if line][:_MOST]
            starts = [0] if lines and tells(lines[0].lstrip()) else []
        self._lines = lines
        self._starts = {lines[at]: at for at in reversed(starts) if len(lines[at]) <= _LONG}
        self._sorted = sorted(self._starts)
        said = {line.rstrip() for line in LINE_END.split(region or "")}
        self._alone = region is not None and bool(lines) and lines[0] not in said
        self._at: int | None = None
        self.run = 0

    def may_go_on(self, begun: str) -> bool:
        """Whether a line that begins like this may be part of a run, or begin one."""
        if self._at is not None and "".join(self._lines[self._at : self._at + 1]).startswith(begun):
            return True
        at = bisect_left(self._sorted, begun)
        return at < len(self._sorted) and self._sorted[at].startswith(begun)

    def goes_on(self, line: str) -> bool:
        """Take in a whole line; whether it is part of a run, which is `run` lines long then."""
        if self._at is not None and self._lines[self._at : self._at + 1] == [line]:
            self._at += 1
            self.run += 1
            return True
        self._at = self._starts.get(line)
        self.run = 0
        if self._at is None:
            return False
        self._at += 1
        self.run = 1
        return True

    def breaks(self) -> None:
        """Take in a line that is no part of a run."""
        self._at, self.run = None, 0

    @property
    def is_echo(self) -> bool:
        """Whether the run so far is an echo, whatever comes."""
        return self.run >= _RUN

    @property
    def ends_in_echo(self) -> bool:
        """Whether the run is an echo if the answer ends with it."""
        return self.is_echo or (self._alone and self.run > 0)
