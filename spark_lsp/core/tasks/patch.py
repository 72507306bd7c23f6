"""What a task has for a person, as values: which files, what in them, and why.

Owns the meeting of three sets of files: those that the task began with, those that it has left, and
those of the person now. Texts are merged by `merging`, reasons come from `reasons`, and what has
been moved is found by `moves`. Where the two have done different things with a file as such (one
has removed what the other has changed, both have made one of the same name) the file has an
*objection*, a sentence, and nothing of it is applied that would cost the person anything.

Lines that would cover a secret with asterisks (`masks`) are never clean: what holds some is a
conflict, and a new file that does has an objection.

What is no text does not come here; the caller tells of it in `left`. What an editor makes of a
patch is spelled by `offer`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from spark_lsp.core.tasks.merging import Hunk, merge
from spark_lsp.core.tasks.moves import moved
from spark_lsp.core.tasks.reasons import Account


class Kind(Enum):
    """What a task has done with a file."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    RENAMED = "renamed"


@dataclass(frozen=True, slots=True)
class Piece:
    """A change of a text, and why.

    Attributes:
        hunk: the change.
        reason: why, as the task says.
        veiled: whether its asterisks may cover a secret, so that it conflicts for that alone.
    """

    hunk: Hunk
    reason: str
    veiled: bool = False


@dataclass(frozen=True, slots=True)
class FileChange:
    """What a task has done with one file.

    Attributes:
        path: where the file lies now, for the person; where it shall lie, if it is new.
        kind: what has been done with it.
        reason: why, of the file as a whole.
        person: its text now, None if the person has no such file.
        task: the text that the task has left of it, None if it has removed it.
        target: the new path, of one that is renamed.
        pieces: the changes against the text `person`, in order; conflicts among them.
        objection: why the file as such is not added, removed or renamed, or "".
        occupied: whether the person has another file where it would go.
    """

    path: str
    kind: Kind
    reason: str
    person: str | None
    task: str | None
    target: str = ""
    pieces: tuple[Piece, ...] = ()
    objection: str = ""
    occupied: bool = False

    @property
    def clean(self) -> tuple[Piece, ...]:
        """The changes that may be applied as they are."""
        return tuple(it for it in self.pieces if not it.hunk.conflicts)

    @property
    def conflicts(self) -> tuple[Piece, ...]:
        """The changes that only the person can decide."""
        return tuple(it for it in self.pieces if it.hunk.conflicts)


@dataclass(frozen=True, slots=True)
class Patch:
    """All that a task has for a person.

    Attributes:
        files: what is offered, by path.
        summary: what the task says of it, in a sentence, or "".
        left: paths that are not offered, each with the sentence that says why.
    """

    files: tuple[FileChange, ...]
    summary: str = ""
    left: Mapping[str, str] = field(default_factory=dict)

    @property
    def conflicting(self) -> bool:
        """Whether anything of it needs a decision of the person."""
        return any(it.objection or it.conflicts for it in self.files)


@dataclass(frozen=True, slots=True)
class Sides:
    """Texts by path, as three have them: those of files that the task has touched, at least.

    Attributes:
        base: as the task began; a path that is missing was no file.
        task: as the task has left them.
        person: as they are now.
        moves: where the person has moved a file meanwhile: the new path by the old one.
        veiled: the lines of the task's texts, from 0, whose asterisks may cover a secret.
    """

    base: Mapping[str, str]
    task: Mapping[str, str]
    person: Mapping[str, str]
    moves: Mapping[str, str] = field(default_factory=dict)
    veiled: Mapping[str, frozenset[int]] = field(default_factory=dict)

    def now(self, path: str) -> str:
        """Return where a file of the base lies now, "" if it is gone."""
        if path in self.person:
            return path
        elsewhere = self.moves.get(path, "")
        return elsewhere if elsewhere in self.person else ""


def patched(sides: Sides, told: Account, left: Mapping[str, str] | None = None) -> Patch:
    """Return what a task has for a person whose files are as they are now."""
    base, task = sides.base, sides.task
    gone = {path: text for path, text in base.items() if path not in task}
    come = {path: text for path, text in task.items() if path not in base}
    origins = moved(gone, come)
    files = [
        *(_renamed(sides, told, old, new) for new, old in origins.items()),
        *(_added(sides, told, path) for path in come if path not in origins),
        *(_removed(sides, told, path) for path in gone if path not in origins.values()),
        *(_changed(sides, told, path) for path in base if path in task),
    ]
    offered = sorted((it for it in files if it), key=lambda it: it.path)
    return Patch(tuple(offered), told.summary, left or {})


def _added(sides: Sides, told: Account, path: str) -> FileChange | None:
    task, person = sides.task[path], sides.person.get(path)
    why = told.of_file(path)
    if person is None:
        return FileChange(path, Kind.ADDED, why, None, task, objection=_veil(sides, path))
    pieces = _pieces("", sides, path, person, told)
    objection = f"You have made {path} yourself meanwhile." if pieces else ""
    change = FileChange(path, Kind.ADDED, why, person, task, pieces=pieces, objection=objection)
    return change if pieces else None


def _removed(sides: Sides, told: Account, path: str) -> FileChange | None:
    here = sides.now(path)
    if not here:
        return None
    person = sides.person[here]
    objection = ""
    if here != path:
        objection = f"You have moved {path} to {here}; the task has removed it."
    elif person != sides.base[path]:
        objection = f"You have changed {path}; the task has removed it."
    why = told.of_file(path)
    return FileChange(here, Kind.REMOVED, why, person, None, objection=objection)


def _changed(sides: Sides, told: Account, path: str) -> FileChange | None:
    base, task = sides.base[path], sides.task[path]
    if base == task:
        return None
    here, why = sides.now(path), told.of_file(path)
    if not here:
        objection = f"You have removed {path}; the task has changed it.{_veil(sides, path, ' ')}"
        return FileChange(path, Kind.CHANGED, why, None, task, objection=objection)
    person = sides.person[here]
    pieces = _pieces(base, sides, path, person, told)
    return FileChange(here, Kind.CHANGED, why, person, task, pieces=pieces) if pieces else None


def _renamed(sides: Sides, told: Account, old: str, new: str) -> FileChange | None:
    base, task, here = sides.base[old], sides.task[new], sides.now(old)
    # Whoever has taken the renaming over has it, whether or not anybody knows that it was a move.
    here = here or (new if new in sides.person else "")
    why = told.of_file(new)
    if not here:
        objection = f"You have removed {old}; the task has renamed it to {new}."
        objection += _veil(sides, new, " ")
        return FileChange(old, Kind.RENAMED, why, None, task, new, objection=objection)
    pieces = _pieces(base, sides, new, sides.person[here], told)
    if here == new:
        done = FileChange(here, Kind.CHANGED, why, sides.person[here], task, pieces=pieces)
        return done if pieces else None
    objection = ""
    occupied = new in sides.person
    if occupied:
        objection = f"The task has renamed {old} to {new}, where you have a file yourself."
    elif here != old:
        objection = f"You have moved {old} to {here}; the task has renamed it to {new}."
    person = sides.person[here]
    return FileChange(here, Kind.RENAMED, why, person, task, new, pieces, objection, occupied)


def _veil(sides: Sides, path: str, before: str = "") -> str:
    """Return that a text of the task has asterisks for what it was not shown, "" if it has none."""
    sentence = f"{path} has asterisks in it for secrets that the task was not shown."
    return before + sentence if sides.veiled.get(path) else ""


def _pieces(base: str, sides: Sides, path: str, person: str, told: Account) -> tuple[Piece, ...]:
    veiled = sides.veiled.get(path, frozenset())
    return tuple(_told(merge(base, sides.task[path], person).hunks, path, told, veiled))


def _told(
    hunks: tuple[Hunk, ...], path: str, told: Account, veiled: frozenset[int]
) -> Iterator[Piece]:
    for hunk in hunks:
        covers = not veiled.isdisjoint(range(hunk.line, hunk.line + len(hunk.task)))
        judged = replace(hunk, conflicts=True) if covers else hunk
        yield Piece(judged, told.of_hunk(path, hunk), covers)
