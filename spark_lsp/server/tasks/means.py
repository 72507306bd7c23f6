"""Which model and which agent a task is done with, from the settings.

Owns that choice. Codex speaks Responses and nothing else, so only a provider that has them will do.
"""

import os
from dataclasses import replace
from pathlib import Path

from spark_lsp.core.settings import Settings
from spark_lsp.server import credentials
from spark_lsp.server.agents.finding import NotInstalled, find
from spark_lsp.server.agents.isolation import LARGEST_COMPACT_AT, WINDOW, Mind
from spark_lsp.server.endpoint import Unreachable
from spark_lsp.server.tasks.shift import Means

_NOBODY = (
    "no model is set to work in the background: name a provider as model_provider under "
    "[background], see README.md"
)


async def means(settings: Settings) -> Means:
    """Return what a task is done with now.

    Raises:
        Unreachable: if nobody is set to do it, there is no key, or none that could be sent.
    """
    if not settings.enabled:
        raise Unreachable("spark-lsp is switched off here: see enabled in the settings")
    background = settings.background
    provider = settings.background_provider()
    if provider is None:
        raise Unreachable(_NOBODY)
    if provider.wire_api != "responses":
        raise Unreachable(
            f"{background.model_provider} does not speak Responses, which the agent needs: name "
            "another provider under [background]"
        )
    window = min(settings.model_context_window, WINDOW)
    mind = Mind(
        await credentials.endpoint(provider),
        background.model,
        background.model_reasoning_effort or "",
        background.service_tier,
        provider.supports_websockets,
        bool(provider.capabilities.interrupt),
    )
    compact_at = LARGEST_COMPACT_AT * window // WINDOW
    return Means(replace(mind, window=window, compact_at=compact_at), background.agent_command)


async def told(settings: Settings, workspace: Path) -> str:
    """Return who would do a task, for people; nobody is asked anything.

    Raises:
        Unreachable: if nobody would, for whatever reason.
    """
    found = await means(settings)
    try:
        program = find(found.program, os.environ, workspace)
    except NotInstalled as error:
        raise Unreachable(str(error)) from None
    return f"{found.mind.model} at {found.mind.endpoint.told}, by {program.path}"
