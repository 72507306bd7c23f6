"""The orders that ours is held against: known retrieval signals, each on its own."""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from benchmarks.retrieval.ranker import Piece, Ranker, body, signature
from benchmarks.retrieval.repository import WORD, Definition, Repository
from benchmarks.retrieval.tasks import Task
from benchmarks.retrieval.terms import Terms, best_first

_NEAR: Final = 20
"""Lines above the cursor that stand for what is being written."""
_WINDOW: Final = 60
"""Lines of a window of similar files, as in Copilot."""
_CHUNK: Final = 20

Order = Callable[[Task], Iterable[Definition]]
Pieces = Callable[[Task], Iterable[Piece]]


@dataclass(frozen=True, slots=True)
class Row:
    """A ranker made of functions."""

    order: Order | None = None
    pieces: Pieces | None = None

    def signatures(self, task: Task, budget: int) -> Iterable[Piece] | None:
        """Return the signatures in this order, whatever the budget."""
        del budget
        return map(signature, self.order(task)) if self.order else None

    def context(self, task: Task, budget: int) -> Iterable[Piece] | None:
        """Return the pieces of context in this order, whatever the budget."""
        del budget
        return self.pieces(task) if self.pieces else None


def near(task: Task) -> list[str]:
    """Return the words of the last lines above the cursor, in their order."""
    return WORD.findall("\n".join(task.file.lines[max(0, task.line - 1 - _NEAR) : task.line - 1]))


def windows(repository: Repository, size: int) -> list[Piece]:
    """Cut each file into windows of so many lines."""
    return [
        Piece(file.path, at + 1, at + size, "\n".join(file.lines[at : at + size]))
        for file in repository.files.values()
        for at in range(0, len(file.lines), size)
    ]


def imported(repository: Repository, task: Task) -> list[tuple[str, Definition]]:
    """Return the names that are imported above the cursor and what they mean, in their order."""
    found: dict[Definition, str] = {}
    for it in task.imports:
        for definition in repository.resolve(it):
            if definition.path != task.file.path:
                found.setdefault(definition, definition.name if it.name == "*" else it.local)
    return [(name, definition) for definition, name in found.items()]


def last_uses(task: Task) -> dict[str, int]:
    """Return the last line above the cursor, outside of imports, on which each word stands."""
    importing = {
        line
        for node in task.file.tree.body
        if type(node).__name__ in {"Import", "ImportFrom"}
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    return {
        word: number
        for number, line in enumerate(task.file.lines[: task.line - 1], start=1)
        if number not in importing
        for word in WORD.findall(line)
    }


class Baselines:
    """The rows for one repository, over indexes that they share."""

    def __init__(self, repository: Repository) -> None:
        """Take the repository; indexes are built when first asked for."""
        self._repository = repository
        self._definitions = repository.definitions
        self._words = Terms(it.text for it in self._definitions)
        self._files = [
            Piece(it.path, 1, len(it.lines), it.text) for it in repository.files.values()
        ]
        self._file_words = Terms(it.text for it in self._files)
        self._chunks = windows(repository, _CHUNK)
        self._chunk_words = Terms(it.text for it in self._chunks)
        self._windows = windows(repository, _WINDOW)
        self._window_words = Terms(it.text for it in self._windows)

    def rows(self) -> dict[str, Ranker]:
        """Return the rows by name, in the order of the table."""
        return {
            "random": Row(self._random, self._random_files),
            "path proximity": Row(self._by_path),
            "Jaccard, last 20 lines": Row(self._by_jaccard, self._jaccard_windows),
            "BM25, last 20 lines": Row(self._by_bm25, self._bm25_chunks),
            "identifiers near the cursor": Row(self._near_names),
            "imports, unused first": Row(self._unused_first),
            "imports, used first": Row(self._used_first),
            "imports only": Row(None, lambda task: map(body, self._unused_first(task))),
            "whole files by BM25": Row(None, self._bm25_files),
            "skeletons by BM25": Row(None, lambda task: map(signature, self._by_bm25(task))),
            "suffix of the file": Row(None, lambda task: [Piece("", 0, 0, task.suffix)]),
            "anywhere else (ceiling)": Row(None, self._everything),
        }

    def _others(self, task: Task) -> list[Definition]:
        return [it for it in self._definitions if it.path != task.file.path]

    def _random(self, task: Task) -> list[Definition]:
        others = self._others(task)
        random.Random(f"{task.file.path}:{task.line}").shuffle(others)  # noqa: S311  # repeatable
        return others

    def _by_path(self, task: Task) -> list[Definition]:
        return sorted(self._others(task), key=lambda it: distance(it.path, task.file.path))

    def _by_jaccard(self, task: Task) -> Iterator[Definition]:
        order = best_first(self._words.jaccard(near(task)))
        return (it for at in order if (it := self._definitions[at]).path != task.file.path)

    def _by_bm25(self, task: Task) -> Iterator[Definition]:
        order = best_first(self._words.bm25(near(task)))
        return (it for at in order if (it := self._definitions[at]).path != task.file.path)

    def _near_names(self, task: Task) -> Iterator[Definition]:
        for name in dict.fromkeys(reversed(near(task))):
            found = [
                it for it in self._repository.by_name.get(name, ()) if it.path != task.file.path
            ]
            yield from sorted(found, key=lambda it: distance(it.path, task.file.path))

    def _unused_first(self, task: Task) -> list[Definition]:
        used = last_uses(task)
        names = imported(self._repository, task)
        return [it for _, it in sorted(names, key=lambda it: used.get(it[0], 0))]

    def _used_first(self, task: Task) -> list[Definition]:
        used = last_uses(task)
        names = imported(self._repository, task)
        return [it for _, it in sorted(names, key=lambda it: -used.get(it[0], 0))]

    def _random_files(self, task: Task) -> list[Piece]:
        files = [it for it in self._files if it.path != task.file.path]
        random.Random(f"{task.file.path}:{task.line}").shuffle(files)  # noqa: S311  # repeatable
        return files

    def _bm25_files(self, task: Task) -> Iterator[Piece]:
        order = best_first(self._file_words.bm25(near(task)))
        return (it for at in order if (it := self._files[at]).path != task.file.path)

    def _bm25_chunks(self, task: Task) -> Iterator[Piece]:
        order = best_first(self._chunk_words.bm25(near(task)))
        return (it for at in order if (it := self._chunks[at]).path != task.file.path)

    def _jaccard_windows(self, task: Task) -> Iterator[Piece]:
        order = best_first(self._window_words.jaccard(near(task)))
        return (it for at in order if (it := self._windows[at]).path != task.file.path)

    def _everything(self, task: Task) -> Iterator[Piece]:
        """Yield the words of each file at no cost."""
        for file in self._repository.files.values():
            if file.path != task.file.path:
                yield Piece(file.path, 1, 1, " ".join(sorted(file.words & task.novel)))


def distance(path: str, other: str) -> int:
    """Return how many steps lead from one file to another."""
    ours, theirs = path.split("/"), other.split("/")
    common = 0
    while common < min(len(ours), len(theirs)) - 1 and ours[common] == theirs[common]:
        common += 1
    return len(ours) + len(theirs) - 2 * common
