"""A person who types a text at a pace, and what they saw of a model's answers meanwhile.

Owns two of them, who press the same keys: `Person` at an editor with a real server behind it, and
`Naive` with a bare connection to the model, who asks with each key and ends the last answer.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter, process_time
from typing import Any, Protocol

from spark_lsp.cli.bench.bare import Asker
from spark_lsp.cli.bench.paced import press
from spark_lsp.cli.bench.passage import continuation
from spark_lsp.cli.client import Client
from spark_lsp.cli.screen import Screen
from spark_lsp.core.prompt import Prompt
from spark_lsp.core.text import Text


@dataclass(slots=True)
class Seen:
    """What a person saw, and what it took to look.

    Attributes:
        keys: when each was pressed, by `perf_counter`.
        waits: milliseconds from a key to the first text that came after it; of keys without any,
            nothing.
        visible: keys after which there was ghost text when the next one was due.
        reach: for a number of typed characters, how many there would have been at most with what
            was shown then.
        strange: frames with text that is not what the model writes at the cursor.
        late: milliseconds that each key came too late.
        busy: seconds of the processors that this process took.
    """

    keys: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    visible: int = 0
    reach: dict[int, int] = field(default_factory=dict)
    strange: int = 0
    late: list[float] = field(default_factory=list)
    busy: float = 0.0
    _waits: bool = False
    _typed: int = 0
    _expected: str = ""

    def pressed(self, before: str, typed: str) -> None:
        """A key goes out, with which this has been typed behind a text."""
        self.keys.append(perf_counter())
        self._waits = True
        self._typed = len(typed)
        self._expected = continuation(before + typed)

    def showed(self, text: str) -> None:
        """Text has come, and is on screen; what came before the first key is not judged."""
        if not self.keys:
            return
        if self._waits and text.strip():
            self.waits.append((perf_counter() - self.keys[-1]) * 1000)
            self._waits = False
        at = self._typed
        self.reach[at] = max(self.reach.get(at, at), at + len(text))
        self.strange += not self._expected.startswith(text)


class Typing(Protocol):
    """Somebody who can press a key, and sees ghost text."""

    seen: Seen

    @property
    def ghost(self) -> str:
        """The text on screen behind the cursor."""

    def press(self, stroke: str) -> None:
        """Press a key: whatever it inserts, it is one change."""


async def typed(somebody: Typing, strokes: Sequence[str], seconds: float) -> Seen:
    """Have somebody press keys at a pace; what they see is judged when the next key is due."""
    seen = somebody.seen

    def key(number: int) -> None:
        seen.visible += bool(number and somebody.ghost.strip())
        somebody.press(strokes[number])

    busy = process_time()
    seen.late = await press(len(strokes), seconds, key)
    seen.busy = process_time() - busy
    seen.visible += bool(somebody.ghost.strip())
    return seen


class Person:
    """Types into an open document of a real server, asks with each key, and takes nothing over."""

    def __init__(self, client: Client, uri: str, before: str, after: str) -> None:
        """Take a document that is open at its first version, as the text around the cursor."""
        self.seen = Seen()
        self.screen = Screen(Text(before + after), len(before))
        self._client = client
        self._uri = uri
        self._before = before
        self._typed = ""
        self._versions: dict[int, int] = {}
        self._pending: asyncio.Future[Any] | None = None
        client.on_notification = self._notified
        client.on_answer = self._answered

    @property
    def ghost(self) -> str:
        """The text on screen behind the cursor."""
        return self.screen.ghost

    def press(self, stroke: str) -> None:
        """Press a key and ask; the request of the last one is withdrawn, as editors do."""
        self._typed += stroke
        self.seen.pressed(self._before, self._typed)
        if self._pending and not self._pending.done():
            self._client.notify("$/cancelRequest", {"id": self._client.last_id})
        here = self._place()
        self.screen.key(stroke)
        self._client.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": self._uri, "version": self.screen.version},
                "contentChanges": [{"range": {"start": here, "end": here}, "text": stroke}],
            },
        )
        self.ask()

    def ask(self) -> asyncio.Future[Any]:
        """Ask for what follows at the cursor; answers appear on the screen as they come."""
        self.screen.asked()
        self._pending = self._client.request(
            "textDocument/inlineCompletion",
            {
                "textDocument": {"uri": self._uri},
                "position": self._place(),
                "context": {"triggerKind": 2},
                "partialResultToken": self.screen.version,
            },
        )
        self._versions[self._client.last_id] = self.screen.version
        return self._pending

    def _notified(self, method: str, params: Any) -> None:
        if method == "$/progress" and isinstance(params["token"], int):
            self._show(params["token"], params["value"], final=False)

    def _answered(self, id_: int, answer: asyncio.Future[Any]) -> None:
        version = self._versions.pop(id_, None)
        if version is not None and answer.exception() is None:
            self._show(version, answer.result(), final=True)

    def _show(self, version: int, result: Any, *, final: bool) -> None:
        if text := self.screen.answered(version, result, final=final):
            self.seen.showed(text)

    def _place(self) -> dict[str, int]:
        position = self.screen.position
        return {"line": position.line, "character": position.character}


class Naive:
    """Asks a model with each key, shows what comes, and forgets it with the next."""

    def __init__(self, asker: Asker, before: str, after: str) -> None:
        """Take a connection, and the text around the cursor."""
        self.seen = Seen()
        self.ghost = ""
        self._asker = asker
        self._before = before
        self._after = after
        self._typed = ""
        self._sending: set[asyncio.Task[None]] = set()

    def press(self, stroke: str) -> None:
        """Press a key and ask."""
        self._typed += stroke
        self.ghost = ""
        self.seen.pressed(self._before, self._typed)
        prompt = Prompt((), "open.py", self._before + self._typed, self._after)
        task = asyncio.create_task(self._asker.ask(prompt, self._hear))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    def _hear(self, text: str) -> None:
        self.ghost += text
        self.seen.showed(self.ghost)
