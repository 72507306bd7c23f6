"""Finishing what was begun with the fast model, from a point that the person chooses."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from spark_lsp.cli.client import ErrorAnswer
from tests.peers import agent
from tests.peers.agent import git, needs_sandbox
from tests.peers.parts import needs
from tests.peers.workshop import FILES, Workshop, workshop

pytestmark = [needs("node"), needs_sandbox()]

BEFORE = FILES["shapes.py"] + "\n\ndef area_of_disc(radius):\n    "
HERE = {"line": 8, "character": 4}


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Workshop]:
    async with workshop(tmp_path) as it:
        yield it


async def accepted(shop: Workshop) -> str:
    """Take over what the embedded engine suggests in shapes.py, and return it."""
    shop.open("shapes.py", BEFORE)
    document = {"uri": shop.uri("shapes.py")}
    params = {"textDocument": document, "position": HERE, "context": {"triggerKind": 1}}
    answer: Any = None
    async with asyncio.timeout(20):
        while not answer or not answer["items"]:  # it may not have learned yet
            answer = await shop.client.request("textDocument/inlineCompletion", params)
    (item,) = answer["items"]
    text = str(item["insertText"])
    change = {"range": {"start": HERE, "end": HERE}, "text": text}
    params = {"textDocument": document | {"version": 2}, "contentChanges": [change]}
    shop.client.notify("textDocument/didChange", params)
    await shop.client.request("workspace/executeCommand", item["command"])
    return text


async def finished(shop: Workshop, **wish: str) -> str:
    """Have something finished that leaves all as it is, and return what the model was told."""
    task = (await shop.ask("start", instruction="", mode="finish", **wish))["taskId"]
    request = await shop.model.next()
    await agent.say(request, "Done.")
    await agent.over(request)
    await shop.over(task)
    return "".join(request.texts)


async def test_what_was_accepted_since_a_moment_is_finished(shop: Workshop) -> None:
    text = await accepted(shop)
    (shop.root / "lib/units.py").write_text("METRE = 2\n", "utf-8")
    head, moment = (await shop.ask("points"))["points"]
    assert ("HEAD", "commit", "all") == (head["id"], head["kind"], head["detail"])
    assert ("accepted", "before a suggestion in shapes.py") == (moment["kind"], moment["label"])
    assert moment["detail"].startswith("from line 9 on")
    told = await finished(shop, since=moment["id"])

    assert f"+    {text.splitlines()[0]}" in told
    assert "+def area_of_disc" not in told, "that was there before"
    assert "METRE" not in told, "nothing was accepted there"


async def test_all_since_a_branch_was_left_is_finished(shop: Workshop) -> None:
    git(shop.root, "branch", "-m", "main")
    git(shop.root, "checkout", "-q", "-b", "work")
    (shop.root / "lib/units.py").write_text("METRE = 2\n", "utf-8")
    git(shop.root, "commit", "-q", "-a", "-m", "second")
    (shop.root / "lib/colours.py").write_text("RED = 'rot'\n", "utf-8")
    last, left = (await shop.ask("points"))["points"]
    assert "all since main" == left["label"]
    far, near = await finished(shop, since=left["id"]), await finished(shop, since=last["id"])

    assert ("+METRE = 2" in far, "+METRE = 2" in near) == (True, False)
    assert "+RED = 'rot'" in far
    assert "+RED = 'rot'" in near


@pytest.mark.parametrize(
    ("since", "reason"),
    [
        ("accepted-00000000-1", "that moment is not known any more"),
        ("accepted-0a1b2c3d-9", "that moment is not known any more"),
    ],
)
async def test_a_moment_that_is_not_known_is_refused(
    shop: Workshop, since: str, reason: str
) -> None:
    with pytest.raises(ErrorAnswer, match=reason):
        await shop.ask("start", instruction="", mode="finish", since=since)


@pytest.mark.parametrize(
    ("since", "reason"),
    [
        ("HEAD", "nothing has changed since the last commit"),
        ("accepted-changes", "git knows no revision 'accepted-changes'"),
    ],
)
async def test_where_there_is_nothing_to_finish_the_task_says_so(
    shop: Workshop, since: str, reason: str
) -> None:
    begun = await shop.ask("start", instruction="", mode="finish", since=since)
    ended = await shop.over(begun["taskId"])

    assert "failed" == ended["state"]
    assert reason in ended["message"]
