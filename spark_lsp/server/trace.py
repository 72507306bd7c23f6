"""The trace of a session: recorded in a thread, into a file that only its owner can read.

Owns that file and the thread. What is written, and what is masked, is decided in `core.tracing`; it
happens beside the loop, in pieces of less than a millisecond. Where nothing can be written any more
the trace ends, and nothing else.
"""

import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from spark_lsp.core.effects import Effect
from spark_lsp.core.events import Event
from spark_lsp.core.policy import Policy
from spark_lsp.core.text import Encoding
from spark_lsp.core.tracing.recording import Recording

_log = logging.getLogger(__name__)

_IDLE = 2.0
"""Seconds without events after which what has settled is written."""
_BATCH = 65_536
_BEHIND = 100_000
"""Events that may wait for a disk that is too slow."""
_CLOSING = 2.0
"""Seconds in which what is left must be written."""

_Heard = tuple[Event | Sequence[Effect], float]


class Recorder:
    """Writes down what happens to a session; the observer of a `Driver`."""

    def __init__(self, descriptor: int) -> None:
        """Take a file that is open for writing; use `open`."""
        self._file = descriptor
        self._queue: SimpleQueue[_Heard | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._over = False

    @classmethod
    def open(cls, path: Path) -> "Recorder":
        """Make the file; raises `OSError` where that cannot be, as where there is one already."""
        return cls(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))

    def begin(self, encoding: Encoding, window: int, policy: Policy) -> None:
        """Begin with what the session is made with."""
        recording = Recording(encoding, window, policy, breathe=_breathe)
        self._thread = Thread(target=self._run, args=(recording,), name="trace", daemon=True)
        self._thread.start()

    def event(self, event: Event, now: float) -> None:
        """Note what happens, before the session is told."""
        self._note((event, now))

    def effects(self, effects: Sequence[Effect], now: float) -> None:
        """Note what the session wants done, of the event before or because time has passed."""
        self._note((effects, now))

    def close(self) -> None:
        """Write what is left, if that takes no longer than a moment."""
        self._over = True
        if self._thread:
            self._queue.put(None)
            self._thread.join(_CLOSING)
        else:
            os.close(self._file)  # it was never begun

    def _note(self, heard: _Heard) -> None:
        if self._over or self._thread is None:
            return
        if self._queue.qsize() > _BEHIND:
            self._end("the disk is too slow")
            self._queue.put(None)
            return
        self._queue.put(heard)

    def _run(self, recording: Recording) -> None:
        """Record until the end, or until it cannot be written."""
        try:
            self._record(recording)
        except OSError as error:
            self._end(error.strerror or "it cannot be written")
        except Exception as error:  # noqa: BLE001 - whatever it was, the session goes on
            # Only its kind: what it says may hold what must not be told.
            self._end(f"a {type(error).__name__} of ours")
        finally:
            os.close(self._file)

    def _record(self, recording: Recording) -> None:
        waiting: list[bytes] = []
        while True:
            heard = self._next(recording)
            if heard is None:
                break
            what, now = heard
            if isinstance(what, Sequence):
                recording.effects(what, now)
            else:
                recording.event(what, now)
            waiting += recording.lines()
            if self._queue.empty() or sum(map(len, waiting)) > _BATCH:
                self._write(waiting)
        self._write([*waiting, *recording.close()])

    def _next(self, recording: Recording) -> _Heard | None:
        """Wait for what happens next; meanwhile, what has settled is written."""
        while True:
            try:
                return self._queue.get(timeout=_IDLE)
            except Empty:
                recording.idle(_IDLE)
                self._write(recording.lines())

    def _write(self, lines: list[bytes]) -> None:
        data = memoryview(b"".join(lines))
        lines.clear()
        while data:
            data = data[os.write(self._file, data) :]

    def _end(self, reason: str) -> None:
        self._over = True
        _log.warning("the trace ends here: %s", reason)


def _breathe() -> None:
    """Let the loop run, if it wants to."""
    time.sleep(0)
