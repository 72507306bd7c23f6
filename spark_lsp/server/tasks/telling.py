"""Tasks and what they have done, spelled for editors, in plain data.

Owns the shapes of `spark/task/list`, `spark/task/didChange` and `spark/task/result`, and what
stands on a task's progress bar.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from spark_lsp.core.tasks.offer import Offer
from spark_lsp.core.tasks.patch import FileChange, Patch
from spark_lsp.core.tasks.task import Task
from spark_lsp.core.text import Text

Json = dict[str, Any]

_SAID = 4_000
"""Characters of its last words that are told as they come: it is told ten times a second."""


def task(it: Task) -> Json:
    """Return how a task stands."""
    told: Json = msgspec.to_builtins(it.changed(said=it.said[-_SAID:]))
    return {"taskId": told.pop("id"), **told, "alive": it.alive}


def result(patch: Patch, offer: Offer, uri: Callable[[str], str]) -> Json:
    """Return what a task has for the person: the edit to confirm, and what it is made of."""
    return {
        "summary": patch.summary,
        "edit": offer.edit,
        "files": [_file(it, uri) for it in patch.files],
        "left": list(offer.left),
        "conflicting": patch.conflicting,
    }


def _file(change: FileChange, uri: Callable[[str], str]) -> Json:
    told: Json = {
        "path": change.path,
        "uri": uri(change.path),
        "kind": change.kind.value,
        "reason": change.reason,
        "objection": change.objection,
        "text": change.task,
        "hunks": _hunks(change),
    }
    if change.target:
        told |= {"target": change.target, "targetUri": uri(change.target)}
    return told


def _hunks(change: FileChange) -> list[Json]:
    text = Text(change.person or "")
    return [
        {
            "line": text.line_at(piece.hunk.start),
            "reason": piece.reason,
            "conflict": piece.hunk.conflicts,
            "base": list(piece.hunk.base),
            "task": list(piece.hunk.task),
            "person": list(piece.hunk.person),
        }
        for piece in change.pieces
    ]


class Bar:
    """The progress of one task, as editors show it (LSP 3.18, "Work Done Progress")."""

    def __init__(self, tell: Callable[[Json], None]) -> None:
        """Take how to tell what stands on it."""
        self._tell = tell
        self._begun = False
        self._last: Json = {}

    def show(self, it: Task) -> None:
        """Show how a task stands; one that is over ends it, one that is taken up begins anew."""
        if not it.alive:
            if self._begun:
                self._tell({"kind": "end", "message": it.message or it.state})
                self._begun = False
            return
        done = sum(step.status == "done" for step in it.steps)
        value: Json = {"message": _message(it)}
        if it.steps:
            value["percentage"] = 100 * done // len(it.steps)
        if not self._begun:
            self._begun = True
            title = "Background task" if it.mode == "task" else "Finishing"
            self._tell({"kind": "begin", "title": title, "cancellable": True, **value})
        elif value != self._last:
            self._tell({"kind": "report", **value})
        self._last = value


def _message(it: Task) -> str:
    step = next((step.text for step in it.steps if step.status == "running"), "")
    room = f"{it.used:,} of {it.window:,} tokens" if it.window else ""
    return " · ".join(filter(None, (step, it.doing, room)))
