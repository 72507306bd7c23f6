"""A fake editor over the headless client: one buffer, its ghost text, and waiting for verdicts."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil

from spark_lsp.cli.client import Client
from spark_lsp.cli.screen import Screen
from spark_lsp.core.text import Edit, Encoding, Position, Text

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
        self.progress: list[tuple[Any, dict[str, Any]]] = []
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

    def instruct(self, instruction: str, start: int, end: int) -> asyncio.Future[Any]:
        """Have a range rewritten; partial results and progress come under the token "edit"."""
        return self.client.request(
            "spark/edit",
            {
                "textDocument": {"uri": self.uri, "version": self.screen.version},
                "range": {"start": self._place(start), "end": self._place(end)},
                "instruction": instruction,
                "partialResultToken": "edit",
                "workDoneToken": "work",
            },
        )

    def next_edits(self) -> asyncio.Future[Any]:
        """Ask for the edits that follow from the last ones."""
        return self.client.request(
            "textDocument/copilotInlineEdit",
            {
                "textDocument": {"uri": self.uri, "version": self.screen.version},
                "position": self._place(),
            },
        )

    def apply(self, edits: Sequence[Mapping[str, Any]]) -> None:
        """Apply text edits as one change, and tell the server."""
        text, changes = self.screen.text, []
        for edit in sorted(edits, key=lambda it: self._offset(it["range"]["start"]), reverse=True):
            start, end = (self._offset(edit["range"][side]) for side in ("start", "end"))
            new = edit.get("newText", edit.get("text"))
            text = text.splice(Edit(start, end, new))
            changes.append({"range": edit["range"], "text": new})
        self.screen.text = text
        self.screen.version += 1
        document = {"uri": self.uri, "version": self.screen.version}
        self.client.notify(
            "textDocument/didChange", {"textDocument": document, "contentChanges": changes}
        )

    def replace(self, start: int, end: int, new: str) -> None:
        """Put a text in place of a range, the cursor behind it."""
        edit = {"start": self._place(start), "end": self._place(end)}
        self.apply([{"range": edit, "newText": new}])
        self.screen.cursor = start + len(new)

    async def ghost(self, text: str) -> None:
        """Wait until the ghost text is this."""
        await self.until(lambda: self.screen.ghost == text)

    async def until(self, verdict: Any) -> None:
        """Wait until something holds; looked at whenever something has arrived."""
        async with asyncio.timeout(PATIENCE), self.moved:
            await self.moved.wait_for(verdict)

    async def stands(self, kind: str, *words: str) -> None:
        """Wait until the status line is of a kind, for good, and holds these words."""
        await self.until(
            lambda: (
                self.statuses
                and self.statuses[-1]["kind"] == kind
                and not self.statuses[-1]["busy"]
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
            self.progress.append((params["token"], params["value"]))
        if method == "$/progress" and "items" in params["value"]:
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

    def _offset(self, place: Mapping[str, int]) -> int:
        return self.screen.text.offset(Position(place["line"], place["character"]), Encoding.UTF16)

    def _place(self, offset: int | None = None) -> dict[str, int]:
        at = self.screen.cursor if offset is None else offset
        position = self.screen.text.position(at, Encoding.UTF16)
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
    """Run a server with an open document; at the end it must leave as it should.

    Without drafts, unless they are wanted: what is on the screen is the model's.
    """
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
        wanted = {"drafts": False, **initialize.pop("initializationOptions", {})}
        await client.initialize(root, initializationOptions=wanted, **initialize)
        uri = ((root or Path("/")) / path).as_uri()
        editor = Editor(client, uri, source, language)
        for method, params in early:
            editor._notified(method, params)
        yield editor
    finally:
        status = await client.close()

    assert status == 0
    assert client.stray == 0
