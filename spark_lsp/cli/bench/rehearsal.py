"""A person who types in a real session, whose librarian and model answer at once.

Owns the loop that carries out what the session asks for, without a server and without waiting:
prompts and frames are those that would go out, and the time of a key is the session's own.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import perf_counter

from spark_lsp.cli.bench.retyping import alike
from spark_lsp.core.documents import Change
from spark_lsp.core.effects import Cancel, Effect, Open, Pack, Recall, Shelve, Warm
from spark_lsp.core.events import (
    Asked,
    Configured,
    Edited,
    Ended,
    Event,
    Opened,
    Packed,
    Recalled,
    Up,
    Vetted,
    Warmed,
)
from spark_lsp.core.packing import Packer
from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.core.retrieval import Place
from spark_lsp.core.secrets import redact
from spark_lsp.core.session import Session
from spark_lsp.core.text import Encoding, Text, difference
from spark_lsp.server.catalog import Catalog
from spark_lsp.wire import outcomes
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.client import Client
from spark_lsp.wire.layout import block_items, stable_items, tail_items
from spark_lsp.wire.server import Answered, Server, Stop

_MODEL = "bench"
_FULL_EACH = 100
"""Keys after which it is looked up what a whole prompt would have weighed."""
_SETTLED = 1_000.0
"""Seconds between two keys, so that each is a question of its own."""


@dataclass(slots=True)
class Keys:
    """What has been measured so far.

    Attributes:
        milliseconds: that the session took for each key, its librarian and its model not counted.
        splices: milliseconds that the edit of the text alone takes.
        bytes: that went out with each key, warm-ups that followed from it included.
        full: bytes that some whole prompts would have had.
        stable: characters of the stable parts of prompts.
        kept: how many of these the prompt before began with.
    """

    milliseconds: list[float] = field(default_factory=list)
    splices: list[float] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)
    full: list[int] = field(default_factory=list)
    stable: int = 0
    kept: int = 0


class Rehearsal:
    """One file that is open in a session, with a warm context."""

    def __init__(self, catalog: Catalog, path: str, text: str, window: int) -> None:
        """Open a text as a buffer of a path in a workspace that is known already."""
        self.keys = Keys()
        self._catalog = catalog
        self._packer = Packer(catalog.library, catalog.read)
        self._session = Session(Encoding.UTF32, window)
        self._wire = Client(_profile(continuation=True))
        self._cold = Client(_profile(continuation=False))
        ids = itertools.count()
        self._model = Server(_MODEL, lambda: str(next(ids)))
        self._uri = f"file:///{path}"
        self._text = Text(text)
        self._version = 1
        self._sent = 0
        self._prompt: Prompt | Rewrite | None = None
        self._head = ""
        self._spelled: dict[int, tuple[Block, str]] = {}
        self._feed(Configured(enabled=True, window=window, local=False))
        self._feed(Up())
        self._feed(Opened(self._uri, path, "", 1, text))
        self._feed(Vetted(self._uri, ""))

    def prompt(self, text: str, offset: int) -> str:
        """Turn the buffer into this text, ask at an offset, and return all text that goes out."""
        edit = difference(self._text.string, text)
        begin, end = (self._text.position(at, Encoding.UTF32) for at in (edit.start, edit.end))
        self._version += 1
        edited = Edited(self._uri, self._version, [Change(begin, end, edit.new)])
        began = perf_counter()
        after = self._text.splice(edit)
        self.keys.splices.append((perf_counter() - began) * 1000)
        asked = Asked(self._version, self._uri, after.position(offset, Encoding.UTF32), grows=True)
        self._text, self._sent, self._prompt = after, 0, None
        self.keys.milliseconds.append(self._feed(edited) + self._feed(asked))
        self.keys.bytes.append(self._sent)
        return self._whole()

    def _feed(self, event: Event) -> float:
        """Handle an event and what follows; returns the milliseconds of the event itself."""
        began = perf_counter()
        effects = self._session.handle(event, self._version * _SETTLED)
        took = (perf_counter() - began) * 1000
        for effect in effects:
            self._perform(effect)
        return took

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Open(stream, prompt):
                self._prompt = prompt
                self._take(self._wire.create(stream, prompt))
            case Cancel(stream):
                self._take(self._wire.cancel(stream))
            case Warm(stable):
                self._take(self._wire.warm(stable))
            case Shelve(path=path, text=text) if text:
                self._catalog.library.learn(path, text)
            case Pack():
                place = Place(effect.path, redact(effect.text), effect.offset, effect.recent)
                packed = self._packer.pack(place, effect.window)
                self._feed(Packed(effect.number, packed.blocks, packed.homes))
            case Recall():
                place = Place(effect.path, redact(effect.text), effect.offset)
                found = self._packer.recall(
                    place, effect.room, effect.fresh, effect.held, effect.changes
                )
                self._feed(Recalled(effect.number, found.blocks))
            case _:
                pass

    def _take(self, step: outcomes.Step) -> None:
        """Send frames to a model that has nothing to say, and hear that it is done."""
        for frame in step.frames:
            self._sent += len(frame.encode())
            self._obey(self._model.receive(frame))
        for event in step.events:
            match event:
                case outcomes.Warmed(stable=stable):
                    self._feed(Warmed(stable))
                case outcomes.Ended(handle):
                    self._feed(Ended(handle))
                case _:
                    pass

    def _obey(self, answered: Answered) -> None:
        for frame in answered.frames:
            self._take(self._wire.receive(frame))
        for command in answered.commands:
            if not isinstance(command, Stop):
                self._obey(self._model.finish(command.key))

    def _whole(self) -> str:
        """Return all text of the prompt, as the wire spells it, and keep account of it."""
        prompt, keys = self._prompt, self.keys
        if prompt is None:  # as where the cursor stands inside of a word
            return self._head
        head = "".join([*_texts(stable_items(())), *map(self._block, prompt.stable)])
        if self._head:
            keys.stable += len(head)
            keys.kept += len(head) if head == self._head else alike(self._head, head)
        self._head = head
        if len(keys.bytes) % _FULL_EACH == 1:
            step = self._cold.create(0, prompt)
            keys.full.append(sum(len(frame.encode()) for frame in step.frames))
            self._cold.lost("")
        return head + "".join(_texts(tail_items(prompt)))

    def _block(self, block: Block) -> str:
        known = self._spelled.get(id(block))
        if known is None:  # the block is kept with it, so that its id stays its own
            known = self._spelled[id(block)] = block, "".join(_texts(block_items([block])))
        return known[1]


def _profile(*, continuation: bool) -> Profile:
    return Profile(_MODEL, None, 128, lanes=True, continuation=continuation, interrupt=True)


def _texts(items: Iterable[dict[str, object]]) -> list[str]:
    return [part["text"] for item in items for part in item["content"]]  # type: ignore[attr-defined]
