"""What a person sees of a task at a terminal: what it does, its plan, and what it has for them.

Owns the words and colours. It all goes to standard error but the result, so that this can be piped.
"""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import time
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.syntax import Syntax

from spark_lsp.cli.task.applying import Written

_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_TOO = "you have changed it too"
_MARKS = {"pending": "○", "running": "◐", "done": "●"}


class Live:
    """How a task stands, kept up to date in one line, with what stays above it."""

    def __init__(self, console: Console, clock: Callable[[], float] = time) -> None:
        """Take the terminal, and what tells seconds since the epoch."""
        self._console = console
        self._clock = clock
        self._status = Status("preparing", console=console)
        self._plan: list[Any] = []
        self._notes = 0

    def __enter__(self) -> None:
        self._status.start()

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def pause(self) -> None:
        """Leave the terminal to a question."""
        self._status.stop()

    def go_on(self) -> None:
        """Take it back."""
        self._status.start()

    def show(self, task: Mapping[str, Any]) -> None:
        """Show how it stands now."""
        for step in task["steps"]:
            if step not in self._plan:  # what stands above it is as it was
                self._console.print(f"  {_MARKS[step['status']]} {plain(step['text'])}")
        self._plan = task["steps"]
        for note in task["notes"][self._notes :]:
            self._console.print(f"  [yellow]{plain(note)}[/]")
        self._notes = len(task["notes"])
        used = f", {task['used']:,} of {task['window']:,} tokens" if task["window"] else ""
        minutes = int(self._clock() - task["began"]) // 60
        took = f", {minutes} min" if minutes > 0 else ""
        self._status.update(plain(f"{task['doing']}{used}{took}"))


def tell(
    console: Console, result: Mapping[str, Any], changes: Sequence[Written], root: Path
) -> None:
    """Tell what a task has: its summary, a diff of each file, its reasons, and what is left."""
    if result["summary"]:
        console.print(plain(result["summary"]))
    for change in changes:
        console.print()
        console.print(Syntax(visible("\n".join(_diff(change, root))), "diff", word_wrap=True))
    if changes:
        console.print()
    for file in result["files"]:
        for reason in dict.fromkeys([file["reason"], *(it["reason"] for it in file["hunks"])]):
            console.print(f"  [bold]{plain(file['path'])}[/] {plain(reason)}")
        for hunk in file["hunks"]:
            if hunk["conflict"]:
                why = "its asterisks may cover a secret" if hunk["veiled"] else _TOO
                console.print(
                    f"  [red]conflict in {plain(file['path'])}, line {hunk['line'] + 1}: {why}; "
                    "it stays as you have it[/]"
                )
        if file["objection"]:
            console.print(f"  [red]{plain(file['objection'])}[/]")
    for sentence in result["left"]:
        console.print(f"  [yellow]{plain(sentence)}[/]")


def visible(text: str) -> str:
    """Return a text in which whatever would move the cursor, or hide something, can be seen."""
    return _HIDDEN.sub(lambda it: f"<U+{ord(it[0]):04X}>", text)


def plain(text: str) -> str:
    """Return a text of somebody else's for a line of ours: seen as it is, and no markup."""
    return escape(visible(" ".join(text.split())))


def _diff(change: Written, root: Path) -> list[str]:
    name = change.path.relative_to(root).as_posix()
    before, after = ((it or "").splitlines() for it in (change.before, change.after))
    old = "/dev/null" if change.before is None else f"a/{name}"
    new = "/dev/null" if change.after is None else f"b/{name}"
    return list(difflib.unified_diff(before, after, old, new, lineterm=""))
