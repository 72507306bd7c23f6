"""From what the person has just changed to the edits that follow.

Owns the order of things: what the change is taken for, which edits stay, and which comes first. A
rename explains its places; what it leaves may be a changed signature, or a replacement that fits
elsewhere too. What would leave a file with more errors than it has is not offered.
"""

from collections.abc import Iterator
from itertools import groupby

import msgspec

from spark_lsp.core.events import Found
from spark_lsp.core.foresight.change import Change, apart
from spark_lsp.core.foresight.checking import Check
from spark_lsp.core.foresight.hunks import hunks
from spark_lsp.core.foresight.names import Source
from spark_lsp.core.foresight.naming import naming
from spark_lsp.core.foresight.rename import renames
from spark_lsp.core.foresight.renaming import renaming
from spark_lsp.core.foresight.repeat import repeated
from spark_lsp.core.foresight.signature import following
from spark_lsp.core.foresight.workspace import Workspace
from spark_lsp.core.languages import Language
from spark_lsp.core.nodes import Tree
from spark_lsp.core.retrieval import Place
from spark_lsp.core.syntax import Syntax, shift_of
from spark_lsp.core.text import Text, difference

MOST = 200
"""Edits that are offered at a time."""
_LONGEST = 500_000
"""Characters of a document in which places are looked for."""
_ERRORS = 100
"""Errors of a document above which it is not what it says that it is."""


def foresee(
    before: str, place: Place, language: Language, workspace: Workspace | None = None
) -> tuple[Found, ...]:
    """Return the edits that follow from a change of a document, the smallest and nearest first.

    Args:
        before: the document as it was.
        place: the document as it is, and the cursor; the edits speak of this text.
        language: of the document.
        workspace: the other files; None to stay in the document.
    """
    change = _change(before, place, language)
    if change is None:
        return ()
    if workspace:
        workspace.put(change.before)
    offers = apart(_offers(change, workspace))
    offers.sort(key=lambda it: _rank(it, place))
    kept: list[Found] = []
    check = Check()
    for path, group in groupby(offers[:MOST], key=lambda it: it.path):
        source = change.now if path == place.path else workspace and workspace.source(path)
        if source:
            text = Text(source.tree.string)
            kept += [_told(it, text) for it in check.sound(source, list(group))]
    return tuple(sorted(kept, key=lambda it: _rank(it, place)))


def _change(before: str, place: Place, language: Language) -> Change | None:
    found = hunks(before, place.text) if max(len(before), len(place.text)) <= _LONGEST else ()
    if not found:
        return None
    row, old, new = naming(language.name), Text(before), Text(place.text)
    was = Syntax.parse(language, old)
    if Tree(was, before).errors() > _ERRORS:
        return None
    now = was.edited([shift_of(old, difference(before, place.text))], new)
    return Change(
        Source(place.path, Tree(was, before), row),
        Source(place.path, Tree(now, place.text), row),
        found,
        place.offset,
    )


def _offers(change: Change, workspace: Workspace | None) -> Iterator[Found]:
    """Yield what may be offered, what is surest first."""
    explained = set()
    for rename in renames(change):
        explained |= {(it.start, it.end) for it in rename.done}
        yield from renaming(change, rename, workspace)
    yield from following(change, workspace)
    left = [it for it in change.hunks if (it.old_start, it.old_end) not in explained]
    yield from repeated(change, left)


def _rank(found: Found, place: Place) -> tuple[bool, str, int, int, int]:
    """Return by what edits are ordered: in the document by size and nearness, else by place."""
    if found.path != place.path:
        return True, found.path, 0, 0, found.start
    away = max(found.start - place.offset, place.offset - found.end, 0)
    return False, "", len(found.old) + len(found.new), away, found.start


def _told(found: Found, text: Text) -> Found:
    """Return an edit with its line, and what stands on that before it."""
    line = text.line_at(found.start)
    lead = text.string[text.line_start(line) : found.start]
    return msgspec.structs.replace(found, line=line, lead=lead)
