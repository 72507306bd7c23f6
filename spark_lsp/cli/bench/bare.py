"""What a program without spark-lsp would do: the plain clients of httpx2 and websockets.

Owns the baselines of `transport`, `stream` and `typing`, spelled as their libraries' own
documentation has it. Events are read by the product's own decoder, so that only the way they came
makes a difference.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx2
from websockets.asyncio.client import ClientConnection, connect

from spark_lsp.core.prompt import Prompt
from spark_lsp.wire.events import Completed, Created, Incomplete, TextDelta, decode_event
from spark_lsp.wire.frames import encode
from spark_lsp.wire.layout import stable_items, tail_items
from spark_lsp.wire.requests import spelled_interrupt

Hear = Callable[[str], None]
"""Is called with each token."""


class Requests:
    """One POST with the full prompt for each key, answered by server-sent events."""

    def __init__(self, client: httpx2.AsyncClient, url: str, model: str) -> None:
        """Take the client, the root of the server, and the model to ask for."""
        self._client = client
        self._url = f"{url}/responses"
        self._model = model

    async def ask(self, prompt: Prompt, hear: Hear) -> None:
        """Ask, and return when the answer has ended."""
        body = {
            "model": self._model,
            "store": False,
            "stream": True,
            "max_output_tokens": 128,
            "stream_options": {"include_obfuscation": False},
            "input": [*stable_items(prompt.stable), *tail_items(prompt)],
        }
        async with self._client.sse(
            self._url,
            method="POST",
            content=encode(body),
            headers={"Content-Type": "application/json"},
        ) as source:
            async for told in source:
                event = decode_event(told.data)
                if isinstance(event, TextDelta):
                    hear(event.delta)


@asynccontextmanager
async def requests(url: str, model: str, trusted: str, *, http2: bool) -> AsyncIterator[Requests]:
    """Have a client that keeps an HTTP/2 connection, or opens one of HTTP/1.1 for each request."""
    limits = httpx2.Limits() if http2 else httpx2.Limits(max_keepalive_connections=0)
    async with httpx2.AsyncClient(
        verify=ssl.create_default_context(cafile=trusted),
        http1=not http2,
        http2=http2,
        limits=limits,
        trust_env=False,
        timeout=30.0,
    ) as client:
        yield Requests(client, url, model)


class Reader:
    """A WebSocket and nothing else; `frames` yields an answer's texts as they come."""

    def __init__(self, connection: ClientConnection, model: str) -> None:
        """Take an open connection and the model to ask for."""
        self._connection = connection
        self._request = encode({"type": "response.create", "model": model, "input": ""}).decode()

    async def frames(self) -> AsyncIterator[str | bytes]:
        """Ask, and yield what comes until the answer has ended."""
        await self._connection.send(self._request)
        async for frame in self._connection:
            yield frame
            if isinstance(frame, str) and frame.startswith('{"type":"response.completed"'):
                return


@asynccontextmanager
async def reader(url: str, model: str) -> AsyncIterator[Reader]:
    """Connect to a model that wants no key."""
    async with connect(
        f"{url}/responses", compression=None, proxy=None, max_size=None
    ) as connection:
        yield Reader(connection, model)


class Asker:
    """A WebSocket on which each question ends the one before, and nothing is remembered."""

    def __init__(self, connection: ClientConnection, model: str) -> None:
        """Take an open connection and the model to ask for."""
        self._connection = connection
        self._model = model
        self._asked = 0
        self._begun = 0
        self._running = ""
        self._hear: Hear = lambda _text: None

    async def ask(self, prompt: Prompt, hear: Hear) -> None:
        """Interrupt what is being written, and ask for something else."""
        if self._running:
            await self._connection.send(spelled_interrupt(self._running).decode())
        body = {"type": "response.create", "model": self._model, "input": tail_items(prompt)}
        self._asked, self._running, self._hear = self._asked + 1, "", hear
        await self._connection.send(encode(body).decode())

    async def listen(self) -> None:
        """Hand on what is written to the newest question, until the connection is closed."""
        async for frame in self._connection:
            match decode_event(frame):
                case TextDelta(delta=text) if self._begun == self._asked:
                    self._hear(text)
                case Created(response_id=key):
                    self._begun += 1
                    self._running = key if self._begun == self._asked else ""
                case Completed() | Incomplete() if self._begun == self._asked:
                    self._running = ""
                case _:
                    pass


@asynccontextmanager
async def asker(url: str, model: str) -> AsyncIterator[Asker]:
    """Connect to a model that wants no key."""
    async with connect(
        f"{url}/responses", compression=None, proxy=None, max_size=None
    ) as connection:
        made = Asker(connection, model)
        listening = asyncio.create_task(made.listen())
        try:
            yield made
        finally:
            listening.cancel()
            await asyncio.wait([listening])
