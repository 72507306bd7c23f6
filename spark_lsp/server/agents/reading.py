"""What an agent sees of its worktree: the tools by which it looks around.

Owns what these tools answer. What may be read is decided where the index decides it, in `walk`:
what is ignored, secret by name, vendored or outside is not there for an agent either, and secrets
in what is shown are masked. Blocks; to be called in a thread.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Raw

from spark_lsp.core import secrets
from spark_lsp.core.tasks import tools
from spark_lsp.server import walk

_LINES = 2_000
"""Lines of a file that are shown at once."""
_LETTERS = 36_000
"""Characters of an answer. Codex cuts one of more than 10,000 tokens, in its middle."""
_FILES = 1_000
_FOUND = 200
_WIDE = 400
"""Characters of a line that is found."""

A = TypeVar("A", bound=msgspec.Struct)


class _List(msgspec.Struct, forbid_unknown_fields=True):
    folder: str = ""


class _Search(msgspec.Struct, forbid_unknown_fields=True):
    text: str
    folder: str = ""


class _Read(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    first_line: int = 1
    last_line: int | None = None


class Unfit(Exception):  # noqa: N818 - what a model asks for is no defect of ours
    """It cannot be answered; the message tells the model why."""


class Looking:
    """Answers for one worktree."""

    def __init__(self, root: Path, looked: Callable[[str], None]) -> None:
        """Take the directory, and who is told, in the same thread, at what is looked."""
        self._root = root
        self._looked = looked

    def answer(self, tool: str, arguments: Raw) -> str:
        """Answer a call.

        Raises:
            Unfit: if it is no call of a tool that there is, or asks for what is not to be had.
        """
        match tool:
            case tools.LIST.name:
                return self._list(_typed(arguments, _List))
            case tools.SEARCH.name:
                return self._search(_typed(arguments, _Search))
            case tools.READ.name:
                return self._read(_typed(arguments, _Read))
        raise Unfit(f"there is no tool {tool}")

    def _list(self, asked: _List) -> str:
        folder = _inside(asked.folder)
        self._looked(folder)
        found = (entry.path for entry in self._files(folder))
        return _joined(found, _FILES, "files") or "There are no files."

    def _search(self, asked: _Search) -> str:
        if not asked.text or "\n" in asked.text:
            raise Unfit("text must be a part of one line")
        folder = _inside(asked.folder)
        self._looked(folder)
        return _joined(self._lines(asked.text, folder), _FOUND, "lines") or "Nothing was found."

    def _lines(self, text: str, folder: str) -> Iterator[str]:
        for entry in self._files(folder):
            content = walk.read(self._root, entry.path)
            # What is masked must not be found by what it was.
            if content is None or text not in content:
                continue
            for number, line in enumerate(secrets.redact(content).split("\n"), 1):
                if text in line:
                    yield f"{entry.path}:{number}: {line.strip()[:_WIDE]}"

    def _files(self, folder: str) -> Iterator[walk.Entry]:
        # In a worktree it is a file, which says where the repository is.
        return (entry for entry in walk.walk(self._root, folder) if entry.path != ".git")

    def _read(self, asked: _Read) -> str:
        path = _inside(asked.path)
        entry = path != ".git" and walk.Judge(self._root).entry(path)
        content = walk.read(self._root, path) if entry else None
        if content is None:
            raise Unfit(f"{path} is no text file that can be read here")
        self._looked(path)
        lines = secrets.redact(content).split("\n")
        first = max(asked.first_line, 1)
        last = len(lines) if asked.last_line is None else asked.last_line
        shown = "\n".join(lines[first - 1 : min(last, first - 1 + _LINES)])
        if len(shown) > _LETTERS or last - first >= _LINES:
            shown = f"{shown[:_LETTERS]}\n[cut: the file has {len(lines)} lines]"
        return shown or "There is nothing there."


def _typed(arguments: Raw, kind: type[A]) -> A:
    try:
        return msgspec.json.decode(arguments, type=kind)
    except (ValueError, RecursionError) as error:
        raise Unfit(str(error)) from None


def _inside(path: str) -> str:
    """Return a path as `walk` takes it; what leads outside is refused there and here."""
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if path.startswith("/") or "\\" in path or ".." in parts:
        raise Unfit("paths are relative to the root of the repository and stay inside of it")
    return "/".join(parts)


def _joined(lines: Iterator[str], most: int, what: str) -> str:
    taken = list(itertools.islice(lines, most + 1))
    if len(taken) > most:
        taken[most] = f"[cut: there are more than {most} {what}]"
    return "\n".join(taken)[:_LETTERS]
