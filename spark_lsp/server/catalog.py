"""Keeps a library in step with what the indexer finds, and reads for it what it has to read.

Owns the way from files to the pure `Library`: records as they come, the texts of manifests and
instructions, and the masked texts that are packed. When what is indexed is decided in `indexing`.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from spark_lsp.core import rules, secrets
from spark_lsp.core.library import Library, speaks
from spark_lsp.core.records import Record
from spark_lsp.server import walk

_KEPT = 4_000_000
"""Characters of texts that are kept because they may be wanted again."""


class Catalog:
    """A library and the directory that it speaks of."""

    def __init__(self, root: Path | None) -> None:
        """Take the directory, if there is one."""
        self.library = Library()
        self._root = root
        self._judge: walk.Judge | None = None
        self._verdicts: dict[str, bool] = {}
        self._texts: dict[str, str] = {}
        self._size = 0

    def indexed(self, files: Mapping[str, Record | None]) -> None:
        """Take in what files hold; None if one is gone, or may not be read any more."""
        judge: walk.Judge | None = None
        for path, record in files.items():
            self.library.put(path, record)
            self._size -= len(self._texts.pop(path, ""))
            if speaks(path) and self._root:
                if record is None:  # it is gone, or says nothing else, or is ignored by now
                    judge = judge or walk.Judge(self._root)
                allowed = judge is None or judge.allows(path)
                self.library.put_text(path, walk.read(self._root, path) if allowed else None)

    def judge_anew(self) -> None:
        """Heed at once that ignore files have changed, however long the index takes to follow."""
        self._judge = walk.Judge(self._root) if self._root else None
        self._verdicts = {}

    def read(self, path: str) -> str | None:
        """Return the masked text of a file, or None if it is gone, no text, or ignored by now."""
        if not self._allows(path):
            return None
        known = self._texts.get(path)
        if known is None and self._root and (text := walk.read(self._root, path)) is not None:
            known = secrets.redact(text)
            if self._size > _KEPT:
                self._texts.clear()
                self._size = 0
            self._texts[path] = known
            self._size += len(known)
        return known

    def current(self, path: str) -> str | None:
        """Return the masked text of a file as it is now: of the open buffer, if there is one."""
        opened = self.library.open_text(path) if self._allows(path) else None
        return self.read(path) if opened is None else opened

    def refresh_rules(self) -> None:
        """Read the person's own instructions, which stand outside of the workspace."""
        self.library.put_own_rules(_own_rules())

    def _allows(self, path: str) -> bool:
        if self._judge is None:  # nothing has changed since the walk
            return True
        if path not in self._verdicts:
            self._verdicts[path] = self._judge.allows(path)
        return self._verdicts[path]


def _own_rules() -> str | None:
    with suppress(RuntimeError):  # there may be no home
        home = Path(os.environ.get("CODEX_HOME") or Path.home() / ".codex")
        for name in rules.NAMES:
            with suppress(OSError):
                if (home / name).is_file():  # a pipe would keep us waiting
                    with (home / name).open("rb") as file:
                        return file.read(rules.LIMIT).decode("utf-8", "ignore")
    return None
