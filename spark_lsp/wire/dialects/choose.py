"""Owns which dialect a `wire_api` of the settings is."""

from collections.abc import Callable, Mapping

from spark_lsp.wire.dialects.base import Dialect, Target
from spark_lsp.wire.dialects.chat import Chat
from spark_lsp.wire.dialects.completions import Completions
from spark_lsp.wire.dialects.fim import Fim
from spark_lsp.wire.dialects.infill import Infill
from spark_lsp.wire.dialects.ollama import Ollama
from spark_lsp.wire.dialects.responses import Responses

DIALECTS: Mapping[str, Callable[[Target], Dialect]] = {
    "responses": Responses,
    "completions": Completions,
    "fim": Fim,
    "infill": Infill,
    "ollama": Ollama,
    "chat": Chat,
}
"""What makes the dialect of each `wire_api`."""


def dialect(wire_api: str, target: Target) -> Dialect:
    """Return the way to ask a model at a server that speaks a protocol.

    Raises:
        KeyError: there is no such protocol; settings are checked before.
    """
    return DIALECTS[wire_api](target)
