"""What a trace may tell of a text, by whose it is.

Owns the judgement: nothing of a private document but its layout, nothing of what stands in other
files, of the rest everything but secrets.
"""

from collections.abc import Mapping

from spark_lsp.core.secrets import redact
from spark_lsp.core.tracing.masks import Known, crossed, hidden
from spark_lsp.core.tracing.names import Names


class Privacy:
    """Which documents are private; one that ever was stays it."""

    def __init__(self) -> None:
        """Begin without documents."""
        self._paths: dict[str, str] = {}
        self._private: set[str] = set()

    def opened(self, uri: str, path: str) -> None:
        """Know a document."""
        self._paths[uri] = path

    def forbid(self, uri: str) -> None:
        """Tell nothing of a document."""
        self._private.add(uri)

    def forbidden(self, uri: str) -> bool:
        """Whether nothing may be told of a document; of one that was not opened nothing may."""
        return uri in self._private or uri not in self._paths

    def hidden_file(self, path: str) -> bool:
        """Whether nothing may be told of a file: it is not open, or is private."""
        return not any(
            known == path and uri not in self._private for uri, known in self._paths.items()
        )

    def home(self, path: str) -> str:
        """Return the URI of the document with a path, or ""."""
        return next((uri for uri, known in self._paths.items() if known == path), "")


class Veil:
    """What happens to the texts of one line of a trace.

    Attributes:
        masked: whether a text is not told as it was.
    """

    def __init__(
        self, names: Names, known: Known, privacy: Privacy, requests: Mapping[int, str]
    ) -> None:
        """Take what is known, and for which document each request was made."""
        self.masked = False
        self._names, self._known = names, known
        self._privacy, self._requests = privacy, requests

    def within(self, record: object) -> "_Part":
        """Return what happens to the texts of an event or an effect."""
        return _Part(self, private=False).within(record)

    def forbids(self, record: object) -> bool | None:
        """Whether nothing may be told of what a record speaks of; None if it does not say."""
        if isinstance(uri := getattr(record, "uri", None), str):
            return self._privacy.forbidden(uri)
        if isinstance(path := getattr(record, "path", None), str):
            return self._privacy.hidden_file(path)
        if isinstance(request := getattr(record, "request", None), int):
            uri = self._requests.get(request)
            return uri is not None and self._privacy.forbidden(uri)
        return None

    def uri(self, uri: str) -> str:
        """Return the name of a document."""
        return self._names.uri(uri)

    def path(self, path: str) -> str:
        """Return the name of a file."""
        return self._names.path(path)

    def text(self, text: str, *, private: bool = False) -> str:
        """Return a text without secrets, or just its layout."""
        return self._noted(text, crossed(text)) if private else self.sentence(text)

    def sentence(self, sentence: str) -> str:
        """Return a sentence without secrets and names that the trace does not tell."""
        named = self._names.prose(sentence)
        told = redact(named)
        return self._noted(named, hidden(told, self._known.spans(told, telling=True)))

    def woven(self, text: str, masked: str, uri: str) -> str:
        """Return a text that was looked at in its place, where `masked` is what is left of it."""
        if self._privacy.forbidden(uri):
            return self._noted(text, crossed(text))
        return self._noted(text, hidden(masked, self._known.spans(masked, telling=False)))

    def _noted(self, text: str, told: str) -> str:
        self.masked |= text != told
        return told


class _Part:
    """The same for a part of the line, all of which is private or not."""

    def __init__(self, veil: Veil, *, private: bool) -> None:
        self._veil, self._private = veil, private

    def within(self, record: object) -> "_Part":
        forbids = self._veil.forbids(record)
        if forbids is None or forbids is self._private:
            return self
        return _Part(self._veil, private=forbids)

    def uri(self, uri: str) -> str:
        return self._veil.uri(uri)

    def path(self, path: str) -> str:
        return self._veil.path(path)

    def sentence(self, sentence: str) -> str:
        return self._veil.sentence(sentence)

    def text(self, text: str) -> str:
        return self._veil.text(text, private=self._private)
