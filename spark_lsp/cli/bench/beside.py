"""A background task that streams at full speed beside a person who types.

Owns the deep model, in a process of its own, and the task: begun, at work, ended. What the typing
is like meanwhile is measured by `session`. Without an agent on this machine there is no task, and
no figure of it; `SPARK_LSP_BENCH_AGENT` names one that is not on the PATH.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from spark_lsp.cli.bench import apart
from spark_lsp.cli.bench.scripted import MODEL, Script
from spark_lsp.cli.client import Client
from spark_lsp.server.agents.finding import NotInstalled, find
from spark_lsp.server.asides import CHANGED, INTERRUPT, REMOVE, START

_AGENT = "SPARK_LSP_BENCH_AGENT"
_ENDLESS = 10_000_000
_PACE = 1_000.0
"""Tokens a second, as fast as the models that are typed along with."""
_PATIENCE = 60.0
"""Seconds in which a task must have begun to say something."""


def agent() -> str | None:
    """Return the agent's program, None if there is none."""
    command = os.environ.get(_AGENT, "")
    try:
        return str(find(command, os.environ, Path(os.devnull)).path)
    except NotInstalled:
        return None


@asynccontextmanager
async def deep() -> AsyncIterator[str]:
    """Run the deep model; yields the settings by which a server has it work in the background."""
    program = agent()
    if program is None:
        yield ""
        return
    async with apart.model(Script(_ENDLESS, ("word ",), pace=_PACE)) as (_, url):
        yield (
            f'[background]\nmodel_provider = "deep"\nmodel = "{MODEL}"\n'
            f"agent_command = '{program}'\n"
            f'[model_providers.deep]\nbase_url = "{url}"\n'
        )


@asynccontextmanager
async def task(client: Client) -> AsyncIterator[None]:
    """Have a task at work while the context lasts; it is saying something when this is entered.

    Raises:
        ErrorAnswer: if the server begins none.
        TimeoutError: if nothing comes of it.
    """
    saying = asyncio.Event()
    before = client.on_notification

    def told(method: str, params: Any) -> None:
        if method == CHANGED and params.get("said"):
            saying.set()
        before(method, params)

    client.on_notification = told
    wish = {"instruction": "Say something without end."}
    name = {"taskId": (await client.request(START, wish))["taskId"]}
    try:
        async with asyncio.timeout(_PATIENCE):
            await saying.wait()
        yield
    finally:
        client.on_notification = before
        await client.request(INTERRUPT, name)
        await client.request(REMOVE, name)
