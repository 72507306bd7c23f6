"""How things stand with the model, for an editor's status line.

Owns the words, Copilot's, so that its clients show them unchanged: a notification `didChangeStatus`
with `kind`, `message` and `busy`. What the status is, is for others to say.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

METHOD = "didChangeStatus"


@dataclass(frozen=True, slots=True)
class Status:
    """How things stand.

    Attributes:
        kind: "Normal", "Warning" (a stand-in answers), "Error" (nothing answers) or "Inactive"
            (switched off).
        message: one sentence.
        busy: whether it is about to change by itself.
    """

    kind: Literal["Normal", "Warning", "Error", "Inactive"]
    message: str
    busy: bool = False


class StatusLine:
    """Tells the editor what has changed, once it may be told anything."""

    def __init__(self, tell: Callable[[dict[str, Any]], None]) -> None:
        """Take how to tell the editor."""
        self._tell = tell
        self._ready = False
        self._shown: Status | None = None

    def ready(self) -> None:
        """The editor has said `initialized`."""
        self._ready = True
        if self._shown:
            self._tell(asdict(self._shown))

    def show(self, status: Status) -> None:
        """Show a status, if it is another than the last."""
        if status != self._shown:
            self._shown = status
            if self._ready:
                self._tell(asdict(status))
