"""Which answers and questions of a trace are which in its replay.

A session counts them itself. After the first difference it may have asked once more or less than it
did, and from then on all its numbers would be other ones; what they mean need not be.

Owns the pairs. They are found where both do the same thing at the same event.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from spark_lsp.core.tracing.plain import Data

_KINDS = {
    "stream": "answer",
    "answer": "answer",
    "answers": "answer",
    "expected": "answer",
    "number": "question",
}
"""The fields that hold numbers, and of what."""

_Change = Callable[[str, int], int]


class Numbers:
    """The numbers of a trace, and those of its replay."""

    def __init__(self) -> None:
        """Begin without any."""
        self._now: dict[tuple[str, int], int] = {}
        self._taken: set[tuple[str, int]] = set()

    def event(self, event: Data) -> Data:
        """Return an event with the numbers that it has now; one of nothing that is now has none."""
        changed: Data = _changed(event, self._meant)
        return changed

    def effects(self, recorded: Sequence[Data], now: Sequence[Data]) -> list[Data]:
        """Return recorded effects with the numbers that they have now, as far as these are known.

        What happens now may tell more of them.
        """
        for kind in {effect.get("type") for effect in recorded}:
            pairs = (
                [it for it in effects if it.get("type") == kind] for effects in (recorded, now)
            )
            for one, other in zip(*pairs, strict=False):
                for pair in zip(_numbers(one), _numbers(other), strict=False):
                    self._pair(*pair)
        return [
            _changed(effect, lambda kind, it: self._now.get((kind, it), it)) for effect in recorded
        ]

    def _pair(self, recorded: tuple[str, int], now: tuple[str, int]) -> None:
        if recorded not in self._now and now not in self._taken and recorded[0] == now[0]:
            self._now[recorded] = now[1]
            self._taken.add(now)

    def _meant(self, kind: str, number: int) -> int:
        if (kind, number) in self._now:
            return self._now[kind, number]
        return -number if (kind, number) in self._taken else number


def _numbers(data: Any, name: str = "") -> Iterator[tuple[str, int]]:
    """Yield the numbers in some data, each with its kind."""
    match data:
        case dict():
            for key, value in data.items():
                yield from _numbers(value, key)
        case list():
            for value in data:
                yield from _numbers(value, name)
        case int() if name in _KINDS:
            yield _KINDS[name], data


def _changed(data: Any, change: _Change, name: str = "") -> Any:
    """Return some data with other numbers in it."""
    match data:
        case dict():
            return {key: _changed(value, change, key) for key, value in data.items()}
        case list():
            return [_changed(value, change, name) for value in data]
        case int() if name in _KINDS:
            return change(_KINDS[name], data)
        case _:
            return data
