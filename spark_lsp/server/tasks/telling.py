"""Tasks and what they have done, spelled for editors, in plain data.

Owns the shapes of `spark/task/list`, `spark/task/didChange` and `spark/task/result`, and what
stands on a task's progress bar.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from spark_lsp.core.accounting.milestones import Milestone
from spark_lsp.core.tasks.offer import Abilities, Places, Side, decided, done, offered, row
from spark_lsp.core.tasks.patch import FileChange, Patch, Piece
from spark_lsp.core.tasks.task import Step, Task
from spark_lsp.core.text import Text
from spark_lsp.server.baseline import digest
from spark_lsp.server.history import Point

Json = dict[str, Any]

_SIDES: tuple[Side, ...] = ("task", "both")
_SAID = 4_000
"""Characters of long texts that are told: a task is told ten times a second."""
_LINE = 200
"""Characters of what should be a line."""
_STEPS = 50


def task(it: Task) -> Json:
    """Return how a task stands."""
    shown = it.changed(
        said=it.said[-_SAID:],
        instruction=it.instruction[:_SAID],
        brief="",
        doing=_short(it.doing),
        steps=tuple(Step(_short(step.text), step.status) for step in it.steps[:_STEPS]),
        ran=tuple(map(_short, it.ran)),
    )
    told: Json = msgspec.to_builtins(shown)
    del told["brief"]
    return {"taskId": told.pop("id"), **told, "alive": it.alive}


def _short(text: str) -> str:
    return text if len(text) <= _LINE else text[: _LINE - 1] + "…"


def result(patch: Patch, places: Places, abilities: Abilities) -> Json:
    """Return what a task has for the person: the edit to confirm, and what it is made of.

    Each change comes with the edits by which a person decides it alone: of a text and of a file.
    """
    offer = offered(patch, places, abilities)
    return {
        "summary": patch.summary,
        "edit": offer.edit,
        "files": [_file(it, places, abilities) for it in patch.files],
        "left": list(offer.left),
        "conflicting": patch.conflicting,
    }


def _file(change: FileChange, places: Places, abilities: Abilities) -> Json:
    text = Text(change.person or "")
    told: Json = {
        "path": change.path,
        "uri": places.uri(change.path),
        "kind": change.kind.value,
        "reason": change.reason,
        "objection": change.objection,
        "now": _digest(change.person),
        "text": change.task,
        "hunks": [
            {
                "line": row(text, it.hunk),
                **_hunk(change, it, places, abilities),
            }
            for it in change.pieces
        ],
    }
    if change.target:
        told |= {"target": change.target, "targetUri": places.uri(change.target)}
    if whole := done(change, places, abilities):
        told["edits"] = {"task": whole.edit}
    return told


def _digest(text: str | None) -> str:
    """Return what tells the person's text from what it becomes: a decision is about one alone."""
    return "" if text is None else digest(text.encode("utf-8", "replace")).hex()


def _hunk(change: FileChange, piece: Piece, places: Places, abilities: Abilities) -> Json:
    sides = _SIDES if piece.hunk.conflicts else _SIDES[:1]
    return {
        "reason": piece.reason,
        "conflict": piece.hunk.conflicts,
        "veiled": piece.veiled,
        "base": list(piece.hunk.base),
        "task": list(piece.hunk.task),
        "person": list(piece.hunk.person),
        "edits": {side: decided(change, piece, side, places, abilities).edit for side in sides},
    }


def milestone(it: Milestone, name: str, epoch: float) -> Json:
    """Return a moment from which on work can be finished; `epoch` is when our clock began."""
    many = f"{it.count} suggestions" if it.count > 1 else "a suggestion"
    line = it.text.strip().partition("\n")[0][:_LINE]
    detail = f"from line {it.line + 1} on" + (f": {line}" if line else "")
    label = f"before {many} in {it.path}"
    return _point(name, "accepted", it.began + epoch, label, detail)


def point(it: Point) -> Json:
    """Return a commit from which on work can be finished."""
    return _point(it.revision, "commit", it.at, it.label, it.subject[:_LINE])


def _point(name: str, kind: str, at: float, label: str, detail: str) -> Json:
    return {"id": name, "kind": kind, "at": at, "label": label, "detail": detail}


class Bar:
    """The progress of one task, as editors show it (LSP 3.18, "Work Done Progress")."""

    def __init__(self, tell: Callable[[Json], None]) -> None:
        """Take how to tell what stands on it."""
        self._tell = tell
        self._begun = False
        self._last: Json = {}

    @property
    def ended(self) -> bool:
        """Whether it has been shown and is over; editors have forgotten its token."""
        return bool(self._last) and not self._begun

    def show(self, it: Task, now: float) -> None:
        """Show how a task stands at a time, since the epoch; one that is over ends it."""
        if not it.alive:
            if self._begun:
                self._tell({"kind": "end", "message": it.message or it.state})
                self._begun = False
            return
        done = sum(step.status == "done" for step in it.steps)
        value: Json = {"message": _message(it, now)}
        if it.steps:
            value["percentage"] = 100 * done // len(it.steps)
        if not self._begun:
            self._begun = True
            title = "Background task" if it.mode == "task" else "Finishing"
            self._tell({"kind": "begin", "title": title, "cancellable": True, **value})
        elif value != self._last:
            self._tell({"kind": "report", **value})
        self._last = value


def _message(it: Task, now: float) -> str:
    minutes = int(now - it.began) // 60
    step = next((step.text for step in it.steps if step.status == "running"), "")
    room = f"{it.used:,} of {it.window:,} tokens" if it.window else ""
    took = f"{minutes} min" if minutes > 0 else ""
    return " · ".join(filter(None, (_short(step), _short(it.doing), room, took)))
