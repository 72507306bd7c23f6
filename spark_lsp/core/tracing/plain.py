"""Events and effects as plain data, as JSON has it, and events back from it.

Owns the form of both: by the names of classes and fields, so that a new event or effect needs no
code here. An event is kept so that it can happen again; of what was read in other files only the
length stays, and blanks take its place. An effect is kept so that it can be compared: what an
editor is shown in full, what a model or the library is shown by its length.
"""

import dataclasses
import math
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Any, Literal, Protocol, get_args, get_origin, get_type_hints
from zlib import crc32

import msgspec

from spark_lsp.core.effects import Effect, Foresee, Pack, Proposal, Recall, Shelve, Steer
from spark_lsp.core.events import Event, Found
from spark_lsp.core.prompt import Block, Prompt, Rewrite

Data = dict[str, Any]

EVENTS: dict[str, type] = {kind.__name__: kind for kind in get_args(Event)}
"""The classes of events by their names."""

_MEASURED = (Prompt, Rewrite, Steer, Shelve, Pack, Recall, Foresee)
_PATHS = frozenset({"path", "paths", "gone", "homes"})
_OURS = frozenset({"language_id", "private", "how"})
"""Fields of short words that no person has typed."""
_SENTENCES = frozenset({"reason", "message"})
"""Fields of what is said to people; but what is found says its reason in the words of the text."""

_BLOCK = frozenset(field.name for field in dataclasses.fields(Block))
_LONGEST_BLOCK = 50_000_000
_INTEGER = 2**53
_FLOAT = 1e300
_LONG = 1_000
_HEAD = 200


class EventError(ValueError):
    """What some data lacks or has too much to be an event, in half a sentence."""


class Treatment(Protocol):
    """What happens to texts on their way into a trace."""

    def within(self, record: object) -> "Treatment":
        """Return what happens to the texts of a record in what is being told."""
        ...

    def uri(self, uri: str) -> str:
        """Return what stands for a URI."""
        ...

    def path(self, path: str) -> str:
        """Return what stands for a path."""
        ...

    def sentence(self, sentence: str) -> str:
        """Return what stands for something that we, or a provider, have said."""
        ...

    def text(self, text: str) -> str:
        """Return what stands for any other text."""
        ...


class AsItIs:
    """Leaves all texts as they are."""

    def within(self, _record: object) -> "AsItIs":
        """Return itself."""
        return self

    def uri(self, uri: str) -> str:
        """Return the URI."""
        return uri

    def path(self, path: str) -> str:
        """Return the path."""
        return path

    def sentence(self, sentence: str) -> str:
        """Return the sentence."""
        return sentence

    def text(self, text: str) -> str:
        """Return the text."""
        return text


def event_as_data(event: Event, treatment: Treatment) -> Data:
    """Return an event as data from which `event_from_data` makes it again."""
    return {"type": type(event).__name__, **_Plain(brief=False).record(event, treatment)}


def effect_as_data(effect: Effect, treatment: Treatment) -> Data:
    """Return what can be compared of an effect."""
    return {"type": type(effect).__name__, **_Plain(brief=True).record(effect, treatment)}


def event_from_data(data: Data) -> Event:
    """Return the event that some data tells of; raises `EventError`."""
    name = data.get("type")
    kind = EVENTS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise EventError(f"there is no event {name!r}")
    tagged = issubclass(kind, msgspec.Struct)
    told = {key: _restored(value) for key, value in data.items() if tagged or key != "type"}
    if unknown := told.keys() - _hints(kind).keys() - {"type"}:
        raise EventError(f"{name} has no {min(unknown)!r}")
    try:
        event: Event = msgspec.convert(told, kind)
    except msgspec.ValidationError as error:
        raise EventError(f"{name}: {error}") from None
    return event


class _Plain:
    """The way from values to data; `brief` for effects."""

    def __init__(self, *, brief: bool) -> None:
        self._brief = brief

    def record(self, record: Any, treatment: Treatment) -> Data:
        """Return the fields of a dataclass or a struct."""
        treatment = treatment.within(record)
        return dict(self._fields(record, treatment))

    def _fields(self, record: Any, treatment: Treatment) -> Iterator[tuple[str, Any]]:
        measured = self._brief and isinstance(record, _MEASURED)
        for name, hint in _hints(record.__class__).items():
            value = getattr(record, name)
            if measured and not isinstance(value, str) and _is_many(value):
                yield name, _measure(value)
            elif measured and isinstance(value, str) and name not in {"uri", "path"}:
                yield name, len(value)
            elif name in _OURS or get_origin(hint) is Literal:
                yield name, value
            elif name in _SENTENCES and not isinstance(record, Found | Proposal):
                yield name, treatment.sentence(value)
            else:
                yield name, self._plain(value, name, treatment)

    def _plain(self, value: Any, name: str, treatment: Treatment) -> Any:  # noqa: C901, PLR0911 - one arm a kind
        match value:
            case None | bool():
                return value
            case Enum():
                return value.name if self._brief else value.value
            case int():
                return max(-_INTEGER, min(value, _INTEGER))
            case float():
                return _finite(value)
            case str() if name == "uri":
                return treatment.uri(value)
            case str() if name in _PATHS:
                return treatment.path(value)
            case str():
                text = treatment.text(value)
                return _compact(text) if self._brief else text
            case Block():
                path = treatment.path(value.path) if value.path else ""
                told = dataclasses.replace(value, path=path, reason="")
                return {**{key: getattr(told, key) for key in _BLOCK}, "text": len(value.text)}
            case dict():
                return sorted(map(str, value))
            case _ if (
                _is_many(value) and self._brief and any(isinstance(it, Block) for it in value)
            ):
                return _measure(value)
            case frozenset() | set():
                return sorted(self._plain(item, name, treatment) for item in value)
            case _ if _is_many(value):
                return [self._plain(item, name, treatment) for item in value]
        record = self.record(value, treatment)
        listed = isinstance(value, msgspec.Struct) and value.__struct_config__.array_like
        return list(record.values()) if listed and not self._brief else record


def _is_many(value: Any) -> bool:
    return isinstance(value, list | tuple | frozenset | set)


def _measure(value: Any) -> Any:
    """Return how much there is: of blocks their tokens too."""
    if any(isinstance(it, Block) for it in value):
        return {"blocks": len(value), "tokens": sum(it.tokens for it in value)}
    return len(value)


def _finite(value: float) -> float:
    return 0.0 if math.isnan(value) else max(-_FLOAT, min(value, _FLOAT))


def _compact(text: str) -> str | Data:
    """Return a text as it can be compared: a long one by its beginning, length and checksum."""
    if len(text) <= _LONG:
        return text
    sum_ = crc32(text.encode("utf-8", "surrogatepass"))
    return {"begins": text[:_HEAD], "length": len(text), "checksum": sum_}


def _restored(value: Any) -> Any:
    """Return data with blanks for the texts of which only the length was kept."""
    match value:
        case list():
            return [_restored(item) for item in value]
        case dict() if value.keys() == _BLOCK and isinstance(value["text"], int):
            if not 0 <= value["text"] <= _LONGEST_BLOCK:
                raise EventError(f"no block has {value['text']} characters")
            return {**value, "text": " " * value["text"]}
        case dict():
            return {key: _restored(item) for key, item in value.items()}
        case _:
            return value


@cache
def _hints(kind: Any) -> dict[str, Any]:
    """Return the fields of a dataclass or a struct, with their types."""
    fields = msgspec.structs if issubclass(kind, msgspec.Struct) else dataclasses
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields.fields(kind)}
