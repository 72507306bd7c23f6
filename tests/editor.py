"""A fake editor over the headless client: one buffer, its ghost text, and waiting for verdicts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil

from spark_lsp.cli.client import Client
from spark_lsp.cli.screen import Screen
from spark_lsp.core.text import Text

PATIENCE = 20.0
"""Seconds until a verdict that does not come is a failure; machines may be slow."""


class Editor:
    """An editor with one open document."""

    def __init__(self, client: Client, uri: str, source: str, language: str) -> None:
        before, _, after = source.partition("<CURSOR>")
        self.client = client
        self.uri = uri
        self.screen = Screen(Text(before + after), len(before))
        self.messages: list[str] = []
        self.partials: list[tuple[str, list[str]]] = []
        self.statuses: list[dict[str, Any]] = []
        self.moved = asyncio.Condition()
        self.versions: dict[int, int] = {}
        client.on_notification = self._notified
        client.on_answer = self._answered
        document = {"uri": uri, "languageId": language, "version": 1, "text": before + after}
        client.notify("textDocument/didOpen", {"textDocument": document})

    def type(self, text: str) -> None:
        """Type text as one change."""
        here = self._place()
        self.screen.key(text)
        self.client.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": self.uri, "version": self.screen.version},
                "contentChanges": [{"range": {"start": here, "end": here}, "text": text}],
            },
        )

    def ask(self, *, grows: bool = True) -> asyncio.Future[Any]:
        """Ask for a completion at the cursor; answers appear on the screen."""
        version = self.screen.version
        self.screen.asked()
        params = {
            "textDocument": {"uri": self.uri},
            "position": self._place(),
            "context": {"triggerKind": 2},
        }
        if grows:
            params["partialResultToken"] = str(version)
        answer = self.client.request("textDocument/inlineCompletion", params)
        self.versions[self.client.last_id] = version
        return answer

    async def ghost(self, text: str) -> None:
        """Wait until the ghost text is this."""
        await self.until(lambda: self.screen.ghost == text)

    async def until(self, verdict: Any) -> None:
        """Wait until something holds; looked at whenever something has arrived."""
        async with asyncio.timeout(PATIENCE), self.moved:
            await self.moved.wait_for(verdict)

    async def stands(self, kind: str, *words: str) -> None:
        """Wait until the status line is of a kind and holds these words."""
        await self.until(
            lambda: (
                self.statuses
                and self.statuses[-1]["kind"] == kind
                and all(word in self.statuses[-1]["message"] for word in words)
            )
        )

    def children(self) -> list[psutil.Process]:
        """The processes that the server has started."""
        return psutil.Process(self.client.process.pid).children(recursive=True)

    def backend(self) -> psutil.Process | None:
        """The embedded engine's process, if it runs."""
        return next((child for child in self.children() if "backend" in child.cmdline()), None)

    def _notified(self, method: str, params: Any) -> None:
        if method == "window/showMessage":
            self.messages.append(params["message"])
        if method == "didChangeStatus":
            self.statuses.append(params)
        if method == "$/progress":
            items = [item["insertText"] for item in params["value"]["items"]]
            self.partials.append((params["token"], items))
            self.screen.answered(int(params["token"]), params["value"], final=False)
        self._stir()

    def _answered(self, id_: int, answer: asyncio.Future[Any]) -> None:
        version = self.versions.pop(id_, None)
        if version is not None and answer.exception() is None:
            self.screen.answered(version, answer.result(), final=True)
        self._stir()

    def _stir(self) -> None:
        async def stir() -> None:
            async with self.moved:
                self.moved.notify_all()

        self._stirring = asyncio.ensure_future(stir())

    def _place(self) -> dict[str, int]:
        position = self.screen.position
        return {"line": position.line, "character": position.character}


@asynccontextmanager
async def editing(
    root: Path | None,
    path: str,
    source: str,
    *,
    language: str = "python",
    config: str | None = None,
    **initialize: Any,
) -> AsyncIterator[Editor]:
    """Run a server with an open document; at the end it must leave as it should."""
    options = []
    if config is not None:
        assert root is not None
        file = root.parent / "config.toml"
        file.write_text(config, "utf-8")
        options = ["--config", str(file)]
    client = await Client.start(*options)
    early: list[tuple[str, Any]] = []
    client.on_notification = lambda method, params: early.append((method, params))
    try:
        await client.initialize(root, **initialize)
        uri = ((root or Path("/")) / path).as_uri()
        editor = Editor(client, uri, source, language)
        for method, params in early:
            editor._notified(method, params)
        yield editor
    finally:
        status = await client.close()

    assert status == 0
    assert client.stray == 0
