"""A person at Neovim with background tasks: our plugin and server, the real Codex CLI, a model.

Owns the stage, and what a person does and sees on it. What happens is left to the tests.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.editors.grid import Grid
from tests.editors.neovim import Neovim, neovim
from tests.model import Model, Request
from tests.peers import agent
from tests.peers.agent import git, use
from tests.peers.workshop import FILES, repository

REASONS = """Done.
```json
{"summary": "Exact circles.",
 "changes": [{"path": "lib/units.py", "line": "METRE = 1.0", "reason": "Lengths are real."}]}
```"""

# What is typed is waited for on the screen, what is drawn nowhere is waited for here.
HOLDS = """
local code = ...
local holds = load('return ' .. code)
return vim.wait(20000, function()
  local ran, found = pcall(holds)
  return ran and found
end, 10)
"""
QUICKFIX = """
return vim.tbl_map(function(it)
  return { vim.fs.basename(vim.api.nvim_buf_get_name(it.bufnr)), it.lnum, it.type, it.text }
end, vim.fn.getqflist())
"""
LINES = """
local bufnr = vim.fn.bufnr(vim.fn.getcwd() .. '/' .. ...)
return vim.api.nvim_buf_is_loaded(bufnr) and vim.api.nvim_buf_get_lines(bufnr, 0, -1, false) or {}
"""


@dataclass
class Desk:
    """A person at Neovim, with a task of the model's.

    Attributes:
        root: the person's repository.
        editor: what they look at, with `shapes.py` in it.
        model: says what the test tells it to.
    """

    root: Path
    editor: Neovim
    model: Model

    async def sees(self, text: str) -> None:
        """Wait until this is somewhere on the screen."""
        await self.editor.sees(lambda grid: text in screen(grid))

    async def holds(self, code: str) -> None:
        """Wait until an expression in Lua is true."""
        assert await self.editor.lua(HOLDS, code), code

    async def does(self, instruction: str, *patches: str) -> None:
        """Have a task begun, and the model make patches for it."""
        await self.editor.command(f"Spark! task {instruction}")
        request = await self.model.next()
        for it in patches:
            await use(request, "apply_patch", it)
            request = await self.model.next()
        await finish(request)
        await self.sees("is done: :Spark review")

    async def review(self, changes: int) -> list[list[Any]]:
        """Open the review, and return what is listed: name, line, type and text."""
        await self.editor.command("Spark review")
        await self.holds(f"require('spark.review').active() and #vim.fn.getqflist() == {changes}")
        return list(await self.editor.lua(QUICKFIX))

    async def accept(self, what: str = "") -> None:
        """Apply, and wait until that is told."""
        await self.editor.command(f"Spark accept {what}")
        await self.holds("not require('spark.review').active()")
        await self.editor.sees(lambda grid: " made, " in screen(grid))

    async def lines(self, path: str) -> list[str]:
        """Return the lines of a buffer."""
        return list(await self.editor.lua(LINES, path))


def screen(grid: Grid) -> str:
    return "\n".join(grid.lines)


async def finish(request: Request) -> None:
    """Have the model say its last word."""
    await agent.say(request, REASONS)
    await agent.over(request)


def update(path: str, *lines: tuple[str, str]) -> str:
    """A patch that replaces lines, as Codex's models write them."""
    hunks = "".join(f"@@\n-{before}\n+{after}\n" for before, after in lines)
    return f"*** Begin Patch\n*** Update File: {path}\n{hunks}*** End Patch"


@asynccontextmanager
async def at_desk(
    folder: Path, options: str = "", files: Mapping[str, str] | None = None
) -> AsyncIterator[Desk]:
    async with repository(folder) as (root, config, model):
        for name, text in (files or {}).items():
            (root / name).write_bytes(text.encode())
        git(root, "add", "-A")
        git(root, "commit", "-q", "--allow-empty", "-m", "more")
        source, settings = FILES["shapes.py"], config.read_text("utf-8")
        async with neovim(folder, "shapes.py", source, settings, options) as editor:
            yield Desk(root, editor, model)
