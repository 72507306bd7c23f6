"""What a debug run may tell on standard error: no key and no code."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from spark_lsp.cli.client import Client
from tests.heard import PATIENCE, Heard
from tests.model import scripted_model

KEY = "key-4711-secret"
CODE = "my_private_word"


@pytest.mark.parametrize("level", ["debug", "info", "nonsense"])
async def test_a_log_holds_neither_the_key_nor_the_text(tmp_path: Path, level: str) -> None:
    async with scripted_model() as model:
        config = tmp_path / "config.toml"
        config.write_text(
            f'model_provider = "mine"\n[model_providers.mine]\nbase_url = "{model.url}"\n'
            'env_key = "KEY_OF_A_TEST"\n',
            "utf-8",
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "spark_lsp", "serve", "--config", os.fspath(config),
            env={**os.environ, "SPARK_LSP_LOG": level, "KEY_OF_A_TEST": f"{KEY}\n"},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stderr
        log = asyncio.create_task(process.stderr.read())
        client = Client(process)
        heard: Heard[tuple[str, Any]] = Heard()
        client.on_notification = lambda method, params: heard((method, params))
        await client.initialize(None)
        uri = "file:///nowhere/a.py"
        text = {"uri": uri, "languageId": "python", "version": 1, "text": f"{CODE} = \n"}
        client.notify("textDocument/didOpen", {"textDocument": text})
        asked = {
            "textDocument": {"uri": uri},
            "position": {"line": 0, "character": len(CODE) + 3},
            "partialResultToken": "t",
        }
        answer = client.request("textDocument/inlineCompletion", asked)
        request = await model.next()
        await request.say(f"{CODE}2")
        await request.end()
        result = await answer
        change = {"range": 5, "text": f"{CODE}3"}
        changed = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [change]}
        client.notify("textDocument/didChange", changed)
        await client.request("workspace/executeCommand", {"command": "spark.accept"})
        status = await client.close()
        async with asyncio.timeout(PATIENCE):
            told = (await log).decode()

    assert 0 == status
    assert CODE in json.dumps(result)
    assert f"Bearer {KEY}" == model.handshakes[0]["Authorization"]
    assert KEY not in told
    assert CODE not in told
    assert ("DEBUG spark_lsp" in told) == (level == "debug")
