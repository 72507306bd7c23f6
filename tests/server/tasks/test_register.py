"""The tasks of a workspace, as several servers know them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from spark_lsp.core.tasks.task import Task
from spark_lsp.server.baseline import Presence
from spark_lsp.server.tasks import register
from spark_lsp.server.tasks.keeping import Keeping
from spark_lsp.server.tasks.register import Heed, Register
from tests.heard import Heard

TASK = Task("task-1", "Do it.", "task", 1.0, "running", place="spark-1")


class Server:
    """One of them, and what it was told."""

    def __init__(self, folder: Path) -> None:
        self.keeping = Keeping(folder / "state", folder)
        self.told: Heard[Task] = Heard()
        self.gone: Heard[Task] = Heard()
        self.free: Heard[Task] = Heard()
        self.register = Register(self.keeping, Heed(self.told, self.gone, self.free))

    async def until(self, state: str) -> Task:
        await self.told.until(lambda all_: any(it.state == state for it in all_))
        return next(it for it in self.told.all if it.state == state)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Server"]:
        work = asyncio.create_task(self.register.run())
        try:
            await self.register.all()
            yield self
        finally:
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with Server(tmp_path).running() as it:
        yield it


async def test_a_task_is_told_at_once_and_then_now_and_then(server: Server) -> None:
    for number in range(100):
        server.register.put(TASK.changed(used=number))
    assert [TASK.changed(used=0)] == server.told.all
    await server.told.until(lambda all_: len(all_) > 1)

    assert [0, 99] == [it.used for it in server.told.all]


async def test_one_that_has_ended_is_free_for_others_once_that_is_written(server: Server) -> None:
    server.register.put(TASK)
    server.register.put(done := TASK.over("done", 2.0))
    assert server.register.owns("task-1")
    await server.free.until(len)

    assert not server.register.owns("task-1")
    assert done == server.keeping.one("task-1")


async def test_what_another_server_does_is_told(server: Server, tmp_path: Path) -> None:
    (tmp_path / "state" / "spark-1").mkdir(parents=True)
    presence = Presence(tmp_path / "state" / "spark-1")
    async with Server(tmp_path).running() as other:
        other.register.put(TASK)
        seen = await server.until("running")
        assert seen.elsewhere
        assert [] == server.register.working()
        other.register.put(TASK.over("done", 2.0))
        assert not (await server.until("done")).elsewhere
        await other.register.forget("task-1")
        await server.gone.until(len)
    presence.close()

    assert [] == await server.register.all()


async def test_one_that_is_begun_before_all_is_read_stays(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.register.put(TASK)
    async with server.running():
        assert [TASK] == await server.register.all()


@pytest.mark.parametrize("asked", [True, False])
async def test_what_a_killed_server_has_left_is_seen_also_if_nobody_asks(
    server: Server, tmp_path: Path, *, asked: bool
) -> None:
    (tmp_path / "state" / "spark-1").mkdir(parents=True)
    presence = Presence(tmp_path / "state" / "spark-1")
    server.keeping.save(TASK)
    assert (await server.until("running")).elsewhere
    presence.close()
    left = (await server.register.all())[0] if asked else await server.until("left")

    assert ("left", False) == (left.state, left.elsewhere)


async def test_what_is_not_written_yet_is_written_at_the_end(tmp_path: Path) -> None:
    server = Server(tmp_path)
    async with server.running():
        server.register.put(TASK)
    server.register.close()

    kept = server.keeping.one("task-1")
    assert kept is not None
    assert "left" == kept.state


async def test_one_whose_end_could_not_be_written_is_not_left_to_others(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: Heard[Task] = Heard()

    def full(task: Task) -> bool:
        tried(task)
        return False

    with monkeypatch.context() as patch:
        patch.setattr(server.keeping, "save", full)
        server.register.put(TASK.over("done", 2.0))
        await tried.until(len)
        await asyncio.to_thread(lambda: None)  # what follows the writing has had its turn
    assert server.register.owns("task-1")
    server.register.close()

    kept = server.keeping.one("task-1")
    assert kept is not None
    assert "done" == kept.state


async def test_a_file_that_cannot_be_read_changes_nothing(server: Server, tmp_path: Path) -> None:
    other = Server(tmp_path)
    other.keeping.save(TASK.over("done", 2.0))
    await server.until("done")
    (tmp_path / "state" / "task-1.json").write_bytes(b"\xff")
    other.keeping.save(TASK.over("failed", 3.0).changed(id="task-2"))
    await server.until("failed")

    assert ["task-1", "task-2"] == sorted(it.id for it in await server.register.all())
    assert [] == server.gone.all


async def test_where_changes_cannot_be_watched_it_is_looked_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object, **__: object) -> object:
        raise RuntimeError("too many open files")

    monkeypatch.setattr(register, "_UNWATCHED", 0.01)
    monkeypatch.setattr("watchfiles.main.RustNotify", none)
    async with Server(tmp_path).running() as server:
        Server(tmp_path).keeping.save(TASK.over("done", 2.0))
        await server.until("done")


async def test_one_that_had_no_place_yet_is_not_taken_for_one_at_work(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.register.put(TASK.changed(state="starting", place=""))
    server.register.close()

    kept = server.keeping.one("task-1")
    assert kept is not None
    assert ("interrupted", False) == (kept.state, kept.elsewhere)
