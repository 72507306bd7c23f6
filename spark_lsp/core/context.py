"""What stays the same in a prompt from key to key, and when it is packed anew.

Owns epochs: the stable blocks of a document are packed once and then frozen, because a model's
prefix cache (and our warm connection) keeps hitting only while not one byte of them changes. Also
owns the windows of the volatile tail, whose far edges move in steps for the same reason.
"""

from dataclasses import dataclass

from spark_lsp.core.documents import Document
from spark_lsp.core.index import Index
from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.core.retrieval import imported
from spark_lsp.core.text import Text

_STEP = 64
"""Lines by which a window's far edge moves."""
_LINES_BEFORE = 192
_LINES_AFTER = 64
_EDGE = 400
"""Characters by which a window's far edge is recognised in a copy of the file."""
_STALE = 0.2
"""Share of a frozen file that may have been edited before it is packed anew."""
_SLACK = 2000
"""Characters that may have been edited in any file, however small."""


@dataclass(slots=True)
class _Epoch:
    """Blocks, the range of offsets that they were packed for, and what has changed since."""

    blocks: tuple[Block, ...]
    first: int
    last: int
    size: int
    edited: int = 0

    def serves(self, offset: int) -> bool:
        """Whether the blocks are still good enough for a place."""
        here = self.first - self.edited <= offset <= self.last + self.edited
        return here and self.edited <= max(_STALE * self.size, _SLACK)


class Context:
    """The frozen blocks of each open document.

    The window is held in UTF-8 bytes, since no byte-level vocabulary spends more than one token on
    a byte: the bound is safe for every model, at the price of using less than there is. A quarter
    of it goes to the blocks. The tail has the rest: three sixteenths in characters, of at most four
    bytes each.
    """

    def __init__(self, window: int) -> None:
        """Take the model's context window in tokens."""
        self._window = window
        self._epochs: dict[str, _Epoch] = {}

    def prompt(self, document: Document, offset: int, index: Index) -> Prompt:
        """Return what a model is shown at an offset of a document."""
        epoch = self._epochs.get(document.uri)
        if epoch is None or not epoch.serves(offset):
            epoch = _packed(document, offset, index, self._window // 4)
            self._epochs[document.uri] = epoch
        prefix, suffix = self.tail(document.text, offset)
        return Prompt(epoch.blocks, document.path, prefix, suffix)

    def edited(self, uri: str, characters: int) -> None:
        """Count what has changed in a document since its blocks were frozen."""
        if epoch := self._epochs.get(uri):
            epoch.edited += characters

    def forget(self, uri: str | None = None) -> None:
        """End the epoch of one document, or of all."""
        if uri is None:
            self._epochs.clear()
        else:
            self._epochs.pop(uri, None)

    def tail(self, text: Text, offset: int) -> tuple[str, str]:
        """Return the text before and after an offset, as far as it goes into the tail."""
        line = text.line_at(offset)
        first = max(0, (line - _LINES_BEFORE) // _STEP * _STEP)
        last = ((line + _LINES_AFTER) // _STEP + 1) * _STEP
        start = max(text.line_start(first), _edge(offset, -(self._window // 8)))
        end = min(text.line_start(last), _edge(offset, self._window // 16))
        return text.string[start:offset], text.string[offset:end]


def _edge(offset: int, reach: int) -> int:
    """Return where a window of so many characters ends: within reach, and moving in steps."""
    step = max(1, abs(reach) // 4)
    return (offset + reach) // step * step + (step if reach < 0 else 0)


def outside(body: str, prefix: str, suffix: str) -> tuple[str, str]:
    """Return what a frozen copy of a file holds before and after the windows of the tail.

    Inside the windows the copy is out of date by just the keys that matter: there it would say
    that nothing follows at the cursor. Where a window's far edge is not found in the copy, that
    side is empty.
    """
    start = body.find(prefix[:_EDGE])
    end = body.rfind(suffix[-_EDGE:])
    tail = body[end + len(suffix[-_EDGE:]) :] if end >= 0 and suffix else ""
    return body[: max(0, start)], tail


def _packed(document: Document, offset: int, index: Index, budget: int) -> _Epoch:
    """Pack the blocks into so many bytes, most stable first."""
    # Read as of the last rest: parsing now would be felt in the key that ends an epoch.
    symbols = index.symbols(document.path)
    found = imported(index, document.path, symbols) if symbols else ()
    blocks = []
    for signatures in found:
        size = _bytes(signatures.text)
        if size <= budget // 2:
            budget -= size
            blocks.append(Block("signatures", signatures.path, signatures.text, signatures.reason))
    string = document.text.string
    first, last = _excerpt(string, offset, budget)
    body = string[first:last]
    blocks.append(Block("file", document.path, body, "the open file as it was at packing"))
    return _Epoch(tuple(blocks), first, last, len(string))


def _excerpt(string: str, offset: int, budget: int) -> tuple[int, int]:
    """Return the range of a text that so many bytes have room for, around an offset.

    Three quarters stand before the offset, if there is so much on both sides.
    """
    if _bytes(string) <= budget:
        return 0, len(string)
    room = budget if string.isascii() else budget // 4
    first = max(0, min(offset - room * 3 // 4, len(string) - room))
    return first, first + room


def _bytes(string: str) -> int:
    return len(string.encode("utf-8", "surrogatepass"))
