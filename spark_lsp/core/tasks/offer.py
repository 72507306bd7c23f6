"""A patch as an edit of the workspace, in the form that an editor can take.

Owns the spelling as a `WorkspaceEdit` of LSP 3.18, as plain dicts: versions of open documents,
annotations that want to be confirmed (the label says what, the description why), and operations on
files. What an editor has not announced is not used; what cannot be said without it is told in
`Offer.left`, a sentence each.

A conflict never stands in it as text: where annotations can be shown it has one of its own, at an
edit that changes nothing. What a person decides, of a conflict or of anything else, is an edit of
its own: `decided` for a stretch of text, `done` for a file as such.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from spark_lsp.core.tasks.merging import Hunk
from spark_lsp.core.tasks.patch import FileChange, Kind, Patch, Piece
from spark_lsp.core.text import Encoding, Position, Text

Json: TypeAlias = dict[str, Any]
Side: TypeAlias = Literal["task", "both"]
"""Whose lines shall stand: only the task's, or the person's and behind them the task's."""

_OPERATIONS = frozenset({"create", "rename", "delete"})
_NEEDED = {Kind.ADDED: "create", Kind.REMOVED: "delete", Kind.RENAMED: "rename"}
_DONE = {Kind.ADDED: "Add", Kind.REMOVED: "Remove", Kind.RENAMED: "Rename"}


@dataclass(frozen=True, slots=True)
class Abilities:
    """What an editor takes.

    Attributes:
        versions: edits by document, with the version that they are for (`documentChanges`).
        annotations: labels that a person confirms.
        operations: those of "create", "rename" and "delete" that it can do with files.
        encoding: what its positions count.
    """

    versions: bool = True
    annotations: bool = True
    operations: frozenset[str] = _OPERATIONS
    encoding: Encoding = Encoding.UTF16

    @classmethod
    def announced(
        cls, capabilities: Mapping[str, Any], encoding: Encoding = Encoding.UTF16
    ) -> "Abilities":
        """Read a client's `ClientCapabilities`; what is of another form counts as not announced."""
        edit = _part(_part(capabilities, "workspace"), "workspaceEdit")
        versions = edit.get("documentChanges") is True
        known = edit.get("resourceOperations")
        named = known if isinstance(known, list) and versions else []
        return cls(
            versions,
            versions and isinstance(edit.get("changeAnnotationSupport"), Mapping),
            frozenset(it for it in named if isinstance(it, str)) & _OPERATIONS,
            encoding,
        )


@dataclass(frozen=True, slots=True)
class Places:
    """Where the files of a patch are, for an editor.

    Attributes:
        uri: gives the URI of a path.
        versions: the version of each document that is open, by path; of the text in the patch.
    """

    uri: Callable[[str], str]
    versions: Mapping[str, int]

    def document(self, path: str) -> Json:
        """Return the identifier of a document; without a version if it is not open."""
        return {"uri": self.uri(path), "version": self.versions.get(path)}


@dataclass(frozen=True, slots=True)
class Offer:
    """An edit of the workspace, and what it leaves out, a sentence each."""

    edit: Json
    left: tuple[str, ...] = ()


def offered(patch: Patch, places: Places, abilities: Abilities | None = None) -> Offer:
    """Return a patch as one edit. Nothing that conflicts is in it as text."""
    abilities = abilities or Abilities()
    writing = _Writing(places, abilities)
    for change in patch.files:
        writing.file(change)
    left = (*patch.left.values(), *writing.left)
    return Offer(writing.edit(), left)


def decided(
    change: FileChange, piece: Piece, side: Side, places: Places, abilities: Abilities | None = None
) -> Offer:
    """Return the edit of one stretch of text as a person has decided it."""
    abilities = abilities or Abilities()
    writing = _Writing(places, abilities)
    text = _read(change.person or "")
    edit = _text_edit(text, piece.hunk, abilities.encoding)
    if side == "both":
        kept = text.string[piece.hunk.start : piece.hunk.end]
        edit["newText"] = _behind(kept, piece.hunk.text)
    writing.edits(change.path, [edit])
    return Offer(writing.edit())


def done(change: FileChange, places: Places, abilities: Abilities | None = None) -> Offer | None:
    """Return the edit that does with a file as such what the task has done, objection or not.

    None if the task has done nothing of that kind, if the editor cannot do it, or if something of
    the person's would be written over.
    """
    abilities = abilities or Abilities()
    kind = change.kind
    if change.person is None and change.task is not None:
        # What the person has removed comes back as a new file, where the task would have it.
        kind, change = Kind.ADDED, replace(change, path=change.target or change.path, target="")
    elif kind in {Kind.ADDED, Kind.CHANGED} or change.occupied:
        return None
    if _NEEDED[kind] not in abilities.operations:
        return None
    writing = _Writing(places, replace(abilities, annotations=False))
    writing.operate(replace(change, kind=kind))
    return Offer(writing.edit())


def row(text: Text, hunk: Hunk) -> int:
    """Return the line, from 0, of the person's text that the first line of a hunk is or becomes."""
    first = text.line_at(hunk.start)
    # What stands behind a line end that is replaced too, or behind a last line without one.
    return first + (hunk.start > text.line_start(first))


def _behind(kept: str, text: str) -> str:
    """Return two pieces of text one behind the other, with a line end between them."""
    if kept and text and not kept.endswith(("\n", "\r")):
        line_end = "\r\n" if "\r\n" in text else "\r" if "\r" in text else "\n"
        return kept + ("" if text.startswith(line_end) else line_end) + text
    return kept + text


class _Writing:
    """An edit that is being put together."""

    def __init__(self, places: Places, abilities: Abilities) -> None:
        self.left: list[str] = []
        self._places = places
        self._can = abilities
        self._parts: list[Json] = []
        self._changes: dict[str, list[Json]] = {}
        self._notes: Json = {}

    def edit(self) -> Json:
        if not self._can.versions:
            return {"changes": self._changes}
        notes = {"changeAnnotations": self._notes} if self._notes else {}
        return {"documentChanges": self._parts, **notes}

    def file(self, change: FileChange) -> None:
        """Take in what has been done with a file."""
        if change.objection:
            self._object(change, change.objection)
        # Before it is renamed: only the old document has a version that can be checked.
        if change.person is not None and change.pieces:
            self._texts(change, change.person)
        if change.kind is Kind.CHANGED or change.objection:
            return
        if _NEEDED[change.kind] not in self._can.operations:
            self.left.append(
                f"{_what(change)} is left to you: the editor does not let us do that with files."
            )
            return
        self.operate(change)

    def edits(self, path: str, edits: Sequence[Json]) -> None:
        """Take in edits of one document."""
        if self._can.versions:
            self._parts.append({"textDocument": self._places.document(path), "edits": [*edits]})
        else:
            self._changes.setdefault(self._places.uri(path), []).extend(edits)

    def _texts(self, change: FileChange, person: str) -> None:
        text = _read(person)
        edits: list[Json] = []
        for piece in change.pieces:
            where = f"{change.path}, {_lines(text, piece.hunk)}"
            if not piece.hunk.conflicts:
                edit = _text_edit(text, piece.hunk, self._can.encoding)
                edits.append(edit | self._note(f"Change {where}", piece.reason))
            elif self._can.annotations:
                edits.append(self._conflict(text, piece, where))
            else:
                self.left.append(
                    f"The task would put asterisks for a secret into {where}; that is left to you."
                    if piece.veiled
                    else f"You have changed {where} too; that is left as you have it."
                )
        if edits:
            self.edits(change.path, edits)

    def _conflict(self, text: Text, piece: Piece, where: str) -> Json:
        place = text.position(piece.hunk.start, self._can.encoding)
        why = "Its asterisks may cover a secret" if piece.veiled else "You have changed it too"
        reason = f"{why}; nothing is done unless you decide. {piece.reason}"
        note = self._note(f"Conflict in {where}", reason)
        return {"range": _range(place, place), "newText": "", **note}

    def _object(self, change: FileChange, objection: str) -> None:
        """Tell of a file that is left as it is; as an annotation if there is a place for one."""
        if self._can.annotations and change.person is not None:
            start = Position(0, 0)
            note = self._note(f"Conflict in {change.path}", f"{objection} {change.reason}")
            self.edits(change.path, [{"range": _range(start, start), "newText": "", **note}])
        else:
            self.left.append(objection)

    def operate(self, change: FileChange) -> None:
        """Take in what is done with a file as such."""
        note = self._note(_what(change), change.reason)
        uri = self._places.uri(change.path)
        operation: Json = {"kind": _NEEDED[change.kind]}
        if change.kind is Kind.RENAMED:
            operation |= {"oldUri": uri, "newUri": self._places.uri(change.target)}
            operation["options"] = {"overwrite": False, "ignoreIfExists": False}
        elif change.kind is Kind.ADDED:
            operation |= {"uri": uri, "options": {"overwrite": False, "ignoreIfExists": False}}
        else:
            operation |= {"uri": uri, "options": {"recursive": False, "ignoreIfNotExists": True}}
        self._parts.append(operation | note)
        if change.kind is Kind.ADDED and change.task:
            start = Position(0, 0)
            edit = {"range": _range(start, start), "newText": change.task, **note}
            self._parts.append(
                {"textDocument": {"uri": uri, "version": None}, "edits": [edit]},
            )

    def _note(self, label: str, description: str) -> Json:
        """Return what makes an edit one that a person confirms, if that can be shown."""
        if not self._can.annotations:
            return {}
        name = str(len(self._notes) + 1)
        self._notes[name] = {
            "label": label,
            "needsConfirmation": True,
            "description": description,
        }
        return {"annotationId": name}


# Its lines are looked for once, however many conflicts a file has.
_read = lru_cache(maxsize=4)(Text)


def _what(change: FileChange) -> str:
    to = f" to {change.target}" if change.target else ""
    return f"{_DONE[change.kind]} {change.path}{to}"


def _lines(text: Text, hunk: Hunk) -> str:
    """Return which lines a hunk is about, counted from 1 as people do."""
    first = row(text, hunk)
    last = min(first + max(1, len(hunk.person)), text.line_count)
    return f"line {last}" if last <= first + 1 else f"lines {first + 1} to {last}"


def _text_edit(text: Text, hunk: Hunk, encoding: Encoding) -> Json:
    start, end = (text.position(at, encoding) for at in (hunk.start, hunk.end))
    return {"range": _range(start, end), "newText": hunk.text}


def _range(start: Position, end: Position) -> Json:
    return {
        name: {"line": at.line, "character": at.character}
        for name, at in (("start", start), ("end", end))
    }


def _part(whole: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = whole.get(name)
    return found if isinstance(found, Mapping) else {}
