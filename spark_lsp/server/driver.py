"""Carries out what the session decides.

Owns the one loop around the state machine: an event in, its effects performed in order, one timer
armed for the next deadline. Knows neither LSP nor WebSocket, only an editor and a backend.
"""

import asyncio
import logging
from typing import Protocol, assert_never

from spark_lsp.core.effects import Cancel, Effect, Grow, Open, Pack, Recall, Reply, Shelve, Warm
from spark_lsp.core.events import Event, Failed
from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.core.session import Session

_log = logging.getLogger(__name__)


class Editor(Protocol):
    """Where answers are shown."""

    def grow(self, effect: Grow) -> None:
        """Show more of an answer."""
        ...

    def reply(self, effect: Reply) -> None:
        """Answer a request."""
        ...


class Backend(Protocol):
    """Where answers come from; what it has to say comes back as events."""

    def open(self, stream: int, prompt: Prompt) -> None:
        """Ask for an answer."""
        ...

    def cancel(self, stream: int) -> None:
        """Stop an answer; no event of it comes after this."""
        ...

    def warm(self, stable: tuple[Block, ...]) -> None:
        """Prepare for prompts that begin like this."""
        ...


class Library(Protocol):
    """Where what is known of the workspace is kept; answers come back as events."""

    def ask(self, question: Shelve | Pack | Recall) -> None:
        """Put a question, or a buffer on the shelf."""
        ...


class Driver:
    """The loop around a session."""

    def __init__(self, session: Session, editor: Editor, loop: asyncio.AbstractEventLoop) -> None:
        """Drive a session; `backend` must be set before the first event."""
        self.session = session
        self.backend: Backend | None = None
        self.library: Library | None = None
        self._editor = editor
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    def feed(self, event: Event) -> None:
        """Let the session handle an event and do what follows, before this returns."""
        self._perform(self.session.handle(event, self._loop.time()))

    def close(self) -> None:
        """Stop the timer."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        self._timer = None
        self._perform(self.session.tick(self._loop.time()))

    def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Open() | Cancel() | Warm():
                    self._ask(effect)
                case Shelve() | Pack() | Recall():
                    if self.library:
                        self.library.ask(effect)
                case Grow():
                    self._editor.grow(effect)
                case Reply():
                    _log.debug("request %s: %s, %s", effect.request, effect.verdict, effect.reason)
                    self._editor.reply(effect)
                case _:
                    assert_never(effect)
        self._arm()

    def _ask(self, effect: Open | Cancel | Warm) -> None:
        """Pass on to the backend what it is to do."""
        backend = self.backend
        match effect:
            case Open(stream, prompt):
                if backend:
                    backend.open(stream, prompt)
                else:
                    gone = Failed(stream, "there is no backend", transient=False)
                    self._loop.call_soon(self.feed, gone)
            case Cancel(stream) if backend:
                backend.cancel(stream)
            case Warm(stable) if backend:
                backend.warm(stable)

    def _arm(self) -> None:
        due = self.session.deadline()
        if self._timer and (due is None or self._timer.when() != due):
            self._timer.cancel()
            self._timer = None
        if due is not None and self._timer is None:
            self._timer = self._loop.call_at(due, self._tick)
