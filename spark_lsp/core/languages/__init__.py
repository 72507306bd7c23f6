"""One row of data per language.

Owns what is known of a language before any text is seen: its names in the protocol, its file
suffixes, its comment marker, its grammar wheel and the query that finds definitions and imports.
Parsing is left to `syntax`, reading the query's captures to `symbols`.
"""

from spark_lsp.core.languages import (
    data,
    ecmascript,
    functional,
    managed,
    markup,
    scripting,
    systems,
)
from spark_lsp.core.languages.row import KINDS, Language

__all__ = ["KINDS", "LANGUAGES", "Language", "by_id", "by_path"]

LANGUAGES: tuple[Language, ...] = (
    *scripting.ROWS,
    *ecmascript.ROWS,
    *systems.ROWS,
    *managed.ROWS,
    *functional.ROWS,
    *markup.ROWS,
    *data.ROWS,
)

_BY_ID = {id_: row for row in LANGUAGES for id_ in (row.name, *row.ids)}
_BY_NAME = {name: row for row in LANGUAGES for name in row.names}
_BY_SUFFIX = {suffix: row for row in LANGUAGES for suffix in row.suffixes}


def by_id(language_id: str) -> Language | None:
    """Return the language of an LSP language id, or None if we have no grammar for it."""
    return _BY_ID.get(language_id)


def by_path(path: str) -> Language | None:
    """Return the language of a file by its name, or None if we have no grammar for it."""
    name = path[path.rfind("/") + 1 :]
    if row := _BY_NAME.get(name):
        return row
    dot = name.rfind(".")
    return _BY_SUFFIX.get(name[dot:].lower()) if dot >= 0 else None
