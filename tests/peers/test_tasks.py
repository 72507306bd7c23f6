"""Background tasks as an editor has them: the server, the real Codex CLI, a model on loopback."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.peers import agent
from tests.peers.agent import patch, use
from tests.peers.parts import needs
from tests.peers.workshop import FILES, Workshop, workshop

pytestmark = needs("node")

REASONS = """Done.
```json
{"summary": "Three files.",
 "changes": [{"path": "a.py", "line": "A = 1", "reason": "It was missing."}]}
```"""


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Workshop]:
    async with workshop(tmp_path) as it:
        yield it


async def test_a_task_is_begun_followed_and_its_result_offered(shop: Workshop) -> None:
    begun = await shop.ask("start", instruction="Add three constants.", workDoneToken="mine")
    task = begun["taskId"]
    request = await shop.model.next()
    said = str(request.frame["input"])
    assert "Add three constants." in said
    assert "Say please." in said
    assert "HIDDEN" not in said
    steps = [{"step": "write", "status": "in_progress"}]
    await use(request, "update_plan", {"plan": steps})
    request = await shop.model.next()
    new = {"a.py": "A = 1\n", "lib/b.py": "B = 2\n", "c.py": "C = 3\n"}
    await use(request, "apply_patch", patch(new))
    request = await shop.model.next()
    await agent.say(request, REASONS)
    await agent.over(request)
    ended = await shop.over(task)

    assert ("done", "") == (ended["state"], ended["message"])
    assert {"a.py", "lib/b.py", "c.py"} == set(ended["written"])
    assert [{"text": "write", "status": "running"}] == ended["steps"]
    assert not any((shop.root / name).exists() for name in new), "nothing is applied"
    found = await shop.ask("result", taskId=task)
    assert "Three files." == found["summary"]
    assert sorted(new) == [it["path"] for it in found["files"]]
    assert "It was missing." in {it["reason"] for it in found["files"]}
    assert not found["conflicting"]
    notes = found["edit"]["changeAnnotations"].values()
    assert all(it["needsConfirmation"] for it in notes)
    kinds = [it["kind"] for it in shop.bars("mine")]
    assert ("begin", "end") == (kinds[0], kinds[-1])
    assert any("write" in it.get("message", "") for it in shop.bars("mine"))
    assert sorted(FILES) == sorted(
        it.relative_to(shop.root).as_posix()
        for it in shop.root.rglob("*")
        if it.is_file() and ".git" not in it.parts
    )
