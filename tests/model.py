"""A scripted model: a real WebSocket server on loopback that says what a test tells it to.

Owns the socket and the spelling of events as the protocol has them, apart from `spark_lsp.wire` on
purpose: a mistake made on both sides would otherwise cancel out.
"""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

Json = dict[str, Any]


class Request:
    """A `response.create` that has arrived, and the way to answer it."""

    def __init__(self, connection: ServerConnection, frame: Json, number: int) -> None:
        self.frame = frame
        self.id = f"resp_{number}"
        self._connection = connection

    @property
    def texts(self) -> list[str]:
        """All texts of the input, in order."""
        return [part["text"] for item in self.frame["input"] for part in item["content"]]

    async def begin(self) -> None:
        await self.event("response.created", response={"id": self.id})

    async def say(self, text: str) -> None:
        await self.event("response.output_text.delta", item_id="m", output_index=0, delta=text)

    async def end(self) -> None:
        await self.event("response.completed", response={"id": self.id, "status": "completed"})

    async def event(self, type_: str, **fields: Any) -> None:
        """Send one event on the request's lane."""
        lane = {"stream_id": lane} if (lane := self.frame.get("stream_id")) else {}
        await self._connection.send(json.dumps({"type": type_, **lane, **fields}))

    async def drop(self) -> None:
        """Cut the connection in the middle of whatever is going on."""
        self._connection.transport.abort()


class Model:
    """Hands each request to the test; warm-ups answer themselves."""

    def __init__(self) -> None:
        self.url = ""
        self.frames: list[Json] = []
        self.requests: asyncio.Queue[Request] = asyncio.Queue()
        self.interrupts: asyncio.Queue[Json] = asyncio.Queue()
        self.steers: asyncio.Queue[Json] = asyncio.Queue()
        self.handshakes: list[dict[str, str]] = []
        self._numbers = itertools.count(1)
        self._heard = asyncio.Condition()

    def config(self, name: str = "embedded", more: str = "") -> str:
        """Return the settings that point a server here, with more lines for the provider.

        As "embedded" it can be interrupted, but not instructed. The engine drafts nothing beside
        it: only what a test has it say is on the screen.
        """
        return f"""
        model_provider = "mine"
        model = "{name}"
        drafts = false
        [model_providers.mine]
        base_url = "{self.url}"
        {more}
        """

    @property
    def steerable(self) -> str:
        """The settings for a model that can be instructed, interrupted, and may take its time."""
        more = "capabilities = { interrupt = true }\nstream_idle_timeout_ms = 60000"
        return self.config("fast", more)

    async def until(self, verdict: Callable[[], bool]) -> None:
        """Wait until something holds; looked at whenever a warm-up has been answered."""
        async with asyncio.timeout(20), self._heard:
            await self._heard.wait_for(verdict)

    async def next(self) -> Request:
        """Wait for the next request and begin its answer."""
        async with asyncio.timeout(10):
            request = await self.requests.get()
        await request.begin()
        return request

    @property
    def creates(self) -> list[Json]:
        """The requests so far that want an answer."""
        return [
            frame
            for frame in self.frames
            if frame["type"] == "response.create" and frame.get("generate", True)
        ]

    @property
    def texts(self) -> set[str]:
        """All texts that have been told in requests so far."""
        return {
            part["text"]
            for frame in self.creates
            for item in frame["input"]
            for part in item["content"]
        }

    @property
    def warm(self) -> set[str]:
        """All texts that have been told in warm-ups so far."""
        return {
            part["text"]
            for frame in self.frames
            if not frame.get("generate", True)
            for item in frame["input"]
            for part in item["content"]
        }

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request
        self.handshakes.append(dict(connection.request.headers.raw_items()))
        try:
            async for message in connection:
                await self._take(connection, json.loads(message))
        except ConnectionClosed:
            pass

    async def _take(self, connection: ServerConnection, frame: Json) -> None:
        self.frames.append(frame)
        if frame["type"] == "response.interrupt":
            await self.interrupts.put(frame)
            return
        if frame["type"] == "response.steer":
            await self.steers.put(frame)
            return
        request = Request(connection, frame, next(self._numbers))
        if frame.get("generate", True):
            await self.requests.put(request)
        else:
            await request.begin()
            await request.end()
            async with self._heard:
                self._heard.notify_all()


@asynccontextmanager
async def scripted_model(port: int = 0) -> AsyncIterator[Model]:
    """Serve a scripted model while the context lasts."""
    model = Model()
    async with serve(model._serve, "127.0.0.1", port, max_size=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        model.url = f"ws://127.0.0.1:{port}/v1"
        yield model
