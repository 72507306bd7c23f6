"""Owns how an answer begins: what of its first lines is no part of it.

Thoughts, control tokens, sentences that announce the answer, and the fence around it come in any
order and may all be there. What such things look like is told in `leaks` and `fences`; what of the
rest is an echo, in `echoes`.
"""

import re

from spark_lsp.wire import leaks
from spark_lsp.wire.fences import Fence, may_become_fence
from spark_lsp.wire.lines import BLANKS, line_at
from spark_lsp.wire.surroundings import Surroundings

_COURTESY = 300
"""Characters of a line above which it is no polite sentence."""
_COURTESIES = 6
"""Lines of such sentences."""
_QUOTE = re.compile(r"`{1,3}")
_DOCUMENTS = frozenset({"markdown", "md", "mdx"})


class Opening:
    """The beginning of one answer, until it is known where the answer itself begins.

    Attributes:
        fence: what was opened around the answer.
        quote: how many backticks were put before the answer, as around code in a sentence.
        fresh: whether the answer begins on a line of its own.
        over: whether there will be no answer.
    """

    def __init__(self, marks: leaks.Marks, place: Surroundings) -> None:
        """Take what is a leak at the place that the answer goes to."""
        self.fence: Fence | None = None
        self.quote = 0
        self.fresh = False
        self.over = False
        self._marks = marks
        self._place = place
        self._held = ""
        self._thought = ""

    def feed(self, text: str, *, final: bool) -> str | None:
        """Take in some more; what the answer itself begins with, None while that is not known."""
        self._held += text
        while not self.over and (not self._thought or self._think(final=final)):
            at = len(self._held) - len(self._held.lstrip())
            if at > BLANKS:
                return self._held
            if at == len(self._held) and not final:
                return None
            thought = self._marks.thinking(self._held, at, final=final)
            if thought:
                self._thought = thought
                continue
            end = self._marks.opening(self._held, at, self._place.line, final=final)
            if thought is None or end is None:
                return None
            if end == at:
                return self._rest(final=final)
            self.over, self._held = end < 0, self._held[end:]
        return None

    def _think(self, *, final: bool) -> bool:
        """Drop a thought; whether it has come to its end, with the empty lines behind it."""
        end = self._held.find(self._thought)
        if end < 0:
            self._held = self._held[-len(self._thought) :]
            return False
        rest = self._held[end + len(self._thought) :].lstrip("\r\n")
        if not rest and not final:
            self._held = self._thought
            return False
        self._held, self._thought, self.fresh = rest, "", True
        return True

    def _rest(self, *, final: bool) -> str | None:
        """What is held without sentences and fence; None while that is not known."""
        end = self._courtesy(final=final)
        if end is None or end < 0:
            self.over = end is not None
            return None
        self.fresh = self.fresh or end > 0
        quote = _QUOTE.match(self._held, end)
        if quote and not self.fence and not self._place.quoted:
            self.quote, end = len(quote[0]), quote.end()
        return self._held[end:]

    def _courtesy(self, *, final: bool) -> int | None:
        """How much of what is held is sentences and a fence; -1 for all there will be."""
        certain = at = lines = 0
        while lines <= _COURTESIES:
            line, after, complete = line_at(self._held, at, final=final)
            core = line.strip()
            fence = self._opens_fence(line.rstrip(), complete=complete, first=not at, lines=lines)
            polite = len(line) <= _COURTESY and leaks.begins_politely(core, complete=complete)
            if fence is None or polite is None or ((polite or not core) and not complete):
                return None
            if fence:
                return after
            if core and not polite:
                return certain
            if core and not self._place.prose:
                if leaks.refuses(core):
                    return -1
                certain = after if leaks.says_nothing(core) else certain
            elif not core and certain == at > 0:
                certain = after  # an empty line behind a dropped one
            lines += bool(core)
            if after == len(self._held):
                return certain if final else None
            at = after
        return certain

    def _opens_fence(self, line: str, *, complete: bool, first: bool, lines: int) -> bool | None:
        """Whether a line opens a fence around the answer; None if more of it decides."""
        if not complete:
            return None if may_become_fence(line) else False
        fence = Fence.of(line)
        # In the middle of a line a mark may go on: a heading's underline, a code span.
        if fence is None or self._place.line.endswith(fence.mark):
            return False
        # One that names no language may close what is open in the file, or underline a heading,
        # unless it comes first of all or behind a sentence.
        leads = self.fresh or lines or (first and not line[0].isspace())
        if not fence.info and not (leads and fence.mark == "`"):
            return False
        if self._place.prose and not first and not lines:  # on a line of its own
            return False
        # Where fences are content, one that says it holds a document wraps a region's new text.
        wraps = self._place.replaces and fence.info.lower() in _DOCUMENTS
        if self._place.fenced and not wraps:
            return False
        self.fence = fence
        return True
