"""A model that says what it was told to, at its own pace, in a process of its own.

Owns the script and the end of a Responses WebSocket, interrupts included. The same script over HTTP
is told in `events`; what frames say is spelled by `wire.emitter`. None of it is our own server:
what is measured with it is how an answer travels. Of what it says at a pace it keeps an account,
see `ledger`, which is the answer to whatever it is asked by its parent.
"""

import asyncio
import itertools
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from time import perf_counter, perf_counter_ns

import msgspec
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from spark_lsp.cli.bench.aside import stand_aside
from spark_lsp.cli.bench.events import https
from spark_lsp.cli.bench.ledger import Answer
from spark_lsp.cli.bench.passage import PASSAGE, continuation, tokens, typed
from spark_lsp.wire.emitter import Emitter
from spark_lsp.wire.events import Usage
from spark_lsp.wire.layout import read
from spark_lsp.wire.objections import asked_items, interrupt_failed
from spark_lsp.wire.requests import Create, Interrupt, Request, decode_request

MODEL = "bench"
TIME_DIGITS = 16
"""Characters of a token that is nothing but the time when it was sent, see `sent_at`."""
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
"""A name, then, however many there are: a server that looks at syntax shows it as it comes."""
_DIGITS = {letter: digit for digit, letter in _LETTERS.items()}
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
        reads: whether it says, instead of words, what follows in its passage at the cursor.
    """

    tokens: int
    words: tuple[str, ...] = ()
    first: float = 0.0
    pace: float = 0.0
    certificate: str = ""
    reads: bool = False

    def word(self, number: int) -> str:
        """Return the text of a token that is sent now."""
        if self.words:
            return self.words[number % len(self.words)]
        return f"{perf_counter_ns():0{TIME_DIGITS}x}".translate(_LETTERS)


class Ports(msgspec.Struct, frozen=True):
    """Where the model listens: for WebSocket, and for HTTP of both versions if there is TLS."""

    websocket: int
    https: int


def sent_at(token: str) -> int:
    """Return when a token that is a time was sent, by the `perf_counter_ns` of any process."""
    return int(token.translate(_DIGITS), 16)


class Model:
    """Answers every request with its script."""

    def __init__(self, script: Script) -> None:
        """Take the script."""
        self.script = script
        self._ids = itertools.count(1)
        self._whole: dict[str, bytes] = {}
        self._answers: list[Answer] = []

    def account(self) -> list[Answer] | None:
        """Return what was said on WebSockets at a pace, once; None while more is being said."""
        if any(answer.over is None for answer in self._answers):
            return None
        answers, self._answers = self._answers, []
        return answers

    async def speak(self, connection: ServerConnection) -> None:
        """Answer on a WebSocket until it is gone."""
        # Past the library: what a sender costs would be felt by all readers on a small machine.
        speaker = _Speaker(self, connection.transport.write)
        try:
            async for frame in connection:
                speaker.take(decode_request(frame), perf_counter())
        except ConnectionClosed:
            pass
        finally:
            speaker.leave()

    async def answer(self) -> AsyncIterator[list[str]]:
        """Yield the frames of an answer over HTTP, each when it is due."""
        answer = Answer(asked=perf_counter())
        async for frames in self.said(Emitter("", self.id(), "msg", MODEL), answer, None):
            yield frames

    async def said(
        self, emitter: Emitter, answer: Answer, words: Sequence[str] | None
    ) -> AsyncIterator[list[str]]:
        """Yield the frames of an answer of these words, or of the script's, and account for it."""
        clock, script = asyncio.get_running_loop().time, self.script
        due = clock() + script.first
        yield emitter.opened()
        for number in range(script.tokens if words is None else len(words)):
            await asyncio.sleep(due - clock())
            word = script.word(number) if words is None else words[number]
            frames = emitter.text(word)
            answer.wrote(word, perf_counter())
            yield frames
            due += script.pace and 1 / script.pace
        answer.over = perf_counter()
        yield emitter.completed(Usage())

    def begun(self, answer: Answer) -> None:
        """Account for another answer."""
        self._answers.append(answer)

    def at_once(self, lane: str) -> bytes:
        """Return a whole answer; but for its id it is always the same on a lane."""
        whole = self._whole.get(lane)
        if whole is None:
            emitter = Emitter(lane, _NO_ID, "msg", MODEL)
            said = [emitter.text(self.script.word(at)) for at in range(self.script.tokens)]
            frames = [emitter.opened(), *said, emitter.completed(Usage())]
            whole = self._whole[lane] = b"".join(map(_framed, frames))
        return whole.replace(_NO_ID.encode(), self.id().encode())

    def id(self) -> str:
        """Return an id for another answer."""
        return f"resp_{next(self._ids):012}"


@dataclass(frozen=True, slots=True)
class _Running:
    key: str
    lane: str
    emitter: Emitter
    answer: Answer


class _Speaker:
    """Speaks on one connection: the answers of a lane one after the other, the lanes together."""

    def __init__(self, model: Model, write: Callable[[bytes], None]) -> None:
        self._model = model
        self._write = write
        self._running: dict[asyncio.Task[None], _Running] = {}

    def take(self, request: Request, now: float) -> None:
        if isinstance(request, Interrupt):
            self._interrupt(request.response_id, now)
        elif not isinstance(request, Create):
            pass  # nothing else is said to it
        elif request.generate is False:
            emitter = Emitter(request.lane, self._model.id(), "msg", MODEL)
            self._write(_framed([*emitter.opened(), *emitter.completed(Usage())]))
        elif not self._model.script.pace:
            self._write(self._model.at_once(request.lane))
        else:
            self._begin(request, now)

    def leave(self) -> None:
        for task, running in self._running.items():
            task.cancel()
            running.answer.over = running.answer.over or perf_counter()

    def _begin(self, request: Create, now: float) -> None:
        key, lane = self._model.id(), request.lane
        running = _Running(key, lane, Emitter(lane, key, "msg", MODEL), Answer(asked=now))
        self._model.begun(running.answer)
        before = [task for task, other in self._running.items() if other.lane == lane]
        task = asyncio.create_task(self._reply(request, running, before))
        self._running[task] = running
        task.add_done_callback(self._running.pop)

    async def _reply(
        self, request: Create, running: _Running, before: Sequence[asyncio.Task[None]]
    ) -> None:
        if before:
            await asyncio.wait(before)
        words = _words(request, running.answer, self._model.script)
        async for frames in self._model.said(running.emitter, running.answer, words):
            self._write(_framed(frames))

    def _interrupt(self, key: str, now: float) -> None:
        for task, running in self._running.items():
            if running.key == key and running.answer.over is None:
                task.cancel()
                running.answer.stopped = running.answer.over = now
                self._write(_framed(running.emitter.interrupted()))
                return
        reason = "no such response is running"
        self._write(_framed([interrupt_failed(key, "response_not_active", reason, "")]))


def _words(request: Create, answer: Answer, script: Script) -> Sequence[str] | None:
    """Return what to say to the text before the cursor, if it is read, and note what that is."""
    if not script.reads:
        return None
    prefix = read(asked_items(request.input)).prefix
    if (behind := typed(prefix)) is not None:
        answer.at, answer.along = len(behind), PASSAGE.startswith(behind)
    most = min(script.tokens, request.max_output_tokens or script.tokens)
    return tokens(continuation(prefix))[:most]


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
        here = next(iter(server.sockets)).getsockname()[1]
        await stand_aside(Ports(here, port), model.account)


if __name__ == "__main__":
    asyncio.run(_serve(msgspec.json.decode(sys.argv[1], type=Script)))
