"""The Codex CLI as a client of our own backend, in a home of its own and with no way out.

Owns its process, what stands between it and the backend (who sees how it connects) and what stands
between it and the world (who sees whether it tries); what is asked is left to the tests.
"""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from tests.heard import PATIENCE
from tests.peers.parts import CODEX
from tests.peers.service import Service

Handler: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_CONFIG = """\
model = "{model}"
model_provider = "spark"
check_for_update_on_startup = false
sandbox_mode = "read-only"
approval_policy = "never"
[features]
plugins = false
[analytics]
enabled = false
[model_providers.spark]
name = "spark-lsp"
base_url = "{url}"
env_key = "SPARK_TOKEN"
wire_api = "responses"
supports_websockets = {websockets}
request_max_retries = 0
stream_max_retries = 0
"""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where Codex lives, and what it has been seen to do.

    Attributes:
        folder: where it runs.
        environment: all that it knows of the machine.
        asked: the heads of the requests with which it opened connections to the backend.
        strayed: what it tried to reach elsewhere.
    """

    folder: Path
    environment: Mapping[str, str]
    asked: list[str]
    strayed: list[str]


@asynccontextmanager
async def surroundings(
    folder: Path, service: Service, *, websockets: bool
) -> AsyncIterator[Surroundings]:
    """Make a home for Codex, with our backend as its model."""
    home, project = folder / "home", folder / "project"
    home.mkdir()
    project.mkdir()
    asked: list[str] = []
    strayed: list[str] = []
    async with AsyncExitStack() as stack:
        relay = await stack.enter_async_context(listening(_relay(service, asked)))
        elsewhere = await stack.enter_async_context(listening(trap(strayed)))
        (home / "config.toml").write_text(
            _CONFIG.format(
                model=service.model,
                url=f"http://127.0.0.1:{relay}/v1",
                websockets=str(websockets).lower(),
            ),
            "utf-8",
        )
        proxy = f"http://127.0.0.1:{elsewhere}"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "CODEX_HOME": str(home),
            "SPARK_TOKEN": service.token,
            "ALL_PROXY": proxy,
            "HTTP_PROXY": proxy,
            "HTTPS_PROXY": proxy,
            "NO_PROXY": "127.0.0.1",
            "RUST_LOG": "warn",
        }
        yield Surroundings(project, environment, asked, strayed)


@dataclass(frozen=True, slots=True)
class Ran:
    """What `codex exec` did: its events, and what it complained about."""

    status: int
    events: list[dict[str, Any]]
    complaints: str


async def execute(around: Surroundings, prompt: str) -> Ran:
    """Have one prompt executed."""
    process = await asyncio.create_subprocess_exec(
        CODEX, "exec", "--json", "--skip-git-repo-check", prompt,
        cwd=around.folder,
        env=around.environment,
        start_new_session=True,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(2 * PATIENCE):
            output, complaints = await process.communicate()
    finally:
        await _kill(process)
    events = [json.loads(line) for line in output.splitlines()]
    return Ran(process.returncode or 0, events, complaints.decode())


class Conversation:
    """A thread of `codex app-server`: one turn after the other, in one process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._calls = 0
        self._thread = ""

    async def open(self) -> None:
        """Introduce ourselves and begin the thread."""
        await self._call("initialize", {"clientInfo": {"name": "tests", "version": "1"}})
        self._send({"method": "initialized"})
        self._thread = (await self._call("thread/start", {}))["thread"]["id"]

    async def turn(self, text: str) -> str:
        """Say something and wait for the answer."""
        await self._call(
            "turn/start",
            {"threadId": self._thread, "input": [{"type": "text", "text": text}]},
        )
        answer = ""
        while (message := await self._next()).get("method") != "turn/completed":
            if message.get("method") == "item/agentMessage/delta":
                answer += message["params"]["delta"]
        assert message["params"]["turn"]["status"] == "completed", message
        return answer

    async def _call(self, method: str, params: dict[str, Any]) -> Any:
        self._calls += 1
        self._send({"id": self._calls, "method": method, "params": params})
        while (message := await self._next()).get("id") != self._calls or "method" in message:
            pass
        return message["result"]

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def _next(self) -> dict[str, Any]:
        assert self._process.stdout
        async with asyncio.timeout(PATIENCE):
            message: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return message


@asynccontextmanager
async def conversing(around: Surroundings) -> AsyncIterator[Conversation]:
    """Run a server of Codex's and begin a thread in it."""
    process = await asyncio.create_subprocess_exec(
        CODEX, "app-server",
        cwd=around.folder,
        env=around.environment,
        start_new_session=True,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=2**24,
    )  # fmt: skip
    try:
        conversation = Conversation(process)
        await conversation.open()
        yield conversation
        assert process.stdin
        process.stdin.close()
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == 0
    finally:
        await _kill(process)


async def _kill(process: asyncio.subprocess.Process) -> None:
    """End it with its child: what npm installs is a script that starts the program."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _relay(service: Service, asked: list[str]) -> Handler:
    """Pass bytes between Codex and the backend, and keep how each connection begins."""
    port = urlsplit(service.http_url).port

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.decode())
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        there_writer.write(head)
        await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))

    return relay


def trap(strayed: list[str]) -> Handler:
    """Stand where a proxy would be, and keep what it is asked for."""

    async def note(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        strayed.append((await reader.readline()).decode(errors="replace"))

    return note


@asynccontextmanager
async def listening(handler: Handler) -> AsyncIterator[int]:
    """Listen on a port of this machine while the context lasts."""
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await handler(reader, writer)
        finally:
            tasks.discard(task)
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            left = list(tasks)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
