"""An edit of the workspace, done to files as an editor would do it to its buffers.

Owns what of a file it makes, and the writing. Nothing is written that has changed since it was
looked at.
"""

import os
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spark_lsp.cli.errors import CommandError
from spark_lsp.core.text import Edit, Encoding, Position, Text
from spark_lsp.server.uris import file_path


@dataclass(frozen=True, slots=True)
class Written:
    """What becomes of one file; None where there is none.

    Attributes:
        path: where it lies.
        before: its text now.
        after: its text then.
    """

    path: Path
    before: str | None
    after: str | None


def written(edit: Mapping[str, Any], root: Path) -> list[Written]:
    """Return what an edit makes of the files below a directory, in their order.

    Raises:
        CommandError: if it would write anywhere else, or a file cannot be read.
    """
    before: dict[Path, str | None] = {}
    after: dict[Path, str | None] = {}

    def now(uri: str) -> Path:
        path = Path(file_path(uri) or "")
        home = Path(os.path.realpath(root))
        inside = Path(os.path.realpath(path.parent)).is_relative_to(home)
        if not path.is_relative_to(root) or ".." in path.parts or not inside:
            raise CommandError(f"the task wants to write outside of {root}, and is refused")
        if path not in after:
            before[path] = after[path] = _read(path)
        return path

    for part in edit.get("documentChanges", ()):
        match part.get("kind"):
            case "create":
                path = now(part["uri"])
                after[path] = after[path] or ""
            case "delete":
                after[now(part["uri"])] = None
            case "rename":
                old, new = now(part["oldUri"]), now(part["newUri"])
                after[new], after[old] = after[old], None
            case _:
                path = now(part["textDocument"]["uri"])
                after[path] = _edited(after[path] or "", part["edits"])
    return [
        Written(path, before[path], text) for path, text in after.items() if text != before[path]
    ]


def write(changes: Sequence[Written]) -> None:
    """Write changes down.

    Raises:
        CommandError: if a file is not any more what it was; then nothing has been written.
    """
    for change in changes:
        if _read(change.path) != change.before:
            raise CommandError(f"{change.path} has changed meanwhile: look at the result again")
    done: list[str] = []
    for change in changes:
        try:
            if change.after is None:
                change.path.unlink()
            else:
                _replace(change.path, change.after)
        except OSError as error:
            rest = f"; written before that: {', '.join(done)}" if done else ""
            raise CommandError(f"{change.path} cannot be written: {error.strerror}{rest}") from None
        done.append(change.path.name)


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".spark-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        Path(name).chmod(stat.S_IMODE(path.stat().st_mode) if path.exists() else _fresh_mode())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _fresh_mode() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _edited(string: str, edits: Sequence[Mapping[str, Any]]) -> str:
    text = Text(string)
    for edit in sorted(_edits(text, edits), key=lambda it: -it.start):
        text = text.splice(edit)
    return text.string


def _edits(text: Text, edits: Sequence[Mapping[str, Any]]) -> Iterator[Edit]:
    for edit in edits:
        start, end = (
            text.offset(Position(at["line"], at["character"]), Encoding.UTF16)
            for at in (edit["range"]["start"], edit["range"]["end"])
        )
        yield Edit(start, end, edit["newText"])


def _read(path: Path) -> str | None:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {type(error).__name__}") from None
