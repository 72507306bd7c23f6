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
from spark_lsp.server.status import METHOD

_LEARNING = 3.0
"""Seconds in which an empty answer may only mean that the engine is still learning."""


def run(arguments: argparse.Namespace) -> int:
    """Print a completion; returns the exit status, 1 if there is none for want of a model."""
    named, text, offset = read_place(arguments.place)
    path = named.resolve()
    root = (arguments.workspace or repository_of(path)).resolve()
    options = config_options(arguments.config)
    try:
        return asyncio.run(_complete(path, text, offset, root, options))
    except (ServerGone, ErrorAnswer) as error:
        raise CommandError(f"no completion: {error}") from None


class _Shown:
    """What a person has been told, and how things stand with the model."""

    def __init__(self) -> None:
        self.text = ""
        self.kind, self.standing = "Normal", ""
        self._said: set[str] = set()

    def show(self, items: list[dict[str, Any]]) -> None:
        whole = str(items[0]["insertText"]) if items else ""
        # Growth only ever extends, so that what is printed stays true.
        sys.stdout.write(whole[len(self.text) :])
        sys.stdout.flush()
        self.text = whole or self.text

    def say(self, sentence: str) -> None:
        """Tell something beside the completion, once."""
        if sentence not in self._said:
            sys.stderr.write(f"spark-lsp: {sentence}\n")
        self._said.add(sentence)

    def notified(self, method: str, params: Any) -> None:
        if method == "$/progress":
            self.show(params["value"]["items"])
        elif method == "window/showMessage":
            self.say(str(params["message"]))
        elif method == METHOD:
            self.kind = str(params["kind"])
            self.standing = "" if self.kind == "Normal" else str(params["message"])

    def end(self, standing: str) -> int:
        """Say what is left to be said; returns the exit status."""
        if self.text:
            sys.stdout.write("\n")
        if standing:
            self.say(standing)
        elif not self.text:
            self.say("nothing to suggest there")
        return int(bool(standing) and not self.text)


async def _complete(path: Path, text: Text, offset: int, root: Path, options: list[str]) -> int:
    client = await Client.start(*options)
    shown = _Shown()
    client.on_notification = shown.notified
    try:
        # What is asked for is the model's.
        await client.initialize(root, initializationOptions={"drafts": False})
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
        while not shown.text:
            params = {
                "textDocument": {"uri": uri},
                "position": {"line": position.line, "character": position.character},
                "context": {"triggerKind": 1},
                "partialResultToken": "complete",
            }
            result = await client.request("textDocument/inlineCompletion", params)
            shown.show((result or {}).get("items", []))
            if shown.kind == "Inactive" or asyncio.get_running_loop().time() > until:
                break
            await asyncio.sleep(0.1)
        # What the server says of itself while it ends is no reason for anything.
        standing = shown.standing
    finally:
        await client.close()
        for problem in client.problems:
            shown.say(problem)
    return shown.end(standing)
