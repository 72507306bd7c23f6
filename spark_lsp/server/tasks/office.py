"""All tasks of a workspace: begun, spoken to, ended, looked at.

Theory of operation. A task gets a place (`worktrees`) and an agent in it (`shift`). What the agent
reports is folded into the task, a value that is told and kept as it changes (`register`).
When its turn is over the agent is ended; its place stays, and what has changed in it is compared
with what the person has by then each time somebody asks for it. Nothing is applied here.

A task that is not at work can be spoken to all the same: it is taken up again, in the same place
and conversation, also after a restart of the server.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import time
from typing import Any, Final, Protocol
from uuid import uuid4

from spark_lsp.core.secrets import redact
from spark_lsp.core.tasks import briefing
from spark_lsp.core.tasks.agent import Interrupt, Refused, Report, Resume, Start, Turn
from spark_lsp.core.tasks.briefing import Selection
from spark_lsp.core.tasks.patch import Patch, patched
from spark_lsp.core.tasks.reasons import account
from spark_lsp.core.tasks.task import Mode, Task, after
from spark_lsp.server.agents.finding import NotInstalled, find
from spark_lsp.server.endpoint import Unreachable
from spark_lsp.server.tasks.keeping import Keeping
from spark_lsp.server.tasks.opening import opening
from spark_lsp.server.tasks.register import Heed, Register
from spark_lsp.server.tasks.shift import Brief, Means, Shift, TaskError
from spark_lsp.server.worktrees import BusyError, Place, PlaceError, Worktrees, location

_log = logging.getLogger(__name__)

_CLOSED: Final = "the server is being shut down"
_ELSEWHERE: Final = "another editor or terminal works on this task: speak to it there"
_GONE: Final = "the task was interrupted or removed meanwhile"
_NOT_YET: Final = "the task is not yet where it can be told anything: try in a moment"
_OFF: Final = "spark-lsp was switched off"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done.

    Attributes:
        instruction: in the person's words; may be empty where something is to be finished.
        mode: whether something is done, or finished.
        documents: paths of files that the person has in mind.
        selected: what they have selected.
        commands: whether it may ask to run commands.
        since: from where on something is finished, see `Worktrees.change`.
    """

    instruction: str
    mode: Mode = "task"
    documents: Sequence[str] = ()
    selected: Selection | None = None
    commands: bool = False
    since: str | Mapping[str, str] = "HEAD"


def new_name() -> str:
    """Return a name that no task has."""
    return f"task-{uuid4().hex[:12]}"


class Desk(Protocol):
    """What tasks need of the editor."""

    def buffers(self) -> Mapping[str, str]:
        """The texts of open documents by path, those that may be shown."""
        ...

    def told(self, task: Task) -> None:
        """Show how a task stands now."""
        ...

    def gone(self, task: Task) -> None:
        """Show that a task is not there any more."""
        ...

    async def ask(self, question: str, answers: Sequence[str]) -> str | None:
        """Have the person choose an answer."""
        ...


class Office:
    """The tasks of one workspace."""

    def __init__(self, root: Path, desk: Desk, means: Callable[[], Awaitable[Means]]) -> None:
        """Take the workspace, the editor, and what tasks are done with, asked for with each.

        That may raise Unreachable.
        """
        self._root = root
        self._desk = desk
        self._means = means
        self._places = Worktrees()
        self._keeping = Keeping(location(), root)
        self._register = Register(self._keeping, Heed(desk.told, desk.gone, self._leave))
        self._shifts: dict[str, Shift] = {}
        self._beside: set[asyncio.Task[None]] = set()
        self._ending: dict[str, asyncio.Task[None]] = {}
        self._taken_up: set[str] = set()  # those that are about to be
        self._closed = False

    async def run(self) -> None:
        """Take in what earlier servers have left, then be there until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._register.run())
                group.create_task(self._places.prune(self._keeping.places))
        finally:
            await self._close()

    async def start(self, name: str, wish: Wish) -> None:
        """Begin a task of a new name; how it goes on is told to the editor.

        Raises:
            TaskError: if there is no agent, no model, or nothing to do.
        """
        if not wish.instruction.strip() and wish.mode == "task":
            raise TaskError("there is no instruction: say what is to be done")
        means = await self._ready()
        if self._closed:
            raise TaskError(_CLOSED)
        self._register.put(Task(name, wish.instruction.strip(), wish.mode, time()))
        self._run(self._begin(name, wish, means))

    async def steer(self, name: str, instruction: str, expected: str | None = None) -> str:
        """Tell a task something; returns the turn that goes on with it, "" if it begins one.

        Raises:
            TaskError: if there is no such task, or another turn is running than expected.
        """
        task = await self._ours(name)
        if not instruction.strip():
            raise TaskError("there is no instruction: say what is wanted instead")
        if expected is not None and expected != task.turn:
            raise TaskError("another turn is running by now: look at the task again")
        shift = self._shifts.get(name)
        if not task.alive:
            await self._take_up(task, instruction)
            return ""
        if shift is None or not task.turn:
            raise TaskError(_NOT_YET)
        turn = await shift.steer(redact(instruction), task.turn)
        if known := self._register.get(name):
            self._register.put(known.told(instruction))
        return turn

    async def interrupt(self, name: str) -> None:
        """End a task where it is; what it has done so far can be looked at.

        Raises:
            TaskError: if there is no such task.
        """
        task = await self._ours(name)
        shift = self._shifts.get(name)
        if shift and task.turn:
            shift.interrupt(task.turn)
        elif task.alive:
            self._register.put(task.over("interrupted", time()))
            await self._end(name)

    async def answer(self, name: str, question: str, *, accept: bool) -> None:
        """Say whether what a task asks for may be done.

        Raises:
            TaskError: if there is no such task, or it does not ask that any more.
        """
        await self._ours(name)
        shift = self._shifts.get(name)
        if shift is None or not shift.decide(question, accept=accept):
            raise TaskError("that is not asked any more: look at the task again")

    async def switched_off(self) -> None:
        """Interrupt all that this server works on: nobody shall be asked anything any more."""
        for task in self._register.working():
            self._register.put(task.over("interrupted", time(), _OFF))
            await self._end(task.id)

    async def tasks(self) -> list[Task]:
        """Return all tasks, the oldest first."""
        return await self._register.all()

    async def result(self, name: str, buffers: Mapping[str, str]) -> Patch:
        """Return what a task has for the person, whose files and `buffers` are as they are now.

        Raises:
            TaskError: if it is still at work, or what it has done is not there any more.
        """
        task = await self._ours(name)
        if task.alive:
            raise TaskError("the task is still at work: interrupt it, or wait for its end")
        try:
            place = await self._places.find(_placed(task))
            found = await self._places.collect(place, self._root)
            sides = await self._places.sides(place, self._root, found, buffers)
        except PlaceError as error:
            raise TaskError(str(error)) from None
        return await asyncio.to_thread(patched, sides, account(task.said), found.left)

    async def remove(self, name: str) -> None:
        """Forget a task, and what it has done.

        Raises:
            TaskError: if there is no such task.
        """
        task = await self._ours(name)
        await self._end(name)
        place: Place | None = None
        try:
            place = await self._places.adopt(_placed(task))
        except BusyError:
            raise TaskError(_ELSEWHERE) from None
        except PlaceError:
            pass  # it is gone already, or was never made
        await self._register.forget(name)
        if place:
            await self._places.remove(place)

    async def _ours(self, name: str) -> Task:
        """Return a task that this server may have to do with."""
        task = await self._register.known(name)
        if task is None:
            raise TaskError("there is no such task: see the list of tasks")
        if task.elsewhere:
            raise TaskError(_ELSEWHERE)
        return task

    async def _ready(self) -> Means:
        """Find out before anything is begun whether it can be done."""
        try:
            means = await self._means()
            await asyncio.to_thread(find, means.program, os.environ, self._root)
        except (NotInstalled, Unreachable) as error:
            raise TaskError(str(error)) from None
        return means

    async def _begin(self, name: str, wish: Wish, means: Means) -> None:
        """Make a place, and set an agent to work in it."""
        try:
            place = await self._places.make(self._root, self._desk.buffers())
            task = self._register.get(name)
            if task is None or not task.alive:  # it has been interrupted meanwhile
                await self._places.remove(place)
                return
            task = task.changed(place=place.name)
            self._register.put(task.noted(place.note) if place.note else task)
            text = await self._text(place, wish)
            start = await opening(place.folder)
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody works on it
            known = isinstance(error, PlaceError | TaskError)
            if not known:
                _log.exception("a task could not be begun")
            if task := self._register.get(name):
                why = str(error) if known else f"it could not be begun ({type(error).__name__})"
                self._register.put(task.over("failed", time(), why))
            return
        if (task := self._register.get(name)) and task.alive:
            self._register.put(task.changed(brief=text))
            self._set_to_work(task, place, means, Brief(start, text, wish.commands))

    async def _text(self, place: Place, wish: Wish) -> str:
        if wish.mode == "task":
            return briefing.task(wish.instruction, wish.documents, wish.selected)
        change, fresh = await self._places.change(place, self._root, wish.since)
        if not change and not fresh:
            since = "the last commit" if wish.since == "HEAD" else "then"
            raise TaskError(f"there is nothing to finish: nothing has changed since {since}")
        return briefing.finish(wish.instruction, change, fresh)

    async def _take_up(self, task: Task, instruction: str) -> None:
        """Go on with a task that nobody works on."""
        if task.id in self._taken_up:
            raise TaskError(_NOT_YET)
        self._taken_up.add(task.id)
        try:
            await self._ended(task.id)
            # Before anything is said of it: whoever has its place is alone to write of it.
            place = await self._places.adopt(_placed(task))
        except PlaceError as error:
            raise TaskError(str(error)) from None
        finally:
            self._taken_up.discard(task.id)
        if self._register.get(task.id) is None:
            self._places.leave(task.place)
            raise TaskError(_GONE)
        self._register.put(again := task.told(instruction).again())
        try:
            means = await self._ready()
            start = await opening(place.folder)
        except BaseException:
            if self._register.get(task.id) is again:
                self._register.put(task)
            raise
        if self._closed or self._register.get(task.id) is not again:
            raise TaskError(_GONE)
        told = redact(instruction)
        anew = Brief(start, "\n\n".join(filter(None, (task.brief, told))))
        brief = Brief(Resume(task.thread), told, anew=anew) if task.thread else anew
        self._set_to_work(task, place, means, brief)

    def _set_to_work(self, task: Task, place: Place, means: Means, brief: Brief) -> None:
        def hear(report: Report) -> None:
            self._hear(task.id, report)

        brief = replace(brief, title=task.title)
        self._shifts[task.id] = Shift(place, means, brief, hear, self._desk.ask)

    def _hear(self, name: str, report: Report) -> None:
        task = self._register.get(name)
        if task is None or name not in self._shifts:
            return
        if isinstance(report, Refused) and isinstance(report.order, Start | Resume | Turn):
            fresh = task.over("failed", time(), report.reason)
        elif isinstance(report, Refused) and isinstance(report.order, Interrupt):
            fresh = task.over("interrupted", time())
        else:
            fresh = after(report, task, time())
        if fresh is not task:
            self._register.put(fresh)
        if not fresh.alive:
            self._run(self._end(name))

    async def _end(self, name: str) -> None:
        """End the agent of a task; it is gone when this returns."""
        if shift := self._shifts.pop(name, None):
            self._ending[name] = ending = asyncio.create_task(shift.end())
            ending.add_done_callback(lambda _: self._ending.pop(name, None))
        await self._ended(name)
        if task := self._register.get(name):
            self._leave(task)

    async def _ended(self, name: str) -> None:
        """Wait until the agent of a task that is being ended is gone."""
        if ending := self._ending.get(name):
            await asyncio.wait([ending])

    def _leave(self, task: Task) -> None:
        """Let others take a task up, once its agent is gone and it is written how it has ended."""
        busy = task.id in self._shifts or task.id in self._ending
        if not busy and not self._register.owns(task.id):
            self._places.leave(task.place)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        running = asyncio.create_task(work)
        self._beside.add(running)
        running.add_done_callback(self._beside.discard)
        running.add_done_callback(_log_failure)

    async def _close(self) -> None:
        """End all agents; tasks that are at work are found as left by the next server."""
        self._closed = True
        # Before anything is waited for: whoever ends us may have no patience.
        self._register.close()
        # What they report now is the end of the server, and not of the task.
        shifts, self._shifts = self._shifts, {}
        self._ending |= {name: asyncio.create_task(it.end()) for name, it in shifts.items()}
        for beside in self._beside:
            beside.cancel()
        try:
            if waiting := {*self._ending.values(), *self._beside}:
                await asyncio.wait(waiting)
        finally:
            self._places.close()
            self._register.close(again=True)


def _placed(task: Task) -> str:
    if not task.place:
        raise PlaceError("the task has ended before it could begin")
    return task.place


def _log_failure(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.error("a part of a task has failed: %r", error, exc_info=error)
