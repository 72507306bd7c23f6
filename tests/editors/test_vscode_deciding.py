"""What a person decides of background tasks in VS Code: conflicts, whole files, commands."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.editors.vscode import VSCode
from tests.editors.vscode_desk import (
    HERE,
    MADE,
    SHAPES,
    TYPED,
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
from tests.peers.agent import needs_sandbox, use
from tests.peers.parts import needs
from tests.peers.workshop import serving, update

pytestmark = [needs("vscode", "chromium", "node"), needs_sandbox()]

REMOVED = """\
*** Begin Patch
*** Delete File: lib/colours.py
*** End Patch"""


@pytest.fixture
async def deep() -> AsyncIterator[Model]:
    """The model that works in the background."""
    async with scripted_model() as it:
        yield it


@pytest.fixture
async def editor(tmp_path: Path, model: Model, deep: Model) -> AsyncIterator[VSCode]:
    async with at_vscode(tmp_path, model, deep, {"spark.tasks.commands": True}) as it:
        yield it


async def test_what_is_typed_while_a_result_is_looked_at_is_not_lost(
    editor: VSCode, deep: Model, tmp_path: Path
) -> None:
    request = await begun(editor, deep, "Be exact in all files.")
    await use(request, "apply_patch", update("shapes.py", (HERE, MADE)))
    request = await deep.next()
    await use(request, "apply_patch", update("lib/units.py", ("METRE = 1", "METRE = 1.0")))
    await ended(await deep.next())
    await reviewed(editor, "Be exact", 2)
    await expect(row(editor, "Conflict")).to_have_count(0)
    await editor.page.locator(".tab", has_text="shapes.py").click()
    await editor.sees(lambda screen: screen.cursor.startswith("Ln 2"))
    await editor.press("End", "Shift+Home")
    await editor.type(TYPED.strip())

    await expect(row(editor, "Conflict in shapes.py, line 2")).to_contain_text("left as it is")
    await expect(row(editor, f"{TYPED.strip()}yours")).to_be_visible()
    await expect(row(editor, f"{MADE.strip()}the task's")).to_be_visible()
    await editor.command("Spark: Accept What a Task Has Done")
    await confirmed(editor, "units.py")
    units = tmp_path / "repository/lib/units.py"
    await editor.sees(lambda _: "METRE = 1.0\n" == units.read_text("utf-8"))
    await editor.sees(lambda screen: TYPED in screen.lines)

    await row(editor, "Conflict in shapes.py, line 2").click()
    await editor.answer("Which lines shall stand in shapes.py, line 2?", "Take both")
    await expect(row(editor, "Conflict in shapes.py, line 2")).to_contain_text("both are taken")
    await editor.command("Spark: Accept What a Task Has Done")
    await editor.sees(lambda screen: MADE in screen.lines)
    await editor.page.locator(".tab", has_text="shapes.py").click()
    await editor.holds(SHAPES.replace(HERE, f"{TYPED}\n{MADE}"), "shapes.py")


async def test_a_conflict_is_decided_by_the_buttons_of_the_list(
    editor: VSCode, deep: Model
) -> None:
    request = await begun(editor, deep, "Be exact in all files.")
    await use(request, "apply_patch", update("shapes.py", (HERE, MADE)))
    request = await deep.next()
    await editor.press("Control+1", "End", "Shift+Home")
    await editor.type(TYPED.strip())
    await ended(request)
    await reviewed(editor, "Be exact", 1)
    line = "Conflict in shapes.py, line 2"
    await expect(row(editor, line)).to_contain_text("left as it is")
    await pushed(editor, line, "Take Both")
    await expect(row(editor, line)).to_contain_text("both are taken")
    await pushed(editor, line, "Leave It as It Is")
    await expect(row(editor, line)).to_contain_text("left as it is")
    await pushed(editor, line, "Take the Task's")
    await expect(row(editor, line)).to_contain_text("the task's lines are taken")
    await editor.command("Spark: Accept What a Task Has Done")
    await editor.sees(lambda screen: MADE in screen.lines)

    await editor.holds(SHAPES.replace(HERE, MADE), "shapes.py")


async def test_a_file_that_the_person_has_changed_is_removed_only_as_they_decide(
    editor: VSCode, deep: Model, tmp_path: Path
) -> None:
    colours = tmp_path / "repository/lib/colours.py"
    request = await begun(editor, deep, "Remove colours everywhere.")
    await use(request, "apply_patch", REMOVED)
    request = await deep.next()
    colours.write_text("RED = 'rot'\n", "utf-8")
    await ended(request)
    await editor.page.get_by_role("button", name="Review").click()
    line = "Conflict in lib/colours.py"
    await expect(row(editor, line)).to_contain_text("left as it is")
    await editor.sees(lambda screen: "nothing is offered" in screen.says)
    await editor.command("Spark: Accept What a Task Has Done")
    await editor.sees(lambda screen: "but what only you can decide" in screen.says)
    assert "RED = 'rot'\n" == colours.read_text("utf-8")

    await row(editor, line).click()
    await editor.answer("the task has removed it", "Do as")
    await expect(row(editor, line)).to_contain_text("done as the task has")
    await editor.command("Spark: Accept What a Task Has Done")
    await editor.sees(lambda _: not colours.exists())


async def test_a_command_is_allowed_in_the_editor_and_another_refused_in_the_list(
    editor: VSCode, deep: Model, tmp_path: Path
) -> None:
    request = await begun(editor, deep, "Try all of it.")
    await use(request, "run_command", {"command": "echo a > a.txt", "reason": "To see."})
    line = "It wants to run: echo a > a.txt"
    await expect(row(editor, line)).to_contain_text("waits for your answer")
    await expect(row(editor, "It says: To see.")).to_be_visible()
    await editor.sees(lambda screen: '"Try all of it." wants to run' in screen.says)
    await editor.page.get_by_role("button", name="Run it once").click()
    request = await deep.next()
    await expect(row(editor, line)).to_have_count(0)

    await use(request, "run_command", {"command": "echo b > b.txt", "reason": ""})
    line = "It wants to run: echo b > b.txt"
    await pushed(editor, line, "Refuse")
    request = await deep.next()
    await expect(row(editor, line)).to_have_count(0)

    await use(request, "run_command", {"command": "echo c > c.txt", "reason": ""})
    await pushed(editor, "It wants to run: echo c > c.txt", "Allow Once")
    await ended(await deep.next())
    await expect(row(editor, "Try all of it.")).to_contain_text("done")
    # Who answers on a message that stays on the screen is told that it is too late.
    await editor.page.get_by_role("button", name="Run it once").first.click()
    await editor.sees(lambda screen: "that is not asked any more" in screen.says)
    await editor.command("Spark: Review Task")
    await expect(editor.page.locator(".multiDiffEntry")).to_have_count(2)
    await editor.command("Spark: Accept What a Task Has Done")
    await confirmed(editor, "a.txt", "c.txt")
    made = tmp_path / "repository/c.txt"
    await editor.sees(lambda _: made.exists() and "c\n" == made.read_text("utf-8"))
    assert not (tmp_path / "repository/b.txt").exists()


async def test_a_task_of_another_editor_is_shown_and_left_to_it(
    editor: VSCode, deep: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_LSP_DATA", str(tmp_path / "data"))
    root, config = tmp_path / "repository", tmp_path / "config.toml"
    async with serving(root, config, deep) as other:
        other.holding = asyncio.get_running_loop().create_future()
        task = (await other.ask("start", instruction="Be exact.", commands=True))["taskId"]
        request = await deep.next()
        await use(request, "run_command", {"command": "true", "reason": ""})
        (ask,) = (await other.until(task, lambda it: it["asks"]))["asks"]
        await editor.page.get_by_role("tab", name="Spark").click()
        await expect(row(editor, "Be exact.")).to_contain_text("in another editor")
        await expect(row(editor, "It wants to run: true")).to_contain_text("answer there")
        await row(editor, "Be exact.").hover()
        await expect(row(editor, "Be exact.").get_by_role("button")).to_have_count(0)
        await editor.command("Spark: Interrupt Task")
        await editor.sees(lambda screen: "there are no tasks" in screen.says)
        await other.ask("answer", taskId=task, id=ask["id"], accept=False)
        await agent.say(request := await deep.next(), "Done.")
        await agent.over(request)
        await other.over(task)
        await expect(row(editor, "Be exact.")).to_contain_text("done")
    await row(editor, "Be exact.").hover()
    await expect(row(editor, "Be exact.").get_by_role("button")).to_have_count(4)
