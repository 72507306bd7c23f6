"""What a model is shown at a cursor, as one value.

Owns the layout: a stable part, which only grows while an epoch lasts, and a small volatile tail.
Which model hears it in which words is the business of `wire`, and what goes into it of `packing`
and `context`.
"""

import re
from dataclasses import dataclass

import msgspec

_LINE = re.compile(r"\r\n|\n|\r")
SMALL = 24_000
"""Tokens of a window up to which signatures and chunks say more than whole files."""

ANSWER = 192
"""Tokens of the window that are left for the answer."""
WORDS = 256
"""Tokens of the words in which a model is told what to do, and of what stands around the tail."""
LONGEST_REWRITE = 16_000
"""Tokens that a rewritten region may take: less than providers refuse as too much at once."""
_ASIDE = 1_024
"""Tokens that a rewrite may have beyond twice its region: a short one is often made much longer."""


@dataclass(frozen=True, slots=True)
class Share:
    """How a window is divided, in tokens.

    Attributes:
        head: of the stable part as it is packed.
        growth: of what is added to it later.
        tail: of the text around the cursor, held in bytes: no vocabulary spends more than one token
            on a byte, so that a key needs no counting.
    """

    head: int
    growth: int
    tail: int

    @classmethod
    def of(cls, window: int) -> "Share":
        """Return the division of a window."""
        tail = min(window // 3, 4_500)
        growth = min(window // 16, 2_500)
        return cls(max(0, window - tail - growth - ANSWER - WORDS), growth, tail)


def longest_rewrite(window: int) -> int:
    """Return how many tokens of a window a rewritten region may take at most."""
    return min(window // 4, LONGEST_REWRITE)


class Stretch(msgspec.Struct, frozen=True, array_like=True):
    """Lines of a file, zero-based and inclusive."""

    path: str
    start_line: int
    end_line: int


class Change(msgspec.Struct, frozen=True, array_like=True):
    """What the person has changed: whole lines as they were and as they are, secrets masked.

    `line` counts from zero in the text as it is.
    """

    path: str
    line: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of stable context.

    Attributes:
        kind: "rules" (instructions of the repository), "signatures" (what a file defines), "file"
            (a file, or its part around the cursor), "chunk" (some lines of a file) or "edit" (what
            the person has changed).
        path: workspace-relative POSIX path, "" where there is none.
        text: what is shown, verbatim.
        reason: why it was chosen, for people; never sent.
        start_line: zero-based first line of the file that it shows.
        end_line: zero-based last line, inclusive.
        tokens: exactly how many tokens the text is, 0 if nobody has counted.
        cost: the same with what the wire may put around it.
    """

    kind: str
    path: str
    text: str
    reason: str = ""
    start_line: int = 0
    end_line: int = 0
    tokens: int = 0
    cost: int = 0

    @property
    def left_behind(self) -> str:
        """The lines that an edit has left behind, without the marks of a diff."""
        return "\n".join(line[1:] for line in _LINE.split(self.text) if line.startswith("+"))


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everything that goes out for one completion.

    Attributes:
        stable: the part that a model's prefix cache keeps, most stable first.
        path: workspace-relative POSIX path of the open file.
        prefix: a window of the open file that ends at the cursor.
        suffix: a window of the open file that starts at the cursor.
        instruction: what the person has said while this completion was being written, "" for
            nothing. A model that only completes is not shown it.
        invoked: whether the person has asked by a command, and would rather see a guess than
            nothing. A model that guesses in any case is not told.
        prediction: how the answer will most likely begin, "" if nobody knows; for a server that
            writes faster what it is told in advance.
    """

    stable: tuple[Block, ...]
    path: str
    prefix: str
    suffix: str
    instruction: str = ""
    invoked: bool = False
    prediction: str = ""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Everything that goes out for one targeted edit: a region is to be written anew.

    The file is before + region + after, as much of it as is shown. A region is understood best if
    it consists of whole lines, or begins behind the indentation of its first.

    Attributes:
        stable: as for a completion, so that the same warm base serves both.
        path: workspace-relative POSIX path of the open file.
        before: a window of the open file that ends where the region begins.
        region: what is to be replaced; all of it.
        after: a window of the open file that begins where the region ends.
        instruction: what the person wants, in their words.
    """

    stable: tuple[Block, ...]
    path: str
    before: str
    region: str
    after: str
    instruction: str

    @property
    def room(self) -> int:
        """How many tokens the new text may need: twice the region's, and some more.

        Estimated, not counted: three bytes of code are about one token, and often more than that.
        """
        size = len(self.region.encode("utf-8", "surrogatepass"))
        return size * 2 // 3 + _ASIDE
