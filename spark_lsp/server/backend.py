"""The embedded engine behind Responses over WebSocket: what `spark-lsp backend` serves.

Owns the service: connections, one task per answer, and learning the workspace in a thread. The
protocol is `wire.server`'s, the predictions are `engine`'s. Other clients than ours may use it too.
"""

import asyncio
import contextlib
import itertools
import logging
from pathlib import Path
from typing import assert_never

import msgspec

from spark_lsp.core.context import outside
from spark_lsp.core.prompt import Prompt
from spark_lsp.engine.model import Engine
from spark_lsp.server import walk
from spark_lsp.server.websocket import Socket
from spark_lsp.wire.events import Usage
from spark_lsp.wire.server import Answered, Command, Generate, Prepare, Server, Stop

_log = logging.getLogger(__name__)

MODEL = "embedded"
MODELS = msgspec.json.encode(
    {"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "spark-lsp"}]}
).decode()

_OUTPUT_LIMIT = 128
"""Tokens of an answer whose client does not say."""
_LEARN_LIMIT = 6_000_000
"""Bytes of a workspace that are learned, nearest to its root first; more costs memory."""
_BATCH = 500_000
"""Bytes learned at a time: small enough that the first are of use while the rest is read."""


class Teacher:
    """Keeps an engine in step with the files of a workspace."""

    def __init__(self, engine: Engine, root: Path | None) -> None:
        """Take the engine and the directory to learn from, if there is one."""
        self._engine = engine
        self._root = root
        self._known: dict[str, tuple[int, int]] = {}
        self._wanted = asyncio.Event()
        self._closed = False

    def close(self) -> None:
        """Stop learning at the next file, so that the process can end."""
        self._closed = True

    def refresh(self) -> None:
        """Have changed files learned soon."""
        self._wanted.set()

    async def run(self) -> None:
        """Learn now, and whenever asked to, until cancelled."""
        while self._root is not None:
            self._wanted.clear()
            await asyncio.to_thread(self._learn, self._root)
            await self._wanted.wait()

    def _learn(self, root: Path) -> None:
        seen: dict[str, tuple[int, int]] = {}
        room = _LEARN_LIMIT
        batch: dict[str, str | None] = {}
        size = 0
        for entry in walk.walk(root):
            room -= entry.size
            if room < 0 or self._closed:
                break
            seen[entry.path] = stamp = (entry.size, entry.changed)
            if self._known.get(entry.path) != stamp:
                batch[entry.path] = walk.read(root, entry.path)
                size += entry.size
            if size > _BATCH:
                self._engine.learn(batch)
                batch, size = {}, 0
        batch.update(dict.fromkeys(self._known.keys() - seen.keys()))
        if batch:
            self._engine.learn(batch)
        self._known = seen
        _log.info("learned %d files, %d tokens", self._engine.files, self._engine.tokens)


class Service:
    """One engine for all connections."""

    def __init__(self, engine: Engine, teacher: Teacher) -> None:
        """Take the engine and who teaches it."""
        self.engine = engine
        self.teacher = teacher
        self._ids = itertools.count(1)

    async def handle(self, socket: Socket) -> None:
        """Serve one connection until it is gone."""
        conversation = _Conversation(self, socket, Server(MODEL, self._fresh_id))
        try:
            async with contextlib.aclosing(socket.frames()) as frames:
                async for frame in frames:
                    conversation.obey(conversation.server.receive(frame))
        finally:
            await conversation.close()

    def _fresh_id(self) -> str:
        return f"{next(self._ids):08x}"


class _Conversation:
    """One connection and the answers that are being written on it."""

    def __init__(self, service: Service, socket: Socket, server: Server) -> None:
        self.server = server
        self._service = service
        self._socket = socket
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def obey(self, answered: Answered) -> None:
        """Send the frames and carry out the commands."""
        for frame in answered.frames:
            self._socket.send(frame)
        for command in answered.commands:
            self._start(command)

    async def close(self) -> None:
        """Stop whatever is being written."""
        running = list(self._tasks.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _start(self, command: Command) -> None:
        match command:
            case Generate(key):
                task = asyncio.create_task(self._generate(command))
                self._tasks[key] = task
                task.add_done_callback(lambda _: self._tasks.pop(key, None))
            case Prepare(key):
                # A client prepares when it turns to a file, which is when others may have changed.
                self._service.teacher.refresh()
                self.obey(self.server.finish(key))
            case Stop(key):
                if key in self._tasks:
                    self._tasks[key].cancel()
            case _:
                assert_never(command)

    async def _generate(self, command: Generate) -> None:
        key, prompt = command.key, command.prompt
        limit = command.max_output_tokens or _OUTPUT_LIMIT
        engine = self._service.engine
        written = 0
        for piece in engine.complete(
            prompt.path, prompt.prefix, prompt.suffix, _reference(prompt), limit
        ):
            for frame in self.server.delta(key, piece.text):
                self._socket.send(frame)
            written += 1
            await asyncio.sleep(0)  # an interrupt may have come
        self.obey(self.server.finish(key, Usage(output_tokens=written)))


def _reference(prompt: Prompt) -> list[tuple[str, str]]:
    """Return the texts of the stable part that say more than prefix and suffix do."""
    texts = [
        (block.path, text)
        for block in prompt.stable
        if block.kind == "file"
        for text in (
            outside(block.text, prompt.prefix, prompt.suffix)
            if block.path == prompt.path
            else (block.text,)
        )
    ]
    return [(path, text) for path, text in texts if text]
