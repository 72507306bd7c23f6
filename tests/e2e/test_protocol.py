"""Clients that do not keep to the protocol, or do so in unusual ways."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from spark_lsp.cli.client import Client, ErrorAnswer
from spark_lsp.core.events import Configured
from spark_lsp.server.app import App
from tests.editor import PATIENCE, editing
from tests.model import scripted_model

METHOD_NOT_FOUND = -32601
NOTIFICATIONS = [
    "exit", "initialized", "$/cancelRequest", "$/setTrace", "textDocument/didOpen",
    "textDocument/didChange", "textDocument/didClose", "workspace/didChangeConfiguration",
    "workspace/didChangeWorkspaceFolders", "workspace/didChangeWatchedFiles",
    "notebookDocument/didOpen", "window/workDoneProgress/cancel",
    "textDocument/didShowCompletion", "textDocument/didShowInlineEdit",
    "textDocument/didPartiallyAcceptCompletion",
]  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    path.mkdir()
    return path


async def test_a_notification_that_comes_as_a_request_is_refused_and_changes_nothing() -> None:
    client = await Client.start()
    await client.initialize(None)
    for method in NOTIFICATIONS:
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(ErrorAnswer) as raised:
                await client.request(method, {})

        assert METHOD_NOT_FOUND == raised.value.code

    assert await client.close() == 0
    assert 0 == client.stray


@pytest.mark.parametrize("version", [{}, {"version": None}, {"version": "7"}, {"version": 1.5}])
async def test_a_client_without_versions_is_understood(root: Path, version: dict[str, Any]) -> None:
    async with scripted_model() as model:
        async with editing(root, "a.py", "x = <CURSOR>\n", config=model.config()) as editor:
            document = {"uri": editor.uri, "languageId": "python", "text": "y = \n", **version}
            editor.client.notify("textDocument/didOpen", {"textDocument": document})
            here = {"line": 0, "character": 4}
            for char in "ba":
                change = {"range": {"start": here, "end": here}, "text": char}
                editor.client.notify(
                    "textDocument/didChange",
                    {
                        "textDocument": {"uri": editor.uri, **version},
                        "contentChanges": [change],
                    },
                )
            editor.screen.key("ab")
            answer = editor.ask()
            request = await model.next()
            await request.end()
            await answer

        assert "y = ab" == request.texts[-1]


@pytest.mark.parametrize(
    "changes",
    [
        None,
        {},
        ["x"],
        [{}],
        [{"text": None}],
        [{"text": "x"}, {"range": {"start": {}}, "text": "y"}],
        [{"range": 7, "text": "y"}],
        [{"range": {"start": {"line": "0", "character": 0}, "end": {}}, "text": "y"}],
    ],
    ids=repr,
)
async def test_a_document_with_a_change_that_is_not_understood_is_closed_until_it_is_opened(
    root: Path, changes: Any
) -> None:
    """What would come after would be completed for a text that the editor does not have."""
    if changes == {}:
        changes = {"text": "x"}
    async with scripted_model() as model:
        async with editing(root, "a.py", "x = <CURSOR>\n", config=model.config()) as editor:
            about = {"textDocument": {"uri": editor.uri, "version": 2}}
            editor.client.notify("textDocument/didChange", {**about, "contentChanges": changes})
            editor.type("a")

            assert await editor.ask() == {"items": []}
            assert [] == model.creates

            document = {"uri": editor.uri, "languageId": "python", "version": 1, "text": "x = a\n"}
            editor.client.notify("textDocument/didOpen", {"textDocument": document})
            answer = editor.ask()
            request = await model.next()
            await request.end()
            await answer

        assert "x = a" == request.texts[-1]


async def test_what_the_editor_said_at_first_holds_where_it_says_nothing_later(root: Path) -> None:
    """Settings are merged within a provider, and not one name over the other."""
    async with scripted_model() as model:
        provider = {"base_url": model.url, "http_headers": {"x-spark": "first"}}
        options = {"model_provider": "mine", "model_providers": {"mine": provider}}
        async with editing(root, "a.py", "x = <CURSOR>\n", initializationOptions=options) as editor:
            answer = editor.ask()
            await (await model.next()).end()
            await answer
            later = {"model_providers": {"mine": {"http_headers": {"x-more": "second"}}}}
            editor.client.notify("workspace/didChangeConfiguration", {"settings": {"spark": later}})
            editor.type("q")
            answer = editor.ask()
            await (await model.next()).end()
            await answer

        assert [] == editor.messages

    first, second = model.handshakes

    assert "x-more" not in first
    assert ("first", "second") == (second["x-spark"], second["x-more"])


async def test_the_policy_follows_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    app = App(None)
    monkeypatch.setattr(app, "_feed", told.append)
    mine = {"base_url": "ws://127.0.0.1:1/v1", "request_max_retries": 3}
    app._configured({"model_provider": "mine", "model_providers": {"mine": mine}})
    patient = {**mine, "stream_idle_timeout_ms": 250}
    app._configured({"model_provider": "mine", "model_providers": {"mine": patient}})
    app._configured({"enabled": False})

    assert [
        Configured(enabled=True, window=128_000, local=False, stall=5.0, retries=3),
        Configured(enabled=True, window=128_000, local=False, stall=0.25, retries=3),
        Configured(enabled=False, window=24_000, local=True, stall=5.0, retries=1),
    ] == told
