"""How a suggestion is put to an editor: one `InlineCompletionItem`, as plain data.

Owns its form, and the commands by which an editor tells what became of it: the one that runs when
it is accepted, and the one that a person's own key for sending it away may run. The argument of
both is the number of the answer, by which `asking` knows it again.
"""

from typing import Any

from spark_lsp.core.effects import Suggestion
from spark_lsp.core.text import Position

ACCEPT_COMMAND = "spark.accept"
REJECT_COMMAND = "spark.reject"


def item(suggestion: Suggestion) -> dict[str, Any]:
    """Return the item that puts a suggestion where it was asked for."""
    return {
        "insertText": suggestion.text,
        "range": span(suggestion.start or suggestion.position, suggestion.position),
        "command": accept("Accepted", suggestion.answer),
    }


def accept(title: str, answer: int) -> dict[str, Any]:
    """Return the command that tells that an answer was accepted."""
    return {"title": title, "command": ACCEPT_COMMAND, "arguments": [answer]}


def span(start: Position, end: Position) -> dict[str, Any]:
    """Return a `Range`."""
    return {"start": _place(start), "end": _place(end)}


def _place(position: Position) -> dict[str, int]:
    return {"line": position.line, "character": position.character}
