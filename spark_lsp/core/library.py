"""Everything that is known of a workspace, current to the last rest of the person's hands.

Owns the parts that answer questions across files and keeps them in step: symbols by name, chunks by
word, paths for imports, instructions by directory. Files come as records, open buffers as texts
that hide the files on disk. What of it is needed at a place is decided in `retrieval`.
"""

from collections.abc import Mapping

from spark_lsp.core import secrets
from spark_lsp.core.index import Index
from spark_lsp.core.lexicon import Lexicon
from spark_lsp.core.records import Record, record
from spark_lsp.core.resolution import Files, is_manifest
from spark_lsp.core.rules import GLOBAL, is_rules


class Library:
    """What is known of a workspace."""

    def __init__(self) -> None:
        """Start empty."""
        self.index = Index()
        self.lexicon = Lexicon()
        self.files = Files()
        self.rules: dict[str, str] = {}
        self._records: dict[str, Record] = {}
        self._open: dict[str, tuple[str, Record | None]] = {}

    @property
    def records(self) -> Mapping[str, Record]:
        """The files on disk by their paths."""
        return self._records

    def put(self, path: str, record: Record | None) -> None:
        """Record what a file on disk holds; None if it is gone."""
        if record is None:
            self._records.pop(path, None)
        else:
            self._records[path] = record
        self.index.put(path, record.symbols if record else None)
        self._relist(path)

    def put_open(self, path: str, text: str | None, record: Record | None = None) -> None:
        """Record what an open buffer holds; no text when it is closed.

        Without a record, because parsing has failed, its text is known all the same.
        """
        if text is None:
            self._open.pop(path, None)
        else:
            self._open[path] = (secrets.redact(text), record)
        self.index.put_open(path, record.symbols if record and text is not None else None)
        self._relist(path)

    def put_text(self, path: str, text: str | None) -> None:
        """Record the text of a file for which `speaks` holds; None if it is gone."""
        if is_manifest(path):
            self.files.put_manifest(path, text)
        if is_rules(path):
            if text is None:
                self.rules.pop(path, None)
            else:
                self.rules[path] = secrets.redact(text)

    def put_own_rules(self, text: str | None) -> None:
        """Record the person's own instructions, which hold everywhere."""
        if text is None:
            self.rules.pop(GLOBAL, None)
        else:
            self.rules[GLOBAL] = secrets.redact(text)

    def open_text(self, path: str) -> str | None:
        """Return the masked text of an open buffer, or None if the file is not open."""
        found = self._open.get(path)
        return found[0] if found else None

    def learn(self, path: str, text: str) -> None:
        """Read a text here and now, as if it were an open buffer."""
        made = record(path, text)
        self.put_open(path, text, made if isinstance(made, Record) else None)

    def size(self, path: str) -> int | None:
        """Return the bytes of a file, or None if it is not known."""
        found = self._known(path)
        return found.size if found else None

    def neighbours(self, folder: str) -> list[str]:
        """Return the known files of a directory, in order."""
        return self.files.inside(folder, ("",))

    def _known(self, path: str) -> Record | None:
        opened = self._open.get(path)
        return (opened and opened[1]) or self._records.get(path)

    def _relist(self, path: str) -> None:
        known = self._known(path)
        self.lexicon.put(path, known.chunks if known else None)
        if known or path in self._open:
            self.files.add(path)
        else:
            self.files.discard(path)


def speaks(path: str) -> bool:
    """Whether the text of a file is wanted, and not just its record: see `Library.put_text`."""
    return is_manifest(path) or is_rules(path)
