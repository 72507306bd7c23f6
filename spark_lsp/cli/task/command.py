"""Begins a task in a real server, follows it, shows what came of it, and applies that if wanted.

Owns the order of these, and what Ctrl-C means: once, that the task is to end where it is; what it
has done so far is shown. Nothing is applied unless the person says so.
"""

import argparse
import asyncio
import json
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.prompt import Confirm
from rich.text import Text

from spark_lsp.cli.client import Client, ErrorAnswer, ServerGone
from spark_lsp.cli.errors import CommandError
from spark_lsp.cli.files import config_options, directory
from spark_lsp.cli.task.applying import write, written
from spark_lsp.cli.task.screen import Live, tell, visible
from spark_lsp.server.asides import CHANGED, INTERRUPT, REMOVE, RESULT, START
from spark_lsp.server.tasks.shift import ALLOW

_CAPABILITIES = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {
        "workspaceEdit": {
            "documentChanges": True,
            "resourceOperations": ["create", "rename", "delete"],
        }
    },
}
_CANNOT = 1


def run(arguments: argparse.Namespace) -> int:
    """Have a task done; returns the exit status, 1 if it has not come to its end."""
    root = directory(arguments.workspace or Path.cwd())
    options = config_options(arguments.config)
    errors = Console(stderr=True)
    asks = sys.stdin.isatty() and errors.is_terminal and not arguments.json
    work = _Work(root, errors, Live(errors), asks=asks)
    wish = {
        "instruction": arguments.instruction,
        "mode": "finish" if arguments.finish or arguments.since else "task",
        "commands": arguments.commands,
        "since": arguments.since or "HEAD",
    }
    try:
        return asyncio.run(_done(work, wish, options, arguments))
    except (ServerGone, ErrorAnswer) as error:
        raise CommandError(str(error)) from None


@dataclass
class _Work:
    """One task, as it is followed."""

    root: Path
    errors: Console
    live: Live
    asks: bool
    name: str = ""
    last: dict[str, Any] = field(default_factory=dict)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    interrupts: int = 0

    def notified(self, method: str, params: Any) -> None:
        if method != CHANGED or params.get("gone") or params["elsewhere"]:
            return
        if self.name in {"", params["taskId"]} and params["alive"]:
            # It is told of before its name is: nobody else begins one in this server.
            self.name, self.last = params["taskId"], params
            self.live.show(params)
        elif params["taskId"] == self.name:
            self.last = params
            self.live.show(params)
            self.over.set()

    def requested(self, method: str, params: Any) -> Any:
        if method != "window/showMessageRequest" or not self.asks:
            return None
        return asyncio.ensure_future(self._consider(params["message"]))

    async def _consider(self, question: str) -> Any:
        self.live.pause()
        yes = await self._confirmed(question)
        if not self.over.is_set():
            self.live.go_on()
        return {"title": ALLOW} if yes else None

    async def _confirmed(self, question: str) -> bool:
        """Ask in a thread that nobody waits for at the end: who is asked may never answer."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bool] = loop.create_future()

        def tell(yes: bool) -> None:
            if not answer.done():
                answer.set_result(yes)

        def ask() -> None:
            yes = confirmed(question, self.errors)
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(tell, yes)

        threading.Thread(target=ask, daemon=True).start()
        return await answer


def confirmed(question: str, console: Console) -> bool:
    """Have a person say yes or no, as the text is; who says nothing has not said yes."""
    try:
        return Confirm.ask(Text(visible(question)), console=console, default=False)
    except EOFError:
        return False


async def _done(
    work: _Work, wish: dict[str, Any], options: list[str], arguments: argparse.Namespace
) -> int:
    client = await Client.start(*options)
    client.on_notification = work.notified
    client.on_request = work.requested
    kept = False
    try:
        await client.initialize(work.root, capabilities=_CAPABILITIES)
        with work.live:
            work.name = (await client.request(START, wish))["taskId"]
            await _ended(client, work)
        result = await client.request(RESULT, {"taskId": work.name})
        changes = written(result["edit"], work.root)
        if not arguments.json:
            tell(Console(), result, changes, work.root)
        applied = bool(changes) and _wanted(work, arguments, len(changes))
        if applied:
            write(changes)
        taken = applied or not changes
        if work.last["state"] == "done" and taken and not (result["conflicting"] or result["left"]):
            await client.request(REMOVE, {"taskId": work.name})
        else:
            kept = True
    finally:
        await client.close()
    if kept and not arguments.json:
        work.errors.print("The task is kept: your editor lists it for review.")
    if arguments.json:
        told = {"task": work.last, **result, "applied": applied}
        sys.stdout.write(json.dumps(told) + "\n")
    elif changes and not applied:
        work.errors.print("Nothing was applied.")
    if work.last["state"] == "done":
        return 0
    why = work.last["message"] or f"the task was {work.last['state']}"
    sys.stderr.write(f"spark-lsp: {why}\n")
    return _CANNOT


async def _ended(client: Client, work: _Work) -> None:
    """Wait for the end of a task; Ctrl-C asks for it, and twice does not wait."""
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        work.interrupts += 1
        client.request(INTERRUPT, {"taskId": work.name})
        if work.interrupts > 1:
            work.over.set()

    with _interrupted_by(loop, interrupt):
        waiting = asyncio.ensure_future(work.over.wait())
        gone = asyncio.ensure_future(client.process.wait())
        await asyncio.wait((waiting, gone), return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            waiting.cancel()
            raise ServerGone("the server has ended before the task did: see its log")
        gone.cancel()
    if work.last["alive"]:
        raise CommandError("left: the task is kept, and can be taken up again in an editor", 130)


class _interrupted_by:  # noqa: N801 - used as a function
    """Have Ctrl-C do something else while the context lasts."""

    def __init__(self, loop: asyncio.AbstractEventLoop, do: Callable[[], None]) -> None:
        self._loop = loop
        self._do = do

    def __enter__(self) -> None:
        with suppress(NotImplementedError):  # on Windows
            self._loop.add_signal_handler(signal.SIGINT, self._do)

    def __exit__(self, *_: object) -> None:
        with suppress(NotImplementedError):
            self._loop.remove_signal_handler(signal.SIGINT)


def _wanted(work: _Work, arguments: argparse.Namespace, count: int) -> bool:
    """Whether what a task has is to be applied."""
    if arguments.yes or not work.asks:
        return bool(arguments.yes)
    files = "this file" if count == 1 else f"these {count} files"
    return confirmed(f"Write {files}?", work.errors)
