"""One warm connection to a provider, always there or on its way back.

Owns connecting, reconnecting and the translation between the session's streams and the frames of
`wire.client`. Which stream is wanted is decided by the session; what frames mean, by the client.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator

from spark_lsp.core.events import Down, Ended, Event, Failed, Up, Warmed, Wrote
from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.server.websocket import Endpoint, Socket, Unreachable, connect
from spark_lsp.wire import outcomes
from spark_lsp.wire.client import Client
from spark_lsp.wire.requests import Profile

_log = logging.getLogger(__name__)


_WARMING = 20.0
"""Seconds that a warm-up may take."""
_SETTLED = 5.0
"""Seconds after which a connection counts as good, though nothing of use may have come over it."""


class Connection:
    """A backend at the end of a WebSocket; see `server.driver.Backend`."""

    def __init__(
        self,
        endpoint: Callable[[], Awaitable[Endpoint]],
        profile: Profile,
        feed: Callable[[Event], None],
        replace: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Take where to connect (asked anew before each attempt), how to ask, and who listens.

        `replace` is called when there is an endpoint and nobody answers there.
        """
        self._endpoint = endpoint
        self._client = Client(profile)
        self._feed = feed
        self._replace = replace
        self._socket: Socket | None = None
        self._useful = False
        self._unsent: dict[int, asyncio.Handle] = {}
        self._complaint = ""
        self._overdue: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Keep a connection until cancelled."""
        delays = _delays()
        while True:
            if await self._live():
                # Such a connection was good, and so is, most likely, the next.
                delays = _delays()
                await asyncio.sleep(0)
            else:
                await asyncio.sleep(next(delays))

    def open(self, stream: int, prompt: Prompt) -> None:
        """Ask for an answer."""
        if self._socket is None:
            # Later, because whoever asks is in the middle of something.
            self._unsent[stream] = asyncio.get_running_loop().call_soon(self._not_sent, stream)
        else:
            self._take(self._client.create(stream, prompt))

    def cancel(self, stream: int) -> None:
        """Stop an answer; no event of it comes after this."""
        if unsent := self._unsent.pop(stream, None):
            unsent.cancel()
        elif self._socket is not None:
            self._take(self._client.cancel(stream))

    def warm(self, stable: tuple[Block, ...]) -> None:
        """Prepare for prompts that begin like this."""
        if self._socket is not None:
            self._take(self._client.warm(stable))
            self._expect_no_more()
            self._overdue = asyncio.get_running_loop().call_later(_WARMING, self._unwarmed, stable)

    async def _live(self) -> bool:
        """Connect, and serve until the connection is lost; returns whether it was of use."""
        socket = await self._connected()
        if socket is None:
            return False
        clock = asyncio.get_running_loop().time
        began = clock()
        self._useful = False
        self._socket = socket
        try:
            self._feed(Up())
            async with contextlib.aclosing(socket.frames()) as frames:
                async for frame in frames:
                    self._take(self._client.receive(frame))
        except Exception:  # noqa: BLE001 - told below
            # A defect of ours. It costs the answers of this connection, not all that come after.
            _log.exception("the connection to the model is given up")
        finally:
            socket.abort()
            if self._socket is socket:
                self._lost("the connection to the model was lost")
        return self._useful or clock() - began > _SETTLED

    async def _connected(self) -> Socket | None:
        """Connect once, or tell in a sentence why not."""
        found = False
        try:
            endpoint = await self._endpoint()
            found = True
            socket = await connect(endpoint)
        except Unreachable as error:
            reason = str(error)
        except Exception as error:  # noqa: BLE001 - a task that has died completes nothing
            _log.exception("connecting has failed in a way that was not foreseen")
            reason = f"the model cannot be reached ({type(error).__name__})"
        else:
            self._complaint = ""
            return socket
        # An outage is told once, not with each attempt.
        _log.log(logging.DEBUG if reason == self._complaint else logging.WARNING, "%s", reason)
        self._complaint = reason
        self._feed(Down(reason))
        if found and self._replace:
            await self._replace()
        return None

    def _take(self, step: outcomes.Step) -> None:
        if self._socket is None:
            return
        for frame in step.frames:
            self._socket.send(frame)
        if step.drop:
            self._socket.abort()
            self._lost("the connection to the model was given up", step.events)
        else:
            self._tell(step.events)

    def _tell(self, events: Iterable[outcomes.Event]) -> None:
        for event in events:
            match event:
                case outcomes.Delta(handle, text):
                    self._useful = True
                    self._feed(Wrote(handle, text))
                case outcomes.Ended(handle):
                    self._useful = True
                    self._feed(Ended(handle))
                case outcomes.Failed(handle, code, message, transient, after):
                    level = logging.INFO if code == "connection_lost" else logging.WARNING
                    _log.log(level, "the model failed: %s (%s)", message, code)
                    self._feed(Failed(handle, message, transient, after or 0.0))
                case outcomes.Warmed(ok, stable, fault=fault):
                    self._expect_no_more()
                    self._useful |= ok
                    _log.debug("warmed: %s %s", ok, fault)
                    # What cannot be warmed is sent cold; what was overtaken is warmed by another.
                    if ok or (fault and fault.code not in {"connection_lost", "superseded"}):
                        self._feed(Warmed(stable))

    def _lost(self, reason: str, before: Iterable[outcomes.Event] = ()) -> None:
        """Tell that the connection is gone before telling which streams went with it."""
        self._socket = None
        self._expect_no_more()
        events = [*before, *self._client.lost(reason)]
        self._feed(Down(reason))
        self._tell(events)

    def _expect_no_more(self) -> None:
        if self._overdue:
            self._overdue.cancel()
            self._overdue = None

    def _unwarmed(self, stable: tuple[Block, ...]) -> None:
        """Go on without: a provider that says nothing to a warm-up may answer all the same."""
        self._overdue = None
        _log.warning("the model has not said in %.0f s that it is prepared", _WARMING)
        self._feed(Warmed(stable))

    def _not_sent(self, stream: int) -> None:
        del self._unsent[stream]
        self._feed(Failed(stream, "the connection to the model was lost", transient=True))


def _delays() -> Iterator[float]:
    """Yield the seconds to wait before each attempt after a failure, longer and longer."""
    delay = 0.1
    while True:
        yield delay
        delay = min(delay * 2, 5.0)
