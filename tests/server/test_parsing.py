"""Parsing processes: what they return, and what is left when one dies or all are stopped."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from spark_lsp.core import tokens
from spark_lsp.core.records import Record, record
from spark_lsp.server import parse_worker, parsing
from spark_lsp.server.backlog import Backlog
from spark_lsp.server.contents import digest_of
from spark_lsp.server.parsing import Parsed, Pool
from spark_lsp.server.store import Stored, open_store
from spark_lsp.server.walk import Entry
from tests.heard import PATIENCE, Heard

STUBBORN = """#!{python} -P
import os, pathlib, sys, time
from spark_lsp.core import records

really = records.record

def record(path, text):
    if "blocks" in path:
        pathlib.Path({told!r}).write_text(str(os.getpid()))
        time.sleep(3600)
    if "kills" in path:
        os._exit(1)
    if "fails" in path:
        raise ValueError(text)
    if "eats" in path:
        text *= 10**10
    return really(path, text)

records.record = record
from spark_lsp.server import parse_worker
sys.argv[1:] = sys.argv[4:]
parse_worker.main()
"""
"""A worker that never ends with some files, ends at once with others, or wants too much memory."""


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


class Results(Heard[Parsed]):
    """What has become of files."""

    @property
    def paths(self) -> list[str]:
        return sorted(it.path for it in self.all)

    @property
    def unparsed(self) -> list[str]:
        return sorted(it.path for it in self.all if it.reason == parse_worker.UNPARSED)

    @property
    def records(self) -> dict[str, Record]:
        return {it.path: it.record for it in self.all if it.record}


def parsers() -> list[psutil.Process]:
    """Return the parsing processes of this test."""
    return [
        child
        for child in psutil.Process().children()
        if "spark_lsp.server.parse_worker" in " ".join(child.cmdline())
    ]


def paths_in(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir())


def full(paths: Iterable[str]) -> Backlog:
    """Return a backlog of some paths to which none will be added."""
    backlog = Backlog()
    backlog.add(paths)
    backlog.close()
    return backlog


async def parsed(pool: Pool, paths: Iterable[str]) -> Results:
    """Have files parsed; returns what has become of them."""
    results = Results()
    async with asyncio.timeout(PATIENCE):
        await pool.parse(full(paths), results)
    assert [] == parsers()
    return results


@asynccontextmanager
async def pool_for(root: Path) -> AsyncIterator[Pool]:
    pool = Pool(root)
    try:
        yield pool
    finally:
        await pool.close()
        assert [] == parsers()


def told(path: str, text: str) -> Record:
    made = record(path, text)
    assert isinstance(made, Record)
    return made


async def test_a_record_arrives_for_each_file(root: Path) -> None:
    results = await parsed(Pool(root), paths_in(root))

    assert paths_in(root) == results.paths
    texts = {path: (root / path).read_text("utf-8") for path in results.paths}
    assert {path: told(path, text) for path, text in texts.items()} == results.records
    assert {path: digest_of(path, text.encode()) for path, text in texts.items()} == {
        it.path: it.digest for it in results.all
    }
    assert all(
        it.packed and msgspec.msgpack.encode(it.record) == it.packed and len(it.packed) == it.size
        for it in results.all
    )


async def test_no_files_start_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    assert [] == (await parsed(Pool(root), [])).all


async def test_files_that_are_found_while_others_are_parsed_are_parsed_too(root: Path) -> None:
    backlog = Backlog()
    results = Results()
    task = asyncio.create_task(Pool(root).parse(backlog, results))
    for number, path in enumerate(paths_in(root)[:20]):
        backlog.add([path])
        await results.until(partial(lambda count, all_: len(all_) > count, number))
    backlog.add(paths_in(root)[20:])
    backlog.close()
    await task

    assert paths_in(root) == results.paths


async def test_what_cannot_be_indexed_says_why_and_costs_no_worker(root: Path) -> None:
    reasons = {
        "gone.py": "could not be read", "binary.py": "binary", "latin.py": "",
        "noise.txt": "not text", "huge.py": "too large", "line\nbreak.py": "", "größe 😀.py": "",
        "pipe.py": "could not be read", "link.py": "could not be read",
        "../elsewhere/module_1.py": "could not be read", "made.go": "generated", "notes.txt": "",
    }  # fmt: skip
    (root / "binary.py").write_bytes(b"\0")
    (root / "latin.py").write_bytes(b"def caf\xe9(): ...\ndef g(): ...\n")
    (root / "noise.txt").write_bytes(bytes(range(128, 256)) * 10)
    (root / "huge.py").write_bytes(b"#" * 1_000_001)
    (root / "line\nbreak.py").write_text("def h(): ...\n", "utf-8")
    (root / "größe 😀.py").write_text("def i(): ...\n", "utf-8")
    (root / "made.go").write_text("// Code generated by hand. DO NOT EDIT.\n", "utf-8")
    (root / "notes.txt").write_text("words\n", "utf-8")
    os.mkfifo(root / "pipe.py")
    (root / "link.py").symlink_to(root / "module_1.py")
    results = await parsed(Pool(root), reasons)

    assert reasons == {it.path: it.reason for it in results.all}
    assert {path for path, reason in reasons.items() if not reason} == set(results.records)
    defined = {
        path: [it.name for it in made.symbols.definitions] for path, made in results.records.items()
    }
    assert "g" in defined["latin.py"]
    assert (["h"], ["i"]) == (defined["line\nbreak.py"], defined["größe 😀.py"])


async def test_what_the_store_knows_is_not_made_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_LSP_CACHE", str(root.parent / "cache"))
    other = told("other.py", "def stands_for_it(): ...\n")
    digest = digest_of("module_1.py", (root / "module_1.py").read_bytes())
    with contextlib.closing(open_store(root)) as store:
        store.save([Stored(Entry("x", 1, 1), digest, packed=msgspec.msgpack.encode(other))])
        results = await parsed(Pool(root, store.path), paths_in(root))
        counted = await parsed(Pool(root, store.path, count=True), ["module_1.py"])

    assert other == results.records["module_1.py"]
    assert ["module_1.py"] == [it.path for it in results.all if it.packed is None]
    # It had not been counted.
    assert ["f_1"] == [it.name for it in counted.records["module_1.py"].symbols.definitions]


async def test_a_store_that_is_damaged_costs_nothing_but_time(root: Path) -> None:
    (root.parent / "bad.sqlite").write_bytes(b"garbage" * 1000)
    results = await parsed(Pool(root, str(root.parent / "bad.sqlite")), paths_in(root))

    assert paths_in(root) == sorted(results.records)


async def test_tokens_are_counted_if_that_is_wanted(root: Path) -> None:
    results = await parsed(Pool(root, count=True), ["module_1.py"])

    assert tokens.count("def f_1(): ...\n") == results.records["module_1.py"].tokens


@pytest.mark.usefixtures("stubborn")
async def test_a_worker_killed_in_the_middle_costs_at_most_one_file(root: Path) -> None:
    # It dies while it holds many.
    (root / "a_blocks.py").touch()
    results = Results()
    task = asyncio.create_task(Pool(root).parse(full(paths_in(root)), results))
    victim = await blocked_in(root)
    victim.kill()
    async with asyncio.timeout(PATIENCE):
        await task

    assert ["a_blocks.py"] == results.unparsed
    assert paths_in(root) == results.paths
    # It is not held against the file: at the next start it gets another chance.
    assert ["a_blocks.py"] == [it.path for it in results.all if not it.lasting]
    assert [] == parsers()


@pytest.mark.usefixtures("stubborn")
async def test_a_file_that_hangs_its_worker_is_given_up(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsing, "_PATIENCE", 1.0)
    (root / "module_50_blocks.py").touch()
    results = await parsed(Pool(root), paths_in(root))

    assert ["module_50_blocks.py"] == results.unparsed
    assert paths_in(root) == results.paths
    assert all(it.lasting for it in results.all)


@pytest.mark.usefixtures("stubborn")
async def test_neighbours_that_all_kill_cost_only_themselves(root: Path) -> None:
    for number in range(4):
        (root / f"module_50_kills_{number}.py").touch()
    results = await parsed(Pool(root), paths_in(root))

    assert [f"module_50_kills_{number}.py" for number in range(4)] == results.unparsed
    assert paths_in(root) == results.paths
    assert all(it.lasting for it in results.all)


@pytest.mark.skipif(not hasattr(signal, "alarm"), reason="this system has no such clock")
@pytest.mark.usefixtures("stubborn")
async def test_a_worker_that_is_stuck_ends_even_if_nobody_is_left_to_kill_it(
    root: Path, tmp_path: Path
) -> None:
    (root / "blocks.py").touch()
    script = tmp_path / "stubborn"
    source = script.read_text("utf-8")
    script.write_text(
        source.replace("sys.argv[1:]", "parse_worker.TIME = 1\nsys.argv[1:]"), "utf-8"
    )
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "spark_lsp.server.parse_worker", str(root), "",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert worker.stdin is not None
    worker.stdin.write(parse_worker.frame(parse_worker.Job("blocks.py")))
    async with asyncio.timeout(PATIENCE):
        assert -signal.SIGALRM == await worker.wait()


@pytest.mark.usefixtures("stubborn")
async def test_a_file_that_eats_all_memory_costs_only_itself(root: Path) -> None:
    (root / "module_50_eats.py").write_text("x\n", "utf-8")
    results = await parsed(Pool(root), paths_in(root))

    assert ["module_50_eats.py"] == results.unparsed
    assert paths_in(root) == results.paths


@pytest.mark.usefixtures("stubborn")
async def test_a_failure_costs_only_its_file_and_does_not_repeat_its_text(
    root: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    (root / "module_50_fails.py").write_text("confidential\n", "utf-8")
    results = await parsed(Pool(root), paths_in(root))

    assert ["module_50_fails.py"] == results.unparsed
    assert "confidential" not in caplog.text + "".join(capfd.readouterr())


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
    results = await parsed(Pool(root), paths_in(root))

    assert paths_in(root) == results.unparsed
    assert parsing._DEATHS <= len(started.all) <= parsing._DEATHS + 8
    assert 1 == caplog.text.count("no parser lives")
    # Most of them were never tried.
    assert sum(it.lasting for it in results.all) < parsing._DEATHS + 8


async def test_a_name_that_is_no_utf_8_costs_only_itself(root: Path) -> None:
    names = ["a_\udce9.py", *paths_in(root), "z_\ud800.py"]
    results = await parsed(Pool(root), names)

    assert ["a_\udce9.py", "z_\ud800.py"] == results.unparsed
    assert paths_in(root) == sorted(results.records)


async def test_whoever_listens_and_fails_is_told_so(root: Path) -> None:
    def fail(_: object) -> None:
        raise ValueError("a bug")

    with pytest.raises(ExceptionGroup) as caught:
        await Pool(root).parse(full(paths_in(root)), fail)

    assert caught.group_contains(ValueError, match="a bug")
    assert [] == parsers()


@pytest.mark.usefixtures("stubborn")
async def test_cancelling_leaves_no_process_behind(root: Path) -> None:
    (root / "a_blocks.py").touch()
    task = asyncio.create_task(Pool(root).parse(full(paths_in(root)), lambda _: None))
    blocked = await blocked_in(root)
    started = parsers()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert blocked in started
    assert [] == parsers()
    assert not any(process.is_running() for process in started)


async def test_what_a_buffer_holds_is_told(root: Path) -> None:
    async with pool_for(root) as pool:
        assert told("a.py", "def f(): ...\n") == await pool.parse_buffer("a.py", "def f(): ...\n")
        [worker] = parsers()
        assert told("b.rs", "fn f() {}\n") == await pool.parse_buffer("b.rs", "fn f() {}\n")
        assert "minified" == await pool.parse_buffer("c.js", "x;" * 10_000)
        assert [worker] == parsers()


async def test_of_the_texts_of_a_buffer_that_wait_only_the_newest_is_parsed(root: Path) -> None:
    async with pool_for(root) as pool:
        texts = [f"def f{number}(): ...\n" for number in range(5)]
        made = await asyncio.gather(*(pool.parse_buffer("a.py", text) for text in texts))

        assert [told("a.py", texts[-1])] * 5 == made


async def test_whoever_does_not_wait_any_more_takes_nothing_from_others(root: Path) -> None:
    async with pool_for(root) as pool:
        first = asyncio.create_task(pool.parse_buffer("a.py", "def f(): ...\n"))
        second = asyncio.create_task(pool.parse_buffer("a.py", "def f(): ...\n"))
        await asyncio.to_thread(lambda: None)
        first.cancel()

        assert isinstance(await second, Record)


async def test_a_lone_surrogate_in_a_buffer_harms_nothing(root: Path) -> None:
    async with pool_for(root) as pool:
        made = await pool.parse_buffer("a.py", "x = '\ud83d'\ndef f(): ...\n")
        assert isinstance(made, Record)
        assert ["x", "f"] == [it.name for it in made.symbols.definitions]
        assert "could not be parsed" == await pool.parse_buffer("a\ud800.py", "x")
        assert isinstance(await pool.parse_buffer("b.py", "x"), Record)


@pytest.mark.usefixtures("stubborn")
@pytest.mark.parametrize("name", ["blocks.py", "kills.py"])
async def test_a_buffer_that_takes_its_worker_with_it_is_left_alone_for_a_while(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr(parsing, "_BUFFER_PATIENCE", 3.0)
    async with pool_for(root) as pool:
        assert parse_worker.UNPARSED == await pool.parse_buffer(name, "x")
        monkeypatch.setattr(parsing, "_BUFFER_PATIENCE", PATIENCE)
        assert isinstance(await pool.parse_buffer("b.py", "x"), Record)
        assert parse_worker.UNPARSED == await pool.parse_buffer(name, "x")
        assert 1 == caplog.text.count("cannot be parsed")
        monkeypatch.setattr(asyncio.get_running_loop(), "time", later(parsing._REST))
        monkeypatch.setattr(parsing, "_BUFFER_PATIENCE", 0.0)
        assert parse_worker.UNPARSED == await pool.parse_buffer(name, "x")
        assert 2 == caplog.text.count("cannot be parsed")


def later(seconds: float) -> Any:
    """Return a clock of the loop that is ahead."""
    now = asyncio.get_running_loop().time
    return lambda: now() + seconds


async def test_when_nobody_types_the_worker_of_the_buffers_ends(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsing, "_IDLE", 0.0)
    async with pool_for(root) as pool:
        for _ in range(2):
            assert isinstance(await pool.parse_buffer("a.py", "x"), Record)
            assert pool._buffers
            await pool._buffers
            assert [] == parsers()


async def test_closing_ends_what_waits(root: Path) -> None:
    pool = Pool(root)
    task = asyncio.create_task(pool.parse_buffer("a.py", "x"))
    await asyncio.to_thread(lambda: None)
    await pool.close()
    await asyncio.wait([task])

    assert [] == parsers()
    await pool.close()


async def blocked_in(root: Path) -> psutil.Process:
    """Wait until a worker has taken up the file that blocks; returns that worker."""
    told = root.parent / "blocked"
    async with asyncio.timeout(PATIENCE):
        while not (told.is_file() and (pid := told.read_text("utf-8"))):
            await asyncio.to_thread(psutil.wait_procs, parsers(), timeout=0.01)
    return psutil.Process(int(pid))
