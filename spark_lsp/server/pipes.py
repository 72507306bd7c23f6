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


class Pipe(Protocol):
    """A connection to an editor."""

    def write(self, data: bytes) -> None:
        """Send bytes, some time, in order; never blocks."""
        ...

    def close(self) -> None:
        """Send what is left, then close."""
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
        """Start reading; `on_bytes` is called on the loop, with b"" at the end of the stream."""
        self._sink = sink
        self._out: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="to editor", daemon=True)
        self._writer.start()

        def read() -> None:
            data = b"x"
            while data:
                try:
                    data = os.read(source, _CHUNK)
                except OSError:
                    data = b""
                with contextlib.suppress(RuntimeError):  # the loop has ended first
                    loop.call_soon_threadsafe(on_bytes, data)

        threading.Thread(target=read, name="from editor", daemon=True).start()

    def write(self, data: bytes) -> None:
        """Send bytes, some time, in order; never blocks."""
        self._out.put(data)

    def close(self) -> None:
        """Send what is left, for at most a second: an editor that is gone reads nothing."""
        self._out.put(None)
        self._writer.join(timeout=1.0)

    def _write(self) -> None:
        while (data := self._out.get()) is not None:
            view = memoryview(data)
            while view:
                try:
                    view = view[os.write(self._sink, view) :]
                except OSError:  # the editor is gone; its end of input ends the server
                    return


class Connection(asyncio.Protocol):
    """An editor at the other end of a TCP connection."""

    def __init__(self, on_bytes: Callable[[bytes], None]) -> None:
        """Call `on_bytes` with what arrives, and with b"" at the end."""
        self._on_bytes = on_bytes
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Hand over what has arrived."""
        self._on_bytes(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Tell that the stream has ended."""
        self._on_bytes(b"")

    def write(self, data: bytes) -> None:
        """Send bytes, some time, in order; never blocks."""
        if self._transport:
            self._transport.write(data)

    def close(self) -> None:
        """Send what is left, then close."""
        if self._transport:
            self._transport.close()
