"""A provider, by whatever way it can be reached, and the engine of our own where it cannot.

Owns the ways to a model (Responses over WebSocket, HTTP, the embedded engine): which of them runs,
where each request goes, and what of that a person is told. Which way is used is decided in
`core.ways`; the ways themselves are `connection` and `posting`.

A request that fails before anything of its answer was heard, in a way that would only be repeated,
goes to the next way at once, unseen by whoever asked. The engine knows the workspace by itself: as
a stand-in it is shown what stands around the cursor, and nothing more. Not every way leads to a
model that follows instructions: what wants one is refused by the others, and never goes over to
them unseen.

Where drafts are wanted the engine runs all the time, beside whatever way is used; if it stands in
too it is the same process. What becomes of a draft says nothing of any way.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from spark_lsp.core.events import Down, Ended, Event, Failed, Turned, Up, Warmed, Wrote
from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.core.ways import Ways
from spark_lsp.server import driver
from spark_lsp.server.status import Status

WORTH_WAITING = 2.5
"""Seconds that a provider may ask to wait before another way is taken meanwhile."""
_RESTS = 60.0
"""Seconds until a provider that has refused an account or a model is asked again."""
_REFUSED = 150.0
"""Seconds until another way is tried with a key that was refused: later than the first way is."""
_LONGEST = 3600.0
"""Seconds that a provider may ask to wait; it may not mean it for days."""
_SILENT = 4.0
"""Seconds without a sign of life after which a request has come to nothing."""
_LINGERS = 300.0
"""Seconds that a stand-in is kept after the provider has come back."""


class Backend(driver.Backend, Protocol):
    """One way to a model; what it has to say comes back as events, never within a call."""

    async def run(self) -> None:
        """Keep it going until cancelled."""
        ...

    def relax(self, *, relaxed: bool) -> None:
        """Look for the provider without hurry, while another way to it is in use."""
        ...


@dataclass(frozen=True, slots=True)
class Way:
    """How one way is begun, and when.

    Attributes:
        name: for people, as in "gpt-6-luna over HTTP".
        begin: makes its backend, which tells what happens to the given listener.
        after: seconds that better ways get to come back before this one is tried.
        stand_in: whether it is the engine, and not what the person has chosen.
        unable: why its model follows no instructions, in a sentence for people; "" if it does.
        guidable: whether it goes by the names in the instruction of a completion all the same.
    """

    name: str
    begin: Callable[[Callable[[Event], None]], Backend]
    after: float = 0.0
    stand_in: bool = False
    unable: str = ""
    guidable: bool = False


@dataclass(slots=True, eq=False)
class _Stream:
    prompt: Prompt | Rewrite
    way: int = 0
    since: float = 0.0
    alive: bool = False  # there was a sign of life
    heard: bool = False  # some of its text was
    steered: bool = False  # the prompt has been replaced, by one that gives an instruction
    turning: bool = False  # it has been, and that is not told yet


class Provider:
    """All ways to one model; see `server.driver.Backend`."""

    def __init__(
        self,
        ways: Sequence[Way],
        feed: Callable[[Event], None],
        tell: Callable[[Status], None],
        drafting: Way | None = None,
    ) -> None:
        """Take the ways, the best first, and who listens to events and to the status.

        `drafting` leads to the engine that writes drafts: one of the ways, or one that is never
        chosen.
        """
        self._ways = ways
        self._engine = drafting
        self._drafting = ways.index(drafting) if drafting in ways else len(ways)
        self._drafts: dict[int, Backend] = {}
        self._feed = feed
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._choice = Ways([way.after for way in ways], self._loop.time())
        self._chosen: int | None = None
        self._backends: dict[int, Backend] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._streams: dict[int, _Stream] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._lingering: asyncio.TimerHandle | None = None
        self._broken: asyncio.Future[None] = self._loop.create_future()
        self._status: Status | None = None
        self._over = False
        self._leaving: set[asyncio.Task[None]] = set()
        self._relaxed: set[int] = set()

    async def run(self) -> None:
        """Keep the ways going that are wanted, until cancelled."""
        try:
            if self._engine:
                self._begin(self._drafting, self._engine)
            self._look()
            await self._broken
        finally:
            self.end()
            for timer in (self._timer, self._lingering):
                if timer:
                    timer.cancel()
            tasks = [*self._tasks.values(), *self._leaving]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def end(self) -> None:
        """Say that it is gone, and nothing after that: another takes its place."""
        self._over = True
        streams = [*self._streams, *self._drafts]
        self._streams, self._drafts = {}, {}
        reason = "another model was chosen"
        if self._chosen is not None:
            self._chosen = None
            self._feed(Down(reason))
        for stream in streams:
            self._feed(Failed(stream, reason, transient=True))

    def open(self, stream: int, prompt: Prompt | Rewrite) -> None:
        """Ask for an answer, by the way that is used now."""
        if self._chosen is None:
            failed = Failed(stream, self._choice.reason() or "the model is away", transient=True)
            self._loop.call_soon(self._feed, failed)
        else:
            self._send(self._chosen, stream, _Stream(prompt))

    def draft(self, stream: int, prompt: Prompt) -> None:
        """Ask the engine for what it is sure of, while the model is on its way."""
        engine = self._drafts[stream] = self._backends[self._drafting]
        engine.open(stream, prompt)

    def steer(self, stream: int, instruction: str, again: Prompt | Rewrite) -> None:
        """Redirect an answer by the way that carries it; of one that has ended nothing is told."""
        if (it := self._streams.get(stream)) is None:
            return
        it.prompt, it.steered, it.turning = again, True, True
        way = self._ways[it.way]
        if way.unable and (isinstance(again, Rewrite) or not way.guidable):
            self._backends[it.way].cancel(stream)
            self._loop.call_soon(self._refuse, stream, it)
        else:
            self._backends[it.way].steer(stream, instruction, again)

    def cancel(self, stream: int) -> None:
        """Stop an answer; no event of it comes after this."""
        if engine := self._drafts.pop(stream, None):
            engine.cancel(stream)
        if it := self._streams.pop(stream, None):
            self._backends[it.way].cancel(stream)
            now = self._loop.time()
            if not it.alive and it.since + _SILENT <= now:
                self._choice.failed(it.way, f"{self._ways[it.way].name} does not answer", now)
                # Later, because whoever cancels is in the middle of something.
                self._loop.call_soon(self._look)

    def warm(self, stable: tuple[Block, ...]) -> None:
        """Prepare for prompts that begin like this; a stand-in has no use for it."""
        if self._chosen is not None and not self._ways[self._chosen].stand_in:
            self._backends[self._chosen].warm(stable)

    def _send(self, way: int, stream: int, it: _Stream) -> None:
        it.way, it.since, it.alive, it.heard = way, self._loop.time(), False, False
        self._streams[stream] = it
        if isinstance(it.prompt, Rewrite) and self._ways[way].unable:
            self._loop.call_soon(self._refuse, stream, it)
            return
        shown = it.prompt
        if isinstance(shown, Prompt) and self._ways[way].stand_in:
            shown = replace(shown, stable=())
        self._backends[way].open(stream, shown)

    def _refuse(self, stream: int, it: _Stream) -> None:
        """Say why what is asked cannot be done, if it still is: the model follows nothing."""
        if self._streams.get(stream) is it:
            del self._streams[stream]
            self._feed(Failed(stream, self._ways[it.way].unable, transient=False))

    def _heard(self, way: int, event: Event) -> None:
        """Take in what one of the ways tells."""
        if self._over or way not in self._tasks:
            return
        match event:
            case Wrote(stream) | Turned(stream) | Ended(stream) | Failed(stream):
                if it := self._streams.get(stream):
                    self._heard_of(it, event)
                elif stream in self._drafts:
                    self._heard_of_a_draft(event)
            case Up() | Down() if way == len(self._ways):
                pass  # it only drafts
            case Up():
                self._choice.up(way)
                self._look()
            case Down():
                self._away(way, event)
            case Warmed() if way == self._chosen:
                self._feed(event)
            case _:
                pass

    def _heard_of(self, it: _Stream, event: Wrote | Turned | Ended | Failed) -> None:
        match event:
            case Wrote(text=text):
                if text and not it.heard:
                    self._choice.answered(it.way)
                it.alive, it.heard = True, it.heard or bool(text)
                self._feed(event)
            case Turned():
                it.alive, it.heard, it.turning = True, False, False
                self._feed(event)
            case Ended(stream):
                del self._streams[stream]
                self._choice.answered(it.way)
                self._feed(event)
            case Failed(stream):
                del self._streams[stream]
                self._lost(it, event)

    def _heard_of_a_draft(self, event: Wrote | Turned | Ended | Failed) -> None:
        if isinstance(event, Ended | Failed):
            del self._drafts[event.stream]
        self._feed(event)

    def _away(self, way: int, down: Down) -> None:
        now = self._loop.time()
        self._choice.down(way, down.reason, now, hopeless=down.hopeless)
        for other in self._others(way) if down.refused else ():
            # It would be the same key.
            self._choice.rest(other, now + _REFUSED, down.reason)
        if self._chosen is None:
            self._feed(down)
        self._look()

    def _lost(self, it: _Stream, failed: Failed) -> None:
        """Take another way if this one would fail again; else leave it to whoever asked."""
        now = self._loop.time()
        failed = replace(failed, after=min(failed.after, _LONGEST))
        waits = failed.after > WORTH_WAITING
        if waits:
            failed = replace(failed, reason=f"{failed.reason}, for {failed.after:.0f} s")
        if not (waits or failed.lasting):
            # What is wrong with one rewrite, as that it is too long, says nothing of what follows.
            if failed.transient or isinstance(it.prompt, Prompt):
                self._choice.failed(it.way, failed.reason, now)
            self._feed(failed)
            self._look()
            return
        self._choice.rest(it.way, now + (failed.after if waits else _RESTS), failed.reason)
        for other in self._others(it.way) if waits else ():
            # It would be the same account.
            self._choice.rest(other, now + failed.after, failed.reason)
        self._look()
        instructs = it.steered or isinstance(it.prompt, Rewrite)
        if self._chosen is not None and self._may_go_over(it, self._chosen, instructs=instructs):
            self._send(self._chosen, failed.stream, it)
            if it.turning:
                it.turning = False
                self._feed(Turned(failed.stream, "reissued"))
        elif self._ways[-1].stand_in and not instructs:
            # It is on its way, and has not been asked to wait.
            self._feed(replace(failed, transient=True, after=0.0))
        else:
            self._feed(failed)

    def _may_go_over(self, it: _Stream, way: int, *, instructs: bool) -> bool:
        """Whether another way may begin an answer anew: nothing of the old one was heard.

        What was heard before a turn is void with it. Where an instruction is to be followed, the
        other model must be able to.
        """
        heard = it.heard and not it.turning
        return way != it.way and not heard and not (instructs and self._ways[way].unable)

    def _others(self, way: int) -> list[int]:
        """The other ways to the same provider."""
        return [other for other, it in enumerate(self._ways) if other != way and not it.stand_in]

    def _look(self) -> None:
        """Choose anew: begin what is wanted, and go over to what is best."""
        if self._over:
            return
        now = self._loop.time()
        for way in self._choice.wanted(now):
            if way not in self._tasks:
                self._choice.tried(way, now)
                self._begin(way, self._ways[way])
        before, self._chosen = self._chosen, self._choice.chosen(now)
        if self._timer:
            self._timer.cancel()
        for better in self._better().symmetric_difference(self._relaxed):
            self._backends[better].relax(relaxed=better not in self._relaxed)
        self._relaxed = self._better()
        due = self._choice.deadline(now)
        self._timer = self._loop.call_at(due, self._look) if due is not None else None
        self._linger()
        self._show()
        if before == self._chosen:
            return
        if before is not None:
            self._feed(Down(self._choice.reason()))
        if self._chosen is not None:
            used = self._ways[self._chosen]
            drafts = self._engine is not None and not used.stand_in
            able, guidable = not used.unable, used.guidable
            self._feed(Up(instructable=able, guidable=guidable, drafts=drafts))

    def _better(self) -> set[int]:
        """The ways that are looked for while a lesser one to the same provider is used."""
        if self._chosen is None or self._ways[self._chosen].stand_in:
            return set()
        return {way for way in range(self._chosen) if way in self._tasks}

    def _begin(self, way: int, to: Way) -> None:
        backend = to.begin(partial(self._heard, way))
        self._backends[way] = backend
        task = self._tasks[way] = self._loop.create_task(backend.run())
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Fail with a way that has failed: none ends by itself."""
        if not task.cancelled() and (error := task.exception()) and not self._broken.done():
            self._broken.set_exception(error)

    def _linger(self) -> None:
        """End a stand-in some time after it was needed last, unless it drafts."""
        drafting = self._drafting if self._engine else None
        idle = [
            way
            for way in self._tasks
            if way != drafting and self._ways[way].stand_in and self._chosen not in {way, None}
        ]
        if not idle and self._lingering:
            self._lingering.cancel()
            self._lingering = None
        elif idle and not self._lingering:
            self._lingering = self._loop.call_later(_LINGERS, self._dismiss, idle)

    def _dismiss(self, idle: Sequence[int]) -> None:
        self._lingering = None
        for way in idle:
            task = self._tasks.pop(way)
            task.cancel()
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)
            self._choice.given_up(way)

    def _show(self) -> None:
        """Tell how things stand, if that has changed."""
        # The server's own words are for the log.
        reason = self._choice.reason().partition("; it says: ")[0]
        if self._chosen is None:
            first = self._ways[0].name
            waiting = Status("Normal", f"connecting to {first}", busy=True)
            status = Status("Error", reason) if reason else waiting
        elif self._ways[self._chosen].stand_in:
            why = reason or f"{self._ways[0].name} does not answer"
            status = Status("Warning", f"{why}; the embedded engine fills in")
        else:
            status = Status("Normal", self._ways[self._chosen].name)
        if status != self._status:
            self._status = status
            self._tell(status)
