"""The open documents: the only truth about a file while an editor holds it open.

Owns their texts, versions and lazily kept syntax trees. Everything is changed by the editor's
notifications alone and in their order; what those mean for a completion is decided in `session`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from spark_lsp.core import languages, syntax
from spark_lsp.core.languages import Language
from spark_lsp.core.syntax import Shift, Syntax, shift_of
from spark_lsp.core.text import Edit, Encoding, Position, Text, difference

_PENDING = 1000
"""Edits that may wait for the tree; with more, a fresh parse is as good."""


@dataclass(frozen=True, slots=True)
class Change:
    """One content change of `textDocument/didChange`; without a range it replaces everything."""

    start: Position | None
    end: Position | None
    text: str


@dataclass(frozen=True, slots=True)
class Applied:
    """An edit that has happened, with the text that it removed."""

    edit: Edit
    removed: str


@dataclass(slots=True)
class Document:
    """One open document.

    Attributes:
        uri: the editor's name for it, the key of everything.
        path: workspace-relative POSIX path; elsewhere a name that no file of the workspace can
            have, such as "../other/a.py" or "untitled://a".
        language_id: the LSP language id that the editor gave.
        version: the version that the editor gave last.
        text: its text at that version.
        private: why its text may not leave the machine, "" if it may, None while that is unknown.
    """

    uri: str
    path: str
    language_id: str
    version: int
    text: Text
    private: str | None = None
    _syntax: Syntax | None = None
    _pending: list[Shift] = field(default_factory=list)

    @property
    def language(self) -> Language | None:
        """What we know of its language, by its id, else by its name."""
        return languages.by_id(self.language_id) or languages.by_path(self.path)

    def change(self, version: int, changes: Iterable[Change], encoding: Encoding) -> list[Applied]:
        """Apply content changes in their order and return the edits that they were."""
        self.version = version
        return [self._apply(self._edit(change, encoding)) for change in changes]

    def tree(self) -> Syntax | None:
        """Return the syntax tree of the current text, or None without a grammar or for huge texts.

        The tree is brought up to date here and not at every key, since most keys do not need it.
        """
        language = self.language
        if language is None or len(self.text) > syntax.LIMIT:
            return None
        if self._syntax is None or self._syntax.language is not language:
            self._syntax = Syntax.parse(language, self.text)
        elif self._pending:
            self._syntax = self._syntax.edited(self._pending, self.text)
        self._pending.clear()
        return self._syntax

    def _edit(self, change: Change, encoding: Encoding) -> Edit:
        if change.start is None or change.end is None:
            return difference(self.text.string, change.text)
        start = self.text.offset(change.start, encoding)
        end = self.text.offset(change.end, encoding)
        # A client that swaps start and end means the same place.
        return Edit(min(start, end), max(start, end), change.text)

    def _apply(self, edit: Edit) -> Applied:
        before = self.text
        if self._syntax is not None:
            self._pending.append(shift_of(before, edit))
            if len(self._pending) > _PENDING:
                self._syntax = None
                self._pending.clear()
        self.text = before.splice(edit)
        return Applied(edit, before.string[edit.start : edit.end])


class Documents:
    """The open documents by their URI."""

    def __init__(self, encoding: Encoding) -> None:
        """Take the unit of positions that was negotiated."""
        self.encoding = encoding
        self._by_uri: dict[str, Document] = {}

    def __iter__(self) -> Iterator[Document]:
        return iter(self._by_uri.values())

    def get(self, uri: str) -> Document | None:
        """Return an open document, or None."""
        return self._by_uri.get(uri)

    def open(self, uri: str, path: str, language_id: str, version: int, text: str) -> Document:
        """Open a document; one that is open already starts anew."""
        document = Document(uri, path, language_id, version, Text(text))
        self._by_uri[uri] = document
        return document

    def change(self, uri: str, version: int, changes: Sequence[Change]) -> list[Applied]:
        """Apply changes to a document; one that is not open is left alone."""
        document = self._by_uri.get(uri)
        return [] if document is None else document.change(version, changes, self.encoding)

    def close(self, uri: str) -> Document | None:
        """Forget a document and return it, or None if it was not open."""
        return self._by_uri.pop(uri, None)
