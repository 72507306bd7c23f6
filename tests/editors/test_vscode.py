"""VS Code as a person uses it: our extension and server, a scripted model, what is on screen."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from tests.editors.samples import GHOST, PICTURED, SOURCE, WRITTEN
from tests.editors.vscode import Screen, VSCode, vscode
from tests.fixture import ROOT
from tests.heard import PATIENCE
from tests.model import Model, Request
from tests.peers.debian import script
from tests.peers.parts import needs

pytestmark = needs("vscode", "chromium")

PICTURE = ROOT / "docs/vscode.png"

SERVER = Path(sys.executable).with_name("spark-lsp")
PYTHON = """\
case "$2" in
  venv) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" && dirname "$0" > "$4/from" ;;
  pip) here=$(dirname "$0")
    echo "$@" > "$(cat "$here/../from")/installed"
    printf '#!/bin/sh\\nexec "{server}" "$@"\\n' > "$here/spark-lsp"
    chmod +x "$here/spark-lsp" ;;
esac\
"""

NOTHING = "nothing follows from the last change"


@pytest.fixture
async def editor(tmp_path: Path, model: Model) -> AsyncIterator[VSCode]:
    """An editor behind `x =`, whose server asks the model."""
    async with vscode(tmp_path, "a.py", "x =<CURSOR>\n", config=model.steerable) as it:
        yield it


async def shown(editor: VSCode, model: Model, text: str) -> Request:
    """Type a space, have the model write a text, and see it."""
    await editor.type(" ")
    request = await model.next()
    await request.say(text)
    await editor.ghost(text)
    return request


async def finished(editor: VSCode, model: Model, text: str) -> None:
    """Have the model write a whole text, and see it."""
    await (await shown(editor, model, text)).end()


async def asked(model: Model, before: str) -> Request:
    """Wait for the request with this text before the cursor; leave those for other texts."""
    while True:
        request = await model.next()
        if any(text.endswith(before) for text in request.texts):
            return request


async def line(editor: VSCode, text: str) -> None:
    """Wait until the first line is this, with no ghost text in it."""
    await editor.sees(lambda screen: screen.lines[0] == text and not screen.ghost)


def servers(editor: VSCode) -> list[psutil.Process]:
    below = psutil.Process(editor.process.pid).children(recursive=True)
    return [it for it in below if "serve" in it.cmdline()]


async def test_ghost_text_appears_and_grows_while_it_is_written(
    editor: VSCode, model: Model
) -> None:
    request = await shown(editor, model, "value")
    await request.say(" + 1")
    frames = await editor.ghost("value + 1")
    await request.say(" + width")
    frames += await editor.ghost("value + 1 + width")
    await request.end()

    # It never flickers: each frame shows what the last one did, or more.
    ghosts = [screen.ghost for screen in frames]
    assert ghosts == sorted(ghosts, key=len)
    assert ghosts[0].startswith("value")
    await editor.holds("x = \n")


async def test_ghost_text_stays_while_it_is_typed_along(editor: VSCode, model: Model) -> None:
    await finished(editor, model, "value + 1")
    seen: list[Screen] = []
    for typed, left in (("v", "alue + 1"), ("a", "lue + 1"), ("l", "ue + 1")):
        await editor.type(typed)
        seen += await editor.ghost(left)

    assert {"x = value + 1"} == {screen.lines[0] for screen in seen}
    # What follows may be asked for ahead, what is typed along with is not asked for.
    assert not any(it.endswith(("x = v", "x = va", "x = val")) for it in model.texts)


async def test_ghost_text_grows_and_is_typed_along_at_once(editor: VSCode, model: Model) -> None:
    text = "value_of_width + value_of_height"
    request = await shown(editor, model, text[:16])
    whole = f"x = {text}"
    looking = asyncio.create_task(
        editor.sees(lambda screen: screen.lines[0] == whole and screen.ghost == text[15:])
    )
    for at in range(15):
        await editor.type(text[at])
        await request.say(text[16 + at])
    await request.say(text[31:])
    await request.end()
    frames = await looking

    # No key costs what is shown, and nothing else is ever shown.
    assert [] == [
        (screen.lines[0], screen.ghost)
        for screen in frames
        if not screen.ghost or not whole.startswith(screen.lines[0])
    ]
    assert model.interrupts.empty()


async def test_ghost_text_goes_when_something_else_is_typed(editor: VSCode, model: Model) -> None:
    await shown(editor, model, "value + 1")
    await editor.type("w")
    await line(editor, "x = w")
    await (await asked(model, "x = w")).say("idth")
    await editor.ghost("idth")


async def test_tab_takes_all_of_it_and_one_undo_takes_that_back(
    editor: VSCode, model: Model
) -> None:
    await finished(editor, model, "value + 1")
    await editor.press("Tab")
    await line(editor, "x = value + 1")
    await editor.holds("x = value + 1\n")
    await editor.press("Control+z")
    await editor.holds("x = \n")


async def test_a_word_is_taken_and_the_rest_stays(editor: VSCode, model: Model) -> None:
    await finished(editor, model, "value + 1")
    await editor.press("Control+ArrowRight")
    await editor.ghost(" + 1")
    await editor.press("Control+ArrowRight")
    await editor.ghost("+ 1")
    await editor.holds("x = value \n")

    assert not any(it.endswith(("x = value", "x = value ")) for it in model.texts)


async def test_several_lines_are_shown_and_taken_line_by_line(tmp_path: Path, model: Model) -> None:
    source = "def total(values):\n   <CURSOR>\n"
    async with vscode(tmp_path, "a.py", source, config=model.steerable) as editor:
        await editor.type(" ")
        request = await model.next()
        text = "result = 0\n    for it in values:\n        result += it\n    return result\n"
        await request.say(text)
        await request.end()
        await editor.ghost(text.rstrip())
        await editor.press("Control+Alt+l")
        await editor.sees(lambda screen: screen.ghost.startswith("    for it in values:"))
        # Before an indentation Tab indents, as VS Code has it; then it takes what is shown.
        await editor.press("Tab")
        await editor.sees(lambda screen: screen.ghost.startswith("for it in values:"))
        await editor.press("Tab")
        await editor.sees(lambda screen: not screen.ghost and len(screen.lines) > 4)
        await editor.holds(f"def total(values):\n    {text.rstrip()}\n")


async def test_what_is_sent_away_is_gone_and_not_shown_there_again(
    editor: VSCode, model: Model
) -> None:
    await finished(editor, model, "value + 1")
    await editor.press("Escape")
    await line(editor, "x = ")
    await editor.type("v")
    request = await asked(model, "x = v")
    await request.say("alue + 1")
    await request.end()
    await editor.type("w")
    await (await asked(model, "x = vw")).say("idth + 1")
    frames = await editor.ghost("idth + 1")

    assert {screen.ghost for screen in frames} <= {"", "idth + 1"}


async def test_letters_of_any_width_and_line_ends_of_windows_stay_as_they_are(
    tmp_path: Path, model: Model
) -> None:
    async with vscode(
        tmp_path, "a.py", 'x = "né😀" +<CURSOR>\r\n', config=model.steerable
    ) as editor:
        await finished(editor, model, 'y + "😀é"')
        await editor.type("y")
        await editor.ghost(' + "😀é"')
        await editor.press("Tab")
        await line(editor, 'x = "né😀" + y + "😀é"')
        await editor.holds('x = "né😀" + y + "😀é"\r\n')


async def test_no_key_is_swallowed_while_the_model_writes(editor: VSCode, model: Model) -> None:
    keys = " some_name = another_name + 12345 - third"
    for key in keys:
        await editor.type(key)
        while not model.requests.empty():
            await (await model.next()).say("stale_if_seen")
    await editor.sees(lambda screen: screen.lines[0].startswith(f"x ={keys}"))
    await editor.holds(f"x ={keys}\n")


async def test_nothing_is_asked_where_the_person_has_switched_suggestions_off(
    tmp_path: Path, model: Model
) -> None:
    settings = {"editor.inlineSuggest.enabled": False}
    async with vscode(
        tmp_path, "a.py", "x =<CURSOR>\n", config=model.steerable, settings=settings
    ) as editor:
        await editor.type(" va")
        await editor.holds("x = va\n")

        assert [] == model.creates


async def test_the_menu_of_completions_and_ghost_text_go_together(
    tmp_path: Path, model: Model
) -> None:
    source = "value_of_all = 1\nx =<CURSOR>\n"
    async with vscode(tmp_path, "a.py", source, config=model.steerable) as editor:
        await finished(editor, model, "value_of_all + 1")
        await editor.type("val")
        await editor.press("Control+Space")
        await editor.sees(lambda screen: "value_of_all" in screen.lines[1])
        await editor.page.wait_for_selector(".suggest-widget.visible .monaco-list-row.focused")
        await editor.press("Tab")
        await editor.page.wait_for_selector(".suggest-widget.visible", state="hidden")
        await editor.holds("value_of_all = 1\nx = value_of_all\n")


async def test_lines_are_rewritten_in_a_diff_kept_and_undone_in_one_step(
    tmp_path: Path, model: Model
) -> None:
    async with vscode(tmp_path, "a.py", f"<CURSOR>{SOURCE}", config=model.steerable) as editor:
        await editor.press("Shift+ArrowDown", "Shift+End", "Alt+i")
        await editor.answer("What should it be?", "close the file")
        request = await model.next()
        await request.say(WRITTEN[:-23])
        await request.say(WRITTEN[-23:-13])
        await editor.sees(lambda screen: any("with open" in it for it in screen.proposed))
        await request.say(WRITTEN[-13:])
        await request.end()
        await editor.sees(lambda screen: any("file.read()" in it for it in screen.proposed))
        await editor.page.wait_for_selector(".codicon-check:visible")
        await editor.press("Control+Enter")
        await editor.sees(
            lambda screen: not screen.proposed and any("with open" in it for it in screen.lines)
        )
        await editor.holds(f"{WRITTEN}\n")
        await editor.press("Control+z")
        await editor.holds(SOURCE)

        assert any("close the file" in text for text in request.texts)


async def test_a_rewriting_is_rejected_and_leaves_the_text_as_it_was(
    tmp_path: Path, model: Model
) -> None:
    async with vscode(tmp_path, "a.py", f"<CURSOR>{SOURCE}", config=model.steerable) as editor:
        await editor.press("Shift+ArrowDown", "Shift+End", "Alt+i")
        await editor.answer("What should it be?", "close the file")
        request = await model.next()
        await request.say(WRITTEN)
        await request.end()
        await editor.sees(lambda screen: any("file.read()" in it for it in screen.proposed))
        await editor.command("Spark: Reject the Edit")
        await editor.sees(lambda screen: not screen.proposed and screen.tabs == ["a.py"])
        await editor.holds(SOURCE)


async def test_what_is_written_is_steered_another_way(editor: VSCode, model: Model) -> None:
    await shown(editor, model, "value")
    await editor.press("Alt+o")
    await editor.answer("What instead?", "a list")
    request = await model.next()
    await request.say("[1, 2]")
    await editor.ghost("[1, 2]")

    assert any("a list" in text for text in request.texts)


async def test_a_rewriting_is_steered_while_it_is_watched(tmp_path: Path, model: Model) -> None:
    async with vscode(tmp_path, "a.py", f"<CURSOR>{SOURCE}", config=model.steerable) as editor:
        await editor.press("Shift+ArrowDown", "Shift+End", "Alt+i")
        await editor.answer("What should it be?", "close the file")
        request = await model.next()
        await request.say("def load(path):\n    return path.read_text()\n")
        await request.say("# and")
        await editor.sees(lambda screen: any("read_text" in it for it in screen.proposed))
        await editor.press("Alt+o")
        await editor.answer("What instead?", "use a context manager")
        request = await model.next()
        await request.say(WRITTEN)
        await request.end()
        await editor.sees(lambda screen: any("file.read()" in it for it in screen.proposed))
        await editor.page.wait_for_selector(".codicon-check:visible")
        await editor.press("Control+Enter")
        await editor.holds(f"{WRITTEN}\n")

        assert any("use a context manager" in text for text in request.texts)


async def test_an_interrupt_stops_what_is_written(editor: VSCode, model: Model) -> None:
    await shown(editor, model, "value")
    await editor.command("Spark: Interrupt What Is Being Written")
    async with asyncio.timeout(PATIENCE):
        await model.interrupts.get()


async def test_it_is_explained_why_nothing_is_shown(tmp_path: Path, model: Model) -> None:
    async with vscode(tmp_path, "a.py", "x = val<CURSOR>ue\n", config=model.steerable) as editor:
        await editor.type("u")
        await editor.sees(lambda screen: screen.lines[0] == "x = valuue")
        await editor.command("Spark: Explain the Last Answer Here")
        page = editor.page.locator(".view-line", has_text="inside a word")
        await page.first.wait_for()


async def test_what_a_model_would_see_and_what_was_kept_can_be_read(
    editor: VSCode, model: Model
) -> None:
    await finished(editor, model, "value")
    await editor.command("Spark: Show the Context for This Place")
    await editor.page.locator(".view-line", has_text="tokens").first.wait_for()
    await editor.command("Spark: Show What Was Accepted and Kept")
    await editor.sees(lambda screen: "Spark: what was accepted and kept" in screen.tabs)
    await editor.command("Spark: Show Logs")
    await editor.page.locator(".view-line", has_text="[info] starting").first.wait_for()


async def test_a_folder_that_is_not_trusted_starts_nothing_of_its_own(tmp_path: Path) -> None:
    own = tmp_path / "repository/.venv/bin/spark-lsp"
    own.parent.mkdir(parents=True)
    script(own, f"touch '{tmp_path / 'ran'}'\nexec '{SERVER}' \"$@\"")
    settings = {
        "spark.server.path": "",
        "security.workspace.trust.enabled": True,
        "security.workspace.trust.startupPrompt": "never",
    }
    path = {"PATH": "/usr/bin:/bin"}
    async with vscode(tmp_path, "a.py", "x\n", settings=settings, environment=path) as editor:
        await editor.sees(lambda screen: "spark-lsp was not found" in screen.says)
        assert not (tmp_path / "ran").exists()

        await editor.page.locator(".statusbar-item", has_text="Restricted Mode").click()
        await editor.page.locator(".workspace-trust-buttons-row a", has_text="Trust").first.click()
        await editor.sees(lambda screen: "embedded" in screen.status)
        assert (tmp_path / "ran").exists()


async def test_a_pause_is_silent_and_ends(editor: VSCode, model: Model) -> None:
    await finished(editor, model, "value")
    await editor.command("Spark: Pause")
    await line(editor, "x = ")
    await editor.type("v")
    await line(editor, "x = v")
    await editor.command("Spark: Resume")
    await editor.ghost("alue")


async def test_the_menu_tells_how_things_stand_and_what_can_be_done(
    editor: VSCode, model: Model
) -> None:
    await finished(editor, model, "value")
    await editor.sees(lambda screen: " ms" in screen.status)
    await editor.page.locator('[id="spark-lsp.spark-lsp.spark.status"]').click()
    frames = await editor.sees(lambda screen: "Snooze" in screen.input)

    assert "fast at mine" in frames[-1].status
    for choice in (
        *("Pause", "Snooze…", "Switch the model…", "Show logs", "Restart the server"),
        *("Explain the last answer here", "Show the context for this place"),
    ):
        assert choice in frames[-1].input


async def test_a_server_that_is_killed_comes_back(editor: VSCode, model: Model) -> None:
    await finished(editor, model, "value")
    [first] = servers(editor)
    first.send_signal(signal.SIGKILL)
    await editor.sees(lambda screen: " at " not in screen.status)
    await editor.sees(lambda screen: " at " in screen.status)
    await editor.type("w")
    await (await asked(model, "x = w")).say("idth")
    await editor.ghost("idth")

    assert first.pid not in {it.pid for it in servers(editor)}


async def test_without_a_server_it_is_said_how_to_get_one(tmp_path: Path) -> None:
    settings = {"spark.server.path": ""}
    environment = {"PATH": "/bin:/usr/bin"}
    async with vscode(
        tmp_path, "a.py", "x\n", settings=settings, environment=environment
    ) as editor:
        await editor.sees(lambda screen: "spark-lsp was not found" in screen.says)
        await editor.command("Spark: Set Up the Server")
        await editor.sees(lambda screen: "It is on this machine" in screen.input)
        await editor.answer("An environment only for Spark", "only for Spark")
        await editor.sees(lambda screen: "What should be installed?" in screen.input)


async def test_a_server_is_installed_as_the_person_chooses_and_is_started(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    # A Python that makes an environment whose pip installs what is here already.
    script(programs / "python3.13", PYTHON.format(server=SERVER))
    settings = {"spark.server.path": "", "spark.server.package": "spark-lsp @ here"}
    # VS Code takes the environment that the person's shell makes.
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.profile").write_text(f"export PATH='{programs}:/usr/bin:/bin'\n", "utf-8")
    path = {"PATH": f"{programs}:/usr/bin:/bin", "SHELL": "/bin/bash"}
    async with vscode(tmp_path, "a.py", "x\n", settings=settings, environment=path) as editor:
        await editor.sees(lambda screen: "spark-lsp was not found" in screen.says)
        await editor.command("Spark: Set Up the Server")
        await editor.sees(lambda screen: "An environment only for Spark" in screen.input)
        await editor.press("Enter")
        await editor.sees(lambda screen: "embedded" in screen.status)

        assert "spark-lsp @ here" in (programs / "installed").read_text("utf-8")


async def test_the_edits_that_follow_from_a_rename_are_shown_and_made(
    tmp_path: Path, model: Model
) -> None:
    source = "def work(<CURSOR>total):\n    print(total)\n    return total + 1\n"
    settings = {"spark.nextEdits": True}
    async with vscode(tmp_path, "a.py", source, config=model.config(), settings=settings) as editor:
        await editor.press(*["Shift+ArrowRight"] * 5)
        await editor.type("count")
        await editor.sees(lambda screen: bool(screen.decorated))
        await editor.press("Alt+n")
        await editor.sees(lambda screen: screen.cursor.startswith("Ln 2"))
        await editor.press("Alt+n")
        await editor.sees(lambda screen: screen.cursor.startswith("Ln 3"))
        await editor.press("Alt+n")
        await editor.holds(source.replace("<CURSOR>", "").replace("total", "count"))


async def test_an_edit_that_follows_in_another_file_is_gone_to_and_made(
    tmp_path: Path, model: Model
) -> None:
    (tmp_path / "repository").mkdir()
    other = tmp_path / "repository/b.py"
    other.write_text("from a import load\n\nprint(load(1))\n", "utf-8")
    source = "def <CURSOR>load(path):\n    return path\n"
    settings = {"spark.nextEdits": True}
    async with vscode(tmp_path, "a.py", source, config=model.config(), settings=settings) as editor:
        await editor.press(*["Shift+ArrowRight"] * 4)
        await editor.type("fetch")
        screen = await editor.look()
        while "b.py" not in screen.tabs:
            # The library may still be reading the other file.
            await editor.sees(lambda screen: NOTHING not in screen.says)
            await editor.press("Alt+n")
            [*_, screen] = await editor.sees(
                lambda screen: NOTHING in screen.says or "b.py" in screen.tabs
            )
        await editor.sees(lambda screen: bool(screen.decorated) and screen.cursor == "Ln 1, Col 15")
        await editor.press("Alt+n")
        await editor.sees(lambda screen: screen.lines[0] == "from a import fetch")
        await editor.holds("from a import fetch\n\nprint(load(1))\n", "b.py")


async def test_another_model_is_asked_from_then_on(editor: VSCode, model: Model) -> None:
    await finished(editor, model, "value")
    await editor.command("Spark: Switch Model")
    await editor.answer("Who works in the background", "Who completes")
    await editor.answer("Service tier", "Model")
    await editor.answer("Who completes: model", "Another")
    await editor.answer("Its name", "other")
    await editor.sees(lambda screen: "other at mine" in screen.status)
    await editor.type("w")
    async with asyncio.timeout(PATIENCE):
        while "other" != model.creates[-1]["model"]:
            await editor.look()


async def test_it_looks_as_the_readme_shows_it(
    tmp_path: Path, model: Model, *, update: bool
) -> None:
    source = f"{PICTURED}   <CURSOR>\n"
    async with vscode(tmp_path, "sizes.py", source, config=model.steerable) as editor:
        await editor.type(" ")
        request = await model.next()
        for piece in GHOST:
            await request.say(piece)
        await request.end()
        await editor.sees(lambda screen: "found[path.name]" in screen.ghost)
        if update:
            await editor.press("Control+b")
            await editor.page.locator(".sidebar").wait_for(state="hidden")
            await editor.page.set_viewport_size({"width": 840, "height": 400})
            await editor.sees(lambda screen: "found[path.name]" in screen.ghost)
            await editor.page.screenshot(path=PICTURE)

    assert PICTURE.exists()
