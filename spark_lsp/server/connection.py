"""A provider at the end of WebSockets, always there or on its way back.

Owns the sockets, the timer and the translation between the session's streams and what `wire.link`
wants done. Which stream is wanted is decided by the session; when to connect, and what frames mean,
by the link.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from spark_lsp.core.events import Down, Ended, Event, Failed, Turned, Up, Warmed, Wrote
from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.server.endpoint import Endpoint, Unreachable
from spark_lsp.server.websocket import Socket, connect
from spark_lsp.wire import outcomes
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.delays import Pace
from spark_lsp.wire.legs import Act, Dial, Drop, Send
from spark_lsp.wire.link import Link

_log = logging.getLogger(__name__)

PACE = Pace()

_Told: TypeAlias = outcomes.Event | outcomes.Connected | outcomes.Disconnected


class Connection:
    """A backend at the end of WebSockets; see `server.driver.Backend`."""

    def __init__(
        self,
        endpoint: Callable[[], Awaitable[Endpoint]],
        profile: Profile,
        feed: Callable[[Event], None],
        replace: Callable[[], Awaitable[None]] | None = None,
        pace: Pace = PACE,
    ) -> None:
        """Take where to connect (asked anew before each attempt), how to ask, and who listens.

        `replace` is called when there is an endpoint and nobody answers there.
        """
        self._endpoint = endpoint
        self._link = Link(profile, pace, random.random)
        self._listener = feed
        self._replace = replace
        self._loop = asyncio.get_running_loop()
        self._legs: dict[int, asyncio.Task[None]] = {}
        self._sockets: dict[int, Socket] = {}
        self._inboxes: dict[int, list[str | bytes]] = {}
        self._open: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._complaint = ""
        self._ended = False
        self._refused = False
        self._place = Endpoint("")

    @property
    def profile(self) -> Profile:
        """What is believed of the provider by now."""
        return self._link.profile

    async def run(self) -> None:
        """Keep a connection until cancelled."""
        try:
            self._perform(self._link.start(self._loop.time()))
            await asyncio.Event().wait()
        finally:
            self._ended = True
            while legs := list(self._legs.values()):
                for leg in legs:
                    leg.cancel()
                await asyncio.gather(*legs, return_exceptions=True)
            self._arm()

    def relax(self, *, relaxed: bool) -> None:
        """Connect without hurry, while another way is in use."""
        self._link.relax(self._loop.time(), relaxed=relaxed)
        self._arm()

    def open(self, stream: int, prompt: Prompt | Rewrite) -> None:
        """Ask for an answer."""
        self._open.add(stream)
        self._perform(self._link.create(stream, prompt, self._loop.time()), later=True)

    def steer(self, stream: int, instruction: str, again: Prompt | Rewrite) -> None:
        """Redirect an answer, or end it and ask `again`; `Turned` says which, and parts the two."""
        acts = self._link.steer(stream, instruction, again, self._loop.time())
        self._perform(acts, later=True)

    def cancel(self, stream: int) -> None:
        """Stop an answer; no event of it comes after this."""
        self._open.discard(stream)
        self._perform(self._link.cancel(stream, self._loop.time()), later=True)

    def warm(self, stable: tuple[Block, ...]) -> None:
        """Prepare for prompts that begin like this."""
        self._perform(self._link.warm(stable, self._loop.time()), later=True)

    def _tick(self) -> None:
        self._timer = None
        self._perform(self._link.tick(self._loop.time()))

    def _perform(self, acts: Sequence[Act], *, later: bool = False) -> None:
        """Do what is to be done, and tell what is to be told.

        In this order: who is told may want more, and that goes out after what was wanted before.
        Whoever asks for something is told `later`, being in the middle of something.
        """
        told: list[_Told] = []
        for act in acts:
            match act:
                case Send(leg, frame):
                    if socket := self._sockets.get(leg):
                        socket.send(frame)
                case Dial(leg):
                    self._dial(leg)
                case Drop(leg):
                    self._drop(leg)
                case _:
                    told.append(act)
        self._arm()
        if later and told:
            self._loop.call_soon(self._tell_all, told)
        else:
            self._tell_all(told)

    def _tell_all(self, told: Sequence[_Told]) -> None:
        for act in told:
            self._tell(act)

    def _tell(self, act: _Told) -> None:
        match act:
            case outcomes.Delta(handle, text, confidence):  # most common case first
                if handle in self._open:  # what was told before may have cancelled it
                    self._feed(Wrote(handle, text, confidence))
            case outcomes.Connected():
                self._complaint = ""
                self._feed(Up())
            case outcomes.Disconnected(reason, hopeless):
                # An outage is told once, not with each attempt.
                known = reason == self._complaint or self._ended
                _log.log(logging.DEBUG if known else logging.WARNING, "%s", reason)
                self._complaint = reason
                self._feed(Down(reason, hopeless, self._refused))
            case outcomes.Steered(handle, how) if handle in self._open:
                self._feed(Turned(handle, how))
            case outcomes.Ended(handle) if handle in self._open:
                self._open.remove(handle)
                self._feed(Ended(handle))
            case outcomes.Failed(handle, code, message, transient) if handle in self._open:
                self._open.remove(handle)
                message = self._place.veiled(message)
                level = logging.INFO if code == "connection_lost" else logging.WARNING
                _log.log(level, "the model failed: %s (%s)", message, code)
                after = act.retry_after or 0.0
                self._feed(Failed(handle, message, transient, after, act.lasting))
            case outcomes.Warmed(stable=stable):
                self._feed(Warmed(stable))
            case _:
                pass  # what nobody waits for

    def _feed(self, event: Event) -> None:
        try:
            self._listener(event)
        except Exception:  # noqa: BLE001 - a defect of ours
            self._give_up(*self._sockets)

    def _give_up(self, *legs: int) -> None:
        """Let a defect cost the answers that are being written, and not all that follow."""
        _log.exception("the connection to the model is given up")
        for leg in legs:
            self._sockets[leg].abort()

    def _dial(self, leg: int) -> None:
        task = self._legs[leg] = self._loop.create_task(self._live(leg))
        task.add_done_callback(lambda _: self._legs.pop(leg))

    def _drop(self, leg: int) -> None:
        if socket := self._sockets.pop(leg, None):
            socket.abort()
        if (task := self._legs.get(leg)) and task is not asyncio.current_task():
            task.cancel()

    def _arm(self) -> None:
        due = None if self._ended else self._link.deadline()
        if self._timer and (due is None or self._timer.when() != due):
            self._timer.cancel()
            self._timer = None
        if due is not None and self._timer is None:
            self._timer = self._loop.call_at(due, self._tick)

    async def _live(self, leg: int) -> None:
        """Connect, and serve until the connection is gone."""
        socket = await self._connected(leg)
        if socket is None:
            return
        self._sockets[leg] = socket
        try:
            self._perform(self._link.opened(leg, self._loop.time()))
            async with contextlib.aclosing(socket.frames()) as frames:
                async for frame in frames:
                    self._arrived(leg, frame)
            self._heed(leg)
        finally:
            socket.abort()
            self._inboxes.pop(leg, None)
            if self._sockets.pop(leg, None):
                reason, code = "the connection to the model was lost", socket.close_code
                self._perform(self._link.closed(leg, reason, self._loop.time(), code))

    def _arrived(self, leg: int, frame: str | bytes) -> None:
        """Keep a frame until all that has come with it is there, which is before the loop waits."""
        inbox = self._inboxes.setdefault(leg, [])
        if not inbox:
            self._loop.call_soon(self._heed, leg)
        inbox.append(frame)

    def _heed(self, leg: int) -> None:
        """Take in what has come at once; the pieces of an answer in it are told as one."""
        acts: list[Act] = []
        try:
            for frame in self._inboxes.pop(leg, ()):
                for act in self._link.received(leg, frame, self._loop.time()):
                    last = acts[-1] if acts else None
                    match last, act:
                        case outcomes.Delta(one, text), outcomes.Delta(other, more) if one == other:
                            acts[-1] = outcomes.Delta(one, text + more, act.confidence)
                        case _:
                            acts.append(act)
        except Exception:  # noqa: BLE001 - a defect of ours
            self._give_up(*{leg} & self._sockets.keys())
        self._perform(acts)

    async def _connected(self, leg: int) -> Socket | None:
        """Connect once, or tell in a sentence why not."""
        found = False
        status = after = None
        try:
            endpoint = self._place = await self._endpoint()
            found = True
            return await connect(endpoint)
        except Unreachable as error:
            reason, status, after = str(error), error.status, error.retry_after
        except Exception as error:  # noqa: BLE001 - a task that has died completes nothing
            _log.exception("connecting has failed in a way that was not foreseen")
            reason = f"the model cannot be reached ({type(error).__name__})"
        try:
            if found and self._replace:
                await self._replace()
        except Exception:  # noqa: BLE001 - the same
            _log.exception("who does not answer could not be replaced")
        self._refused = status in {401, 403}
        self._perform(self._link.refused(leg, reason, self._loop.time(), status, after))
        self._refused = False
        return None
