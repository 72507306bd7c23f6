"""Carries out what the session decides.

Owns the one loop around the state machine: an event in, its effects performed in order, one timer
armed for the next deadline. Knows neither LSP nor WebSocket, only an editor and a backend.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from spark_lsp.core.effects import (
    Cancel,
    Count,
    Draft,
    Effect,
    Foresee,
    Grow,
    Open,
    Pack,
    Recall,
    Refuse,
    Reply,
    Report,
    Revise,
    Shelve,
    Steer,
    Warm,
)
from spark_lsp.core.events import Asked, Edited, Ended, Event, Failed, Wrote
from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.core.session import Session
from spark_lsp.server.hooks import Final, Partial
from spark_lsp.server.precedence import Precedence

_log = logging.getLogger(__name__)


class Editor(Protocol):
    """Where answers are shown."""

    def show(self, effect: Partial) -> None:
        """Tell how far a request has come; it is not answered yet."""
        ...

    def answer(self, effect: Final) -> None:
        """Answer a request."""
        ...


class Backend(Protocol):
    """Where answers come from; what it has to say comes back as events."""

    def open(self, stream: int, prompt: Prompt | Rewrite) -> None:
        """Ask for an answer."""
        ...

    def steer(self, stream: int, instruction: str, again: Prompt | Rewrite) -> None:
        """Redirect an answer; `Turned` says how, and nothing of it from before is told after that.

        Args:
            stream: which, under whose number it begins anew.
            instruction: for a model that can be told something while it writes.
            again: what is asked anew of any other.
        """
        ...

    def cancel(self, stream: int) -> None:
        """Stop an answer; no event of it comes after this."""
        ...

    def warm(self, stable: tuple[Block, ...]) -> None:
        """Prepare for prompts that begin like this."""
        ...


class Model(Backend, Protocol):
    """All that a session asks of a model, and of the engine beside it."""

    def draft(self, stream: int, prompt: Prompt) -> None:
        """Ask the engine for what it is sure of, while the model is on its way."""
        ...


class Library(Protocol):
    """Where what is known of the workspace is kept; answers come back as events."""

    def ask(self, question: Shelve | Pack | Recall | Foresee) -> None:
        """Put a question, or a buffer on the shelf."""
        ...


class Observer(Protocol):
    """Whoever writes down what happens, in the order in which it does."""

    def event(self, event: Event, now: float) -> None:
        """See what the session is about to handle."""
        ...

    def effects(self, effects: Sequence[Effect], now: float) -> None:
        """See what it wants done for that, before any of it is; often nothing.

        Those that follow no event are of a tick at this time.
        """
        ...


class Driver:
    """The loop around a session."""

    def __init__(self, session: Session, editor: Editor, loop: asyncio.AbstractEventLoop) -> None:
        """Drive a session; what is None of its surroundings is done without."""
        self.session = session
        self.backend: Model | None = None
        self.library: Library | None = None
        self.recorder: Callable[[Count], None] | None = None
        self.observer: Observer | None = None
        self.precedence = Precedence(loop.time)
        self._editor = editor
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    def feed(self, event: Event) -> None:
        """Let the session handle an event and do what follows, before this returns."""
        now = self._loop.time()
        if self.observer:
            self.observer.event(event, now)
        match event:
            case Edited() | Asked():
                self.precedence.key()
            case Wrote(stream) | Ended(stream) | Failed(stream):
                self.precedence.answered(stream)
        self._perform(self.session.handle(event, now), now)

    def close(self) -> None:
        """Stop the timer."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        self._timer = None
        now = self._loop.time()
        self._perform(self.session.tick(now), now)

    def _perform(self, effects: list[Effect], now: float) -> None:
        if self.observer:
            self.observer.effects(effects, now)
        for effect in effects:
            match effect:
                case Open() | Draft() | Steer() | Cancel() | Warm():
                    self._ask(effect)
                case Shelve() | Pack() | Recall() | Foresee():
                    if self.library:
                        self.library.ask(effect)
                case Grow() | Revise() | Report():
                    self._editor.show(effect)
                case Count():
                    if self.recorder:
                        self.recorder(effect)
                case _:
                    self._answer(effect)
        self._arm()

    def _answer(self, effect: Final) -> None:
        """Pass on to the editor what answers a request; nothing of a text is logged."""
        if isinstance(effect, Reply):
            _log.debug("request %s: %s, %s", effect.request, effect.verdict, effect.reason)
        elif isinstance(effect, Refuse):
            _log.debug("request %s: %s, %s", effect.request, effect.refusal, effect.reason)
        self._editor.answer(effect)

    def _ask(self, effect: Open | Draft | Steer | Cancel | Warm) -> None:
        """Pass on to the backend what it is to do."""
        backend = self.backend
        match effect:
            case Open(stream, _) | Draft(stream, _) | Steer(stream, _, _) if not backend:
                gone = Failed(stream, "there is no backend", transient=False)
                self._loop.call_soon(self.feed, gone)
            case Open(stream, prompt) if backend:
                self.precedence.asked(stream)
                backend.open(stream, prompt)
            case Draft(stream, prompt) if backend:
                backend.draft(stream, prompt)
            case Steer(stream, instruction, again) if backend:
                backend.steer(stream, instruction, again)
            case Cancel(stream) if backend:
                self.precedence.answered(stream)
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
