"""An editor, a model and a clock around a recording, and secrets to be planted in it."""

import hashlib
from collections.abc import Iterator, Sequence

from spark_lsp.core.documents import Change
from spark_lsp.core.effects import Effect, Open
from spark_lsp.core.events import Edited, Event, Opened, Vetted, Wrote
from spark_lsp.core.policy import Policy
from spark_lsp.core.prompt import Prompt
from spark_lsp.core.session import Session
from spark_lsp.core.text import Edit, Encoding, Text, difference
from spark_lsp.core.tracing.form import Trace, read
from spark_lsp.core.tracing.recording import Recording
from spark_lsp.core.tracing.replaying import Difference, Replay

URI = "file:///home/alice/repository/a.py"
KEY = 0.06
"""Seconds from key to key."""
PIECE = 8
"""Characters of a secret of which not even a piece may be told."""


def body(name: str, size: int = 36) -> str:
    """Return what is secret of a secret, always the same, that no scanner knows."""
    letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    digest = hashlib.shake_256(name.encode()).digest(size)
    return "".join(letters[byte % len(letters)] for byte in digest)


KEY_LINES = [body(f"line {number}", 64) for number in range(12)]

PLANTED = {
    "a token": (f"token = 'ghp_{body('token')}'\n", [body("token")]),
    "a password": (f"password = '{body('password', 14)}'\n", [body("password", 14)]),
    "a url": (f"u = 'postgres://admin:{body('url', 20)}@db/app'\n", [body("url", 20)]),
    "a header": (f"# Authorization: Bearer {body('bearer')}\n", [body("bearer")]),
    "a private key": (
        "-----BEGIN RSA PRIVATE KEY-----\n"
        + "\n".join(KEY_LINES)
        + "\n-----END RSA PRIVATE KEY-----\n",
        KEY_LINES,
    ),
}
"""Lines with a secret in them, and what is secret of each."""


def leaked(told: bytes, secrets: Sequence[str]) -> list[str]:
    """Return the pieces of secrets that stand somewhere."""
    text = told.decode()
    return [
        secret[at : at + PIECE]
        for secret in secrets
        for at in range(len(secret) - PIECE + 1)
        if secret[at : at + PIECE] in text
    ]


def joined(trace: Trace) -> str:
    """Return all that was typed and written, as it stands in a trace, as one text."""
    return "".join(_texts(trace))


def _texts(trace: Trace) -> Iterator[str]:
    for line in trace.lines:
        for change in (line.event or {}).get("changes", [line.event or {}]):
            if isinstance(change.get("text"), str):
                yield change["text"]


class Stage:
    """A recording, an editor with one document, and a clock; with a session if one is given."""

    def __init__(
        self,
        text: str = "",
        *,
        path: str = "a.py",
        private: str | None = "",
        session: Session | None = None,
        policy: Policy = Policy(),
    ) -> None:
        self.session = session
        self.recording = Recording(Encoding.UTF16, 128_000, policy)
        self.now = 1_000.25
        self.told: list[bytes] = []
        self.text = Text(text)
        self.cursor = len(text)
        self.version = 1
        self.feed(Opened(URI, path, "python", 1, text))
        if private is not None:
            self.feed(Vetted(URI, private))

    def feed(self, event: Event, *effects: Effect, after: float = KEY) -> list[Effect]:
        """Let something happen, with these effects unless there is a session to have some."""
        self.now += after
        self.recording.event(event, self.now)
        follows = self.session.handle(event, self.now) if self.session else list(effects)
        self.recording.effects(follows, self.now)
        self.told += self.recording.lines()
        return follows

    def wait(self, seconds: float) -> None:
        """Let time pass, and what is due happen."""
        end = self.now + seconds
        while self.session and (due := self.session.deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self.recording.effects(self.session.tick(self.now), self.now)
            self.told += self.recording.lines()
        self.now = end

    def paste(self, text: str) -> None:
        """Insert a text at once."""
        self.edit(self.cursor, self.cursor, text)

    def type(self, text: str) -> None:
        """Insert a text key by key."""
        for char in text:
            self.paste(char)

    def delete(self, size: int = 1) -> None:
        """Delete characters before the cursor."""
        self.edit(self.cursor - size, self.cursor, "")

    def edit(self, start: int, end: int, new: str) -> None:
        """Change the document."""
        first, last = (self.text.position(at, Encoding.UTF16) for at in (start, end))
        self.text = self.text.splice(Edit(start, end, new))
        self.cursor = start + len(new)
        self.version += 1
        self.feed(Edited(URI, self.version, [Change(first, last, new)]))

    def become(self, text: str) -> None:
        """Change the document as clients do that always send all of it."""
        edit = difference(self.text.string, text)
        self.text = self.text.splice(edit)
        self.cursor = edit.start + len(edit.new)
        self.version += 1
        self.feed(Edited(URI, self.version, [Change(None, None, text)]))

    def stream(self, number: int, *deltas: str) -> None:
        """Have a model write at the cursor."""
        before, after = self.text.string[: self.cursor], self.text.string[self.cursor :]
        opened = Open(number, Prompt((), "a.py", before, after))
        self.recording.effects([opened], self.now)
        for delta in deltas:
            self.feed(Wrote(number, delta))

    def content(self) -> bytes:
        """End the recording and return the trace as it stands in its file."""
        self.told += self.recording.close()
        return b"".join(self.told)

    def trace(self) -> Trace:
        """End the recording and return it."""
        return read(self.content())


def differences(trace: Trace) -> list[Difference]:
    """Replay a trace and return in what it differs now."""
    replay = Replay(trace.header)
    steps = [replay.play(line) for line in trace.lines]
    return [step.difference for step in steps if step.difference]
