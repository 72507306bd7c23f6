"""Which model does what, chosen in VS Code: who completes, who works beside, and from where on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.editors.vscode import VSCode
from tests.editors.vscode_desk import (
    at_vscode,
    begun,
    confirmed,
    ended,
    reviewed,
    row,
)
from tests.model import Model, scripted_model
from tests.peers import agent
from tests.peers.agent import git, needs_sandbox, use
from tests.peers.parts import needs
from tests.peers.workshop import update

pytestmark = [needs("vscode", "chromium", "node"), needs_sandbox()]


@pytest.fixture
async def deep() -> AsyncIterator[Model]:
    """The model that works in the background."""
    async with scripted_model() as it:
        yield it


@pytest.fixture
async def editor(tmp_path: Path, model: Model, deep: Model) -> AsyncIterator[VSCode]:
    async with at_vscode(tmp_path, model, deep) as it:
        yield it


async def switched(editor: VSCode, side: str, part: str, value: str) -> None:
    await editor.command("Spark: Switch Model")
    await editor.answer("Switch model", side)
    await editor.answer("Service tier", part)
    await editor.answer(f"{side}: {part.lower()}", value)
    said = f"{side.lower()}, {part.lower()}: {value}"
    await editor.sees(lambda screen: said in screen.says)


async def test_what_is_not_committed_is_finished_from_the_command_to_the_accepted_result(
    editor: VSCode, deep: Model, tmp_path: Path
) -> None:
    units = tmp_path / "repository/lib/units.py"
    units.write_text("METRE = 2\n", "utf-8")
    await editor.command("Spark: Finish with the Deep Model")
    await editor.sees(lambda screen: "what is not committed" in screen.input)
    # The first is what is meant most often.
    await editor.answer("Finish from where on?", "")
    await editor.answer("Finish: what is not committed", "Mind the unit.")
    request = await deep.next()
    told = "".join(request.texts)
    assert "+METRE = 2" in told
    assert "Mind the unit." in told
    await use(request, "apply_patch", update("lib/units.py", ("METRE = 2", "METRE = 2.0")))
    await ended(await deep.next())
    await reviewed(editor, "Mind the unit.", 1)
    await editor.command("Spark: Accept What a Task Has Done")
    await confirmed(editor, "units.py")
    await editor.sees(lambda _: "METRE = 2.0\n" == units.read_text("utf-8"))


async def test_work_is_finished_from_a_suggestion_or_a_revision_on(
    editor: VSCode, model: Model, deep: Model, tmp_path: Path
) -> None:
    root = tmp_path / "repository"
    git(root, "tag", "begin")
    (root / "lib/units.py").write_text("METRE = 2\n", "utf-8")
    git(root, "commit", "-q", "-a", "-m", "second")
    await editor.press("End")
    await editor.type(" ")
    request = await model.next()
    await request.say("+ 0")
    await request.end()
    await editor.ghost("+ 0")
    await editor.press("Tab")
    await editor.ghost("")

    await editor.command("Spark: Finish with the Deep Model")
    await editor.answer("before a suggestion in shapes.py", "suggestion")
    await editor.answer("Finish: before a suggestion in shapes.py", "")
    told = "".join((request := await deep.next()).texts)
    assert "+ 0" in told
    assert "METRE" not in told
    await ended(request)
    await expect(row(editor, "Finish what was begun")).to_contain_text("done")

    await editor.command("Spark: Finish with the Deep Model")
    await editor.answer("Another revision of git…", "Another")
    await editor.answer("Which revision of git?", "begin")
    await editor.answer("Finish: all since begin", "")
    told = "".join((request := await deep.next()).texts)
    assert "+METRE = 2" in told
    await ended(request)


async def test_the_model_that_completes_is_switched_at_once(editor: VSCode, model: Model) -> None:
    await switched(editor, "Who completes", "Reasoning effort", "xhigh")
    await switched(editor, "Who completes", "Service tier", "priority")
    await editor.command("Spark: Switch Model")
    await editor.sees(lambda screen: "xhigh · priority" in screen.input)
    await editor.answer("Who works in the background", "completes")
    await editor.answer("Service tier", "tier")
    await editor.sees(lambda screen: "flex" in screen.input)
    await editor.sees(lambda screen: "set now" in screen.input)
    await editor.press("Escape", "Control+1", "End")
    await editor.type(" ")
    request = await model.next()

    assert "priority" == request.frame["service_tier"]
    assert "xhigh" == request.frame["reasoning"]["effort"]


async def test_the_model_that_works_beside_is_switched_for_what_begins_next(
    editor: VSCode, deep: Model
) -> None:
    request = await begun(editor, deep, "Look at all files.")
    assert "deep" == request.frame["model"]
    await editor.command("Spark: Switch Model")
    await editor.answer("Switch model", "background")
    await editor.sees(lambda screen: "Holds from a task's next turn on." in screen.input)
    await editor.answer("Service tier", "Model")
    await editor.answer("Who works in the background: model", "Another")
    await editor.answer("Its name", "deeper")
    await editor.sees(lambda screen: "in the background, model: deeper" in screen.says)
    await agent.say(request, "Done.")
    await agent.over(request)
    await expect(row(editor, "Look at all files.")).to_contain_text("done")
    request = await begun(editor, deep, "Look at all files once more.")

    assert "deeper" == request.frame["model"]
