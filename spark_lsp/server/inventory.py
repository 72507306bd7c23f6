"""Which files of a workspace are known, and what that comes down to in figures.

Owns the account, kept current file by file, and the limits of what is taken in. How files get there
is left to `indexing`.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from spark_lsp.core.records import Record
from spark_lsp.core.rules import is_rules
from spark_lsp.server.backlog import folder_of
from spark_lsp.server.walk import Entry

OVER = "over the limit"

_UNPACKED = 3
"""What a record takes in memory, in units of what it takes in MessagePack; measured."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is taken in at most.

    Attributes:
        files: files with a record.
        source: bytes of their texts.
        records: bytes that their records take in memory.
    """

    files: int = 40_000
    source: int = 400_000_000
    records: int = 150_000_000


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of a workspace by now.

    Attributes:
        files: files with a record.
        lines: lines in them.
        bytes: bytes of their texts.
        definitions: what they define.
        tokens: their tokens, as far as they have been counted.
        languages: how many there are in each language; "text" is any that has no grammar.
        skipped: how many are left out for each reason; a directory that is not entered counts once.
        seconds: what the last round took.
        warm: whether that round found all it wanted in the store.
        store_bytes: size of the store.
        trouble: what is wrong with the store, in a sentence, or "".
        rules: paths of the instructions for agents.
    """

    files: int = 0
    lines: int = 0
    bytes: int = 0
    definitions: int = 0
    tokens: int = 0
    languages: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    warm: bool = False
    store_bytes: int = 0
    trouble: str = ""
    rules: tuple[str, ...] = ()


class Held(NamedTuple):
    """What is kept of a known file: a few figures, because there are many."""

    entry: Entry
    digest: bytes | None = None
    reason: str = ""
    language: str = ""
    lines: int = 0
    size: int = 0
    definitions: int = 0
    tokens: int = 0
    packed: int = 0


def held(entry: Entry, digest: bytes | None, reason: str, record: Record | None, size: int) -> Held:
    """Return what to keep of a file, given the size of its packed record."""
    if record is None:
        return Held(entry, digest, reason)
    made = record.symbols
    return Held(
        entry, digest, "", made.language or "text", made.lines, record.size,
        len(made.definitions), record.tokens, size,
    )  # fmt: skip


class Inventory:
    """The files that are known, with and without a record."""

    def __init__(self, limits: Limits) -> None:
        """Start empty."""
        self._limits = limits
        self._held: dict[str, Held] = {}
        self._inhabited = {""}  # directories in which there was a file at some time
        self._left_out: dict[str, Counter[str]] = {}  # by the walk, in each directory
        self._languages: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._rules: set[str] = set()
        self._totals = [0] * 6

    def __contains__(self, path: str) -> bool:
        return path in self._held

    def get(self, path: str) -> Held | None:
        """Return what is kept of a file."""
        return self._held.get(path)

    def put(self, it: Held) -> None:
        """Record a file, instead of what was known of it."""
        path = it.entry.path
        self.remove(path)
        self._held[path] = it
        folder = folder_of(path)
        while folder not in self._inhabited:
            self._inhabited.add(folder)
            folder = folder_of(folder)
        self._count(it, 1)
        if not it.reason and is_rules(path):
            self._rules.add(path)

    def remove(self, path: str) -> Held | None:
        """Forget a file; returns what was kept of it."""
        it = self._held.pop(path, None)
        if it:
            self._count(it, -1)
            self._rules.discard(path)
        return it

    def inhabited(self, folder: str) -> bool:
        """Whether a path is or was a directory with known files somewhere below it."""
        return folder in self._inhabited

    def below(self, folder: str) -> set[str]:
        """Return all known files below a directory."""
        base = f"{folder}/" if folder else ""
        return {path for path in self._held if path.startswith(base)}

    def leave_out(self, folder: str, skipped: dict[str, Counter[str]]) -> None:
        """Record how many files a walk of a directory has left out, and why."""
        base = f"{folder}/" if folder else ""
        for name in [it for it in self._left_out if it == folder or it.startswith(base)]:
            del self._left_out[name]
        self._left_out |= skipped

    def room(self, entry: Entry, files: int = 0, source: int = 0) -> bool:
        """Whether one more file may be taken in besides some that are on their way."""
        totals, limits = self._totals, self._limits
        return (
            totals[_FILES] + files < limits.files
            and totals[_SIZE] + source + entry.size <= limits.source
            and totals[_PACKED] * _UNPACKED < limits.records
        )

    def report(self, seconds: float, *, warm: bool, store_bytes: int, trouble: str) -> Report:
        """Return the figures."""
        totals = self._totals
        skipped = +self._reasons
        for left_out in self._left_out.values():
            skipped.update(left_out)
        return Report(
            totals[_FILES],
            totals[_LINES],
            totals[_SIZE],
            totals[_DEFINITIONS],
            totals[_TOKENS],
            dict((+self._languages).most_common()),
            dict(skipped.most_common()),
            seconds,
            warm,
            store_bytes,
            trouble,
            tuple(sorted(self._rules)),
        )

    def _count(self, it: Held, sign: int) -> None:
        if it.reason:
            self._reasons[it.reason] += sign
            return
        self._languages[it.language] += sign
        figures = (1, it.lines, it.size, it.definitions, it.tokens, it.packed)
        for number, figure in enumerate(figures):
            self._totals[number] += sign * figure


_FILES, _LINES, _SIZE, _DEFINITIONS, _TOKENS, _PACKED = range(6)
