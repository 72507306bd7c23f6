"""Parsing processes: what they return, and what is left when one dies or all are stopped."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from spark_lsp.core.symbols import FileSymbols
from spark_lsp.server import worker, workers
from tests.heard import PATIENCE, Heard

STUBBORN = """#!{python} -P
import os, pathlib, sys, time
from spark_lsp.server import worker

really = worker.symbols_of

def symbols_of(root, path):
    if "blocks" in path:
        pathlib.Path({told!r}).write_text(str(os.getpid()))
        time.sleep(3600)
    if "kills" in path:
        os._exit(1)
    return really(root, path)

worker.symbols_of = symbols_of
sys.argv[1:] = sys.argv[-1:]
worker.main()
"""
"""A worker that never ends with some files, and ends at once with others."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    for number in range(100):
        (root / f"module_{number}.py").write_text(f"def f_{number}(): ...\n", "utf-8")
    return root


@pytest.fixture
def stubborn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have workers block or die on files of certain names."""
    script = tmp_path / "stubborn"
    told = str(tmp_path / "blocked")
    script.write_text(STUBBORN.format(python=sys.executable, told=told), "utf-8")
    script.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(script))


def parsers() -> list[psutil.Process]:
    """Return the parsing processes of this test."""
    return [
        child
        for child in psutil.Process().children()
        if "spark_lsp.server.worker" in " ".join(child.cmdline())
    ]


def paths_in(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir())


async def test_symbols_arrive_for_each_file(root: Path) -> None:
    seen: dict[str, FileSymbols | None] = {}
    lost = await workers.parse(root, paths_in(root), seen.__setitem__)

    assert [] == lost
    assert paths_in(root) == sorted(seen)
    assert {path: worker.symbols_of(root, path) for path in seen} == seen
    assert [] == parsers()


async def test_no_files_start_nothing_that_stays() -> None:
    assert [] == await workers.parse(Path("nowhere"), [], lambda *_: None)
    assert [] == parsers()


async def test_what_cannot_be_read_has_no_symbols_and_costs_no_worker(root: Path) -> None:
    names = ["gone.py", "binary.py", "notes.txt", "latin.py", "line\nbreak.py", "größe 😀.py"]
    (root / "binary.py").write_bytes(b"\0")
    (root / "notes.txt").write_text("def f(): ...\n", "utf-8")
    (root / "latin.py").write_bytes(b"def caf\xe9(): ...\ndef g(): ...\n")
    (root / "line\nbreak.py").write_text("def h(): ...\n", "utf-8")
    (root / "größe 😀.py").write_text("def i(): ...\n", "utf-8")
    seen: dict[str, FileSymbols | None] = {}
    lost = await workers.parse(root, names, seen.__setitem__)
    names_of = {path: [it.name for it in held.definitions] for path, held in seen.items() if held}

    assert [] == lost
    assert sorted(names) == sorted(seen)
    assert [seen[path] for path in names[:3]] == [None, None, None]
    assert "g" in names_of["latin.py"]
    assert (["h"], ["i"]) == (names_of["line\nbreak.py"], names_of["größe 😀.py"])


@pytest.mark.usefixtures("stubborn")
async def test_a_worker_killed_in_the_middle_costs_at_most_one_file(root: Path) -> None:
    # It dies while it holds many.
    (root / "a_blocks.py").touch()
    seen: dict[str, FileSymbols | None] = {}
    task = asyncio.create_task(workers.parse(root, paths_in(root), seen.__setitem__))
    victim = await blocked_in(root)
    victim.kill()
    async with asyncio.timeout(PATIENCE):
        lost = await task

    assert ["a_blocks.py"] == lost
    assert [path for path in paths_in(root) if path not in lost] == sorted(seen)
    assert [] == parsers()


@pytest.mark.usefixtures("stubborn")
async def test_a_file_that_hangs_its_worker_is_given_up(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_PATIENCE", 1.0)
    (root / "module_50_blocks.py").touch()
    seen: dict[str, FileSymbols | None] = {}
    async with asyncio.timeout(PATIENCE):
        lost = await workers.parse(root, paths_in(root), seen.__setitem__)

    assert ["module_50_blocks.py"] == lost
    assert len(paths_in(root)) - 1 == len(seen)


@pytest.mark.usefixtures("stubborn")
async def test_neighbours_that_all_kill_cost_only_themselves(root: Path) -> None:
    for number in range(4):
        (root / f"module_50_kills_{number}.py").touch()
    seen: dict[str, FileSymbols | None] = {}
    lost = await workers.parse(root, paths_in(root), seen.__setitem__)

    assert [f"module_50_kills_{number}.py" for number in range(4)] == sorted(lost)
    assert [path for path in paths_in(root) if path not in lost] == sorted(seen)


@pytest.mark.parametrize("program", ["/bin/false", "/nowhere/python"])
async def test_where_no_worker_lives_that_is_found_out_by_a_few(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, program: str
) -> None:
    monkeypatch.setattr(sys, "executable", program)
    start = asyncio.create_subprocess_exec
    started = Heard[object]()

    async def count(*arguments: Any, **options: Any) -> asyncio.subprocess.Process:
        started(arguments)
        return await start(*arguments, **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", count)
    async with asyncio.timeout(PATIENCE):
        lost = await workers.parse(root, paths_in(root), lambda *_: None)

    assert paths_in(root) == sorted(lost)
    assert workers._DEATHS <= len(started.all) <= workers._DEATHS + 8
    assert 1 == caplog.text.count("no parser lives")


async def test_a_name_that_is_no_utf_8_costs_only_itself(root: Path) -> None:
    names = ["a_\udce9.py", *paths_in(root), "z_\ud800.py"]
    seen: dict[str, FileSymbols | None] = {}
    lost = await workers.parse(root, names, seen.__setitem__)

    assert ["a_\udce9.py", "z_\ud800.py"] == sorted(lost)
    assert paths_in(root) == sorted(seen)


async def test_whoever_listens_and_fails_is_told_so(root: Path) -> None:
    def fail(*_: object) -> None:
        raise ValueError("a bug")

    with pytest.raises(ExceptionGroup) as caught:
        await workers.parse(root, paths_in(root), fail)

    assert caught.group_contains(ValueError, match="a bug")
    assert [] == parsers()


async def test_pipes_and_links_have_no_symbols(root: Path) -> None:
    os.mkfifo(root / "pipe.py")
    (root / "link.py").symlink_to(root / "module_1.py")
    seen: dict[str, FileSymbols | None] = {}
    lost = await workers.parse(
        root, ["pipe.py", "link.py", "../elsewhere/module_1.py"], seen.__setitem__
    )

    assert [] == lost
    assert [None] * 3 == list(seen.values())


@pytest.mark.usefixtures("stubborn")
async def test_cancelling_leaves_no_process_behind(root: Path) -> None:
    (root / "a_blocks.py").touch()
    task = asyncio.create_task(workers.parse(root, paths_in(root), lambda *_: None))
    blocked = await blocked_in(root)
    started = parsers()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert blocked in started
    assert [] == parsers()
    assert not any(process.is_running() for process in started)


async def blocked_in(root: Path) -> psutil.Process:
    """Wait until a worker has taken up the file that blocks; returns that worker."""
    told = root.parent / "blocked"
    async with asyncio.timeout(PATIENCE):
        while not (told.is_file() and (pid := told.read_text("utf-8"))):
            await asyncio.to_thread(psutil.wait_procs, parsers(), timeout=0.01)
    return psutil.Process(int(pid))
