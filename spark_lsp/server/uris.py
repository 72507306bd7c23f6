"""Which file a URI names, and what a document is called.

Owns the reading of URIs: a document's name decides whether its text may leave the machine, so a
query, a fragment or another scheme must not disguise it.
"""

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

_URI = re.compile(
    # As in RFC 3986, appendix B, which matches any text.
    r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?",
    re.DOTALL,
)
_DRIVE = re.compile(r"/?([a-zA-Z]):(?=[\\/]|$)")


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


def file_path(uri: str) -> str | None:
    """Return the path of a file URI, None of any other."""
    found = location(uri)
    return found.path if found.scheme == "file" else None


def location(uri: str) -> Location:
    """Return what a URI names; never raises."""
    match = _URI.fullmatch(_clean(uri))
    assert match  # it matches any text
    scheme, authority, path, _, fragment = (unquote(part or "") for part in match.groups())
    if scheme.lower() in {"", "file"} and authority.lower() not in {"", "localhost"}:
        return Location("file", f"//{authority}{_tidy(path)}")
    return Location((scheme or "file").lower(), _tidy(path), fragment)


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


def workspace(folders: Iterable[str], uri: str | None, path: str | None) -> str | None:
    """Return the directory that a client has opened: its first folder, else its root."""
    found = filter(None, map(file_path, (*folders, *([uri] if uri else ()))))
    return next(found, path or None)
