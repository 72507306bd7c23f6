"""How servers start, die and leave, with the embedded engine as their child."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from spark_lsp.cli.client import Client
from spark_lsp.server.endpoint import Endpoint, Unreachable
from spark_lsp.server.websocket import connect
from tests.editor import PATIENCE, Editor, editing

UTIL = """\
def parse_duration(text):
    number, unit = split_duration(text)
    return number * SECONDS_PER_UNIT[unit]


def parse_interval(text):
    start, end = split_interval(text)
    return start * SECONDS_PER_UNIT[end]


def parse_duration_list(text):
    return [parse_duration(part) for part in split_list(text)]
"""
SOURCE = """\
from util import parse_duration


def first(text):
    number, unit = split_duration(text)
    return number * SECONDS_PER_UNIT[unit]


def second(text):
    number, unit = <CURSOR>
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    path.mkdir()
    (path / "util.py").write_text(UTIL, "utf-8")
    return path


async def ghost_text(editor: Editor) -> str:
    """Ask until there is something to show, as the engine may still be learning; its first line."""
    async with asyncio.timeout(PATIENCE):
        while not (result := await editor.ask())["items"]:
            pass
    return str(result["items"][0]["insertText"]).split("\n")[0]


async def started(server: psutil.Process, argument: str) -> list[psutil.Process]:
    """Wait until the server has a child with this argument; returns all its children."""
    async with asyncio.timeout(PATIENCE):
        while True:
            children = server.children(recursive=True)
            if any(argument in child.cmdline() for child in children):
                return children
            await asyncio.to_thread(psutil.wait_procs, children, timeout=0.01)


async def gone(process: psutil.Process) -> bool:
    """Wait until a process has ended."""
    async with asyncio.timeout(PATIENCE):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            await asyncio.to_thread(psutil.wait_procs, [process], timeout=0.1)
    return True


async def test_the_embedded_engine_completes_with_no_key_and_no_network(root: Path) -> None:
    async with editing(root, "a.py", SOURCE) as editor:
        assert await ghost_text(editor) == "split_duration(text)"


async def test_the_backend_is_back_after_it_was_killed_and_no_request_fails(root: Path) -> None:
    async with editing(root, "a.py", SOURCE) as editor:
        await ghost_text(editor)
        backend = editor.backend()
        assert backend
        backend.kill()
        answers = []
        for char in "split_duration(text)\n\n\ndef third(text):\n    number, unit = ":
            editor.type(char)
            answers.append(editor.ask())
        for answer in answers:
            await answer  # raises if it was an error

        assert await ghost_text(editor) == "split_duration(text)"
        anew = editor.backend()
        assert anew
        assert anew.pid != backend.pid


async def test_a_backend_that_is_frozen_is_replaced(root: Path) -> None:
    async with editing(root, "a.py", SOURCE) as editor:
        await ghost_text(editor)
        backend = editor.backend()
        assert backend
        backend.suspend()
        editor.type("s")

        assert await ghost_text(editor) == "plit_duration(text)"
        assert await gone(backend)


def test_a_thread_that_hangs_does_not_keep_the_process() -> None:
    script = """if True:
        import asyncio, threading
        from spark_lsp.cli import serve

        class App:
            async def run(self, pipe):
                asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)
                return 3

        asyncio.run(serve._served(App(), None, None))
    """
    done = subprocess.run([sys.executable, "-c", script], timeout=PATIENCE, check=False)

    assert 3 == done.returncode


async def test_what_the_server_started_goes_with_it_even_when_it_is_killed(root: Path) -> None:
    for number in range(2000):
        (root / f"module_{number}.py").write_text(UTIL, "utf-8")
    client = await Client.start()
    await client.initialize(root)
    server = psutil.Process(client.process.pid)
    children = await started(server, "spark_lsp.server.parse_worker")
    server.kill()
    await client.close()

    assert len(children) >= 2
    for child in children:
        assert await gone(child)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_server_and_its_children(root: Path, number: int) -> None:
    async with asyncio.timeout(PATIENCE):
        client = await Client.start()
        await client.initialize(root)
        children = await started(psutil.Process(client.process.pid), "backend")
        os.kill(client.process.pid, number)

        assert await client.process.wait() == 0
        assert all([await gone(child) for child in children])
        await client.close()


async def test_an_editor_that_vanishes_ends_the_server(root: Path) -> None:
    client = await Client.start()
    await client.initialize(root)
    assert client.process.stdin
    client.process.stdin.close()
    async with asyncio.timeout(PATIENCE):
        assert await client.process.wait() == 1
    await client.close()


async def test_exit_without_shutdown_is_status_one(root: Path) -> None:
    client = await Client.start()
    await client.initialize(root)
    client.notify("exit", None)
    async with asyncio.timeout(PATIENCE):
        assert await client.process.wait() == 1
    await client.close()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_positions_are_counted_as_negotiated(root: Path, encoding: str) -> None:
    client = await Client.start()
    capabilities = {"general": {"positionEncodings": [encoding]}}
    result = await client.initialize(root, capabilities=capabilities)
    await client.close()

    assert result["capabilities"]["positionEncoding"] == encoding
    assert result["capabilities"]["inlineCompletionProvider"] == {}
    assert result["capabilities"]["textDocumentSync"]["change"] == 2


async def test_inline_completion_is_registered_once_static_or_dynamic(root: Path) -> None:
    client = await Client.start()
    asked: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    take = client._take

    def spy(message: Any) -> None:
        if message.get("method") == "client/registerCapability":
            asked.set_result(message["params"]["registrations"])
        take(message)

    client._take = spy  # type: ignore[method-assign]
    capabilities = {
        "textDocument": {"inlineCompletion": {"dynamicRegistration": True}},
        "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}},
    }
    result = await client.initialize(root, capabilities=capabilities)
    async with asyncio.timeout(PATIENCE):
        registrations = await asked
    await client.close()

    assert "inlineCompletionProvider" not in result["capabilities"]
    assert {it["method"] for it in registrations} == {
        "textDocument/inlineCompletion",
        "workspace/didChangeWatchedFiles",
    }


async def test_unusable_settings_are_told_in_a_sentence_and_the_defaults_serve(root: Path) -> None:
    async with editing(root, "a.py", SOURCE, config="model_context_window = 'big'") as editor:
        await editor.until(lambda: editor.messages)

        assert await ghost_text(editor) == "split_duration(text)"
        assert "model_context_window: write a whole number" in editor.messages[0]


async def test_the_editor_can_switch_completions_off_and_on(root: Path) -> None:
    async with editing(root, "a.py", SOURCE) as editor:
        await ghost_text(editor)
        for enabled in (False, True):
            editor.client.notify(
                "workspace/didChangeConfiguration", {"settings": {"spark": {"enabled": enabled}}}
            )
            if enabled:
                assert await ghost_text(editor) == "split_duration(text)"
            else:
                assert await editor.ask() == {"items": []}


async def test_a_repository_cannot_send_anything_anywhere(root: Path) -> None:
    """What a `.spark-lsp.toml` can say is told in `test_restrictions`."""
    evil = 'model_provider = "evil"\n[model_providers.evil]\nbase_url = "ws://127.0.0.1:9/v1"\n'
    for name in ("config.toml", "spark-lsp/config.toml", ".config/spark-lsp/config.toml"):
        (root / name).parent.mkdir(exist_ok=True, parents=True)
        (root / name).write_text(evil, "utf-8")
    async with editing(root, "a.py", SOURCE) as editor:
        assert await ghost_text(editor) == "split_duration(text)"
        assert editor.backend()


async def test_nothing_of_a_repository_is_run_when_the_server_is_started_in_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Editors start servers in the repository, where Python would look for modules first."""
    trap = "import pathlib; pathlib.Path(__file__).with_suffix('.ran').touch()\n"
    for name in ("spark_lsp", "msgspec", "numpy", "websockets", "json", "asyncio", "sitecustomize"):
        (root / name).mkdir()
        (root / name / "__init__.py").write_text(trap, "utf-8")
    monkeypatch.chdir(root)
    async with editing(root, "a.py", SOURCE) as editor:
        assert await ghost_text(editor) == "split_duration(text)"

    assert [] == list(root.rglob("*.ran"))


async def start_backend(*options: str) -> tuple[asyncio.subprocess.Process, dict[str, str]]:
    """Start the service alone and read its ready line."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "spark_lsp", "backend", *options,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    async with asyncio.timeout(PATIENCE):
        return process, json.loads(await process.stdout.readline())


async def test_the_backend_tells_where_it_listens_and_ends_with_its_input(root: Path) -> None:
    process, ready = await start_backend("--workspace", str(root))
    socket = await connect(Endpoint(ready["url"], ready["token"]))
    socket.send('{"type":"response.create","model":"embedded","input":"number, unit = "}')
    text = ""
    async for frame in socket.frames():
        event = json.loads(frame)
        text += event.get("delta", "")
        if event["type"] == "response.completed":
            break
    socket.abort()
    assert process.stdin
    process.stdin.close()
    async with asyncio.timeout(PATIENCE):
        assert await process.wait() == 0

    assert ready["model"] == "embedded"
    assert ready["http_url"].startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("headers", "token", "status"),
    [
        ({}, "", 401),
        ({}, "wrong", 401),
        ({"Origin": "https://example.com"}, None, 403),
        # Beside the client's own, and two are no HTTP; foreign alone: tests/server/test_web.py.
        ({"Host": "example.com"}, None, 400),
        ({"Host": "127.0.0.1.example.com:80"}, None, 400),
    ],
)
async def test_the_backend_refuses_whoever_has_no_token_or_comes_from_a_page(
    headers: dict[str, str], token: str | None, status: int
) -> None:
    process, ready = await start_backend()
    try:
        endpoint = Endpoint(ready["url"], ready["token"] if token is None else token, headers)
        with pytest.raises(Unreachable, match=str(status)):
            await connect(endpoint)
    finally:
        process.terminate()
        await process.wait()


async def test_a_key_is_not_sent_over_an_open_line_to_another_machine() -> None:
    with pytest.raises(Unreachable, match="not encrypted"):
        await connect(Endpoint("ws://example.invalid/v1", "key"))
