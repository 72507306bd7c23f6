"""`spark-lsp task`, with the real Codex CLI and a model on loopback."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.model import Model
from tests.peers import agent
from tests.peers.agent import git, needs_sandbox, patch, use
from tests.peers.parts import needs
from tests.peers.workshop import repository

pytestmark = [needs("node"), needs_sandbox()]

NEW = {"a.py": "A = 1\n", "lib/b.py": "B = 2\n"}


@asynccontextmanager
async def commanded(
    root: Path, config: Path, *arguments: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "spark_lsp", "task", *arguments),
        *("--workspace", str(root), "--config", str(config)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def told(process: asyncio.subprocess.Process) -> tuple[str, str]:
    async with asyncio.timeout(40):
        output, complaints = await process.communicate()
    return output.decode(), complaints.decode()


async def write_two(model: Model) -> None:
    request = await model.next()
    await use(request, "apply_patch", patch(NEW))
    request = await model.next()
    await agent.say(request, "Two constants.")
    await agent.over(request)


async def test_what_a_task_has_changed_is_shown_and_not_written(tmp_path: Path) -> None:
    async with (
        repository(tmp_path) as (root, config, model),
        commanded(root, config, "Add two.") as process,
    ):
        await write_two(model)
        output, complaints = await told(process)

        assert 0 == process.returncode, complaints
        assert "Two constants." in output
        assert "+A = 1" in output
        assert "+++ b/lib/b.py" in output
        assert "Nothing was applied." in complaints
        assert not any((root / name).exists() for name in NEW)


async def test_who_says_so_beforehand_has_it_written(tmp_path: Path) -> None:
    async with (
        repository(tmp_path) as (root, config, model),
        commanded(root, config, "Add two.", "--yes", "--json") as process,
    ):
        await write_two(model)
        output, complaints = await told(process)
        result = json.loads(output)

        assert 0 == process.returncode, complaints
        assert result["applied"]
        assert "done" == result["task"]["state"]
        assert NEW == {name: (root / name).read_text("utf-8") for name in NEW}


async def test_an_interrupted_task_shows_what_there_is(tmp_path: Path) -> None:
    async with (
        repository(tmp_path) as (root, config, model),
        commanded(root, config, "Add two.") as process,
    ):
        request = await model.next()
        await use(request, "apply_patch", patch(NEW))
        await model.next()
        process.send_signal(signal.SIGINT)
        output, complaints = await told(process)

        assert 1 == process.returncode
        assert "+A = 1" in output
        assert "interrupted" in complaints


async def test_where_no_model_is_set_one_line_says_so(tmp_path: Path) -> None:
    async with repository(tmp_path) as (root, config, _):
        config.write_text("", "utf-8")
        async with commanded(root, config, "Add two.") as process:
            output, complaints = await told(process)

    assert (1, "") == (process.returncode, output)
    assert "spark-lsp: no model is set to work in the background" in complaints


async def test_what_a_branch_has_is_finished(tmp_path: Path) -> None:
    async with repository(tmp_path) as (root, config, model):
        git(root, "branch", "-m", "main")
        git(root, "checkout", "-q", "-b", "work")
        (root / "lib/units.py").write_text("METRE = 2\n", "utf-8")
        git(root, "commit", "-q", "-a", "-m", "second")
        async with commanded(root, config, "--since", "main") as process:
            request = await model.next()
            said = "".join(request.texts)
            await agent.say(request, "All is well.")
            await agent.over(request)
            await told(process)

    assert "-METRE = 1\n+METRE = 2" in said
    assert 0 == process.returncode
