"""An editor in a terminal that a test types into, and whose screen it sees.

Owns the pseudoterminal, the process in it and the waiting for what is seen; what an editor draws
is understood by pyte, a terminal without a window. Which editors there are is told in `others`.
"""

import asyncio
import fcntl
import os
import struct
import sys
import termios
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeAlias

import pyte

from tests.heard import PATIENCE

WIDTH, HEIGHT = 120, 16

_OWNED = "import fcntl, os, sys, termios\nfcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
_START = [sys.executable, "-c", _OWNED + "os.execv(sys.argv[1], sys.argv[1:])"]
"""Makes the terminal the one that controls the program: editors open `/dev/tty`."""


class _Screen(pyte.Screen):
    """pyte's screen, which does not bear questions of later terminals than its own."""

    def __init__(self, answer: Callable[[str], None]) -> None:
        super().__init__(WIDTH, HEIGHT)
        self._answer = answer

    def write_process_input(self, data: str) -> None:
        self._answer(data)

    def report_device_status(self, mode: int, **kwargs: bool) -> None:
        if not kwargs:
            super().report_device_status(mode)


class Terminal:
    """One screen, and the keys of the program that draws it."""

    def __init__(self, master: int) -> None:
        self._master = master
        self._screen = _Screen(self.type)
        self._stream = pyte.ByteStream(self._screen)
        self._moved = asyncio.Condition()

    @property
    def lines(self) -> list[str]:
        """What each line shows, without the blanks at its end."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def cursor(self) -> tuple[int, int]:
        """The row and the column, from 0."""
        return self._screen.cursor.y, self._screen.cursor.x

    def drawn(self, colour: str) -> str:
        """Return what is drawn in a colour, as pyte names it, line by line."""
        rows = [self._screen.buffer[row] for row in range(HEIGHT)]
        inked = [
            "".join(row[at].data for at in range(WIDTH) if row[at].fg == colour) for row in rows
        ]
        return "\n".join(filter(None, inked))

    def shows(self, text: str) -> bool:
        """Whether a text stands in some line."""
        return any(text in line for line in self.lines)

    def type(self, keys: str) -> None:
        """Press keys, as a terminal sends them."""
        os.write(self._master, keys.encode())

    async def sees(self, verdict: "Verdict") -> None:
        """Wait until the screen is as it should be."""
        try:
            async with asyncio.timeout(PATIENCE), self._moved:
                await self._moved.wait_for(lambda: verdict(self))
        except TimeoutError:
            raise AssertionError("the screen shows\n" + "\n".join(self.lines)) from None

    async def run(self) -> None:
        """Draw what the program writes, until it ends."""
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._master, ready.set)
        try:
            while await ready.wait():
                ready.clear()
                # Linux reports the end of the other side as an error.
                with suppress(BlockingIOError):
                    self._stream.feed(os.read(self._master, 2**16))
                async with self._moved:
                    self._moved.notify_all()
        except OSError:
            pass
        finally:
            loop.remove_reader(self._master)


Verdict: TypeAlias = Callable[[Terminal], bool]


@asynccontextmanager
async def terminal(
    command: Sequence[str | Path], cwd: Path, env: Mapping[str, str]
) -> AsyncIterator[Terminal]:
    """Run a program in a terminal of its own while the context lasts."""
    master, slave = os.openpty()
    os.set_blocking(master, False)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    process = await asyncio.create_subprocess_exec(
        *_START,
        *command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=cwd,
        env={**os.environ, **env},
        start_new_session=True,
    )
    os.close(slave)
    it = Terminal(master)
    drawing = asyncio.create_task(it.run())
    try:
        yield it
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        drawing.cancel()
        with suppress(asyncio.CancelledError):
            await drawing
        os.close(master)
