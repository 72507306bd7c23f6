"""Background tasks in a real VS Code: our extension and server, the real Codex CLI, its model."""

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.editors.vscode import VSCode, vscode
from tests.editors.vscode_desk import (
    HERE,
    MADE,
    SHAPES,
    at_vscode,
    begun,
    confirmed,
    ended,
    pushed,
    reviewed,
    row,
)
from tests.model import Model, scripted_model
from tests.peers import agent
from tests.peers.agent import needs_sandbox, patch, use
from tests.peers.parts import needs

pytestmark = [needs("vscode", "chromium", "node"), needs_sandbox()]

NEW = {"a.py": "A = 1\n", "lib/b.py": "B = 2\n"}
MOVED = f"""\
*** Begin Patch
*** Update File: shapes.py
*** Move to: lib/forms.py
@@
-{HERE}
+{MADE}
*** Delete File: lib/colours.py
*** End Patch"""


@pytest.fixture
async def deep() -> AsyncIterator[Model]:
    """The model that works in the background."""
    async with scripted_model() as it:
        yield it


@pytest.fixture
async def editor(tmp_path: Path, model: Model, deep: Model) -> AsyncIterator[VSCode]:
    async with at_vscode(tmp_path, model, deep) as it:
        yield it


async def test_a_task_is_begun_followed_reviewed_and_taken_over(
    editor: VSCode, deep: Model, tmp_path: Path
) -> None:
    request = await begun(editor, deep, "Add constants in all files.")
    steps = [{"step": "write them", "status": "in_progress"}]
    await use(request, "update_plan", {"plan": steps})
    request = await deep.next()
    await expect(row(editor, "write them")).to_contain_text("running")
    await use(request, "apply_patch", patch(NEW))
    request = await deep.next()
    await expect(row(editor, "lib/b.pywritten")).to_be_visible()
    await use(request, "apply_patch", MOVED)
    await ended(await deep.next())
    await editor.sees(lambda screen: '"Add constants in all files." is done' in screen.says)
    await reviewed(editor, "Add constants", 4)
    root = tmp_path / "repository"
    assert SHAPES == (root / "shapes.py").read_text("utf-8"), "nothing is applied by itself"

    await editor.page.locator(".editor-actions .codicon-check").click()
    await confirmed(editor, "a.py", "b.py", "colours.py", "forms.py")

    def made() -> bool:
        there = {name: (root / name).read_text("utf-8") for name in NEW if (root / name).exists()}
        gone = (root / "shapes.py", root / "lib/colours.py")
        return there == NEW and not any(it.exists() for it in gone)

    await editor.sees(lambda _: made())
    await editor.sees(lambda screen: MADE in screen.lines)
    await editor.holds(SHAPES.replace(HERE, MADE), "lib/forms.py")


async def test_a_task_is_steered_interrupted_taken_up_again_and_removed(
    editor: VSCode, deep: Model
) -> None:
    await editor.command("Spark: Start Background Task")
    await editor.answer("What is to be done?", "Use squares here.")
    # It is said where that belongs, and why; it is for the person to choose.
    await editor.sees(lambda screen: '"here" is one place.' in screen.input)
    await editor.answer("This looks like an edit in one place", "all the same")
    request = await deep.next()
    await expect(row(editor, "thinking")).to_be_visible()
    await editor.command("Spark: Steer Task")
    await editor.answer("What instead?", "Circles, please.")
    await editor.sees(lambda screen: not screen.input)
    await agent.say(request, "Squares.")
    await agent.over(request)
    request = await deep.next()
    assert "Circles, please." in str(request.frame["input"])
    await pushed(editor, "Use squares here.", "Interrupt Task")
    await expect(row(editor, "Use squares here.")).to_contain_text("interrupted")
    await editor.command("Spark: Take Up Task Again")
    await editor.answer("How should it go on?", "Go on.")
    request = await deep.next()
    assert "Go on." in str(request.frame["input"])
    await use(request, "update_plan", {"plan": [{"step": "draw", "status": "in_progress"}]})
    await deep.next()
    await expect(row(editor, "draw")).to_contain_text("running")
    # It outlives its server.
    await editor.command("Spark: Restart the Server")
    await expect(row(editor, "it was at work when the server ended")).to_be_visible()
    await expect(row(editor, "draw")).to_contain_text("left open")
    await editor.command("Spark: Take Up Task Again")
    await editor.answer("How should it go on?", "Finish it.")
    request = await deep.next()
    assert "Finish it." in str(request.frame["input"])
    await ended(request)
    await expect(row(editor, "Use squares here.")).to_contain_text("done")
    await editor.command("Spark: Remove Task")
    await editor.page.get_by_role("button", name="Remove", exact=True).click()
    await expect(row(editor, "Use squares here.")).to_have_count(0)


async def test_a_small_instruction_is_carried_out_as_an_edit_where_it_was_given(
    editor: VSCode, model: Model
) -> None:
    await editor.command("Spark: Start Background Task")
    await editor.answer("What is to be done?", "Use pi here.")
    await editor.answer("This looks like an edit in one place", "Edit here")
    request = await model.next()
    while "Use pi here." not in str(request.frame["input"]):
        request = await model.next()
    await request.say(MADE)
    await request.end()
    await editor.sees(lambda screen: MADE in screen.proposed)


async def test_no_task_begins_in_a_folder_that_is_not_trusted(tmp_path: Path) -> None:
    settings = {
        "security.workspace.trust.enabled": True,
        "security.workspace.trust.startupPrompt": "never",
    }
    async with vscode(tmp_path, "a.py", "x\n", settings=settings) as editor:
        await editor.sees(lambda screen: "embedded" in screen.status)
        await editor.press("F1")
        await editor.type("Spark: Start Background Task")
        await editor.sees(
            lambda screen: "similar commands" in screen.input and "Spark: Start" not in screen.input
        )
        await editor.press("Escape")

        await editor.page.locator(".statusbar-item", has_text="Restricted Mode").click()
        await editor.page.locator(".workspace-trust-buttons-row a", has_text="Trust").first.click()
        await editor.page.locator(".statusbar-item", has_text="Restricted Mode").wait_for(
            state="hidden"
        )
        await begins(editor)


async def begins(editor: VSCode) -> None:
    """Ask for a task until the question stays.

    A window that has just been trusted may take the focus once more, which closes it.
    """
    for patience in (5.0, 5.0, 20.0):
        await editor.press("Escape")
        await editor.command("Spark: Start Background Task")
        with suppress(AssertionError):
            await editor.sees(lambda screen: "What is to be done?" in screen.input, patience)
            return
    await editor.sees(lambda screen: "What is to be done?" in screen.input)
