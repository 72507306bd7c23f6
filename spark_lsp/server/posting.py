"""Answers over HTTP: one request for each stream, to a server that is there or is looked for again.

Owns the tasks that ask and read, what a failure means for those that come after it, and when a
provider that is away is tried again. How a prompt is spelled and an answer read is left to
`wire.dialects`, connections to `http`, which stream is wanted to the session.

Nothing can be said to an answer over HTTP while it is written: one that is steered is ended and
asked for anew. An HTTP server has no connection to lose. It is *up* when it has answered anything,
and *away* after a request that found nobody, or a key that was refused.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spark_lsp.core.events import Down, Ended, Event, Failed, Turned, Up, Warmed, Wrote
from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.server.endpoint import Endpoint, Unreachable
from spark_lsp.wire.dialects.base import Dialect, End, Piece
from spark_lsp.wire.faults import Fault, Remedy
from spark_lsp.wire.refusals import fault as refusal

if TYPE_CHECKING:
    from spark_lsp.server.http import Http

_log = logging.getLogger(__name__)

ONLY_COMPLETES = "this model only completes and cannot follow instructions"

_REFUSAL = 64 * 1024
"""Bytes that are read of an answer that is no success."""
_NO_KEY = 401
_SLOWER = frozenset({429, 529})
_AWAY = frozenset({502, 503, 504})
"""What a gateway says for a server that is not there, and llama.cpp while it loads its model."""
_DOUBTS = 6
"""How often in a row a probe is believed that the server is away; a request may know better."""
_LOST = Fault("connection_lost", "the answer broke off before its end")


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait for what, in seconds.

    Attributes:
        first: before a provider that is away is tried again; doubles with each further time.
        longest: between two such attempts.
        refused: between attempts with a key that was refused.
        slower: before the next request where the server asks to slow down and does not say how
            long; doubles with each further time, up to `refused`.
        drain: that an answer may take to end after its last word, so that its connection is kept.
    """

    first: float = 0.5
    longest: float = 30.0
    refused: float = 60.0
    slower: float = 1.0
    drain: float = 0.5


@dataclass(slots=True, eq=False)
class _Asking:
    """One answer that is wanted.

    Attributes:
        stream: the number that its events carry.
        prompt: what is asked.
        turned: whether another answer of this number was ended for it, which is not told yet.
        speaks: whether some of its text was told.
        task: what sees to it.
    """

    stream: int
    prompt: Prompt | Rewrite
    turned: bool = False
    speaks: bool = False
    task: asyncio.Task[None] | None = None


class Posting:
    """A backend that is asked over HTTP; see `server.driver.Backend`."""

    def __init__(
        self,
        endpoint: Callable[[], Awaitable[Endpoint]],
        dialect: Dialect,
        feed: Callable[[Event], None],
        pace: Pace | None = None,
    ) -> None:
        """Take where to ask (looked up anew when it was of no use), how to ask, and who listens."""
        self._endpoint = endpoint
        self._dialect = dialect
        self._feed = feed
        self._pace = pace or Pace()
        self._http: Http | None = None
        self._finding = asyncio.Lock()
        self._up = False
        self._gone = asyncio.Event()
        self._failures = 0
        self._refused = False
        self._relaxed = False
        self._slowed = 0
        self._complaint = ""
        self._streams: dict[int, _Asking] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Keep the provider in reach until cancelled."""
        try:
            # Opens a connection, too, so that the first key does not wait for one.
            if (http := await self._found()) and await self._answers(http):
                self._arrive()
            while True:
                await self._gone.wait()
                await asyncio.sleep(self._pause())
                http = await self._found()
                # Who refuses a key may answer everything else: only a request can tell.
                if http and (self._refused or await self._answers(http)):
                    self._arrive()
        finally:
            await self._end()

    def open(self, stream: int, prompt: Prompt | Rewrite) -> None:
        """Ask for an answer; one that only an instructed model can give fails with the others."""
        self._begin(_Asking(stream, prompt))

    def steer(self, stream: int, instruction: str, again: Prompt | Rewrite) -> None:
        """End an answer and ask `again`, which says what is wanted; `Turned` parts the two."""
        del instruction
        if stream in self._streams:
            self.cancel(stream)
            self._begin(_Asking(stream, again, turned=True))

    def cancel(self, stream: int) -> None:
        """Stop an answer: no event of it comes after this, and the server is told at once."""
        if (asking := self._streams.pop(stream, None)) and asking.task:
            asking.task.cancel()

    def warm(self, stable: tuple[Block, ...]) -> None:
        """Say that it is prepared: a server's cache is filled by what it is asked."""
        # Later, because whoever asks is in the middle of something.
        asyncio.get_running_loop().call_soon(self._feed, Warmed(stable))

    def relax(self, *, relaxed: bool) -> None:
        """Look for the provider without hurry, until it has answered: another way is in use."""
        self._relaxed = relaxed

    def _begin(self, asking: _Asking) -> None:
        self._streams[asking.stream] = asking
        asking.task = task = asyncio.get_running_loop().create_task(self._serve(asking))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _wanted(self, asking: _Asking) -> bool:
        """Whether an answer is waited for, and not another that has its number by now."""
        return self._streams.get(asking.stream) is asking

    async def _serve(self, asking: _Asking) -> None:
        """See to one answer: exactly one end of it is told, unless nobody wants it any more."""
        stream = asking.stream
        try:
            failed = await self._asked(asking)
        except Exception as error:  # noqa: BLE001 - a defect of ours costs one answer, not all
            _log.exception("a request has failed in a way that was not foreseen")
            reason = f"the request has failed ({type(error).__name__})"
            failed = Failed(stream, reason, transient=False)
        if failed and self._wanted(asking):
            del self._streams[stream]
            self._feed(failed)

    async def _asked(self, asking: _Asking) -> Failed | None:
        """Ask until there is an answer, or nothing left to change; returns why there is none."""
        stream, renewed = asking.stream, False
        if not self._dialect.instructable and (asking.turned or isinstance(asking.prompt, Rewrite)):
            return Failed(stream, ONLY_COMPLETES, transient=False)
        if asking.turned:
            self._feed(Turned(stream, "reissued"))
        while self._up and (http := self._http):
            dialect = self._dialect
            try:
                fault = await self._read(http, dialect, asking)
            except Unreachable as error:
                # Before it fails, for the session must know that it is away to decide on a retry.
                self._leave(str(error))
                return Failed(stream, str(error), transient=True)
            if fault is None:
                return None
            again = not asking.speaks  # else it would be said twice
            if again and (smaller := dialect.without(fault)):
                # Such a field is refused each time: from now on it is left out.
                _log.info("the model's server refuses a field: %s", http.veiled(fault.message))
                self._dialect = smaller
            elif again and not renewed and await self._renewed(fault, http):
                renewed = True
            else:
                return self._failed(stream, replace(fault, message=http.veiled(fault.message)))
        return Failed(stream, self._complaint or "the model is not there yet", transient=True)

    async def _renewed(self, fault: Fault, http: "Http") -> bool:
        """Whether a key was refused and there is another by now."""
        return fault.status == _NO_KEY and await self._found() not in {http, None}

    async def _read(self, http: "Http", dialect: Dialect, asking: _Asking) -> Fault | None:
        """Ask once and tell the answer as it comes; returns what went wrong instead of its end.

        Raises:
            Unreachable: if no answer has begun.
        """
        reader = dialect.reader(asking.prompt)
        async with http.post(dialect.call(asking.prompt)) as answer:
            if not 200 <= answer.status < 300:
                return refusal(answer.status, answer.headers, await answer.start(_REFUSAL))
            self._failures, self._slowed, self._complaint = 0, 0, ""
            self._relaxed = False
            async with aclosing(answer.chunks()) as chunks:
                ending = None
                with contextlib.suppress(Unreachable):  # the reader knows whether it was all
                    async for chunk in chunks:
                        if ending := self._told(asking, reader.feed(chunk) or ("",)):
                            break
                ending = ending or self._told(asking, reader.close()) or _LOST
                if isinstance(ending, Fault):
                    return ending
                with contextlib.suppress(Unreachable, TimeoutError):
                    async with asyncio.timeout(self._pace.drain):
                        async for _ in chunks:
                            pass
        return None

    def _told(self, asking: _Asking, pieces: Iterable[Piece]) -> End | Fault | None:
        """Tell what has been read, as long as anybody wants it; returns what ends it."""
        for piece in pieces:
            if not self._wanted(asking):
                return None
            match piece:
                case str():
                    asking.speaks = True
                    self._feed(Wrote(asking.stream, piece))
                case End():
                    del self._streams[asking.stream]
                    self._feed(Ended(asking.stream))
                    return piece
                case Fault():
                    return piece
        return None

    def _failed(self, stream: int, fault: Fault) -> Failed:
        """Return what a fault means for its stream, and heed what it means for all."""
        after = fault.retry_after
        if fault.status == _NO_KEY:
            self._leave(fault.message, refused=True)
        elif fault.status in _AWAY and after is None:
            self._leave(fault.message)
        else:
            level = logging.INFO if fault.code == "connection_lost" else logging.WARNING
            _log.log(level, "the model failed: %s (%s)", fault.message, fault.code)
        if fault.status in _SLOWER and after is None:
            after = min(self._pace.slower * 2.0**self._slowed, self._pace.refused)
            self._slowed += 1
        transient = fault.remedy is not Remedy.REPORT
        return Failed(stream, fault.message, transient, after or 0.0, fault.lasting)

    def _arrive(self) -> None:
        self._up = True
        self._gone.clear()
        self._feed(Up())

    def _leave(self, reason: str, *, refused: bool = False) -> None:
        """Tell that the provider is away, and have it looked for."""
        self._up = False
        self._refused = refused
        self._failures += 1
        self._gone.set()
        # An outage is told once, not with each attempt.
        _log.log(logging.DEBUG if reason == self._complaint else logging.WARNING, "%s", reason)
        self._complaint = reason
        self._feed(Down(reason, refused or self._failures > 1, refused))

    def _pause(self) -> float:
        """Return how long to wait before the provider is tried again."""
        if self._refused:
            return self._pace.refused
        if self._relaxed:
            return self._pace.longest
        growing = self._pace.first * 2.0 ** min(self._failures - 1, 30)
        return min(growing, self._pace.longest)

    async def _found(self) -> "Http | None":
        """Look up where the provider is, and be ready to ask it; if it cannot be, say so."""
        async with self._finding:
            try:
                endpoint = await self._endpoint()
                if self._http is None or self._http.endpoint != endpoint:
                    http = await asyncio.to_thread(_opened, endpoint)
                    before, self._http = self._http, http
                    if before:
                        await before.close()
            except Unreachable as error:
                self._leave(str(error), refused=error.status == _NO_KEY)
                return None
            except Exception as error:  # noqa: BLE001 - a task that has died completes nothing
                _log.exception("a provider could not be looked up, which was not foreseen")
                self._leave(f"the model cannot be reached ({type(error).__name__})")
                return None
            return self._http

    async def _answers(self, http: "Http") -> bool:
        """Whether the provider answers now; if not, say so."""
        try:
            status = await http.reach()
        except Unreachable as error:
            self._leave(str(error))
            return False
        if status in _AWAY and self._failures < _DOUBTS:
            self._leave(refusal(status, {}, b"").message)
            return False
        return True

    async def _end(self) -> None:
        reason = "the connection to the model was given up"
        streams, self._streams = list(self._streams), {}
        for task in self._tasks:
            task.cancel()
        if self._up:
            self._up = False
            self._feed(Down(reason))
        for stream in streams:
            self._feed(Failed(stream, reason, transient=True))
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._http:
            await self._http.close()


def _opened(endpoint: Endpoint) -> "Http":
    """Be ready to ask; run in a thread, because the first time takes a fifth of a second."""
    from spark_lsp.server.http import Http  # noqa: PLC0415 - only such providers need it

    return Http(endpoint)
