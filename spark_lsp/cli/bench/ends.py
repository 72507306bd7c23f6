"""A server between two ends of our own: what `bench` needs to see a key go in and a frame come out.

Owns a model that answers as told, and an editor that types, both in this process, so that one clock
sees everything. The server between them is a real subprocess.
"""

import asyncio
import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from spark_lsp.cli.client import Client
from spark_lsp.cli.files import language_id
from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.server.web import Socket, listening
from spark_lsp.wire.server import Answered, Generate, Prepare, Server

_KEY = "SPARK_LSP_BENCH_KEY"
_MODULES = 200
_FUNCTIONS = 100
_OPEN_FUNCTIONS = 2000


class Model:
    """Holds the newest request, and when it and its predecessor's interrupt came.

    Attributes:
        requests: how many there have been.
        requested: when the newest frame came.
        size: characters of that frame.
        context: bytes of the stable part that the newest request continues or brings along.
        arrived: is set with each request.
        arrivals: when the newest request came for each `ending` of the text before the cursor.
        greeting: what is said to each request at once.
    """

    def __init__(self) -> None:
        """Start without a request."""
        self.requests = 0
        self.requested = 0.0
        self.size = 0
        self.context = 0
        self.arrived = asyncio.Event()
        self.arrivals: dict[str, float] = {}
        self.greeting = ""
        self._ids = itertools.count()
        self._send: Callable[[str], None] = lambda _text: None
        self._finish: Callable[[], None] = lambda: None

    def say(self, text: str) -> None:
        """Send a delta of the newest answer."""
        self._send(text)

    def finish(self) -> None:
        """End the newest answer."""
        self._finish()

    async def serve(self, socket: Socket) -> None:
        """Speak to the server on one connection."""
        server = Server("embedded", lambda: str(next(self._ids)))

        def obey(answered: Answered) -> None:
            for frame in answered.frames:
                socket.send(frame)
            for command in answered.commands:
                if isinstance(command, Prepare):
                    obey(server.finish(command.key))
                elif isinstance(command, Generate) and isinstance(command.prompt, Prompt):
                    self.context = sum(map(_size, command.prompt.stable))
                    self.arrivals[ending(command.prompt.prefix)] = self.requested
                    self._generate(socket, server, command.key, obey)
                    self.say(self.greeting)

        async for frame in socket.frames():
            self.requested = perf_counter()
            self.size = len(frame)
            obey(server.receive(frame))

    def _generate(
        self, socket: Socket, server: Server, key: str, obey: Callable[[Answered], None]
    ) -> None:
        def send(text: str) -> None:
            for frame in server.delta(key, text):
                socket.send(frame)

        self._send = send
        self._finish = lambda: obey(server.finish(key))
        self.requests += 1
        self.arrived.set()


def ending(prefix: str) -> str:
    """Return the last two lines of a text, by which a place in a typed text can be known."""
    return "\n".join(prefix.rsplit("\n", 2)[-2:])


def _size(block: Block) -> int:
    return len(block.text.encode("utf-8", "replace"))


class Typist:
    """An editor with one large document and the cursor in the middle of it."""

    def __init__(self, client: Client, uri: str, line: int) -> None:
        """Type into an open document at the start of a line."""
        self._client = client
        self._uri = uri
        self._line = line
        self._character = 0
        self._version = 1
        self.seen = 0.0
        self.shown = ""
        self.progress = asyncio.Event()
        client.on_notification = self._notified

    @property
    def column(self) -> int:
        """How many characters stand before the cursor in its line."""
        return self._character

    def key(self, char: str) -> tuple[float, asyncio.Future[Any]]:
        """Type a character or a line break, and ask; returns when, and the answer to come."""
        here = {"line": self._line, "character": self._character}
        breaks = char == "\n"
        self._line, self._character = self._line + breaks, 0 if breaks else self._character + 1
        began = perf_counter()
        self._change(here, char)
        return began, self.ask()

    def line(self) -> None:
        """Begin a line like one that the file has often, at the start of the cursor's line."""
        self._change({"line": self._line, "character": 0}, "    total = \n")
        self._character = len("    total = ")

    def ask(self) -> asyncio.Future[Any]:
        """Ask for a completion at the cursor."""
        return self._client.request(
            "textDocument/inlineCompletion",
            {
                "textDocument": {"uri": self._uri},
                "position": {"line": self._line, "character": self._character},
                "context": {"triggerKind": 2},
                "partialResultToken": self._version,
            },
        )

    def _change(self, here: dict[str, int], text: str) -> None:
        self._version += 1
        self._client.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": self._uri, "version": self._version},
                "contentChanges": [{"range": {"start": here, "end": here}, "text": text}],
            },
        )

    def _notified(self, method: str, params: Any) -> None:
        if method == "$/progress":
            self.seen = perf_counter()
            self.shown = params["value"]["items"][0]["insertText"]
            self.progress.set()


@dataclass(frozen=True, slots=True)
class Scene:
    """A repository, a file in it that is opened, and the line where the person types."""

    root: Path
    file: Path
    line: int


def generated(root: Path) -> Scene:
    """Write a repository of 100,000 lines, and a file of 10,000 lines to be opened."""
    root.mkdir()
    for number in range(_MODULES):
        (root / f"module_{number}.py").write_text(_module(number, _FUNCTIONS), "utf-8")
    source = _module(_MODULES, _OPEN_FUNCTIONS)
    path = root / "open.py"
    path.write_text(source, "utf-8")
    return Scene(root, path, source.count("\n") // 2 // 5 * 5 + 4)


@asynccontextmanager
async def between(scene: Scene, more: str = "") -> AsyncIterator[tuple[Client, Model, Typist]]:
    """Run a server that asks a model of ours, with more settings."""
    model = Model()
    with tempfile.TemporaryDirectory() as folder:
        async with listening(model.serve, "127.0.0.1", 0, "bench", "{}") as port:
            config = Path(folder) / "config.toml"
            config.write_text(
                'model_provider = "bench"\nmodel = "embedded"\ndrafts = false\n'
                f'[model_providers.bench]\nbase_url = "ws://127.0.0.1:{port}/v1"\n'
                f'env_key = "{_KEY}"\n{more}',
                "utf-8",
            )
            os.environ[_KEY] = "bench"
            async with embedded(scene, "--config", str(config)) as (client, typist):
                yield client, model, typist


@asynccontextmanager
async def embedded(scene: Scene, *options: str) -> AsyncIterator[tuple[Client, Typist]]:
    """Run a server with the embedded engine, unless options say otherwise."""
    text = scene.file.read_bytes().decode("utf-8", "replace")
    client = await Client.start(*options)
    try:
        await client.initialize(scene.root)
        uri = scene.file.as_uri()
        document = {"uri": uri, "languageId": language_id(scene.file), "version": 1, "text": text}
        client.notify("textDocument/didOpen", {"textDocument": document})
        yield client, Typist(client, uri, scene.line)
    finally:
        await client.close()


def _module(number: int, functions: int) -> str:
    """Return five lines for each function, the last of them empty."""
    return "".join(
        f"def function_{number}_{index}(first, second):\n"
        f"    total = first * {index} + second\n"
        f"    if total > {number}:\n"
        f"        return function_{number}_{max(0, index - 1)}(total, second)\n\n"
        for index in range(functions)
    )
