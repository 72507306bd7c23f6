"""Indentation: which one a file has near a place, and a model's own spelled as the file's.

Owns both. A model that writes four spaces where the file has tabs, or two where it has four, is
translated line by line, as soon as a line's first word is there. What a model's unit is can only be
told from the lines it writes, so the first line that tells decides for the whole answer.
"""

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

_LEAD = re.compile(r"(?:\A|[\r\n])([ \t]*)(?=\S)")
_TAB = 4
"""Columns of a tab. Only what is deeper than what matters, and files do not mix."""
_UNITS = (2, 3, 4, 8)
_MIXED = 8
"""How many lines of one kind must be there for each of the other."""
_SURE = 2
"""How often a unit must have been seen to be the file's."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a file indents its lines.

    Attributes:
        tabs: whether with tabs; None if it does not indent, or mixes.
        width: columns of a level.
        sure: whether the width has been seen often enough to hold a model to it.
    """

    tabs: bool | None = None
    width: int = _TAB
    sure: bool = False

    @classmethod
    def of(cls, text: str) -> "Style":
        """Read it from some lines of the file."""
        leads = _LEAD.findall(text)
        # One blank is what the lines of a block comment begin with.
        tabs = sum(lead[:1] == "\t" for lead in leads)
        spaces = sum(lead[:2] == "  " for lead in leads)
        if min(tabs, spaces) * _MIXED > max(tabs, spaces) or tabs == spaces:
            return cls()
        if tabs > spaces:
            return cls(tabs=True, sure=True)
        steps = Counter(b - a for a, b in pairwise(map(len, leads)) if b - a in _UNITS)
        if not steps:
            return cls(tabs=False)
        width, count = steps.most_common(1)[0]
        return cls(tabs=False, width=width, sure=count >= _SURE and count * 4 >= 3 * steps.total())

    def columns(self, lead: str) -> int:
        """Return the columns of what is blank at the beginning of a line."""
        if "\t" not in lead:
            return len(lead)
        return len(lead.expandtabs(self.width))


class Translation:
    """Spells the indentation of one answer as the file does; what it decides it stands by."""

    def __init__(self, style: Style) -> None:
        """Take the file's style."""
        self._style = style
        self._unit = 0  # columns of a level as the model writes it; 0 while that is unknown
        self._from = 0  # columns up to which the model writes as the file does

    def spelled(self, lead: str, *, already: int, above: int, opened: bool, listed: bool) -> str:
        """Return the indentation of a line in the file's style.

        Args:
            lead: as the model has written it.
            already: columns that stand before it on the cursor's line.
            above: columns of the last line above with text in it.
            opened: whether that line opens a block, so that this one is a level deeper.
            listed: whether it stands within parentheses, where lines are aligned as one likes.
        """
        style = self._style
        if style.tabs is None or not lead:
            return lead
        if style.tabs:
            if "\t" in lead:
                return lead
            deeper = (above // style.width) + opened - already // style.width
            unit = self._unit or self._unit_of_tabs(len(lead), deeper, listed=listed)
            levels, rest = divmod(len(lead), unit)
            return "\t" * levels + " " * rest
        if "\t" in lead:
            return lead.replace("\t", " " * style.width)
        if not self._unit and opened and not listed and style.sure and not already:
            self._decide(len(lead), above)
        if self._unit in {0, style.width} or len(lead) <= self._from:
            return lead
        levels, rest = divmod(len(lead) - self._from, self._unit)
        return " " * (self._from + levels * style.width + rest)

    def _unit_of_tabs(self, columns: int, levels: int, *, listed: bool) -> int:
        """Return how many columns the model writes for a tab; decide, if the line tells."""
        if listed:
            return _TAB
        if levels > 0 and columns % levels == 0 and columns // levels in _UNITS:
            self._unit = columns // levels
        else:
            self._unit = next((unit for unit in (4, 2, 3) if columns % unit == 0), _TAB)
        return self._unit

    def _decide(self, columns: int, above: int) -> None:
        """Tell the model's unit from the first line of a block below a line of `above` columns."""
        width = self._style.width
        step, levels = columns - above, above // width + 1
        if step == width:
            self._unit = width
        elif step in _UNITS[:3]:
            # It goes on from what it sees, in steps of its own.
            self._unit, self._from = step, above
        elif above % width == 0 and columns in {levels * 2, levels * 4, levels * 8}:
            # It writes the whole file in its own unit.
            self._unit = columns // levels
