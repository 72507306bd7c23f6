"""A bug report is a test case: a real server records what happens, and it happens again."""

import asyncio
import json
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from watchfiles import awatch

from spark_lsp.cli.client import Client
from spark_lsp.core.tracing.form import Trace, TraceError, read
from tests.core.tracing.stage import PLANTED, body, joined, leaked
from tests.editor import PATIENCE, Editor
from tests.model import scripted_model

SOURCE = "import os\n\n\ndef total(items):\n    return sum(items)\n\n\nx = <CURSOR>\n"
SECRETS = [secret for _, secrets in PLANTED.values() for secret in secrets]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    (root / "b.py").write_text("def subtotal(items):\n    return total(items[1:])\n", "utf-8")
    (root / ".env").write_text(f"TOKEN={body('dotenv')}\n", "utf-8")
    return root


async def called(*arguments: object) -> tuple[int | None, str, str]:
    """Call the command; returns its exit status and what it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "spark_lsp", *map(str, arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, errors = await process.communicate()
    return process.returncode, out.decode(), errors.decode()


async def replayed(trace: Path) -> tuple[int | None, dict[str, Any], str]:
    status, out, errors = await called("drive", trace, "--json")
    return status, json.loads(out), errors


def config(path: Path, url: str) -> list[str]:
    """Return the options of a server that asks a model there, and nobody else."""
    path.write_text(
        'model_provider = "mine"\nembedded_fallback = false\n'
        f'[model_providers.mine]\nbase_url = "{url}"\n',
        "utf-8",
    )
    return ["--config", str(path)]


def told_of(trace: Trace) -> Iterable[str]:
    return (line.event["type"] if line.event else "tick" for line in trace.lines)


async def test_what_is_recorded_of_a_server_happens_again(root: Path, tmp_path: Path) -> None:
    trace = tmp_path / "bug"
    async with scripted_model() as model:
        options = config(tmp_path / "config.toml", model.url)
        client = await Client.start("--trace", str(trace), *options)
        await client.initialize(root)
        editor = Editor(client, (root / "a.py").as_uri(), SOURCE, "python")
        editor.ask()
        request = await model.next()
        await request.say("total(")
        await editor.ghost("total(")
        await request.say("[1, 2])\n")
        await request.end()
        await editor.ghost("total([1, 2])")
        for key in "total(":
            editor.type(key)
            editor.ask()
            await editor.ghost(editor.screen.ghost)
        editor.type("[1, 2])")
        await client.request("workspace/executeCommand", {"command": "spark.accept"})
        status = await client.close()
    replay_status, told, errors = await replayed(trace)
    recorded = read(trace.read_bytes())

    assert 0 == status
    assert (0, [], "") == (replay_status, told["differences"], errors)
    assert len(recorded.lines) == told["events"]
    assert {"keys": 7, "requests": 7, "stale_frames": 0, "errors": 0}.items() <= told.items()
    assert 0 < told["first_text"]["p99"]
    assert {"Configured", "Opened", "Vetted", "Up", "Asked", "Wrote", "Ended", "Edited"} <= set(
        told_of(recorded)
    )
    assert 0o600 == stat.S_IMODE(trace.stat().st_mode)
    assert "total([1, 2])" in joined(recorded)
    assert str(root.parent) not in trace.read_text("utf-8")


async def test_not_one_piece_of_a_secret_is_in_the_trace_of_a_server(
    root: Path, tmp_path: Path
) -> None:
    trace = tmp_path / "bug"
    async with scripted_model() as model:
        options = config(tmp_path / "config.toml", model.url)
        client = await Client.start("--trace", str(trace), *options)
        await client.initialize(root)
        lines = [line for line, _ in PLANTED.values()]
        hidden = Editor(client, (root / ".env").as_uri(), "<CURSOR>\n", "properties")
        hidden.type(lines[0])
        editor = Editor(client, (root / "a.py").as_uri(), lines[0] + SOURCE, "python")
        for key in lines[1]:
            editor.type(key)
        editor.type("\n" + lines[2] + lines[3] + "y = ")
        editor.ask()
        request = await model.next()
        await request.say(lines[4][: len(lines[4]) // 2])
        await request.say(lines[4][len(lines[4]) // 2 :])
        await request.end()
        await editor.until(lambda: editor.screen.ghost)
        status = await client.close()
    content = trace.read_bytes()
    _, told, _ = await replayed(trace)

    assert 0 == status
    assert leaked("".join(lines).encode(), SECRETS), "they are planted"
    assert [] == leaked(content, [*SECRETS, body("dotenv")])
    assert [] == leaked(joined(read(content)).encode(), SECRETS)
    assert b".env" not in content
    assert all(difference["masked"] for difference in told["differences"])


async def test_of_a_server_that_was_killed_there_is_what_had_settled(
    root: Path, tmp_path: Path
) -> None:
    trace = tmp_path / "bug"
    client = await Client.start("--trace", str(trace))
    await client.initialize(root)
    editor = Editor(client, (root / "a.py").as_uri(), SOURCE, "python")
    editor.type("y")

    def typed() -> bool:
        try:
            return joined(read(trace.read_bytes())).endswith("y")
        except TraceError:
            return False

    async with asyncio.timeout(PATIENCE):
        async for _ in awatch(trace, yield_on_timeout=True, rust_timeout=100, step=20):
            if typed():
                break
    client.process.kill()
    await client.process.wait()
    status, told, _ = await replayed(trace)

    assert (0, []) == (status, told["differences"])
    assert 1 == told["keys"]


@pytest.mark.parametrize("where", ["bug", "missing/bug"])
async def test_a_trace_that_cannot_be_begun_is_wrong_usage(tmp_path: Path, where: str) -> None:
    (tmp_path / "bug").write_text("mine")
    status, out, errors = await called("serve", "--trace", tmp_path / where)

    assert (2, "") == (status, out)
    assert str(tmp_path / where) in errors
    assert 1 == errors.count("\n")
    assert "mine" == (tmp_path / "bug").read_text()
