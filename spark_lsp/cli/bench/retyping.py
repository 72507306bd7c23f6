"""What typing costs a prefix cache: functions are written key by key, and each prompt is counted.

A key's uncached tokens are those of its prompt after the longest prefix that it shares with any
prompt before it. This is reckoned on text: the common prefix is found in characters and taken back
to where o200k always cuts, before the word at hand, and only what follows is tokenised. So a figure
is exact but for the first pieces of that word, which are counted as not cached.
"""

import re
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from statistics import fmean

from spark_lsp.core import tokens
from spark_lsp.core.symbols import Definition
from spark_lsp.core.text import Edit, Text

Prompt = Callable[[str, int], str]
"""The whole prompt for a text and an offset in it."""

_BLOCK = 4096
"""Characters that are compared at once."""
_SPLIT = re.compile(r"(?<=\S)[ \t]|(?<=\n)(?=[ \t]*[^\s/])")
"""Where o200k cuts whatever follows: before a gap, and at the start of a line that has text."""
_STAY = 200
"""Keys typed at one place: whoever stays longer costs less."""
_STROKE = re.compile(r"\n[ \t]*|[^\n]")
"""What comes with one key."""
_TYPED = frozenset({"function", "method"})
"""Kinds of definitions whose bodies are typed."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What was measured, in tokens.

    Attributes:
        keys: how many were typed.
        prompt: the mean of whole prompts, counted on the first and reckoned by length on others.
        uncached: the mean of what a prefix cache does not have.
    """

    keys: int
    prompt: float
    uncached: float


@dataclass(frozen=True, slots=True)
class Typing:
    """A text in which some functions are still to be written, and the keys that write them."""

    start: str
    keys: tuple[Edit, ...]

    def states(self) -> Iterator[tuple[str, int]]:
        """Yield the text and the cursor's offset after each key."""
        text = self.start
        for key in self.keys:
            text = text[: key.start] + key.new + text[key.end :]
            yield text, key.start + len(key.new)


def typing(text: str, definitions: Iterable[Definition], most: int) -> Typing:
    """Return how the bodies of functions are written, the longest first, in so many keys at most.

    Of each only the beginning is written, then the person goes on to the next. The editor indents:
    spaces at the start of a line come with its newline, as one key.
    """
    chosen: list[tuple[int, int, list[str]]] = []
    for start, end in bodies(text, definitions):
        if most <= 0:
            break
        strokes = _STROKE.findall(text[start:end])[: min(most, _STAY)]
        most -= len(strokes)
        chosen.append((start, end, strokes))
    without = text
    for start, end, _ in sorted(chosen, reverse=True):
        without = without[:start] + without[end:]
    keys: list[Edit] = []
    written: dict[int, int] = {}
    for start, _, strokes in chosen:
        at = start - sum(end - first for first, end, _ in chosen if first < start)
        at += sum(length for first, length in written.items() if first < start)
        for stroke in strokes:
            keys.append(Edit(at, at, stroke))
            at += len(stroke)
        written[start] = sum(map(len, strokes))
    return Typing(without, tuple(keys))


def measure(typing: Typing, prompt: Prompt) -> Typed:
    """Count what each key costs."""
    cache = PrefixCache()
    uncached: list[int] = []
    lengths: list[int] = []
    rate = 0.0
    for text, offset in typing.states():
        whole = prompt(text, offset)
        if not lengths:
            rate = tokens.count(whole) / max(len(whole), 1)
            cache.add(whole)
        lengths.append(len(whole))
        uncached.append(cache.uncached(whole))
        cache.add(whole)
    if not uncached:
        return Typed(0, 0.0, 0.0)
    return Typed(len(uncached), fmean(lengths) * rate, fmean(uncached))


def bodies(text: str, definitions: Iterable[Definition]) -> list[tuple[int, int]]:
    """Return the spans of the bodies of outermost functions, the longest first.

    The indentation of the first line is there already.
    """
    lines = Text(text)
    spans: list[tuple[int, int]] = []
    covered = 0
    for it in sorted(definitions, key=lambda it: (it.start_line, -it.end_line)):
        if it.kind not in _TYPED or it.end_line >= lines.line_count:
            continue
        head = text.find(it.signature, lines.line_start(it.start_line))
        if head < 0:
            continue
        first = lines.line_at(head + len(it.signature)) + 1
        if it.start_line >= covered and first <= it.end_line:
            start, end = lines.line_start(first), lines.line_end(it.end_line)
            indented = len(text[start:end]) - len(text[start:end].lstrip(" \t"))
            spans.append((start + indented, end))
            covered = it.end_line + 1
    return sorted(spans, key=lambda span: (span[0] - span[1], span))


class PrefixCache:
    """Prompts seen, kept as a tree of their prefixes in blocks, so that none is searched for.

    A prompt of 500,000 characters is 120 look-ups by value of its blocks; equal blocks are one.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._children: dict[tuple[int, str], int] = {}
        # The first blocks after each node, in order: the likest to a text stand beside it.
        self._blocks: dict[int, list[str]] = {}

    def add(self, prompt: str) -> None:
        """Remember a prompt."""
        node = 0
        for block in _cut(prompt):
            step = (node, block)
            if step not in self._children:
                self._children[step] = len(self._children) + 1
                insort(self._blocks.setdefault(node, []), block)
            node = self._children[step]

    def common(self, prompt: str) -> int:
        """Return how many characters the prompt shares with the start of one seen before."""
        node = shared = 0
        for block in _cut(prompt):
            further = self._children.get((node, block))
            if further is None:
                others = self._blocks.get(node, [])
                at = bisect_left(others, block)
                near = others[max(0, at - 1) : at + 1]
                return shared + max((alike(block, it) for it in near), default=0)
            node = further
            shared += len(block)
        return shared

    def uncached(self, prompt: str) -> int:
        """Return the tokens of what is not shared, from the cut before it."""
        shared = self.common(prompt)
        start = max(0, shared - _BLOCK)
        cut = max((it.start() for it in _SPLIT.finditer(prompt, start, shared)), default=0)
        return tokens.count(prompt[max(start, cut) :])


def alike(one: str, other: str) -> int:
    """Return how many characters two texts share at their start."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _cut(prompt: str) -> Iterator[str]:
    return (prompt[at : at + _BLOCK] for at in range(0, len(prompt), _BLOCK))
