"""`spark-lsp complete`: one completion at a place of a file, streamed to standard output.

Owns the asking; the server is the same one that editors start.
"""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

from spark_lsp.cli.client import Client, ErrorAnswer, ServerGone
from spark_lsp.cli.errors import CommandError
from spark_lsp.cli.files import config_options, language_id, read_place, repository_of
from spark_lsp.core.text import Encoding, Text

_LEARNING = 3.0
"""Seconds in which an empty answer may only mean that the engine is still learning."""


def run(arguments: argparse.Namespace) -> int:
    """Print a completion; returns the exit status."""
    named, text, offset = read_place(arguments.place)
    path = named.resolve()
    root = (arguments.workspace or repository_of(path)).resolve()
    options = config_options(arguments.config)
    try:
        return asyncio.run(_complete(path, text, offset, root, options))
    except (ServerGone, ErrorAnswer) as error:
        raise CommandError(f"no completion: {error}") from None


async def _complete(path: Path, text: Text, offset: int, root: Path, options: list[str]) -> int:
    client = await Client.start(*options)
    printed = ""

    def show(items: list[dict[str, Any]]) -> None:
        nonlocal printed
        whole = str(items[0]["insertText"]) if items else ""
        # Growth only ever extends, so that what is printed stays true.
        sys.stdout.write(whole[len(printed) :])
        sys.stdout.flush()
        printed = whole or printed

    def notified(method: str, params: Any) -> None:
        if method == "$/progress":
            show(params["value"]["items"])
        elif method == "window/showMessage":
            sys.stderr.write(f"spark-lsp: {params['message']}\n")

    client.on_notification = notified
    try:
        await client.initialize(root)
        uri = path.as_uri()
        document = {
            "uri": uri,
            "languageId": language_id(path),
            "version": 1,
            "text": text.string,
        }
        client.notify("textDocument/didOpen", {"textDocument": document})
        position = text.position(offset, Encoding.UTF16)
        until = asyncio.get_running_loop().time() + _LEARNING
        while not printed:
            params = {
                "textDocument": {"uri": uri},
                "position": {"line": position.line, "character": position.character},
                "context": {"triggerKind": 1},
                "partialResultToken": "complete",
            }
            result = await client.request("textDocument/inlineCompletion", params)
            show((result or {}).get("items", []))
            if asyncio.get_running_loop().time() > until:
                break
            await asyncio.sleep(0.1)
    finally:
        await client.close()
        for problem in client.problems:
            sys.stderr.write(f"spark-lsp: {problem}\n")
    if printed:
        sys.stdout.write("\n")
    else:
        sys.stderr.write("spark-lsp: nothing to suggest there\n")
    return 0
