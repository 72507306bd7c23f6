"""Starts a Codex and sees that its walls hold before anything is asked of it.

Owns the beginning of a process: where it is found, how it is configured, the first words, the
probe. What is said afterwards is left to `codex`.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from spark_lsp import __version__
from spark_lsp.server.agents import isolation
from spark_lsp.server.agents.channel import Channel, Denied
from spark_lsp.server.agents.finding import find
from spark_lsp.server.agents.isolation import Mind, Place, Walls
from spark_lsp.server.precedence import Precedence
from spark_lsp.wire.appserver import calls, told

PATIENCE = 30.0
"""Seconds that an answer may take; Codex writes to a disk, and starts programs."""
COMMAND_LIMIT = 120
"""Seconds that a command may take."""
_OUTPUT_LIMIT = 32_768
"""Bytes of a command's output, of each kind."""

TOO_OLD = "this Codex CLI is not the one we know: npm install -g @openai/codex"


class Unsafe(Exception):  # noqa: N818 - a state of the world, not a defect
    """There is nothing to keep an agent in; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Launcher:
    """All that a process is made of.

    Attributes:
        place: where it works.
        mind: what it thinks with.
        program: the setting `agent_command`; "" is whatever `codex` is on the PATH.
        commands: whether the person has asked for commands to be run.
        environment: what is known of the world.
        precedence: whether somebody in the foreground waits.
    """

    place: Place
    mind: Mind
    program: str
    commands: bool
    environment: Mapping[str, str]
    precedence: Precedence

    async def launch(
        self, heard: Callable[[told.Message], None], ended: Callable[[], None]
    ) -> "Line":
        """Start a process that is ready for the first call.

        Raises:
            NotInstalled: if there is no Codex.
            Unreachable: if what opens the door to its model would go over an open line.
            Unsafe: if it is not kept in.
            Gone, OSError: if it does not start.
        """
        place = self.place
        program = await asyncio.to_thread(find, self.program, self.environment, place.worktree)
        walls = await asyncio.to_thread(
            isolation.build, program, place, self.mind, self.environment, commands=self.commands
        )
        command = (str(program.path), "app-server", *walls.arguments)
        # Its directory is its home: the worktree has no say in how a process is configured.
        channel = await Channel.open(
            command, place.home, walls.environment, heard, ended, precedence=self.precedence
        )
        line = Line(channel, place, walls)
        try:
            await line.greet()
        except BaseException:
            await channel.close()
            raise
        return line


@dataclass(frozen=True, slots=True)
class Line:
    """A process that is ready, and how a command is run by it."""

    channel: Channel
    place: Place
    walls: Walls

    async def greet(self) -> None:
        """Say the first words, and try the walls."""
        me = calls.ClientInfo("spark_lsp", __version__)
        hello = calls.Initialize(client_info=me, capabilities=calls.Capabilities())
        await self.channel.call(hello, PATIENCE)
        self.channel.say(calls.INITIALIZED)
        await self._try_walls()

    async def run(self, command: tuple[str, ...], name: str) -> told.CommandDone:
        """Run a command in the sandbox; `name` is for `stop`.

        Raises:
            Denied: if Codex does not run it.
            Gone: if Codex ends before it does.
        """
        call = calls.CommandExec(
            command=command,
            cwd=str(self.place.worktree),
            permission_profile=isolation.PROFILE,
            process_id=name,
            env=self.walls.hidden,
            timeout_ms=1000 * COMMAND_LIMIT,
            output_bytes_cap=_OUTPUT_LIMIT,
        )
        raw = await self.channel.call(call, COMMAND_LIMIT + PATIENCE)
        done = told.as_type(raw, told.CommandDone)
        return done or told.CommandDone(-1, stderr="it does not say how the command has ended")

    async def stop(self, name: str) -> None:
        """End a command.

        Raises:
            Denied: if there is none, as when it has just ended.
            Gone: if Codex has ended.
        """
        await self.channel.call(calls.CommandTerminate(process_id=name), PATIENCE)

    async def _try_walls(self) -> None:
        """See that there is a sandbox, and that it hides what it is to hide."""
        secret = str(self.place.home / "config.toml")
        probe: tuple[str, ...] = ("/bin/sh", "-c", '! test -e "$1"', "sh", secret)
        if os.name == "nt":
            probe = ("cmd.exe", "/d", "/c", f'if exist "{secret}" exit 1')
        try:
            done = await self.run(probe, "probe")
        except Denied as error:
            raise Unsafe(f"{TOO_OLD} ({error})") from None
        if done.exit_code != 0:
            why = told.sentence(done.stderr) or "it hides nothing"
            raise Unsafe(
                f"the agent's sandbox does not work on this machine ({why}): "
                "no task is begun, for nothing would keep it in"
            )
