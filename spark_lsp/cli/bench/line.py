"""A line with a round trip, on a machine that has none: a TCP relay that holds bytes back.

Owns when bytes arrive: `Flow` reckons it, without I/O, and the rest carries them in a process of
its own. Three things of a real line are kept: the delay, which a new connection pays once more for
TCP's own handshake; the rate; and that TCP begins slowly, with ten segments in flight, and sends
one more for each that is acknowledged (RFC 6928, RFC 5681 §3.1). Nothing is ever lost on it, and a
connection that was idle does not begin anew, though real ones do: both are in favour of those who
send much.
"""

import asyncio
import contextlib
import sys
from collections import deque
from collections.abc import Callable
from math import inf
from statistics import median

import msgspec

from spark_lsp.cli.bench.aside import stand_aside

SEGMENT = 1_460
"""Bytes of TCP in one packet of an Ethernet."""
_BEGINNING = 10 * SEGMENT
_CHUNK = 2**16


class Line(msgspec.Struct, frozen=True):
    """What a line is like.

    Attributes:
        ports: where what arrives is handed on to, one relay for each.
        round_trip: in seconds.
        rate: bits a second, each way; 0 for no limit.
        slow: whether TCP begins slowly.
    """

    ports: tuple[int, ...]
    round_trip: float
    rate: float = 0.0
    slow: bool = False


class Carried(msgspec.Struct, frozen=True):
    """What was carried since the last time somebody asked.

    Attributes:
        up: bytes to the server, TLS included, TCP's own not.
        down: bytes back.
        piece: the median of the bytes that came back at once.
    """

    up: int
    down: int
    piece: float


class Flow:
    """One direction of one connection."""

    def __init__(self, line: Line, opened: float) -> None:
        """Take the time from which on something can be sent."""
        self._delay = line.round_trip / 2
        self._rate = line.rate / 8 or inf
        self._window = _BEGINNING if line.slow else inf
        self._free = opened
        self._flying = 0
        self._acknowledged: deque[tuple[float, int]] = deque()
        self._arriving: deque[tuple[float, bytes]] = deque()

    def put(self, data: bytes, now: float) -> None:
        """Send bytes; when they arrive is decided here and now, for nothing overtakes."""
        at = now
        for start in range(0, len(data), SEGMENT):
            piece = data[start : start + SEGMENT]
            at = self._sent(len(piece), max(at, self._free))
            self._arriving.append((at + self._delay, piece))

    def due(self) -> float | None:
        """Return when the next bytes arrive, None if nothing is under way."""
        return self._arriving[0][0] if self._arriving else None

    def take(self, now: float) -> bytes:
        """Return what has arrived by now."""
        arrived = []
        while self._arriving and self._arriving[0][0] <= now:
            arrived.append(self._arriving.popleft()[1])
        return b"".join(arrived)

    def _sent(self, size: int, at: float) -> float:
        """Return when a segment has left that may leave from a time on."""
        acknowledged = self._acknowledged
        while acknowledged and (acknowledged[0][0] <= at or self._flying + size > self._window):
            when, known = acknowledged.popleft()
            at = max(at, when)
            self._flying -= known
            self._window += known
        self._free = at + size / self._rate
        self._flying += size
        acknowledged.append((self._free + 2 * self._delay, size))
        return self._free


class _Relay:
    def __init__(self, line: Line) -> None:
        self._line = line
        self._up = 0
        self._down: list[int] = []

    def carried(self) -> Carried:
        up, down = self._up, self._down
        self._up, self._down = 0, []
        return Carried(up, sum(down), median(down) if down else 0.0)

    async def listen(self, port: int) -> int:
        async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # The kernel has accepted at once; over a line that takes a round trip.
            opened = asyncio.get_running_loop().time() + self._line.round_trip
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(
                _carry(reader, far_writer, Flow(self._line, opened), self._sent),
                _carry(far_reader, writer, Flow(self._line, opened), self._received),
            )

        server = await asyncio.start_server(connect, "127.0.0.1", 0)
        port_here: int = server.sockets[0].getsockname()[1]
        return port_here

    def _sent(self, size: int) -> None:
        self._up += size

    def _received(self, size: int) -> None:
        self._down.append(size)


async def _carry(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    flow: Flow,
    count: Callable[[int], None],
) -> None:
    clock, more = asyncio.get_running_loop().time, asyncio.Event()

    async def take_in() -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(_CHUNK):
                count(len(data))
                flow.put(data, clock())
                more.set()

    intake = asyncio.create_task(take_in())
    intake.add_done_callback(lambda _: more.set())
    try:
        while not intake.done() or flow.due() is not None:
            if (due := flow.due()) is None:
                more.clear()
                await more.wait()
            else:
                await asyncio.sleep(due - clock())
                writer.write(flow.take(clock()))
    finally:
        intake.cancel()
        writer.close()


async def _run(line: Line) -> None:
    relay = _Relay(line)
    await stand_aside([await relay.listen(port) for port in line.ports], relay.carried)


if __name__ == "__main__":
    asyncio.run(_run(msgspec.json.decode(sys.argv[1], type=Line)))
