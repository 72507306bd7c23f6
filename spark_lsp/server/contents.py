"""How the records of contents are found and stored.

Owns the key and the form in which the store keeps them, and the view that a parsing process has of
it: to be read only.
"""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from hashlib import blake2b
from pathlib import Path

import msgspec

from spark_lsp import __version__
from spark_lsp.core import languages, records, symbols

FORMAT = 1
"""To be raised when other records are made of the same text, or the tables change."""
BUSY = 5.0
"""Seconds to wait for another process that writes."""

_SEAL = 4
"""Bytes of the checksum in front of a stored record."""


def _shapes() -> Iterator[object]:
    for kind in (records.Record, records.Chunk, symbols.FileSymbols, symbols.Definition):
        yield kind.__struct_fields__


VERSION = 1 + zlib.crc32(
    msgspec.json.encode(
        (__version__, FORMAT, languages.LANGUAGES, list(_shapes())), order="deterministic"
    )
) % (2**31 - 1)
"""Stands for all that makes records. A file of another version is built anew."""


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of what is in a file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def digest_of(path: str, content: bytes) -> bytes:
    """Return what finds the record of a content: it depends on the kind of file too."""
    language = languages.by_path(path)
    # Whether a text is left out depends on how its file is called.
    suffix = path.rpartition("/")[2].rpartition(".")[2].lower()
    kind = f"{language.name if language else ''}.{suffix}"
    return blake2b(content, digest_size=16, key=kind.encode("utf-8", "replace")[-64:]).digest()


class Contents:
    """What a worker sees of a store: the records of contents, to be read only."""

    def __init__(self, path: str) -> None:
        """Open the file of a store; nothing if the path is empty or what is there is not ours."""
        self._connection: sqlite3.Connection | None = None
        if path:
            with suppress(sqlite3.Error, ValueError):
                where = f"{Path(path).absolute().as_uri()}?mode=ro"
                connection = sqlite3.connect(where, uri=True, timeout=BUSY)
                if version_of(connection) == VERSION:
                    self._connection = connection

    def packed(self, digest: bytes) -> bytes | None:
        """Return the packed record of a content, or None if it is not there."""
        if self._connection is None:
            return None
        query = "SELECT record FROM contents WHERE digest = ?"
        try:
            with closing(self._connection.execute(query, (digest,))) as found:
                row = found.fetchone()
        except sqlite3.Error:  # whoever owns the store will notice, and say so
            self._connection = None
            return None
        return unsealed(row[0]) if row else None


def sealed(packed: bytes) -> bytes:
    """Return a packed record as it is stored, so that it is noticed what a disk does to it.

    Not compressed: two thirds of it are hashes, and a start would take longer.
    """
    return zlib.crc32(packed).to_bytes(_SEAL) + packed


def unsealed(stored: object) -> bytes | None:
    """Return a packed record that was stored, or None if it is damaged."""
    if not isinstance(stored, bytes):
        return None
    packed = stored[_SEAL:]
    return packed if stored[:_SEAL] == zlib.crc32(packed).to_bytes(_SEAL) else None
