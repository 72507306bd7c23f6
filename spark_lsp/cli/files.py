"""What the commands need to know of a file named on the command line."""

import os
import re
from pathlib import Path

from spark_lsp.cli.errors import CommandError
from spark_lsp.core import languages
from spark_lsp.core.settings import SettingsError
from spark_lsp.core.text import Text
from spark_lsp.server import configuration

_PLACE = re.compile(r"(?P<file>.+):(?P<line>[0-9]{1,9}):(?P<column>[0-9]{1,9})", re.DOTALL)


def read_place(place: str) -> tuple[Path, Text, int]:
    """Return what FILE:LINE:COL names: a file, its text, and the offset in it.

    The path is as it was given. Lines and columns count from 1.

    Raises:
        CommandError: if it names no place in a readable file.
    """
    match = _PLACE.fullmatch(place)
    if not match:
        raise CommandError(f"say FILE:LINE:COL, such as main.py:12:5, not {place!r}", 2)
    path = Path(match["file"])
    text = read_text(path)
    line, column = int(match["line"]), int(match["column"])
    if not 1 <= line <= text.line_count:
        raise CommandError(f"{place}: the file has lines 1 to {text.line_count}", 2)
    length = len(text.line(line - 1))
    if not 1 <= column <= length + 1:
        raise CommandError(f"{place}: line {line} has columns 1 to {length + 1}", 2)
    return path, text, text.line_start(line - 1) + column - 1


def directory(path: Path, what: str = "") -> Path:
    """Return a directory named on the command line as an absolute path, its links unresolved.

    Raises:
        CommandError: if there is no such directory; `what` says which argument is wrong.
    """
    before = f"{what}: " if what else ""
    try:
        if path.is_dir():
            return Path(os.path.abspath(path))  # noqa: PTH100 - links are left as they are
    except (OSError, ValueError):
        pass
    raise CommandError(f"{before}there is no directory {path}", 2)


def read_text(path: Path) -> Text:
    """Return a file's text with its line ends as they are.

    Raises:
        CommandError: if there is no such file, or no UTF-8 text in it.
    """
    try:
        # A pipe or a device would keep us waiting, or never end.
        if path.exists() and not path.is_file():
            raise CommandError(f"{path} is not a file", 2)
        return Text(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}", 2) from None
    except UnicodeDecodeError:
        raise CommandError(f"{path} is not UTF-8 text", 2) from None


def repository_of(path: Path) -> Path:
    """Return the repository that a file belongs to, or its directory."""
    return next((parent for parent in path.parents if (parent / ".git").exists()), path.parent)


def language_id(path: Path) -> str:
    """Return the LSP language id of a file, by its name."""
    language = languages.by_path(path.name)
    return language.name if language else "plaintext"


def config_file(path: Path) -> Path:
    """Return a configuration file named on the command line.

    Raises:
        CommandError: if there is no such file.
    """
    try:
        if path.is_file():
            return path
    except (OSError, ValueError):
        pass
    fix = "write it, or name another with --config"
    raise CommandError(f"there is no configuration file {path}: {fix}", 2)


def config_options(path: Path | None) -> list[str]:
    """Return the server's options for a configuration file named on the command line, or for none.

    An editor's server goes on with defaults where the configuration is wrong. Whoever calls a
    command wants to see what is configured, or to be told that it cannot be.

    Raises:
        CommandError: if there is no such file, or if the configuration in use is wrong.
    """
    options = ["--config", str(config_file(path).resolve())] if path else []
    try:
        configuration.load(path)
    except SettingsError as error:
        file, what = str(configuration.in_use(path)), str(error)
        raise CommandError(what if file in what else f"{file}: {what}", 2) from None
    return options
