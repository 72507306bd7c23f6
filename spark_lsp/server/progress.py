"""The progress of the indexing, as editors show it (LSP 3.18, "Work Done Progress").

Owns the one token and what was said under it, in plain data. That an editor has cancelled it is for
others to act on.
"""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

TOKEN = "spark-indexing"  # noqa: S105 - a name for a progress bar


class Bar:
    """One progress bar in the editor: asked for, begun, ended."""

    def __init__(
        self,
        create: Callable[[], Future[Any]],
        tell: Callable[[dict[str, Any]], None],
    ) -> None:
        """Take how to ask the editor for a bar, and how to tell what is on it."""
        self._create = create
        self._tell = tell
        self._ready = False
        self._asked = False
        self._begun = False
        self._latest: tuple[int, int] | None = None

    def ready(self) -> None:
        """The editor shows progress, and may be asked from now on."""
        self._ready = True
        if self._latest:
            self.show(*self._latest, ended=False)

    def show(self, done: int, total: int, *, ended: bool) -> None:
        """Show that so many of so many files are indexed."""
        self._latest = None if ended else (done, total)
        if self._begun:
            self._say(done, total, ended=ended)
        elif self._ready and not self._asked and not ended:
            self._asked = True
            self._create().add_done_callback(self._created)

    def _created(self, answer: Future[Any]) -> None:
        if self._latest is None or answer.cancelled() or answer.exception():
            return
        self._begun = True
        begin = {"kind": "begin", "title": "Indexing", "cancellable": True, "percentage": 0}
        self._tell(begin)
        self._say(*self._latest, ended=False)

    def _say(self, done: int, total: int, *, ended: bool) -> None:
        message = f"{done:,} of {total:,} files"
        value: dict[str, Any] = {"kind": "end", "message": f"{done:,} files"}
        if not ended:
            share = 100 * done // max(1, total)
            value = {"kind": "report", "message": message, "percentage": min(100, share)}
        self._tell(value)
        self._begun = not ended
