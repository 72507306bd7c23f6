"""A real VS Code that a test types into, and whose screen it sees.

Owns the processes (code-server, which is VS Code with its screen in a browser, and Chromium), the
keys, and the waiting for what is seen, frame by frame. Each has its own home: no two tests share
settings or state.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.async_api import Page, async_playwright

from tests.fixture import ROOT
from tests.heard import PATIENCE
from tests.peers.parts import CHROMIUM, VSCODE

WIDTH, HEIGHT = 960, 540
EXTENSION = ROOT / "editors/vscode/dist/spark-lsp.vsix"
_STARTING = 3 * PATIENCE

_BROWSER = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_EDITOR = {
    "breadcrumbs.enabled": False,
    "chat.disableAIFeatures": True,
    "editor.minimap.enabled": False,
    "extensions.autoCheckUpdates": False,
    "extensions.ignoreRecommendations": True,
    "git.enabled": False,
    "security.workspace.trust.enabled": False,
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "window.customMenuBarAltFocus": False,
    "window.menuBarVisibility": "compact",
    "workbench.colorTheme": "Default Light Modern",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
}
_KEYS = [{"key": "ctrl+alt+l", "command": "editor.action.inlineSuggest.acceptNextLine"}]
_LISTENING = "HTTP server listening on "

_LOOK = """
async () => {
  await new Promise((resolve) => requestAnimationFrame(resolve));
  const plain = (it) => it.textContent.replaceAll('\\u00a0', ' ').replaceAll('\\u200b', '');
  const all = (of, what) => [...of.querySelectorAll(what)];
  const texts = (of, what) => all(of, what).map(plain);
  const top = (it) => parseFloat(it.style.top || '0');
  const lines = (of) => all(of, '.view-lines > .view-line')
    .sort((one, other) => top(one) - top(other)).map(plain);
  const focused = document.querySelector('.editor-instance .monaco-editor.focused');
  const editor = focused ?? document.querySelector('.editor-instance .monaco-editor');
  const ghost = editor ? [
    texts(editor, '.view-line .ghost-text-decoration').join(''),
    ...texts(editor, '.ghost-text .view-line, .suggest-preview-text .view-line'),
  ].filter((it) => it).join('\\n') : '';
  const diff = document.querySelector('.monaco-diff-editor .editor.modified');
  const item = document.querySelector('[id="spark-lsp.spark-lsp.spark.status"]');
  return {
    lines: editor ? lines(editor) : [],
    ghost,
    proposed: diff ? lines(diff) : [],
    status: item ? plain(item).trim() : '',
    says: texts(document, '.notification-list-item-message, .statusbar-item').join('\\n'),
    input: all(document, '.quick-input-widget:not([style*="display: none"])')
      .map((it) => it.innerText).join('\\n'),
    tabs: texts(document, '.tabs-container .tab'),
    cursor: plain(document.querySelector('#status\\\\.editor\\\\.selection') ?? document.body),
    decorated: editor ? texts(editor, '[class*="ced-"][class*="TextEditorDecoration"]') : [],
  };
}
"""


@dataclass(frozen=True)
class Screen:
    """What a person sees in one frame.

    Attributes:
        lines: of the text editor with the focus, ghost text included.
        ghost: the ghost text.
        proposed: the right side of a diff.
        status: our item in the status bar.
        says: notifications and the other items there.
        input: what is asked at the top of the window.
        tabs: the names on the tabs.
        cursor: where it is, as the status bar says.
        decorated: pieces of text that an extension has coloured.
    """

    lines: list[str]
    ghost: str
    proposed: list[str]
    status: str
    says: str
    input: str
    tabs: list[str]
    cursor: str
    decorated: list[str]


class VSCode:
    """One VS Code with one window."""

    def __init__(self, page: Page, folder: Path, process: asyncio.subprocess.Process) -> None:
        self.page = page
        self.process = process
        self._root = folder / "repository"

    async def type(self, text: str) -> None:
        """Type a text, key by key."""
        await self.page.keyboard.type(text)

    async def press(self, *keys: str) -> None:
        """Press keys, as "Tab" or "Control+Enter"."""
        for key in keys:
            await self.page.keyboard.press(key)

    async def command(self, title: str) -> None:
        """Run a command as a person does, by its title."""
        await self.press("F1")
        await self.sees(lambda screen: bool(screen.input))
        await self.type(title)
        await self.sees(lambda screen: title in screen.input)
        await self.press("Enter")

    async def answer(self, question: str, text: str) -> None:
        """Say what is asked at the top of the window."""
        await self.sees(lambda screen: question in screen.input)
        await self.type(text)
        await self.press("Enter")

    async def look(self) -> Screen:
        """Return what is on the screen in the next frame."""
        return Screen(**await self.page.evaluate(_LOOK))

    async def sees(
        self, verdict: Callable[[Screen], bool], patience: float = PATIENCE
    ) -> list[Screen]:
        """Wait until the screen is as it should be; return the frames up to then."""
        seen: list[Screen] = []
        try:
            async with asyncio.timeout(patience):
                while not seen or not verdict(seen[-1]):
                    seen.append(await self.look())
        except TimeoutError:
            raise AssertionError(f"the screen shows {seen[-1] if seen else 'nothing'}") from None
        return seen

    async def ghost(self, text: str) -> list[Screen]:
        """Wait until this is the ghost text on the screen, "" for none."""
        return await self.sees(lambda screen: screen.ghost == text)

    async def holds(self, text: str, name: str = "a.py") -> None:
        """Save, and wait until the file holds this text."""
        await self.press("Control+s")
        found = ""
        try:
            async with asyncio.timeout(PATIENCE):
                while found != text:
                    await self.look()
                    found = (self._root / name).read_bytes().decode()
        except TimeoutError:
            raise AssertionError(f"the file holds {found!r}, not {text!r}") from None


@asynccontextmanager
async def vscode(
    folder: Path,
    name: str,
    source: str,
    *,
    config: str = "",
    settings: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    extension: bool = True,
) -> AsyncIterator[VSCode]:
    """Open a file in a VS Code with our extension; `<CURSOR>` says where the cursor is.

    Args:
        folder: an empty directory, or one with files in `repository`.
        name: of the file.
        source: what it holds.
        config: the server's config.toml; none, and nobody waits for a server.
        settings: more of the person's settings.
        environment: more of the environment.
        extension: whether our extension is there.
    """
    root = folder / "repository"
    (root / ".git").mkdir(parents=True, exist_ok=True)
    before, _, after = source.partition("<CURSOR>")
    (root / name).write_bytes((before + after).encode())
    (folder / "config.toml").write_text(config, "utf-8")
    server = str(Path(sys.executable).with_name("spark-lsp"))
    ours = {"spark.server.path": server, "spark.nextEdits": False, **(settings or {})}
    data = folder / "code"
    # What is set for a machine, a program's path before all, is the remote's in such a VS Code.
    for kind, values in (("User", _EDITOR | ours), ("Machine", ours)):
        (data / kind).mkdir(parents=True)
        (data / kind / "settings.json").write_text(json.dumps(values), "utf-8")
    (data / "User/keybindings.json").write_text(json.dumps(_KEYS), "utf-8")
    environ = {
        **os.environ,
        "HOME": str(folder / "home"),
        "SPARK_LSP_CONFIG": str(folder / "config.toml"),
        "SPARK_LSP_CACHE": str(folder / "cache"),
        "SPARK_LSP_DATA": str(folder / "data"),
        **(environment or {}),
    }
    places = ["--user-data-dir", str(data), "--extensions-dir", str(folder / "extensions")]
    if extension:
        await _installed(places, environ)
    process, address = await _served(places, environ)
    assert process.stdout
    # What it says from now on is not needed, but must be taken.
    taking = asyncio.create_task(process.stdout.read())
    try:
        row = before.count("\n") + 1
        column = len(before.rpartition("\n")[2].encode("utf-16-le")) // 2 + 1
        host = address.removeprefix("http://").rstrip("/")
        opened = [
            ["openFile", f"vscode-remote://{host}{root / name}:{row}:{column}"],
            ["gotoLineMode", "true"],
        ]
        query = urlencode({"folder": str(root), "payload": json.dumps(opened)})
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=_BROWSER, chromium_sandbox=False
            )
            page = await browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            await page.goto(f"{address}?{query}")
            editor = VSCode(page, folder, process)
            await editor.sees(lambda screen: screen.cursor.startswith(f"Ln {row}, "), _STARTING)
            if config:
                await editor.sees(lambda screen: " at " in screen.status, _STARTING)
            yield editor
            await browser.close()
    finally:
        process.terminate()
        await process.wait()
        await taking


async def _installed(places: list[str], environment: Mapping[str, str]) -> None:
    """Install the extension as a person does, from its package."""
    process = await asyncio.create_subprocess_exec(
        VSCODE, *places, "--install-extension", EXTENSION,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


async def _served(
    places: list[str], environment: Mapping[str, str]
) -> tuple[asyncio.subprocess.Process, str]:
    """Start code-server on a free port; return its process and address."""
    process = await asyncio.create_subprocess_exec(
        VSCODE, *places, "--auth", "none", "--bind-addr", "127.0.0.1:0",
        "--disable-telemetry", "--disable-update-check",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
    )  # fmt: skip
    assert process.stdout
    async with asyncio.timeout(_STARTING):
        while line := (await process.stdout.readline()).decode():
            if _LISTENING in line:
                return process, line.partition(_LISTENING)[2].strip()
    raise AssertionError("code-server did not start")
