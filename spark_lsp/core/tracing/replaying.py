"""A trace played once more: the same events at the same times, and what is different.

Owns the comparison and how it is told. Where the trace was masked, the session sees other texts
than it did then, and may decide otherwise: stars are equal to anything there, and a difference says
that the reason may be this. Pure; who reads the file and counts is `cli.replay`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from spark_lsp.core.effects import Draft, Effect, Open
from spark_lsp.core.events import Event, Opened
from spark_lsp.core.session import Session
from spark_lsp.core.tracing.form import Header, Line, TraceError
from spark_lsp.core.tracing.masks import MASKS
from spark_lsp.core.tracing.numbers import Numbers
from spark_lsp.core.tracing.plain import AsItIs, Data, EventError, effect_as_data, event_from_data

_LONG = 120
"""Characters of what was shown that stand in a sentence."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that the session did, and does not do now.

    Attributes:
        number: of the line, counted from the first behind the header.
        seconds: since the recording began.
        recorded: what it did then.
        now: what it does now.
        masked: whether the text was masked that it had to decide about.
    """

    number: int
    seconds: float
    recorded: str
    now: str
    masked: bool

    def __str__(self) -> str:
        where = f"event {self.number} at {self.seconds:.3f} s"
        why = " (text was masked here)" if self.masked else ""
        return f"{where}: recorded `{self.recorded}`, now `{self.now}`{why}"


@dataclass(frozen=True, slots=True)
class Step:
    """What a line has led to.

    Attributes:
        now: when it was.
        event: what happened; None if time has passed.
        effects: what the session wants done now.
        difference: in what it differs from what it wanted then, or None.
    """

    now: float
    event: Event | None
    effects: list[Effect]
    difference: Difference | None


class Replay:
    """A fresh session that lives through a trace."""

    def __init__(self, header: Header) -> None:
        """Take what the session was made with."""
        self.session = Session(header.encoding, header.window, header.policy)
        self._start = header.start
        self._number = 0
        self._numbers = Numbers()
        self._masked: set[str] = set()
        self._paths: dict[str, str] = {}
        self._requests: dict[int, str] = {}
        self._streams: dict[int, str] = {}

    def play(self, line: Line) -> Step:
        """Let happen what a line tells; raises `TraceError` if it tells of nothing that can."""
        self._number += 1
        now = self._start + line.at
        try:
            told = None if line.event is None else self._numbers.event(line.event)
            event = None if told is None else event_from_data(told)
        except EventError as error:
            raise TraceError(f"event {self._number} of the trace is damaged: {error}") from None
        effects = self.session.tick(now) if event is None else self.session.handle(event, now)
        masked = self._is_masked(line, event, effects)
        follows = [effect_as_data(effect, AsItIs()) for effect in effects]
        return Step(now, event, effects, self._compared(line, follows, masked=masked))

    def _compared(self, line: Line, told: list[Data], *, masked: bool) -> Difference | None:
        if line.effects is None:
            pair = ("the session failed", _all(told))
        else:
            both = zip_longest(self._numbers.effects(line.effects, told), told)
            differing = next((it for it in both if not _same(*it, masked=masked)), None)
            if differing is None:
                return None
            pair = _sentences(*differing, masked=masked)
        return Difference(self._number, line.at, *pair, masked)

    def _is_masked(self, line: Line, event: Event | None, effects: list[Effect]) -> bool:
        """Whether a text was masked that has a say in what comes of an event."""
        uri = getattr(event, "uri", None)
        request = getattr(event, "request", None)
        stream = getattr(event, "stream", None)
        if isinstance(event, Opened):
            self._paths[event.path] = event.uri
        if isinstance(uri, str) and isinstance(request, int):
            self._requests[request] = uri
        if not isinstance(uri, str):
            uri = self._streams.get(stream or 0) or self._requests.get(request or 0)
        for effect in effects:
            if isinstance(effect, Open | Draft):
                self._streams[effect.stream] = self._paths.get(effect.prompt.path, "")
        if line.masked and uri:
            self._masked.add(uri)
        return line.masked or (uri in self._masked if uri else bool(self._masked))


def _same(recorded: Any, now: Any, *, masked: bool) -> bool:
    """Whether two effects, as data, say the same."""
    return next(_differing(recorded, now, masked=masked), None) is None


def _differing(
    recorded: Any, now: Any, *, masked: bool, name: str = ""
) -> Iterator[tuple[str, Any, Any]]:
    """Yield the name of each field that two data differ in, with what stands there."""
    match recorded, now:
        case dict(), dict():
            for key in (*recorded, *(key for key in now if key not in recorded)):
                one, other = recorded.get(key), now.get(key)
                yield from _differing(one, other, masked=masked, name=f"{name}.{key}".strip("."))
        case list(), list() if len(recorded) == len(now):
            for at, (one, other) in enumerate(zip(recorded, now, strict=True)):
                yield from _differing(one, other, masked=masked, name=f"{name}.{at}".strip("."))
        case str(), str() if masked and len(recorded) == len(now):
            if any(a != b and not {a, b} & MASKS for a, b in zip(recorded, now, strict=True)):
                yield name, recorded, now
        case int(), int() if masked and name.endswith("checksum"):
            pass
        case _ if recorded != now:
            yield name, recorded, now


def _sentences(recorded: Data | None, now: Data | None, *, masked: bool) -> tuple[str, str]:
    """Tell two effects apart, each in a few words."""
    pair = (_said(recorded), _said(now))
    if recorded and now and pair[0] == pair[1]:
        name, one, other = next(_differing(recorded, now, masked=masked))
        return (f"{pair[0]}, {name} {_value(one)}", f"{pair[1]}, {name} {_value(other)}")
    return pair


def _all(told: list[Data]) -> str:
    return "; ".join(map(_said, told)) or "nothing"


def _said(effect: Data | None) -> str:
    """Say an effect in a few words: what it is, of what, the text, and why."""
    if effect is None:
        return "nothing"
    words = [str(effect.get("verdict") or effect.get("type", "?")).lower()]
    words += [str(effect[name]).lower() for name in ("kind", "what", "refusal") if name in effect]
    numbers = (effect.get(name) for name in ("request", "stream", "number"))
    words += [str(number) for number in numbers if isinstance(number, int)]
    shown = [_value(text) for text in _texts(effect)]
    said = " ".join([*words, *shown])
    reason = effect.get("reason") or effect.get("message")
    return f"{said}: {reason}" if isinstance(reason, str) else said


def _texts(data: Any) -> Iterator[str | Data]:
    """Yield what stands in the `text` fields of data, however deep."""
    match data:
        case dict():
            for key, value in data.items():
                if key == "text" and isinstance(value, str | dict):
                    yield value
                else:
                    yield from _texts(value)
        case list():
            for value in data:
                yield from _texts(value)


def _value(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"
