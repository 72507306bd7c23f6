"""Parsing processes: what they return, and what is left when one dies or all are stopped."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from spark_lsp.core.symbols import FileSymbols
from spark_lsp.server import worker, workers
from tests.editor import PATIENCE

needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks into /proc")

HELD: list[int] = []
"""Write ends: while one is open, who reads from the file waits."""


@pytest.fixture(autouse=True)
def released() -> Iterator[None]:
    """Close what a test has held open."""
    yield
    while HELD:
        os.close(HELD.pop())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number in range(100):
        (tmp_path / f"module_{number}.py").write_text(f"def f_{number}(): ...\n", "utf-8")
    return tmp_path


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


@needs_proc
async def test_a_worker_killed_in_the_middle_costs_at_most_one_file(root: Path) -> None:
    # A file of its own kind blocks the first worker for sure, so that it dies while it holds many.
    os.mkfifo(root / "a_blocks.py")
    seen: dict[str, FileSymbols | None] = {}
    task = asyncio.create_task(workers.parse(root, paths_in(root), seen.__setitem__))
    victim = await reader_of(root / "a_blocks.py")
    victim.kill()
    async with asyncio.timeout(PATIENCE):
        lost = await task

    assert ["a_blocks.py"] == lost
    assert [path for path in paths_in(root) if path not in lost] == sorted(seen)
    assert [] == parsers()


async def test_a_file_that_hangs_its_worker_is_given_up(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_PATIENCE", 1.0)
    os.mkfifo(root / "module_50.py.py")
    seen: dict[str, FileSymbols | None] = {}
    async with asyncio.timeout(PATIENCE):
        lost = await workers.parse(root, paths_in(root), seen.__setitem__)

    assert ["module_50.py.py"] == lost
    assert len(paths_in(root)) - 1 == len(seen)


async def test_workers_that_all_die_cost_a_file_each_and_no_more(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even a parser that cannot start at all ends in a list of losses, not in a loop."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    names = paths_in(root)[:10]
    async with asyncio.timeout(PATIENCE):
        lost = await workers.parse(root, names, lambda *_: None)

    assert names == sorted(lost)


@needs_proc
async def test_cancelling_leaves_no_process_behind(root: Path) -> None:
    os.mkfifo(root / "a_blocks.py")
    task = asyncio.create_task(workers.parse(root, paths_in(root), lambda *_: None))
    blocked = await reader_of(root / "a_blocks.py")
    started = parsers()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert blocked in started
    assert [] == parsers()
    assert not any(process.is_running() for process in started)


async def reader_of(fifo: Path) -> psutil.Process:
    """Wait until a worker has taken up the file that blocks; returns that worker.

    A worker blocks when it opens the file, and from then on when it reads from it.
    """
    descriptor = None
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                await asyncio.to_thread(psutil.wait_procs, parsers(), timeout=0.01)
                if descriptor is None:
                    with contextlib.suppress(OSError):  # nobody waits at the other end yet
                        descriptor = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
                for process in parsers():
                    if reads(process, fifo):
                        return process
    finally:
        if descriptor is not None:
            HELD.append(descriptor)


def reads(process: psutil.Process, fifo: Path) -> bool:
    try:
        descriptors = list(Path(f"/proc/{process.pid}/fd").iterdir())
        return any(link.readlink() == fifo for link in descriptors)
    except OSError:  # it has just ended, or just closed something
        return False
