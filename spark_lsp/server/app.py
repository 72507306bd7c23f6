"""The composition root of the server: builds the parts, starts and ends them.

Owns the life of one editor's server and the tasks in it. No decisions about completions.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spark_lsp.core.events import Closed, Configured, Event, Opened, Vetted
from spark_lsp.core.policy import Policy
from spark_lsp.core.session import Session
from spark_lsp.core.settings import (
    RESTRICTIONS,
    Provider,
    Restrictions,
    Settings,
    SettingsError,
    restricted,
)
from spark_lsp.server import asides, configuration
from spark_lsp.server.asides import Aside
from spark_lsp.server.desk import Desk
from spark_lsp.server.driver import Driver
from spark_lsp.server.framing import Frames, FramingError
from spark_lsp.server.hooks import Hooks, Introduction
from spark_lsp.server.lsp import Server
from spark_lsp.server.messages import Progress
from spark_lsp.server.pipes import Pipe
from spark_lsp.server.privacy import judges, private
from spark_lsp.server.progress import TOKEN
from spark_lsp.server.provider import Provider as Model
from spark_lsp.server.routes import Routes
from spark_lsp.server.status import Status
from spark_lsp.server.tally import Tally, location

if TYPE_CHECKING:
    from spark_lsp.server.tasks.shift import Means
    from spark_lsp.server.tasks.surface import Surface
    from spark_lsp.server.trace import Recorder

_log = logging.getLogger(__name__)

_EMBEDDED_WINDOW = 24_000
"""Tokens that the embedded engine is shown."""
_THREADS = 32
_TASKS_LIMIT = 2.5
"""Seconds that tasks may take to end, children of the server with them."""


class App:
    """One editor's server."""

    def __init__(self, config: Path | None, recorder: "Recorder | None" = None) -> None:
        """Build the server.

        `config` is the configuration file named on the command line; `recorder` writes a trace.
        """
        self._config = config
        self._recorder = recorder
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[int] = self._loop.create_future()
        self._frames = Frames()
        self._server = Server(
            Hooks(
                started=self._started,
                event=self._feed,
                aside=self._asked_aside,
                configured=self._configured,
                files_changed=self._files_changed,
                unwanted=self._unwanted,
                stopped=self._stop,
            )
        )
        self._settings = Settings()
        self._options: list[Mapping[str, Any]] = [{}]
        self._root: Path | None = None
        self._driver: Driver | None = None
        self._model: Model | None = None
        self._desk: Desk | None = None
        self._tally: Tally | None = None
        self._surface: asyncio.Task[Surface] | None = None
        self._routes = Routes(None)
        self._connecting: asyncio.Task[None] | None = None
        self._begun = False
        self._restricting: asyncio.Task[None] | None = None
        self._by = Restrictions()
        self._tasks: set[asyncio.Task[None]] = set()
        self._complained = False

    async def run(self, pipe: Pipe) -> int:
        """Serve until the editor leaves; returns the exit status of the process."""
        # Looking up a name may hold a thread for long, and documents are judged in others.
        self._loop.set_default_executor(ThreadPoolExecutor(_THREADS, "spark-lsp"))
        self._server.connect(pipe)
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError):  # not on Windows
                self._loop.add_signal_handler(number, self._stop, 0)
        try:
            return await self._ended
        finally:
            await self._close()
            await pipe.close()

    def receive(self, data: bytes) -> None:
        """Take in bytes from the editor; none mean that it is gone."""
        if not data:
            self._stop(1)
            return
        try:
            for body in self._frames.feed(data):
                self._server.protocol.receive(body)
        except FramingError as error:
            _log.error("the editor does not speak the base protocol of LSP: %s", error)
            self._stop(1)

    def _stop(self, status: int) -> None:
        if not self._ended.done():
            self._ended.set_result(status)

    def _started(self, client: Introduction) -> None:
        self._options = [client.options]
        self._root = Path(client.root) if client.root else None
        self._settings = self._read()
        # It asks 200 ms after the last key, by itself.
        policy = Policy(waits_itself=client.name == "Neovim")
        session = Session(client.encoding, self._window(), policy)
        self._driver = Driver(session, self._server.protocol, self._loop)
        self._count(self._driver)
        if self._recorder:
            self._recorder.begin(client.encoding, self._window(), policy)
            self._driver.observer = self._recorder
        self._feed(self._configuration())
        root = self._root if self._root and self._root.is_dir() else None
        self._desk = Desk(root, self._feed, self._show_indexing, self._server.warn)
        self._driver.library = self._desk
        self._routes = Routes(root)
        self._run(self._desk.run())
        self._run(configuration.watch(self._config, self._changed_on_disk))
        self._restricting = self._loop.create_task(self._begin(self._driver))
        self._restricting.add_done_callback(self._ended_early)
        if not client.watches:
            self._desk.watch()
        if root:
            self._surface = self._loop.create_task(self._surfaced(root, client, self._driver))
            self._surface.add_done_callback(self._ended_early)

    def _feed(self, event: Event) -> None:
        if self._driver:
            self._driver.feed(event)
        if isinstance(event, Opened):
            self._run(self._vet(event.uri))

    async def _vet(self, uri: str) -> None:
        """Find out whether a document may leave the machine, by its name and the ignore files."""
        if self._restricting:
            await asyncio.wait([self._restricting])
        try:
            reason = await asyncio.to_thread(private, uri, self._root)
        except Exception:  # noqa: BLE001 - whatever it was, the text stays here
            _log.exception("%s is kept private, because it could not be judged", uri)
            reason = "it could not be judged"
        self._feed(Vetted(uri, reason))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the rest until it is done or the server ends."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(self._ended_early)

    def _configured(self, options: dict[str, Any]) -> None:
        # What it said at first goes on to hold where this says nothing; what it said in between
        # does not: editors send all they have, and what a person has taken out must be gone.
        self._options = [*self._options[:1], options]
        before, self._settings = self._settings, self._read()
        self._feed(self._configuration())
        if self._driver:
            self._count(self._driver)
        if before.enabled and not self._settings.enabled and self._surface:
            self._surface.add_done_callback(_switch_off)
        if self._driver and self._begun and _differ(before, self._settings):
            if self._model and self._connecting:
                self._model.end()
                self._connecting.cancel()
            self._connect(self._driver)

    def _changed_on_disk(self) -> None:
        """Heed a changed configuration file; what the editor has said holds as before."""
        self._configured(dict(self._options[-1]))

    def _files_changed(self, paths: Sequence[str]) -> None:
        if self._desk:
            self._desk.changed(paths)
        if self._driver and any(map(judges, paths)):
            for document in self._driver.session.documents:
                self._run(self._vet(document.uri))
        if any(Path(path).name == RESTRICTIONS for path in paths):
            self._run(self._restrict())

    def _show_indexing(self, progress: Progress) -> None:
        self._server.protocol.bar.show(progress.done, progress.total, ended=progress.ended)

    def _unwanted(self, token: Any) -> None:
        if token == TOKEN and self._desk:
            self._desk.stop_indexing()
        elif self._surface and self._surface.done():
            self._surface.result().unwanted(token)

    def _asked_aside(self, method: str, params: Any, aside: Aside) -> None:
        if self._surface is None:
            aside.refuse(asides.FAILED, "tasks need a workspace: open a folder")
            return

        def ask(surface: "asyncio.Task[Surface]") -> None:
            if not surface.cancelled() and not surface.exception():
                surface.result().asked(method, params, aside)

        self._surface.add_done_callback(ask)  # called soon if it is done

    async def _surfaced(self, root: Path, client: Introduction, driver: Driver) -> "Surface":
        """Begin what tasks need, once the editor has been answered: it takes long to import."""
        surface_type = await asyncio.to_thread(_surface_type)
        surface = surface_type(root, client, self._server, driver.session, self._means)
        self._run(surface.run())
        return surface

    async def _means(self) -> "Means":
        """Return what a task is done with now.

        Raises:
            Unreachable: if nobody is set to do it, or cannot be reached.
        """
        if self._restricting:
            await asyncio.wait([self._restricting])  # the repository may forbid it
        from spark_lsp.server.tasks.means import means  # noqa: PLC0415 - see `_surfaced`

        found = await means(self._settings)
        return replace(found, precedence=self._driver.precedence if self._driver else None)

    def _read(self) -> Settings:
        try:
            settings = configuration.load(self._config, *self._options)
        except SettingsError as error:
            # Without usable settings nothing may leave the machine: the defaults send nothing.
            self._server.complain(f"spark-lsp runs on its defaults, because {error}")
            settings = Settings()
        return restricted(settings, self._by)

    async def _begin(self, driver: Driver) -> None:
        """Connect, once it is known what the repository forbids."""
        await self._restrict()
        self._begun = True
        self._connect(driver)

    async def _restrict(self) -> None:
        """Heed what the repository forbids. No document is vetted before."""
        if self._root is None:
            return
        before = self._by
        try:
            self._by = await asyncio.to_thread(configuration.restrictions, self._root)
        except SettingsError as error:
            # It wanted to forbid something, and nobody knows what.
            self._server.complain(
                f"spark-lsp is switched off in this workspace, because of {error}"
            )
            self._by = Restrictions(enabled=False)
        if self._by != before:
            self._configured(dict(self._options[-1]))

    def _configuration(self) -> Configured:
        provider = self._settings.provider()
        figures = provider or Provider(base_url="")
        return Configured(
            self._settings.enabled,
            self._window(),
            local=provider is None,
            stall=figures.stream_idle_timeout_ms / 1000,
            retries=figures.request_max_retries,
        )

    def _count(self, driver: Driver) -> None:
        """Write down what becomes of answers, if the person wants that."""
        if self._settings.stats and self._tally is None:
            self._tally = Tally(location())
        driver.recorder = self._tally.count if self._settings.stats and self._tally else None

    def _window(self) -> int:
        """Return the window that prompts are packed for."""
        window = self._settings.model_context_window
        # The engine reads the workspace by itself: it lacks the open file, and little else.
        return window if self._settings.provider() else min(window, _EMBEDDED_WINDOW)

    def _connect(self, driver: Driver) -> None:
        """Begin to keep a connection to the chosen provider."""
        line = self._server.protocol.status
        if not self._settings.enabled:
            # Nothing is asked, and nothing prepared either.
            self._model = driver.backend = None
            line.show(Status("Inactive", "completions are switched off"))
            return
        ways = self._routes.ways(self._settings)
        drafting = self._routes.drafting(self._settings, ways)
        driver.backend = self._model = Model(ways, driver.feed, line.show, drafting)
        self._connecting = self._loop.create_task(self._model.run())
        self._connecting.add_done_callback(self._ended_early)

    def _ended_early(self, task: asyncio.Task[Any]) -> None:
        """Log why a part of the server has failed, and tell the person that one has, once."""
        if task.cancelled() or not (error := task.exception()):
            return
        _log.error("a part of the server has ended: %r", error, exc_info=error)
        if not self._complained and not self._ended.done():
            self._complained = True
            self._server.complain(
                f"a part of spark-lsp has failed ({type(error).__name__}); restart the server"
            )

    async def _close(self) -> None:
        """End what has been begun, and what hangs after a moment all the same."""
        begun = (self._connecting, self._restricting, self._surface, *self._tasks)
        tasks = [task for task in begun if task]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_TASKS_LIMIT)
        if self._driver:
            for document in list(self._driver.session.documents):
                self._driver.feed(Closed(document.uri))  # what is on screen is still to be counted
            self._driver.close()
        if self._tally:
            await asyncio.to_thread(self._tally.close)


def _switch_off(surface: "asyncio.Task[Surface]") -> None:
    if not surface.cancelled() and not surface.exception():
        surface.result().switched_off()


def _surface_type() -> "type[Surface]":
    from spark_lsp.server.tasks.surface import Surface  # noqa: PLC0415 - see `_surfaced`

    return Surface


def _differ(before: Settings, after: Settings) -> bool:
    """Whether two settings mean different connections."""

    def meant(settings: Settings) -> tuple[Any, ...]:
        engine = settings.embedded_fallback, settings.drafts
        effort, tier = settings.model_reasoning_effort, settings.service_tier
        asked = settings.model, effort, tier, settings.model_context_window
        return settings.enabled, settings.provider(), engine, asked

    return meant(before) != meant(after)
