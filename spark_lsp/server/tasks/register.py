"""The tasks of a workspace as they are known here: those of this server, and those of others.

Owns what is known, when it is told, and that it is written down. Another server of the same
workspace (another editor, the command line) writes down its own; these files are watched, so that
a person sees the same tasks wherever they look. One server works on a task and is alone to write of
it until it has written how it ended.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import msgspec
from watchfiles import awatch

from spark_lsp.core.tasks.task import Task
from spark_lsp.server.tasks.keeping import Keeping, named

_log = logging.getLogger(__name__)

_TOLD_EVERY: Final = 0.1
"""Seconds between two tellings of one task: an agent says a word at a time."""
_KEPT_EVERY: Final = 1.0
"""Seconds between two writings: what a kill costs at most."""
_GATHER, _QUIET = 200, 50
"""Milliseconds for which changes of files are gathered, and after which a pause ends that."""
_UNBEGUN: Final = "the server ended before the task could begin"
_UNWATCHED: Final = 10.0
"""Seconds between two looks at all files, where changes cannot be watched."""
_PEEK = 2_000
"""Milliseconds after which it is looked whether others still work: who is killed writes nothing."""


class Heed(NamedTuple):
    """Who is told: how a task stands, that one is gone, and that others may go on with one."""

    told: Callable[[Task], None]
    gone: Callable[[Task], None]
    free: Callable[[Task], None]


class Register:
    """What is known of the tasks of one workspace."""

    def __init__(self, keeping: Keeping, heed: Heed) -> None:
        """Take where they are kept, and who is told what becomes of them."""
        self._keeping = keeping
        self._heed = heed
        self._tasks: dict[str, Task] = {}
        self._own: set[str] = set()  # those of which this server alone writes
        self._unkept: set[str] = set()
        self._due: dict[str, asyncio.TimerHandle] = {}
        self._files = asyncio.Lock()
        self._news = asyncio.Event()
        self._loaded = asyncio.Event()

    async def run(self) -> None:
        """Take in what is kept, then write down what is news and look at what others write.

        Until cancelled.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep())
            group.create_task(self._watch())

    async def all(self) -> list[Task]:
        """Return all tasks as they are now, the oldest first."""
        await self._loaded.wait()
        await self._look(self._elsewhere())
        return sorted(self._tasks.values(), key=lambda task: task.began)

    async def known(self, name: str) -> Task | None:
        """Return a task once it is known which there are."""
        await self._loaded.wait()
        return self._tasks.get(name)

    def get(self, name: str) -> Task | None:
        """Return a task as it is known right now."""
        return self._tasks.get(name)

    def put(self, task: Task) -> None:
        """Take a task of this server as it is now; it is told and kept at once, or soon."""
        known = self._tasks.get(task.id)
        self._tasks[task.id] = task
        self._own.add(task.id)
        if known is None or known.alive != task.alive:
            self._tell(task.id)
        elif task.id not in self._due:
            loop = asyncio.get_running_loop()
            self._due[task.id] = loop.call_later(_TOLD_EVERY, self._tell, task.id)

    async def forget(self, name: str) -> None:
        """Remove a task, here and where it is kept."""
        async with self._files:
            await asyncio.to_thread(self._keeping.forget, name)
            self._drop(name)

    def owns(self, name: str) -> bool:
        """Whether nobody but this server may write of a task."""
        return name in self._own

    def working(self) -> list[Task]:
        """Return the tasks that this server works on."""
        return [task for task in self._tasks.values() if task.alive and not task.elsewhere]

    def close(self, *, again: bool = False) -> None:
        """Write down what is not yet, without waiting for anything; or all of it once more.

        Once more when nobody is at work any more: only then others can see that it was left.
        """
        for timer in self._due.values():
            timer.cancel()
        for task in [it for name in self._own if (it := self._tasks.get(name))]:
            if task.alive and not task.place:
                self._keeping.save(task.over("interrupted", task.began, _UNBEGUN))
            elif task.alive or not again:
                self._keeping.save(task)

    def _drop(self, name: str) -> None:
        if timer := self._due.pop(name, None):
            timer.cancel()
        self._own.discard(name)
        if task := self._tasks.pop(name, None):
            self._heed.gone(task)

    def _tell(self, name: str) -> None:
        if timer := self._due.pop(name, None):
            timer.cancel()
        if task := self._tasks.get(name):
            self._heed.told(task)
            self._unkept.add(name)
            self._news.set()

    async def _keep(self) -> None:
        """Write down how tasks stand, each now and then."""
        while True:
            await self._news.wait()
            self._news.clear()
            names, self._unkept = self._unkept, set()
            async with self._files:
                for name in names:
                    if task := self._tasks.get(name):
                        await self._save(task)
            await asyncio.sleep(_KEPT_EVERY)

    async def _save(self, task: Task) -> None:
        saving = asyncio.ensure_future(asyncio.to_thread(self._keeping.save, task))
        try:
            saved = await asyncio.shield(saving)
        except asyncio.CancelledError:
            # It must not come after what is written at the end.
            await asyncio.wait([saving])
            raise
        if saved:
            self._release(task)
        else:
            self._unkept.add(task.id)  # with what is news next

    def _release(self, kept: Task) -> None:
        """Let others write of a task, once it is written how it has ended."""
        if not kept.alive and self._tasks.get(kept.id) is kept:
            self._own.discard(kept.id)
            self._heed.free(kept)

    async def _watch(self) -> None:
        """Take in what is kept, and look at what others write, as they do."""
        await asyncio.to_thread(self._keeping.begin)
        reports = awatch(
            self._keeping.state,
            recursive=False,
            watch_filter=lambda _, path: bool(named(path)),
            debounce=_GATHER,
            step=_QUIET,
            rust_timeout=_PEEK,
            yield_on_timeout=True,
        )
        arrival = asyncio.ensure_future(anext(reports))
        try:
            await asyncio.sleep(0)  # from here on it watches: nothing is missed in between
            await self._load()
            while True:
                await self._look({named(path) for _, path in await arrival} | self._elsewhere())
                arrival = asyncio.ensure_future(anext(reports))
        except (OSError, RuntimeError) as error:  # what watchfiles raises is of either kind
            _log.warning("tasks of other servers are not watched (%s)", type(error).__name__)
            await self._look_now_and_then()
        finally:
            arrival.cancel()
            await asyncio.wait([arrival])
            await reports.aclose()

    async def _look_now_and_then(self) -> None:
        """Do without being told of changes."""
        if not self._loaded.is_set():
            await self._load()
        while True:
            await asyncio.sleep(_UNWATCHED)
            kept = await asyncio.to_thread(self._keeping.all)
            await self._look({task.id for task in kept} | self._tasks.keys())

    def _elsewhere(self) -> set[str]:
        return {name for name, task in self._tasks.items() if task.elsewhere}

    async def _load(self) -> None:
        async with self._files:
            tasks = await asyncio.to_thread(self._keeping.all)
        # One that was begun meanwhile stays.
        self._tasks = {task.id: task for task in tasks} | self._tasks
        self._loaded.set()
        for task in tasks:
            self._heed.told(self._tasks[task.id])

    async def _look(self, names: Iterable[str]) -> None:
        """Take in what others have written of tasks."""
        async with self._files:
            for name in [it for it in names if it not in self._own]:
                try:
                    task = await asyncio.to_thread(self._keeping.one, name)
                except (OSError, msgspec.DecodeError):
                    continue  # what is known of it stands, until it can be read
                if name in self._own:
                    continue  # it was taken up here meanwhile
                if task is None:
                    self._drop(name)
                elif task != self._tasks.get(name):
                    self._tasks[name] = task
                    self._heed.told(task)
