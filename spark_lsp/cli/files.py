"""What the commands need to know of a file named on the command line."""

from pathlib import Path

from spark_lsp.cli.errors import CommandError
from spark_lsp.core import languages
from spark_lsp.core.text import Text


def read_text(path: Path) -> Text:
    """Return a file's text with its line ends as they are.

    Raises:
        CommandError: if there is no such file, or no UTF-8 text in it.
    """
    try:
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


def config_options(path: Path | None) -> list[str]:
    """Return the server's options for a configuration file named on the command line.

    Raises:
        CommandError: if there is no such file.
    """
    if path is None:
        return []
    if not path.is_file():
        raise CommandError(f"--config: there is no file {path}", 2)
    return ["--config", str(path.resolve())]
