"""`spark-lsp backend`: the embedded engine as a service of its own.

Owns its life: the ready line, and the end when the standard input closes or a signal comes.
"""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import sys
import threading
from pathlib import Path

from spark_lsp.cli.errors import CommandError
from spark_lsp.core.settings import EMBEDDED
from spark_lsp.engine.model import Engine
from spark_lsp.server.backend import MODELS, Service
from spark_lsp.server.endpoint import is_loopback
from spark_lsp.server.teacher import Teacher
from spark_lsp.server.web import listening


def run(host: str, port: int, workspace: Path | None) -> int:
    """Serve until the standard input closes or a signal comes."""
    if not is_loopback(host):
        raise CommandError(f"--host must be a loopback address such as 127.0.0.1, not {host}", 2)
    if workspace is not None and not workspace.is_dir():
        raise CommandError(f"--workspace: there is no directory {workspace}", 2)
    asyncio.run(_serve(host.strip("[]"), port, workspace))
    return 0


async def _serve(host: str, port: int, workspace: Path | None) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # not on Windows
            loop.add_signal_handler(number, stop.set)
    _watch_input(loop, stop)
    engine = Engine()
    teacher = Teacher(engine, workspace)
    service = Service(engine, teacher)
    token = secrets.token_urlsafe(32)
    try:
        async with listening(service.handle, host, port, token, MODELS) as bound:
            name = f"[{host}]" if ":" in host else host
            ready = {
                "url": f"ws://{name}:{bound}/v1",
                "http_url": f"http://{name}:{bound}/v1",
                "token": token,
                "model": EMBEDDED,
            }
            sys.stdout.write(json.dumps(ready) + "\n")
            sys.stdout.flush()
            learning = asyncio.create_task(teacher.run())
            await stop.wait()
            teacher.close()
            learning.cancel()
    except BrokenPipeError:
        raise  # whoever wanted it has gone before it was ready
    except OSError as error:
        raise CommandError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None


def _watch_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Set `stop` when the standard input closes."""

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(sys.stdin.fileno(), 4096):
                pass
        with contextlib.suppress(RuntimeError):  # the loop has ended first
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=watch, name="watch input", daemon=True).start()
