"""Serves the tools that an agent is given: reading at once, a command after the person has agreed.

Owns what is being served and what the person was asked. What reading shows is decided in `reading`;
who may ask at all, in `codex`.
"""

import asyncio
import logging
import os
import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from msgspec import Raw

from spark_lsp.core import secrets
from spark_lsp.core.tasks import tools
from spark_lsp.core.tasks.agent import (
    Answer,
    Approval,
    Ran,
    Reading,
    Refused,
    Report,
    Withdrawn,
)
from spark_lsp.server.agents.channel import Denied, Gone
from spark_lsp.server.agents.launching import Line
from spark_lsp.server.agents.reading import Looking, Unfit
from spark_lsp.wire.appserver import calls, told

_log = logging.getLogger(__name__)

_AT_ONCE = 4
"""Tools that read at once."""
_ASKED = 16
"""Questions that may stand before a person at once."""
_LONGEST = 4_000
"""Characters of a command above which nobody would read what they allow."""
_UNSEEN = re.compile(
    r"[^\S \n\t]|[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
"""What makes a text look other than it is: a person decides by what they see."""


class _Command(msgspec.Struct):
    command: str
    reason: str = ""


class Serving:
    """What is served to one process."""

    def __init__(
        self, line: Line, worktree: Path, feed: Callable[[Report], None], *, commands: bool
    ) -> None:
        """Take the process, what it may look at, who is told, and whether commands are allowed."""
        self._line = line
        self._worktree = worktree
        self._feed = feed
        self._commands = commands
        self._approvals: dict[str, tuple[calls.Id, str]] = {}
        self._running: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(_AT_ONCE)

    def serve(self, number: calls.Id, tool: str, arguments: Raw) -> None:
        """Serve a call of a tool; the answer follows."""
        if tool != tools.RUN.name:
            self._aside(self._look(number, tool, Raw(bytes(arguments))))
            return
        command = told.as_type(arguments, _Command)
        if not self._commands:
            self._reply(number, "The person allows no commands.", success=False)
        elif command is None or not command.command.strip():
            self._reply(number, "There must be a command.", success=False)
        elif _UNSEEN.search(command.command):
            self._reply(number, "A command must hold nothing that is not seen.", success=False)
        elif len(command.command) > _LONGEST:
            self._reply(number, "The command is too long for a person to read.", success=False)
        elif len(self._approvals) >= _ASKED:
            self._reply(number, "The person is asked too much already.", success=False)
        else:
            # Not a number of this process: the answer to a question of one that has died since
            # must not be taken for the answer to another.
            approval = uuid4().hex
            self._approvals[approval] = (number, command.command)
            reason = told.sentence(command.reason)
            self._feed(Approval(approval, "command", command.command, reason))

    def decide(self, answer: Answer) -> None:
        """Do, or leave, what the person was asked."""
        asked = self._approvals.pop(answer.approval, None)
        if asked is None:
            self._feed(Refused(answer, "that needs no answer any more"))
            return
        number, command = asked
        if answer.accept:
            self._aside(self._run(number, command, f"run-{answer.approval}"))
        else:
            self._feed(Ran(command, "refused"))
            self._reply(number, "The person does not want this to run.", success=False)

    def resolved(self, number: calls.Id) -> None:
        """Take back what the person was asked: whoever asked has gone on."""
        self._withdraw(lambda asked: asked == number)

    def turn_ended(self) -> None:
        """End what a turn has left running, and take back what it has asked."""
        self._withdraw(lambda _: True)
        for name in self._running:
            self._aside(self._stop(name))

    async def close(self) -> None:
        """End all of it."""
        self._withdraw(lambda _: True)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self, number: calls.Id, tool: str, arguments: Raw) -> None:
        loop = asyncio.get_running_loop()

        def looked(path: str) -> None:
            loop.call_soon_threadsafe(self._feed, Reading(path))

        async with self._room:
            looking = Looking(self._worktree, looked)
            try:
                text, success = await asyncio.to_thread(looking.answer, tool, arguments), True
            except Unfit as error:
                text, success = str(error), False
        self._reply(number, text, success=success)

    async def _run(self, number: calls.Id, command: str, name: str) -> None:
        shell = ("cmd.exe", "/d", "/c") if os.name == "nt" else ("/bin/sh", "-c")
        self._feed(Ran(command, "running"))
        self._running.add(name)
        try:
            done = await self._line.run((*shell, command), name)
        except (Denied, Gone) as error:
            done = told.CommandDone(-1, stderr=str(error))
        finally:
            self._running.discard(name)
        self._feed(Ran(command, "failed" if done.exit_code else "done"))
        said = f"Exit code: {done.exit_code}\n{done.stdout}\n{done.stderr}".strip()
        self._reply(number, secrets.redact(said), success=not done.exit_code)

    async def _stop(self, name: str) -> None:
        try:
            await self._line.stop(name)
        except (Denied, Gone) as error:
            _log.info("a command could not be ended: %s", error)

    def _reply(self, number: calls.Id, text: str, *, success: bool) -> None:
        self._line.channel.say(calls.output(number, text, success=success))

    def _withdraw(self, which: Callable[[calls.Id], bool]) -> None:
        for approval, (number, _) in list(self._approvals.items()):
            if which(number):
                del self._approvals[approval]
                self._feed(Withdrawn(approval))

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
