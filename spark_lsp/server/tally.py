"""What became of answers, kept on this machine: one small file of figures for all editors.

Owns the SQLite file in the user's data directory, or in $SPARK_LSP_DATA, and the thread that writes
it. There is no text, path or name in it, see `core.effects.Count`, and nothing of it is ever sent.

Counting must not be felt. `Tally.count` only puts a count into a list; whatever is wrong with the
disk or the file, nobody gets an exception. A file that is damaged is set aside, once, and begun
anew; what cannot be written waits, within a bound, for the next time.
"""

import logging
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeAlias

import msgspec
import platformdirs

from spark_lsp.core.effects import Count

_log = logging.getLogger(__name__)

DAYS = 400
"""Days for which counts are kept."""
ROWS = 200_000
"""Counts that are kept at most."""
ASIDE = ".damaged"
"""What the name of a file that was set aside ends in."""

_DATA = "SPARK_LSP_DATA"
"""The environment variable that names another directory for what is kept."""
_VERSION = 1
"""Of the table; 0 is a file in which nothing is yet."""
_BUSY = 5.0
"""Seconds to wait for another process that writes."""
_LULL = 2.0
"""Seconds for which counts are gathered before they are written."""
_BATCH = 64
"""Counts that are written without waiting for more."""
_WAITING = 10_000
"""Counts that wait at most; then the oldest are lost."""
_PRUNED = 1_000
"""Counts after which old ones are looked for again."""
_PATIENCE = 1.0
"""Seconds that the end of the server waits for the disk."""
_DAY = 24 * 3600.0

_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
"""What SQLite says of a file that is none of ours; the last, where there is no such table."""
_COLUMNS = Count.__struct_fields__
_TABLE = """
CREATE TABLE counts(
    id INTEGER PRIMARY KEY, at REAL NOT NULL,
    kind TEXT NOT NULL, what TEXT NOT NULL, language TEXT NOT NULL,
    characters INTEGER NOT NULL, lines INTEGER NOT NULL, seconds REAL NOT NULL,
    first REAL, reason TEXT NOT NULL, share REAL, source TEXT NOT NULL)
"""

Row: TypeAlias = tuple[float, Count]
"""A count, and when it was made, in seconds since the epoch."""


class TallyError(Exception):
    """The file cannot be read; says why in a sentence."""


class _Newer(Exception):  # noqa: N818 - of spark-lsp, no error of ours
    """A later version of spark-lsp has changed the file."""


def location() -> Path:
    """Return where counts are kept."""
    named = os.environ.get(_DATA)
    data = Path(named) if named else platformdirs.user_data_path("spark-lsp", appauthor=False)
    return data / "stats.sqlite3"


def read(path: Path, since: float = 0.0) -> Iterator[Row]:
    """Yield what was counted from a time on, in the order in which it was written.

    Nothing is written, and no file made.

    Raises:
        TallyError: if there is a file that cannot be read.
    """
    if not path.exists():
        return
    try:
        with closing(_reader(path)) as connection:
            if _version(connection) > _VERSION:
                raise TallyError("a newer version of spark-lsp has written it: upgrade this one")
            query = f"SELECT at, {', '.join(_COLUMNS)} FROM counts WHERE at >= ? ORDER BY id"  # noqa: S608
            for at, *values in connection.execute(query, (since,)):
                # A value that another program has put there costs its row.
                with suppress(msgspec.ValidationError):
                    fields = dict(zip(_COLUMNS, values, strict=True))
                    yield float(at), msgspec.convert(fields, Count)
    except (sqlite3.Error, OSError, ValueError, UnicodeError) as error:
        raise TallyError(str(error) or type(error).__name__) from None


def _reader(path: Path) -> sqlite3.Connection:
    """Open a file to be read only, also where its directory cannot be written."""
    address = path.absolute().as_uri()
    connection = sqlite3.connect(f"{address}?mode=ro", uri=True, timeout=_BUSY)
    try:
        _version(connection)
    except sqlite3.OperationalError:
        connection.close()
        connection = sqlite3.connect(f"{address}?immutable=1", uri=True)
    return connection


class Tally:
    """Where a server puts its counts. May be used from any thread."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        """Take the file; nothing happens to it before the first count."""
        self._book = Book(path)
        self._clock = clock
        self._waiting: deque[Row] = deque(maxlen=_WAITING)
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def count(self, count: Count) -> None:
        """Have a count written down, soon; neither waits nor fails."""
        with self._changed:
            if self._closed:
                return
            self._waiting.append((self._clock(), count))
            if self._thread is None:
                # It must not keep a server from ending whose disk hangs.
                self._thread = threading.Thread(target=self._write, name="tally", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Have written what is waiting, then count nothing more.

        Waits for the disk, for a second at most: not to be called where keys are handled.
        """
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread:
            self._thread.join(_PATIENCE)

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._waiting)
                self._changed.wait_for(
                    lambda: self._closed or len(self._waiting) >= _BATCH, timeout=_LULL
                )
                rows = list(self._waiting)
                self._waiting.clear()
                closed = self._closed
            self._book.write(rows)
            if closed:
                self._book.close()
                return


class Book:
    """The file itself, opened when it is first written. To be used from one thread.

    Attributes:
        trouble: what has gone wrong last, or "".
    """

    def __init__(self, path: Path) -> None:
        """Take the path; without a directory for it, one is made that only the person can read."""
        self.trouble = ""
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._held: deque[Row] = deque(maxlen=_WAITING)
        self._written = 0
        self._aside = False
        self._given_up = False

    def write(self, rows: Iterable[Row]) -> None:
        """Write counts down, with those that could not be written before; never fails."""
        if self._given_up:
            return
        self._held.extend(rows)
        try:
            self._insert()
        except _Newer:
            self._give_up("a newer version of spark-lsp has changed the file")
        except (sqlite3.Error, OSError, ValueError, TypeError, OverflowError) as error:
            if not _damaged(error):
                # A full or a busy disk may be better the next time; a count that is none, never.
                if not isinstance(error, sqlite3.Error | OSError):
                    self._held.clear()
                self._troubled(str(error) or type(error).__name__)
            elif self._aside:
                self._give_up("the file was damaged again")
            else:
                self._set_aside()
        else:
            self._held.clear()

    def close(self) -> None:
        """Close the file."""
        connection, self._connection = self._connection, None
        if connection:
            with suppress(sqlite3.Error):
                connection.close()

    def _insert(self) -> None:
        if self._connection is None:
            self._connection = self._opened()
        connection = self._connection
        marks = ", ".join("?" * (1 + len(_COLUMNS)))
        names = ", ".join(_COLUMNS)
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            if _version(connection) != _VERSION:
                raise _Newer
            connection.executemany(
                f"INSERT INTO counts(at, {names}) VALUES ({marks})",  # noqa: S608
                ((at, *msgspec.structs.astuple(count)) for at, count in self._held),
            )
            if self._held and self._written % _PRUNED < len(self._held):
                _prune(connection, self._held[-1][0])
        self._written += len(self._held)

    def _opened(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=_BUSY, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous=NORMAL")
            if _version(connection) == 0:
                with connection:
                    connection.execute("BEGIN IMMEDIATE")
                    if _version(connection) == 0:  # nobody else has done it meanwhile
                        connection.execute(_TABLE)
                        connection.execute("CREATE INDEX counts_by_time ON counts(at)")
                        connection.execute(f"PRAGMA user_version = {_VERSION}")
            # Where another process looks at the file just now, SQLite refuses without waiting, and
            # the journal of old does until the next time.
            with suppress(sqlite3.OperationalError):
                connection.execute("PRAGMA journal_mode=WAL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_aside(self) -> None:
        """Begin anew, and write there what was to be written."""
        self._aside = True
        self.close()
        try:
            if _is_damaged(self._path):  # and no other server has set it aside meanwhile
                _log.info("%s is damaged and is set aside", self._path)
                self._path.replace(self._path.with_name(self._path.name + ASIDE))
                for ending in ("-wal", "-shm"):
                    self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
        except OSError as error:
            self._give_up(str(error))
        else:
            self.write(())

    def _troubled(self, trouble: str) -> None:
        if not self.trouble:
            _log.info("%s cannot be written: %s", self._path, trouble)
        self.trouble = trouble

    def _give_up(self, trouble: str) -> None:
        self._troubled(trouble)
        self._given_up = True
        self._held.clear()
        self.close()


def _prune(connection: sqlite3.Connection, now: float) -> None:
    """Forget what is too old or too much."""
    connection.execute("DELETE FROM counts WHERE at < ?", (now - DAYS * _DAY,))
    connection.execute("DELETE FROM counts WHERE id <= (SELECT max(id) FROM counts) - ?", (ROWS,))


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _damaged(error: BaseException) -> bool:
    return (int(getattr(error, "sqlite_errorcode", 0)) & 0xFF) in _DAMAGE


def _is_damaged(path: Path) -> bool:
    """Whether a file is none of ours, or not as we have written it."""
    try:
        with closing(_reader(path)) as connection:
            columns = ", ".join(_COLUMNS)
            connection.execute(f"SELECT at, {columns} FROM counts LIMIT 1").fetchone()  # noqa: S608
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok")
    except sqlite3.Error as error:
        return _damaged(error)
