"""Server-sent events over HTTPS, of either version, as a scripted model sends them.

Owns the server's end of HTTP/1.1 and HTTP/2, as much of it as takes one POST after the other and
streams an answer back. It is generous where servers differ: an HTTP/2 client may send a whole
prompt before it hears from us, and a request is neither parsed nor judged.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, StreamEnded
from h2.settings import SettingCodes, Settings

Answer = Callable[[], AsyncIterator[list[str]]]
"""Gives the frames of an answer, each group when it is due."""
_WINDOW = 2**24
"""Bytes that an HTTP/2 client may send before it hears from us: more than any prompt has."""
_CHUNK = 2**18
_LENGTH = b"content-length:"
_HEADERS = [(":status", "200"), ("content-type", "text/event-stream; charset=utf-8")]
_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


@asynccontextmanager
async def https(certificate: str, answer: Answer) -> AsyncIterator[int]:
    """Serve on loopback while the context lasts; yields the port, 0 without a certificate."""
    if not certificate:
        yield 0
        return
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    tls.minimum_version = ssl.TLSVersion.TLSv1_3
    tls.set_alpn_protocols(["h2", "http/1.1"])

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2":
                await _Http2(reader, writer, answer).run()
            else:
                await _http1(reader, writer, answer)
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass  # the client has left
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _http1(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer
) -> None:
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = (line for line in head.lower().split(b"\r\n") if line.startswith(_LENGTH))
        await reader.readexactly(int(next(lengths)[len(_LENGTH) :]))
        writer.write(_HEAD)
        async for frames in answer():
            data = _spelled(frames)
            writer.write(b"%x\r\n%b\r\n" % (len(data), data))
        writer.write(b"0\r\n\r\n")


class _Http2:
    """One connection; its answers may run beside each other."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._answer = answer
        self._state = H2Connection(H2Configuration(client_side=False))
        generous = {SettingCodes.INITIAL_WINDOW_SIZE: _WINDOW}
        self._state.local_settings = Settings(client=False, initial_values=generous)

    async def run(self) -> None:
        self._state.initiate_connection()
        self._state.increment_flow_control_window(_WINDOW)
        self._flush()
        async with asyncio.TaskGroup() as answers:
            while data := await self._reader.read(_CHUNK):
                for event in self._state.receive_data(data):
                    match event:
                        case DataReceived(flow_controlled_length=length, stream_id=stream):
                            self._state.acknowledge_received_data(length or 0, stream or 0)
                        case StreamEnded(stream_id=stream):
                            answers.create_task(self._reply(stream or 0))
                        case _:
                            pass
                self._flush()

    async def _reply(self, stream: int) -> None:
        self._state.send_headers(stream, _HEADERS)
        async for frames in self._answer():
            data, most = _spelled(frames), self._state.max_outbound_frame_size
            for start in range(0, len(data), most):
                self._state.send_data(stream, data[start : start + most])
            self._flush()
        self._state.end_stream(stream)
        self._flush()

    def _flush(self) -> None:
        self._writer.write(self._state.data_to_send())


def _spelled(frames: list[str]) -> bytes:
    """Return frames as events that are named like them."""
    named = ((frame.split('"', 4)[3], frame) for frame in frames)
    return "".join(f"event: {name}\ndata: {frame}\n\n" for name, frame in named).encode()
