"""One warm connection to a provider, always there or on its way back.

Owns connecting, reconnecting and the translation between the session's streams and the frames of
`wire.client`. Which stream is wanted is decided by the session; what frames mean, by the client.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator

from spark_lsp.core.events import Down, Ended, Event, Failed, Up, Wrote
from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.server.websocket import Endpoint, Socket, Unreachable, connect
from spark_lsp.wire import outcomes
from spark_lsp.wire.client import Client
from spark_lsp.wire.requests import Profile

_log = logging.getLogger(__name__)


class Connection:
    """A backend at the end of a WebSocket; see `server.driver.Backend`."""

    def __init__(
        self,
        endpoint: Callable[[], Awaitable[Endpoint]],
        profile: Profile,
        feed: Callable[[Event], None],
    ) -> None:
        """Take where to connect (asked anew before each attempt), how to ask, and who listens."""
        self._endpoint = endpoint
        self._client = Client(profile)
        self._feed = feed
        self._socket: Socket | None = None

    async def run(self) -> None:
        """Keep a connection until cancelled."""
        delays = _delays()
        while True:
            try:
                socket = await connect(await self._endpoint())
            except Unreachable as error:
                _log.warning("%s", error)
                self._feed(Down(str(error)))
                await asyncio.sleep(next(delays))
                continue
            self._socket = socket
            self._feed(Up())
            try:
                async with contextlib.aclosing(socket.frames()) as frames:
                    async for frame in frames:
                        delays = _delays()
                        self._take(self._client.receive(frame))
            finally:
                socket.abort()
                if self._socket is socket:
                    self._lost("the connection to the model was lost")
            await asyncio.sleep(next(delays))

    def open(self, stream: int, prompt: Prompt) -> None:
        """Ask for an answer."""
        if self._socket is None:
            asyncio.get_running_loop().call_soon(
                self._feed, Failed(stream, "the connection to the model was lost", transient=True)
            )
        else:
            self._take(self._client.create(stream, prompt))

    def cancel(self, stream: int) -> None:
        """Stop an answer; no event of it comes after this."""
        if self._socket is not None:
            self._take(self._client.cancel(stream))

    def warm(self, stable: tuple[Block, ...]) -> None:
        """Prepare for prompts that begin like this."""
        if self._socket is not None:
            self._take(self._client.warm(stable))

    def _take(self, step: outcomes.Step) -> None:
        if self._socket is None:
            return
        for frame in step.frames:
            self._socket.send(frame)
        if step.drop:
            socket, self._socket = self._socket, None
            socket.abort()
        self._tell(step.events)
        if step.drop:
            self._lost("the connection was given up to stop an answer")

    def _tell(self, events: list[outcomes.Event]) -> None:
        for event in events:
            match event:
                case outcomes.Delta(handle, text):
                    self._feed(Wrote(handle, text))
                case outcomes.Ended(handle):
                    self._feed(Ended(handle))
                case outcomes.Failed(handle, code, message, transient, after):
                    level = logging.INFO if code == "connection_lost" else logging.WARNING
                    _log.log(level, "the model failed: %s (%s)", message, code)
                    self._feed(Failed(handle, message, transient, after or 0.0))
                case outcomes.Warmed(ok, fault=fault):
                    _log.debug("warmed: %s %s", ok, fault)

    def _lost(self, reason: str) -> None:
        """Tell that the connection is gone before telling which streams went with it."""
        self._socket = None
        events = self._client.lost(reason)
        self._feed(Down(reason))
        self._tell(events)


def _delays() -> Iterator[float]:
    """Yield the seconds to wait before each attempt to reconnect: none, then longer and longer."""
    yield 0.0
    delay = 0.1
    while True:
        yield delay
        delay = min(delay * 2, 5.0)
