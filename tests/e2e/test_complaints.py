"""What people complain of in peers, where only the real server can show that it is not so here."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from spark_lsp.cli.client import Client, ErrorAnswer
from tests.e2e.test_planted_secrets import PIECE, body
from tests.editor import PATIENCE, Editor, editing
from tests.model import Model, scripted_model

NOT_INITIALIZED = -32002
NOTEBOOK = {
    "cells": [
        {"cell_type": "code", "source": ["total = 1\n"], "outputs": [], "metadata": {}},
        {"cell_type": "code", "source": ["print(total)\n"], "outputs": [], "metadata": {}},
    ],
    "metadata": {"kernelspec": {"name": "python3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    path.mkdir()
    return path


class Bare:
    """An editor that can do nothing special: it sends whole texts, and waits for answers."""

    def __init__(self, client: Client, uri: str) -> None:
        self.client = client
        self.uri = uri
        self.told: list[str] = []
        self.responses: list[Any] = []
        client.on_notification = lambda method, _: self.told.append(method)
        send = client.send

        def sent(message: Any) -> None:
            if "result" in message:
                self.responses.append(message)
            send(message)

        client.send = sent  # type: ignore[method-assign]

    def open(self, text: str) -> None:
        document = {"uri": self.uri, "languageId": "python", "version": 1, "text": text}
        self.client.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, text: str) -> None:
        about = {"textDocument": {"uri": self.uri}, "contentChanges": [{"text": text}]}
        self.client.notify("textDocument/didChange", about)

    def ask(self, character: int) -> asyncio.Future[Any]:
        place = {"line": 0, "character": character}
        about = {"textDocument": {"uri": self.uri}, "position": place}
        return self.client.request("textDocument/inlineCompletion", about)


async def steered(model: Model, editor: Editor, instruction: str) -> None:
    """Have what is being written go another way, where nothing is written."""
    about = {"textDocument": {"uri": editor.uri}, "instruction": instruction}
    turned = editor.client.request("spark/steer", about)
    again = await model.next()
    await turned
    await again.end()


async def meanwhile(model: Model, answer: asyncio.Future[Any]) -> Any:
    """Wait for an answer; what the model is asked for meanwhile is ended without a word."""
    asked = asyncio.ensure_future(model.next())
    while not answer.done():
        await asyncio.wait({answer, asked}, return_when=asyncio.FIRST_COMPLETED)
        if asked.done():
            await asked.result().end()
            asked = asyncio.ensure_future(model.next())
    asked.cancel()
    return await answer


async def test_an_editor_that_can_do_nothing_special_is_served(root: Path) -> None:
    """No capabilities, no tokens, no versions, no ranges, no context of a request."""
    async with scripted_model() as model:
        file = root.parent / "config.toml"
        file.write_text(model.steerable, "utf-8")
        client = await Client.start("--config", str(file))
        editor = Bare(client, (root / "a.py").as_uri())
        introduced = await client.initialize(root, capabilities={})
        editor.open('x = "😀" + \n')
        editor.change('x = "😀" + y\n')
        answer = editor.ask(12)
        request = await model.next()
        assert 'x = "😀" + y' == request.texts[-1]
        await request.say(".value")
        await request.say("()")
        await request.end()
        [item] = (await answer)["items"]
        again = await editor.ask(12)
        status = await client.close()

    here = {"line": 0, "character": 12}
    assert ".value()" == item["insertText"]
    assert {"start": here, "end": here} == item["range"]
    assert [item] == again["items"]
    assert introduced["capabilities"]["inlineCompletionProvider"] is not None
    assert "utf-16" == introduced["capabilities"]["positionEncoding"]
    assert {"didChangeStatus"} >= set(editor.told), "nothing is told under tokens nobody gave"
    assert [] == editor.responses, "nothing is asked of it that it has not said it can do"
    assert 0 == status


async def test_who_asks_before_initialize_has_returned_is_answered(root: Path) -> None:
    async with scripted_model() as model:
        file = root.parent / "config.toml"
        file.write_text(model.steerable, "utf-8")
        client = await Client.start("--config", str(file))
        editor = Bare(client, (root / "a.py").as_uri())
        too_early = editor.ask(0)
        introduction = asyncio.create_task(client.initialize(root))
        await asyncio.sleep(0)  # it is sent, and not answered yet
        editor.open("x = \n")
        answer = editor.ask(4)
        request = await model.next()
        await request.say("value")
        await request.end()
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(ErrorAnswer) as raised:
                await too_early
            items = (await answer)["items"]
            await introduction
        status = await client.close()

    assert NOT_INITIALIZED == raised.value.code
    assert ["value"] == [item["insertText"] for item in items]
    assert 0 == status


async def test_of_a_notebook_nothing_is_written(root: Path) -> None:
    file = root / "model.ipynb"
    file.write_text(json.dumps(NOTEBOOK), "utf-8")
    before = file.read_bytes(), file.stat().st_mtime_ns, sorted(root.rglob("*"))
    cells = [f"vscode-notebook-cell:{file}#W{number}sZmlsZQ" for number in range(2)]
    async with (
        scripted_model() as model,
        editing(root, "a.py", "<CURSOR>", config=model.steerable) as editor,
    ):
        client = editor.client
        notebook = {"uri": file.as_uri(), "notebookType": "jupyter-notebook", "version": 1}
        notebook["cells"] = [{"kind": 2, "document": uri} for uri in cells]
        client.notify(
            "notebookDocument/didOpen", {"notebookDocument": notebook, "cellTextDocuments": []}
        )
        first = Editor(client, cells[0], "total = 1<CURSOR>\n", "python")
        second = Editor(client, cells[1], "print(<CURSOR>)\n", "python")
        second.ask()
        request = await model.next()
        assert "print(" == request.texts[-1]
        await request.say("total)")
        await request.end()
        await second.ghost("total")
        second.type("total")
        first.replace(0, len("total"), "count")
        edits = (await meanwhile(model, first.next_edits()))["edits"]

    assert {edit["textDocument"]["uri"] for edit in edits} <= set(cells)
    assert before == (file.read_bytes(), file.stat().st_mtime_ns, sorted(root.rglob("*")))


async def test_a_secret_leaves_neither_with_an_edit_nor_with_what_follows(root: Path) -> None:
    """Typed and deleted, in the range, in what is said of it, and in what is said later."""
    secrets = {name: body(name) for name in ("old", "new", "said", "steered", "aside")}
    source = f"name = 'joe'\npassword = '{secrets['old']}'\n\n\ndef connect():\n    pass\n"
    async with (
        scripted_model() as model,
        editing(root, "a.py", "<CURSOR>" + source, config=model.steerable) as editor,
    ):
        await meanwhile(model, editor.ask())
        start = source.index(secrets["old"])
        editor.replace(start, start + len(secrets["old"]), secrets["new"])
        await meanwhile(model, editor.next_edits())

        answer = editor.instruct(f"use token = 'ghp_{secrets['said']}'", 0, len(source))
        await (await model.next()).say("name = 'jim'\n")
        await steered(model, editor, f"better with password = '{secrets['steered']}'")
        with pytest.raises(ErrorAnswer):
            await answer

        editor.replace(len(editor.screen.text), len(editor.screen.text), "\nx = ")
        editor.ask()
        await (await model.next()).say("value")
        await editor.ghost("value")
        await steered(model, editor, f"rather password = '{secrets['aside']}'")
        told = json.dumps(model.frames)

    assert all(word in told for word in ("joe", "password", "better with", "rather"))
    assert [] == [
        (name, secret[at : at + PIECE])
        for name, secret in secrets.items()
        for at in range(len(secret) - PIECE + 1)
        if secret[at : at + PIECE] in told
    ]
