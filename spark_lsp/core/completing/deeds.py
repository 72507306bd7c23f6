"""What the person has just done in each document, as far as it asks for quiet.

Owns the histories of the open documents, and the one exception: who deletes what they had typed
beside an answer that was right before wants that answer back. What counts as which deed is told in
`quiet`.
"""

from collections.abc import Sequence

from spark_lsp.core.completing.exchange import Request
from spark_lsp.core.completing.quiet import Deed, History
from spark_lsp.core.documents import Applied
from spark_lsp.core.text import inside_word

_WHY = {Deed.DELETED: "you have just deleted text", Deed.UNDONE: "you have just undone something"}


class Deeds:
    """The last deed in each open document."""

    def __init__(self) -> None:
        """Begin without documents."""
        self._histories: dict[str, History] = {}
        self._woken = False

    def opened(self, uri: str) -> None:
        """A document is open."""
        self._histories[uri] = History()

    def closed(self, uri: str) -> None:
        """A document is closed."""
        self._histories.pop(uri, None)

    def edited(self, uri: str, applied: Sequence[Applied], *, woken: bool) -> None:
        """A document was edited; `woken` if that has taken a divergence from an answer back."""
        self._histories[uri].edited(applied)
        self._woken = woken

    def why(self, request: Request) -> str:
        """Return why nothing should be shown for a request, not even what is in hand, or ""."""
        if request.invoked:
            return ""
        if inside_word(request.document.text.string, request.offset):
            return "inside a word"
        deed = self._histories[request.document.uri].deed(request.offset)
        return "" if self._woken else _WHY.get(deed, "")
