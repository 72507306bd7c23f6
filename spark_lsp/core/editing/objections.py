"""Why a range is not rewritten, as far as that is known when it is asked for.

Owns the reasons, each one sentence that says what to do. What can go wrong later is told in
`rewrites`.
"""

from spark_lsp.core.common import MUTE, Common
from spark_lsp.core.documents import Document
from spark_lsp.core.effects import Refusal
from spark_lsp.core.events import Instructed

SAID = 8_000
"""Characters of all that is said of one rewriting."""
OFF = "spark-lsp is switched off: switch it on in its settings"
CLOSED = "the document is not open: open it in the editor first"


def objection(
    event: Instructed, document: Document, place: tuple[int, int], common: Common
) -> tuple[Refusal, str] | None:
    """Return why a range of a document is not rewritten, None if nothing speaks against it."""
    found: tuple[Refusal, str] | None = None
    if not common.enabled:
        found = Refusal.FAILED, OFF
    elif event.version not in {None, document.version}:
        found = Refusal.MODIFIED, "the document has changed since: ask again"
    elif not event.instruction.strip():
        found = Refusal.INVALID, "there is no instruction: say what is to be done"
    elif len(event.instruction) > SAID:
        found = Refusal.INVALID, f"say what is to be done in at most {SAID:,} characters"
    elif never := never_sent(document, common):
        found = Refusal.FAILED, never
    elif common.up and not common.instructable:
        found = Refusal.FAILED, MUTE
    elif long := _too_long(event, document.text.string[slice(*place)], common):
        found = Refusal.INVALID, long
    return found


def never_sent(document: Document, common: Common) -> str:
    """Return why a document must not go to the backend, "" if that is not known of it."""
    if document.private and not common.may_send(document):
        return f"never sent: {document.private}"
    return ""


def _too_long(event: Instructed, region: str, common: Common) -> str:
    size = len(region.encode("utf-8", "surrogatepass"))
    longest = common.context.longest(event.instruction)
    if size <= longest:
        return ""
    possible = longest * len(region) // size
    return f"the range has {len(region):,} characters and {possible:,} are possible: select less"
