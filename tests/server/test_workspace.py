"""The index events of a workspace: all files once, then what has changed."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from spark_lsp.core.events import Event, Indexed
from spark_lsp.core.symbols import FileSymbols
from spark_lsp.server import workers, workspace
from spark_lsp.server.workspace import Workspace
from tests.heard import PATIENCE, Heard

FILES = {
    "a.py": "def first(): ...\n",
    "lib/b.rs": "fn second() {}\n",
    "lib/c.py": "def third(): ...\n",
    "notes.txt": "def no_source(): ...\n",
    ".env": "SECRET=1\n",
    "ignored.py": "def ignored(): ...\n",
    "node_modules/d.js": "function vendored() {}\n",
    ".gitignore": "ignored.py\n",
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(workspace, "_GATHER", 0.0)
    for path, content in FILES.items():
        write(tmp_path, path, content)
    return tmp_path


def write(root: Path, path: str, content: str) -> str:
    """Write a file and return its absolute path, as an editor reports it."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(content, "utf-8")
    return str(root / path)


class Told(Heard[Event]):
    """What a workspace has told, as the index that follows from it."""

    @property
    def files(self) -> dict[str, FileSymbols | None]:
        files: dict[str, FileSymbols | None] = {}
        for event in self.all:
            assert isinstance(event, Indexed)
            files.update(event.files)
        return files

    @property
    def names(self) -> dict[str, list[str]]:
        """The names that each file defines by now."""
        return {
            path: [it.name for it in symbols.definitions]
            for path, symbols in sorted(self.files.items())
            if symbols
        }

    @property
    def times_done(self) -> int:
        return sum(event.done for event in self.all if isinstance(event, Indexed))

    async def indexed(self, path: str, *names: str) -> None:
        """Wait until a file defines these names."""
        await self.until(lambda _: self.names.get(path) == [*names])

    async def gone(self, path: str) -> None:
        """Wait until a file is told to be gone."""
        await self.until(lambda _: path in self.files and self.files[path] is None)


@asynccontextmanager
async def following(root: Path) -> AsyncIterator[tuple[Workspace, Told]]:
    """Index a workspace, then follow its changes while the context lasts."""
    told = Told()
    followed = Workspace(root, told)
    task = asyncio.create_task(followed.run())
    try:
        await told.until(lambda _: told.times_done)
        yield followed, told
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_all_sources_are_indexed_and_the_end_is_told_once(root: Path) -> None:
    async with following(root) as (_, told):
        assert {"a.py": ["first"], "lib/b.rs": ["second"], "lib/c.py": ["third"]} == told.names
        assert set(told.names) == set(told.files)
        assert [False] * (len(told.all) - 1) + [True] == [
            event.done for event in told.all if isinstance(event, Indexed)
        ]


async def test_a_workspace_without_sources_is_indexed_too(tmp_path: Path) -> None:
    async with following(tmp_path) as (_, told):
        assert [Indexed({}, done=True)] == told.all


async def test_a_file_that_is_added_or_changed_is_read(root: Path) -> None:
    async with following(root) as (followed, told):
        followed.changed([write(root, "new/e.py", "def fresh(): ...\n")])
        await told.indexed("new/e.py", "fresh")
        followed.changed([write(root, "new/e.py", "def fresh(): ...\ndef fresher(): ...\n")])
        await told.indexed("new/e.py", "fresh", "fresher")


async def test_a_file_that_is_deleted_is_told_to_be_gone(root: Path) -> None:
    async with following(root) as (followed, told):
        (root / "a.py").unlink()
        followed.changed([str(root / "a.py")])
        await told.gone("a.py")


async def test_a_file_that_is_not_to_be_read_is_not_read_when_it_changes(root: Path) -> None:
    async with following(root) as (followed, told):
        paths = ["ignored.py", ".env", "node_modules/d.js", "notes.txt"]
        followed.changed([write(root, path, "def changed(): ...\n") for path in paths])
        followed.changed([write(root, "a.py", "def changed(): ...\n")])
        await told.indexed("a.py", "changed")

        assert {"a.py", "lib/b.rs", "lib/c.py"} == set(told.names)


async def test_a_file_that_has_become_ignored_is_told_to_be_gone(root: Path) -> None:
    async with following(root) as (followed, told):
        write(root, ".gitignore", "ignored.py\nlib/\n")
        followed.changed([str(root / "lib/c.py")])
        await told.gone("lib/c.py")


async def test_when_an_ignore_file_changes_what_it_ignores_now_is_gone(root: Path) -> None:
    """Editors report the ignore file and none of the files that it speaks of."""
    async with following(root) as (followed, told):
        followed.changed([write(root, ".gitignore", "ignored.py\nlib/\n")])
        await told.until(lambda _: {"a.py": ["first"]} == told.names)

        assert 1 == told.times_done


@pytest.mark.parametrize("path", [".sparkignore", "lib/.gitignore", ".git/info/exclude"])
async def test_each_kind_of_ignore_file_takes_away_and_gives_back(root: Path, path: str) -> None:
    async with following(root) as (followed, told):
        before = told.names
        followed.changed([write(root, path, "c.py\n")])
        await told.until(lambda _: "lib/c.py" not in told.names)
        heard = len(told.all)
        (root / path).unlink()
        followed.changed([str(root / path)])
        await told.until(lambda _: before == told.names)

        # Only what has changed is read again.
        assert {"lib/c.py"} == {path for event in told.all[heard:] for path in files_of(event)}


async def test_a_directory_that_is_gone_takes_its_files_with_it(root: Path) -> None:
    """VS Code reports the deleted directory and none of the files in it."""
    async with following(root) as (followed, told):
        (root / "lib/b.rs").unlink()
        (root / "lib/c.py").unlink()
        (root / "lib").rmdir()
        followed.changed([str(root / "lib")])
        await told.until(lambda _: {"a.py": ["first"]} == told.names)


async def test_a_directory_that_appears_brings_its_files(root: Path) -> None:
    async with following(root) as (followed, told):
        write(root, "moved/deep/e.py", "def fresh(): ...\n")
        followed.changed([str(root / "moved")])
        await told.indexed("moved/deep/e.py", "fresh")

        assert ["lib/b.rs"] == [path for path in told.names if path == "lib/b.rs"]


async def test_a_file_takes_the_place_of_a_directory(root: Path) -> None:
    async with following(root) as (followed, told):
        followed.changed([write(root, "x.py/a.py", "def inner(): ...\n")])
        await told.indexed("x.py/a.py", "inner")
        (root / "x.py/a.py").unlink()
        (root / "x.py").rmdir()
        followed.changed([write(root, "x.py", "def outer(): ...\n")])
        await told.indexed("x.py", "outer")

        assert "x.py/a.py" not in told.names


async def test_what_is_no_source_of_the_workspace_tells_nothing(root: Path) -> None:
    """What is told may have contexts packed anew: nothing but sources may cause that."""
    async with following(root) as (followed, told):
        before = len(told.all)
        followed.changed([write(root, "notes.txt", "x"), write(root, ".git/index", "x")])
        followed.changed([str(root.parent / "elsewhere.py"), str(root / "../elsewhere.py")])
        followed.changed([str(root / ".git"), str(root / "node_modules"), str(root / "gone.py")])
        followed.changed([str(root), str(root / "lib"), write(root, ".sparkignore", "# nothing")])
        (root / "binary.py").write_bytes(b"\0")
        followed.changed([str(root / "binary.py")])
        for _ in range(100):
            await asyncio.to_thread(lambda: None)  # lets it do all that it is about to do
        followed.changed([write(root, "a.py", "def changed(): ...\n")])
        await told.indexed("a.py", "changed")

        assert {"a.py"} == {path for event in told.all[before:] for path in files_of(event)}
        assert before + 1 == len(told.all)


async def test_a_link_to_what_lies_outside_is_not_read(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    write(outside, "secret.py", "def secret(): ...\n")
    async with following(root) as (followed, told):
        (root / "evil.py").symlink_to(outside / "secret.py")
        (root / "away").symlink_to(outside, target_is_directory=True)
        (root / "inside").symlink_to(root / "lib", target_is_directory=True)
        paths = ["evil.py", "away/secret.py", "away", "inside", "inside/c.py"]
        followed.changed([str(root / path) for path in paths])
        followed.changed([write(root, "a.py", "def changed(): ...\n")])
        await told.indexed("a.py", "changed")

        assert {"a.py", "lib/b.rs", "lib/c.py"} == set(told.files)


async def test_a_file_that_becomes_a_link_is_told_to_be_gone(root: Path) -> None:
    async with following(root) as (followed, told):
        (root / "a.py").unlink()
        (root / "a.py").symlink_to(root / "lib/c.py")
        followed.changed([str(root / "a.py")])
        await told.gone("a.py")


async def test_a_name_that_is_no_utf_8_costs_only_itself(root: Path) -> None:
    Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9.py")).write_text("def bad(): ...\n", "utf-8")
    async with following(root) as (followed, told):
        followed.changed([str(root / "caf\udce9.py"), str(root / "lone\ud800.py")])
        followed.changed([write(root, "a.py", "def changed(): ...\n")])
        await told.indexed("a.py", "changed")

        assert {"a.py", "lib/b.rs", "lib/c.py"} == set(told.files)


async def test_pipes_do_not_keep_it_waiting(root: Path) -> None:
    os.mkfifo(root / "lib/.gitignore")
    os.mkfifo(root / "pipe.py")
    async with following(root) as (followed, told):
        followed.changed([str(root / "pipe.py"), write(root, "a.py", "def changed(): ...\n")])
        await told.indexed("a.py", "changed")

        assert {"a.py", "lib/b.rs", "lib/c.py"} == set(told.files)


async def test_a_round_that_fails_is_logged_and_the_next_one_works(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> list[str]:
        raise RuntimeError("a bug")

    async with following(root) as (followed, told):
        with monkeypatch.context() as patched:
            patched.setattr(workers, "parse", fail)
            followed.changed([write(root, "a.py", "def lost(): ...\n")])
            async with asyncio.timeout(PATIENCE):
                while "a bug" not in caplog.text:
                    await asyncio.to_thread(lambda: None)
        followed.changed([write(root, "a.py", "def changed(): ...\n")])
        await told.indexed("a.py", "changed")


async def test_an_index_that_cannot_be_built_comes_to_its_end_too(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> list[str]:
        raise RuntimeError("a bug")

    monkeypatch.setattr(workers, "parse", fail)
    async with following(root) as (_, told):
        assert [Indexed({}, done=True)] == told.all


async def test_a_file_that_kills_its_parser_is_told_to_be_gone(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lose(_: Path, paths: Iterable[str], __: object) -> list[str]:
        return list(paths)

    async with following(root) as (followed, told):
        monkeypatch.setattr(workers, "parse", lose)
        followed.changed([write(root, "a.py", "def deadly(): ...\n")])
        await told.gone("a.py")


async def test_many_changes_at_once_are_told_completely(root: Path) -> None:
    async with following(root) as (followed, told):
        count = 3 * workspace._BATCH + 5
        paths = [f"many/m_{number}.py" for number in range(count)]
        followed.changed([write(root, path, "def many(): ...\n") for path in paths])
        await told.until(lambda _: set(paths) < set(told.names))

        assert 1 == told.times_done


async def test_changes_reported_while_the_index_is_being_built_are_not_lost(root: Path) -> None:
    told = Told()
    followed = Workspace(root, told)
    followed.changed([str(root / "a.py")])
    task = asyncio.create_task(followed.run())
    await told.until(lambda _: told.times_done)
    # Whether a change came before the file was read or after, nobody knows.
    await told.until(lambda all_: 2 == sum("a.py" in files_of(event) for event in all_))
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task

    assert ["first"] == told.names["a.py"]


def files_of(event: Event) -> set[str]:
    assert isinstance(event, Indexed)
    return set(event.files)
