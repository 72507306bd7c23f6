"""What a task began with, kept beside its place, and the sign that somebody still works there.

Owns two small SQLite files. One holds what was laid down, so that what has become of it can be told
and merged later, also by another process. The other is locked for as long as its owner lives,
however that ends: who can lock it finds the place abandoned. The rest of a place is left to
`worktrees`.
"""

import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from hashlib import blake2b
from pathlib import Path

_FILE, _LOCK = "base.sqlite3", "alive.sqlite3"
_YOUNG = 3600.0
"""Seconds for which a place that has no lock yet may still be in the making."""
_TABLES = """
CREATE TABLE files(path TEXT PRIMARY KEY, digest BLOB NOT NULL, content BLOB NOT NULL);
CREATE TABLE links(path TEXT PRIMARY KEY, target TEXT NOT NULL);
CREATE TABLE withheld(path TEXT PRIMARY KEY, why TEXT NOT NULL);
CREATE TABLE masked(path TEXT PRIMARY KEY);
CREATE TABLE facts(name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


def digest(content: bytes) -> bytes:
    """Return what tells one content from another."""
    return blake2b(content, digest_size=16).digest()


class Baseline:
    """What was laid down in a place. May be used from any thread, by one at a time."""

    def __init__(self, home: Path, *, new: bool = False) -> None:
        """Open what is in a place, or begin it; sqlite3.Error if it is damaged."""
        if not new and not (home / _FILE).is_file():
            raise sqlite3.OperationalError("there is no baseline")
        self._connection = sqlite3.connect(
            home / _FILE, isolation_level=None, check_same_thread=False
        )
        if new:
            self._connection.executescript("PRAGMA journal_mode=MEMORY;" + _TABLES)
            self._connection.execute("BEGIN")

    def file(self, path: str, content: bytes) -> None:
        """Take in a file."""
        row = (path, digest(content), zlib.compress(content, 1))
        self._connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", row)

    def link(self, path: str, target: str) -> None:
        """Take in a symbolic link."""
        self._connection.execute("INSERT OR REPLACE INTO links VALUES (?, ?)", (path, target))

    def withhold(self, why: Mapping[str, str]) -> None:
        """Take in which paths are not laid down, and why."""
        self._connection.executemany("INSERT OR REPLACE INTO withheld VALUES (?, ?)", why.items())

    def mask(self, paths: Iterable[str]) -> None:
        """Take in which files are laid down without their secrets."""
        rows = [(path,) for path in paths]
        self._connection.executemany("INSERT OR REPLACE INTO masked VALUES (?)", rows)

    def note(self, facts: Mapping[str, str]) -> None:
        """Take in facts of the place by their names."""
        self._connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())

    def save(self) -> None:
        """Write all that was taken in, and go on."""
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")
        self._connection.execute("BEGIN")

    def digests(self) -> dict[str, bytes]:
        """Return what was in each file."""
        return dict(self._connection.execute("SELECT path, digest FROM files"))

    def links(self) -> dict[str, str]:
        """Return where each link leads."""
        return dict(self._connection.execute("SELECT path, target FROM links"))

    def withheld(self) -> dict[str, str]:
        """Return which paths were not laid down, and why."""
        return dict(self._connection.execute("SELECT path, why FROM withheld"))

    def masked(self) -> frozenset[str]:
        """Return which files were laid down without their secrets."""
        return frozenset(path for (path,) in self._connection.execute("SELECT path FROM masked"))

    def facts(self) -> dict[str, str]:
        """Return the facts of the place."""
        return dict(self._connection.execute("SELECT name, value FROM facts"))

    def contents(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield files as they were."""
        for path in paths:
            query = "SELECT content FROM files WHERE path = ?"
            for (content,) in self._connection.execute(query, (path,)):
                yield path, zlib.decompress(content)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


class Presence:
    """The sign of an owner: held until `close`, or until the process ends in any way."""

    def __init__(self, home: Path, *, patience: float = 0.0) -> None:
        """Take a place, which may take so many seconds; sqlite3.Error if another has it."""
        self._connection = sqlite3.connect(
            home / _LOCK, timeout=patience, isolation_level=None, check_same_thread=False
        )
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error:
            self._connection.close()
            raise

    def close(self) -> None:
        """Give the place up."""
        self._connection.close()


def abandoned(home: Path) -> bool:
    """Whether nobody works in a place any more."""
    if not (home / _LOCK).is_file():
        with suppress(OSError):
            return time.time() - home.stat().st_mtime > _YOUNG
        return False
    try:
        with closing(Presence(home)):
            return True
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
    except sqlite3.Error:
        return True  # it is damaged, so nobody holds it
