"""Parses open buffers in a process of their own.

Owns that process. A buffer can hold anything, and some texts take a query minutes: they must cost
neither the loop nor a core for ever. One buffer is parsed at a time, the newest text of each.
"""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Callable

import msgspec

from spark_lsp.core.events import Digest, Digested, Event
from spark_lsp.core.symbols import FileSymbols

_log = logging.getLogger(__name__)

_PATIENCE = 5.0
"""Seconds that one buffer may take."""
_REST = 60.0
"""Seconds for which a buffer that took longer is left alone."""
_LINE_LIMIT = 64 * 2**20

_decode: Callable[[bytes], FileSymbols | None] = msgspec.json.Decoder(FileSymbols | None).decode


class Digester:
    """Turns `Digest` effects into `Digested` events."""

    def __init__(self, feed: Callable[[Event], None]) -> None:
        """Take who listens."""
        self._feed = feed
        self._wanted: dict[str, Digest] = {}
        self._resting: dict[str, float] = {}
        self._news = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None

    def digest(self, effect: Digest) -> None:
        """Have a buffer parsed soon, instead of an older text of it that still waits."""
        self._wanted[effect.uri] = effect
        self._news.set()

    async def run(self) -> None:
        """Parse what is wanted until cancelled."""
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                while self._wanted:
                    effect = self._wanted.pop(next(iter(self._wanted)))
                    symbols = await self._parsed(effect)
                    self._feed(Digested(effect.uri, effect.version, symbols))
        finally:
            await self._end()

    async def _parsed(self, effect: Digest) -> FileSymbols | None:
        now = asyncio.get_running_loop().time()
        if self._resting.get(effect.uri, now) > now:
            return None
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._asked(effect)
        except (TimeoutError, OSError, ValueError, EOFError) as error:
            _log.warning("%s cannot be parsed (%s)", effect.uri, type(error).__name__)
            self._resting[effect.uri] = now + _REST
            await self._end()
            return None

    async def _asked(self, effect: Digest) -> FileSymbols | None:
        if self._process is None or self._process.returncode is not None:
            # -P: an editor starts us in the repository, which must not shadow what is imported.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "spark_lsp.server.parser",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_LINE_LIMIT,
            )  # fmt: skip
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        # A lone surrogate has no UTF-8; for what a text defines it does not matter.
        text = effect.text.encode("utf-8", "replace").decode()
        stdin.write(msgspec.json.encode((effect.language, text)) + b"\n")
        await stdin.drain()
        line = await stdout.readline()
        if not line:
            raise EOFError
        return _decode(line)

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
