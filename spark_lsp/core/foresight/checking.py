"""Which edits leave a file no worse than it is.

Owns that judgement: the tree must have no more errors with an edit than without, and none more with
all edits of the file. A word for a word, where the tree of all has names, needs no look of its own.
"""

import re
from collections.abc import Sequence

from spark_lsp.core.events import Found
from spark_lsp.core.foresight.names import Source
from spark_lsp.core.nodes import Tree
from spark_lsp.core.syntax import shift_of
from spark_lsp.core.text import Edit, Text

_CHARACTERS = 5_000_000
"""Characters that are looked at for edits one by one; those that are beyond are not offered."""
_WORD = re.compile(r"[\w$]+")


class Check:
    """Looks at the edits of one answer, and at no more than there is time for."""

    def __init__(self) -> None:
        """Begin with all the time that there is."""
        self._left = _CHARACTERS

    def sound(self, source: Source, offers: Sequence[Found]) -> list[Found]:
        """Return those edits of a file, of which none overlap, that leave it no worse."""
        text = Text(source.tree.string)
        least = source.tree.errors()
        words = [it for it in offers if _WORD.fullmatch(it.old) and _WORD.fullmatch(it.new)]
        others = [it for it in offers if it not in words]
        if words and _errors(source, text, words) > least:
            words = []
        kept = list(words)
        for it in others:
            self._left -= len(text) if kept else 0  # the first is looked at in any case
            if self._left > 0 and _errors(source, text, [it]) <= least:
                kept.append(it)
        return kept if len(kept) < 2 or _errors(source, text, kept) <= least else words


def _errors(source: Source, text: Text, offers: Sequence[Found]) -> int:
    """Return how many errors a file has with some edits applied."""
    string, shifts, pieces, end = text.string, [], [], len(text)
    for it in sorted(offers, key=lambda it: it.start, reverse=True):
        # From the end to the beginning: so the places before it stay what they are.
        shifts.append(shift_of(text, Edit(it.start, it.end, it.new)))
        pieces += [string[it.end : end], it.new]
        end = it.start
    changed = "".join([string[:end], *reversed(pieces)])
    syntax = source.tree.syntax.edited(shifts, Text(changed))
    return Tree(syntax, changed).errors()
