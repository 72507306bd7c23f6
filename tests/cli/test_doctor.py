"""`spark-lsp doctor` as a person or a script calls it: a real process each."""

import asyncio
import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from spark_lsp.cli.checks import Check
from spark_lsp.cli.doctor import as_json, as_table
from tests.cli.test_checks import KEY, LOCAL, NAME, NETWORK, answering, configured, meanwhile
from tests.cli.test_command_line import called, command, environment, interrupted
from tests.heard import PATIENCE
from tests.model import scripted_model
from tests.web import scripted_web


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    path.mkdir()
    return path


async def run(root: Path, *arguments: str) -> tuple[int | None, str, str]:
    """Call the command beside a server in this process; at the most talkative."""
    process = await asyncio.create_subprocess_exec(
        *command("doctor", *arguments),
        cwd=root,
        env={**environment(root), "SPARK_LSP_LOG": "debug", NAME: KEY},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    async with asyncio.timeout(3 * PATIENCE):
        out, errors = await process.communicate()
    return process.returncode, out.decode(), errors.decode()


def test_json_is_one_object_with_every_check_and_nothing_else(root: Path) -> None:
    done = called(root, "doctor", "--json")
    told = json.loads(done.stdout)

    assert (0, "") == (done.returncode, done.stderr)
    assert 1 == done.stdout.count("\n")
    assert {"checks"} == set(told)
    assert [*NETWORK, *LOCAL] == [it["name"] for it in told["checks"]]
    assert all({"name", "ok", "detail", "fix"} == set(it) for it in told["checks"])
    assert {True, None} == {it["ok"] for it in told["checks"]}


def test_people_are_told_a_table_in_which_one_reason_is_said_once(root: Path) -> None:
    done = called(root, "doctor", "--workspace", str(root))
    lines = done.stdout.splitlines()

    assert (0, "") == (done.returncode, done.stderr)
    assert "\x1b" not in done.stdout
    assert lines[0].startswith("ok      configuration")
    assert 1 == done.stdout.count("not needed by the embedded engine")
    assert any(line.startswith("—       key … answer") for line in lines)
    assert any(line.startswith("ok      engine") for line in lines)


async def test_a_model_that_works_is_told_with_its_latency(root: Path) -> None:
    async with scripted_model() as model, meanwhile(answering(model, "nt(", "name)")):
        file = configured(root.parent, model.url, env_key=NAME)
        status, out, errors = await run(root, "--config", str(file))

    assert 0 == status, out + errors
    assert "first word after" in out
    assert KEY not in out + errors


@pytest.mark.parametrize("options", [(), ("--json",)])
async def test_what_fails_is_told_with_what_to_do_and_never_with_the_key(
    root: Path, options: tuple[str, ...]
) -> None:
    async with scripted_web() as web:

        async def refuse() -> None:
            while True:
                body = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}"}})
                await (await web.next()).answer(body, 401, {"x-seen": KEY})

        async with meanwhile(refuse()):
            file = configured(root.parent, web.url, env_key=NAME, http_headers={"X-Key": f"{KEY}2"})
            status, out, errors = await run(root, "--config", str(file), *options)
        asked = [it.headers["authorization"] for it in web.exchanges]

    assert 1 == status, out + errors
    assert {f"Bearer {KEY}"} == set(asked)
    assert "key" in out
    assert "Traceback" not in errors
    assert KEY not in out + errors
    if options:
        told = {it["name"]: it for it in json.loads(out)["checks"]}
        assert [False, False, None] == [told[it]["ok"] for it in ("websocket", "http", "answer")]
        assert "check the key" in told["websocket"]["fix"]
    else:
        assert "→ check the key" in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--workspace", "missing"), "there is no directory missing"),
        (("--budget",), "--budget"),
        (
            ("--config", "missing.toml"),
            "there is no configuration file missing.toml: write it, or name another with --config",
        ),
        (("--config", "."), "there is no configuration file .: write it"),
    ],
)
def test_wrong_usage_is_one_line(root: Path, arguments: tuple[str, ...], told: str) -> None:
    done = called(root, "doctor", *arguments)

    assert (2, "") == (done.returncode, done.stdout)
    assert told in done.stderr
    assert 1 == done.stderr.count("\n")


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_interrupted_doctor_leaves_no_process_behind(root: Path, options: list[str]) -> None:
    status, out, errors = interrupted(root, "doctor", *options)

    assert (130, "") == (status, errors)
    assert ("configuration" in out) == (not options)


@pytest.mark.parametrize("interrupt", [False, True])
def test_a_thread_that_hangs_keeps_nobody_waiting(root: Path, *, interrupt: bool) -> None:
    """A resolver can hang for minutes, and Python waits for its threads."""
    code = f"""
import asyncio, os, signal, sys, threading
from spark_lsp.cli import checks, main

async def hang(self):
    work = asyncio.create_task(asyncio.to_thread(threading.Event().wait))
    await asyncio.sleep(0)
    if {interrupt}:
        os.kill(os.getpid(), signal.SIGINT)
        await work
    return "fine"

checks.Checkup._engine = hang
sys.argv = ["spark-lsp", "doctor", "--json"]
main.main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env=environment(root),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert (130 if interrupt else 0, "") == (done.returncode, done.stderr)
    assert interrupt or json.loads(done.stdout)["checks"]


def test_while_a_check_is_under_way_its_name_is_shown() -> None:
    done = [Check("configuration", None, "[b]as it is[/b]"), Check("dns", False, "bad", "mend it")]
    sink = StringIO()
    Console(file=sink, width=60).print(as_table(done, ["tcp", "tls"]))
    told = [line.rstrip() for line in sink.getvalue().splitlines()]

    assert "—       configuration       [b]as it is[/b]" == told[0]
    assert ["failed  dns                 bad", "→ mend it"] == [told[1], told[2].strip()]
    assert told[3].endswith("tcp")
    assert 4 == len(told)
    assert {"name": "dns", "ok": False, "detail": "bad", "fix": "mend it"} == as_json(done[1])
