"""What is told of the files of a workspace: all once, then what has changed."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from spark_lsp.core import tokens
from spark_lsp.core.records import Record
from spark_lsp.server import indexing, intake, walk
from spark_lsp.server.backlog import Backlog
from spark_lsp.server.indexing import Indexer, Limits, Report
from spark_lsp.server.parsing import Heard as ToldOf
from spark_lsp.server.parsing import Parsed, Pool
from spark_lsp.server.store import Store, open_store
from tests.heard import PATIENCE, Heard

FILES = {
    "a.py": "def first(): ...\n",
    "lib/b.rs": "fn second() {}\n",
    "lib/c.py": "def third(): ...\n",
    "notes.txt": "words\n",
    ".env": "SECRET=1\n",
    "ignored.py": "def ignored(): ...\n",
    "node_modules/d.js": "function vendored() {}\n",
    ".gitignore": "ignored.py\n",
}
INDEXED = {".gitignore", "a.py", "lib/b.rs", "lib/c.py", "notes.txt"}
NAMES = {"a.py": ["first"], "lib/b.rs": ["second"], "lib/c.py": ["third"]}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(indexing, "_GATHER", 0.0)
    monkeypatch.setenv("SPARK_LSP_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "root"
    root.mkdir()
    for path, content in FILES.items():
        write(root, path, content)
    return root


def write(root: Path, path: str, content: str) -> str:
    """Write a file and return its absolute path, as an editor reports it."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(content, "utf-8")
    return str(root / path)


class Told:
    """What an indexer has told, as the index that follows from it."""

    def __init__(self) -> None:
        self.batches = Heard[Mapping[str, Record | None]]()
        self.steps = Heard[tuple[int, int]]()
        self.reports = Heard[Report]()

    def indexed(self, files: Mapping[str, Record | None]) -> None:
        self.batches(files)

    def progress(self, done: int, total: int) -> None:
        self.steps((done, total))

    def settled(self, report: Report) -> None:
        self.reports(report)

    @property
    def files(self) -> dict[str, Record | None]:
        return {path: made for batch in self.batches.all for path, made in batch.items()}

    @property
    def present(self) -> set[str]:
        return {path for path, made in self.files.items() if made}

    @property
    def names(self) -> dict[str, list[str]]:
        """The names that each file defines by now, if it defines any."""
        return {
            path: [it.name for it in made.symbols.definitions]
            for path, made in sorted(self.files.items())
            if made and made.symbols.definitions
        }

    async def defined(self, path: str, *names: str) -> None:
        """Wait until a file defines these names."""
        await self.batches.until(lambda _: self.names.get(path) == [*names])

    async def gone(self, path: str) -> None:
        """Wait until a file is told to be gone."""
        await self.batches.until(lambda _: path in self.files and self.files[path] is None)

    async def settled_times(self, count: int) -> Report:
        """Wait for a round to be over."""
        await self.reports.until(lambda all_: len(all_) >= count)
        return self.reports.all[-1]


@asynccontextmanager
async def following(
    root: Path,
    *,
    limits: Limits = Limits(),  # noqa: B008
) -> AsyncIterator[tuple[Indexer, Told]]:
    """Index a workspace, then follow its changes while the context lasts."""
    told = Told()
    with contextlib.closing(open_store(root)) as store:
        indexer = Indexer(root, told, store, limits=limits)
        task = asyncio.create_task(indexer.run())
        try:
            await told.settled_times(1)
            yield indexer, told
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def built(
    root: Path,
    *,
    count: bool = False,
    limits: Limits = Limits(),  # noqa: B008
) -> tuple[Report, Told]:
    """Index a workspace once."""
    told = Told()
    with contextlib.closing(open_store(root)) as store:
        async with asyncio.timeout(PATIENCE):
            report = await Indexer(root, told, store, count=count, limits=limits).build()
    return report, told


@pytest.fixture
def unparsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have nothing parsed any more; returns what was to be."""
    asked: list[str] = []

    async def refuse(_: Pool, backlog: Backlog, heard: ToldOf) -> None:
        while await backlog.wait():
            while path := backlog.take():
                asked.append(path)
                heard(Parsed(path, reason="could not be parsed"))

    monkeypatch.setattr(Pool, "parse", refuse)
    return asked


async def test_all_texts_are_indexed_and_the_end_is_told_once(root: Path) -> None:
    async with following(root) as (_, told):
        assert INDEXED == told.present == set(told.files)
        assert NAMES == told.names
        assert 1 == len(told.reports.all)
        assert [] == told.steps.all


async def test_a_workspace_without_files_is_indexed_too(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    async with following(tmp_path / "empty") as (_, told):
        assert [] == told.batches.all
        assert 0 == told.reports.all[0].files


async def test_a_report_says_what_there_is_and_what_was_left_out(root: Path) -> None:
    write(root, "AGENTS.md", "Be brief.\n")
    write(root, "lib/AGENTS.override.md", "Be kind.\n")
    write(root, "app.min.js", "x\n")
    write(root, "lib/made.py", "# Code generated by hand. DO NOT EDIT.\n")
    (root / "picture.png").write_bytes(b"\x89PNG\0")
    (root / "huge.txt").write_bytes(b"x" * 1_000_001)
    report, told = await built(root, count=True)
    texts = [(root / path).read_text("utf-8") for path in told.present]

    assert (7, 7) == (report.files, len(told.present))
    assert sum(text.count("\n") + 1 for text in texts) == report.lines
    assert sum(len(text.encode()) for text in texts) == report.bytes
    assert sum(map(tokens.count, texts)) == report.tokens
    assert 3 == report.definitions
    assert {"python": 2, "rust": 1, "text": 2, "markdown": 2} == report.languages
    assert {
        "ignored": 1, "secret by name": 1, "vendored directory": 1, "generated": 2, "binary": 1,
        "too large": 1,
    } == report.skipped  # fmt: skip
    assert ("AGENTS.md", "lib/AGENTS.override.md") == report.rules
    assert not report.warm
    assert "" == report.trouble
    assert report.store_bytes > 0
    assert report.seconds > 0


async def test_a_second_start_parses_only_what_has_changed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "picture.png").write_bytes(b"\x89PNG\0")
    first, before = await built(root)
    with monkeypatch.context() as patched:
        forbid(patched)
        second, after = await built(root)
    write(root, "a.py", "def changed(): ...\n")
    (root / "lib/b.rs").unlink()
    third, last = await built(root)

    assert (False, True, False) == (first.warm, second.warm, third.warm)
    assert before.files == after.files
    assert {"a.py": ["changed"], "lib/c.py": ["third"]} == last.names
    for one, other in zip(figures(first), figures(second), strict=True):
        assert one == other
    assert 4 == third.files
    with contextlib.closing(open_store(root)) as store:
        assert {*last.present, "picture.png"} == set(store.load())


def figures(report: Report) -> list[object]:
    return [report.files, report.lines, report.bytes, report.languages, report.skipped]


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no process started."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")


async def test_a_branch_that_comes_back_is_not_parsed_again(root: Path) -> None:
    async with following(root) as (indexer, told):
        indexer.changed([write(root, "a.py", "def other(): ...\n")])
        report = await told.settled_times(2)
        assert not report.warm
        indexer.changed([write(root, "a.py", FILES["a.py"])])
        report = await told.settled_times(3)

        assert report.warm
        assert NAMES == told.names


async def test_without_tokens_a_stored_record_does_not_do_where_they_are_counted(
    root: Path,
) -> None:
    first, _ = await built(root)
    second, _ = await built(root, count=True)
    third, _ = await built(root)

    assert (0, False) == (first.tokens, first.warm)
    assert second.tokens > 0
    assert (second.tokens, True) == (third.tokens, third.warm)


async def test_records_that_the_store_has_lost_are_made_again(root: Path) -> None:
    await built(root)
    with contextlib.closing(open_store(root)) as store:
        assert store._connection
        store._connection.execute("DELETE FROM contents")
    report, told = await built(root)

    assert NAMES == told.names
    assert not report.warm


async def test_without_a_store_everything_works_and_the_trouble_is_told(
    root: Path, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("in the way", "utf-8")
    report, told = await built(root)

    assert NAMES == told.names
    assert "cannot be stored" in report.trouble
    assert 0 == report.store_bytes


async def test_a_file_that_is_added_or_changed_is_read(root: Path) -> None:
    async with following(root) as (indexer, told):
        indexer.changed([write(root, "new/e.py", "def fresh(): ...\n")])
        await told.defined("new/e.py", "fresh")
        indexer.changed([write(root, "new/e.py", "def fresh(): ...\ndef fresher(): ...\n")])
        await told.defined("new/e.py", "fresh", "fresher")


async def test_a_file_that_is_deleted_is_told_to_be_gone(root: Path) -> None:
    async with following(root) as (indexer, told):
        (root / "a.py").unlink()
        indexer.changed([str(root / "a.py")])
        await told.gone("a.py")
        report = await told.settled_times(2)

        assert len(INDEXED) - 1 == report.files


async def test_manifests_and_instructions_are_told_whatever_they_hold(root: Path) -> None:
    write(root, "package.json", "[" + "1," * 20_000 + "1]")
    write(root, "AGENTS.md", "Be brief.\n")
    async with following(root) as (indexer, told):
        assert None is told.files["package.json"]
        assert "AGENTS.md" in told.present
        indexer.changed([write(root, "package.json", "[" + "2," * 20_000 + "1]")])
        await told.batches.until(lambda all_: 2 == sum("package.json" in batch for batch in all_))
        (root / "package.json").unlink()
        indexer.changed([str(root / "package.json")])
        await told.batches.until(lambda all_: 3 == sum("package.json" in batch for batch in all_))


async def test_a_file_that_is_not_to_be_read_is_not_read_when_it_changes(root: Path) -> None:
    async with following(root) as (indexer, told):
        paths = ["ignored.py", ".env", "node_modules/d.js"]
        indexer.changed([write(root, path, "def changed(): ...\n") for path in paths])
        indexer.changed([write(root, "a.py", "def changed(): ...\n")])
        await told.defined("a.py", "changed")

        assert set(told.files) == INDEXED


async def test_a_file_that_has_become_ignored_is_told_to_be_gone(root: Path) -> None:
    async with following(root) as (indexer, told):
        write(root, ".gitignore", "ignored.py\nlib/\n")
        indexer.changed([str(root / "lib/c.py")])
        await told.gone("lib/c.py")


@pytest.mark.parametrize("path", [".sparkignore", "lib/.gitignore", ".git/info/exclude"])
async def test_each_kind_of_ignore_file_takes_away_and_gives_back(root: Path, path: str) -> None:
    """Editors report the ignore file and none of the files that it speaks of."""
    async with following(root) as (indexer, told):
        indexer.changed([write(root, path, "c.py\n")])
        report = await told.settled_times(2)
        assert "lib/c.py" not in told.names
        assert 2 == report.skipped["ignored"]
        heard = len(told.batches.all)
        (root / path).unlink()
        indexer.changed([str(root / path)])
        report = await told.settled_times(3)

        assert NAMES == told.names
        assert 1 == report.skipped["ignored"]
        # Only what has changed is read again.
        again = {path for batch in told.batches.all[heard:] for path in batch}
        assert {"lib/c.py"} == again - {path}


async def test_a_directory_that_is_gone_takes_its_files_with_it(root: Path) -> None:
    """VS Code reports the deleted directory and none of the files in it."""
    async with following(root) as (indexer, told):
        (root / "lib/b.rs").unlink()
        (root / "lib/c.py").unlink()
        (root / "lib").rmdir()
        indexer.changed([str(root / "lib")])
        await told.batches.until(lambda _: {"a.py": ["first"]} == told.names)


async def test_a_directory_that_appears_brings_its_files(root: Path) -> None:
    async with following(root) as (indexer, told):
        write(root, "moved/deep/e.py", "def fresh(): ...\n")
        indexer.changed([str(root / "moved")])
        await told.defined("moved/deep/e.py", "fresh")

        assert "lib/b.rs" in told.names


async def test_a_file_takes_the_place_of_a_directory(root: Path) -> None:
    async with following(root) as (indexer, told):
        indexer.changed([write(root, "x.py/a.py", "def inner(): ...\n")])
        await told.defined("x.py/a.py", "inner")
        (root / "x.py/a.py").unlink()
        (root / "x.py").rmdir()
        indexer.changed([write(root, "x.py", "def outer(): ...\n")])
        await told.defined("x.py", "outer")

        assert "x.py/a.py" not in told.names


async def test_a_name_that_cannot_be_looked_at_costs_no_other_change(root: Path) -> None:
    async with following(root) as (indexer, told):
        longest = root / ("x" * 300) / "a.py"
        indexer.changed([str(longest), str(root / "\0"), write(root, "a.py", "def new(): ...\n")])
        await told.defined("a.py", "new")


async def test_what_changes_nothing_tells_nothing(root: Path) -> None:
    """What is told may have contexts packed anew."""
    async with following(root) as (indexer, told):
        before = len(told.batches.all)
        indexer.changed([write(root, "notes.txt", "words\n"), write(root, ".git/index", "x")])
        indexer.changed([str(root.parent / "elsewhere.py"), str(root / "../elsewhere.py")])
        indexer.changed([str(root / ".git"), str(root / "node_modules"), str(root / "gone.py")])
        indexer.changed([str(root), str(root / "lib"), write(root, "lib/b.rs", FILES["lib/b.rs"])])
        (root / "binary.py").write_bytes(b"\0")
        indexer.changed([str(root / "binary.py")])
        for _ in range(100):
            await asyncio.to_thread(lambda: None)  # lets it do all that it is about to do
        indexer.changed([write(root, "a.py", "def changed(): ...\n")])
        await told.defined("a.py", "changed")

        assert [{"a.py"}] == [set(batch) for batch in told.batches.all[before:]]


async def test_a_link_to_what_lies_outside_is_not_read(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    write(outside, "secret.py", "def secret(): ...\n")
    async with following(root) as (indexer, told):
        (root / "evil.py").symlink_to(outside / "secret.py")
        (root / "away").symlink_to(outside, target_is_directory=True)
        (root / "inside").symlink_to(root / "lib", target_is_directory=True)
        paths = ["evil.py", "away/secret.py", "away", "inside", "inside/c.py"]
        indexer.changed([str(root / path) for path in paths])
        indexer.changed([write(root, "a.py", "def changed(): ...\n")])
        await told.defined("a.py", "changed")

        assert set(told.files) == INDEXED


async def test_a_file_that_becomes_a_link_is_told_to_be_gone(root: Path) -> None:
    async with following(root) as (indexer, told):
        (root / "a.py").unlink()
        (root / "a.py").symlink_to(root / "lib/c.py")
        indexer.changed([str(root / "a.py")])
        await told.gone("a.py")


async def test_a_name_that_is_no_utf_8_costs_only_itself(root: Path) -> None:
    Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9.py")).write_text("def bad(): ...\n", "utf-8")
    async with following(root) as (indexer, told):
        indexer.changed([str(root / "caf\udce9.py"), str(root / "lone\ud800.py")])
        indexer.changed([write(root, "a.py", "def changed(): ...\n")])
        await told.defined("a.py", "changed")

        assert set(told.files) == INDEXED


async def test_pipes_do_not_keep_it_waiting(root: Path) -> None:
    os.mkfifo(root / "lib/.gitignore")
    os.mkfifo(root / "pipe.py")
    async with following(root) as (indexer, told):
        indexer.changed([str(root / "pipe.py"), write(root, "a.py", "def changed(): ...\n")])
        await told.defined("a.py", "changed")

        assert set(told.files) == INDEXED


async def test_a_round_that_fails_is_logged_and_the_next_one_works(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with following(root) as (indexer, told):
        with monkeypatch.context() as patched:
            patched.setattr(Pool, "parse", fail)
            indexer.changed([write(root, "a.py", "def lost(): ...\n")])
            async with asyncio.timeout(PATIENCE):
                while "a bug" not in caplog.text:
                    await asyncio.to_thread(lambda: None)
        indexer.changed([write(root, "a.py", "def changed(): ...\n")])
        await told.defined("a.py", "changed")


async def fail(*_: object) -> None:
    raise RuntimeError("a bug")


async def test_an_index_that_cannot_be_built_comes_to_its_end_too(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pool, "parse", fail)
    async with following(root) as (_, told):
        assert [] == told.batches.all
        assert 1 == len(told.reports.all)


async def test_a_file_that_kills_its_parser_is_told_to_be_gone_and_counted(
    root: Path, request: pytest.FixtureRequest
) -> None:
    async with following(root) as (indexer, told):
        request.getfixturevalue("unparsed")
        indexer.changed([write(root, "a.py", "def deadly(): ...\n")])
        await told.gone("a.py")
        report = await told.settled_times(2)

        assert 1 == report.skipped["could not be parsed"]


async def test_a_file_that_has_killed_its_parser_is_left_alone_until_it_changes(
    root: Path, unparsed: list[str]
) -> None:
    await built(root)
    assert set(unparsed) == INDEXED
    unparsed.clear()
    report, _ = await built(root)
    assert [] == unparsed
    assert len(INDEXED) == report.skipped["could not be parsed"]
    write(root, "a.py", "def better(): ...\n")
    await built(root)

    assert ["a.py"] == unparsed


async def test_where_no_parser_lives_that_is_not_held_against_the_files(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        write(root, f"many/m_{number}.py", f"def f_{number}(): ...\n")
    with monkeypatch.context() as patched:
        forbid(patched)
        report, told = await built(root)
        assert 0 == report.files
        assert 20 < report.skipped["could not be parsed"]
    _, told = await built(root)

    assert 20 < len(told.present)


async def test_a_branch_switch_is_one_round_one_transaction_and_a_few_batches(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saves = Heard[int]()
    save = Store.save

    def count(store: Store, files: Iterable[object]) -> None:
        rows = list(files)
        saves(len(rows))
        save(store, rows)  # type: ignore[arg-type]

    async with following(root) as (indexer, told):
        monkeypatch.setattr(Store, "save", count)
        before = len(told.batches.all)
        paths = [f"many/m_{number}.py" for number in range(500)]
        indexer.changed([write(root, path, f"def f(): ...  # {path}\n") for path in paths])
        report = await told.settled_times(2)

        assert 500 + len(INDEXED) == report.files
        assert 2 == len(told.reports.all)
        assert [500] == saves.all
        assert max(len(batch) for batch in told.batches.all) <= intake._BATCH
        assert len(told.batches.all) - before < 100


async def test_changes_reported_while_the_index_is_being_built_are_not_lost(root: Path) -> None:
    told = Told()
    with contextlib.closing(open_store(root)) as store:
        indexer = Indexer(root, told, store)
        write(root, "late/a.py", "def late(): ...\n")
        indexer.changed([str(root / "a.py"), str(root / "late")])
        task = asyncio.create_task(indexer.run())
        await told.settled_times(1)
        indexer.changed([write(root, "a.py", "def changed(): ...\n")])
        await told.defined("a.py", "changed")
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    assert ["late"] == told.names["late/a.py"]


def many(root: Path, count: int) -> list[str]:
    """Write files in some directories; returns their paths in the order of a walk."""
    paths = [f"d{number % 5}/f{number // 5:02}.py" for number in range(count)]
    for path in paths:
        write(root, path, f"def f(): ...  # {path}\n")
    return sorted(paths)


@pytest.fixture
def bare(root: Path) -> Path:
    bare = root.parent / "bare"
    bare.mkdir()
    return bare


async def test_how_far_it_is_is_told_if_there_are_many(bare: Path) -> None:
    many(bare, 200)
    for again in (False, True):
        report, told = await built(bare)

        assert again == report.warm
        assert (200, 200) == told.steps.all[-1]
        assert sorted(told.steps.all) == told.steps.all


async def test_beyond_the_limit_of_files_those_near_to_the_root_are_in(bare: Path) -> None:
    paths = many(bare, 50)
    report, told = await built(bare, limits=Limits(files=20))
    again, warm = await built(bare, limits=Limits(files=20))

    assert set(paths[:20]) == told.present == warm.present
    assert (20, {"over the limit": 30}) == (report.files, report.skipped)
    assert again.warm
    assert report.skipped == again.skipped


async def test_beyond_a_limit_what_is_near_to_an_opened_file_is_in(bare: Path) -> None:
    many(bare, 50)
    told = Told()
    with contextlib.closing(open_store(bare)) as store:
        indexer = Indexer(bare, told, store, limits=Limits(files=10))
        indexer.focus("d4/f01.py")
        await indexer.build()

    assert {f"d4/f{number:02}.py" for number in range(10)} == told.present


@pytest.mark.parametrize(
    "limits", [Limits(source=1000), Limits(records=6000)], ids=["source", "records"]
)
async def test_beyond_the_limits_of_bytes_files_are_left_out(bare: Path, limits: Limits) -> None:
    many(bare, 100)
    report, told = await built(bare, limits=limits)

    assert 0 < report.files < 100
    assert report.files == len(told.present)
    assert report.files + report.skipped["over the limit"] == 100
    assert report.bytes <= limits.source


async def test_a_file_that_is_in_stays_in_when_it_changes_at_the_limit(bare: Path) -> None:
    paths = many(bare, 20)
    async with following(bare, limits=Limits(files=10)) as (indexer, told):
        indexer.changed([write(bare, paths[0], "def changed(): ...\n")])
        await told.defined(paths[0], "changed")
        (bare / paths[1]).unlink()
        indexer.changed([str(bare / paths[1])])
        await told.gone(paths[1])
        indexer.changed([write(bare, "new.py", "def fits(): ...\n")])
        await told.defined("new.py", "fits")


async def test_when_the_person_stops_it_what_is_there_stays_and_changes_are_followed(
    bare: Path,
) -> None:
    paths = many(bare, 400)
    told = Told()
    with contextlib.closing(open_store(bare)) as store:
        indexer = Indexer(bare, told, store)
        task = asyncio.create_task(indexer.run())
        await told.batches.until(len)
        indexer.stop()
        report = await told.settled_times(1)
        left = [path for path in paths if path not in told.present]

        assert 0 < report.files
        assert report.files == len(told.present)
        if left:
            # Nor does the walk that an ignore file causes bring the others in.
            indexer.changed([write(bare, ".gitignore", "nothing\n")])
            await told.batches.until(lambda _: ".gitignore" in told.present)
            assert not told.present & set(left)
            indexer.changed([write(bare, left[-1], "def changed(): ...\n")])
            await told.defined(left[-1], "changed")
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_stopping_before_it_has_begun_indexes_nothing(bare: Path) -> None:
    many(bare, 50)
    told = Told()
    with contextlib.closing(open_store(bare)) as store:
        indexer = Indexer(bare, told, store)
        indexer.stop()
        report = await indexer.build()

    assert 0 == report.files
    assert set() == told.present


KILLED = """
import asyncio, sys
from pathlib import Path
from spark_lsp.server import indexing
from spark_lsp.server.store import Store, open_store

class Sink:
    def indexed(self, files): ...
    def progress(self, done, total): ...

really = Store.save

def save(store, rows):
    really(store, rows)
    print("saved", flush=True)

Store.save = save
indexing._SAVED = 20
root = Path(sys.argv[1])
asyncio.run(indexing.Indexer(root, Sink(), open_store(root)).build())
"""


async def test_what_was_parsed_before_a_kill_is_not_parsed_again(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(bare, 400)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, str(bare), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    for _ in range(2):
        assert b"saved\n" == await process.stdout.readline()
    process.kill()
    await process.wait()
    forbid(monkeypatch)
    report, told = await built(bare)

    assert "" == report.trouble
    assert 40 <= len(told.present)
    assert len(told.present) + report.skipped.get("could not be parsed", 0) == 400


async def test_cancelling_ends_the_walk_and_the_parsers(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Heard[bool]()
    loop = asyncio.get_running_loop()
    really = walk.walk

    def endless(*arguments: object, **options: object) -> Iterable[walk.Entry]:
        entries = list(really(*arguments, **options))  # type: ignore[arg-type]
        while not options["ended"]():  # type: ignore[operator]
            yield from entries[:1]
        loop.call_soon_threadsafe(ended, True)

    monkeypatch.setattr(walk, "walk", endless)
    told = Told()
    with contextlib.closing(open_store(root)) as store:
        task = asyncio.create_task(Indexer(root, told, store).run())
        await told.steps.until(len)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await ended.until(len)
