"""A server between a scripted model and an editor, each in a process of its own.

Owns how they find each other. The editor's end is in this process, see `cli.client`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from spark_lsp.cli.bench.aside import Aside, aside
from spark_lsp.cli.bench.ends import Scene, embedded
from spark_lsp.cli.bench.scripted import MODEL, Ports, Script
from spark_lsp.cli.client import Client


@asynccontextmanager
async def model(script: Script) -> AsyncIterator[tuple[Aside, str]]:
    """Run a model; yields its process, and where it is."""
    async with aside("scripted", script) as process:
        port = msgspec.convert(process.ready, Ports).websocket
        yield process, f"ws://127.0.0.1:{port}/v1"


@asynccontextmanager
async def server(folder: Path, url: str, text: str) -> AsyncIterator[tuple[Client, str]]:
    """Run a server that asks a model; yields its client, and a document that is open in it.

    Args:
        folder: a directory to make, for the document and the settings.
        url: where the model is; it takes interrupts.
        text: of the document.
    """
    config, scene = _written(folder, url, text)
    async with embedded(scene, "--config", str(config)) as (client, _):
        yield client, scene.file.as_uri()


def _written(folder: Path, url: str, text: str) -> tuple[Path, Scene]:
    folder.mkdir()
    config, file = folder / "config.toml", folder / "open.py"
    config.write_text(
        f'model_provider = "bench"\nmodel = "{MODEL}"\ndrafts = false\n'
        f'[model_providers.bench]\nbase_url = "{url}"\ncapabilities = {{ interrupt = true }}\n',
        "utf-8",
    )
    file.write_text(text, "utf-8")
    return config, Scene(folder, file, 0)
