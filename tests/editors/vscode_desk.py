"""A person at VS Code with background tasks: our extension and server, the real Codex CLI, a model.

Owns the stage, and what a person does and sees on it. What happens is left to the tests.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Locator, expect

from tests.editors.vscode import HEIGHT, WIDTH, VSCode, vscode
from tests.heard import PATIENCE
from tests.model import Model, Request
from tests.peers import agent
from tests.peers.agent import git
from tests.peers.parts import CODEX
from tests.peers.workshop import FILES

expect.set_options(timeout=PATIENCE * 1_000)

SHAPES = FILES["shapes.py"]
HERE = "    return 3 * radius**2"
MADE = "    return pi * radius**2"
TYPED = "    return 3.14 * radius**2"


@asynccontextmanager
async def at_vscode(
    folder: Path, model: Model, deep: Model, settings: Mapping[str, Any] | None = None
) -> AsyncIterator[VSCode]:
    """Have an editor in a repository, with a model that completes and one that works beside."""
    root = folder / "repository"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "all")
    config = f"""
    {model.steerable}
    [model_providers.deep]
    base_url = "{deep.url}"
    [background]
    model_provider = "deep"
    model = "deep"
    agent_command = {str(CODEX)!r}
    """
    source = SHAPES.replace("    return", "    <CURSOR>return")
    async with vscode(folder, "shapes.py", source, config=config, settings=settings) as it:
        yield it


async def begun(editor: VSCode, deep: Model, instruction: str) -> Request:
    """Begin a task, and return the first thing that its model is asked."""
    await editor.command("Spark: Start Background Task")
    await editor.answer("What is to be done?", instruction)
    request = await deep.next()
    assert instruction in str(request.frame["input"])
    await expect(row(editor, instruction)).to_be_visible()
    return request


async def ended(request: Request) -> None:
    await agent.say(request, "Done.")
    await agent.over(request)


async def reviewed(editor: VSCode, instruction: str, files: int) -> None:
    """Look at what a task has done, from the message that says that it is over."""
    await editor.page.get_by_role("button", name="Review").click()
    await editor.sees(lambda screen: any(instruction in it for it in screen.tabs))
    await expect(editor.page.locator(".multiDiffEntry")).to_have_count(files)


async def confirmed(editor: VSCode, *names: str) -> None:
    """Confirm what the preview asks for: these files."""
    await expect(editor.page.locator(".bulk-edit-panel .edit-checkbox").first).to_be_visible()
    # Where the panel's tabs come up, their hints would lie above the list.
    await editor.page.mouse.move(WIDTH / 2, HEIGHT / 2)
    await editor.command("View: Toggle Maximized Panel")
    files = editor.page.locator(".bulk-edit-panel .monaco-list-row[aria-level='1']")
    await expect(files).to_have_count(len(names))
    for name in names:
        box = files.filter(has_text=name).locator(".edit-checkbox")
        await expect(box).not_to_be_checked()
        await box.click()
        await expect(box).to_be_checked()
    await editor.page.get_by_role("button", name="Apply").click()


def row(editor: VSCode, text: str) -> Locator:
    """A line of the list of tasks."""
    return editor.page.locator(".sidebar .monaco-list-row", has_text=text).first


async def pushed(editor: VSCode, line: str, name: str) -> None:
    """Push a button of a line of the list."""
    await row(editor, line).hover()
    await row(editor, line).get_by_role("button", name=name).click()
