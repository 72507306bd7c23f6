"""A session as it is being recorded: events and effects in, lines of a trace out.

Theory of operation
-------------------
What a person types key by key becomes a secret with some key, and the keys before it are then part
of it. So lines are held back until what they brought has settled: the document rests, or is closed,
and it is known whether its text may leave the machine; the stream is over. Lines leave in their
order. A recording that would hold too much lets all of it go, and masks what may still become a
secret. Before lines leave, every text is looked at; texts in which something is deleted are looked
at before that, because what is typed and taken back again is in a trace all the same.

Owns what is held, and nothing about what a secret is (`masks`), which event brought which character
(`weaving`) and what else may not be told (`veil`). Pure: who writes the lines is in `server.trace`.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import floor

from msgspec import structs

import spark_lsp
from spark_lsp.core.documents import Change, Document
from spark_lsp.core.effects import Cancel, Draft, Effect, Open, Pack, Recall, Shelve
from spark_lsp.core.events import (
    Asked,
    Closed,
    Edited,
    Ended,
    Event,
    Failed,
    Opened,
    Turned,
    Vetted,
    Wrote,
)
from spark_lsp.core.policy import Policy
from spark_lsp.core.prompt import Prompt, Rewrite
from spark_lsp.core.text import Encoding, Text
from spark_lsp.core.tracing.form import Header, Line, spelled
from spark_lsp.core.tracing.masks import Known
from spark_lsp.core.tracing.names import Names
from spark_lsp.core.tracing.plain import Data, effect_as_data, event_as_data
from spark_lsp.core.tracing.veil import Privacy, Veil
from spark_lsp.core.tracing.weaving import Buffer, Slot, Stream

MOST = 2_000
"""Lines that are held back at most, and"""
MOST_CHARACTERS = 32_000_000
"""characters in them."""

_REQUESTS = 10_000
"""Requests of which it is known for which document they were made."""


@dataclass(eq=False, slots=True)
class _Held:
    """A line that may not be written yet."""

    at: float
    event: Event | None
    effects: Sequence[Effect] | None = None
    slots: list[Slot] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    size: int = 0


class Recording:
    """The trace of a session, while it goes on."""

    def __init__(
        self,
        encoding: Encoding,
        window: int,
        policy: Policy,
        breathe: Callable[[], None] = lambda: None,
    ) -> None:
        """Take what the session is made with.

        `breathe` is called between pieces of work of less than a millisecond each.
        """
        self._header: Header | None = Header(
            version=spark_lsp.__version__, encoding=encoding, window=window, policy=policy
        )
        self._encoding, self._breathe = encoding, breathe
        self._start: float | None = None
        self._now = 0.0
        self._pending: _Held | None = None
        self._held: deque[_Held] = deque()
        self._size = 0
        self._buffers: dict[str, Buffer] = {}
        self._streams: dict[int, Stream] = {}
        self._requests: dict[int, str] = {}
        self._known, self._names, self._privacy = Known(), Names(), Privacy()

    def event(self, event: Event, now: float) -> None:
        """Take in what happens, before the session does."""
        self._fail()
        self._pending = self._at(event, now)
        self._note(self._pending, event, now)

    def effects(self, effects: Sequence[Effect], now: float) -> None:
        """Take in what the session wants done; without an event before, time has passed."""
        held, self._pending = self._pending or self._at(None, now), None
        held.effects = effects
        for effect in effects:
            match effect:
                case Open(number, prompt) | Draft(number, prompt):
                    self._streams[number] = self._opened(prompt)
                case Cancel(number):
                    self._end(number)
                case Shelve() | Pack() | Recall():
                    held.size += len(effect.text or "")
        self._hold(held)

    def idle(self, seconds: float) -> None:
        """Let time pass in which nothing happens."""
        self._now += seconds

    def lines(self) -> list[bytes]:
        """Return what can be written by now."""
        if len(self._held) > MOST or self._size > MOST_CHARACTERS:
            return self._let_go()
        if not self._held or not self._settled(self._held[0]):
            return []
        self._look()
        for buffer in self._buffers.values():
            if buffer.settled(self._now):
                buffer.hide_what_is_unfinished()
        lines = self._begun()
        while self._held and self._settled(self._held[0]):
            lines.append(self._written(self._held.popleft()))
        self._settle()
        return lines

    def close(self) -> list[bytes]:
        """End the recording, and return what is left of it."""
        self._fail()
        return self._let_go()

    def _let_go(self) -> list[bytes]:
        """Return all that is held, settled or not."""
        self._look()
        for uri, buffer in self._buffers.items():
            buffer.hide_what_is_unfinished()
            if not buffer.judged:
                self._forbid(uri, buffer)
        for stream in self._streams.values():
            stream.hide_what_is_unfinished()
        lines = self._begun()
        lines += map(self._written, self._held)
        self._held.clear()
        self._settle()
        return lines

    def _at(self, event: Event | None, now: float) -> _Held:
        if self._start is None:
            # A whole number: what is left of a time without it is exact.
            self._start = float(floor(now))
        self._now = now
        return _Held(now - self._start, event)

    def _fail(self) -> None:
        """Hold the last event, if nothing came of it because the session has failed."""
        if self._pending:
            held, self._pending = self._pending, None
            self._hold(held)

    def _hold(self, held: _Held) -> None:
        held.size += sum(len(slot.text) for slot in held.slots)
        self._size += held.size
        self._held.append(held)

    def _note(self, held: _Held, event: Event, now: float) -> None:
        """Keep what will be needed to tell of an event."""
        request, uri = getattr(event, "request", None), getattr(event, "uri", None)
        if isinstance(request, int) and isinstance(uri, str):
            self._requests.pop(request, None)
            self._requests[request] = uri
            if len(self._requests) > _REQUESTS:
                del self._requests[next(iter(self._requests))]
        match event:
            case Wrote() | Turned() | Ended() | Failed():
                self._note_stream(held, event)
            case Opened():
                self._close(event.uri)
                text = Text(event.text)
                document = Document(event.uri, event.path, event.language_id, event.version, text)
                buffer = Buffer(document, self._known, self._breathe, now)
                self._buffers[event.uri] = buffer
                self._privacy.opened(event.uri, event.path)
                held.slots.append(buffer.slot)
            case Vetted(uri, private):
                if judged := self._buffers.get(uri):
                    judged.judged = True
                    if private:
                        self._forbid(uri, judged)
            case Edited(uri, version, changes) if edited := self._buffers.get(uri):
                for change in changes:
                    held.changes.append(edited.edit(version, change, self._encoding, now))
                    held.slots.append(edited.slot)
            case Closed(uri):
                self._close(uri)
            case Asked():
                self._note_menu(held, event)

    def _note_stream(self, held: _Held, event: Wrote | Turned | Ended | Failed) -> None:
        number = event.stream
        stream = self._streams.get(number)
        match event:
            case Wrote():
                held.slots.append((stream or self._gone()).wrote(event.text))
            case Turned():
                self._end(number)
                if stream:
                    self._streams[number] = stream.anew()
            case Ended() | Failed():
                self._end(number)

    def _note_menu(self, held: _Held, event: Asked) -> None:
        """Look at what the menu has selected as if it stood in the text."""
        buffer = self._buffers.get(event.uri)
        if event.selected is None or buffer is None:
            return
        places = (event.selected.start, event.selected.end)
        start, end = (buffer.document.text.offset(at, self._encoding) for at in places)
        around = buffer.before(start), buffer.after(end)
        menu = Stream(event.uri, *around, self._known, self._breathe)
        held.slots.append(menu.wrote(event.selected.text))
        menu.over = True
        menu.look()

    def _opened(self, prompt: Prompt | Rewrite) -> Stream:
        match prompt:
            case Prompt():
                around = (prompt.prefix, prompt.suffix)
            case Rewrite():
                around = (prompt.before, prompt.after)
        return Stream(self._privacy.home(prompt.path), *around, self._known, self._breathe)

    def _gone(self) -> Stream:
        """Return a stream that nobody reads any more, for what still comes of it."""
        gone = Stream("", "", "", self._known, self._breathe)
        gone.over = True
        return gone

    def _end(self, number: int) -> None:
        if stream := self._streams.pop(number, None):
            stream.over = True
            stream.look()

    def _close(self, uri: str) -> None:
        if buffer := self._buffers.pop(uri, None):
            buffer.look()
            buffer.over = True
            if not buffer.judged:
                self._forbid(uri, buffer)

    def _forbid(self, uri: str, buffer: Buffer) -> None:
        buffer.judged = True
        self._privacy.forbid(uri)

    def _look(self) -> None:
        """Know every secret there is, before anything is told."""
        for text in self._texts():
            text.look()

    def _settled(self, held: _Held) -> bool:
        return all(slot.home.settled(self._now) for slot in held.slots)

    def _settle(self) -> None:
        for text in self._texts():
            text.settle()

    def _texts(self) -> Iterator[Buffer | Stream]:
        yield from self._buffers.values()
        yield from self._streams.values()

    def _begun(self) -> list[bytes]:
        """Return the header, the first time."""
        header, self._header = self._header, None
        return [spelled(structs.replace(header, start=self._start or 0.0))] if header else []

    def _written(self, held: _Held) -> bytes:
        self._size -= held.size
        veil = Veil(self._names, self._known, self._privacy, self._requests)
        event = self._told(held, held.event, veil) if held.event else None
        effects = held.effects
        told = None if effects is None else [effect_as_data(effect, veil) for effect in effects]
        self._breathe()
        return spelled(Line(held.at, event, told, veil.masked))

    def _told(self, held: _Held, event: Event, veil: Veil) -> Data:
        """Return an event with its own texts as they were looked at in their places."""
        texts: list[str] = []
        for slot in held.slots:
            home = slot.home
            uri = home.uri if isinstance(home, Stream) else home.document.uri
            texts.append(veil.woven(slot.text, slot.masked(), uri))
            slot.written = True
        match event:
            case Opened():
                private = self._privacy.forbidden(event.uri)
                self._names.opened(event.uri, event.path, private=private)
                return {**event_as_data(replace(event, text=""), veil), "text": texts[0]}
            case Wrote():
                return {**event_as_data(replace(event, text=""), veil), "text": texts[0]}
            case Edited() if held.changes:
                data = event_as_data(replace(event, changes=held.changes), veil)
                for change, text in zip(data["changes"], texts, strict=True):
                    change["text"] = text
                return data
            case Asked() if texts:
                data = event_as_data(event, veil)
                data["selected"]["text"] = texts[0]
                return data
            case _:
                return event_as_data(event, veil)
