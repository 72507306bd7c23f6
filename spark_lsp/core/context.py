"""What stays the same in a prompt from key to key, and when it is packed anew.

Theory of operation
-------------------
A model's prefix cache, and our warm connection, keep hitting only while not one byte of what they
have seen changes. So the stable part of prompts lives in *epochs*. A new epoch is packed elsewhere
and warmed on the connection, while the old one goes on; it is swapped in when it is warm. Within an
epoch the stable part only grows, by chunks that a new place asks for and by what has been edited
where the tail does not show it.

Whatever is added makes the model read the tail anew, so it is asked for when that costs nothing, as
the cursor has moved far away, or when enough has been typed to pay for it. When the room for growth
is used up, an epoch sheds half of what it has grown by, which leaves its head where the model's
cache has it. It ends when the open document is not in it or has other instructions, or when
a fifth of what is frozen has gone stale.

Owns the epochs, and the questions that are asked to fill them, one at a time. What goes into them
is decided in `packing`, in another process.
"""

import json
from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from itertools import accumulate

from spark_lsp.core import secrets
from spark_lsp.core.changes import Account, extent
from spark_lsp.core.documents import Applied, Document, Documents
from spark_lsp.core.effects import Effect, Pack, Recall, Warm
from spark_lsp.core.events import Outdated, Packed, Recalled, Settled, Warmed
from spark_lsp.core.prompt import Block, Change, Prompt, Rewrite, Share, Stretch, longest_rewrite
from spark_lsp.core.rules import is_rules
from spark_lsp.core.text import Edit, Text
from spark_lsp.core.windows import BYTES, Tail, estimated

_FAR = 48
"""Lines after which the tail has to be read anew anyway."""
_PAID = 100
"""Characters typed that pay for reading the tail anew: 15 tokens for each of them."""
_STALE = 0.2
"""Share of an epoch that may have gone stale."""
_SLACK = 2_000
"""Characters that may have been edited in any epoch, however small."""
_FRESH = 128
"""Tokens that a new place may always ask for."""
_EXCERPT = 100_000
"""Characters on each side of the cursor that are looked at to find what else is needed."""
_RECENT = 12
_PATH = 64
"""Characters of a path that stand in the tail without its having less room."""


@dataclass(slots=True)
class _Epoch:
    """A stable part, and how good it still is.

    Attributes:
        head: what was packed.
        packed_for: the document that it was packed for.
        homes: directories with instructions of their own.
        room: tokens that may still be added.
        blocks: the head, and what has been added to it.
        edited: characters that were edited in its files since.
        outdated: its files that have changed on disk since.
        ended: whether much has become known that it does not know.
    """

    head: tuple[Block, ...]
    packed_for: str
    homes: frozenset[str]
    room: int
    blocks: tuple[Block, ...]
    edited: int = 0
    outdated: set[str] = field(default_factory=set)
    ended: bool = False
    paths: frozenset[str] = field(init=False)
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.paths = frozenset(block.path for block in self.head if block.kind == "file")
        self.size = sum(len(block.text) for block in self.head)

    def serves(self, path: str) -> bool:
        """Whether the epoch is still good enough for a document."""
        shown = path in self.paths or path == self.packed_for
        same_rules = self._speaking(path) == self._speaking(self.packed_for)
        fresh = self.edited <= max(_STALE * self.size, _SLACK)
        current = len(self.outdated) <= _STALE * len(self.paths)
        return shown and same_rules and fresh and current and not self.ended

    def add(self, blocks: tuple[Block, ...]) -> None:
        """Grow by some blocks."""
        self.blocks += blocks
        self.room -= sum(block.cost for block in blocks)

    def begins_with(self, stable: tuple[Block, ...]) -> bool:
        """Whether some blocks are the epoch as it is or was."""
        return len(self.head) <= len(stable) and self.blocks[: len(stable)] == stable

    def shed(self, room: int) -> "_Epoch":
        """Return the epoch with half of the room for growth free again.

        What was edited stays before what was looked up, the newest before the older.
        """
        grown = self.blocks[len(self.head) :]
        kept: list[int] = []
        left = room
        for at in sorted(range(len(grown)), key=lambda at: (grown[at].kind != "edit", -at)):
            if left - grown[at].cost < room // 2:
                break
            left -= grown[at].cost
            kept.append(at)
        blocks = tuple(grown[at] for at in sorted(kept))
        return replace(self, room=left, blocks=(*self.head, *blocks))

    def _speaking(self, path: str) -> frozenset[str]:
        return frozenset(home for home in self.homes if not home or path.startswith(f"{home}/"))


class Context:
    """The epochs of a session."""

    def __init__(self, window: int, documents: Documents, number: int = 0) -> None:
        """Take the window in tokens, the open documents, and the number of the last question."""
        self._documents = documents
        self._window = window
        self._share = Share.of(window)
        self._epoch: _Epoch | None = None
        self._coming: _Epoch | None = None
        self._warm = False
        self._asked: Pack | Recall | None = None
        self._number = number
        self._barred: set[str] = set()
        self._accounts = {document.uri: Account(document.text) for document in documents}
        self._recent: list[str] = []
        self._here: tuple[str, int] = ("", 0)
        self._place: tuple[str, int] = ("", 0)
        self._typed = 0

    def resized(self, window: int) -> "Context":
        """Return the context for a window, which takes no answer to what this one has asked."""
        if window == self._window:
            return self
        resized = Context(window, self._documents, self._number)
        resized._here, resized._recent = self._here, self._recent
        return resized

    def prompt(
        self, document: Document, offset: int, ahead: str = "", instruction: str = ""
    ) -> Prompt:
        """Return what a model is shown at an offset of a document, now.

        With a text `ahead`: at its end, as if it stood at the offset already. With an instruction,
        which takes its room from the text around the cursor.
        """
        text = document.text.splice(Edit(offset, offset, ahead)) if ahead else document.text
        told = secrets.redact(instruction)
        taken = len(told.encode("utf-8", "surrogatepass"))
        tail = self._tail(document.path, text, offset + len(ahead), taken)
        stable = self._epoch.blocks if self._epoch and self._warm else ()
        return Prompt(stable, document.path, tail.prefix, tail.suffix, told)

    def rewrite(
        self, document: Document, start: int, end: int, instruction: str, instead: str | None = None
    ) -> Rewrite:
        """Return what a model is shown when a range of a document is to be written anew.

        With a text `instead`: as if that stood in the range already. The last stable blocks give
        way to a long region; in a window, three bytes of it are taken for a token.
        """
        text = document.text
        if instead is not None:
            text, end = text.splice(Edit(start, end, instead)), start + len(instead)
        before = self._tail(document.path, text, start).prefix
        after = self._tail(document.path, text, end).suffix
        region, instruction = secrets.redacted(text.string, start, end), secrets.redact(instruction)
        asked = Rewrite((), document.path, before, region, after, instruction)
        room = self._beside(instruction) - estimated(region)
        room -= min(asked.room, longest_rewrite(self._window))
        stable = self._epoch.blocks if self._epoch and self._warm else ()
        ends = list(accumulate(block.cost for block in stable))
        return replace(asked, stable=stable[: bisect_right(ends, room)])

    def longest(self, instruction: str) -> int:
        """Return how many bytes a range may have that is rewritten by an instruction.

        It fits beside the text around it as it is and as it will be.
        """
        answer = longest_rewrite(self._window)
        room = max(0, self._beside(instruction) - answer)
        return min(room * BYTES, answer * (BYTES + 1))  # code mostly has more bytes in a token

    def _beside(self, instruction: str) -> int:
        """Return how many tokens are left for files, and a region as it is and as it will be."""
        return self._share.head + self._share.growth - estimated(instruction)

    def wish(self, document: Document, offset: int) -> Pack | Recall | Warm | None:
        """Return what is to be asked for, now that a prompt has been made at a place."""
        line = document.text.line_at(offset)
        self._here = (document.uri, offset)
        self._visited(document.path)
        if self._asked or self._coming or document.private != "":
            return None
        if self._epoch is None or not self._epoch.serves(document.path):
            return self._pack(document, offset)
        path, at = self._place
        moved = path != document.path or abs(line - at) > _FAR
        if not moved and (self._typed < _PAID or line == at):
            return None
        if self._epoch.room < self._share.growth // 4 and self._warm:
            self._coming = self._epoch.shed(self._share.growth)
            return Warm(self._coming.blocks)
        self._place, self._typed = (document.path, line), 0
        return self._recall(self._epoch, document, offset, moved=moved)

    def heard(
        self, event: Warmed | Packed | Recalled | Outdated | Settled, *, up: bool
    ) -> list[Effect]:
        """Take in what became of a question, or what has changed; returns what is to be done."""
        match event:
            case Packed():
                return self._packed(event, up=up)
            case Recalled():
                return self._recalled(event)
            case Warmed(stable):
                return self._warmed(stable)
            case Outdated(paths, gone):
                # Of open files there is an account: that they are saved makes nothing stale.
                unseen = set(paths).difference(document.path for document in self._documents)
                for epoch in self._epochs():
                    epoch.outdated.update(epoch.paths & unseen)
                    epoch.ended |= any(map(is_rules, paths))
                effects = self.expel(gone)
                if gone or any(map(is_rules, paths)):
                    effects += self.again()
                return effects
            case Settled():
                for epoch in self._epochs():
                    epoch.ended = True
                return self.again()

    def again(self) -> list[Effect]:
        """Ask for what is lacking where the person was last."""
        uri, offset = self._here
        document = self._documents.get(uri)
        wish = self.wish(document, min(offset, len(document.text))) if document else None
        return [wish] if wish else []

    def _packed(self, event: Packed, *, up: bool) -> list[Effect]:
        """Take in a stable part that has been packed; returns how it is prepared."""
        if not isinstance(self._asked, Pack) or self._asked.number != event.number:
            return []
        asked, self._asked = self._asked, None
        if event.blocks is None or self._may_show(event.blocks) != event.blocks:
            return []
        self._coming = _Epoch(
            event.blocks, asked.path, event.homes, self._share.growth, event.blocks
        )
        if up:
            return [Warm(self._coming.blocks)]
        self._swap(warm=False)
        return []

    def _recalled(self, event: Recalled) -> list[Effect]:
        """Take in what is to be added to the epoch."""
        if not isinstance(self._asked, Recall) or self._asked.number != event.number:
            return []
        self._asked = None
        blocks = self._may_show(event.blocks)
        if self._epoch is None or not blocks:
            return []
        self._epoch.add(blocks)
        return [Warm(self._epoch.blocks)] if self._warm else []

    def _warmed(self, stable: tuple[Block, ...]) -> list[Effect]:
        """Use a stable part, for it has been prepared, or cannot be."""
        if self._coming and stable == self._coming.blocks:
            self._swap(warm=True)
            if self._epoch and self._epoch.ended:
                # Much has become known while it was prepared.
                return self.again()
        elif (epoch := self._epoch) and not self._warm and epoch.begins_with(stable):
            self._warm = True
            if len(epoch.blocks) > len(stable):
                # It has grown while it was prepared.
                return [Warm(epoch.blocks)]
        return []

    def connected(self) -> list[Effect]:
        """Have the stable part prepared on a new connection."""
        epoch = self._coming or self._epoch
        return [Warm(epoch.blocks)] if epoch else []

    def disconnected(self) -> None:
        """Prompts are small until the next connection has been prepared."""
        self._warm = False

    def expel(self, paths: Collection[str]) -> list[Effect]:
        """Show nothing any more of files that may not be shown; returns what is to be done."""
        unwanted = set(paths)
        if self._asked:
            self._barred |= unwanted
        before = self._coming
        for epoch in self._epochs():
            if any(block.path in unwanted for block in epoch.blocks):
                self._epoch = None if epoch is self._epoch else self._epoch
                self._coming = None if epoch is self._coming else self._coming
        if before and not self._coming and self._epoch and not self._warm:
            # On a new connection, only what was to come has been prepared.
            return [Warm(self._epoch.blocks)]
        return []

    def opened(self, document: Document) -> None:
        """Begin to keep account of a document."""
        self._accounts[document.uri] = Account(document.text)

    def closed(self, uri: str) -> None:
        """End the account of a document."""
        self._accounts.pop(uri, None)

    def edited(self, uri: str, applied: Applied) -> None:
        """Keep account of an edit of a document."""
        document = self._documents.get(uri)
        if document is None:
            return
        size = extent(applied.removed, applied.edit.new)
        self._typed += size
        for epoch in self._epochs():
            if document.path in epoch.paths:
                epoch.edited += size
        self._accounts[uri].edited(applied.edit, document.text)

    def _pack(self, document: Document, offset: int) -> Pack:
        self._number += 1
        self._barred.clear()
        recent = tuple(path for path in self._recent if path != document.path)
        asked = Pack(
            self._number, document.path, document.text.string, offset, recent, self._window
        )
        self._asked = asked
        self._place, self._typed = (document.path, document.text.line_at(offset)), 0
        for account in self._accounts.values():
            account.begin_anew()
        return asked

    def _recall(self, epoch: _Epoch, document: Document, offset: int, *, moved: bool) -> Recall:
        self._number += 1
        self._barred.clear()
        told: list[Change] = []
        tail = self._tail(document.path, document.text, offset)
        for other in self._documents:
            if other.private == "":
                shown = tail if other is document else None
                told += self._accounts[other.uri].taken(other.path, shown)
        start = max(0, offset - _EXCERPT)
        text = document.text.string[start : offset + _EXCERPT]
        held = tuple(
            Stretch(block.path, block.start_line, block.end_line)
            for block in epoch.blocks
            if block.kind in {"file", "chunk"}
        )
        fresh = max(_FRESH, self._share.growth // 16) if moved else 0
        asked = Recall(
            self._number,
            document.path,
            text,
            offset - start,
            epoch.room,
            fresh,
            held,
            tuple(told),
        )
        self._asked = asked
        return asked

    def _epochs(self) -> list[_Epoch]:
        return [epoch for epoch in (self._epoch, self._coming) if epoch]

    def _may_show(self, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
        """Return the blocks of an answer without files that meanwhile must not be shown."""
        return tuple(block for block in blocks if block.path not in self._barred)

    def _tail(self, path: str, text: Text, offset: int, taken: int = 0) -> Tail:
        # Of a long path, too, no byte is more than a token.
        taken += max(0, len(json.dumps(path)) - _PATH)
        return Tail.around(text, offset, max(0, self._share.tail - taken))

    def _swap(self, *, warm: bool) -> None:
        before = self._epoch
        self._epoch, self._coming, self._warm = self._coming, None, warm
        if before and self._epoch and before.head is self._epoch.head:
            return  # it has shed, and no text is known that was not
        for account in self._accounts.values():
            account.swap()

    def _visited(self, path: str) -> None:
        if self._recent[:1] != [path]:
            self._recent = [path, *(it for it in self._recent if it != path)][:_RECENT]
