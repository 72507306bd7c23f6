"""What editors say of a document's text, though they may say it badly.

Owns the reading of `textDocument/didOpen` and `didChange`: an edit that is skipped would leave the
text wrong for good, so whatever can be understood is, and the rest is told apart.
"""

from typing import Any

from spark_lsp.core.documents import Change
from spark_lsp.core.events import Edited, Opened
from spark_lsp.core.text import Position
from spark_lsp.server.uris import location


def opened(uri: str, document: dict[str, Any], root: str | None) -> Opened | None:
    """Return what `textDocument/didOpen` says of a document, or None if there is no text in it."""
    language, text = document.get("languageId"), document.get("text")
    if not isinstance(text, str):
        return None
    language = language if isinstance(language, str) else ""
    return Opened(uri, location(uri).name(root), language, _version(document, 0), text)


def edited(uri: str, document: dict[str, Any], changes: Any, last: int) -> Edited | None:
    """Return what `textDocument/didChange` says, or None if any of it is in doubt.

    `last` is the version before. A version that is missing, as of clients that have none, is the
    next.
    """
    try:
        return Edited(uri, _version(document, last + 1), [_change(change) for change in changes])
    except (TypeError, KeyError):
        return None


def _version(document: dict[str, Any], otherwise: int) -> int:
    version = document.get("version")
    return version if isinstance(version, int) else otherwise


def _change(change: dict[str, Any]) -> Change:
    text, place = change["text"], change.get("range")
    if not isinstance(text, str):
        raise TypeError
    if place is None:
        return Change(None, None, text)
    return Change(_position(place["start"]), _position(place["end"]), text)


def _position(place: dict[str, Any]) -> Position:
    line, character = place["line"], place["character"]
    if not isinstance(line, int) or not isinstance(character, int):
        raise TypeError
    return Position(line, character)
