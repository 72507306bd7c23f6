"""Watching real directories."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from watchfiles import Change

from spark_lsp.server import watch as module
from spark_lsp.server.watch import watch
from tests.heard import PATIENCE, Heard


class Told(Heard[str]):
    """The paths that were told."""

    def __call__(self, it: str | Iterable[str]) -> None:
        for path in [it] if isinstance(it, str) else it:
            super().__call__(path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for folder in (".git/info", "lib", "node_modules/x", "vendor"):
        (root / folder).mkdir(parents=True)
    (root / "lib/old.py").write_text("old", "utf-8")
    return root


@asynccontextmanager
async def watching(root: Path) -> AsyncIterator[Told]:
    told = Told()
    task = asyncio.create_task(watch(root, told))
    try:
        await begun(root, told)
        yield told
    finally:
        task.cancel()
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def begun(root: Path, told: Told, path: str = "begun") -> None:
    """Wait until what changes is told: systems say nothing of when they begin to watch."""
    for number in range(100):
        (root / path).write_text(str(number), "utf-8")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                await told.until(lambda all_: str(root / path) in all_)
                return
    pytest.fail("nothing is told")


async def test_what_is_made_changed_and_deleted_is_told_by_its_absolute_path(root: Path) -> None:
    async with watching(root) as told:
        (root / "lib/new.py").write_text("new", "utf-8")
        await told.until(lambda all_: str(root / "lib/new.py") in all_)
        told.all.clear()
        (root / "lib/new.py").write_text("newer", "utf-8")
        await told.until(lambda all_: str(root / "lib/new.py") in all_)
        (root / "lib/old.py").unlink()
        await told.until(lambda all_: str(root / "lib/old.py") in all_)


async def test_what_happens_in_new_directories_is_told(root: Path) -> None:
    async with watching(root) as told:
        (root / "new/deep").mkdir(parents=True)
        await told.until(lambda all_: str(root / "new") in all_ or str(root / "new/deep") in all_)
        (root / "new/deep/a.py").write_text("a", "utf-8")
        await told.until(lambda all_: any(path.startswith(str(root / "new")) for path in all_))


async def test_what_happens_in_a_directory_that_was_gone_for_a_while_is_told(root: Path) -> None:
    async with watching(root) as told:
        for _ in range(2):
            (root / "lib/old.py").unlink()
            (root / "lib").rmdir()
            await told.until(lambda all_: str(root / "lib") in all_)
            told.all.clear()
            (root / "lib").mkdir()
            await told.until(lambda all_: str(root / "lib") in all_)
            await begun(root, told, "lib/old.py")
            told.all.clear()


async def test_vendored_directories_are_not_even_watched(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = Heard[object]()

    async def never(*paths: object, **options: object) -> AsyncIterator[set[object]]:
        places((*paths, options["recursive"]))
        await asyncio.Event().wait()
        yield set()

    monkeypatch.setattr(module, "awatch", never)
    task = asyncio.create_task(watch(root, lambda _: None))
    await places.until(lambda all_: len(all_) == 2)
    task.cancel()

    assert [
        (str(root), str(root / ".git"), str(root / ".git/info"), False),
        (str(root / "lib"), True),
    ] == places.all


async def test_of_vendored_trees_and_of_gits_own_files_nothing_is_told_but_the_branch(
    root: Path,
) -> None:
    quiet = ["node_modules/x/a.js", "vendor/a.go", ".git/index", ".git/info/attributes"]
    async with watching(root) as told:
        for path in [*quiet, ".git/HEAD", ".git/info/exclude", "last.py"]:
            (root / path).write_text("x", "utf-8")
        await told.until(lambda all_: str(root / "last.py") in all_)
        await told.until(lambda all_: str(root / ".git/info/exclude") in all_)

        assert {".git/HEAD", ".git/info/exclude", "begun", "last.py"} == {
            Path(path).relative_to(root).as_posix() for path in told.all
        }


async def test_a_root_that_is_a_link_is_told_as_it_was_named(root: Path) -> None:
    link = root.parent / "link"
    link.symlink_to(root)
    async with watching(link) as told:
        (root / "lib/new.py").write_text("new", "utf-8")
        await told.until(lambda all_: str(link / "lib/new.py") in all_)


@pytest.mark.parametrize("error", [OSError("OS file watch limit reached."), RuntimeError("no")])
async def test_where_nothing_can_be_watched_that_is_said_once(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(module, "awatch", refuse)
    async with asyncio.timeout(PATIENCE):
        await watch(root, lambda _: None)

    assert 1 == len(caplog.records)
    assert str(error) in caplog.text


async def test_a_root_that_is_not_there_is_not_watched(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with asyncio.timeout(PATIENCE):
        await watch(tmp_path / "nowhere", lambda _: None)

    assert 1 == len(caplog.records)


async def test_a_directory_that_is_gone_and_there_again_at_once_is_watched(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed = Heard[tuple[object, ...]]()
    lib = str(root / "lib")

    async def at_once(*paths: object, **options: object) -> AsyncIterator[set[object]]:
        followed(paths)
        if not options["recursive"]:
            yield {(Change.deleted, lib), (Change.added, lib)}
        await asyncio.Event().wait()

    monkeypatch.setattr(module, "awatch", at_once)
    task = asyncio.create_task(watch(root, lambda _: None))
    await followed.until(lambda all_: all_.count((lib,)) == 2)
    task.cancel()
