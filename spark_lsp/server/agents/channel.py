"""A process that speaks lines of JSON over its pipes: calls out, answers and news in.

Owns the process and the pairing of calls with answers. It ends when told to, when it is mute or
floods us, and with us: its input is a pipe that only this process holds. It is listened to when
nobody in the foreground waits (`precedence`), but for answers. What is said is left to
`wire.appserver`, what follows to the agent.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Raw

from spark_lsp.server.precedence import Precedence
from spark_lsp.wire.appserver import told
from spark_lsp.wire.appserver.calls import Call, Id
from spark_lsp.wire.frames import Malformed
from spark_lsp.wire.streams import Lines

_log = logging.getLogger(__name__)

_CHUNK = 65_536
_LINE_LIMIT = 16 * 2**20
_UNREAD_LIMIT = 16 * 2**20
"""Bytes that it has not read yet, above which it is taken for stuck."""
_LAST_WORDS = 2_000
"""Bytes of its complaints that are kept, to say why it has died."""
_LEAVE = 2.0
"""Seconds to end by itself once its input has closed: it writes its threads down."""


class Gone(Exception):  # noqa: N818 - a state of the world, not a defect
    """The process has ended; the message says of what, as far as it is known."""


class Denied(Exception):  # noqa: N818 - an answer, not a defect
    """A call was refused; the message is what the process says."""


class Channel:
    """One process and what is said with it."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        heard: Callable[[told.Message], None],
        ended: Callable[[], None],
        precedence: Precedence,
    ) -> None:
        """Begin to listen; `ended` is called once, when there is nothing more to come."""
        self._process = process
        self._precedence = precedence
        self._heard = heard
        self._ended = ended
        self._calls = 0
        self._open: dict[Id, asyncio.Future[Raw]] = {}
        self._complaints = b""
        self._closed = False
        self._leaving = False
        self._tasks = [
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._listen_to_complaints()),
        ]

    @classmethod
    async def open(
        cls,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        heard: Callable[[told.Message], None],
        ended: Callable[[], None],
        *,
        precedence: Precedence,
    ) -> "Channel":
        """Start a process.

        Raises:
            OSError: if it cannot be started.
        """
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # What npm installs is a script that starts the program: both are ended as one.
            start_new_session=True,
        )
        _stand_back(process.pid)
        return cls(process, heard, ended, precedence)

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    async def call(self, call: Call, patience: float) -> Raw:
        """Call and wait for the answer, for so many seconds.

        Raises:
            Denied: if it is refused.
            Gone: if there is no answer, for whatever reason.
        """
        if self._closed:
            raise Gone(self.why())
        self._calls += 1
        number = self._calls
        answer: asyncio.Future[Raw] = asyncio.get_running_loop().create_future()
        self._open[number] = answer
        try:
            self.say(call.line(number))
            async with asyncio.timeout(patience):
                return await answer
        except TimeoutError:
            raise Gone(f"it does not answer ({call.method})") from None
        finally:
            self._open.pop(number, None)

    def say(self, line: bytes) -> None:
        """Send a line; if it does not read for long it is killed."""
        stdin = self._process.stdin
        if self._closed or stdin is None or stdin.is_closing():
            return
        stdin.write(line)
        if stdin.transport.get_write_buffer_size() > _UNREAD_LIMIT:
            self.kill()

    def kill(self) -> None:
        """Kill it, with all that it has started."""
        if self._process.returncode is not None:
            return  # its number may be somebody else's by now
        with contextlib.suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)  # it began a session of its own
            else:
                self._process.kill()

    async def close(self) -> None:
        """End it; it is gone when this returns, and nothing is told of it any more."""
        self._leaving = True
        if not self._closed:
            self._ended = lambda: None
            self._heard = lambda _: None
            if self._process.stdin is not None:
                self._process.stdin.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LEAVE):
                    await self._process.wait()
        self.kill()
        await self._process.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        lines = Lines(_LINE_LIMIT)
        try:
            while data := await self._process.stdout.read(_CHUNK):
                for line in lines.feed(data):
                    await self._take(line)
        except OSError:
            pass
        except Exception:
            _log.exception("what the agent said could not be dealt with")
            raise
        finally:
            self._closed = True
            for answer in self._open.values():
                if not answer.done():
                    answer.set_exception(Gone(self.why()))
            self._ended()

    async def _take(self, line: bytes | None) -> None:
        if not line:
            if line is None:
                self._heard(Malformed(f"a line has more than {_LINE_LIMIT} bytes"))
            return
        message = told.decode(line)
        if not isinstance(message, told.Answered | told.Failed):
            # While it is not listened to it stops as soon as the pipe is full.
            if self._precedence.waits and not self._leaving:
                await self._precedence.stand_back()
            self._heard(message)
            return
        answer = self._open.get(message.id)
        if answer is None or answer.done():
            return
        if isinstance(message, told.Answered):
            # A copy: what it was cut out of may be large.
            answer.set_result(Raw(bytes(message.result)))
        else:
            answer.set_exception(Denied(message.message))

    async def _listen_to_complaints(self) -> None:
        assert self._process.stderr is not None
        with contextlib.suppress(OSError):
            while data := await self._process.stderr.read(_CHUNK):
                self._complaints = (self._complaints + data)[-_LAST_WORDS:]

    def why(self) -> str:
        """Say of what it has died: most programs tell in the last line of their complaints."""
        code = self._process.returncode or 0
        if code < 0:
            return f"it was ended by signal {-code}"
        lines = self._complaints.decode("utf-8", "replace").strip().splitlines()
        # What goes on after a warning has not died of it.
        told_of = [line for line in lines if not line.lower().startswith("warning")]
        return told.sentence(told_of[-1]) if told_of else "it has ended"


def _stand_back(pid: int) -> None:
    """Let whoever is typing come first; what the process starts inherits that."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError):  # it has ended already
            os.setpriority(os.PRIO_PROCESS, pid, 10)
