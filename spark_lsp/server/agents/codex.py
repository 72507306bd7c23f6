"""Codex as an agent: orders in, reports out, and a process that is kept alive in between.

Theory of operation. One process serves one worktree; it is started by the first order and told
everything when it starts (`isolation`). Orders are carried out one after the other, and none waits
for a turn to end: what happens in it is reported as it comes.

Codex is given no shell. It looks around by tools that are served here (`serving`), plans and
patches by its own. A patch is applied inside of its sandbox; what the sandbox refuses Codex asks
for, and is declined, always: behind each of these questions stands "then do it without the
sandbox". A command is a tool too, where the person allows any: each is a question to them, and runs
through Codex's `command/exec`, which knows no way around the sandbox. So nothing is written, and no
program runs, without it, and where there is no sandbox no task begins (`launching`).

When the process dies the turn is lost, and the conversation is resumed at once by another process,
so that the next turn goes on where the last one was. A process that dies again and again is given
up.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec import Raw

from spark_lsp.core.tasks import tools
from spark_lsp.core.tasks.agent import (
    Answer,
    Compact,
    Interrupt,
    Lost,
    Opened,
    Order,
    Refused,
    Report,
    Resume,
    Start,
    Steer,
    Steered,
    Turn,
    TurnEnded,
    Warned,
)
from spark_lsp.server.agents import isolation
from spark_lsp.server.agents.channel import Denied, Gone
from spark_lsp.server.agents.finding import NotInstalled
from spark_lsp.server.agents.isolation import Mind, Place
from spark_lsp.server.agents.launching import PATIENCE, TOO_OLD, Launcher, Line, Unsafe
from spark_lsp.server.agents.serving import Serving
from spark_lsp.server.endpoint import Unreachable
from spark_lsp.server.precedence import Precedence
from spark_lsp.wire.appserver import calls, told
from spark_lsp.wire.appserver.reports import reports
from spark_lsp.wire.frames import Malformed, Unknown

_log = logging.getLogger(__name__)

_LIVES = 3
"""Deaths in a row, none of them behind a turn that was finished, after which it is given up."""
_REST = 1.0
"""Seconds before the next life, from the second death on."""
_WAITING = 64
"""Orders that may wait; a person is not that fast."""

_OUTSIDE = "the agent wanted to write where it may not, and was refused"
_MORE = "the agent wanted more than it is allowed, and was refused"


@dataclass(frozen=True, slots=True, eq=False)
class _Death:
    """A process has ended by itself."""


class Codex:
    """An agent in one worktree."""

    def __init__(
        self,
        place: Place,
        mind: Mind,
        feed: Callable[[Report], None],
        *,
        program: str = "",
        commands: bool = False,
        environment: Mapping[str, str] | None = None,
        precedence: Precedence | None = None,
    ) -> None:
        """Take where it works, what it thinks with, and who hears its reports, on the loop.

        `program` is the setting `agent_command`; `commands` says whether the person has asked for
        commands to be run, each of which they still have to approve; `precedence` has the
        foreground go first.
        """
        kept = os.environ if environment is None else environment
        place = Place(*(Path(os.path.realpath(it)) for it in (place.worktree, place.home)))
        first = precedence or Precedence(asyncio.get_running_loop().time)
        self._launcher = Launcher(place, mind, program, commands, kept, first)
        self._worktree = place.worktree
        self._feed = feed
        self._orders: asyncio.Queue[Order | _Death] = asyncio.Queue()
        self._life = _Death()
        self._line: Line | None = None
        self._serving: Serving | None = None
        self._thread = ""
        self._instructions = ""
        self._turn = ""
        self._busy = False
        self._spoken = False
        self._deaths = 0

    @property
    def pid(self) -> int | None:
        """The process, where there is one."""
        return self._line.channel.pid if self._line else None

    def ask(self, order: Order) -> None:
        """Give an order; what becomes of it is reported."""
        if self._orders.qsize() >= _WAITING:
            self._feed(Refused(order, "too many orders wait: the agent does not keep up"))
        else:
            self._orders.put_nowait(order)

    async def run(self) -> None:
        """Carry out orders until cancelled; the process is gone when this returns."""
        try:
            while True:
                order = await self._orders.get()
                if not isinstance(order, _Death):
                    await self._obey(order)
                elif order is self._life:
                    await self._go_on()
        finally:
            self._busy = False
            await self._end()

    async def _obey(self, order: Order) -> None:
        try:
            await self._carry_out(order)
        except (NotInstalled, Unreachable, Unsafe) as error:
            self._feed(Refused(order, str(error)))
        except Denied as error:
            self._feed(Refused(order, _plain(str(error))))
        except (Gone, OSError) as error:
            self._feed(Refused(order, f"the agent has failed: {error}"))

    async def _carry_out(self, order: Order) -> None:
        thread = self._thread
        match order:
            case Start() | Resume():
                if self._busy:
                    raise Denied("a turn is running")
                self._deaths = 0
                await self._begin(order)
            case Turn(text):
                await self._have_done(text)
            case Steer(text, turn):
                said = calls.said(text)
                await self._call(
                    calls.TurnSteer(thread_id=thread, expected_turn_id=turn, input=said)
                )
                self._feed(Steered(turn))
            case Interrupt(turn):
                await self._call(calls.TurnInterrupt(thread_id=thread, turn_id=turn))
            case Compact():
                await self._call(calls.ThreadCompact(thread_id=thread))
            case Answer() if self._serving:
                self._serving.decide(order)
            case Answer():
                raise Denied("nobody has asked")

    async def _have_done(self, text: str) -> None:
        if self._busy:
            raise Denied("a turn is running: steer it, or wait until it has ended")
        # Before the call: the turn may be over before the answer to it is looked at.
        self._busy = self._spoken = True
        try:
            mind = self._launcher.mind
            turn = calls.TurnStart(
                thread_id=self._thread,
                input=calls.said(text),
                model=mind.model,
                effort=mind.effort,
                service_tier=mind.service_tier,
            )
            await self._call(turn)
        except (Denied, Gone):
            self._busy = False
            raise

    async def _call(self, call: calls.Call) -> Raw:
        if self._line is None or not self._thread:
            raise Gone("there is no conversation, begin one")
        return await self._line.channel.call(call, PATIENCE)

    async def _begin(self, order: Start | Resume) -> None:
        """Open a thread, in a process that is started if there is none.

        Raises:
            NotInstalled, Unreachable, Unsafe, Denied, Gone, OSError: if that cannot be.
        """
        before = self._line
        try:
            opened = await self._open(before or await self._launch(), order)
        except Denied:
            # What was open before stays so.
            if before is None:
                await self._end()
            raise
        except BaseException:
            await self._end()
            raise
        self._thread = opened.thread.id
        self._spoken = isinstance(order, Resume)
        self._instructions = order.instructions if isinstance(order, Start) else ""
        self._feed(Opened(self._thread, resumed=isinstance(order, Resume)))

    async def _open(self, line: Line, order: Start | Resume) -> told.ThreadOpened:
        where = str(self._worktree)
        if isinstance(order, Start):
            run = (tools.RUN,) if self._launcher.commands else ()
            call: calls.Call = calls.ThreadStart(
                cwd=where,
                dynamic_tools=tuple(map(calls.dynamic, (*tools.LOOKING, *run))),
                developer_instructions=order.instructions,
            )
        else:
            call = calls.ThreadResume(thread_id=order.thread, cwd=where, exclude_turns=True)
        opened = told.as_type(await line.channel.call(call, PATIENCE), told.ThreadOpened)
        if opened is None or not opened.kept_in(isolation.PROFILE):
            raise Unsafe(TOO_OLD)
        return opened

    async def _launch(self) -> Line:
        life = self._life = _Death()
        line = await self._launcher.launch(self._hear, lambda: self._orders.put_nowait(life))
        self._line = line
        self._serving = Serving(line, self._worktree, self._feed, commands=self._launcher.commands)
        return line

    def _hear(self, message: told.Message) -> None:
        match message:
            case told.Asked():
                self._consider(message)
            case Malformed(detail, kind):
                _log.warning("the agent said what cannot be read: %s %s", kind, detail)
            case told.Resolved(request_id=number):
                if self._serving:
                    self._serving.resolved(number)
            case Unknown() | told.Answered() | told.Failed():
                pass
            case _:
                told_of = reports(message, self._thread, str(self._worktree))
                if told_of:
                    self._mark(message)
                for report in told_of:
                    self._feed(report)

    def _mark(self, message: told.Notification) -> None:
        """Keep in mind which turn is running."""
        match message:
            case told.TurnStarted(turn=turn):
                self._turn, self._busy = turn.id, True
            case told.TurnCompleted(turn=turn):
                self._turn, self._busy = "", False
                self._deaths = 0 if turn.status == "completed" else self._deaths
                if self._serving:
                    self._serving.turn_ended()

    def _consider(self, asked: told.Asked) -> None:
        """Answer what the agent asks: by a tool of ours, and else no."""
        if self._line is None or self._serving is None:
            return  # it asks before there is a thread: whatever it is, it is about nothing of ours
        match asked.request:
            case told.ToolCalled(thread_id=thread, tool=tool, arguments=arguments) if (
                thread == self._thread
            ):
                self._serving.serve(asked.id, tool, arguments)
                return
            case told.ChangeAsked():
                self._feed(Warned(_OUTSIDE))
            case told.CommandAsked() | told.PermissionAsked():
                self._feed(Warned(_MORE))
        self._line.channel.say(asked.declined)

    async def _go_on(self) -> None:
        """Take up what a dead process has left."""
        thread, spoken, instructions = self._thread, self._spoken, self._instructions
        await self._end()
        if not thread:
            return
        self._deaths += 1
        if self._deaths > _LIVES:
            self._feed(Lost("the agent dies again and again, and is given up"))
            return
        try:
            if self._deaths > 1:
                await asyncio.sleep(_REST * (self._deaths - 1))
            # Codex writes nothing down of a thread in which nothing was said.
            await self._begin(Resume(thread) if spoken else Start(instructions))
        except (NotInstalled, Unreachable, Unsafe, Denied, Gone, OSError) as error:
            self._feed(Lost(f"the agent has died and does not come back: {error}"))

    async def _end(self) -> None:
        """End the process, and tell what ends with it."""
        line, serving = self._line, self._serving
        turn, busy = self._turn, self._busy
        self._line = self._serving = None
        self._thread, self._turn, self._busy = "", "", False
        self._life = _Death()
        if serving:
            await serving.close()
        if line:
            await line.channel.close()
        if busy:
            why = line.channel.why() if line else "it has ended"
            self._feed(TurnEnded(turn, "lost", f"the agent has died: {why}"))


def _plain(said: str) -> str:
    """Say in our words what Codex says in its own, where that is known."""
    if "no active turn" in said:
        return "that turn has ended"
    if "expected active turn" in said:
        return "another turn is running by now"
    if "no rollout found" in said:
        return "this conversation is not there any more: begin a new one"
    return said
