"""The row of spark-lsp itself: the only module here that knows the product."""

from collections.abc import Iterable, Iterator

from benchmarks.retrieval.ranker import Piece
from benchmarks.retrieval.repository import Repository
from benchmarks.retrieval.tasks import Task
from spark_lsp.core.library import Library
from spark_lsp.core.packing import Packer
from spark_lsp.core.records import Record, record
from spark_lsp.core.retrieval import Place
from spark_lsp.core.symbols import Definition
from spark_lsp.core.tokens import count


class Ours:
    """What spark-lsp would show a model at the start of the task's line.

    The line itself is not there; what stands below it is, if `below`, as it is in an editor.
    """

    def __init__(self, repository: Repository, *, below: bool) -> None:
        """Put every file of the repository into a library."""
        self._below = below
        self._open = ""
        self._files = {path: file.text for path, file in repository.files.items()}
        self._library = Library()
        self._packer = Packer(self._library, self._files.get)
        for path, text in self._files.items():
            made = record(path, text)
            self._library.put(path, made if isinstance(made, Record) else None)

    def signatures(self, task: Task, budget: int) -> Iterable[Piece] | None:
        """Yield the signatures that fit the budget, best first."""
        return list(self._signatures(task, budget))

    def context(self, task: Task, budget: int) -> Iterable[Piece] | None:
        """Return the blocks that are packed into a budget."""
        blocks = self._packer.head(self._place(task), budget, own=False)
        return [Piece(it.path, it.start_line + 1, it.end_line + 1, it.text) for it in blocks]

    def _signatures(self, task: Task, budget: int) -> Iterator[Piece]:
        for path, members in self._packer.wanted(self._place(task)):
            text = "\n".join(it.signature for it in members)
            cost = count(text) + 1
            if cost <= budget:
                budget -= cost
                yield Piece(path, self._first(path, members[0]), members[0].end_line + 1, text)

    def _first(self, path: str, definition: Definition) -> int:
        """Return the first line of a definition as `ast` counts them: with its decorators."""
        lines = self._files[path].split("\n")
        first = definition.start_line
        while first and lines[first - 1].lstrip().startswith(("@", ")")):
            first -= 1
        return first + 1

    def _place(self, task: Task) -> Place:
        text = task.prefix + (task.suffix if self._below else "")
        self._library.put_open(self._open, None)
        self._library.learn(task.file.path, text)
        self._open = task.file.path
        return Place(task.file.path, text, len(task.prefix))
