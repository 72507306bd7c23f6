"""A task at work: an agent in its place, what it is told, and what it wants to be allowed.

Owns the agent's life from the first order to the end of its turn, and the questions that wait for
an answer of it. What its reports make of the task is left to whoever hears them.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from spark_lsp.core.tasks import briefing
from spark_lsp.core.tasks.agent import (
    Answer,
    Approval,
    Interrupt,
    Lost,
    Opened,
    Order,
    Refused,
    Report,
    Resume,
    Start,
    Steer,
    Steered,
    Turn,
    TurnEnded,
    Withdrawn,
)
from spark_lsp.server.agents.codex import Codex
from spark_lsp.server.agents.isolation import Mind
from spark_lsp.server.agents.isolation import Place as Rooms
from spark_lsp.server.precedence import Precedence
from spark_lsp.server.worktrees import Place

_log = logging.getLogger(__name__)

ALLOW: Final = "Run it once"
REFUSE: Final = "Refuse"
_PATIENCE: Final = 30.0
"""Seconds that an agent may take to say whether it can be steered."""

Ask = Callable[[str, Sequence[str]], Awaitable[str | None]]


class TaskError(Exception):
    """What was asked cannot be done; a sentence that says what to do, where there is something."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a task is done with.

    Attributes:
        mind: the model.
        program: the agent's, "" for the one that is found.
        precedence: whether somebody in the foreground waits, None if nobody is there.
    """

    mind: Mind
    program: str = ""
    precedence: Precedence | None = None


@dataclass(frozen=True, slots=True)
class Brief:
    """What an agent is set to: how its conversation begins, and what it is told then.

    Attributes:
        start: what begins or resumes the conversation.
        text: what is to be done.
        commands: whether it may ask to run commands.
        anew: what it is set to where there is no conversation to resume.
        title: what the task is called, for people.
    """

    start: Start | Resume
    text: str
    commands: bool = False
    anew: "Brief | None" = None
    title: str = ""


class Shift:
    """An agent at work on one task."""

    def __init__(
        self, place: Place, means: Means, brief: Brief, hear: Callable[[Report], None], ask: Ask
    ) -> None:
        """Set an agent to work; `hear` is told its reports, `ask` has a person decide."""
        self._brief = brief
        self._heard = hear
        self._ask = ask
        self._opened = 0
        self._unwanted = False
        self._asking = asyncio.Lock()
        self._questions: dict[str, asyncio.Task[None]] = {}
        self._steering: list[tuple[Steer, asyncio.Future[str]]] = []
        self._agent = Codex(
            Rooms(place.folder, place.home / "agent"),
            means.mind,
            self._hear,
            program=means.program,
            commands=brief.commands,
            environment=place.surroundings(os.environ),
            precedence=means.precedence,
        )
        self._running = asyncio.create_task(self._agent.run())
        self._running.add_done_callback(self._failed)
        self._agent.ask(brief.start)

    async def steer(self, text: str, turn: str) -> str:
        """Tell the agent something; returns the turn that goes on with it.

        Raises:
            TaskError: if it is not taken.
        """
        order = Steer(text, turn)
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._steering.append((order, answer))
        self._agent.ask(order)
        try:
            async with asyncio.timeout(_PATIENCE):
                return await answer
        except TimeoutError:
            raise TaskError("the agent does not answer: interrupt the task") from None
        finally:
            self._steering = [it for it in self._steering if it[1] is not answer]

    def interrupt(self, turn: str) -> None:
        """Have the agent end its turn where it is; should it die of that, it does not go on."""
        self._unwanted = True
        self._agent.ask(Interrupt(turn))

    def decide(self, question: str, *, accept: bool) -> bool:
        """Answer what the agent asks, in the person's name; returns whether it is asked."""
        asking = self._questions.pop(question, None)
        if asking is None:
            return False
        asking.cancel()
        self._agent.ask(Answer(question, accept))
        self._heard(Withdrawn(question))
        return True

    async def end(self) -> None:
        """End the agent; it is gone when this returns."""
        work = {self._running, *self._questions.values()}
        for task in work:
            task.cancel()
        await asyncio.wait(work)
        for _, answer in self._steering:
            if not answer.done():
                answer.set_exception(TaskError("the task has ended meanwhile"))

    def _hear(self, report: Report) -> None:
        match report:
            case Opened() if self._unwanted:
                report = TurnEnded("", "interrupted")
            case Opened(resumed=resumed):
                self._opened += 1
                again = self._opened > 1 and resumed
                self._agent.ask(Turn(briefing.GO_ON if again else self._brief.text))
            case Approval(id=name):
                self._questions[name] = asyncio.create_task(self._consider(report))
            case Withdrawn(approval=name) if name in self._questions:
                self._questions.pop(name).cancel()
            case Steered(turn=turn):
                self._answer(None, turn)
            case Refused(order=Resume()) if self._brief.anew:
                # Nothing is written down of a conversation in which nothing was said.
                self._brief = self._brief.anew
                self._agent.ask(self._brief.start)
                return
            case Refused(order=order, reason=reason):
                self._answer(order, "", reason)
            case _:
                pass
        self._heard(report)

    def _answer(self, order: Order | None, turn: str, reason: str = "") -> None:
        """Answer who has steered: the oldest, or whose order it is."""
        waiting = [it for it in self._steering if order is None or it[0] is order][:1]
        for asked in waiting:
            self._steering.remove(asked)
            if not asked[1].done():
                if reason:
                    asked[1].set_exception(TaskError(reason))
                else:
                    asked[1].set_result(turn)

    async def _consider(self, asked: Approval) -> None:
        """Have the person decide; who says nothing has not allowed it."""
        why = f"It says: {asked.reason}" if asked.reason else ""
        answer: str | None = None
        async with self._asking:  # one after the other: a yes must not be taken for another's
            with contextlib.suppress(Exception):  # whatever it was, nobody has allowed anything
                task = f' "{self._brief.title}"' if self._brief.title else ""
                question = f"The background task{task} wants to run: {asked.what}\n{why}"
                answer = await self._ask(question.strip(), (ALLOW, REFUSE))
        self.decide(asked.id, accept=answer == ALLOW)

    def _failed(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()):
            _log.error("an agent has failed: %r", error, exc_info=error)
            self._heard(Lost(f"the agent has failed ({type(error).__name__})"))
