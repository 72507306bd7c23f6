"""Whether a text means the same at two places: its variables are to be the same ones.

Names of the file, of other files and of objects are taken to mean the same everywhere in a file.
"""

import re
from collections.abc import Sequence

from spark_lsp.core.changes import Hunk
from spark_lsp.core.foresight.change import Change
from spark_lsp.core.foresight.mentions import BINDING, Mention, Role
from spark_lsp.core.foresight.names import Source, Thing

_WORD = re.compile(r"[^\W\d][\w$]*")
_Meaning = tuple[bool, Thing | None] | None
"""Of a word: whether it is bound there, and the variable that it is; None if that is in doubt."""


def meanings(source: Source, start: int, end: int) -> list[_Meaning]:
    """Return what the words of a range mean, as far as that can differ within a file."""
    words = _WORD.finditer(source.tree.string, start, end)
    return [_meaning(source, it[0], it.start()) for it in words]


def same(one: Sequence[_Meaning], other: Sequence[_Meaning]) -> bool:
    """Whether words mean the same at two places, beyond doubt."""
    return None not in one and list(one) == list(other)


def fits(change: Change, hunks: Sequence[Hunk], place: int) -> bool:
    """Whether the variables that hunks have put in mean the same at a place of the text."""
    now = change.now
    way = tuple(now.tree.way(place, place + 1))
    for hunk in hunks:
        for word in _WORD.finditer(now.tree.string, hunk.start, hunk.end):
            names = now.names(word[0])
            there = Mention(place, place, Role.USE, way, len(way) - 1)
            meaning = _meaning(now, word[0], word.start())
            if meaning is None or (meaning[1] and names.seen(there) != meaning[1]):
                return False
    return True


def _meaning(source: Source, word: str, start: int) -> _Meaning:
    names = source.names(word)
    mention = names.starting(start)
    if mention is None:
        return (False, None)
    thing = names.thing(mention)
    if thing is None and mention.role in {Role.USE, Role.DOUBT}:
        return None
    bound = mention.role in BINDING or mention.role is Role.DEFINE
    local = thing is not None and thing.kind == "name" and not thing.is_global
    return (bound, thing if local else None)
