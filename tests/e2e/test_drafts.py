"""Drafts in the editor: the engine shows what it is sure of while a slow model is on its way."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.editor import PATIENCE, Editor, editing
from tests.model import Model, scripted_model
from tests.samples import SOURCE, UTIL

MORE = """\
split_duration(text)
    return number * SECONDS_PER_UNIT[unit]


def third(text):
    number, unit = \
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    path.mkdir()
    (path / "util.py").write_text(UTIL, "utf-8")
    return path


@asynccontextmanager
async def with_a_slow_model(root: Path, *, drafts: bool) -> AsyncIterator[tuple[Editor, Model]]:
    """An engine that has learned, and a model that says nothing by itself.

    While the model is not there the engine stands in, by which is seen that it has learned.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    config = f"""
    model_provider = "mine"
    [model_providers.mine]
    base_url = "ws://127.0.0.1:{port}/v1"
    """
    options = {"drafts": drafts}
    async with editing(
        root, "a.py", SOURCE, config=config, initializationOptions=options
    ) as editor:
        await editor.stands("Warning", "fills in")
        async with asyncio.timeout(PATIENCE):
            while not (await editor.ask())["items"]:
                pass
        async with scripted_model(port) as model:
            await editor.until(lambda: "gpt-6-luna at mine" == editor.statuses[-1]["message"])
            editor.type(MORE)
            yield editor, model


async def explained(editor: Editor) -> dict[str, Any]:
    account = await editor.client.request(
        "spark/explain", {"textDocument": {"uri": editor.uri}, "position": editor._place()}
    )
    assert isinstance(account, dict)
    return account


async def test_a_draft_is_there_before_the_model_which_takes_it_over(root: Path) -> None:
    async with with_a_slow_model(root, drafts=True) as (editor, model):
        answer = editor.ask()
        request = await model.next()
        await editor.ghost("split_duration(text)")
        assert not answer.done()
        await request.say("split_duration(text)")
        await request.end()

        assert "split_duration(text)" == (await answer)["items"][0]["insertText"]
        assert "model" == (await explained(editor))["source"]
        assert 1 == len(model.creates)


async def test_what_the_model_says_otherwise_comes_with_the_next_request(root: Path) -> None:
    async with with_a_slow_model(root, drafts=True) as (editor, model):
        answer = editor.ask()
        request = await model.next()
        await editor.ghost("split_duration(text)")
        await request.say("split_duration(text.strip())")
        assert "split_duration(text)" == (await answer)["items"][0]["insertText"]
        account = await explained(editor)
        assert "draft" == account["source"]
        assert "as the embedded engine's draft" in account["summary"]
        await request.end()
        again = await editor.ask()

        assert "split_duration(text.strip())" == again["items"][0]["insertText"]
        assert 1 == len(model.creates)


async def test_where_drafts_are_switched_off_only_the_model_is_heard(root: Path) -> None:
    async with with_a_slow_model(root, drafts=False) as (editor, model):
        editor.ask()
        await (await model.next()).say("split(text)")
        await editor.ghost("split(text)")

        assert {"split(text)"} == {it for _, items in editor.partials[-1:] for it in items}
