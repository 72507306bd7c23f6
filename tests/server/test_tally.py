"""The file of figures: what it gives back, and what whoever writes it never notices."""

import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import msgspec
import platformdirs
import pytest

from spark_lsp.core.effects import Count
from spark_lsp.server import tally as module
from spark_lsp.server.tally import ASIDE, DAYS, Book, Row, Tally, TallyError, location, read

DAY = 24 * 3600.0
NOW = 1_800_000_000.0
COUNT = Count("completion", "shown", "python", 20, 2, 1.5, first=0.1, source="model")
KEPT = Count("next", "kept", characters=8, lines=1, seconds=30.0, share=0.75)
GARBAGE = [b"x" * 600, b"no database, but long enough to be looked at as one" * 100, b"\0" * 8192]

WRITER = """
import sys
from pathlib import Path
from spark_lsp.core.effects import Count
from spark_lsp.server.tally import Tally

tally = Tally(Path(sys.argv[1]))
print("ready", flush=True)
input()
for number in range(300):
    tally.count(Count("completion", sys.argv[2], characters=number))
tally.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "stats.sqlite3"


def written(path: Path, *rows: Row) -> Book:
    book = Book(path)
    book.write(rows)
    return book


def counts(path: Path) -> list[Count]:
    return [count for _, count in read(path)]


def test_what_is_counted_is_there_when_it_is_closed(path: Path) -> None:
    times = iter([NOW, NOW + 1])
    tally = Tally(path, lambda: next(times))
    tally.count(COUNT)
    tally.count(KEPT)
    tally.close()

    assert [(NOW, COUNT), (NOW + 1, KEPT)] == list(read(path))
    assert [(NOW + 1, KEPT)] == list(read(path, NOW + 1))


def test_before_the_first_count_nothing_is_made(path: Path) -> None:
    Tally(path).close()

    assert [] == list(read(path))
    assert not path.parent.exists()


def test_after_the_end_nothing_is_counted(path: Path) -> None:
    tally = Tally(path)
    tally.count(COUNT)
    tally.close()
    tally.count(COUNT)
    tally.close()

    assert [COUNT] == counts(path)


def test_counting_does_not_wait_for_a_disk_that_hangs_nor_does_the_end(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, begun = threading.Event(), threading.Event()

    def hang(_book: Book, _rows: list[Row]) -> None:
        begun.set()
        free.wait()

    monkeypatch.setattr(Book, "write", hang)
    monkeypatch.setattr(module, "_PATIENCE", 0.0)
    monkeypatch.setattr(module, "_LULL", 0.0)
    monkeypatch.setattr(module, "_WAITING", 10)
    tally = Tally(path)
    tally.count(COUNT)
    assert begun.wait(20)
    for _ in range(1000):
        tally.count(COUNT)
    tally.close()

    assert 10 == len(tally._waiting)
    free.set()


def test_what_is_kept_has_a_column_for_each_figure_and_none_for_a_text(path: Path) -> None:
    written(path, (NOW, COUNT)).close()
    with closing(sqlite3.connect(path)) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(counts)")]

    assert ["id", "at", *Count.__struct_fields__] == columns
    assert not {"text", "uri", "path", "answer"} & set(columns)


def test_nobody_else_may_look_into_it(path: Path) -> None:
    written(path, (NOW, COUNT)).close()

    assert 0o700 == stat.S_IMODE(path.parent.stat().st_mode)


def test_old_counts_are_forgotten_and_those_that_are_too_many(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS", 50)
    monkeypatch.setattr(module, "_PRUNED", 10)
    old, young = NOW - (DAYS + 1) * DAY, NOW - (DAYS - 1) * DAY
    book = written(path, (old, COUNT), (young, KEPT), (NOW, COUNT))
    assert [young, NOW] == [at for at, _ in read(path)]
    for number in range(20):
        book.write((NOW, msgspec.structs.replace(COUNT, lines=number)) for _ in range(10))
    book.close()

    left = counts(path)
    assert 50 == len(left)
    assert {15, 16, 17, 18, 19} == {count.lines for count in left}


@pytest.mark.parametrize("content", GARBAGE, ids=["letters", "a text", "zeros"])
def test_a_file_of_garbage_is_set_aside_and_begun_anew(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    book = written(path, (NOW, COUNT))
    book.write([(NOW, KEPT)])
    book.close()

    assert [COUNT, KEPT] == counts(path)
    assert content == path.with_name(path.name + ASIDE).read_bytes()


def test_a_file_with_a_table_of_another_shape_is_set_aside_too(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE counts(x); PRAGMA user_version = 1")
    written(path, (NOW, COUNT)).close()

    assert [COUNT] == counts(path)


def test_damage_found_late_is_set_aside_and_the_second_time_it_is_left_alone(path: Path) -> None:
    many = [(NOW, COUNT)] * 5000
    written(path, *many).close()
    whole = path.read_bytes()
    book = Book(path)
    book.write([])
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    book.write(many)
    book.write([(NOW, KEPT)])

    assert (5001, "") == (len(counts(path)), book.trouble)
    damage(path)
    book._connection = None
    book.write(many)
    assert "damaged again" in book.trouble
    book.write(many)
    book.close()
    assert b"garbage" == path.read_bytes()


def damage(path: Path) -> None:
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    path.write_bytes(b"garbage")


def test_what_another_server_has_begun_anew_is_not_set_aside_again(path: Path) -> None:
    mine = written(path, (NOW, COUNT))
    mine._connection = None
    path.unlink()
    damage(path)
    written(path, (NOW, KEPT)).close()
    mine._set_aside()
    mine.write([(NOW, COUNT)])
    mine.close()

    assert [KEPT, COUNT] == counts(path)
    assert b"garbage" == path.with_name(path.name + ASIDE).read_bytes()


def test_what_another_process_holds_is_written_the_next_time(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BUSY", 0.0)
    book = written(path, (NOW, COUNT))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        book.write([(NOW, KEPT)])

        assert "locked" in book.trouble
        assert [COUNT] == counts(path)
        other.execute("COMMIT")
    book.write([(NOW, COUNT)])
    book.close()
    assert [COUNT, KEPT, COUNT] == counts(path)


def test_a_disk_that_cannot_be_written_costs_nothing_that_is_there(path: Path) -> None:
    book = written(path, (NOW, COUNT))
    assert book._connection
    book._connection.execute("PRAGMA query_only=ON")
    book.write([(NOW, KEPT)])

    assert "readonly" in book.trouble
    assert [COUNT] == counts(path)
    book._connection.execute("PRAGMA query_only=OFF")
    book.write([])
    book.close()
    assert [COUNT, KEPT] == counts(path)


def test_a_full_disk_loses_the_oldest_of_what_waits(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WAITING", 3000)
    book = written(path, (NOW, COUNT))
    assert book._connection
    pages = book._connection.execute("PRAGMA page_count").fetchone()[0]
    book._connection.execute(f"PRAGMA max_page_count={pages}")
    book.write([(NOW, COUNT)] * 3000)
    book.write([(NOW, KEPT)] * 1000)

    assert "full" in book.trouble
    assert [COUNT] == counts(path)
    book._connection.execute("PRAGMA max_page_count=1000000")
    book.write([])
    book.close()
    assert (3001, 1000) == (len(counts(path)), counts(path).count(KEPT))


def test_a_directory_that_cannot_be_made_costs_nothing_but_the_counts(path: Path) -> None:
    path.parent.write_text("a file", "utf-8")
    book = written(path, (NOW, COUNT))
    book.write([(NOW, COUNT)])
    book.close()

    assert book.trouble


def test_a_path_that_cannot_be_opened_is_left_alone(path: Path) -> None:
    path.mkdir(parents=True)
    book = written(path, (NOW, COUNT))
    book.close()

    assert book.trouble
    assert path.is_dir()
    with pytest.raises(TallyError):
        list(read(path))


def test_a_count_that_cannot_be_stored_costs_no_later_one(path: Path) -> None:
    book = written(path, (NOW, Count("completion", "shown", "lone \ud800")))
    assert book.trouble
    book.write([(NOW, Count("completion", "shown", characters=2**70))])
    book.write([(NOW, COUNT)])
    book.close()

    assert [COUNT] == counts(path)


def test_a_file_of_a_newer_version_is_neither_written_nor_read(path: Path) -> None:
    book = written(path, (NOW, COUNT))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")
    book.write([(NOW, COUNT)])
    written(path, (NOW, COUNT)).close()
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT count(*) FROM counts").fetchone()

    assert "newer version" in book.trouble
    assert (1,) == rows
    with pytest.raises(TallyError, match="upgrade"):
        list(read(path))


def test_to_read_makes_no_file_and_says_what_is_wrong_with_one(path: Path) -> None:
    assert [] == list(read(path))
    path.parent.mkdir()
    path.write_bytes(GARBAGE[1])

    with pytest.raises(TallyError, match="not a database"):
        list(read(path))
    assert [path] == list(path.parent.iterdir())


def test_a_row_that_another_program_has_spoilt_is_passed_over(path: Path) -> None:
    written(path, (NOW, COUNT), (NOW, KEPT)).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE counts SET seconds = 'long' WHERE id = 1")
        connection.commit()

    assert [KEPT] == counts(path)


@pytest.mark.parametrize("_attempt", range(4))
def test_editors_begin_to_count_at_once(path: Path, _attempt: int) -> None:
    names = "a", "b", "c"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), what],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for what in names
    ]
    for writer in writers:
        assert writer.stdout
        writer.stdout.readline()
    for writer in writers:
        assert writer.stdin
        writer.stdin.write(b"\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
    found = counts(path)

    assert [0, 0, 0] == [writer.returncode for writer in writers]
    for what in names:
        mine = [count.characters for count in found if count.what == what]
        assert list(range(300)) == mine


def test_a_journal_that_could_not_be_changed_is_changed_the_next_time(path: Path) -> None:
    written(path, (NOW, COUNT)).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    written(path, (NOW, KEPT)).close()
    with closing(sqlite3.connect(path)) as connection:
        journal = connection.execute("PRAGMA journal_mode").fetchone()

    assert ("wal",) == journal
    assert [COUNT, KEPT] == counts(path)


def test_it_is_kept_in_the_data_of_the_person_or_where_a_variable_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SPARK_LSP_DATA", str(tmp_path / "named"))
    assert tmp_path / "named" / "stats.sqlite3" == location()
    monkeypatch.delenv("SPARK_LSP_DATA")
    monkeypatch.setattr(platformdirs, "user_data_path", lambda *_, **__: tmp_path / "its")
    assert tmp_path / "its" / "stats.sqlite3" == location()
