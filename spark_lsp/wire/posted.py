"""Owns how one HTTP POST is told in the frames of a connection: the request in, the answer out.

The same server then speaks to both kinds of client: a POST is a connection that carries a single
`response.create`, and its answer is an event stream or one object. Source: responses-protocol.md
§1.5, §1.7.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec

from spark_lsp.wire.frames import encode, lenient

Kind: TypeAlias = Literal["application/json", "text/event-stream"]


@dataclass(frozen=True, slots=True)
class Told:
    """What follows from a frame over HTTP; status and kind matter the first time only.

    Attributes:
        status: the HTTP status.
        kind: the content type.
        body: bytes of the body, after those before.
        over: whether this is the last of it.
    """

    status: int
    kind: Kind
    body: bytes
    over: bool


class Post:
    """One POST: what the server is asked, and how its frames are told.

    Attributes:
        request: the frame to hand to the server. It names no lane, and what is no request at all
            is handed on for the server to refuse.
        streams: whether the client wants events, rather than the finished response.
    """

    def __init__(self, body: bytes) -> None:
        self.request = body
        self.streams = False
        fields = lenient(_FIELDS, body)
        if fields is not None:
            self.streams = bytes(fields.pop("stream", b"")) == b"true"
            given = {name: fields[name] for name in fields if name not in {"type", "stream_id"}}
            self.request = encode({"type": "response.create", **given})

    def told(self, frame: str) -> Told | None:
        """Tells a frame of the server's; None where this client is told nothing of it."""
        event = _EVENT.decode(frame)
        if event.type == "error":
            return Told(event.status, "application/json", b'{"error":%b}' % event.error, over=True)
        over = event.type in _TERMINAL
        if self.streams:
            body = f"event: {event.type}\ndata: {frame}\n\n".encode()
            return Told(200, "text/event-stream", body, over)
        return Told(200, "application/json", bytes(event.response), over) if over else None


class _Event(msgspec.Struct):
    type: str
    status: int = 200
    error: msgspec.Raw = msgspec.Raw(b"null")
    response: msgspec.Raw = msgspec.Raw(b"null")


_EVENT = msgspec.json.Decoder(_Event)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TERMINAL = frozenset({"response.completed", "response.failed", "response.incomplete"})
