"""The index on disk: what it gives back, and what whoever uses it never notices."""

import contextlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import platformdirs
import pytest

from spark_lsp.core.records import Record, record
from spark_lsp.server import store as module
from spark_lsp.server.contents import VERSION, Contents, digest_of, sealed
from spark_lsp.server.store import DAMAGED, Store, Stored, location, open_store
from spark_lsp.server.walk import Entry

WRITER = """
import sys
from pathlib import Path
from spark_lsp.core.records import record
from spark_lsp.server.store import open_store
import msgspec
sys.path.insert(0, {tests!r})
from tests.server.test_store import made

store = open_store(Path(sys.argv[1]))
for round_ in range(int(sys.argv[2])):
    store.save([made(f"{{sys.argv[3]}}_{{number}}.py", round_) for number in range(50)])
    print(store.trouble or "saved", flush=True)
store.close()
"""
"""A process that writes for some rounds and says after each how it went."""

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPARK_LSP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    return root


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    with contextlib.closing(open_store(root)) as store:
        yield store


def made(path: str, number: int = 0, size: int = 1) -> Stored:
    """Return a file whose content is told apart by a number."""
    text = f"def f_{number}(): ...\n" * size
    content = record(path, text)
    assert isinstance(content, Record)
    digest = digest_of(path, text.encode())
    return Stored(Entry(path, number, number), digest, packed=msgspec.msgpack.encode(content))


def kept(files: list[Stored]) -> dict[str, Stored]:
    """Return what a store says of files that it was given."""
    return {file.entry.path: Stored(file.entry, file.digest, file.reason) for file in files}


def test_what_is_saved_is_there_after_opening_it_again(root: Path, store: Store) -> None:
    files = [made("a.py"), made("lib/b.py", 1), Stored(Entry("c.bin", 1, 2), None, "binary")]
    store.save(files)
    store.close()
    again = open_store(root)

    assert kept(files) == again.load()
    assert "" == again.trouble
    digests = [file.digest for file in files if file.digest]
    assert {file.digest: (file.packed, len(file.packed or b"")) for file in files[:2]} == {
        digest: (msgspec.msgpack.encode(found), size)
        for digest, (found, size) in again.records(digests).items()
    }
    assert again.size > 0
    again.close()


def test_a_file_that_changes_is_replaced_and_its_old_content_stays(store: Store) -> None:
    before, after = made("a.py", 1), made("a.py", 2)
    store.save([before])
    store.save([after])
    assert before.packed == Contents(store.path).packed(before.digest or b"")
    assert before.digest
    assert after.digest

    assert kept([after]) == store.load()
    assert {before.digest, after.digest} == set(store.records([before.digest, after.digest]))


def test_a_content_that_is_known_needs_no_record(store: Store) -> None:
    file = made("a.py")
    store.save([file])
    store.save([Stored(Entry("b.py", 1, 1), file.digest)])
    assert file.digest

    assert {"a.py", "b.py"} == set(store.load())
    assert [file.digest] == [*store.records([file.digest])]


def test_what_is_forgotten_is_gone_and_its_content_comes_back_with_it(store: Store) -> None:
    file = made("a.py")
    store.save([file])
    store.forget(["a.py", "never.py"])
    assert file.digest

    assert {} == store.load()
    assert [file.digest] == [*store.records([file.digest])]


def test_of_contents_without_a_file_the_latest_are_kept_within_a_bound(store: Store) -> None:
    files = [made("a.py", number, 50) for number in range(20)]
    for file in files:
        store.save([file])
    digests = [file.digest for file in files if file.digest]
    store.prune(limit=10_000_000)
    assert set(digests) == set(store.records(digests))
    store.prune(limit=0)

    assert {digests[-1]} == set(store.records(digests))
    assert kept(files[-1:]) == store.load()


def test_pruning_gives_the_space_back(root: Path, store: Store) -> None:
    store.save([made("a.py", number, 50) for number in range(500)])
    store.close()
    again = open_store(root)
    before = again.size
    again.prune(limit=0)
    again.close()

    assert open_store(root).size < before / 2


def test_many_files_are_found_at_once(store: Store) -> None:
    files = [made(f"a_{number}.py", number) for number in range(1200)]
    store.save(files)

    assert 1200 == len(store.records([file.digest for file in files if file.digest]))


def test_nobody_else_may_look_into_it(store: Store) -> None:
    assert 0o700 == stat.S_IMODE(Path(store.path).parent.stat().st_mode)


def test_the_index_of_a_workspace_that_nobody_opens_is_deleted(
    root: Path, store: Store, tmp_path: Path
) -> None:
    store.save([made("a.py")])
    store.close()
    other = tmp_path / "other"
    open_store(other).close()
    for path in (location(root), location(other)):
        os.utime(path, (0, 0))
    mine = open_store(other)

    assert not location(root).exists()
    assert location(other).exists()
    mine.close()
    os.utime(location(other), (1, 1))
    open_store(other).close()
    assert location(other).stat().st_mtime > 1


def test_each_root_has_an_index_of_its_own_however_it_is_named(root: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(root)

    assert location(root) == location(link)
    assert location(root) != location(tmp_path)


def test_without_a_variable_it_is_in_the_cache_of_the_person(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SPARK_LSP_CACHE")
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *_, **__: tmp_path / "its")

    assert tmp_path / "its" / "index" == location(root).parent


def test_the_digest_depends_on_the_language_and_on_each_byte() -> None:
    digests = [
        digest_of("a.py", b"x"), digest_of("a.js", b"x"), digest_of("a.py", b"y"),
        digest_of("README", b"x"), digest_of("yarn", b"x"),
    ]  # fmt: skip

    assert len(digests) == len(set(digests))
    assert digest_of("a.py", b"x") == digest_of("lib/b.py", b"x")


def test_an_index_of_another_version_is_built_anew(
    root: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save([made("a.py")])
    store.close()
    monkeypatch.setattr(module, "VERSION", VERSION + 1)
    newer = open_store(root)

    assert {} == newer.load()
    assert "" == newer.trouble
    newer.save([made("b.py")])
    assert ["b.py"] == [*newer.load()]


def test_two_versions_at_once_do_not_mix(
    root: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(module, "VERSION", VERSION + 1)
        newer = open_store(root)
        newer.save([made("b.py")])
    store.save([made("a.py")])

    assert "another version" in store.trouble
    assert None is Contents(newer.path).packed(made("b.py").digest or b"")
    assert {} == store.load()
    assert ["b.py"] == [*newer.load()]
    newer.close()


@pytest.mark.parametrize("content", [b"garbage " * 1000, b"\0" * 4096, b"SQLite format 3\0" * 400])
def test_a_file_of_garbage_is_rebuilt(root: Path, content: bytes) -> None:
    path = location(root)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    store = open_store(root)
    store.save([made("a.py")])

    assert DAMAGED == store.trouble
    assert ["a.py"] == [*store.load()]
    store.close()
    assert "" == open_store(root).trouble


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_a_file_that_is_cut_off_is_rebuilt_when_that_is_noticed(
    root: Path, store: Store, part: float
) -> None:
    files = [made(f"a_{number}.py", number, 20) for number in range(500)]
    store.save(files)
    store.close()
    path = Path(store.path)
    os.truncate(path, int(path.stat().st_size * part) // 4096 * 4096)
    again = open_store(root)
    loaded = again.load()
    again.records([file.digest for file in files if file.digest])
    again.save(files)

    assert DAMAGED == again.trouble
    assert loaded.items() <= kept(files).items()
    again.save(files)
    assert kept(files) == again.load()
    again.close()


@pytest.mark.parametrize("call", ["load", "records", "save", "forget", "prune"])
def test_damage_found_late_rebuilds_it(root: Path, store: Store, call: str) -> None:
    files = [made(f"a_{number}.py", number, 20) for number in range(500)]
    store.save(files)
    store.close()
    path = Path(store.path)
    size = path.stat().st_size
    again = open_store(root)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    arguments: dict[str, tuple[object, ...]] = {
        "records": ([file.digest for file in files],),
        "save": (files,),
        "forget": ([file.entry.path for file in files],),
    }
    getattr(again, call)(*arguments.get(call, ()))

    assert DAMAGED == again.trouble
    assert {} == again.load()
    again.save(files[:1])
    assert kept(files[:1]) == again.load()
    again.close()


def test_a_record_with_a_flipped_bit_is_not_there(store: Store) -> None:
    file = made("a.py")
    store.save([file])
    assert file.digest
    damaged = bytearray(sealed(file.packed or b""))
    damaged[len(damaged) // 2] ^= 1
    with sqlite3.connect(store.path) as other:
        other.execute("UPDATE contents SET record = ?", (bytes(damaged),))
    other.close()

    assert {} == store.records([file.digest])
    assert None is Contents(store.path).packed(file.digest)
    store.save([file])
    assert [file.digest] == [*store.records([file.digest])]


def test_a_full_disk_costs_what_does_not_fit(store: Store) -> None:
    store.save([made("a.py")])
    assert store._connection
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count={pages}")
    store.save([made(f"a_{number}.py", number, 100) for number in range(1000)])

    assert "disk is full" in store.trouble
    assert ["a.py"] == [*store.load()]
    store._connection.execute("PRAGMA max_page_count=1000000")
    store.save([made("b.py")])
    assert ["a.py", "b.py"] == [*store.load()]


def test_a_disk_that_is_full_from_the_start_stores_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_create", full)
    store = open_store(root)
    use(store)

    assert "disk is full" in store.trouble
    assert "" == store.path


def full(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA max_page_count=2")
    connection.execute("CREATE TABLE big(x)")
    connection.execute("INSERT INTO big VALUES (zeroblob(100000))")


def use(store: Store) -> None:
    """Do all there is to do with a store that has nothing."""
    store.save([made("a.py")])
    store.forget(["a.py"])
    store.prune()

    assert {} == store.load()
    assert {} == store.records([b"x"])
    assert store.trouble
    assert None is Contents(store.path).packed(b"x")
    store.close()
    store.close()


def test_a_directory_that_cannot_be_made_stores_nothing(cache: Path, root: Path) -> None:
    cache.write_text("a file", "utf-8")
    store = open_store(root)

    use(store)
    assert 0 == store.size


def test_a_file_that_cannot_be_opened_stores_nothing(root: Path) -> None:
    location(root).mkdir(parents=True)

    use(open_store(root))


def test_an_index_that_cannot_be_written_can_be_read(store: Store) -> None:
    store.save([made("a.py")])
    assert store._connection
    store._connection.execute("PRAGMA query_only=ON")
    store.save([made("b.py")])

    assert "could not be stored" in store.trouble
    assert ["a.py"] == [*store.load()]


def test_what_another_process_holds_is_left_alone(
    root: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY", 0.0)
    with contextlib.closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        mine = open_store(root)
        mine.save([made("a.py")])

        assert "another process holds it" in mine.trouble
        other.execute("COMMIT")
        mine.save([made("a.py")])
        assert ["a.py"] == [*store.load()]
        mine.close()


def test_names_and_times_that_cannot_be_stored_cost_only_themselves(store: Store) -> None:
    store.save([Stored(Entry("far.py", 1, 2**70), None, "binary"), made("a.py")])
    assert ["a.py"] == [*store.load()]
    store.save([Stored(Entry("lone\ud800.py", 1, 1), None, "binary")])

    assert store.trouble
    assert ["a.py"] == [*store.load()]


def test_after_closing_nothing_is_stored(store: Store) -> None:
    store.close()
    store.save([made("a.py")])

    assert {} == store.load()


def writer(root: Path, rounds: int, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER.format(tests=str(ROOT)), str(root), str(rounds), name],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_process_that_is_killed_while_it_writes_leaves_whole_transactions(root: Path) -> None:
    for times in range(5):
        with writer(root, 1_000_000, f"n{times}") as process:
            assert process.stdout
            for _ in range(times + 1):
                assert "saved\n" == process.stdout.readline()
            os.kill(process.pid, signal.SIGKILL)
        store = open_store(root)
        found = store.load()
        ours = [file for path, file in found.items() if path.startswith(f"n{times}_")]

        assert "" == store.trouble
        assert 50 * (times + 1) == len(found)
        assert 1 == len({file.entry.changed for file in ours})
        digests = [file.digest for file in found.values() if file.digest]
        assert set(digests) == set(store.records(digests))
        store.close()


def test_two_processes_write_at_once(root: Path) -> None:
    with writer(root, 20, "one") as one, writer(root, 20, "two") as two:
        told = [process.communicate()[0].split("\n") for process in (one, two)]

    assert [[*["saved"] * 20, ""]] * 2 == told
    store = open_store(root)
    assert {f"{name}_{number}.py" for name in ("one", "two") for number in range(50)} == set(
        store.load()
    )
    assert {19} == {file.entry.changed for file in store.load().values()}
    store.close()
