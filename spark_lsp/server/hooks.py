"""What the editor's end of the server tells the rest of it.

Owns the words between `lsp`, which hears the editor, and `app`, which acts; how the documents that
they speak of are named, and how what an editor says of one is read, though it may say it badly. No
types of the protocol.
"""

import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from spark_lsp.core.documents import Change
from spark_lsp.core.events import Edited, Event, Opened
from spark_lsp.core.text import Encoding, Position

_URI = re.compile(
    # As in RFC 3986, appendix B, which matches any text.
    r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?",
    re.DOTALL,
)
_DRIVE = re.compile(r"/?([a-zA-Z]):(?=[\\/]|$)")


@dataclass(frozen=True, slots=True)
class Introduction:
    """What the client said of itself in `initialize`.

    Attributes:
        root: the first workspace folder, or None if there is none.
        encoding: the unit of positions.
        options: its `initializationOptions`, or nothing.
    """

    root: str | None
    encoding: Encoding
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the composition root does when the client speaks.

    Attributes:
        started: `initialize` has come; the first of all calls.
        event: something happened that the session must know.
        configured: the settings under `spark` have changed.
        files_changed: files on disk have changed, as absolute paths.
        stopped: the client has said `exit`; the process ends with this status.
    """

    started: Callable[[Introduction], None]
    event: Callable[[Event], None]
    configured: Callable[[dict[str, Any]], None]
    files_changed: Callable[[Sequence[str]], None]
    stopped: Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Location:
    """What a URI names.

    Attributes:
        scheme: in lower case; "file" for what is no URI.
        path: the path component, decoded, without query and fragment; as POSIX, absolute where the
            URI has an absolute one.
        fragment: a part of the file, such as a cell of a notebook.
    """

    scheme: str
    path: str
    fragment: str = ""

    def below(self, root: str) -> str | None:
        """Return the path below a root, or None if it lies elsewhere."""
        top = _tidy(root).rstrip("/") + "/"
        return self.path[len(top) :] if self.path.startswith(top) and self.path != top else None

    def name(self, root: str | None) -> str:
        """Return the name of a document: its path below the root if it is a file there.

        Any other name is one that no file of the workspace can have: it leads upwards, is absolute,
        or begins with a scheme.
        """
        name = self.path
        if root and (inside := self.below(root)) is not None:
            name = inside
        elif root and _rooted(self.path) and _rooted(_tidy(root)):
            name = posixpath.relpath(self.path, _tidy(root))
        elif not name.startswith("/") and not _DRIVE.match(name):
            name = f"//{name}"
        if self.scheme == "file":
            return name
        cell = f"#{self.fragment}" if self.fragment else ""
        return f"{self.scheme}://{name.lstrip('/')}{cell}"


def location(uri: str) -> Location:
    """Return what a URI names; never raises."""
    match = _URI.fullmatch(_clean(uri))
    assert match  # it matches any text
    scheme, authority, path, _, fragment = (unquote(part or "") for part in match.groups())
    if scheme.lower() in {"", "file"} and authority.lower() not in {"", "localhost"}:
        return Location("file", f"//{authority}{_tidy(path)}")
    return Location((scheme or "file").lower(), _tidy(path), fragment)


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


def _tidy(path: str) -> str:
    """Return a path as POSIX with neither dots nor doubled slashes, the drive in lower case."""
    path = _clean(path)
    if drive := _DRIVE.match(path):
        path = f"{drive[1].lower()}:{path[drive.end() :]}".replace("\\", "/")
    elif path.startswith(r"\\"):
        return "/" + _tidy(path.replace("\\", "/"))
    return re.sub("^//+", "/", posixpath.normpath(path)) if path else ""


def _rooted(path: str) -> bool:
    """Whether a path is absolute on a system with one root."""
    return path.startswith("/") and not path.startswith("//")


def _clean(text: str) -> str:
    """Return a text that any encoder takes."""
    return text.encode("utf-8", "replace").decode()
