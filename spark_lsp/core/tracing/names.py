"""What documents and files are called in a trace.

Owns that no absolute path, and no name of a file that is private, stands in one. A path keeps what
a session reads off it: whether it lies in the workspace, in which directory, and its language.
"""

import re

from spark_lsp.core import languages
from spark_lsp.core.exclusion import excluded_by_name

ROOT = "file:///trace/"
"""What stands for the workspace in the URIs of a trace."""

_PLAIN = re.compile(r"[A-Za-z0-9_.~/-]")
_ELSEWHERE = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:|\.\.(?:/|\Z)|/)")


class Names:
    """The names that have been given so far; a name that has been told stays."""

    def __init__(self) -> None:
        """Begin without any."""
        self._uris: dict[str, str] = {}
        self._paths: dict[str, str] = {}
        self._told: set[str] = set()
        self._others: dict[str, str] = {}
        self._number = 0

    def opened(self, uri: str, path: str, *, private: bool) -> None:
        """Give a document its names, if it has none."""
        name = self._named(path, private=private)
        if uri not in self._uris:
            self._uris[uri] = self._others[uri] = self._free(ROOT + _quoted(name))

    def uri(self, uri: str) -> str:
        """Return the name of a document; one that was never opened has only a number."""
        if uri not in self._uris:
            self._number += 1
            self._uris[uri] = self._free(f"{ROOT}unknown-{self._number}")
        return self._uris[uri]

    def path(self, path: str) -> str:
        """Return the name of a file or a directory."""
        return self._named(path, private=excluded_by_name(path) is not None)

    def prose(self, text: str) -> str:
        """Return a sentence without the names of which the trace tells others."""
        for name, told in self._others.items():
            if name in text:
                text = text.replace(name, told)
        return text

    def _named(self, path: str, *, private: bool) -> str:
        if path in self._paths:
            return self._paths[path]
        name = path
        if private or _ELSEWHERE.match(path):
            self._number += 1
            dot = path.rfind(".", path.rfind("/") + 2)
            known = dot >= 0 and languages.by_path(path)
            name = f"{'private' if private else 'outside'}-{self._number}"
            name += path[dot:] if known else ""
            if _ELSEWHERE.match(path):
                name = f"../{name}"
            if len(path) > 2:  # shorter ones are in every sentence, and tell nothing
                self._others[path] = name
        self._paths[path] = name
        return name

    def _free(self, uri: str) -> str:
        """Return a URI that no other document has: several may have one path."""
        while uri in self._told:
            self._number += 1
            uri = f"{uri.partition('?')[0]}?{self._number}"
        self._told.add(uri)
        return uri


def _quoted(path: str) -> str:
    return "".join(
        char
        if _PLAIN.match(char)
        else "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace"))
        for char in path
    )
