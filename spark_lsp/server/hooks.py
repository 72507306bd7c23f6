"""What the editor's end of the server and the rest of it tell each other.

Owns the words between `lsp`, which hears the editor, and those who act, `app` and `driver`: no
protocol types.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from spark_lsp.core.effects import (
    Explained,
    Grow,
    Proposed,
    Refuse,
    Reply,
    Report,
    Revise,
    Revised,
    Steered,
    Stopped,
)
from spark_lsp.core.events import Event
from spark_lsp.core.text import Encoding
from spark_lsp.server.asides import Aside

Partial: TypeAlias = Grow | Revise | Report
"""What is told of a request before it is answered."""
Final: TypeAlias = Reply | Revised | Proposed | Steered | Stopped | Explained | Refuse
"""What answers a request."""


@dataclass(frozen=True, slots=True)
class Introduction:
    """What the client said of itself in `initialize`.

    Attributes:
        root: the first workspace folder, or None if there is none.
        encoding: the unit of positions.
        options: its `initializationOptions`, or nothing.
        watches: whether it tells when files on disk change.
        name: what it calls itself, or "".
        capabilities: its `ClientCapabilities`.
    """

    root: str | None
    encoding: Encoding
    options: dict[str, Any]
    watches: bool
    name: str
    capabilities: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the composition root does when the client speaks.

    Attributes:
        started: `initialize` has come; the first of all calls.
        event: something happened that the session must know.
        aside: it asks something that the session has nothing to do with, by method and params.
        configured: the settings under `spark` have changed.
        files_changed: files on disk have changed, as absolute paths.
        unwanted: the person has cancelled the progress of this token.
        stopped: the client has said `exit`; the process ends with this status.
    """

    started: Callable[[Introduction], None]
    event: Callable[[Event], None]
    aside: Callable[[str, Any, Aside], None]
    configured: Callable[[dict[str, Any]], None]
    files_changed: Callable[[Sequence[str]], None]
    unwanted: Callable[[Any], None]
    stopped: Callable[[int], None]
