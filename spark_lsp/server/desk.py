"""The server's end of the librarian: questions out, answers in, and a new librarian if one dies.

Owns that process. Every question is answered: if the librarian is gone or mute, with nothing, so
that the session goes on without. What was shelved is told to a new librarian again.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from spark_lsp.core.effects import Foresee, Pack, Recall, Shelve
from spark_lsp.core.events import Event, Foreseen, Outdated, Packed, Recalled, Settled, Vetted
from spark_lsp.server import messages
from spark_lsp.server.messages import Private, Progress, Question, Stop, Touched, Trouble, Watch

_log = logging.getLogger(__name__)

_PATIENCE = 15.0
"""Seconds that an answer may take before the librarian is replaced."""
_REST = 2.0
"""Seconds between the death of a librarian and the next one."""
_LINE_LIMIT = 64 * 2**20


class Desk:
    """Where the session asks what is known of the workspace."""

    def __init__(
        self,
        root: Path | None,
        feed: Callable[[Event], None],
        progress: Callable[[Progress], None],
        complain: Callable[[str], None],
    ) -> None:
        """Take the directory, and who listens to what."""
        self._root = root
        self._feed = feed
        self._progress = progress
        self._complain = complain
        self._process: asyncio.subprocess.Process | None = None
        self._shelved: dict[str, Shelve] = {}
        self._asked: dict[tuple[bool, int], Pack | Recall | Foresee] = {}
        self._watching = False
        self._stopped = False
        self._complaints: set[str] = set()
        self._overdue: asyncio.TimerHandle | None = None

    def ask(self, question: Shelve | Pack | Recall | Foresee) -> None:
        """Put a question, or put a buffer on the shelf."""
        if isinstance(question, Shelve):
            if question.text is None:
                self._shelved.pop(question.uri, None)
            else:
                self._shelved[question.uri] = question
        else:
            self._asked[_key(question)] = question
            self._expect()
            if self._process is None:
                asyncio.get_running_loop().call_soon(self._give_up)
        self._say(question)

    def changed(self, paths: Iterable[str]) -> None:
        """Tell which files or directories have changed, by absolute paths."""
        self._say(Touched(tuple(paths)))

    def watch(self) -> None:
        """Have the librarian watch the files by itself."""
        self._watching = True
        self._say(Watch())

    def stop_indexing(self) -> None:
        """Have the first indexing end where it is."""
        self._stopped = True
        self._say(Stop())

    async def run(self) -> None:
        """Keep a librarian until cancelled."""
        try:
            while True:
                try:
                    await self._live()
                except (OSError, ValueError, msgspec.DecodeError) as error:
                    _log.warning("the librarian has failed (%s)", type(error).__name__)
                await self._end()
                await asyncio.sleep(_REST)
        finally:
            await self._end()

    async def _live(self) -> None:
        # -P: an editor starts us in the repository, which must not shadow what is imported.
        command = [sys.executable, "-P", "-m", "spark_lsp.server.librarian"]
        if self._root is not None:
            command.append(str(self._root))
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE_LIMIT,
            start_new_session=True,
        )
        self._process = process
        assert process.stdout is not None
        for shelved in self._shelved.values():
            self._say(shelved)
        if self._watching:
            self._say(Watch())
        if self._stopped:
            self._say(Stop())
        while line := await process.stdout.readline():
            self._hear(messages.answer(line))
        _log.warning("the librarian has ended; another one will take its place")

    def _hear(self, answer: messages.Answer) -> None:
        match answer:
            case Packed() | Recalled() | Foreseen():
                self._asked.pop(_key(answer), None)
                self._expect()
                self._feed(answer)
            case Outdated() | Settled():
                self._feed(answer)
            case Progress():
                self._progress(answer)
            case Private(uri, reason):
                self._feed(Vetted(uri, reason))
            case Trouble(sentence):
                if sentence not in self._complaints:
                    self._complaints.add(sentence)
                    self._complain(sentence)

    def _say(self, question: Question) -> None:
        process = self._process
        if process and process.stdin and not process.stdin.is_closing():
            process.stdin.write(messages.spelled(question))

    def _expect(self) -> None:
        """Wait for the answers that are due, but not for ever."""
        if self._overdue:
            self._overdue.cancel()
            self._overdue = None
        if self._asked:
            loop = asyncio.get_running_loop()
            self._overdue = loop.call_later(_PATIENCE, self._kill)

    def _kill(self) -> None:
        _log.warning("the librarian is mute and is replaced")
        if self._process:
            _kill(self._process)
        self._give_up()

    def _give_up(self) -> None:
        """Answer with nothing what will not be answered any more."""
        asked, self._asked = self._asked, {}
        self._expect()
        for question in asked.values():
            match question:
                case Pack(number):
                    self._feed(Packed(number, None))
                case Recall(number):
                    self._feed(Recalled(number, ()))
                case Foresee(number):
                    self._feed(Foreseen(number))

    async def _end(self) -> None:
        """End the librarian; it is gone when this returns."""
        process, self._process = self._process, None
        self._give_up()
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        _kill(process)
        waiting = asyncio.ensure_future(process.wait())
        try:
            await asyncio.shield(waiting)
        except asyncio.CancelledError:
            await waiting
            raise


def _kill(process: asyncio.subprocess.Process) -> None:
    """Kill a librarian with all that it has started: a parser may be stuck, and deaf."""
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg") and process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)  # it began a session of its own
        else:
            process.kill()


def _key(message: Pack | Recall | Foresee | Packed | Recalled | Foreseen) -> tuple[bool, int]:
    """Return what a question and its answer have in common: next edits are numbered apart."""
    return isinstance(message, Foresee | Foreseen), message.number
