"""Editors nobody here wrote a client for, run by the recipes that people are given.

Owns the recipes, as they stand in `editors/others.md`, and how each editor is started with its
own. What a terminal is, and what is seen on it, is told in `terminal`.
"""

import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.editors.terminal import Terminal, terminal
from tests.fixture import ROOT
from tests.peers.debian import script
from tests.peers.parts import EMACS, HELIX

_BLOCK = re.compile(r"^```([a-z]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

_EMACS = """
(setq native-comp-jit-compilation nil native-comp-enable-subr-trampolines nil
      package-directory-list '("{packages}"))
(package-initialize)
(setq inhibit-startup-screen t make-backup-files nil auto-save-default nil create-lockfiles nil
      lsp-auto-guess-root t lsp-enable-snippet nil lsp-headerline-breadcrumb-enable nil
      lsp-diagnostics-provider :none python-indent-guess-indent-offset nil)
"""
"""What has nothing to do with us: where the packages are, and that nobody is asked or warned."""


def recipes(editor: str) -> dict[str, str]:
    """Return the blocks below the heading that begins with an editor's name, by their language."""
    text = (ROOT / "editors/others.md").read_text("utf-8")
    section = text.partition(f"\n## {editor}")[2].partition("\n## ")[0]
    return dict(_BLOCK.findall(section))


@asynccontextmanager
async def emacs(folder: Path, source: str, config: str) -> AsyncIterator[Terminal]:
    """Open a.py in an Emacs with lsp-mode; `<CURSOR>` says where the cursor is."""
    packages = EMACS.parent / "root/usr/share/emacs/site-lisp/elpa-src"
    init = folder / "init.el"
    init.write_text(_EMACS.format(packages=packages) + recipes("Emacs")["elisp"], "utf-8")
    before = source.partition("<CURSOR>")[0]
    row, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
    command: list[str | Path] = [EMACS, "-nw", "-Q", "-l", init, f"+{row}:{column}", "a.py"]
    async with _opened(folder, source, config, command) as it:
        await it.sees(lambda screen: screen.shows("initialized successfully"))
        yield it


@asynccontextmanager
async def helix(folder: Path, source: str, config: str) -> AsyncIterator[Terminal]:
    """Open a.py in a Helix."""
    settings = folder / "home/.config/helix"
    settings.mkdir(parents=True)
    (settings / "languages.toml").write_text(recipes("Helix")["toml"], "utf-8")
    async with _opened(folder, source, config, [HELIX, "a.py"]) as it:
        await it.sees(lambda screen: "Loaded 1 file" in screen.lines[-1])
        yield it


@asynccontextmanager
async def _opened(
    folder: Path, source: str, config: str, command: list[str | Path]
) -> AsyncIterator[Terminal]:
    root, programs = folder / "repository", folder / "bin"
    for place in (root / ".git", programs, folder / "home"):
        place.mkdir(parents=True, exist_ok=True)
    (root / "a.py").write_text(source.replace("<CURSOR>", ""), "utf-8")
    (folder / "config.toml").write_text(config, "utf-8")
    # Recipes name the program as it is installed; nothing else that is here may be found.
    script(programs / "spark-lsp", f'exec "{sys.executable}" -m spark_lsp "$@"')
    env = {
        "TERM": "xterm-256color",
        "PATH": f"{programs}:/usr/bin:/bin",
        "HOME": str(folder / "home"),
        "XDG_CONFIG_HOME": str(folder / "home/.config"),
        "SPARK_LSP_CONFIG": str(folder / "config.toml"),
        "SPARK_LSP_CACHE": str(folder / "cache"),
        "SPARK_LSP_DATA": str(folder / "data"),
    }
    async with terminal(command, root, env) as it:
        yield it
