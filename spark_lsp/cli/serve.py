"""`spark-lsp serve`: a language server for one editor.

Owns the choice of the pipe, and that the process ends. Everything else is `server.app`'s.
"""

import asyncio
import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from spark_lsp.cli.errors import CommandError
from spark_lsp.server.app import App
from spark_lsp.server.endpoint import is_loopback
from spark_lsp.server.pipes import Pipe, Refused, StandardStreams, TcpPipe

if TYPE_CHECKING:
    from spark_lsp.server.trace import Recorder

_THREADS_LIMIT = 0.5
"""Seconds that threads of a server that has ended may still take."""


def run(tcp: str | None, config: Path | None, trace: Path | None) -> int:
    """Serve until the editor leaves; returns the exit status.

    Of the session a trace is recorded, if there is a file for it.
    """
    # What has been imported never becomes garbage; looking through it would be felt in some key.
    gc.freeze()
    address = None if tcp is None else _address(tcp)
    recorder = _recorder(trace) if trace else None
    if address is not None:
        return asyncio.run(_serve_tcp(*address, config, recorder))
    if sys.stdin.isatty():
        sys.stderr.write("spark-lsp serves an editor on this terminal; to watch it, try `drive`.\n")
    return asyncio.run(_serve_streams(config, recorder))


def _recorder(trace: Path) -> "Recorder":
    """Return what records into a file that it makes; what is there already is left alone."""
    from spark_lsp.server.trace import Recorder

    try:
        return Recorder.open(trace)
    except FileExistsError:
        raise CommandError(f"--trace: {trace} is there already: name a new file", 2) from None
    except OSError as error:
        raise CommandError(f"--trace: cannot make {trace}: {error.strerror or error}", 2) from None


async def _serve_streams(config: Path | None, recorder: "Recorder | None") -> int:
    app = App(config, recorder)
    loop = asyncio.get_running_loop()
    streams = StandardStreams(sys.stdin.fileno(), sys.stdout.fileno(), app.receive, loop)
    return await _served(app, streams, recorder)


async def _serve_tcp(host: str, port: int, config: Path | None, recorder: "Recorder | None") -> int:
    app = App(config, recorder)
    arrived: asyncio.Future[TcpPipe] = asyncio.get_running_loop().create_future()

    def factory() -> asyncio.Protocol:
        if arrived.done():  # it was in the backlog before the listener closed
            return Refused()
        arrived.set_result(TcpPipe(app.receive))
        return arrived.result()

    try:
        listener = await asyncio.get_running_loop().create_server(factory, host, port)
    except OSError as error:
        raise CommandError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    address = listener.sockets[0].getsockname()
    sys.stderr.write(f"spark-lsp listens on {address[0]}:{address[1]}\n")
    pipe = await arrived
    listener.close()
    return await _served(app, pipe, recorder)


async def _served(app: App, pipe: Pipe, recorder: "Recorder | None") -> int:
    """Serve, and see to it that the process ends.

    A thread can hang in a file system that does not answer. Python would wait for it for ever.
    """
    status = await app.run(pipe)
    if recorder:
        recorder.close()
    ending = asyncio.ensure_future(asyncio.get_running_loop().shutdown_default_executor())
    done, _ = await asyncio.wait([ending], timeout=_THREADS_LIMIT)
    if not done:
        os._exit(status)
    return status


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise CommandError(f"--tcp takes HOST:PORT, such as 127.0.0.1:7777, not {text!r}", 2)
    if not is_loopback(host):
        raise CommandError(f"--tcp listens on loopback only: use 127.0.0.1, not {host}", 2)
    return host.strip("[]"), int(port)
