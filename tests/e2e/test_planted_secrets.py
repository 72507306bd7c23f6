"""A repository full of planted secrets: not one byte of any leaves in a prompt, a log or the store.

The real server with its librarian, between an editor and a scripted model that keeps every frame.
"""

import asyncio
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spark_lsp.cli.client import Client
from spark_lsp.server.store import open_store
from tests.editor import PATIENCE, Editor
from tests.model import scripted_model

PIECE = 8
"""Characters of a secret of which not even a piece may be seen."""


def body(name: str, size: int = 36) -> str:
    """Return the body of a secret, always the same, that no scanner knows."""
    letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    digest = hashlib.shake_256(name.encode()).digest(size)
    return "".join(letters[byte % len(letters)] for byte in digest)


SECRETS = {
    name: body(name)
    for name in (
        "dotenv", "ignored", "spared", "deep", "token", "password", "url", "key", "instructions",
        "json", "opened", "typed", "vendored", "comment",
    )
}  # fmt: skip

FILES = {
    ".env": f"TOKEN={SECRETS['dotenv']}\n",
    ".gitignore": "/private/\n*.local.py\n",
    ".sparkignore": "/spared.py\n",
    "private/notes.py": f"note = '{SECRETS['ignored']}'\n",
    "spared.py": f"spared = '{SECRETS['spared']}'\n",
    "src/.gitignore": "deep.py\n",
    "src/deep.py": f"deep = '{SECRETS['deep']}'\n",
    "node_modules/lib/index.js": f"const vendored = '{SECRETS['vendored']}'\n",
    "secrets.json": f'{{"value": "{SECRETS["json"]}"}}\n',
    "AGENTS.md": f"Log in with password: {SECRETS['instructions']}\n",
    "src/tokens.py": f"def helper():\n    token = 'ghp_{SECRETS['token']}'\n    return token\n",
    "src/settings.py": (
        f"PASSWORD = '{SECRETS['password']}'\n"
        f"URL = 'postgres://admin:{SECRETS['url']}@db.example.com/app'\n"
        f"# Authorization: Bearer {SECRETS['comment']}\n\n\ndef connect():\n    return URL\n"
    ),
    "src/key.txt": (
        "-----BEGIN RSA PRIVATE KEY-----\n"
        + "\n".join(body(f"key{line}", 64) for line in range(12))
        + "\n-----END RSA PRIVATE KEY-----\nhelper connect\n"
    ),
}
SOURCE = (
    "from src.settings import connect\nfrom src.tokens import helper\n\n"
    f"api_key = '{SECRETS['opened']}'\n" + "\n".join(f"value_{n} = helper({n})" for n in range(300))
)


def pieces() -> Iterator[bytes]:
    """Every piece of every secret."""
    for secret in (*SECRETS.values(), *(body(f"key{line}", 64) for line in range(12))):
        for start in range(0, len(secret) - PIECE + 1, PIECE // 2):
            yield secret[start : start + PIECE].encode()


def found(told: bytes) -> list[bytes]:
    return [piece for piece in pieces() if piece in told]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    return root


async def test_not_one_byte_of_a_secret_leaves(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found("".join(FILES.values()).encode() + SOURCE.encode()), "they are planted"
    monkeypatch.setenv("SPARK_LSP_LOG", "debug")
    cache = tmp_path / "cache"
    monkeypatch.setenv("SPARK_LSP_CACHE", str(cache))
    log = tmp_path / "log"
    async with scripted_model() as model:
        config = tmp_path / "config.toml"
        config.write_text(
            f'model_provider = "mine"\n[model_providers.mine]\nbase_url = "{model.url}"\n', "utf-8"
        )
        with log.open("wb") as sink:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "spark_lsp", "serve", "--config", str(config),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=sink,
            )  # fmt: skip
        client = Client(process)
        await client.initialize(root)
        editor = Editor(client, (root / "app.py").as_uri(), SOURCE, "python")

        async def type_and_ask(text: str, line: int) -> None:
            editor.screen.cursor = editor.screen.text.line_end(line)
            editor.type(text)
            editor.ask()
            await (await model.next()).end()

        await type_and_ask("\nx = ", 3)
        await model.until(lambda: any("def connect" in text for text in model.warm))
        async with asyncio.timeout(PATIENCE):
            # Again while a new epoch is being packed, which is told no edits.
            while not any("@@ line" in text and "password" in text for text in model.warm):
                await type_and_ask(f"\npassword = '{SECRETS['typed']}'\ny = ", 40)
                await type_and_ask("\nz = ", 200)
        await type_and_ask("\nz = ", 41)
        async with asyncio.timeout(PATIENCE):
            status = await client.close()

    assert 0 == status
    told = "".join(map(str, model.frames)).encode()
    assert b"def connect" in told
    assert b"Log in with password" in told
    assert b"@@ line" in told, "edits are told, too"
    assert [] == found(told)
    assert b"DEBUG" in log.read_bytes()
    assert [] == found(log.read_bytes())
    store = open_store(root)
    stored = store.load()
    records = store.records([it.digest for it in stored.values() if it.digest])
    store.close()
    assert "src/settings.py" in stored
    assert [] == found(str(records).encode() + str(stored).encode())
    kept = b"".join(path.read_bytes() for path in cache.rglob("*") if path.is_file())
    assert [] == found(kept)
