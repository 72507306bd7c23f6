"""Editors that we have no client for, by the recipes of `editors/others.md`."""

import asyncio
import json
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.editors.others import emacs, helix, recipes
from tests.editors.terminal import Terminal
from tests.heard import PATIENCE
from tests.model import Model
from tests.peers.parts import needs

SHADOW = "brightblack"
"""The colour of Emacs' face `shadow`."""
MODEL = "fast at mine"
"""What the server says of the model when all is well."""


@pytest.fixture
async def editor(tmp_path: Path, model: Model) -> AsyncIterator[Terminal]:
    """An Emacs behind `x = `, whose server asks the model."""
    async with emacs(tmp_path, "x = <CURSOR>\n", model.steerable) as it:
        yield it


async def shown(editor: Terminal, model: Model, key: str, text: str) -> None:
    """Type a key, have the model write a text, and see it."""
    editor.type(key)
    request = await model.next()
    await request.say(text)
    await request.end()
    await editor.sees(lambda screen: screen.drawn(SHADOW) == text)


async def commands(editor: Terminal) -> str:
    """Return what Helix lists as commands of its servers, of which there may be none yet."""
    editor.type(":lsp-workspace-command\r")
    await editor.sees(lambda screen: screen.shows("0/0") or screen.shows("2/2"))
    listed = "\n".join(editor.lines)
    editor.type("\x1b")
    await editor.sees(lambda screen: not (screen.shows("0/0") or screen.shows("2/2")))
    return listed


def text_of(folder: Path) -> str:
    return (folder / "repository/a.py").read_text("utf-8")


async def saved(editor: Terminal, folder: Path) -> str:
    """Save the file in Emacs, and return what it holds."""
    editor.type("\x18\x13")
    await editor.sees(lambda screen: screen.shows("Wrote"))
    return text_of(folder)


@needs("emacs")
async def test_emacs_shows_an_answer_and_takes_it_with_tab(
    editor: Terminal, tmp_path: Path, model: Model
) -> None:
    await shown(editor, model, "v", "alue + 1")
    before = text_of(tmp_path)
    editor.type("\t")
    await editor.sees(lambda screen: screen.cursor == (1, 13) and not screen.drawn(SHADOW))

    assert before == "x = \n"
    assert "x = value + 1\n" == await saved(editor, tmp_path)


@needs("emacs")
async def test_emacs_takes_an_answer_back_with_one_undo(
    editor: Terminal, tmp_path: Path, model: Model
) -> None:
    await shown(editor, model, "v", "alue + 1")
    editor.type("\t")
    await editor.sees(lambda screen: screen.cursor == (1, 13))
    editor.type("\x1f")
    await editor.sees(lambda screen: screen.lines[1] == "x = v")

    assert "x = v\n" == await saved(editor, tmp_path)


@needs("emacs")
async def test_emacs_shows_an_answer_of_several_lines(tmp_path: Path, model: Model) -> None:
    source = "def load(path):\n   <CURSOR>\n"
    written = "with open(path) as file:\n        return file.read()"
    async with emacs(tmp_path, source, model.steerable) as editor:
        editor.type(" ")
        request = await model.next()
        await request.say(written)
        await request.end()
        await editor.sees(lambda screen: screen.lines[3] == "        return file.read()")
        editor.type("\t")
        await editor.sees(lambda screen: screen.cursor == (3, 26))

        assert f"def load(path):\n    {written}\n" == await saved(editor, tmp_path)


@needs("emacs")
async def test_emacs_shows_an_answer_again_when_it_is_typed_along(
    editor: Terminal, model: Model
) -> None:
    await shown(editor, model, "v", "alue + 1")
    editor.type("a")
    await editor.sees(lambda screen: screen.drawn(SHADOW) == "lue + 1")

    assert not any(it.endswith("x = va") for it in model.texts)


@needs("emacs")
async def test_emacs_shows_what_is_written_later_at_the_next_key(
    editor: Terminal, model: Model
) -> None:
    editor.type("v")
    request = await model.next()
    await request.say("alue")
    await editor.sees(lambda screen: screen.drawn(SHADOW) == "alue")
    await request.say(" + 1")
    await request.end()
    editor.type("a")
    await editor.sees(lambda screen: screen.drawn(SHADOW) == "lue + 1")


@needs("emacs")
async def test_emacs_asks_again_when_something_else_is_typed(
    editor: Terminal, model: Model
) -> None:
    await shown(editor, model, "v", "alue + 1")
    await shown(editor, model, "x", " * 2")

    assert editor.lines[1] == "x = vx * 2"


@needs("emacs")
async def test_emacs_sends_an_answer_away_and_asks_when_it_is_told_to(
    editor: Terminal, model: Model
) -> None:
    await shown(editor, model, "v", "alue + 1")
    editor.type("\x07")
    await editor.sees(lambda screen: screen.lines[1] == "x = v")
    editor.type("\x1bxlsp-inline-completion-display\r")
    await editor.sees(lambda screen: screen.drawn(SHADOW) == "alue + 1")


@needs("emacs")
async def test_emacs_says_in_its_mode_line_how_things_stand(editor: Terminal) -> None:
    await editor.sees(lambda screen: screen.shows(MODEL))


@needs("helix")
async def test_helix_runs_the_server_and_shows_nothing(tmp_path: Path, model: Model) -> None:
    async with helix(tmp_path, "x = \n", model.steerable) as editor:
        editor.type("Av")
        await editor.sees(lambda screen: "x = v" in screen.lines[0])
        editor.type("\x1b")
        await editor.sees(lambda screen: screen.shows(" NOR "))
        async with asyncio.timeout(PATIENCE):
            while "spark.accept" not in await commands(editor):
                pass
        editor.type(":w\r")
        await editor.sees(lambda screen: screen.shows("written"))

        assert editor.lines[0].endswith("x = v")
    assert "x = v\n" == text_of(tmp_path)
    assert [] == model.creates


def test_the_other_recipes_start_the_server_as_their_editors_read_them() -> None:
    coc = json.loads(recipes("coc.nvim")["json"])["languageserver"]["spark"]
    sublime = json.loads(recipes("Sublime Text")["json"])["clients"]["spark"]
    known = tomllib.loads(recipes("Helix")["toml"])["language-server"]["spark"]

    assert ["spark-lsp", "serve"] == sublime["command"]
    assert ["spark-lsp", "serve"] == [coc["command"], *coc["args"]]
    assert ["spark-lsp", "serve"] == [known["command"], *known["args"]]
