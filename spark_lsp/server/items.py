"""How a suggestion is put to an editor: one `InlineCompletionItem`, as plain data.

Owns its form and the command that runs when it is accepted.
"""

from typing import Any

from spark_lsp.core.effects import Suggestion

ACCEPT_COMMAND = "spark.accept"


def item(suggestion: Suggestion) -> dict[str, Any]:
    """Return the item that inserts a suggestion where it was asked for."""
    place = {"line": suggestion.position.line, "character": suggestion.position.character}
    return {
        "insertText": suggestion.text,
        "range": {"start": place, "end": place},
        "command": {
            "title": "Accepted",
            "command": ACCEPT_COMMAND,
            "arguments": [suggestion.answer],
        },
    }
