"""What a drive has shown: counts, times, and how they are told.

Owns the figures and their table. Every figure is seen from outside of the server.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

_TOKEN = re.compile(r"\w+|[^\w\s]|\s+")


@dataclass(slots=True)
class Report:
    """The figures of a drive.

    Attributes:
        characters: characters of the text that was to be written.
        keys: keys pressed for it, one for each acceptance included.
        accepted: suggestions accepted.
        accepted_characters: characters that they brought.
        wrong_accepts: acceptances after which the buffer was not what was to be written.
        requests: completions asked for.
        cancels: requests that the editor withdrew before they were answered.
        stale_frames: answers that should not have been sent any more, see `Screen`.
        crossed_frames: answers that crossed a key on its way.
        shrunk_frames: partial results that took shown text back.
        misplaced_frames: answers for a range that no editor shows.
        swapped_frames: answers in whose place another came that did not go on with them.
        cut_frames: answers that ended before what was shown of them.
        waits: milliseconds from a key to the first text for it.
        streamed: tokens that came after the first frame of an answer, and seconds they took.
        errors: what went wrong, one sentence each.
        status: kind and message of the last status that the server has told, see `server.status`.
        notices: what statuses other than "Normal" said, each sentence once.
    """

    characters: int = 0
    keys: int = 0
    accepted: int = 0
    accepted_characters: int = 0
    wrong_accepts: int = 0
    requests: int = 0
    cancels: int = 0
    stale_frames: int = 0
    crossed_frames: int = 0
    shrunk_frames: int = 0
    misplaced_frames: int = 0
    swapped_frames: int = 0
    cut_frames: int = 0
    waits: list[float] = field(default_factory=list)
    streamed: tuple[int, float] = (0, 0.0)
    errors: list[str] = field(default_factory=list)
    status: tuple[str, str] = ("", "")
    notices: list[str] = field(default_factory=list)

    @property
    def saved(self) -> int:
        """Keys that a person did not have to press."""
        return self.characters - self.keys

    def stand(self, kind: str, message: str) -> None:
        """Note a status; what it says of an error counts as one."""
        self.status = (kind, message)
        if kind != "Normal" and message not in self.notices:
            self.notices.append(message)
        if kind == "Error" and message not in self.errors:
            self.errors.append(message)

    def stream(self, text: str, seconds: float) -> None:
        """Count text that came in so many seconds."""
        tokens, total = self.streamed
        self.streamed = (tokens + len(_TOKEN.findall(text)), total + seconds)

    def as_json(self) -> dict[str, Any]:
        """Return the object that `drive --json` prints; times in milliseconds."""
        tokens, seconds = self.streamed
        kind, message = self.status
        return {
            "status": {"kind": kind, "message": message},
            "keys": self.keys,
            "characters": self.characters,
            "saved_characters": self.saved,
            "saved": round(self.saved / self.characters, 4) if self.characters else 0.0,
            "accepted": self.accepted,
            "accepted_characters": self.accepted_characters,
            "wrong_accepts": self.wrong_accepts,
            "requests": self.requests,
            "cancels": self.cancels,
            "stale_frames": self.stale_frames,
            "crossed_frames": self.crossed_frames,
            "shrunk_frames": self.shrunk_frames,
            "misplaced_frames": self.misplaced_frames,
            "swapped_frames": self.swapped_frames,
            "cut_frames": self.cut_frames,
            "first_text": {
                name: round(percentile(self.waits, share), 3)
                for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
            },
            "tokens_per_second": round(tokens / seconds, 1) if seconds else 0.0,
            "errors": len(self.errors),
            "messages": self.errors,
        }

    def as_table(self) -> Table:
        """Return the figures for people."""
        tokens, seconds = self.streamed
        table = Table(show_header=False, box=None, pad_edge=False)
        table.add_column(style="bold")
        table.add_column(justify="right")
        table.add_column(style="dim")
        share = f"{self.saved / self.characters:.1%}" if self.characters else "-"
        exact = "every one equal to the real text" if not self.wrong_accepts else "some wrong"
        kind, message = self.status
        rows = (
            ("answered by", message or "-", kind if kind != "Normal" else ""),
            ("text to write", f"{self.characters}", "characters"),
            ("keys typed", f"{self.keys}", f"{self.accepted} of them accept a suggestion"),
            ("characters saved", share, f"{self.saved} keys not pressed"),
            ("characters accepted", f"{self.accepted_characters}", exact),
            ("requests", f"{self.requests}", f"{self.cancels} cancelled by the next key"),
            (
                "key to first text",
                f"{percentile(self.waits, 0.5):.1f} ms",
                f"p50; p95 {percentile(self.waits, 0.95):.1f} ms, {len(self.waits)} answers",
            ),
            ("streamed", f"{tokens / seconds:,.0f}" if seconds else "-", "tokens per second"),
            (
                "stale frames",
                f"{self.stale_frames}",
                f"{self.crossed_frames} more crossed a key on its way and were not shown",
            ),
            ("errors", f"{len(self.errors)}", "; ".join(self.errors[:3])),
        )
        for row in rows:
            table.add_row(*row)
        return table


def percentile(values: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile, 0 of nothing."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0
