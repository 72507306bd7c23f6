"""The command as a person or a script calls it: a real process each."""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest

import spark_lsp
from spark_lsp.cli.main import _parser
from tests.cli.test_report import CONTRACT
from tests.heard import PATIENCE

SOURCE = """\
import os


def first(text):
    number, unit = split_duration(text)
    return number * SECONDS_PER_UNIT[unit]


def second(text):
    number, unit = split_duration(text)
    return number * SECONDS_PER_UNIT[unit]


def third(text):
    number, unit = split_duration(text)
    return number * SECONDS_PER_UNIT[unit]
"""
COMMANDS = next(
    sorted(action.choices)
    for action in _parser()._actions
    if isinstance(action, argparse._SubParsersAction)
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    path.mkdir()
    (path / "a.py").write_text(SOURCE, "utf-8")
    (path / "crlf.py").write_bytes(SOURCE.replace("\n", "\r\n").encode())
    (path / "empty.py").write_bytes(b"")
    (path / "blank.py").write_bytes(b"\n\n   \n")
    (path / "latin.py").write_bytes(b"caf\xe9 = 1\n")
    return path


def environment(root: Path) -> dict[str, str]:
    """Return an environment without the configuration of whoever runs the tests."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(root.parent),
        "XDG_CONFIG_HOME": str(root.parent / "config"),
        "PYTHONPATH": str(Path(spark_lsp.__file__).parent.parent),
        "COLUMNS": "100",
    }


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "spark_lsp", *arguments]


def called(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Call the command in a directory."""
    return subprocess.run(
        command(*arguments),
        cwd=root,
        env=environment(root),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def everything(root: Path) -> Mapping[str, bytes]:
    """Return each file below a directory with its bytes."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_the_version_is_told(root: Path) -> None:
    done = called(root, "--version")

    assert (0, spark_lsp.__version__, "") == (done.returncode, done.stdout.strip(), done.stderr)


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_says_what_a_command_does_and_takes(root: Path, name: str) -> None:
    done = called(root, *filter(None, [name]), "--help")

    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.startswith(f"usage: spark-lsp {name}".rstrip())
    assert all(known in done.stdout for known in COMMANDS if not name)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "COMMAND"),
        (["nonsense"], "nonsense"),
        (["--nonsense"], "COMMAND"),
        (["drive"], "FILE"),
        (["drive", "--pace", "fast", "a.py"], "--pace"),
        (["drive", "missing.py"], "missing.py"),
        (["drive", "a.py", "missing.py"], "missing.py"),
        (["drive", "."], "."),
        (["drive", "latin.py"], "not UTF-8"),
        (["drive", "empty.py"], "no text to type"),
        (["drive", "blank.py"], "no text to type"),
        (["drive", "--workspace", "missing", "a.py"], "missing"),
        (["serve", "--tcp", "7777"], "HOST:PORT"),
        (["serve", "--tcp", "127.0.0.1:99999"], "HOST:PORT"),
        (["serve", "--tcp", "127.0.0.1:-1"], "HOST:PORT"),
        (["serve", "--tcp", "0.0.0.0:7777"], "loopback"),
        (["serve", "--tcp", "example.com:7777"], "loopback"),
        (["serve", "--tcp", "[::]:7777"], "loopback"),
        (["serve", "--stdio", "--tcp", "127.0.0.1:0"], "--tcp"),
        (["backend", "--host", "0.0.0.0"], "loopback"),
        (["backend", "--host", "example.com"], "loopback"),
        (["backend", "--host", "localhost.example.com"], "loopback"),
        (["backend", "--host", ""], "loopback"),
        (["backend", "--workspace", "missing"], "missing"),
        (["backend", "--port", "99999"], "port"),
        (["backend", "--port", "-1"], "port"),
        (["backend", "--port", "http"], "port"),
        (["drive", "--pace", "-1", "a.py"], "--pace"),
        (["drive", "--lines", "0", "a.py"], "--lines"),
        (["drive", "missing\nfile.py"], "missing"),
        (["complete", "a.py"], "FILE:LINE:COL"),
        (["complete", "missing.py:1:1"], "missing.py"),
        (["complete", "a.py:999:1"], "a.py"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_one_line_that_says_what_to_do(
    root: Path, arguments: list[str], told: str
) -> None:
    done = called(root, *arguments)

    assert (2, "") == (done.returncode, done.stdout)
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert 1 == done.stderr.count("\n"), done.stderr


def test_an_address_that_is_taken_is_a_failure_in_one_line(root: Path) -> None:
    with subprocess.Popen(
        command("backend"),
        cwd=root,
        env=environment(root),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout
        port = json.loads(other.stdout.readline())["url"].split(":")[2].split("/")[0]
        done = {
            name: called(root, name, option, value)
            for name, option, value in (
                ("backend", "--port", port),
                ("serve", "--tcp", f"127.0.0.1:{port}"),
            )
        }
        assert other.stdin
        other.stdin.close()

    for failed in done.values():
        assert (1, "") == (failed.returncode, failed.stdout)
        assert port in failed.stderr
        assert 1 == failed.stderr.count("\n"), failed.stderr


@pytest.mark.parametrize(
    "names", [["a.py"], ["crlf.py"], ["a.py", "crlf.py"]], ids=["LF", "CRLF", "two files"]
)
def test_a_drive_prints_one_object_and_changes_no_file(root: Path, names: list[str]) -> None:
    """In a directory without git, and told by absolute paths from somewhere else."""
    before = everything(root.parent)
    paths = [str(root / name) for name in names]
    done = called(root.parent, "drive", "--json", "--pace", "0", "--lines", "6", *paths)
    told = json.loads(done.stdout)

    assert (0, "") == (done.returncode, done.stderr)
    assert 1 == done.stdout.count("\n")
    assert told.keys() >= CONTRACT
    assert (0, 0, 0) == (told["wrong_accepts"], told["stale_frames"], told["errors"])
    assert told["keys"] + told["saved_characters"] == told["characters"]
    assert told["requests"] == told["keys"] + len(names)
    assert before == everything(root.parent)


def test_a_drive_tells_people_a_table(root: Path) -> None:
    (root / ".git").mkdir()
    done = called(root, "drive", "--pace", "0", "--lines", "3", "a.py")

    assert (0, "") == (done.returncode, done.stderr)
    assert "characters saved" in done.stdout
    assert done.stdout.startswith("answered by")
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("command", [("drive", "a.py"), ("complete", "a.py:1:1")])
def test_a_configuration_that_is_not_there_is_wrong_usage(
    root: Path, command: tuple[str, str]
) -> None:
    done = called(root, *command, "--config", "missing.toml")

    assert 2 == done.returncode
    fix = "write it, or name another with --config"
    assert f"spark-lsp: there is no configuration file missing.toml: {fix}\n" == done.stderr


@pytest.mark.parametrize("command", [("drive", "--json", "a.py"), ("complete", "a.py:1:1")])
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize(
    ("text", "told"), [("modle = 7", "modle: there is no such setting"), ("model = ", "TOML")]
)
def test_a_configuration_that_is_wrong_is_told_instead_of_going_on_with_defaults(
    root: Path, command: tuple[str, ...], text: str, told: str, *, named: bool
) -> None:
    file = root / "wrong.toml"
    if not named:
        file = root.parent / "config" / "spark-lsp" / "config.toml"
        file.parent.mkdir(parents=True)
    file.write_text(text, "utf-8")
    done = called(root, *command, *(("--config", "wrong.toml") if named else ()))

    assert (2, "") == (done.returncode, done.stdout)
    assert file.name in done.stderr
    assert told in done.stderr
    assert 1 == done.stderr.count("\n"), done.stderr


AWAY = """\
model_provider = "mine"
[model_providers.mine]
base_url = "ws://127.0.0.1:{port}/v1"
"""


@pytest.fixture
def away() -> Iterator[str]:
    """A configuration whose server does not listen, at a port that nobody else gets."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield AWAY.format(port=taken.getsockname()[1])


def test_a_completion_that_a_model_did_not_give_says_why(root: Path, away: str) -> None:
    (root / "mine.toml").write_text(f"embedded_fallback = false\n{away}", "utf-8")
    done = called(root, "complete", "a.py:1:1", "--config", "mine.toml")

    assert (1, "") == (done.returncode, done.stdout)
    assert "127.0.0.1" in done.stderr
    assert "nothing to suggest" not in done.stderr


def test_a_completion_where_they_are_switched_off_says_so(root: Path) -> None:
    (root / "mine.toml").write_text("enabled = false\n", "utf-8")
    done = called(root, "complete", "a.py:1:1", "--config", "mine.toml")

    assert (1, "") == (done.returncode, done.stdout)
    assert "spark-lsp: completions are switched off\n" == done.stderr


@pytest.mark.parametrize("fallback", [True, False])
def test_a_drive_says_who_has_answered(root: Path, away: str, *, fallback: bool) -> None:
    text = f"embedded_fallback = {str(fallback).lower()}\n{away}"
    (root / "mine.toml").write_text(text, "utf-8")
    options = ("--pace", "100", "--lines", "3", "--config", "mine.toml", "a.py")
    done = called(root, "drive", "--json", *options)
    told = json.loads(done.stdout)

    assert ("Warning" if fallback else "Error") == told["status"]["kind"]
    assert 1 == done.stderr.count(f"spark-lsp: {told['status']['message']}\n")
    assert ("the embedded engine fills in" in done.stderr) is fallback
    assert (told["status"]["message"] in told["messages"]) is not fallback


def test_an_interrupted_drive_leaves_no_process_behind(root: Path) -> None:
    assert (130, "", "") == interrupted(root, "drive", "--json", "--pace", "1000", "a.py")


def interrupted(root: Path, *arguments: str) -> tuple[int, str, str]:
    """Interrupt a command once it has a backend, which must be gone when it is.

    Returns its exit status and what it has said, on standard output and error.
    """
    with subprocess.Popen(
        command(*arguments),
        cwd=root,
        env=environment(root),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        children = family(process.pid, "backend")
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=PATIENCE)
        _, alive = psutil.wait_procs(children, timeout=PATIENCE)
    assert [] == alive
    return process.returncode, out, errors


def family(pid: int, argument: str) -> list[psutil.Process]:
    """Wait until a process has a descendant with this argument; returns all descendants."""
    process = psutil.Process(pid)
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        children = process.children(recursive=True)
        if any(argument in words_of(child) for child in children):
            return children
        psutil.wait_procs(children, timeout=0.02)
    raise AssertionError(f"it has ended before it had started {argument}")


def words_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []
