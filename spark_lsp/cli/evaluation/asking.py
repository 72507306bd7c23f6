"""Asks a real server to complete what is held out, as an editor would open and ask it.

Owns the conversation: a document is opened with a piece missing, asked about, and closed again, one
at a time. Each question comes to a document that has just been opened, so that no earlier answer is
given once more. When the server is ready for questions is found out by `readiness`.

What a model is shown besides the text around the cursor is packed a moment after a file is opened,
so nothing is asked before that has happened: else figures would depend on how fast it is. While it
is closed, a document is on disk as it is, piece and all, and what is packed then shows a model what
it is to write. An editor's document is open while it is written in, so there that does not happen.
So for each task the server is given another window, upon which it packs anew.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from spark_lsp.cli.client import Client, ErrorAnswer, ServerGone
from spark_lsp.cli.drive import Hole, Typist, told
from spark_lsp.cli.errors import CommandError
from spark_lsp.cli.evaluation.scores import Answered
from spark_lsp.cli.evaluation.sources import Source, Task
from spark_lsp.cli.files import language_id
from spark_lsp.cli.report import Report
from spark_lsp.cli.screen import Screen
from spark_lsp.core.text import Text
from spark_lsp.server.status import METHOD

AUTOMATIC, INVOKED = 2, 1
"""Who asks: the editor by itself, or the person (LSP's `InlineCompletionTriggerKind`, reversed)."""
_ANSWER_LIMIT: Final = 10.0
"""Seconds after which a question counts as unanswered."""
_LOOKS: Final = 40
"""How often it is looked whether a context has been packed and prepared; each costs a request."""
_PAUSE: Final = 0.05
"""Seconds between two of these looks."""
_NARROWEST: Final = 4_096
"""Tokens of the smallest window that a server may be given."""
_MUTE: Final = 3
"""Questions in a row without an answer after which no more are put."""


@dataclass(slots=True)
class Said:
    """What a server has said to one question, and what it says of itself meanwhile.

    Attributes:
        text: what it would insert, or "".
        confidence: how sure of it it is, from 0 to 1, or None if it does not say.
        shown: paths of files whose text was shown to the model besides that around the cursor.
    """

    text: str
    confidence: float | None = None
    shown: frozenset[str] = frozenset()


@dataclass(slots=True)
class Typed:
    """What was typed in the files of a language: characters, and how many fewer keys it took."""

    characters: int = 0
    saved: int = 0


@dataclass
class Examination:
    """What a server is asked, and what came of it.

    Attributes:
        root: its workspace.
        report: what went wrong, and how things stand with the model.
        busy: whether it has yet to say who answers.
        window: tokens of the model's window; None for the embedded engine, which takes nothing near
            the cursor from what a file was before.
    """

    client: Client
    root: Path
    report: Report = field(default_factory=Report)
    busy: bool = True
    window: int | None = None
    _narrowed: bool = False
    _entered: str = ""
    _versions: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _mute: int = 0
    _heard: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    async def start(cls, root: Path, options: Sequence[str], window: int | None) -> "Examination":
        """Start a server on a workspace; end it by `close`."""
        examination = cls(await Client.start(*options), root, window=window)
        examination.listen()
        try:
            await examination.client.initialize(
                root,
                initializationOptions={"drafts": False},  # it is the model that is examined
                capabilities={"general": {"positionEncodings": ["utf-16"]}},
            )
        except BaseException:
            await examination.client.close()
            raise
        return examination

    def listen(self) -> None:
        """Hear what the server tells."""
        self.client.on_notification = self._told
        self.client.on_answer = lambda _id, _answer: None

    async def until(self, verdict: Callable[[], bool], limit: float) -> None:
        """Wait until something holds of what the server has told, for so many seconds at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                while not verdict():
                    self._heard.clear()
                    await self._heard.wait()

    async def close(self) -> None:
        """End the server, and note what of it was not as it should be."""
        status = await self.client.close()
        self.report.errors.extend(self.client.problems)
        if status != 0:
            self.report.errors.append(f"the server ended with status {status}")

    async def answered(self, task: Task, source: Source) -> Answered:
        """Ask about a task: what is shown unasked, and what is said to who wants to see anything.

        Raises:
            CommandError: if the server has ended, or does not answer any more.
        """
        text = source.text
        before, after = task.before(text), task.after(text)
        if self.window or task.path != self._entered:
            await self.pack(task.path, before, after)
            self._entered = task.path
        shown = await self.said(task.path, before, after, AUTOMATIC)
        said = await self.said(task.path, before, after, INVOKED)
        return Answered(
            task.kind,
            task.language,
            task.duplicated,
            task.held(text),
            shown.text,
            said.text,
            said.confidence,
        )

    async def said(self, path: str, before: str, after: str, trigger: int) -> Said:
        """Open a text as a file's, ask at its cursor, and close it again.

        Raises:
            CommandError: if the server has ended, or does not answer any more.
        """
        uri = (self.root / path).as_uri()
        version = next(self._versions)
        screen = Screen(Text(before + after), len(before), version)
        document = {
            "uri": uri,
            "languageId": language_id(Path(path)),
            "version": version,
            "text": screen.text.string,
        }
        self.client.notify("textDocument/didOpen", {"textDocument": document})
        place = {"line": screen.position.line, "character": screen.position.character}
        asked = {"textDocument": {"uri": uri}, "position": place}
        result = await self._ask(
            "textDocument/inlineCompletion",
            # Whoever can show growth is not answered before all has been written.
            asked | {"context": {"triggerKind": trigger}, "partialResultToken": version},
        )
        account = await self._ask("spark/explain", asked)
        self.client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        return Said(screen.answered(version, result, final=True), *_explained(account))

    async def typed(self, source: Source, cut: Hole) -> Typed:
        """Type the missing text of a file, taking over what is right; returns what that saved."""
        self._forget()
        report = Report()
        path = self.root / source.path
        try:
            await Typist(self.client, path, cut, 0.0, report).write(lambda _screen: None)
        except (ServerGone, ErrorAnswer) as error:
            raise _gone(error) from None
        finally:
            self.listen()
        # Who types does not notice that the server has ended, and goes on without suggestions.
        await self._ask("spark/explain", {"textDocument": {"uri": path.as_uri()}})
        self.report.errors += (f"{source.path}: {error}" for error in report.errors)
        for notice in report.notices:
            self.report.stand("Warning", notice)
        return Typed(report.characters, report.saved)

    def _forget(self) -> None:
        """Have the server drop the context that it has packed."""
        if self.window:
            self._narrowed = not self._narrowed
            window = self.window - 1 if self._narrowed else self.window
            settings = {"spark": {"model_context_window": max(_NARROWEST, window)}}
            self.client.notify("workspace/didChangeConfiguration", {"settings": settings})

    async def pack(self, path: str, before: str, after: str) -> None:
        """Open a text as a file's and wait until a model is shown it, if not without end."""
        self._forget()
        for _ in range(_LOOKS):
            if path in (await self.said(path, before, after, INVOKED)).shown:
                return
            await asyncio.sleep(_PAUSE)

    async def indexed(self) -> bool:
        """Whether the server knows all of its workspace by now.

        Raises:
            CommandError: if the server has ended, or does not answer any more.
        """
        account = await self._ask("spark/explain", {"textDocument": {"uri": self.root.as_uri()}})
        return bool((account or {}).get("indexed"))

    async def _ask(self, method: str, params: Any) -> Any:
        """Return the answer, or None if there is none, which is noted."""
        answer = self.client.request(method, params)
        try:
            async with asyncio.timeout(_ANSWER_LIMIT):
                result = await answer
        except TimeoutError:
            self._mute += 1
            self.report.errors.append(f"{method} was not answered within {_ANSWER_LIMIT:.0f} s")
            if self._mute == _MUTE:
                raise CommandError("the server does not answer any more: see its log") from None
            return None
        except ErrorAnswer as error:
            self.report.errors.append(f"{method} was refused: {error}")
            return None
        except ServerGone as error:
            raise _gone(error) from None
        self._mute = 0
        return result

    def _told(self, method: str, params: Any) -> None:
        told(self.report, method, params)
        if method == METHOD:
            self.busy = bool(params.get("busy"))
        self._heard.set()


def _explained(account: Any) -> tuple[float | None, frozenset[str]]:
    """Return the confidence, and the files that were shown, as far as an account tells them."""
    known = account if isinstance(account, dict) else {}
    sure = known.get("confidence")
    confidence = float(sure) if isinstance(sure, int | float) else None
    blocks = (known.get("context") or {}).get("blocks") or ()
    shown = frozenset(it["path"] for it in blocks if it["kind"] in {"file", "chunk", "edit"})
    return confidence, shown


def _gone(error: Exception) -> CommandError:
    return CommandError(f"{error} before everything was asked: see its log, and try again")


async def examined(
    root: Path,
    options: Sequence[str],
    window: int | None,
    work: Callable[[Examination], Awaitable[None]],
) -> Report:
    """Do some work with a server on a workspace; returns what went wrong meanwhile.

    The window is that of `Examination`. The server is gone when this returns, however that happens.

    Raises:
        CommandError: if the server has ended too early.
    """
    try:
        examination = await Examination.start(root, options, window)
    except (ServerGone, ErrorAnswer) as error:
        raise _gone(error) from None
    try:
        await work(examination)
    finally:
        await examination.close()
    return examination.report
