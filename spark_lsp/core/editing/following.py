"""Ranges of a document that stay with their text while the document is edited elsewhere.

Owns where such a range is after an edit, and when an edit has ended it. What a range is for, be it
a region that is rewritten or a place where an edit is proposed, is left to others.
"""

from spark_lsp.core.documents import Applied
from spark_lsp.core.text import difference


def moved(start: int, end: int, applied: Applied) -> tuple[int, int] | None:
    """Return where a range is after an edit, or None if the edit has changed what is inside of it.

    What counts is what an edit does and not what it replaces: a formatter that puts a whole text in
    place of nearly the same changes only where they differ. What is inserted at an end of a range
    stays outside of it. At a range that is empty nobody can tell on which side it belongs: that
    ends it.
    """
    edit = difference(applied.removed, applied.edit.new)
    if edit.start == edit.end and not edit.new:
        return start, end
    first, last = applied.edit.start + edit.start, applied.edit.start + edit.end
    grown = len(edit.new) - (last - first)
    if last <= start and (first < end or last < start):
        return start + grown, end + grown
    if first >= end and (last > start or first > end):
        return start, end
    return None
