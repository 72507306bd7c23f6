"""An editor with background tasks: our server, the real Codex CLI, and a model on loopback.

Owns the stage: a repository of the person's, the server on it, and what the editor was told. What
happens on it is left to the tests.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spark_lsp.cli.client import Client
from tests.heard import Heard
from tests.model import Model, scripted_model
from tests.peers.agent import git
from tests.peers.parts import CODEX

FILES = {
    "shapes.py": "def area(radius):\n    return 3 * radius**2\n\n\nNAME = 'disc'\n",
    "lib/units.py": "METRE = 1\n",
    "lib/colours.py": "RED = 'red'\n",
    "AGENTS.md": "Say please.\n",
    ".sparkignore": "hidden.txt\n",
    "hidden.txt": "HIDDEN\n",
}
ANNOTATED = {
    "general": {"positionEncodings": ["utf-16"]},
    "window": {"workDoneProgress": True},
    "workspace": {
        "workspaceEdit": {
            "documentChanges": True,
            "resourceOperations": ["create", "rename", "delete"],
            "changeAnnotationSupport": {},
        }
    },
}


@dataclass
class Workshop:
    """What is on the stage.

    Attributes:
        root: the person's repository.
        client: the editor's end.
        model: says what the test tells it to.
        told: all notifications, as method and params.
        questions: what the person was asked.
        answer: what they say to it.
        holding: what they will say, if they take their time.
    """

    root: Path
    client: Client
    model: Model
    told: Heard[tuple[str, Any]] = field(default_factory=Heard)
    questions: list[Any] = field(default_factory=list)
    answer: str | None = None
    holding: "asyncio.Future[Any] | None" = None

    async def ask(self, method: str, **params: Any) -> Any:
        async with asyncio.timeout(30):
            return await self.client.request(f"spark/task/{method}", params)

    def states(self, task: str) -> list[dict[str, Any]]:
        """All that was told of a task."""
        return [
            params
            for method, params in self.told.all
            if method == "spark/task/didChange" and params["taskId"] == task
        ]

    async def until(self, task: str, verdict: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until a task is told to stand like that, and return how it does."""
        await self.told.until(lambda _: any(map(verdict, self.states(task))))
        return next(it for it in self.states(task) if verdict(it))

    async def over(self, task: str) -> dict[str, Any]:
        """Wait until nobody works on a task any more."""
        return await self.until(task, lambda it: not it["alive"])

    def bars(self, token: int | str) -> list[dict[str, Any]]:
        """What stood on a progress bar."""
        return [
            params["value"]
            for method, params in self.told.all
            if method == "$/progress" and params["token"] == token
        ]

    def open(self, path: str, text: str, version: int = 1) -> None:
        document = {"uri": self.uri(path), "languageId": "python", "version": version}
        self.client.notify("textDocument/didOpen", {"textDocument": {**document, "text": text}})

    def uri(self, path: str) -> str:
        return (self.root / path).as_uri()

    def answered(self, method: str, params: Any) -> Any:
        if method != "window/showMessageRequest":
            return None
        self.questions.append(params)
        if self.holding:
            return self.holding
        return {"title": self.answer} if self.answer else None


@asynccontextmanager
async def serving(
    root: Path, config: Path, model: Model, *, status: int = 0
) -> AsyncIterator[Workshop]:
    """Have a server while the context lasts, which ends with a status."""
    client = await Client.start("--config", str(config))
    shop = Workshop(root, client, model)
    client.on_notification = lambda method, params: shop.told((method, params))
    client.on_request = shop.answered
    await client.initialize(root, capabilities=ANNOTATED)
    try:
        yield shop
    finally:
        assert await client.close() == status
        assert [] == client.problems


@asynccontextmanager
async def repository(folder: Path) -> AsyncIterator[tuple[Path, Path, Model]]:
    """Make the person's repository, the settings, and the model."""
    root = folder / "repository"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "all")
    async with scripted_model() as model:
        config = folder / "config.toml"
        config.write_text(
            f"""
            [background]
            model_provider = "mine"
            model = "deep"
            agent_command = {str(CODEX)!r}
            [model_providers.mine]
            base_url = "{model.url}"
            """,
            "utf-8",
        )
        yield root, config, model


@asynccontextmanager
async def workshop(folder: Path) -> AsyncIterator[Workshop]:
    """Set one up."""
    async with repository(folder) as (root, config, model), serving(root, config, model) as shop:
        yield shop


def update(path: str, line: tuple[str, str]) -> str:
    """A patch that replaces a line, as Codex's models write them."""
    before, after = line
    return f"*** Begin Patch\n*** Update File: {path}\n@@\n-{before}\n+{after}\n*** End Patch"
