"""What of all that may be needed goes into a prompt, to the last token.

Owns what stands where in the stable part:

    instructions | signatures, by path | chunks and files, by path || chunks, edits as they come

What stands before the bar is packed at once and then frozen; the rest only grows. In small windows
signatures and chunks say more than whole files, in large ones it is the other way round. A prompt
never exceeds its window: every block is counted with what the wire may put around it. What may be
needed is decided in `retrieval`, and when to pack in `context`.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice

from spark_lsp.core import rules, tokens
from spark_lsp.core.lexicon import Hit
from spark_lsp.core.library import Library
from spark_lsp.core.prompt import SMALL, Block, Change, Share, Stretch
from spark_lsp.core.retrieval import Gathered, Place, Wanted, gather, members, nearby
from spark_lsp.core.symbols import Definition
from spark_lsp.core.text import Text

_FRAME = 18
"""Tokens of what the wire puts around a block, its path not counted."""
_HITS = 400
"""Chunks that are considered for a whole window."""
_RECENT = 3
"""Files that were looked at lately and go before all others."""
_MISSES = 60
"""Files that may be too large for what is left before no more are tried."""
_FEW_MISSES = 8
"""Chunks that may be too large for what is left before no more are tried."""
_TEXTS = 32
"""Files whose lines are remembered while chunks of them may still come."""
_LEAST = 64
"""Tokens below which nothing is worth its frame."""
_CHUNKS = 15
"""Percent of a large window for what is not shown whole."""
_SIGNATURES = 12
"""Percent of what is left after whole files for signatures."""
_ADDED = 8
"""Chunks that are considered to be added at a time."""
_EDIT = 600
"""Tokens of an edit above which it is not told: the file will be, anew."""
_LONGEST_TOKEN = 128
_DENSE = 6
"""Characters a token has in text that takes little room."""
_KINDS = ("rules", "signatures", "chunk", "file", "edit")


@dataclass(frozen=True, slots=True)
class Packed:
    """A stable part to begin with, or what is added to one.

    Attributes:
        blocks: in their order.
        homes: the directories that have instructions of their own.
    """

    blocks: tuple[Block, ...]
    homes: frozenset[str] = frozenset()

    @property
    def tokens(self) -> int:
        """What the blocks cost, with what the wire puts around them."""
        return sum(block.cost for block in self.blocks)


class Packer:
    """Packs for one workspace; `read` returns the masked text of a file, or None if it is gone."""

    def __init__(self, library: Library, read: Callable[[str], str | None]) -> None:
        self._library = library
        self._read = read

    def pack(self, place: Place, window: int) -> Packed:
        """Return the stable part of prompts at a place, for a window of so many tokens."""
        # The path stands in the tail, too.
        head = self.head(place, Share.of(window).head - tokens.count(_quoted(place.path)))
        return Packed(head, rules.homes(self._library.rules))

    def head(self, place: Place, room: int, *, own: bool = True) -> tuple[Block, ...]:
        """Return blocks for so many tokens, without the open file itself if that is not wanted."""
        small = room <= SMALL
        gathered = gather(self._library, place, _HITS)
        head = _Parcel(room)
        for block in rules.blocks(self._library.rules, place.path):
            head.add(block)
        if own:
            head.add(_excerpt(place, head.room // (2 if small else 3) - _frame(place.path)))
        if small:
            self._signatures(gathered, head, head.room * _SIGNATURES // 100)
        else:
            keep = head.room * _CHUNKS // 100
            # Who goes back and forth between two large files is to stay within one stable part.
            recent = [(path, "looked at lately") for path in place.recent[:_RECENT]]
            self._files(recent, head, keep=keep, largest=head.room // 4)
            self._files(gathered.files, head, keep=keep)
            self._signatures(gathered, head, head.room * _SIGNATURES // 100)
        self._chunks(gathered.chunks, head, _HITS)
        self._files(chain(gathered.files, self._others(place, gathered)), head, keep=0)
        self._chunks(self._beginnings(place, gathered), head, _MISSES)
        return tuple(sorted(head.blocks, key=_order))

    def recall(
        self,
        place: Place,
        room: int,
        fresh: int,
        held: Iterable[Stretch],
        changes: Iterable[Change],
    ) -> Packed:
        """Return what to add to a stable part that holds some stretches.

        That is what has been changed, within `room` tokens, and within `fresh` of them chunks that
        the place asks for.
        """
        told = _Parcel(room)
        for change in changes:
            told.add(_told(change), most=_EDIT)
        found = _Parcel(min(fresh, told.room), held)
        self._chunks(nearby(self._library, place, _ADDED), found, _ADDED)
        return Packed((*told.blocks, *found.blocks))

    def wanted(self, place: Place) -> Iterator[tuple[str, list[Definition]]]:
        """Yield what may be needed at a place with what stands inside of it, best first."""
        for wanted in gather(self._library, place, _HITS).definitions:
            yield wanted.path, members(self._library, wanted)

    def _files(
        self,
        files: Iterable[tuple[str, str]],
        parcel: "_Parcel",
        *,
        keep: int,
        largest: int | None = None,
    ) -> None:
        """Add whole files, none of them too large a part of all, and leave some room."""
        largest = largest or max(2_000, parcel.room // 6)
        misses = 0
        for path, reason in files:
            room = parcel.room - keep
            if room < _LEAST or misses > _MISSES:
                return
            size = self._library.size(path)
            # Nothing has more than a few bytes a token: what is far too large is not read.
            if parcel.speaks_of(path) or rules.is_rules(path):
                continue
            if not size or size > 8 * min(room, largest):
                continue
            text = self._text(path)
            block = text and _whole(path, text, reason)
            if not block or not parcel.add(block, most=min(room, largest)):
                misses += 1

    def _others(self, place: Place, gathered: Gathered) -> Iterator[tuple[str, str]]:
        """Yield the files that no signal has named: of the same language first, nearest first."""
        named = {path for path, _ in gathered.files}
        ending = place.path.rpartition(".")[2]
        folders = place.path.split("/")[:-1]

        def distance(path: str) -> tuple[bool, int, str]:
            shared = 0
            for one, other in zip(folders, path.split("/"), strict=False):
                if one != other:
                    break
                shared += 1
            return path.rpartition(".")[2] != ending, path.count("/") - 2 * shared, path

        paths = (path for path in self._library.records if path not in named)
        for path in sorted(paths, key=distance):
            yield path, "near in the tree"

    def _beginnings(self, place: Place, gathered: Gathered) -> Iterator[Hit]:
        """Yield the first chunks of files that no signal has named: what fills the last gap."""
        for path, _ in islice(self._others(place, gathered), 2 * _MISSES):
            for chunk in self._library.records[path].chunks[:1]:
                yield Hit(path, chunk.start_line, chunk.end_line, 0.0)

    def _signatures(self, gathered: Gathered, parcel: "_Parcel", room: int) -> None:
        """Add signatures, the most wanted first, as one block for each file."""
        chosen: dict[str, dict[Definition, None]] = {}
        reasons: dict[str, str] = {}
        held = parcel.paths | set(self._library.rules)
        for wanted in chain(gathered.definitions, self._skeleton(gathered.files)):
            if wanted.path in held or wanted.definition in chosen.get(wanted.path, ()):
                continue
            shown = members(self._library, wanted)
            cost = sum(tokens.count(it.signature + "\n") for it in shown)
            if wanted.path not in chosen:
                cost += _frame(wanted.path)
            if cost > room:
                if room < _LEAST:
                    break
                continue
            room -= cost
            chosen.setdefault(wanted.path, {}).update(dict.fromkeys(shown))
            reasons.setdefault(wanted.path, wanted.reason)
        for path, definitions in chosen.items():
            ordered = sorted(definitions, key=lambda it: (it.start_line, -it.end_line))
            text = "\n".join(it.signature for it in ordered)
            last = max(it.end_line for it in ordered)
            parcel.add(Block("signatures", path, text, reasons[path], ordered[0].start_line, last))

    def _skeleton(self, files: Iterable[tuple[str, str]]) -> Iterator[Wanted]:
        for path, reason in files:
            symbols = self._library.index.symbols(path)
            for definition in symbols.definitions if symbols else ():
                yield Wanted(path, definition, reason)

    def _chunks(self, hits: Iterable[Hit], parcel: "_Parcel", most: int) -> None:
        """Add the chunks that are not there yet."""
        texts: dict[str, Text] = {}
        misses = 0
        for hit in hits:
            if not most or parcel.room < _LEAST or misses > _FEW_MISSES:
                return
            if rules.is_rules(hit.path) or parcel.holds(hit.path, hit.start_line, hit.end_line):
                continue
            if hit.path not in texts:
                if len(texts) == _TEXTS:
                    texts.clear()
                texts[hit.path] = Text(self._text(hit.path) or "")
            text = _lines(texts[hit.path], hit.start_line, hit.end_line)
            if text.strip():
                reason = "speaks of the words near the cursor" if hit.score else "near in the tree"
                block = Block("chunk", hit.path, text, reason, hit.start_line, hit.end_line)
                added = parcel.add(block)
                most -= added
                misses += not added

    def _text(self, path: str) -> str | None:
        opened = self._library.open_text(path)
        return self._read(path) if opened is None else opened


class _Parcel:
    """Blocks that have been counted, and room for more."""

    def __init__(self, room: int, held: Iterable[Stretch] = ()) -> None:
        self.room = room
        self.blocks: list[Block] = []
        self.held = list(held)

    @property
    def paths(self) -> set[str]:
        """The files that are shown whole, as far as they are shown."""
        return {block.path for block in self.blocks if block.kind == "file"}

    def speaks_of(self, path: str) -> bool:
        """Whether any of a file is shown."""
        return any(block.path == path for block in self.blocks)

    def holds(self, path: str, start: int, end: int) -> bool:
        """Whether most of some lines is shown already."""
        shared = sum(
            max(0, min(end, it.end_line) - max(start, it.start_line) + 1)
            for it in self.held
            if it.path == path
        )
        return 2 * shared > end - start

    def add(self, block: Block, most: int | None = None) -> bool:
        """Add a block if there is room for it, and if it costs at most so many tokens."""
        size = tokens.count(block.text)
        cost = size + _frame(block.path)
        if cost > self.room or (most is not None and cost > most) or not block.text:
            return False
        self.room -= cost
        self.blocks.append(replace(block, tokens=size, cost=cost))
        if block.kind in {"file", "chunk"}:
            self.held.append(Stretch(block.path, block.start_line, block.end_line))
        return True


def _order(block: Block) -> tuple[int, str, int]:
    if block.kind == "rules":  # the most general first, as they came
        return (0, "", 0)
    return (_KINDS.index(block.kind), block.path, block.start_line)


def _frame(path: str) -> int:
    return _FRAME + tokens.count(_quoted(path))


def _quoted(path: str) -> str:
    return json.dumps(path, ensure_ascii=False)


def _whole(path: str, text: str, reason: str) -> Block:
    return Block("file", path, text, reason, 0, max(0, Text(text).line_count - 1))


def _excerpt(place: Place, room: int) -> Block:
    """Return the open file, or as much of it around the cursor as there is room for."""
    reason = "the open file as it was at packing"
    if room < _LEAST:
        return Block("file", place.path, "", reason)
    if _fits(place.text, room):
        return _whole(place.path, place.text, reason)
    whole = Text(place.text)
    here = whole.line_at(place.offset)
    # No line is shorter than its end: of so many, not all fit.
    most = min(whole.line_count, room)
    before, behind = max(1, most * 3 // 4), max(1, most // 4)
    while before + behind:
        first, last = max(0, here - before), min(whole.line_count - 1, here + behind)
        text = _lines(whole, first, last)
        if _fits(text, room):
            return Block("file", place.path, text, reason, first, last)
        # By as much as is known to be too much: counting half a megabyte takes a while.
        before, behind = (int(lines * _smaller(text, room)) for lines in (before, behind))
    return Block("file", place.path, "", reason)


def _smaller(text: str, room: int) -> float:
    """Return by how much a text that does not fit may be cut, at most, to fit."""
    if len(text) > 2 * _DENSE * room:
        return _DENSE * room / len(text)
    return 0.8


def _lines(text: Text, first: int, last: int) -> str:
    """Return some lines of a text with their ends; of lines it does not have, nothing."""
    if first >= text.line_count:
        return ""
    end = text.line_start(last + 1) if last + 1 < text.line_count else len(text)
    return text.string[text.line_start(first) : end]


def _fits(text: str, room: int) -> bool:
    # A token has 128 bytes at most: what is far too long need not be counted.
    return len(text) <= _LONGEST_TOKEN * room and tokens.count(text) <= room


def _told(change: Change) -> Block:
    """Return a change as a model reads it."""
    before, after = _marked("-", change.before), _marked("+", change.after)
    text = f"@@ line {change.line + 1}\n{before}{after}"
    last = change.line + max(0, after.count("\n") - 1)
    return Block("edit", change.path, text, "changed lately", change.line, last)


def _marked(sign: str, string: str) -> str:
    if not string:
        return ""
    text = Text(string)
    return "".join(f"{sign}{text.line(line)}\n" for line in range(text.line_count))
