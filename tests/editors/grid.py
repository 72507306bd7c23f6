"""The screen that Neovim draws for a user interface: cells, and what they are drawn as.

Owns the events of a line grid (`:help ui-linegrid`), the reading of what a person sees, and a
picture of it. How Neovim is run is told in `neovim`.
"""

from collections.abc import Callable, Sequence
from html import escape
from itertools import groupby
from typing import Any, NamedTuple

_WIDE, _HIGH = 8.4, 18


class Cell(NamedTuple):
    """A character on the screen, and the number of what it is drawn as."""

    text: str
    look: int


BLANK = Cell(" ", 0)


class Grid:
    """The cells of a screen; feed it `redraw` events."""

    def __init__(self, width: int, height: int) -> None:
        self.rows = [[BLANK] * width for _ in range(height)]
        self.cursor = (0, 0)
        self._looks: dict[int, dict[str, Any]] = {0: {}}
        self._groups: dict[int, set[str]] = {}
        self._ink, self._paper = 0xDDDDDD, 0x14161B

    def redraw(self, events: Sequence[Sequence[Any]]) -> bool:
        """Take in events; returns whether the screen is now as it should be seen."""
        for name, *calls in events:
            for arguments in calls:
                self._take(name, arguments)
        return any(event[0] == "flush" for event in events)

    def _take(self, name: str, arguments: Sequence[Any]) -> None:
        match name, *arguments:
            case "grid_line", _, row, column, cells, *_:
                self._line(self.rows[row], column, cells)
            case "grid_scroll", _, top, bottom, left, right, rows, *_:
                order = (
                    range(top, bottom - rows) if rows > 0 else range(bottom - 1, top - rows - 1, -1)
                )
                for row in order:
                    self.rows[row][left:right] = self.rows[row + rows][left:right]
            case "grid_clear", *_:
                self.rows = [[BLANK] * len(row) for row in self.rows]
            case "grid_resize", _, width, height:
                self.rows = [[BLANK] * width for _ in range(height)]
            case "grid_cursor_goto", _, row, column:
                self.cursor = (row, column)
            case "hl_attr_define", number, look, _, info:
                self._looks[number] = look
                self._groups[number] = {
                    str(it.get(key)) for it in info for key in ("hi_name", "ui_name")
                }
            case "default_colors_set", ink, paper, *_:
                self._ink, self._paper = ink, paper

    @staticmethod
    def _line(row: list[Cell], column: int, cells: Sequence[Sequence[Any]]) -> None:
        look = 0
        for text, *more in cells:
            look = more[0] if more else look
            for _ in range(more[1] if len(more) > 1 else 1):
                row[column] = Cell(text, look)
                column += 1

    # What a person sees.

    def text(self, row: int) -> str:
        """Return a line of the screen."""
        return "".join(cell.text for cell in self.rows[row]).rstrip()

    @property
    def lines(self) -> list[str]:
        """All lines of the screen."""
        return [self.text(row) for row in range(len(self.rows))]

    def drawn(self, group: str) -> str:
        """Return what is drawn as one of a group, a line for each line of the screen."""
        said = ("".join(self._cells(row, group)).rstrip() for row in self.rows)
        return "\n".join(line for line in said if line)

    def _cells(self, row: Sequence[Cell], group: str) -> list[str]:
        return [cell.text for cell in row if group in self._groups.get(cell.look, ())]

    # A picture.

    def picture(self, title: str) -> str:
        """Return the screen as an SVG picture."""
        width, height = len(self.rows[0]) * _WIDE + 24, len(self.rows) * _HIGH + 24
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}">',
            f'<g font-family="monospace" font-size="14"><title>{escape(title)}</title>',
            f'<rect width="100%" height="100%" rx="8" fill="#{self._paper:06x}"/>',
        ]
        for number, row in enumerate(self.rows):
            at = 0
            for look, run in groupby(row, key=lambda cell: cell.look):
                cells = list(run)
                parts += self._run(
                    "".join(cell.text for cell in cells), look, at, number, len(cells)
                )
                at += len(cells)
        row_, column = self.cursor
        parts.append(
            f'<rect x="{12 + column * _WIDE:.1f}" y="{14 + row_ * _HIGH}" width="2" height="16" '
            f'fill="#{self._ink:06x}"/></g></svg>\n'
        )
        return "\n".join(parts)

    def _run(self, text: str, look: int, at: int, row: int, length: int) -> list[str]:
        style = self._looks.get(look, {})
        ink, paper = style.get("foreground", self._ink), style.get("background", self._paper)
        if style.get("reverse"):
            ink, paper = paper, ink
        x, y, wide = 12 + at * _WIDE, 12 + row * _HIGH, length * _WIDE
        parts = []
        if paper != self._paper:
            parts.append(
                f'<rect x="{x:.1f}" y="{y}" width="{wide:.1f}" height="{_HIGH}" '
                f'fill="#{paper:06x}"/>'
            )
        if text.strip():
            slant = ' font-style="italic"' if style.get("italic") else ""
            parts.append(
                f'<text x="{x:.1f}" y="{y + 14}" textLength="{wide:.1f}" xml:space="preserve" '
                f'fill="#{ink:06x}"{slant}>{escape(text)}</text>'
            )
        return parts


Verdict = Callable[[Grid], object]
