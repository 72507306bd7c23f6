"""A model that says what it was told to, at its own pace, in a process of its own.

Owns the script and the end of a Responses WebSocket. The same script over HTTP is told in `events`;
what frames say is spelled by `wire.emitter`. None of it is our own server: what is measured with it
is how an answer travels.
"""

import asyncio
import itertools
import ssl
import sys
from collections.abc import AsyncIterator
from time import perf_counter_ns

import msgspec
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from spark_lsp.cli.bench.aside import stand_aside
from spark_lsp.cli.bench.events import https
from spark_lsp.wire.emitter import Emitter
from spark_lsp.wire.events import Usage
from spark_lsp.wire.requests import Create, decode_request

MODEL = "bench"
TIME_DIGITS = 16
"""Characters of a token that is nothing but the time when it was sent, see `sent_at`."""
_LIMIT = 64 * 2**20
_NO_ID = f"resp_{0:012}"


class Script(msgspec.Struct, frozen=True):
    """What is said to each request.

    Attributes:
        tokens: how many an answer has.
        words: the texts of these, over and over; none for the time when each is sent.
        first: seconds from the request to the first.
        pace: tokens a second, 0 for as many as the socket takes.
        certificate: the PEM file with key and chain, "" for no encryption and no HTTP.
    """

    tokens: int
    words: tuple[str, ...] = ()
    first: float = 0.0
    pace: float = 0.0
    certificate: str = ""

    def word(self, number: int) -> str:
        """Return the text of a token that is sent now."""
        if self.words:
            return self.words[number % len(self.words)]
        return f"{perf_counter_ns():0{TIME_DIGITS}x}"


class Ports(msgspec.Struct, frozen=True):
    """Where the model listens: for WebSocket, and for HTTP of both versions if there is TLS."""

    websocket: int
    https: int


def sent_at(token: str) -> int:
    """Return when a token that is a time was sent, by the `perf_counter_ns` of any process."""
    return int(token, TIME_DIGITS)


class Model:
    """Answers every request with its script."""

    def __init__(self, script: Script) -> None:
        """Take the script."""
        self._script = script
        self._ids = itertools.count(1)
        self._whole: dict[str, bytes] = {}

    async def speak(self, connection: ServerConnection) -> None:
        """Answer on a WebSocket until it is gone."""
        tasks = set()
        try:
            async for frame in connection:
                request = decode_request(frame)
                if isinstance(request, Create):
                    task = asyncio.create_task(self._reply(connection, request))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
        except ConnectionClosed:
            pass
        finally:
            for task in tasks:
                task.cancel()

    async def answer(self, lane: str = "") -> AsyncIterator[list[str]]:
        """Yield the frames of an answer, each when it is due."""
        clock, script, emitter = asyncio.get_running_loop().time, self._script, self._emitter(lane)
        due = clock() + script.first
        yield emitter.opened()
        for number in range(script.tokens):
            await asyncio.sleep(due - clock())
            yield emitter.text(script.word(number))
            due += script.pace and 1 / script.pace
        yield emitter.completed(Usage())

    async def _reply(self, connection: ServerConnection, request: Create) -> None:
        # Past the library: what a sender costs would be felt by all readers on a small machine.
        write = connection.transport.write
        if request.generate is False:
            emitter = self._emitter(request.lane)
            write(_framed([*emitter.opened(), *emitter.completed(Usage())]))
        elif self._script.pace:
            async for frames in self.answer(request.lane):
                write(_framed(frames))
        else:
            write(self._at_once(request.lane))

    def _at_once(self, lane: str) -> bytes:
        """Return a whole answer; but for its id it is always the same on a lane."""
        whole = self._whole.get(lane)
        if whole is None:
            emitter = Emitter(lane, _NO_ID, "msg", MODEL)
            said = [emitter.text(self._script.word(at)) for at in range(self._script.tokens)]
            frames = [emitter.opened(), *said, emitter.completed(Usage())]
            whole = self._whole[lane] = b"".join(map(_framed, frames))
        return whole.replace(_NO_ID.encode(), self._id().encode())

    def _emitter(self, lane: str) -> Emitter:
        return Emitter(lane, self._id(), "msg", MODEL)

    def _id(self) -> str:
        return f"resp_{next(self._ids):012}"


def _framed(frames: list[str]) -> bytes:
    """Return texts as one stretch of a server's WebSocket."""
    spelled = (Frame(Opcode.TEXT, frame.encode()).serialize(mask=False) for frame in frames)
    return b"".join(spelled)


async def _serve(script: Script) -> None:
    model = Model(script)
    tls = None
    if script.certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(script.certificate)
        tls.minimum_version = ssl.TLSVersion.TLSv1_3
    async with (
        serve(
            model.speak, "127.0.0.1", 0, ssl=tls, compression=None, max_size=_LIMIT,
            ping_interval=None, close_timeout=1.0,
        ) as server,
        https(script.certificate, model.answer) as port,
    ):  # fmt: skip
        await stand_aside(Ports(next(iter(server.sockets)).getsockname()[1], port), lambda: None)


if __name__ == "__main__":
    asyncio.run(_serve(msgspec.json.decode(sys.argv[1], type=Script)))
