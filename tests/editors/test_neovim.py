"""Neovim as a person uses it: our plugin and server, a scripted model, and what is on screen."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.editors.grid import Grid, Verdict
from tests.editors.neovim import Neovim, neovim
from tests.editors.samples import GHOST, PICTURED, SOURCE, WRITTEN
from tests.fixture import ROOT
from tests.heard import PATIENCE
from tests.model import Model, Request
from tests.peers.parts import NEOVIM, STYLUA, needs

pytestmark = needs("neovim")

PICTURE = ROOT / "docs/neovim.svg"

ASKED = """
local answered = false
require('spark.next').ask(function() answered = true end)
vim.wait(3000, function() return answered end, 10)
vim.cmd.redraw()
"""


@pytest.fixture
async def editor(tmp_path: Path, model: Model) -> AsyncIterator[Neovim]:
    """An editor behind `x = `, whose server asks the model."""
    async with neovim(tmp_path, "a.py", "x = <CURSOR>\n", model.steerable) as it:
        yield it


async def shown(editor: Neovim, model: Model, text: str) -> Request:
    """Have the model write a text, and see it."""
    request = await model.next()
    await request.say(text)
    await editor.ghost(text)
    return request


async def followed(editor: Neovim, text: str) -> None:
    """See a next edit; asked for again and again, for the library may still be reading."""
    async with asyncio.timeout(PATIENCE):
        while text not in editor.grid.drawn("SparkNext"):
            await editor.lua(ASKED)


async def server_of(editor: Neovim) -> int:
    pid = await editor.lua("return vim.fn.getpid()")
    children = psutil.Process(pid).children()
    return next(it.pid for it in children if "spark_lsp" in it.cmdline())


async def test_ghost_text_appears_and_grows_while_it_is_written(
    editor: Neovim, model: Model
) -> None:
    request = await shown(editor, model, "value")
    await request.say(" + 1")
    await editor.ghost("value + 1")
    await request.end()

    assert await editor.text() == "x = \n"
    assert editor.grid.text(0) == "x = value + 1"


async def test_ghost_text_stays_while_it_is_typed_along(editor: Neovim, model: Model) -> None:
    request = await shown(editor, model, "value + 1")
    await request.end()
    seen: list[str] = []

    def looks(column: int) -> Verdict:
        def noted(grid: Grid) -> bool:
            seen.append(grid.text(0))
            return grid.cursor == (0, column)

        return noted

    for column, typed in enumerate("val", 5):
        await editor.type(typed)
        await editor.sees(looks(column))
    await editor.ghost("ue + 1")

    assert {"x = value + 1"} == set(seen)
    # What follows may be asked for ahead, what is typed along with is not asked for.
    assert not any(it.endswith(("x = v", "x = va", "x = val")) for it in model.texts)


async def test_ghost_text_goes_when_something_else_is_typed(editor: Neovim, model: Model) -> None:
    await shown(editor, model, "value + 1")
    await editor.type("w")
    await editor.ghost("")
    await (await model.next()).say("idth")
    await editor.ghost("idth")

    assert editor.grid.text(0) == "x = width"


async def test_tab_takes_all_of_it_and_one_undo_takes_that_back(
    editor: Neovim, model: Model
) -> None:
    request = await shown(editor, model, "value + 1")
    await request.end()
    await editor.type("va")
    await editor.ghost("lue + 1")
    await editor.type("<Tab>")
    await editor.sees(lambda grid: grid.cursor == (0, 13) and not grid.drawn("SparkGhost"))
    taken = await editor.text()
    await editor.type("<Esc>u")
    await editor.sees(lambda grid: grid.text(0) == "x = va")

    assert "x = value + 1\n" == taken


async def test_a_word_is_taken_and_the_rest_stays(editor: Neovim, model: Model) -> None:
    request = await shown(editor, model, "value + 1")
    await request.end()
    await editor.type("<M-w>")
    await editor.ghost(" + 1")
    await editor.type("<M-w>")
    await editor.ghost(" 1")

    assert "x = value +\n" == await editor.text()
    assert not any(it.endswith(("x = value", "x = value +")) for it in model.texts)


async def test_several_lines_are_shown_and_taken_line_by_line(tmp_path: Path, model: Model) -> None:
    source = "def total(values):\n    <CURSOR>\n"
    async with neovim(tmp_path, "a.py", source, model.steerable) as editor:
        request = await model.next()
        await request.say(
            "result = 0\n    for it in values:\n        result += it\n    return result\n"
        )
        await request.end()
        await editor.sees(lambda grid: "return result" in grid.drawn("SparkGhost"))
        await editor.type("<M-l>")
        await editor.sees(lambda grid: grid.drawn("SparkGhost").startswith("    for it in values:"))
        before = await editor.text()
        await editor.type("<Tab>")
        await editor.ghost("")

        assert "def total(values):\n    result = 0\n" == before
        assert (await editor.text()).endswith("        result += it\n    return result\n")


async def test_letters_of_any_width_stay_where_they_are(tmp_path: Path, model: Model) -> None:
    async with neovim(tmp_path, "a.py", 'x = "né😀" + <CURSOR>\n', model.steerable) as editor:
        request = await shown(editor, model, '"😀é" + y')
        await request.end()
        await editor.type('"😀')
        await editor.ghost('é" + y')
        await editor.type("<M-w><Tab>")
        await editor.ghost("")

        assert 'x = "né😀" + "😀é" + y\n' == await editor.text()


async def test_a_file_of_windows_keeps_its_line_ends(tmp_path: Path, model: Model) -> None:
    source = "def total(values):\r\n    <CURSOR>\r\n"
    async with neovim(tmp_path, "a.py", source, model.steerable) as editor:
        request = await model.next()
        await request.say("for it in values:\n        print(it)\n    return None\n")
        await request.end()
        await editor.sees(lambda grid: "print(it)" in grid.drawn("SparkGhost"))
        await editor.type("<M-l>")
        await editor.sees(lambda grid: "for it" not in grid.drawn("SparkGhost"))
        await editor.type("<Tab><Esc>")
        await editor.command("write")

        path = tmp_path / "repository/a.py"
        assert path.read_bytes().startswith(
            b"def total(values):\r\n    for it in values:\r\n        print(it)\r\n"
        )


async def test_what_is_sent_away_is_gone(editor: Neovim, model: Model) -> None:
    request = await shown(editor, model, "value + 1")
    await request.end()
    await editor.type("<C-e>")
    await editor.ghost("")

    assert "x = \n" == await editor.text()


async def test_tab_is_a_tab_where_nothing_is_shown(editor: Neovim, model: Model) -> None:
    await (await model.next()).end()
    await editor.type("<Esc>o<Tab>y")
    await editor.sees(lambda grid: grid.text(1).strip() == "y")

    assert (await editor.text()).splitlines()[1] in {"\ty", "    y"}


async def test_leaving_insert_mode_takes_ghost_text_away(editor: Neovim, model: Model) -> None:
    await shown(editor, model, "value + 1")
    await editor.type("<Esc>")
    await editor.ghost("")


async def test_every_key_arrives_while_the_model_writes(editor: Neovim, model: Model) -> None:
    request = await shown(editor, model, "value")
    keys = "some_name = another_name + 12345 - third"
    for key in keys:
        await editor.type(key)
        if model.requests.empty():
            continue
        request = await model.next()
        await request.say("stale_if_seen")
    await editor.sees(lambda grid: keys in grid.text(0))

    assert f"x = {keys}\n" == await editor.text()


async def test_the_menu_of_completions_and_ghost_text_go_together(
    tmp_path: Path, model: Model
) -> None:
    source = "value_of_all = 1\nx = <CURSOR>\n"
    async with neovim(tmp_path, "a.py", source, model.steerable) as editor:
        await shown(editor, model, "value_of_all + 1")
        await editor.type("val<C-n>")
        await editor.sees(lambda grid: "value_of_all" in grid.text(1))
        await editor.sees(lambda grid: grid.drawn("SparkGhost") in {" + 1", ""})
        await editor.type("<C-y>")
        await editor.sees(lambda grid: grid.cursor == (1, 16))

        assert "value_of_all = 1\nx = value_of_all\n" == await editor.text()


async def test_a_range_is_rewritten_kept_and_undone_in_one_step(
    tmp_path: Path, model: Model
) -> None:
    async with neovim(tmp_path, "a.py", SOURCE, model.steerable) as editor:
        await editor.command("1,2Spark edit close the file")
        request = await model.next()
        await request.say(WRITTEN[:-23])
        await request.say(WRITTEN[-23:-13])
        await editor.sees(lambda grid: "with open" in grid.drawn("SparkAdd"))
        await request.say(WRITTEN[-13:])
        await request.end()
        await editor.sees(lambda grid: "return file.read()" in grid.drawn("SparkAdd"))
        before = await editor.text()
        await editor.command("Spark keep")
        after = await editor.text()
        await editor.type("u")
        await editor.sees(lambda grid: "with open" not in "\n".join(grid.lines))

        assert before == SOURCE
        assert after.startswith(WRITTEN + "\n")
        assert before == await editor.text()


async def test_a_rewriting_is_taken_away_and_leaves_the_text_as_it_was(
    tmp_path: Path, model: Model
) -> None:
    async with neovim(tmp_path, "a.py", SOURCE, model.steerable) as editor:
        await editor.command("1,2Spark edit close the file")
        request = await model.next()
        await request.say(WRITTEN)
        await request.end()
        await editor.sees(lambda grid: "return file.read()" in grid.drawn("SparkAdd"))
        await editor.command("Spark undo")
        await editor.sees(lambda grid: not grid.drawn("SparkAdd") + grid.drawn("SparkDelete"))

        assert SOURCE == await editor.text()


async def test_what_is_written_is_steered_another_way(editor: Neovim, model: Model) -> None:
    await shown(editor, model, "value")
    await editor.command("Spark steer a list")
    request = await model.next()
    await request.say("[1, 2]")
    await editor.ghost("[1, 2]")

    assert any("a list" in text for text in request.texts)


async def test_an_interrupt_stops_what_is_written(editor: Neovim, model: Model) -> None:
    await shown(editor, model, "value")
    await editor.command("Spark interrupt")
    await model.interrupts.get()


async def test_it_is_explained_why_nothing_is_shown(tmp_path: Path, model: Model) -> None:
    async with neovim(tmp_path, "a.py", "x = val<CURSOR>ue\n", model.steerable) as editor:
        await editor.type("u")
        await editor.sees(lambda grid: grid.text(0) == "x = valuue")
        await editor.command("Spark explain")
        await editor.sees(lambda grid: "inside a word" in "\n".join(grid.lines))


async def test_a_pause_is_silent_and_ends(editor: Neovim, model: Model) -> None:
    await shown(editor, model, "value")
    await editor.command("Spark pause")
    await editor.ghost("")
    await editor.sees(lambda grid: "Spark paused" in "\n".join(grid.lines))
    await editor.type("v")
    await editor.sees(lambda grid: grid.cursor == (0, 5) and grid.text(0) == "x = v")
    await editor.command("Spark resume")
    await editor.sees(lambda grid: "Spark paused" not in "\n".join(grid.lines))
    await editor.ghost("alue")


async def test_the_status_line_says_how_things_stand(editor: Neovim, model: Model) -> None:
    await shown(editor, model, "value")
    await editor.sees(lambda grid: any(line.startswith("Spark") for line in grid.lines))


async def test_a_server_that_is_killed_comes_back(editor: Neovim, model: Model) -> None:
    await shown(editor, model, "value")
    first = await server_of(editor)
    psutil.Process(first).send_signal(signal.SIGKILL)
    await shown(editor, model, "other")

    assert first != await server_of(editor)


async def test_the_edits_that_follow_from_a_rename_are_shown_and_made(tmp_path: Path) -> None:
    source = "def work(total):\n    print(total)\n    return total + 1\n"
    async with neovim(tmp_path, "a.py", source) as editor:
        await editor.command("call cursor(1, 10)")
        await editor.type("ciwcount<Esc>")
        await followed(editor, "count")
        await editor.type(":Spark next<CR>")
        await editor.sees(lambda grid: grid.cursor[0] == 1)
        await editor.type(":Spark next<CR>")
        await editor.sees(lambda grid: grid.cursor[0] == 2)
        await editor.type(":Spark next<CR>")
        await editor.sees(lambda grid: "return count + 1" in grid.text(2))

        assert source.replace("total", "count") == await editor.text()


async def test_an_edit_that_follows_in_another_file_is_jumped_to_and_made(tmp_path: Path) -> None:
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository/b.py").write_text("from a import load\n\nprint(load(1))\n", "utf-8")
    async with neovim(tmp_path, "a.py", "def load(path):\n    return path\n") as editor:
        await editor.command("set hidden")
        await editor.command("call cursor(1, 5)")
        await editor.type("ciwfetch<Esc>")
        async with asyncio.timeout(PATIENCE):
            while "from a" not in editor.grid.text(0):
                await editor.lua(ASKED)
                await editor.command("silent Spark next")
        await editor.sees(lambda grid: "fetch" in grid.drawn("SparkNext"))
        await editor.type(":Spark next<CR>")
        await editor.sees(lambda grid: grid.text(0) == "from a import fetch")


async def test_the_built_in_client_shows_and_takes_an_answer(tmp_path: Path, model: Model) -> None:
    options = '"renderer": "builtin"'
    async with neovim(tmp_path, "a.py", "x = <CURSOR>\n", model.steerable, options) as editor:
        request = await model.next()
        await request.say("value")
        await request.end()
        await editor.sees(lambda grid: grid.text(0) == "x = value")
        await editor.type("<Tab>")
        await editor.sees(lambda grid: grid.cursor == (0, 9))

        assert "x = value\n" == await editor.text()


async def test_the_health_check_finds_nothing_wrong(editor: Neovim, model: Model) -> None:
    await shown(editor, model, "value")
    await editor.type("<Esc>")
    await editor.command("checkhealth spark")
    text = await editor.text()

    assert "spark-lsp" in text
    assert "ERROR" not in text


async def test_subcommands_are_completed_and_a_wrong_one_says_which_there_are(
    editor: Neovim, model: Model
) -> None:
    del model
    names: Any = await editor.lua("return vim.fn.getcompletion('Spark s', 'cmdline')")
    choices: Any = await editor.lua("return vim.fn.getcompletion('Spark accept ', 'cmdline')")
    await editor.type("<Esc>:Spark nonsense<CR>")
    await editor.sees(lambda grid: "say one of accept" in "\n".join(grid.lines))

    assert ["snooze", "stats", "status", "steer"] == names
    assert ["all", "line", "word"] == choices


async def test_a_selection_is_rewritten_as_it_is_said_at_the_prompt(
    tmp_path: Path, model: Model
) -> None:
    async with neovim(tmp_path, "a.py", SOURCE, model.steerable) as editor:
        await editor.command("xmap gs <Plug>(spark-edit)")
        await editor.type("Vjgs")
        await editor.sees(lambda grid: "What should it be?" in "\n".join(grid.lines))
        await editor.type("close the file<CR>")
        request = await model.next()
        await request.say(WRITTEN)
        await request.end()
        await editor.sees(lambda grid: "return file.read()" in grid.drawn("SparkAdd"))

        assert any("close the file" in text for text in request.texts)


async def test_another_model_is_asked_from_then_on(editor: Neovim, model: Model) -> None:
    await shown(editor, model, "value")
    await editor.command("Spark model other")
    await editor.type("<Esc>ox = ")
    async with asyncio.timeout(PATIENCE):
        while (request := await model.next()).frame["model"] != "other":
            pass

    assert "other" == request.frame["model"]


async def test_a_restart_brings_another_server(editor: Neovim, model: Model) -> None:
    await shown(editor, model, "value")
    first = await server_of(editor)
    await editor.command("Spark restart")
    await shown(editor, model, "other")

    assert first != await server_of(editor)


async def test_context_and_figures_are_shown_in_a_window(tmp_path: Path) -> None:
    async with neovim(tmp_path, "a.py", SOURCE) as editor:
        await editor.command("Spark context")
        await editor.sees(lambda grid: "tokens" in "\n".join(grid.lines))
        await editor.type("<Esc>j")
        await editor.command("Spark stats")
        await editor.sees(lambda grid: "counted" in "\n".join(grid.lines))


def test_a_server_that_is_not_found_is_said_once(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    init = f"vim.opt.runtimepath:prepend({str(ROOT / 'editors/neovim')!r}) vim.lsp.enable('spark')"
    (tmp_path / "init.lua").write_text(init, "utf-8")
    command: list[str | Path] = [NEOVIM, "--headless", "-n", "-i", "NONE", "-u", "init.lua", "a.py"]
    subprocess.run(
        [*command, "+redir! > said", "+messages", "+redir END", "+qall!"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        timeout=PATIENCE,
        check=True,
    )
    said = (tmp_path / "said").read_text("utf-8")

    assert 1 == said.count("spark-lsp was not found: install it")
    assert "traceback" not in said


@needs("stylua")
def test_the_plugin_is_formatted_by_stylua() -> None:
    command: list[str | Path] = [STYLUA, "--check", "."]
    done = subprocess.run(command, cwd=ROOT / "editors/neovim", capture_output=True, check=False)

    assert (0, b"") == (done.returncode, done.stdout + done.stderr)


def test_the_help_has_every_subcommand() -> None:
    text = (ROOT / "editors/neovim/doc/spark.txt").read_text("utf-8")
    code = (ROOT / "editors/neovim/lua/spark/command.lua").read_text("utf-8")
    table = code.partition("local SUBCOMMANDS")[2].partition("\n}\n")[0]
    names = [
        line.split()[0] for line in table.splitlines() if line[2:3].isalpha() and " = {" in line
    ]

    assert len(names) > 15
    assert [] == [name for name in names if f"Spark {name}" not in text]


async def test_it_looks_as_the_readme_shows_it(
    tmp_path: Path, model: Model, *, update: bool
) -> None:
    source = f"{PICTURED}    <CURSOR>\n"
    async with neovim(tmp_path, "sizes.py", source, model.steerable) as editor:
        request = await model.next()
        for piece in GHOST:
            await request.say(piece)
        await request.end()
        await editor.sees(lambda grid: "found[path.name]" in grid.drawn("SparkGhost"))
        picture = editor.grid.picture("Ghost text of two lines in Neovim")
    if update:
        PICTURE.write_text(picture, "utf-8")

    assert "found[path.name]" in picture
    assert PICTURE.exists()
