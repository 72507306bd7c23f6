"""What the server hears of its librarian, whatever becomes of that process."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from spark_lsp.core.effects import Foresee, Pack, Shelve
from spark_lsp.core.events import Event, Foreseen, Packed, Vetted
from spark_lsp.server import desk
from spark_lsp.server.desk import Desk
from spark_lsp.server.messages import Progress
from tests.heard import PATIENCE, Heard

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the librarian here is a script")

PRIVATE = '{{"type":"Private","uri":"file:///a.py","reason":"ignored"}}'

DEAF = f"""#!/bin/sh
sleep 3600 &
echo $! > {{told}}
echo '{PRIVATE}'
wait
"""
"""A librarian that says one thing and then never answers, with a parser that is stuck."""


LISTENING = """#!/bin/sh
cat > {told}
"""


def librarian(script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have another librarian; returns the file in which it leaves word."""
    program, told = tmp_path / "librarian", tmp_path / "told"
    program.write_text(script.format(told=told), "utf-8")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    return told


@asynccontextmanager
async def running() -> AsyncIterator[tuple[Desk, Heard[Event]]]:
    fed = Heard[Event]()
    made = Desk(None, fed, Heard[Progress](), Heard[str]())
    task = asyncio.create_task(made.run())
    try:
        yield made, fed
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def dead(process: psutil.Process) -> None:
    """Wait until a process has ended, though perhaps nobody asks for its status."""
    async with asyncio.timeout(PATIENCE):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            await asyncio.to_thread(psutil.wait_procs, [process], timeout=0.1)


async def word(told: Path, text: str) -> str:
    """Wait until a librarian has left word; returns all of it."""
    async with asyncio.timeout(PATIENCE):
        while not told.exists() or text not in told.read_text("utf-8"):
            await asyncio.to_thread(lambda: None)
    return told.read_text("utf-8")


async def test_nothing_that_a_librarian_has_started_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = librarian(DEAF, tmp_path, monkeypatch)
    async with running() as (_, fed):
        await fed.until(bool)
        parser = psutil.Process(int(told.read_text("utf-8")))

    await dead(parser)


async def test_a_mute_librarian_costs_its_questions_and_its_life_and_what_it_has_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = librarian(DEAF, tmp_path, monkeypatch)
    async with running() as (made, fed):
        await fed.until(bool)
        parser = psutil.Process(int(told.read_text("utf-8")))
        monkeypatch.setattr(desk, "_PATIENCE", 0.0)
        made.ask(Pack(1, "a.py", "", 0, (), 1000))
        await fed.until(lambda all_: Packed(1, None) in all_)
        await dead(parser)


async def test_without_a_librarian_every_question_is_answered_with_nothing() -> None:
    """Next edits are numbered apart: the same number may be asked for twice."""
    fed = Heard[Event]()
    made = Desk(None, fed, Heard[Progress](), Heard[str]())
    made.ask(Pack(1, "a.py", "", 0, (), 1000))
    made.ask(Foresee(1, "a.py", "x = 1\n", "y = 1\n", 1))
    await fed.until(lambda all_: len(all_) == 2)

    assert [Packed(1, None), Foreseen(1)] == fed.all


async def test_a_new_librarian_is_told_all_that_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "_REST", 0.0)
    told = librarian(LISTENING, tmp_path, monkeypatch)
    made = Desk(None, Heard[Event](), Heard[Progress](), Heard[str]())
    made.ask(Shelve("file:///a.py", "a.py", "x"))
    made.ask(Shelve("file:///b.py", "b.py", "x"))
    made.ask(Shelve("file:///b.py", "b.py", None))
    made.watch()
    made.stop_indexing()
    task = asyncio.create_task(made.run())
    said = await word(told, "Stop")
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task

    assert "Watch" in said
    assert "a.py" in said
    assert "b.py" not in said


async def test_the_session_hears_of_buffers_that_have_become_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    librarian(DEAF, tmp_path, monkeypatch)
    async with running() as (_, fed):
        await fed.until(lambda all_: Vetted("file:///a.py", "ignored") in all_)
