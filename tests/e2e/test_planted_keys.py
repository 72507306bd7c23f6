"""Keys planted wherever one may stand: none is ever seen but in the handshake it is for.

The real server at its most talkative, between an editor and a server that repeats what it is sent.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from spark_lsp.cli.client import Client
from tests.heard import PATIENCE, Heard
from tests.model import scripted_model
from tests.web import EVENTS, scripted_web

NAME = "KEY_OF_A_TEST"
PLANTED = {
    "key": "key-4711-placeholder",
    "header": "header-4712-placeholder",
    "parameter": "parameter-4713-placeholder",
    "url": "url-4714-placeholder",
}
URI = "file:///nowhere/a.py"


@dataclass
class Seen:
    """All that a person, or who looks over their shoulder, can see of a server."""

    client: Client
    heard: Heard[tuple[str, Any]]
    arguments: set[str] = field(default_factory=set)
    log: str = ""
    kept: int = 0

    async def ask(self, version: int) -> Any:
        """Type a letter and ask for a completion."""
        text = "x" * version
        change = {
            "textDocument": {"uri": URI, "version": version},
            "contentChanges": [{"text": text}],
        }
        self.client.notify("textDocument/didChange", change)
        position = {"line": 0, "character": version}
        asked = {"textDocument": {"uri": URI}, "position": position, "context": {"triggerKind": 1}}
        return await self.client.request("textDocument/inlineCompletion", asked)

    def look(self) -> None:
        """Note the arguments of all processes."""
        process = psutil.Process(self.client.process.pid)
        for each in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                self.arguments.update(each.cmdline())


@asynccontextmanager
async def serving(tmp_path: Path, url: str, extra: str = "") -> AsyncIterator[Seen]:
    """Run a server that has all keys, and see to it at the end that none was seen."""
    config = tmp_path / "config.toml"
    config.write_text(
        'model_provider = "mine"\n[model_providers.mine]\n'
        f'base_url = "{url}?api-key={PLANTED["url"]}"\n'
        f'env_key = "{NAME}"\nhttp_headers = {{ "X-Door" = "{PLANTED["header"]}" }}\n'
        f'query_params = {{ token = "{PLANTED["parameter"]}" }}\n{extra}',
        "utf-8",
    )
    root = tmp_path / "repository"
    root.mkdir()
    (root / "b.py").write_text("def function():\n    return 1\n", "utf-8")
    cache = tmp_path / "cache"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "spark_lsp", "serve", "--config", str(config),
        env={
            **os.environ,
            "SPARK_LSP_LOG": "debug",
            "SPARK_LSP_CACHE": str(cache),
            "PYTHONASYNCIODEBUG": "1",
            NAME: PLANTED["key"],
        },
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr
    log = asyncio.create_task(process.stderr.read())
    client = Client(process)
    seen = Seen(client, Heard())
    client.on_notification = lambda method, params: seen.heard((method, params))
    await client.initialize(root)
    document = {"uri": URI, "languageId": "python", "version": 1, "text": "x"}
    client.notify("textDocument/didOpen", {"textDocument": document})
    yield seen
    seen.look()
    assert 0 == await client.close()
    async with asyncio.timeout(PATIENCE):
        seen.log = (await log).decode()

    kept = b"".join(path.read_bytes() for path in cache.rglob("*") if path.is_file())
    assert "DEBUG spark_lsp" in seen.log
    seen.kept = len(kept)
    assert any("spark_lsp" in it for it in seen.arguments)
    for name, secret in PLANTED.items():
        assert secret not in seen.log, name
        assert secret not in json.dumps(seen.heard.all), name
        assert secret not in " ".join(seen.arguments), name
        assert secret.encode() not in kept, name


def repeated() -> str:
    """What a server says that repeats all that it was sent."""
    return f"Incorrect API key provided: {', '.join(PLANTED.values())}"


async def test_what_opens_a_websocket_is_seen_nowhere_else(tmp_path: Path) -> None:
    async with scripted_model() as model, serving(tmp_path, model.url) as seen:
        answer = asyncio.ensure_future(seen.ask(2))
        request = await model.next()
        error = {"type": "invalid_request_error", "code": "x", "message": repeated()}
        await request.event("error", status=400, error=error)
        await answer
        again = asyncio.ensure_future(seen.ask(3))
        await (await model.next()).drop()
        await again
        await model.until(lambda: any("def function" in text for text in model.warm))

    assert seen.kept
    first = model.handshakes[0]
    assert f"Bearer {PLANTED['key']}" == first["Authorization"]
    assert PLANTED["header"] == first["X-Door"]
    assert all(PLANTED["key"] not in json.dumps(frame) for frame in model.frames)


@pytest.mark.parametrize("status", [401, 500, 200])
async def test_what_opens_an_ordinary_server_is_seen_nowhere_else(
    tmp_path: Path, status: int
) -> None:
    async with scripted_web() as web, serving(tmp_path, web.url, 'wire_api = "chat"') as seen:
        answer = asyncio.ensure_future(seen.ask(2))
        exchange = await web.next()
        body = json.dumps({"error": {"message": repeated(), "type": "invalid_request_error"}})
        await exchange.answer(f"data: {body}\n\n" if status == 200 else body, status, EVENTS)
        await answer

    assert f"Bearer {PLANTED['key']}" == exchange.headers["authorization"]
    assert PLANTED["header"] == exchange.headers["x-door"]
    assert PLANTED["url"] in exchange.path
    assert PLANTED["parameter"] in exchange.path
    assert PLANTED["key"] not in exchange.body.decode()
