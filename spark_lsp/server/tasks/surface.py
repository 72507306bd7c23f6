"""What an editor asks about tasks, and what it is told of them.

Owns the reading of `spark/task/…` requests and the editor's side of an `Office`: its open texts,
progress bars and questions. What is done is decided in `office`, how it is spelled in `telling`.
"""

import asyncio
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from time import time
from typing import Any, Final, Literal, Protocol, TypeVar
from uuid import uuid4

import msgspec

from spark_lsp.core.session import Session
from spark_lsp.core.tasks.briefing import Selection
from spark_lsp.core.tasks.offer import Abilities, Places
from spark_lsp.core.tasks.routing import Side, route
from spark_lsp.core.tasks.task import Mode, Task
from spark_lsp.core.text import Position
from spark_lsp.server import asides
from spark_lsp.server.asides import Aside
from spark_lsp.server.history import points
from spark_lsp.server.hooks import Introduction
from spark_lsp.server.privacy import private
from spark_lsp.server.tasks import telling
from spark_lsp.server.tasks.office import Office, Wish, new_name
from spark_lsp.server.tasks.shift import Means, TaskError
from spark_lsp.server.tasks.telling import Bar
from spark_lsp.server.uris import location

_log = logging.getLogger(__name__)

_MOMENT: Final = re.compile(r"accepted-[0-9a-f]{8}-([0-9]{1,9})")

Token = int | str


class Editor(Protocol):
    """Who is told, and asked."""

    def tell(self, method: str, params: Any) -> None:
        """Send a notification."""
        ...

    def begin_work(self, token: Token) -> "Future[Any]":
        """Ask for a progress bar."""
        ...

    async def ask_person(self, question: str, answers: Sequence[str]) -> str | None:
        """Have the person choose an answer."""
        ...


class _Fields(msgspec.Struct, rename="camel"):
    pass


class _Place(_Fields):
    line: int
    character: int


class _Span(_Fields):
    start: _Place
    end: _Place


class _Document(_Fields):
    uri: str


class _Selected(_Fields):
    uri: str
    range: _Span


class _Start(_Fields):
    instruction: str = ""
    documents: list[_Document | str] | None = None
    selection: _Selected | None = None
    mode: Mode = "task"
    commands: bool = False
    since: str = "HEAD"
    work_done_token: Token | None = None


class _Steer(_Fields):
    task_id: str
    instruction: str
    expected_turn_id: str | None = None


class _Named(_Fields):
    task_id: str


class _Answer(_Fields):
    task_id: str
    id: str
    accept: bool


class _Route(_Fields):
    instruction: str
    selection: _Selected | None = None
    chosen: Literal["foreground", "background"] | None = None


_Params = TypeVar("_Params", bound=_Fields)


class Surface:
    """Tasks, for one editor."""

    def __init__(
        self,
        root: Path,
        client: Introduction,
        editor: Editor,
        session: Session,
        means: Callable[[], Awaitable[Means]],
    ) -> None:
        """Take the workspace, who the editor is, its session, and what tasks are done with."""
        self._root = root
        self._client = client
        self._editor = editor
        self._session = session
        self._office = Office(root, self, means)
        self._abilities = Abilities.announced(client.capabilities, client.encoding)
        window = client.capabilities.get("window")
        self._shows = isinstance(window, Mapping) and bool(window.get("workDoneProgress"))
        self._name = uuid4().hex[:8]
        self._tokens: dict[str, Token] = {}
        self._given: dict[str, Token] = {}
        self._bars: dict[str, Bar] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._answers: Mapping[str, Callable[[Any], Awaitable[Any]]] = {
            asides.START: self._start,
            asides.STEER: self._steer,
            asides.INTERRUPT: self._interrupt,
            asides.LIST: self._list,
            asides.RESULT: self._result,
            asides.REMOVE: self._remove,
            asides.ROUTE: self._route,
            asides.ANSWER: self._answered,
            asides.POINTS: self._points,
        }

    async def run(self) -> None:
        """Be there until cancelled; agents are gone when this returns."""
        office = asyncio.create_task(self._office.run())
        try:
            await asyncio.shield(office)
        finally:
            # Before the office closes: nobody shall begin anything in it any more.
            for task in self._answering:
                task.cancel()
            office.cancel()
            await asyncio.wait([office])

    def asked(self, method: str, params: Any, aside: Aside) -> None:
        """Answer a request, now or later."""
        task = asyncio.create_task(self._answer(method, params or {}, aside))
        if method == asides.START:
            aside.doing(task.cancel)  # all else would be left half done
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    def switched_off(self) -> None:
        """Interrupt all tasks: the person, or their repository, wants none any more."""
        self._run(self._office.switched_off())

    def unwanted(self, token: Any) -> None:
        """Interrupt the task whose progress the person has cancelled."""
        for name in [name for name, known in self._tokens.items() if known == token]:
            self._run(self._office.interrupt(name))

    def buffers(self) -> Mapping[str, str]:
        """Return the texts of open documents by path, those that may be shown.

        One that was opened just now is among them: what may not be shown is kept out of a place
        by its path and its content, whatever is known of the document.
        """
        return {
            it.path: it.text.string
            for it in self._session.documents
            if not it.private and self._path(it.uri) == it.path
        }

    def told(self, task: Task) -> None:
        """Show how a task stands now."""
        self._editor.tell(asides.CHANGED, telling.task(task))
        if task.elsewhere:
            return  # its bar is there
        if task.id in self._bars and self._bars[task.id].ended and task.alive:
            del self._bars[task.id]
            self._tokens[task.id] = f"{task.id}/{uuid4().hex[:8]}"
        if task.id in self._bars or task.alive:
            self._bar(task.id).show(task, time())

    def gone(self, task: Task) -> None:
        """Show that a task is not there any more."""
        self._editor.tell(asides.CHANGED, {"taskId": task.id, "gone": True})
        if task.id in self._bars:
            self._bars[task.id].show(task.over("interrupted", task.began), time())
        for known in (self._bars, self._tokens, self._given):
            known.pop(task.id, None)

    async def ask(self, question: str, answers: Sequence[str]) -> str | None:
        """Have the person choose an answer."""
        return await self._editor.ask_person(question, answers)

    async def _answer(self, method: str, params: Any, aside: Aside) -> None:
        try:
            aside.result(await self._answers[method](params))
        except msgspec.ValidationError as error:
            aside.refuse(asides.INVALID, f"the params do not fit {method}: {error}")
        except TaskError as error:
            aside.refuse(asides.FAILED, str(error))
        except Exception:  # noqa: BLE001 - every request is answered
            _log.exception("%s has failed", method)
            aside.refuse(asides.FAILED, f"{method} has failed: see the log of spark-lsp")

    async def _start(self, params: Any) -> Any:
        asked = _read(params, _Start)
        uris = [it if isinstance(it, str) else it.uri for it in asked.documents or ()]
        wish = Wish(
            asked.instruction,
            asked.mode,
            [path for path in map(self._path, uris) if path],
            await self._selection(asked.selection),
            asked.commands,
            self._since(asked.since),
        )
        name = new_name()
        if asked.work_done_token is not None and not self._shows:
            # By the protocol it is good until the request is answered, which is soon; who can
            # show a bar of ours gets one instead.
            self._given[name] = asked.work_done_token
        await self._office.start(name, wish)
        return {"taskId": name}

    async def _steer(self, params: Any) -> Any:
        asked = _read(params, _Steer)
        turn = await self._office.steer(asked.task_id, asked.instruction, asked.expected_turn_id)
        return {"turnId": turn or None}

    async def _interrupt(self, params: Any) -> Any:
        await self._office.interrupt(_read(params, _Named).task_id)

    async def _list(self, _: Any) -> Any:
        return {"tasks": [telling.task(it) for it in await self._office.tasks()]}

    async def _result(self, params: Any) -> Any:
        # Texts and versions as of one moment: an edit must not be taken for one of a later text.
        buffers = self.buffers()
        known = {it.path: it for it in self._session.documents if it.path in buffers}
        versions = {path: it.version for path, it in known.items()}
        uris = {path: it.uri for path, it in known.items()}
        patch = await self._office.result(_read(params, _Named).task_id, buffers)

        def uri(path: str) -> str:
            return uris.get(path) or (self._root / path).as_uri()

        places = Places(uri, versions)
        return await asyncio.to_thread(telling.result, patch, places, self._abilities)

    async def _remove(self, params: Any) -> Any:
        await self._office.remove(_read(params, _Named).task_id)

    async def _answered(self, params: Any) -> Any:
        asked = _read(params, _Answer)
        await self._office.answer(asked.task_id, asked.id, accept=asked.accept)

    async def _points(self, _: Any) -> Any:
        epoch = time() - asyncio.get_running_loop().time()
        accepted = [
            telling.milestone(it, self._moment(it.number), epoch)
            for it in self._session.milestones.all()
        ]
        committed = list(map(telling.point, await asyncio.to_thread(points, self._root)))
        return {"points": [*committed[:1], *accepted, *committed[1:]]}

    def _moment(self, number: int) -> str:
        # Of this server alone: its numbers mean nothing to the next one.
        return f"accepted-{self._name}-{number}"

    def _since(self, point: str) -> str | Mapping[str, str]:
        """Return what is meant by a point: a revision of git, or texts as they were."""
        if not (moment := _MOMENT.fullmatch(point)):
            return point
        number = int(moment[1])
        known = point == self._moment(number)
        texts = self._session.milestones.since(number) if known else None
        if texts is None:
            raise TaskError("that moment is not known any more: choose another point")
        return texts

    async def _route(self, params: Any) -> Any:
        asked = _read(params, _Route)
        selected = await self._selection(asked.selection)
        side: Side | None = asked.chosen
        found = route(asked.instruction, selected.text if selected else "", chosen=side)
        return {"side": found.side, "reasons": list(found.reasons)}

    def _path(self, uri: str) -> str | None:
        found = location(uri)
        return found.below(str(self._root)) if found.scheme == "file" else None

    async def _selection(self, selected: _Selected | None) -> Selection | None:
        """Return what is selected, if it is in a document that may be shown."""
        if selected is None:
            return None
        # It may have been opened just now, and not been judged yet.
        reason = await asyncio.to_thread(private, selected.uri, self._root)
        if reason:
            return None
        for document in self._session.documents:
            if document.uri == selected.uri and not document.private:
                start, end = selected.range.start, selected.range.end
                text, encoding = document.text, self._client.encoding
                first = text.offset(Position(start.line, start.character), encoding)
                last = text.offset(Position(end.line, end.character), encoding)
                chosen = text.string[first:last]
                return Selection(document.path, start.line + 1, end.line + 1, chosen)
        return None

    def _bar(self, name: str) -> Bar:
        if name not in self._bars:
            given = self._given.pop(name, None)
            token = self._tokens.setdefault(name, name if given is None else given)
            self._bars[name] = Bar(self._teller(token, given=given is not None))
        return self._bars[name]

    def _teller(self, token: Token, *, given: bool) -> Callable[[telling.Json], None]:
        """Return what tells the value of a bar, if there is one or one can be had."""
        if not given and not self._shows:
            return lambda _: None
        teller = _Teller(self._editor, token, ready=given)
        if not given:
            self._editor.begin_work(token).add_done_callback(teller.created)
        return teller

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        async def quietly() -> None:
            with contextlib.suppress(TaskError):
                await work

        task = asyncio.create_task(quietly())
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)


class _Teller:
    """Tells what stands on a bar, once there is one; of what comes before, the first and last."""

    def __init__(self, editor: Editor, token: Token, *, ready: bool) -> None:
        self._editor = editor
        self._token = token
        self._ready: bool | None = ready
        self._held: list[telling.Json] = []

    def __call__(self, value: telling.Json) -> None:
        if self._ready:
            self._editor.tell("$/progress", {"token": self._token, "value": value})
        elif self._ready is False:
            self._held[1:] = [value] if self._held else []
            self._held = self._held or [value]

    def created(self, answer: "Future[Any]") -> None:
        """Tell what has been held back, if there is a bar now; else nothing is told any more."""
        self._ready = None if answer.cancelled() or answer.exception() else True
        held, self._held = self._held, []
        for value in held:
            self(value)


def _read(params: Any, type_: type[_Params]) -> _Params:
    return msgspec.convert(params, type_)
