"""The index on disk, so that nothing is parsed twice.

Owns one SQLite file per workspace in the user's cache directory: which files there were, and what
was made of each content. Contents are found by a hash of their bytes, so that switching a branch
forth and back parses nothing.

It is a cache: whatever is wrong with the disk or the file, the caller never gets an exception. What
cannot be read is not there, what cannot be written is parsed again next time, and `trouble` says
why. Records are made of masked text, so no secret is in it.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TypeAlias, TypeVar

import msgspec
import platformdirs

from spark_lsp.core.records import Record
from spark_lsp.server.contents import BUSY, VERSION, sealed, unsealed, version_of
from spark_lsp.server.walk import Entry

DAMAGED = "the index on disk was damaged and has been rebuilt"

_CACHE = "SPARK_LSP_CACHE"
"""The environment variable that names another directory for caches."""
_UNUSED_LIMIT = 64_000_000
"""Bytes of contents that no file has any more which are kept: other branches have them."""
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_ABANDONED = 90 * 24 * 3600
"""Seconds after which the index of a workspace that nobody opens is deleted."""
_PARAMETERS = 500
"""Values of one query: old versions of SQLite take 999."""

_TABLES = """
CREATE TABLE files(
    path TEXT PRIMARY KEY, size INTEGER, changed INTEGER, digest BLOB, skipped TEXT) WITHOUT ROWID;
CREATE TABLE contents(digest BLOB PRIMARY KEY, record BLOB, used INTEGER);
CREATE INDEX files_by_digest ON files(digest);
"""

_T = TypeVar("_T")


class _OtherVersion(Exception):  # noqa: N818 - of spark-lsp, no error of ours
    """Another version has taken the file over."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as it was when it was read.

    Attributes:
        entry: its path, size and time.
        digest: finds its record; None if it has none.
        reason: why it has none, or "".
        packed: its packed record, if that is to be stored.
    """

    entry: Entry
    digest: bytes | None
    reason: str = ""
    packed: bytes | None = None


Recalled: TypeAlias = dict[bytes, tuple[Record, int]]
"""Records by their digests, with their packed sizes."""


def location(root: Path) -> Path:
    """Return where the index of a workspace is kept."""
    named = os.environ.get(_CACHE)
    cache = Path(named) if named else platformdirs.user_cache_path("spark-lsp", appauthor=False)
    name = blake2b(os.fsencode(os.path.realpath(root)), digest_size=16).hexdigest()
    return cache / "index" / f"{name}.sqlite"


def open_store(root: Path) -> "Store":
    """Open the index of a workspace; one that stores nothing if that is not possible."""
    try:
        path = location(root)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(path.parent)
    except (OSError, ValueError, RuntimeError) as error:
        return Store(None, f"the index cannot be stored ({_words(error)})")
    return Store(path)


class Store:
    """The index of one workspace on disk. May be used from any thread.

    Attributes:
        path: its file, or "" if nothing is stored.
        trouble: what has gone wrong, in a sentence, or "".
    """

    def __init__(self, path: Path | None, trouble: str = "") -> None:
        """Open or create a file; without one nothing is stored."""
        self.path = str(path) if path else ""
        self.trouble = trouble
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        if path:
            with self._lock:
                self._open()

    def load(self) -> dict[str, Stored]:
        """Return all files that are known, by their path."""

        def work(connection: sqlite3.Connection) -> dict[str, Stored]:
            rows = connection.execute("SELECT path, size, changed, digest, skipped FROM files")
            return {
                path: Stored(Entry(path, size, changed), digest, skipped)
                for path, size, changed, digest, skipped in rows
            }

        return self._tried(work, {})

    def records(self, digests: Sequence[bytes]) -> Recalled:
        """Return the records of some contents; not all may be there."""

        def work(connection: sqlite3.Connection) -> Recalled:
            found: Recalled = {}
            for start in range(0, len(digests), _PARAMETERS):
                some = digests[start : start + _PARAMETERS]
                marks = ",".join("?" * len(some))
                query = f"SELECT digest, record FROM contents WHERE digest IN ({marks})"  # noqa: S608
                for digest, stored in connection.execute(query, some):
                    packed = unsealed(stored)
                    if packed is not None and (record := _record(packed)):
                        found[digest] = (record, len(packed))
            return found

        return self._tried(work, {})

    def save(self, files: Iterable[Stored]) -> None:
        """Remember files, and the records that some of them bring, all or none."""
        rows = [file for file in files if _storable(file.entry)]
        now = int(time.time())

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            _check(connection)
            connection.executemany(
                "INSERT OR REPLACE INTO contents VALUES (?, ?, ?)",
                ((row.digest, sealed(row.packed), now) for row in rows if row.packed is not None),
            )
            connection.executemany(
                "UPDATE contents SET used = ? WHERE digest = ?",
                ((now, row.digest) for row in rows if row.packed is None and row.digest),
            )
            connection.executemany(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)",
                (
                    (row.entry.path, row.entry.size, row.entry.changed, row.digest, row.reason)
                    for row in rows
                ),
            )
            connection.execute("COMMIT")

        if rows:
            self._tried(work, None)

    def forget(self, paths: Iterable[str]) -> None:
        """Forget files; their contents stay for a while."""
        rows = [(path,) for path in paths]

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            _check(connection)
            connection.executemany("DELETE FROM files WHERE path = ?", rows)
            connection.execute("COMMIT")

        if rows:
            self._tried(work, None)

    def prune(self, limit: int = _UNUSED_LIMIT) -> None:
        """Forget the contents that no file has, beyond some bytes: those unused longest."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            _check(connection)
            unused = connection.execute(
                "SELECT digest, length(record) FROM contents WHERE digest NOT IN"
                " (SELECT digest FROM files WHERE digest IS NOT NULL)"
                " ORDER BY used DESC, rowid DESC"
            ).fetchall()
            kept = 0
            gone = []
            for digest, size in unused:
                kept += size
                if kept > limit:
                    gone.append((digest,))
            connection.executemany("DELETE FROM contents WHERE digest = ?", gone)
            connection.execute("COMMIT")
            if gone:
                connection.executescript("PRAGMA incremental_vacuum")

        self._tried(work, None)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        total = 0
        for ending in ("", "-wal") if self.path else ():
            with suppress(OSError):
                total += Path(self.path + ending).stat().st_size
        return total

    def close(self) -> None:
        """Close the file; nothing is stored from now on."""
        with self._lock:
            self._let_go()

    def _tried(self, work: Callable[[sqlite3.Connection], _T], default: _T) -> _T:
        with self._lock:
            if self._connection is None:
                return default
            try:
                return work(self._connection)
            except _OtherVersion:
                self._give_up("the index on disk is in use by another version of spark-lsp")
            except (sqlite3.Error, ValueError, TypeError, OverflowError, MemoryError) as error:
                if self._connection.in_transaction:
                    with suppress(sqlite3.Error):
                        self._connection.execute("ROLLBACK")
                if _damaged(error):
                    self._rebuild()
                else:
                    self.trouble = _sentence(error)
            return default

    def _open(self) -> None:
        try:
            self._connection = self._opened()
        except sqlite3.Error as error:
            if _damaged(error):
                self._rebuild()
            else:
                self._give_up(_sentence(error))

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=BUSY, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA synchronous=NORMAL")
            if version_of(connection) != VERSION:
                # Both are kept in the file, and to set them needs it alone.
                connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("BEGIN IMMEDIATE")
                if version_of(connection) != VERSION:  # nobody else has done it meanwhile
                    _create(connection)
                connection.execute("COMMIT")
            with suppress(OSError):
                os.utime(self.path)  # it is not abandoned
        except BaseException:
            connection.close()
            raise
        return connection

    def _rebuild(self) -> None:
        self._let_go()
        try:
            _delete(self.path)
            self._connection = self._opened()
        except (OSError, sqlite3.Error) as error:
            self._give_up(f"the index on disk is damaged and cannot be rebuilt ({_words(error)})")
        else:
            self.trouble = DAMAGED

    def _give_up(self, trouble: str) -> None:
        self._let_go()
        self.path = ""
        self.trouble = trouble

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            with suppress(sqlite3.Error):
                connection.close()


def _sweep(folder: Path) -> None:
    """Delete the files of workspaces that have been abandoned."""
    before = time.time() - _ABANDONED
    for path in folder.glob("*.sqlite"):
        with suppress(OSError):
            if path.stat().st_mtime < before:
                _delete(str(path))


def _delete(path: str) -> None:
    for ending in ("", "-wal", "-shm"):
        Path(path + ending).unlink(missing_ok=True)


_decode = msgspec.msgpack.Decoder(Record).decode


def _record(packed: bytes) -> Record | None:
    try:
        return _decode(packed)
    except msgspec.MsgspecError:
        return None


def _check(connection: sqlite3.Connection) -> None:
    if version_of(connection) != VERSION:
        raise _OtherVersion


def _create(connection: sqlite3.Connection) -> None:
    """Make all tables anew."""
    for kind in ("files", "contents"):
        connection.execute(f"DROP TABLE IF EXISTS {kind}")
    for statement in filter(str.strip, _TABLES.split(";")):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _storable(entry: Entry) -> bool:
    return -(2**63) <= entry.changed < 2**63


def _code(error: BaseException) -> int:
    """Return SQLite's primary code of an error; 0 if it has none."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _damaged(error: BaseException) -> bool:
    # A file without our tables, or with a text that is none, is not what we have written.
    return _code(error) in _DAMAGE | {sqlite3.SQLITE_ERROR} or (
        isinstance(error, sqlite3.OperationalError) and not _code(error)
    )


def _sentence(error: BaseException) -> str:
    code = _code(error)
    if code in _FULL:
        return f"the index could not be stored, perhaps the disk is full ({_words(error)})"
    if code in _LOCKED:
        return "the index could not be stored, because another process holds it"
    return f"the index could not be stored ({_words(error)})"


def _words(error: BaseException) -> str:
    return (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__
