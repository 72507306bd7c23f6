"""A real Neovim that a test types into, and whose screen it sees.

Owns the process, the calls to it (MessagePack-RPC) and the waiting for what is seen. What the
screen says is read in `grid`.
"""

import asyncio
import itertools
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgpack  # type: ignore[import-untyped]

from tests.editors.grid import Grid, Verdict
from tests.fixture import ROOT
from tests.heard import PATIENCE
from tests.peers.parts import NEOVIM

WIDTH, HEIGHT = 80, 16
_REQUEST, _RESPONSE, _NOTIFICATION = range(3)

INIT = """
vim.opt.runtimepath:prepend({plugin!r})
vim.o.updatetime = 100
vim.o.signcolumn = 'no'
vim.o.shortmess = vim.o.shortmess .. 'I'
vim.g.spark = vim.json.decode({options!r})
vim.keymap.set('i', '<Tab>', function()
  return require('spark').tab('<Tab>')
end, {{ expr = true }})
vim.keymap.set('i', '<C-e>', '<Plug>(spark-dismiss)')
vim.keymap.set('i', '<M-w>', '<Plug>(spark-accept-word)')
vim.keymap.set('i', '<M-l>', '<Plug>(spark-accept-line)')
vim.o.statusline = "%{{v:lua.require'spark'.statusline()}}"
for group, look in pairs({{
  SparkGhost = {{ fg = '#7f8c99', italic = true }},
  SparkAdd = {{ fg = '#9fd39f', bg = '#1f3a26' }},
  SparkDelete = {{ fg = '#e0a3a3', bg = '#42242a' }},
  SparkNext = {{ fg = '#a9c4ea', bg = '#22324a' }},
}}) do
  vim.api.nvim_set_hl(0, group, look)
end
vim.lsp.enable('spark')
"""

ATTACHED = """
vim.wait(20000, function()
  return vim.lsp.get_clients({ bufnr = 0, name = 'spark' })[1] ~= nil
end, 10)
"""


class Neovim:
    """One Neovim with one screen."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.grid = Grid(WIDTH, HEIGHT)
        self._process = process
        self._numbers = itertools.count()
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._moved = asyncio.Condition()

    async def call(self, method: str, *arguments: Any) -> Any:
        """Call a function of Neovim's API.

        Raises:
            RuntimeError: with what Neovim says of an error.
        """
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        assert self._process.stdin
        self._process.stdin.write(msgpack.packb([_REQUEST, number, method, list(arguments)]))
        async with asyncio.timeout(PATIENCE):
            return await answer

    async def type(self, keys: str) -> None:
        """Press keys, as `:help keycodes` writes them."""
        await self.call("nvim_input", keys)

    async def command(self, line: str) -> None:
        """Run a command."""
        await self.call("nvim_command", line)

    async def lua(self, code: str, *arguments: Any) -> Any:
        """Run Lua, and return what it returns."""
        return await self.call("nvim_exec_lua", code, list(arguments))

    async def sees(self, verdict: Verdict) -> None:
        """Wait until the screen is as it should be."""
        try:
            async with asyncio.timeout(PATIENCE), self._moved:
                await self._moved.wait_for(lambda: verdict(self.grid))
        except TimeoutError:
            raise AssertionError("the screen shows\n" + "\n".join(self.grid.lines)) from None

    async def ghost(self, text: str) -> None:
        """Wait until this is the ghost text on the screen, "" for none."""
        await self.sees(lambda grid: grid.drawn("SparkGhost") == text)

    async def text(self) -> str:
        """Return what the buffer holds."""
        lines = await self.call("nvim_buf_get_lines", 0, 0, -1, False)
        return "\n".join(lines) + "\n"

    async def run(self) -> None:
        """Hear Neovim until it ends."""
        unpacker = msgpack.Unpacker(raw=False, strict_map_key=False, ext_hook=lambda *it: it)
        assert self._process.stdout
        while data := await self._process.stdout.read(2**16):
            unpacker.feed(data)
            for message in unpacker:
                await self._hear(message)

    async def _hear(self, message: list[Any]) -> None:
        match message:
            case [kind, number, error, result] if kind == _RESPONSE:
                answer = self._answers.pop(number)
                if answer.done():
                    return
                if error:
                    answer.set_exception(RuntimeError(str(error)))
                else:
                    answer.set_result(result)
            case [kind, "redraw", events] if kind == _NOTIFICATION:
                if self.grid.redraw(events):
                    async with self._moved:
                        self._moved.notify_all()


@asynccontextmanager
async def neovim(
    folder: Path, name: str, source: str, config: str = "", options: str = ""
) -> AsyncIterator[Neovim]:
    """Open a file in a Neovim with our plugin; `<CURSOR>` says where the cursor is, inserting.

    Args:
        folder: an empty directory.
        name: of the file.
        source: what it holds.
        config: the server's config.toml.
        options: more of `vim.g.spark`, as members of a JSON object.
    """
    root = folder / "repository"
    root.mkdir(exist_ok=True)
    (root / ".git").mkdir(exist_ok=True)
    before, marked, after = source.partition("<CURSOR>")
    (root / name).write_bytes((before + after).encode())
    (folder / "config.toml").write_text(config, "utf-8")
    server = f'["{sys.executable}", "-m", "spark_lsp", "serve"]'
    more = f", {options}" if options else ""
    given = f'{{"cmd": {server}{more}}}'
    (folder / "init.lua").write_text(
        INIT.format(plugin=str(ROOT / "editors/neovim"), options=given), "utf-8"
    )
    homes = {
        it: str(folder / it.lower())
        for it in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
    }
    process = await asyncio.create_subprocess_exec(
        NEOVIM, "--embed", "-n", "-i", "NONE", "-u", folder / "init.lua", name,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=root,
        env={
            **os.environ,
            **homes,
            "SPARK_LSP_CONFIG": str(folder / "config.toml"),
            "SPARK_LSP_CACHE": str(folder / "cache"),
            "SPARK_LSP_DATA": str(folder / "data"),
        },
    )  # fmt: skip
    editor = Neovim(process)
    hearing = asyncio.create_task(editor.run())
    try:
        looks = {"rgb": True, "ext_linegrid": True, "ext_hlstate": True}
        await editor.call("nvim_ui_attach", WIDTH, HEIGHT, looks)
        await editor.lua(ATTACHED)
        if marked:
            row, column = before.count("\n") + 1, len(before.rpartition("\n")[2].encode())
            await editor.call("nvim_win_set_cursor", 0, [row, column])
            await editor.type("a" if column and not after[:1].strip("\r\n") else "i")
        yield editor
    finally:
        with suppress(RuntimeError, TimeoutError):
            async with asyncio.timeout(5):
                await editor.lua("vim.schedule(function() vim.cmd('qall!') end)")
                await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()
        hearing.cancel()
        await asyncio.wait([hearing])
