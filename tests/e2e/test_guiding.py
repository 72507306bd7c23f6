"""Steering without a model: the embedded engine goes by the names in an instruction."""

import asyncio
from pathlib import Path

import pytest

from spark_lsp.cli.client import ErrorAnswer
from tests.editor import PATIENCE, Editor, editing

SOURCE = "colour = <CURSOR>"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    path.mkdir()
    for number, colour in enumerate((*["scarlet"] * 6, "turquoise")):
        (path / f"{number}.py").write_text(f"shape = round\ncolour = {colour}\n" * 4, "utf-8")
    return path


async def offered(editor: Editor) -> str:
    """Ask until there is something to show, as the engine may still be learning; its first line."""
    async with asyncio.timeout(PATIENCE):
        while not (result := await editor.ask())["items"]:
            pass
    return str(result["items"][0]["insertText"]).split("\n")[0]


async def test_the_engine_writes_what_is_named_where_it_can_stand(root: Path) -> None:
    async with editing(root, "a.py", SOURCE) as editor:
        assert await offered(editor) == "scarlet"
        about = {"textDocument": {"uri": editor.uri}, "instruction": "rather turquoise"}
        turned = await editor.client.request("spark/steer", about)

        assert turned["how"] == "reissued"
        assert await offered(editor) == "turquoise"


async def test_what_names_nothing_is_declined_with_what_to_do(root: Path) -> None:
    async with editing(root, "a.py", SOURCE) as editor:
        await offered(editor)
        about = {"textDocument": {"uri": editor.uri}, "instruction": "do it like that"}
        with pytest.raises(ErrorAnswer, match="say which should come, or connect a model"):
            await editor.client.request("spark/steer", about)


async def test_a_rewriting_is_declined_with_what_to_do(root: Path) -> None:
    async with editing(root, "a.py", SOURCE) as editor:
        await offered(editor)
        with pytest.raises(ErrorAnswer, match="connect one that can"):
            await editor.instruct("make it turquoise", 0, 5)
