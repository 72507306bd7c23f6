"""All tasks of a workspace: begun, spoken to, ended, looked at.

Theory of operation. A task gets a place (`worktrees`) and an agent in it (`shift`). What the agent
reports is folded into the task, a value that is told to the editor and kept on disk as it changes.
When its turn is over the agent is ended; its place stays, and what has changed in it is compared
with what the person has by then each time somebody asks for it. Nothing is applied here.

A task that is not at work can be spoken to all the same: it is taken up again, in the same place
and conversation, also after a restart of the server.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any, Final, Protocol
from uuid import uuid4

from spark_lsp.core import rules
from spark_lsp.core.secrets import redact
from spark_lsp.core.tasks import briefing
from spark_lsp.core.tasks.agent import Interrupt, Refused, Report, Resume, Start, Turn
from spark_lsp.core.tasks.briefing import Selection
from spark_lsp.core.tasks.patch import Patch, patched
from spark_lsp.core.tasks.reasons import account
from spark_lsp.core.tasks.task import Mode, Task, after
from spark_lsp.server import walk
from spark_lsp.server.agents.finding import NotInstalled, find
from spark_lsp.server.endpoint import Unreachable
from spark_lsp.server.tasks.keeping import Keeping
from spark_lsp.server.tasks.shift import Brief, Means, Shift, TaskError
from spark_lsp.server.worktrees import Place, PlaceError, Worktrees, location

_log = logging.getLogger(__name__)

_TOLD_EVERY: Final = 0.1
"""Seconds between two tellings of one task: an agent says a word at a time."""
_CLOSED: Final = "the server is being shut down"
_KEPT_EVERY: Final = 1.0
"""Seconds between two writings: what a kill costs at most."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done.

    Attributes:
        instruction: in the person's words; may be empty where something is to be finished.
        mode: whether something is done, or finished.
        documents: paths of files that the person has in mind.
        selected: what they have selected.
        commands: whether it may ask to run commands.
    """

    instruction: str
    mode: Mode = "task"
    documents: Sequence[str] = ()
    selected: Selection | None = None
    commands: bool = False


def new_name() -> str:
    """Return a name that no task has."""
    return f"task-{uuid4().hex[:12]}"


class Desk(Protocol):
    """What tasks need of the editor."""

    def buffers(self) -> Mapping[str, str]:
        """The texts of open documents by path, those that may be shown."""
        ...

    def told(self, task: Task, *, gone: bool = False) -> None:
        """Show how a task stands now, or that it is gone."""
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
        self._tasks: dict[str, Task] = {}
        self._shifts: dict[str, Shift] = {}
        self._at: dict[str, Place] = {}
        self._beside: set[asyncio.Task[None]] = set()
        self._due: dict[str, asyncio.TimerHandle] = {}
        self._writing = asyncio.Lock()
        self._unkept: set[str] = set()
        self._news = asyncio.Event()
        self._loaded = asyncio.Event()
        self._ending: dict[str, asyncio.Task[None]] = {}
        self._closed = False

    async def run(self) -> None:
        """Take in what earlier servers have left, then be there until cancelled."""
        try:
            tasks, places = await asyncio.to_thread(self._keeping.all)
            self._tasks = {task.id: task for task in tasks}
            self._loaded.set()
            for task in tasks:
                self._desk.told(task)
            if places is not None:
                await self._places.prune(places)
            await self._keep()
        finally:
            await self._close()

    async def start(self, name: str, wish: Wish) -> None:
        """Begin a task of a new name; how it goes on is told to the editor.

        Raises:
            TaskError: if there is no agent, no model, or nothing to do.
        """
        await self._loaded.wait()
        if not wish.instruction.strip() and wish.mode == "task":
            raise TaskError("there is no instruction: say what is to be done")
        means = await self._ready()
        if self._closed:
            raise TaskError(_CLOSED)
        self._put(Task(name, wish.instruction.strip(), wish.mode, time()))
        self._run(self._begin(name, wish, means))

    async def steer(self, name: str, instruction: str, expected: str | None = None) -> str:
        """Tell a task something; returns the turn that goes on with it, "" if it begins one.

        Raises:
            TaskError: if there is no such task, or another turn is running than expected.
        """
        task = await self._known(name)
        if not instruction.strip():
            raise TaskError("there is no instruction: say what is wanted instead")
        if expected is not None and expected != task.turn:
            raise TaskError("another turn is running by now: look at the task again")
        shift = self._shifts.get(name)
        if not task.alive:
            await self._take_up(task, instruction)
            return ""
        if shift is None or not task.turn:
            raise TaskError("the task is not yet where it can be told anything: try in a moment")
        turn = await shift.steer(redact(instruction), task.turn)
        self._put(self._tasks[name].told(instruction))
        return turn

    async def interrupt(self, name: str) -> None:
        """End a task where it is; what it has done so far can be looked at.

        Raises:
            TaskError: if there is no such task.
        """
        task = await self._known(name)
        shift = self._shifts.get(name)
        if shift and task.turn:
            shift.interrupt(task.turn)
        elif task.alive:
            self._put(task.over("interrupted", time()))
            await self._end(name)

    async def tasks(self) -> list[Task]:
        """Return all tasks, the oldest first."""
        await self._loaded.wait()
        return list(self._tasks.values())

    async def result(self, name: str, buffers: Mapping[str, str]) -> Patch:
        """Return what a task has for the person, whose files and `buffers` are as they are now.

        Raises:
            TaskError: if it is still at work, or what it has done is not there any more.
        """
        task = await self._known(name)
        if task.alive:
            raise TaskError("the task is still at work: interrupt it, or wait for its end")
        try:
            place = await self._place(task)
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
        task = await self._known(name)
        del self._tasks[name]
        await self._end(name)
        self._desk.told(task, gone=True)
        with contextlib.suppress(PlaceError):
            if task.place:
                await self._places.remove(await self._place(task))
                self._at.pop(task.place)
        async with self._writing:
            await asyncio.to_thread(self._keeping.forget, name)

    async def _known(self, name: str) -> Task:
        await self._loaded.wait()
        if name not in self._tasks:
            raise TaskError("there is no such task: see the list of tasks")
        return self._tasks[name]

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
            task = self._tasks.get(name)
            if task is None or not task.alive:  # it has been interrupted meanwhile
                await self._places.remove(place)
                return
            self._at[place.name] = place
            task = task.changed(place=place.name)
            self._put(task.noted(place.note) if place.note else task)
            text = await self._text(place, wish)
            start = await _start(place)
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody works on it
            known = isinstance(error, PlaceError | TaskError)
            if not known:
                _log.exception("a task could not be begun")
            if name in self._tasks:
                why = str(error) if known else f"it could not be begun ({type(error).__name__})"
                self._put(self._tasks[name].over("failed", time(), why))
            return
        if name in self._tasks and self._tasks[name].alive:
            self._put(self._tasks[name].changed(brief=text))
            self._set_to_work(name, place, means, Brief(start, text, wish.commands))

    async def _text(self, place: Place, wish: Wish) -> str:
        if wish.mode == "task":
            return briefing.task(wish.instruction, wish.documents, wish.selected)
        change, fresh = await self._places.change(place)
        if not change and not fresh:
            raise TaskError("there is nothing to finish: nothing has changed since the last commit")
        return briefing.finish(wish.instruction, change, fresh)

    async def _take_up(self, task: Task, instruction: str) -> None:
        """Go on with a task that nobody works on."""
        # Before anything is waited for: nobody else shall take it up meanwhile.
        self._put(again := task.told(instruction).again())
        try:
            await self._ended(task.id)
            means = await self._ready()
            place = await self._place(task)
            start = await _start(place)
        except (PlaceError, TaskError) as error:
            if self._tasks.get(task.id) is again:
                self._put(task)
            raise TaskError(str(error)) from None
        if self._closed or self._tasks.get(task.id) is not again:
            raise TaskError("the task was interrupted or removed meanwhile")
        told = redact(instruction)
        anew = Brief(start, "\n\n".join(filter(None, (task.brief, told))))
        brief = Brief(Resume(task.thread), told, anew=anew) if task.thread else anew
        self._set_to_work(task.id, place, means, brief)

    def _set_to_work(self, name: str, place: Place, means: Means, brief: Brief) -> None:
        def hear(report: Report) -> None:
            self._hear(name, report)

        self._shifts[name] = Shift(place, means, brief, hear, self._desk.ask)

    async def _place(self, task: Task) -> Place:
        if not task.place:
            raise PlaceError("the task has ended before it could begin")
        if task.place not in self._at:
            self._at[task.place] = await self._places.adopt(task.place)
        return self._at[task.place]

    def _hear(self, name: str, report: Report) -> None:
        task = self._tasks.get(name)
        if task is None or name not in self._shifts:
            return
        if isinstance(report, Refused) and isinstance(report.order, Start | Resume | Turn):
            fresh = task.over("failed", time(), report.reason)
        elif isinstance(report, Refused) and isinstance(report.order, Interrupt):
            fresh = task.over("interrupted", time())
        else:
            fresh = after(report, task, time())
        if fresh is not task:
            self._put(fresh)
        if not fresh.alive:
            self._run(self._end(name))

    def _put(self, task: Task) -> None:
        """Take a task as it is now; it is told and kept at once, or a moment later."""
        known = self._tasks.get(task.id)
        self._tasks[task.id] = task
        if known is None or known.alive != task.alive:
            self._tell(task.id)
        elif task.id not in self._due:
            loop = asyncio.get_running_loop()
            self._due[task.id] = loop.call_later(_TOLD_EVERY, self._tell, task.id)

    def _tell(self, name: str) -> None:
        if timer := self._due.pop(name, None):
            timer.cancel()
        if task := self._tasks.get(name):
            self._desk.told(task)
            self._unkept.add(name)
            self._news.set()

    async def _keep(self) -> None:
        """Write down how tasks stand, each now and then, until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            names, self._unkept = self._unkept, set()
            async with self._writing:
                for name in names:
                    if task := self._tasks.get(name):
                        await asyncio.to_thread(self._keeping.save, task)
            await asyncio.sleep(_KEPT_EVERY)

    async def _end(self, name: str) -> None:
        """End the agent of a task; it is gone when this returns."""
        if shift := self._shifts.pop(name, None):
            self._ending[name] = asyncio.create_task(shift.end())
        await self._ended(name)

    async def _ended(self, name: str) -> None:
        """Wait until the agent of a task that is being ended is gone."""
        if ending := self._ending.get(name):
            await asyncio.wait([ending])
            self._ending.pop(name, None)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        running = asyncio.create_task(work)
        self._beside.add(running)
        running.add_done_callback(self._beside.discard)
        running.add_done_callback(_log_failure)

    async def _close(self) -> None:
        """End all agents; tasks that are at work are found as left by the next server."""
        for timer in self._due.values():
            timer.cancel()
        self._closed = True
        # Before anything is waited for: whoever ends us may have no patience.
        for task in self._tasks.values():
            if task.alive or task.id in self._unkept:
                self._keeping.save(task)
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


async def _start(place: Place) -> Start:
    return Start(briefing.instructions(await asyncio.to_thread(_rules, place.folder)))


def _rules(folder: Path) -> dict[str, str]:
    """Return the texts of the rules in a workspace, by path; those nearest to its root first."""
    found: dict[str, str] = {}
    room = rules.LIMIT
    paths = [it.path for it in walk.walk(folder) if rules.is_rules(it.path)]
    for path in sorted(paths, key=lambda it: (it.count("/"), it)):
        text = walk.read(folder, path)
        if text and len(text) <= room:
            found[path] = text
            room -= len(text)
    return found


def _log_failure(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.error("a part of a task has failed: %r", error, exc_info=error)
