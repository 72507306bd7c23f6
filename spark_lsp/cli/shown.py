"""What a model is shown at a place, and how that is told.

Owns the pieces of a prompt as people and scripts see them: counted as they go out, with lines that
count from 1. What goes into a prompt is decided by `core`, how it is spelled by `wire`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from spark_lsp.core import tokens
from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.core.text import Text
from spark_lsp.core.windows import Tail
from spark_lsp.wire.layout import stable_items, tail_items

if TYPE_CHECKING:
    from rich.text import Text as Line

_BAR = 20
"""Columns of a bar for the whole budget."""
_FIGURE = 8
_WIDEST = 120
"""Columns that are used at most: an eye does not follow a longer row."""
_VERBATIM = {"rules", "file", "chunk"}
"""Kinds of blocks whose text is lines of their file."""


@dataclass(frozen=True, slots=True)
class Row:
    """One piece of what is shown.

    Attributes:
        kind: the kind of its block, or "suffix" and "prefix" for what stands around the cursor.
        path: workspace-relative POSIX path, "" for the person's own instructions.
        start_line: first line, counting from 1.
        end_line: last line, inclusive.
        tokens: exactly how many tokens its text is.
        reason: why it is shown.
    """

    kind: str
    path: str
    start_line: int
    end_line: int
    tokens: int
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Return the object that stands in the list of blocks."""
        return {
            "kind": self.kind,
            "path": self.path,
            "start_line": self.start_line,
            "end_line": self.end_line,
            "tokens": self.tokens,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything that is shown, and what it cost.

    Attributes:
        rows: the pieces, in their order.
        texts: all that goes out, in its order; joined, it is what a model reads.
        stable: tokens of the part that stays while the person types.
        words: tokens of what stands around the pieces, the task included.
        budget: tokens that it was packed for.
        milliseconds: what the packing took.
        total: milliseconds of everything, from the start of the command.
        warm: whether nothing had to be parsed.
    """

    rows: tuple[Row, ...]
    texts: tuple[str, ...]
    stable: int
    words: int
    budget: int
    milliseconds: float
    total: float
    warm: bool

    @property
    def tokens(self) -> int:
        """Exactly how many tokens go out."""
        return self.words + sum(row.tokens for row in self.rows)

    def as_json(self) -> dict[str, Any]:
        """Return the object that `context --json` prints."""
        return {
            "tokens": self.tokens,
            "budget": self.budget,
            "stable_tokens": self.stable,
            "framing_tokens": self.words,
            "milliseconds": round(self.milliseconds, 3),
            "total_milliseconds": round(self.total, 3),
            "warm": self.warm,
            "blocks": [row.as_json() for row in self.rows],
        }

    def as_lines(self, width: int) -> Iterable["Line"]:
        """Yield what people read, in lines of at most so many columns."""
        from rich.text import Text as Line

        width = min(width, _WIDEST)
        places = max(20, (width - _FIGURE) * 54 // 100)
        for kind, group in groupby(self.rows, key=lambda row: row.kind):
            rows = list(group)
            cost = sum(row.tokens for row in rows)
            yield _heading(kind, cost, self.budget, places, width)
            for row in rows:
                place = _cut(_place(row), places - 2)
                line = Line(f"  {place}{' ' * (places - 2 - _width(place))}")
                line.append(f"{row.tokens:>{_FIGURE},}")
                line.append(f"  {_tame(row.reason)}", "dim")
                line.truncate(width, overflow="ellipsis")
                yield line
        yield _heading("task and frames", self.words, self.budget, places, width)
        yield Line()
        line = Line(f"{self.tokens:,} of {self.budget:,} tokens", "bold")
        line.append(f", {self.stable:,} stable, {self.milliseconds:,.0f} ms", "bold")
        line.append(f" ({self.total:,.0f} ms in all)", "dim")
        yield line


def shown(
    prompt: Prompt, tail: Tail, text: Text, budget: int, milliseconds: float, *, warm: bool
) -> Shown:
    """Return what a prompt shows; `tail` says which part of the open file's text it ends with."""
    stable, cursor = _parts(stable_items(prompt.stable)), _parts(tail_items(prompt))
    rows = [_row(block) for block in prompt.stable]
    # Each text is a part of its own, so that the rest is what stands around them.
    around = _words(stable, [block.text for block in prompt.stable])
    suffix, prefix = tokens.count(prompt.suffix), tokens.count(prompt.prefix)
    framed = _words(cursor, [prompt.suffix, prompt.prefix])
    here = text.line_at(tail.start + len(tail.prefix)) + 1
    last = max(here, text.line_at(max(0, tail.end - 1)) + 1)
    first = text.line_at(tail.start) + 1
    return Shown(
        (
            *rows,
            Row("suffix", prompt.path, here, last, suffix, "what follows the cursor"),
            Row("prefix", prompt.path, first, here, prefix, "what precedes the cursor"),
        ),
        (*stable, *cursor),
        around + sum(row.tokens for row in rows),
        around + framed,
        budget,
        milliseconds,
        0.0,
        warm,
    )


def _parts(items: Iterable[dict[str, Any]]) -> list[str]:
    return [part["text"] for item in items for part in item["content"]]


def _words(parts: Sequence[str], texts: Sequence[str]) -> int:
    """Return the tokens of all parts but some texts, which occur in this order."""
    left = iter(texts)
    text = next(left, None)
    total = 0
    known: dict[str, int] = {}
    for part in parts:
        if part == text:
            text = next(left, None)
            continue
        if part not in known:
            known[part] = tokens.count(part)
        total += known[part]
    return total


def _row(block: Block) -> Row:
    first, last = block.start_line, block.end_line
    if block.kind in _VERBATIM:
        lines = Text(block.text)
        # A text that ends with the end of a line has an empty one behind it: nobody calls it one.
        ends = lines.line_count > 1 and not lines.line(lines.line_count - 1)
        last = first + lines.line_count - 1 - ends
    cost = block.tokens or tokens.count(block.text)
    return Row(block.kind, block.path, first + 1, last + 1, cost, block.reason)


def _heading(title: str, cost: int, budget: int, places: int, width: int) -> "Line":
    from rich.text import Text as Line

    share = cost / budget
    bar = max(0, min(_BAR, width - places - _FIGURE - len("  100.0%") - 1))
    filled = min(bar, round(share * bar))
    line = Line(f"{title:<{places}}", "bold cyan")
    line.append(f"{cost:>{_FIGURE},}", "bold")
    line.append("  ")
    line.append("━" * filled, "cyan")
    line.append("╌" * (bar - filled), "bright_black")
    line.append(f" {share:.1%}", "dim")
    return line


def _place(row: Row) -> str:
    return f"{_tame(row.path) or 'AGENTS.md of your own'}:{row.start_line}-{row.end_line}"


def _tame(text: str) -> str:
    """Return a text without what would steer a terminal: a file's name may hold anything."""
    return "".join(it if it.isprintable() else "\ufffd" for it in text)


def _cut(place: str, width: int) -> str:
    """Return a place cut in the middle to so many columns."""
    if _width(place) <= width:
        return place
    keep = width - 1
    while True:
        behind = keep * 2 // 3
        cut = f"{place[: keep - behind]}…{place[len(place) - behind :]}"
        if _width(cut) <= width:
            return cut
        keep -= 1


def _width(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)
