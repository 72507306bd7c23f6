"""The embedded engine behind the Responses protocol: what `spark-lsp backend` serves.

Owns the service: connections, and one task per answer. The protocol is `wire.server`'s, the
predictions are `engine`'s, what it learns is `teacher`'s, the door is `web`'s. Other clients than
ours may use it too, over WebSocket or HTTP. The engine completes: who wants a region rewritten is
told that it cannot.
"""

import asyncio
import contextlib
import itertools
import logging
import math
import time
from collections.abc import Iterator
from typing import Protocol, assert_never

import msgspec

from spark_lsp.core.prompt import Prompt, Rewrite
from spark_lsp.core.settings import EMBEDDED
from spark_lsp.core.windows import outside
from spark_lsp.engine.model import INVOKED, Engine, Piece
from spark_lsp.server.web import Socket
from spark_lsp.wire.events import Usage
from spark_lsp.wire.server import Answered, Command, Generate, Prepare, Server, Stop

_log = logging.getLogger(__name__)

MODELS = msgspec.json.encode(
    {
        "object": "list",
        "data": [{"id": EMBEDDED, "object": "model", "created": 0, "owned_by": "spark-lsp"}],
    }
).decode()

_OUTPUT_LIMIT = 128
"""Tokens of an answer whose client does not say."""
_LEAST = 1e-9
"""Probability that anything has at least."""
_ONLY_COMPLETES = "the embedded engine only completes and cannot follow instructions"


class Learner(Protocol):
    """Whoever keeps the engine in step with the workspace."""

    def refresh(self) -> None:
        """Have what has changed learned soon."""
        ...


class Service:
    """One engine for all connections."""

    def __init__(self, engine: Engine, teacher: Learner) -> None:
        """Take the engine and who teaches it."""
        self.engine = engine
        self.teacher = teacher
        self._ids = itertools.count(1)

    async def handle(self, socket: Socket) -> None:
        """Serve one connection until it is gone."""
        conversation = _Conversation(self, socket, Server(EMBEDDED, self._fresh_id, time.time))
        try:
            async with contextlib.aclosing(socket.frames()) as frames:
                async for frame in frames:
                    await socket.ready()  # who does not read is not answered without end
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
        for command in self.server.lost():
            self._start(command)
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
        key, written, limit = command.key, 0, command.max_output_tokens
        if isinstance(command.prompt, Rewrite):
            self.obey(self.server.fail(key, "instructions_not_supported", _ONLY_COMPLETES))
            return
        try:
            before = 1.0
            for piece in self._pieces(command.prompt, limit):
                if written == limit:
                    self.obey(self.server.finish(key, _used(written), "max_output_tokens"))
                    return
                logprob = math.log(max(piece.probability, _LEAST) / max(before, _LEAST))
                before = piece.probability
                for frame in self.server.delta(key, piece.text, round(logprob, 4)):
                    self._socket.send(frame)
                written += 1
                await asyncio.sleep(0)  # an interrupt may have come, or a steer
                await self._socket.ready()
                self.obey(self.server.boundary(key, _used(written)))
        except Exception:  # noqa: BLE001 - whatever it was, the answer must end
            # A lane whose answer never ends would be blocked for good.
            _log.exception("the engine failed")
            self.obey(self.server.fail(key, "server_error", "the embedded engine failed"))
        else:
            self.obey(self.server.finish(key, _used(written)))

    def _pieces(self, prompt: Prompt, wanted: int | None) -> Iterator[Piece]:
        # One more than is wanted, to know whether an answer was cut.
        limit = wanted + 1 if wanted else _OUTPUT_LIMIT
        return self._service.engine.complete(
            prompt.path,
            prompt.prefix,
            prompt.suffix,
            _reference(prompt),
            limit,
            edited=[
                block.left_behind
                for block in prompt.stable
                if block.kind == "edit" and block.path != prompt.path
            ],
            instruction=prompt.instruction,
            gate=INVOKED if prompt.invoked else None,
        )


def _used(written: int) -> Usage:
    """Return what an answer cost; the prompt is free, and therefore not counted."""
    return Usage(output_tokens=written)


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
