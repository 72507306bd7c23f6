"""How a buffer with ghost text looks on a terminal.

Owns the drawing; what is shown is `screen`'s.
"""

import io
import re
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.text import Text as Styled

from spark_lsp.cli.report import Report
from spark_lsp.cli.screen import Screen

_ABOVE = 10
_BELOW = 5


def picture(screen: Screen, title: str, report: Report, height: int) -> RenderableType:
    """Return the lines around the cursor, ghost text in grey, and the count so far."""
    above = min(_ABOVE, max(2, height - _BELOW - 6))
    text = screen.text
    line = text.line_at(screen.cursor)
    first, last = max(0, line - above), min(text.line_count - 1, line + _BELOW)
    body = Styled(no_wrap=True, overflow="ellipsis")
    body.append(text.string[text.line_start(first) : screen.cursor])
    body.append("▏", style="bold cyan")
    body.append(screen.ghost, style="italic bright_black")
    body.append(text.string[screen.cursor : text.line_end(last)], style="dim")
    status = Styled(
        f" {report.keys} keys  {report.accepted} accepted  "
        f"{report.accepted_characters} characters written for you",
        style="cyan",
    )
    return Group(Panel(body, title=title, title_align="left", border_style="cyan"), status)


def save(path: Path, screen: Screen, title: str, report: Report) -> None:
    """Write a screen as an SVG file."""
    console = Console(record=True, width=88, file=io.StringIO())
    console.print(picture(screen, title, report, 24))
    # A picture must not fetch fonts from anywhere.
    style = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    path.write_text(console.export_svg(title="spark-lsp", code_format=style), "utf-8")
