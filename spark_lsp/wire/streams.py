"""Owns how a byte stream is cut into messages: lines, server-sent events, JSON lines.

Each class takes bytes cut anywhere and gives the same messages for the same bytes; none raises, and
none keeps more than `LIMIT` bytes of what a server sends. What a message means is left to the
dialects. Source: WHATWG HTML §9.2.5 and §9.2.6 (the event stream format), and NDJSON.
"""

import re
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

LIMIT = 8 * 1024 * 1024
"""Bytes of one message; a longer one is dropped. Some servers end with an event that repeats the
whole prompt, half a megabyte of it."""

_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class Event(msgspec.Struct, frozen=True):
    """One server-sent event.

    Attributes:
        data: its data; lines joined by LF, what is no UTF-8 replaced by U+FFFD.
        type: its `event` field, "" where there is none.
    """

    data: str
    type: str = ""


class Lines:
    """Cuts a stream at LF, CRLF and CR."""

    def __init__(self, limit: int = LIMIT) -> None:
        """Take how many bytes a line may have."""
        self._limit = limit
        self._begun = bytearray()
        self._dropping = False
        self._after_cr = False

    def feed(self, data: bytes) -> list[bytes | None]:
        """Return the lines that have ended, without their ends; None for one that is too long."""
        if self._after_cr and data:
            # The LF of a CRLF that was cut in two ends no second line.
            self._after_cr = False
            data = data[1:] if data[0] == 0x0A else data
        *ended, rest = _END.split(data) if b"\r" in data else data.split(b"\n")
        lines: list[bytes | None] = []
        for line in ended:
            if self._begun or self._dropping:
                self._extend(line)
                lines.append(None if self._dropping else bytes(self._begun))
                self._begun.clear()
                self._dropping = False
            else:
                lines.append(line if len(line) <= self._limit else None)
        if ended:
            self._after_cr = data[-1] == 0x0D
        self._extend(rest)
        return lines

    def close(self) -> list[bytes | None]:
        """Return the last line, if it was begun and has no end."""
        begun, dropping = bytes(self._begun), self._dropping
        self._begun.clear()
        self._dropping = False
        if dropping:
            return [None]
        return [begun] if begun else []

    def _extend(self, piece: bytes) -> None:
        # A bytearray, so that a line which comes byte by byte costs no more than its length.
        if not self._dropping:
            self._begun += piece
        if len(self._begun) > self._limit:
            self._begun.clear()
            self._dropping = True


class ServerSentEvents:
    """Reads an event stream.

    Beyond the standard, a line `error: …` is an event of type "error": llama.cpp up to late 2025
    says so when it fails in the middle of an answer. `id` and `retry` mean nothing here, as nothing
    is ever resumed.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        """Take how many bytes the data of an event may have."""
        self._limit = limit
        self._lines = Lines(limit)
        self._first = True
        self._data: list[bytes] = []
        self._size = 0
        self._type = b""
        self._dropping = False

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that are complete."""
        events: list[Event] = []
        for line in self._lines.feed(data):
            if self._first:
                self._first = False
                self._field(line.removeprefix(_BOM) if line else line, events)
            else:
                self._field(line, events)
        return events

    def close(self) -> list[Event]:
        """Return nothing: an event that is not ended by an empty line is none."""
        return []

    def _field(self, line: bytes | None, events: list[Event]) -> None:
        if line is None:
            self._drop()
        elif not line:
            self._dispatch(events)
        elif line[0] != 0x3A:  # a comment, which servers send to keep the line open
            name, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if name == b"data":
                self._add(value)
            elif name == b"event":
                self._type = value
            elif name == b"error":
                self._type = name
                self._add(value)

    def _add(self, value: bytes) -> None:
        self._size += len(value) + 1
        if self._size > self._limit + 1:
            self._drop()
        elif not self._dropping:
            self._data.append(value)

    def _drop(self) -> None:
        self._data.clear()
        self._dropping = True

    def _dispatch(self, events: list[Event]) -> None:
        if self._data:
            data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
            kind = self._type.decode("utf-8", "replace") if self._type else ""
            events.append(Event(data.decode("utf-8", "replace"), kind))
            self._data.clear()
        self._size = 0
        self._type = b""
        self._dropping = False


class JsonLines:
    """Reads JSON texts, one a line."""

    def __init__(self, limit: int = LIMIT) -> None:
        """Take how many bytes a line may have."""
        self._lines = Lines(limit)

    def feed(self, data: bytes) -> list[Event]:
        """Return the lines that have ended, empty ones left out."""
        return _events(self._lines.feed(data))

    def close(self) -> list[Event]:
        """Return the last line, which needs no end."""
        return _events(self._lines.close())


def _events(lines: Sequence[bytes | None]) -> list[Event]:
    return [Event(line.decode("utf-8", "replace")) for line in lines if line and line.strip()]


class Messages:
    """Reads the messages of a body by what it turns out to be.

    Servers that are asked for a stream may answer with one JSON object all the same, with HTTP 200
    and an error in it. A body whose first character is a brace is read as JSON lines, any other as
    server-sent events.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        """Take how many bytes a message may have."""
        self._limit = limit
        self._kind: Literal["", "json", "markup", "events"] = ""
        self._feed: Callable[[bytes], list[Event]] = self._begin
        self._close: Callable[[], list[Event]] = list

    @property
    def is_markup(self) -> bool:
        """Whether it is a web page: then somebody else has answered than was asked."""
        return self._kind == "markup"

    def feed(self, data: bytes) -> list[Event]:
        """Return the messages that are complete."""
        return self._feed(data)

    def close(self) -> list[Event]:
        """Return what the end of the body completes."""
        return self._close()

    def _begin(self, data: bytes) -> list[Event]:
        # Blank lines before the first event mean nothing in either form.
        data = data.lstrip(b" \t\r\n")
        if not data:
            return []
        first = data[:1]
        self._kind = "json" if first == b"{" else "markup" if first == b"<" else "events"
        kind = JsonLines if first == b"{" else ServerSentEvents
        reader = kind(self._limit)
        self._feed, self._close = reader.feed, reader.close
        return self._feed(data)
