"""What a model was not shown of a region, and how it comes back into what it writes of it.

A secret goes out as a run of `*`, letter by letter. Written into the file as it comes back, that
would destroy what it stands for. Owns which secret a run stands for: by the line that it stands in,
else by what stands before it on its line, else by its length alone; the first of several that has
not come back yet. Where that cannot be told, or where stars have come that nobody wrote, a secret
is lost, and whoever asks must not use the answer.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from spark_lsp.core.text import line_starts

_STARS = re.compile(r"\*+")
_FEW = 3
"""Stars in a row that may well be code: an operator, the frame of a comment."""


@dataclass(slots=True)
class _Run:
    """A run of stars in what was shown.

    Attributes:
        line: its line as it was shown, without blanks around it.
        before: the beginning of the line up to the run, likewise.
        text: what it stands for; the stars themselves, if they are all there is.
        back: whether it has come back.
    """

    line: str
    before: str
    text: str
    back: bool = False

    @property
    def hides(self) -> bool:
        """Whether it stands for something else."""
        return self.text.strip("*") != ""


class Masks:
    """The secrets of a region."""

    def __init__(self, shown: str, region: str) -> None:
        """Take the region as it was shown and as it is, both of the same length and lines."""
        self._runs: list[_Run] = []
        self._torn = self._strange = False
        if shown != region:
            for start, end in pairwise([*line_starts(shown), len(shown)]):
                line = shown[start:end]
                for run in _STARS.finditer(line):
                    text = region[start + run.start() : start + run.end()]
                    self._runs.append(_Run(line.strip(), line[: run.start()].strip(), text))

    @property
    def lost(self) -> bool:
        """Whether a secret would be lost by what has come back so far.

        One that is simply gone, with its line, is not lost but deleted.
        """
        gone = any(run.hides and not run.back for run in self._runs)
        return self._torn or (self._strange and gone)

    def restored(self, line: str) -> str:
        """Return a line of the answer with the secrets that its stars stand for."""
        return _STARS.sub(self._restored, line) if self._runs and "*" in line else line

    def _restored(self, stars: re.Match[str]) -> str:
        size = len(stars[0])
        line, before = stars.string.strip(), stars.string[: stars.start()].strip()
        fitting = [run for run in self._runs if len(run.text) == size]
        if not fitting:
            self._strange = self._strange or size > _FEW
            return stars[0]
        found = [run for run in fitting if (run.line, run.before) == (line, before)]
        found = found or [run for run in fitting if run.before == before]
        if not found and len({run.text for run in fitting}) == 1:
            found = fitting
        if not found:
            self._torn = True
            return stars[0]
        run = next((run for run in found if not run.back), found[-1])
        run.back = True
        return run.text
