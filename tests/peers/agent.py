"""The Codex CLI as our agent, in a real worktree, with a model on loopback that says what it is to.

Owns the stage: a repository and a worktree of it, a home for the agent, secrets that must not get
out, a trap where a proxy would be. What happens on it is left to the tests.
"""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from spark_lsp.core.tasks.agent import Opened, Order, Report, Start, Turn, TurnEnded, TurnStarted
from spark_lsp.server.agents.codex import Codex
from spark_lsp.server.agents.isolation import Mind, Place
from spark_lsp.server.endpoint import Endpoint
from tests.heard import Heard
from tests.model import Model, Request, scripted_model
from tests.peers.codex import listening, trap
from tests.peers.parts import CODEX

KEY = "sk-agent-0123456789"
HEADER = "team-secret-98765"
FILES = {
    "shapes.py": "def area(radius):\n    return 3 * radius**2\n",
    "lib/units.py": "METRE = 1\n",
    "AGENTS.md": "Say please.\n",
}

R = TypeVar("R")


@dataclass
class Stage:
    """What an agent can see, and what it must not.

    Attributes:
        folder: holds all of it, and `private.txt` beside the worktree.
        repository: the person's, with `.git`.
        place: the worktree, and Codex's home.
        model: says what the test tells it to.
        strayed: what was looked for elsewhere.
        heard: all reports.
    """

    folder: Path
    repository: Path
    place: Place
    model: Model
    environment: Mapping[str, str]
    strayed: list[str]
    heard: Heard[Report] = field(default_factory=Heard)
    agent: Codex = field(init=False)

    @property
    def worktree(self) -> Path:
        return self.place.worktree

    def mind(self, **more: Any) -> Mind:
        endpoint = Endpoint(self.model.url, KEY, {"X-Team": HEADER})
        return Mind(endpoint, "mine", **more)

    @asynccontextmanager
    async def working(self, mind: Mind | None = None, **more: Any) -> AsyncIterator[Codex]:
        """Have an agent at work while the context lasts."""
        given: dict[str, Any] = {"program": str(CODEX), "environment": self.environment, **more}
        self.agent = Codex(self.place, mind or self.mind(), self.heard, **given)
        running = asyncio.create_task(self.agent.run())
        try:
            yield self.agent
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    async def until(self, kind: type[R], times: int = 1) -> R:
        """Wait for the report of a kind, or for so many, and return the last of them."""
        await self.heard.until(lambda _: len(self.all(kind)) >= times)
        return self.all(kind)[times - 1]

    def all(self, kind: type[R]) -> list[R]:
        return [report for report in self.heard.all if isinstance(report, kind)]

    async def begin(self, text: str, start: Order | None = None) -> tuple[str, Request]:
        """Open a thread and a turn; return the turn and the first thing the model is asked."""
        self.agent.ask(start or Start())
        await self.until(Opened, len(self.all(Opened)) + 1)
        return await self.turn(text)

    async def turn(self, text: str) -> tuple[str, Request]:
        turns = len(self.all(TurnStarted))
        self.agent.ask(Turn(text))
        request = await self.model.next()
        return (await self.until(TurnStarted, turns + 1)).turn, request

    async def finish(self, request: Request, text: str = "Done.") -> TurnEnded:
        """Have the model say a last word."""
        ends = len(self.all(TurnEnded))
        await say(request, text)
        await over(request)
        return await self.until(TurnEnded, ends + 1)

    async def tried(self, request: Request, name: str, arguments: Any) -> tuple[str, Request]:
        """Have the model call a tool; return what it is answered, and its next turn to speak."""
        await use(request, name, arguments)
        following = await self.model.next()
        return answers(following)[-1], following


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    """Set one up."""
    repository, worktree = folder / "repository", folder / "worktree"
    for name, text in FILES.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text, "utf-8")
    git(repository, "init", "-q")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "all")
    git(repository, "worktree", "add", "-q", "--detach", str(worktree))
    (folder / "private.txt").write_text("PRIVATE\n", "utf-8")
    strayed: list[str] = []
    async with scripted_model() as model, listening(trap(strayed)) as port:
        proxy = f"http://127.0.0.1:{port}"
        environment = {
            "PATH": os.environ["PATH"],
            "ALL_PROXY": proxy,
            "HTTP_PROXY": proxy,
            "HTTPS_PROXY": proxy,
            "NO_PROXY": "127.0.0.1",
            "UNRELATED": "PRIVATE",
        }
        yield Stage(
            folder, repository, Place(worktree, folder / "home"), model, environment, strayed
        )


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=tests", "-c", "user.email=tests@example.com")
    done = subprocess.run(
        ["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


def patch(files: Mapping[str, str]) -> str:
    """A patch that adds files, as Codex's models write them."""
    parts = (
        f"*** Add File: {path}\n" + "".join(f"+{line}\n" for line in text.splitlines())
        for path, text in files.items()
    )
    return f"*** Begin Patch\n{''.join(parts)}*** End Patch"


def answers(request: Request) -> list[str]:
    """What tools have answered, as the model reads it."""
    outputs = [item for item in request.frame["input"] if item["type"].endswith("_output")]
    return [str(item["output"]) for item in outputs]


async def use(request: Request, name: str, arguments: Any, tokens: int = 1_000) -> None:
    """Call a tool, and say no more; a text is the input of a free-form one."""
    number = request.id
    item: dict[str, Any] = {"id": f"it_{number}", "call_id": f"call_{number}", "name": name}
    if isinstance(arguments, str):
        item |= {"type": "custom_tool_call", "input": arguments}
    else:
        item |= {"type": "function_call", "arguments": json.dumps(arguments)}
    await request.event("response.output_item.added", output_index=0, item=item)
    await request.event("response.output_item.done", output_index=0, item=item)
    await over(request, tokens)


async def begin_saying(request: Request, text: str) -> None:
    """Write a part of a message."""
    await request.event(
        "response.output_item.added",
        output_index=0,
        item={"type": "message", "id": f"m_{request.id}", "role": "assistant", "content": []},
    )
    await request.event(
        "response.output_text.delta",
        item_id=f"m_{request.id}",
        output_index=0,
        content_index=0,
        delta=text,
    )


async def end_saying(request: Request, text: str) -> None:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    await request.event(
        "response.output_item.done",
        output_index=0,
        item={"type": "message", "id": f"m_{request.id}", "role": "assistant", "content": content},
    )


async def say(request: Request, text: str) -> None:
    await begin_saying(request, text)
    await end_saying(request, text)


async def over(request: Request, tokens: int = 1_000) -> None:
    usage = {"input_tokens": tokens, "output_tokens": 5, "total_tokens": tokens + 5}
    response = {"id": request.id, "status": "completed", "usage": usage}
    await request.event("response.completed", response=response)
