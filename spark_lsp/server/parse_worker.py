"""A child process that makes records: `python -m spark_lsp.server.parse_worker ROOT STORE [...]`.

Owns nothing but its two pipes. Reads jobs and answers each in turn, as frames of MessagePack behind
four bytes of length. A job without a text is a file below ROOT; what STORE holds of its content is
not made again. Imports the pure core and little more, so that it starts fast and a grammar that
crashes takes down this process and no other. Ends when its input closes, which also happens when
whoever started it is killed.

Further arguments: `count` has tokens counted, `bulk` lets others go first.
"""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from spark_lsp.core import exclusion, records
from spark_lsp.core.records import Record
from spark_lsp.server import walk
from spark_lsp.server.contents import Contents, digest_of

MEMORY = 1_500_000_000
"""Bytes of address space that a worker may take: a grammar that wants more costs it its life."""
LENGTH = 4
"""Bytes in front of a frame that say how long it is, the highest first."""
TIME = 30
"""Seconds after which a worker that is stuck in a grammar ends by itself: it cannot notice that
whoever would have killed it is gone."""
UNPARSED = "could not be parsed"
UNREAD = "could not be read"

_MUCH = 10
"""One undecodable character in so many, and it is no text."""


class Job(msgspec.Struct, frozen=True, array_like=True):
    """A file to be read, or with a text an open buffer of that path."""

    path: str
    text: str | None = None


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """What has been made of a job.

    Attributes:
        path: the path of the job.
        digest: finds the content in the store; empty if there was nothing to read.
        packed: the record in MessagePack, or None.
        reason: why there is no record, or "".
        known: whether the store has the record already.
    """

    path: str
    digest: bytes = b""
    packed: bytes | None = None
    reason: str = ""
    known: bool = False


pack: Callable[[object], bytes] = msgspec.msgpack.Encoder().encode
_unpack_job = msgspec.msgpack.Decoder(Job).decode
_unpack_record = msgspec.msgpack.Decoder(Record).decode


class Worker:
    """Makes records of files and texts."""

    def __init__(self, root: Path, contents: Contents, *, count: bool) -> None:
        """Take where files are, what is known of contents, and whether to count tokens."""
        self._reader = walk.Reader(root)
        self._contents = contents
        self._count = count

    def answer(self, job: Job) -> Answer:
        """Do a job."""
        if job.text is not None:
            return _made(job.path, b"", record_of(job.path, job.text, count=self._count))
        content = self._reader.read_bytes(job.path)
        if content is None or (reason := _unfit(content)):
            return Answer(job.path, reason=UNREAD if content is None else reason)
        digest = digest_of(job.path, content)
        known = self._contents.packed(digest)
        if known is not None and self._serves(known):
            return Answer(job.path, digest, known, known=True)
        text = content.decode("utf-8", "replace")
        garbled = text.count("\ufffd") * _MUCH > len(text)
        made = "not text" if garbled else record_of(job.path, text, count=self._count)
        return _made(job.path, digest, made)

    def _serves(self, known: bytes) -> bool:
        """Whether a stored record says all that is asked for."""
        try:
            record = _unpack_record(known)
        except msgspec.MsgspecError:
            return False
        return bool(record.tokens or not self._count or not record.size)


def _unfit(content: bytes) -> str:
    """Return why bytes are not even looked at as a text, or ""."""
    if len(content) > exclusion.SIZE_LIMIT:
        return "too large"
    return "binary" if exclusion.is_binary(content) else ""


def record_of(path: str, text: str, *, count: bool) -> Record | str:
    """Return what the index keeps of a text, or why it keeps nothing."""
    try:
        record = records.record(path, text)
        if count and isinstance(record, Record):
            from spark_lsp.core import tokens  # noqa: PLC0415 - its tables are large

            record = msgspec.structs.replace(record, tokens=tokens.count(text))
    except Exception:  # noqa: BLE001 - it costs this file; what it says may hold its text
        return UNPARSED
    return record


def _made(path: str, digest: bytes, record: Record | str) -> Answer:
    if isinstance(record, str):
        return Answer(path, digest, reason=record)
    return Answer(path, digest, pack(record))


def frame(it: object) -> bytes:
    """Return something as it goes through a pipe."""
    body = pack(it)
    return len(body).to_bytes(LENGTH) + body


def serve(worker: Worker, jobs: BinaryIO, answers: BinaryIO) -> None:
    """Do jobs until there are no more."""
    while head := jobs.read(LENGTH):
        job = _unpack_job(jobs.read(int.from_bytes(head)))
        _end_after(TIME)
        # At once: what is not answered when it dies is held to have killed it.
        answers.write(frame(worker.answer(job)))
        answers.flush()
        _end_after(0)


def _end_after(seconds: int) -> None:
    """Have the system end this process after so many seconds, or not any more if they are 0."""
    if hasattr(signal, "alarm"):  # not on Windows
        signal.alarm(seconds)


def confine() -> None:
    """Bound the memory of this process, where that can be done."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if most in {resource.RLIM_INFINITY, -1} or most > MEMORY:
        with suppress(OSError, ValueError):  # macOS knows the limit and does not obey it
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, most))


def main() -> None:
    """Serve until the input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    root, store, *options = sys.argv[1:]
    if "bulk" in options and hasattr(os, "nice"):
        os.nice(10)  # whoever is typing comes first
    confine()
    worker = Worker(Path(root), Contents(store), count="count" in options)
    try:
        serve(worker, sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        # Who asked is gone; what is left to be written goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
