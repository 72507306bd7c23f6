"""The base protocol of LSP: `Content-Length` frames, without I/O.

Owns the splitting of a byte stream into bodies and the spelling of a body as a frame (LSP 3.18,
"Base Protocol"). What a body says is left to `lsp` and to the headless client.
"""

import re
from collections.abc import Callable, Iterator

_LENGTH = re.compile(rb"content-length:[ \t]*(\d{1,10})[ \t]*", re.IGNORECASE)
_TYPE = re.compile(rb"content-type:[^\r\n]*", re.IGNORECASE)
_HEADER_LIMIT = 16_384
_BODY_LIMIT = 256 * 2**20


class FramingError(ValueError):
    """The stream cannot be split any further: it is not the base protocol."""


def frame(body: bytes) -> bytes:
    """Return a body with its header."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class Frames:
    """A stream of frames that arrives in pieces of any size."""

    def __init__(self) -> None:
        """Start with an empty stream."""
        self._buffer = bytearray()
        self._wanted: int | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take in bytes and yield each body that is complete.

        Raises:
            FramingError: if there is no usable header; nothing after it can be understood.
        """
        self._buffer += data
        while True:
            if self._wanted is None:
                end = self._buffer.find(b"\r\n\r\n")
                if end < 0:
                    if len(self._buffer) > _HEADER_LIMIT:
                        raise FramingError("the header does not end")
                    return
                self._wanted = _length(bytes(self._buffer[:end]))
                del self._buffer[: end + 4]
            if len(self._buffer) < self._wanted:
                return
            body = bytes(self._buffer[: self._wanted])
            del self._buffer[: self._wanted]
            self._wanted = None
            yield body


def _length(header: bytes) -> int:
    """Return the length that a header tells.

    Other lines than the two of the base protocol are refused: a web page can make a browser send
    `Content-Length` and a body to any port of this machine, but not without HTTP's own lines.
    """
    lengths = []
    for line in header.split(b"\r\n"):
        if match := _LENGTH.fullmatch(line):
            lengths.append(int(match.group(1)))
        elif not _TYPE.fullmatch(line):
            raise FramingError("a header has a line that is neither Content-Length nor -Type")
    if len(lengths) != 1:
        raise FramingError("a header has no Content-Length, or several")
    if lengths[0] > _BODY_LIMIT:
        raise FramingError(f"a body of {lengths[0]} bytes is too large")
    return lengths[0]


class Framed:
    """A writer of bodies, as pygls wants one, that puts each into its frame."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        """Take where the frames go."""
        self._write = write

    def write(self, data: bytes) -> None:
        """Write one body."""
        self._write(frame(data))

    def close(self) -> None:
        """Leave what is behind it to whoever has opened that."""
