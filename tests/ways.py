"""A model by several ways: fakes that do what a test tells them to, and what is heard of them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from spark_lsp.core.events import Event
from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.server.provider import Provider, Way
from spark_lsp.server.status import Status
from tests.heard import Heard

STABLE = (Block("file", "util.py", "def helper(): ...\n"),)
PROMPT = Prompt(STABLE, "a.py", "x = ", "\n")
GONE = "nobody answers"
UNABLE = "the engine follows no instructions"


class Fake:
    """A way that does what a test tells it to."""

    def __init__(self) -> None:
        self.feed: Callable[[Event], None]
        self.calls: list[object] = []
        self.running = False
        self.begun = asyncio.Event()
        self.ended = asyncio.Event()
        self.defect: Exception | None = None
        self.relaxings: list[bool] = []

    def begin(self, feed: Callable[[Event], None]) -> "Fake":
        self.feed = feed
        return self

    async def run(self) -> None:
        if self.defect:
            raise self.defect
        self.running = True
        self.ended.clear()
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.running = False
            self.ended.set()

    def open(self, stream: int, prompt: Prompt | Rewrite) -> None:
        self.calls.append((stream, prompt))

    def steer(self, stream: int, instruction: str, again: Prompt | Rewrite) -> None:
        self.calls.append((stream, instruction, again))

    def cancel(self, stream: int) -> None:
        self.calls.append(stream)

    def relax(self, *, relaxed: bool) -> None:
        self.relaxings.append(relaxed)

    def warm(self, stable: tuple[Block, ...]) -> None:
        self.calls.append(stable)


class Scene:
    """A socket, HTTP and the engine, with what the session and the person hear.

    The engine stands in, unless the provider is to be `alone`, and drafts if that is wanted.
    """

    def __init__(self, *, patience: float = 0.0, drafts: bool = False, alone: bool = False) -> None:
        self.socket, self.http, self.engine = Fake(), Fake(), Fake()
        self.heard: Heard[Event] = Heard()
        self.told: Heard[Status] = Heard()
        ways = [
            Way("mine", self.socket.begin),
            Way("mine, over HTTP", self.http.begin, after=3600.0),
            Way(
                "the embedded engine",
                self.engine.begin,
                after=patience,
                stand_in=True,
                unable=UNABLE,
            ),
        ]
        drafting = ways[-1] if drafts else None
        self.provider = Provider(ways[:-1] if alone else ways, self.heard, self.told, drafting)

    @property
    def events(self) -> list[Event]:
        return self.heard.all


@asynccontextmanager
async def scene(
    *, patience: float = 3600.0, drafts: bool = False, alone: bool = False
) -> AsyncIterator[Scene]:
    it = Scene(patience=patience, drafts=drafts, alone=alone)
    task = asyncio.create_task(it.provider.run())
    try:
        await it.socket.begun.wait()
        yield it
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    assert not any(way.running for way in (it.socket, it.http, it.engine))
