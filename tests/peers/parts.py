"""Where the programs of others are that `make peers` has set up, and which of them are not here."""

import pytest

from tests.fixture import ROOT

PEERS = ROOT / ".peers"
PYTHON = PEERS / "python/bin/python"
"""An interpreter with the openai package and gguf."""
CODEX = PEERS / "node/node_modules/.bin/codex"
LLAMA = PEERS / "llama/llama-server"
NEOVIM = PEERS / "neovim/nvim"
STYLUA = PEERS / "stylua/node_modules/.bin/stylua"
EMACS = PEERS / "emacs/emacs-nox"
HELIX = PEERS / "helix/hx"
VSCODE = PEERS / "vscode/code-server"
"""VS Code with its screen in a browser."""
CHROMIUM = PEERS / "chromium/chromium"


def needs(*names: str) -> pytest.MarkDecorator:
    """Mark tests of parts, as "node" or "neovim": why one is left out is told instead."""
    reasons = [reason for name in names if (reason := _reason(name))]
    return pytest.mark.skipif(bool(reasons), reason="; ".join(reasons))


def _reason(name: str) -> str:
    """Say why a part is not here, or "" where it is."""
    if (PEERS / name / "ready").exists():
        return ""
    absent = PEERS / name / "absent"
    return absent.read_text("utf-8") if absent.exists() else "run make peers editors first"
