"""What a session has to say to an editor, spelled as the protocol wants it, in plain data.

Owns results, errors and partial results, and the progress of one request's work. Which message they
go into, and whose they are, is for `lsp` to know; what is said is decided in `core`.
"""

from pathlib import Path, PurePosixPath
from typing import Any, assert_never

from spark_lsp.core.effects import (
    Explained,
    Grow,
    Proposal,
    Proposed,
    Refusal,
    Refuse,
    Replacement,
    Reply,
    Report,
    Revise,
    Revised,
    Steered,
    Stopped,
    Verdict,
)
from spark_lsp.server import asides
from spark_lsp.server.hooks import Final
from spark_lsp.server.items import accept, item, span

_CODES = {
    Refusal.CANCELLED: asides.CANCELLED,
    Refusal.MODIFIED: -32801,  # ContentModified (LSP 3.18)
    Refusal.INVALID: asides.INVALID,
    Refusal.FAILED: asides.FAILED,
}


def answer(effect: Final, root: str | None) -> dict[str, Any]:
    """Return the member of a response that answers its request: `result` or `error`.

    `root` is the workspace, in which files that are not open are to be found.
    """
    if isinstance(effect, Refuse):
        return _error(effect.refusal, effect.reason)
    if isinstance(effect, Reply) and effect.verdict is Verdict.CANCELLED:
        return _error(Refusal.CANCELLED, effect.reason)
    return {"result": _result(effect, root)}


def partial(effect: Grow | Revise) -> dict[str, Any]:
    """Return what takes the place of the last partial result."""
    if isinstance(effect, Grow):
        return {"kind": "replace", "items": [item(effect.suggestion)]}
    return {"kind": "replace", **_revision(effect)}


class Work:
    """The progress of the work on one request, as editors show it: begun once, ended once."""

    def __init__(self) -> None:
        """Begin with work of which nothing was told yet."""
        self._running = False
        self._over = False

    def told(self, report: Report) -> dict[str, Any] | None:
        """Return the value that tells a report; None if there is nothing to tell it of."""
        if report.ended:
            return self.end(report.message)
        if self._over:
            return None
        begun, self._running = self._running, True
        if begun:
            return {"kind": "report", "message": report.message}
        return {"kind": "begin", "title": "Editing", "message": report.message}

    def end(self, message: str = "") -> dict[str, Any] | None:
        """Return the value that ends it, as it must be before its request is answered."""
        ran, self._running, self._over = self._running, False, True
        if not ran:
            return None
        return {"kind": "end", "message": message} if message else {"kind": "end"}


def _error(refusal: Refusal, reason: str) -> dict[str, Any]:
    return {"error": {"code": _CODES[refusal], "message": reason}}


def _result(
    effect: Reply | Revised | Proposed | Steered | Stopped | Explained, root: str | None
) -> Any:
    match effect:
        case Reply(_, verdict, suggestion):
            items = [item(suggestion)] if suggestion else []
            return None if verdict is Verdict.KEEP else {"items": items}
        case Revised():
            return _revision(effect)
        case Proposed(_, proposals):
            made = (_proposal(proposal, root) for proposal in proposals)
            return {"edits": [edit for edit in made if edit]}
        case Steered(_, number, how):
            return {"id": number, "how": how}
        case Stopped(_, numbers):
            return {"ids": list(numbers)}
        case Explained(_, account):
            return account
        case _:
            assert_never(effect)


def _revision(effect: Revise | Revised) -> dict[str, Any]:
    edits = [_edit(edit) for edit in effect.edits]
    return {"id": effect.answer, "version": effect.version, "edits": edits}


def _edit(edit: Replacement) -> dict[str, Any]:
    return {"range": span(edit.start, edit.end), "newText": edit.text}


def _proposal(proposal: Proposal, root: str | None) -> dict[str, Any] | None:
    """Return an edit in Copilot's form, or None if its file has no place in the workspace."""
    uri = _file(proposal.path, root) if proposal.uri is None else proposal.uri
    if uri is None:
        return None
    return {
        "text": proposal.edit.text,
        # Copilot's clients want a number here, also of a file that is not open.
        "textDocument": {"uri": uri, "version": proposal.version or 0},
        "range": span(proposal.edit.start, proposal.edit.end),
        "command": accept(proposal.reason or "Accepted", proposal.answer),
    }


def _file(path: str, root: str | None) -> str | None:
    """Return the URI of a file of the workspace; edits reach no other."""
    parts = PurePosixPath(path)
    if root is None or not parts.parts or parts.is_absolute() or ".." in parts.parts:
        return None
    return Path(root).absolute().joinpath(*parts.parts).as_uri()
