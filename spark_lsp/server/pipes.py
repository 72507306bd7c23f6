"""The way to the editor: standard input and output, or one TCP connection.

Owns the bytes and nothing of their meaning. Standard streams are served by two threads, because
only threads can wait for every kind of pipe, file and terminal on every system; the event loop
never blocks on an editor that does not read.
"""

import asyncio
import contextlib
import os
import queue
import threading
from collections.abc import Callable
from typing import Protocol

_CHUNK = 65_536
_LAST_WORDS = 1.0
"""Seconds that an editor has to read what is left."""


class Pipe(Protocol):
    """A connection to an editor."""

    def write(self, data: bytes) -> None:
        """Send bytes, some time, in order; never blocks."""
        ...

    async def close(self) -> None:
        """Send what is left, as far as the editor reads it soon, then close."""
        ...


class StandardStreams:
    """An editor at the other end of two file descriptors."""

    def __init__(
        self,
        source: int,
        sink: int,
        on_bytes: Callable[[bytes], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Start reading; `on_bytes` is called on the loop, the last time with b"".

        That is when the input has ended, and also when nothing more can be written: either way the
        editor is gone.
        """
        self._source = source
        self._sink = sink
        self._on_bytes = on_bytes
        self._loop = loop
        self._over = False
        self._written = asyncio.Event()
        self._out: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        _make_blocking(source)
        _make_blocking(sink)
        self._writer = threading.Thread(target=self._write, name="to editor", daemon=True)
        self._reader = threading.Thread(target=self._read, name="from editor", daemon=True)
        self._writer.start()
        self._reader.start()

    def write(self, data: bytes) -> None:
        """Send bytes, some time, in order; never blocks."""
        self._out.put(data)

    async def close(self) -> None:
        """Send what is left, for at most a second: an editor that is gone reads nothing."""
        self._out.put(None)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS):
                await self._written.wait()

    def _read(self) -> None:
        data = b"x"
        while data:
            try:
                data = os.read(self._source, _CHUNK)
            except BlockingIOError:
                # A process that shares the stream has changed it meanwhile.
                _make_blocking(self._source)
                continue
            except OSError:
                data = b""
            self._on_loop(self._heard, data)

    def _write(self) -> None:
        while (data := self._out.get()) is not None:
            view = memoryview(data)
            while view:
                try:
                    view = view[os.write(self._sink, view) :]
                except BlockingIOError:
                    _make_blocking(self._sink)
                except OSError:
                    self._on_loop(self._heard, b"")
                    self._on_loop(self._written.set)
                    return
        self._on_loop(self._written.set)

    def _heard(self, data: bytes) -> None:
        if not self._over:
            self._over = not data
            self._on_bytes(data)

    def _on_loop(self, call: Callable[..., None], *arguments: bytes) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended first
            self._loop.call_soon_threadsafe(call, *arguments)


class TcpPipe(asyncio.Protocol):
    """An editor at the other end of a TCP connection."""

    def __init__(self, on_bytes: Callable[[bytes], None]) -> None:
        """Call `on_bytes` with what arrives, and with b"" at the end."""
        self._on_bytes = on_bytes
        self._transport: asyncio.Transport | None = None
        self._lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Hand over what has arrived."""
        self._on_bytes(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Tell that the stream has ended."""
        self._lost.set()
        self._on_bytes(b"")

    def write(self, data: bytes) -> None:
        """Send bytes, some time, in order; never blocks."""
        if self._transport:
            self._transport.write(data)

    async def close(self) -> None:
        """Send what is left, for at most a second, then close."""
        if self._transport is None:
            return
        self._transport.close()
        try:
            async with asyncio.timeout(_LAST_WORDS):
                await self._lost.wait()
        except TimeoutError:
            self._transport.abort()


class Refused(asyncio.Protocol):
    """A connection after the first: a server serves one editor."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Drop it at once; nothing of it is read."""
        assert isinstance(transport, asyncio.Transport)
        transport.abort()


def _make_blocking(descriptor: int) -> None:
    """Have a stream wait, as threads need it; whoever started us may not have left it so."""
    with contextlib.suppress(OSError, AttributeError):  # not for pipes on Windows
        os.set_blocking(descriptor, True)
