"""`spark-lsp serve`: a language server for one editor.

Owns the choice of the pipe, and that the process ends. Everything else is `server.app`'s.
"""

import asyncio
import gc
import os
import sys
from pathlib import Path

from spark_lsp.cli.errors import CommandError
from spark_lsp.server.app import App
from spark_lsp.server.endpoint import is_loopback
from spark_lsp.server.pipes import Pipe, Refused, StandardStreams, TcpPipe

_THREADS_LIMIT = 0.5
"""Seconds that threads of a server that has ended may still take."""


def run(tcp: str | None, config: Path | None) -> int:
    """Serve until the editor leaves; returns the exit status."""
    # What has been imported never becomes garbage; looking through it would be felt in some key.
    gc.freeze()
    if tcp is not None:
        return asyncio.run(_serve_tcp(*_address(tcp), config))
    if sys.stdin.isatty():
        sys.stderr.write("spark-lsp serves an editor on this terminal; to watch it, try `drive`.\n")
    return asyncio.run(_serve_streams(config))


async def _serve_streams(config: Path | None) -> int:
    app = App(config)
    loop = asyncio.get_running_loop()
    streams = StandardStreams(sys.stdin.fileno(), sys.stdout.fileno(), app.receive, loop)
    return await _served(app, streams)


async def _serve_tcp(host: str, port: int, config: Path | None) -> int:
    app = App(config)
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
    return await _served(app, pipe)


async def _served(app: App, pipe: Pipe) -> int:
    """Serve, and see to it that the process ends.

    A thread can hang in a file system that does not answer. Python would wait for it for ever.
    """
    status = await app.run(pipe)
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
