"""The last change, continued by a model: what it is asked, and what its answer means.

Owns the words of the question and the lines that it is about. When it is asked is decided in
`nexts`; how an answer becomes a text is told in `draft`, and how that becomes few edits in `hunks`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from spark_lsp.core import secrets
from spark_lsp.core.changes import Hunk
from spark_lsp.core.common import Common
from spark_lsp.core.documents import Document
from spark_lsp.core.editing.draft import Draft
from spark_lsp.core.editing.hunks import minimal
from spark_lsp.core.editing.masks import Masks
from spark_lsp.core.effects import Open
from spark_lsp.core.events import Found
from spark_lsp.core.showing.cuts import line_end_of
from spark_lsp.core.text import Text

_LINES = 12
"""Lines above and below a change in which something may follow from it."""
_TOLD = 2_000
"""Characters of a change that a model is told."""
_REASON = "the model's next edit"


@dataclass(slots=True)
class Continuation:
    """A model that goes on with the last change.

    Attributes:
        stream: the stream in which it writes.
        document: whose lines these are; any edit of it ends this.
        start: where they begin, in code points.
        end: where they end.
        draft: what they would be.
    """

    stream: int
    document: Document
    start: int
    end: int
    draft: Draft

    @classmethod
    def begin(
        cls, common: Common, document: Document, before: Text, hunks: Sequence[Hunk], cursor: int
    ) -> "Continuation | None":
        """Ask for the lines around that of some changes which is nearest to the cursor.

        None if they are more than can be asked for.
        """
        text = document.text
        hunk = min(hunks, key=lambda it: max(it.start - cursor, cursor - it.end))
        first = max(0, text.line_at(min(hunk.start, len(text))) - _LINES)
        last = min(text.line_count - 1, text.line_at(min(hunk.end, len(text))) + _LINES)
        start, end = text.line_start(first), text.line_end(last)
        old, instruction = text.string[start:end], _instruction(before, text, hunks)
        if len(old.encode("utf-8", "surrogatepass")) > common.context.longest(instruction):
            return None
        asked = common.context.rewrite(document, start, end, instruction)
        draft = Draft(old, line_end_of(text.string), masks=Masks(asked.region, old))
        stream = common.number()
        common.do(Open(stream, asked))
        return cls(stream, document, start, end, draft)

    @property
    def endless(self) -> bool:
        """Whether far more has been written than the lines can become."""
        return self.draft.size > 4 * (self.end - self.start) + _TOLD

    def found(self) -> tuple[Found, ...]:
        """Return the edits that the answer means, the smallest first."""
        old = self.document.text.string[self.start : self.end]
        new = self.draft.final()
        if self.draft.lost or not new.strip():
            return ()
        found = [
            Found(
                self.document.path, self.start + edit.start, self.start + edit.end,
                old[edit.start : edit.end], edit.new, _REASON,
            )
            for edit in minimal(old, new)
        ]  # fmt: skip
        return tuple(sorted(found, key=lambda it: len(it.old) + len(it.new)))


def _instruction(before: Text, now: Text, hunks: Sequence[Hunk]) -> str:
    """Return what a model is told of the last changes, and what it is to do; secrets masked."""
    told = []
    for hunk in hunks:
        old = _lines(before, hunk.old_start, hunk.old_end)
        new = _lines(now, hunk.start, hunk.end)
        told += [f"- {line}" for line in old.splitlines()]
        told += [f"+ {line}" for line in new.splitlines()]
    changed = "\n".join(told)[:_TOLD]
    return (
        f"A person has just made this change:\n{changed}\n"
        "Make the further changes in the region that follow from it, and no others. "
        "If none do, repeat the region as it is."
    )


def _lines(text: Text, start: int, end: int) -> str:
    first, last = text.line_at(min(start, len(text))), text.line_at(min(end, len(text)))
    return secrets.redacted(text.string, text.line_start(first), text.line_end(last))
