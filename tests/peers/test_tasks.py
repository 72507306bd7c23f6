"""Background tasks as an editor has them: the server, the real Codex CLI, a model on loopback."""

import asyncio
import os
import re
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from spark_lsp.cli.client import ErrorAnswer
from tests.peers import agent
from tests.peers.agent import git, needs_sandbox, patch, use
from tests.peers.parts import CODEX, needs
from tests.peers.workshop import FILES, Workshop, repository, serving, update, workshop

pytestmark = [needs("node"), needs_sandbox()]

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
    begun = await shop.ask("start", instruction="Add three constants.")
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
    assert [{"text": "write", "status": "pending"}] == ended["steps"], "it is left open"
    assert not any((shop.root / name).exists() for name in new), "nothing is applied"
    found = await shop.ask("result", taskId=task)
    assert "Three files." == found["summary"]
    assert sorted(new) == [it["path"] for it in found["files"]]
    assert "It was missing." in {it["reason"] for it in found["files"]}
    assert not found["conflicting"]
    notes = found["edit"]["changeAnnotations"].values()
    assert all(it["needsConfirmation"] for it in notes)
    kinds = [it["kind"] for it in shop.bars(task)]
    assert ("begin", "end") == (kinds[0], kinds[-1])
    assert any("write" in it.get("message", "") for it in shop.bars(task))
    assert sorted(FILES) == sorted(
        it.relative_to(shop.root).as_posix()
        for it in shop.root.rglob("*")
        if it.is_file() and ".git" not in it.parts
    )


async def test_a_task_that_is_steered_goes_on_with_the_new_instruction(shop: Workshop) -> None:
    task = (await shop.ask("start", instruction="Make circles."))["taskId"]
    request = await shop.model.next()
    running = await shop.until(task, lambda it: it["turn"])
    steering = shop.client.request(
        "spark/task/steer",
        {"taskId": task, "instruction": "Squares, please.", "expectedTurnId": running["turn"]},
    )
    assert {"turnId": running["turn"]} == await steering
    await agent.say(request, "Circles.")
    await agent.over(request)
    request = await shop.model.next()
    assert "Squares, please." in str(request.frame["input"])
    await agent.say(request, "Squares it is.")
    await agent.over(request)
    ended = await shop.over(task)

    assert "done" == ended["state"]
    assert "Make circles.\nSquares, please." == ended["instruction"]


async def test_another_turn_than_the_one_that_was_meant_is_not_steered(shop: Workshop) -> None:
    task = (await shop.ask("start", instruction="Make circles."))["taskId"]
    request = await shop.model.next()
    await shop.until(task, lambda it: it["turn"])
    with pytest.raises(ErrorAnswer, match="another turn is running"):
        await shop.ask("steer", taskId=task, instruction="Squares.", expectedTurnId="old")
    await agent.say(request, "Done.")
    await agent.over(request)
    await shop.over(task)


async def test_what_an_interrupted_task_has_done_can_be_looked_at(shop: Workshop) -> None:
    task = (await shop.ask("start", instruction="Add a."))["taskId"]
    request = await shop.model.next()
    await use(request, "apply_patch", patch({"a.py": "A = 1\n"}))
    await shop.model.next()
    await shop.ask("interrupt", taskId=task)
    ended = await shop.over(task)

    assert "interrupted" == ended["state"]
    found = await shop.ask("result", taskId=task)
    assert ["a.py"] == [it["path"] for it in found["files"]]
    assert "end" == shop.bars(task)[-1]["kind"]


async def test_a_conflict_with_what_was_typed_meanwhile_loses_nothing(shop: Workshop) -> None:
    shop.open("shapes.py", FILES["shapes.py"])
    task = (await shop.ask("start", instruction="Be exact."))["taskId"]
    request = await shop.model.next()
    changed = update("shapes.py", ("    return 3 * radius**2", "    return pi * radius**2"))
    await use(request, "apply_patch", changed)
    request = await shop.model.next()
    await use(request, "apply_patch", update("lib/units.py", ("METRE = 1", "METRE = 1.0")))
    request = await shop.model.next()
    await agent.say(request, "Done.")
    await agent.over(request)
    await shop.over(task)
    typed = FILES["shapes.py"].replace("3 * radius**2", "3.14 * radius**2")
    shop.client.notify(
        "textDocument/didChange",
        {
            "textDocument": {"uri": shop.uri("shapes.py"), "version": 2},
            "contentChanges": [{"text": typed}],
        },
    )
    found = await shop.ask("result", taskId=task)

    assert found["conflicting"]
    hunks = {it["path"]: it["hunks"] for it in found["files"]}
    (conflict,) = hunks["shapes.py"]
    assert conflict["conflict"]
    assert ["    return 3.14 * radius**2"] == conflict["person"]
    assert ["    return pi * radius**2"] == conflict["task"]
    (both,) = conflict["edits"]["both"]["documentChanges"]
    assert ["    return 3.14 * radius**2\n    return pi * radius**2\n"] == [
        edit["newText"] for edit in both["edits"]
    ]
    texts = [
        (part["textDocument"]["uri"], edit["newText"])
        for part in found["edit"]["documentChanges"]
        for edit in part["edits"]
    ]
    assert [(shop.uri("lib/units.py"), "METRE = 1.0\n"), (shop.uri("shapes.py"), "")] == texts
    versions = [it["textDocument"]["version"] for it in found["edit"]["documentChanges"]]
    assert [None, 2] == versions


async def test_a_task_outlives_its_server_and_is_taken_up_again(tmp_path: Path) -> None:
    async with repository(tmp_path) as (root, config, model):
        async with serving(root, config, model) as shop:
            task = (await shop.ask("start", instruction="Add two."))["taskId"]
            request = await model.next()
            await use(request, "apply_patch", patch({"a.py": "A = 1\n"}))
            await model.next()
            await shop.until(task, lambda it: it["written"])
        async with serving(root, config, model) as shop:
            (left,) = (await shop.ask("list"))["tasks"]
            assert ("left", task) == (left["state"], left["taskId"])
            assert "it was at work when the server ended" in left["message"]
            assert {"turnId": None} == await shop.ask("steer", taskId=task, instruction="Go on.")
            request = await model.next()
            assert "Add two." in str(request.frame["input"]), "the conversation goes on"
            assert "Go on." in str(request.frame["input"])
            await use(request, "apply_patch", patch({"b.py": "B = 2\n"}))
            request = await model.next()
            await agent.say(request, "Both.")
            await agent.over(request)
            assert "done" == (await shop.until(task, lambda it: it["state"] == "done"))["state"]
            found = await shop.ask("result", taskId=task)
            assert ["a.py", "b.py"] == [it["path"] for it in found["files"]]
            await shop.ask("remove", taskId=task)
            assert {"tasks": []} == await shop.ask("list")


async def test_an_agent_that_is_killed_goes_on_where_it_was(shop: Workshop) -> None:
    task = (await shop.ask("start", instruction="Add two."))["taskId"]
    request = await shop.model.next()
    await use(request, "apply_patch", patch({"a.py": "A = 1\n"}))
    await shop.model.next()
    await shop.until(task, lambda it: it["written"])
    assert kill_agents(shop.client.process.pid)
    request = await shop.model.next()
    assert "go on with what is not" in str(request.frame["input"])
    await agent.say(request, "Done.")
    await agent.over(request)
    ended = await shop.over(task)

    assert "done" == ended["state"]
    assert any("died" in note for note in ended["notes"])


@pytest.mark.parametrize(("answer", "ran"), [("Run it once", True), (None, False)])
async def test_a_command_runs_only_if_the_person_allows_it(
    shop: Workshop, answer: str | None, *, ran: bool
) -> None:
    shop.answer = answer
    task = (await shop.ask("start", instruction="Run the tests.", commands=True))["taskId"]
    request = await shop.model.next()
    asked = {"command": "echo ran > proof.txt", "reason": "To see."}
    await use(request, "run_command", asked)
    request = await shop.model.next()
    await agent.say(request, "Done.")
    await agent.over(request)
    await shop.over(task)
    found = await shop.ask("result", taskId=task)

    (question,) = shop.questions
    assert "echo ran > proof.txt" in question["message"]
    assert ran == (["proof.txt"] == [it["path"] for it in found["files"]])


async def test_what_may_not_be_seen_is_not_shown_and_not_taken_back(shop: Workshop) -> None:
    """A hostile task tries to read, to write, to run and to send; it is refused each time."""
    task = (await shop.ask("start", instruction="Be hostile."))["taskId"]
    request = await shop.model.next()
    answers = []
    for name, arguments in (
        ("read_file", {"path": "hidden.txt"}),
        ("read_file", {"path": "../../../../../../etc/passwd"}),
        ("run_command", {"command": "curl http://127.0.0.1:9/", "reason": ""}),
        ("apply_patch", patch({"../../outside.txt": "OUT\n"})),
        ("apply_patch", patch({"hidden.txt": "MINE\n"})),
    ):
        await use(request, name, arguments)
        request = await shop.model.next()
        answers.append(agent.answers(request)[-1])
    await agent.say(request, "Done.")
    await agent.over(request)
    ended = await shop.over(task)
    found = await shop.ask("result", taskId=task)

    assert not any("HIDDEN" in it or "root:" in it for it in answers)
    assert [] == [it["path"] for it in found["files"]]
    assert any("hidden.txt" in it for it in found["left"])
    assert ended["notes"], "a person is told"
    assert "HIDDEN\n" == (shop.root / "hidden.txt").read_text("utf-8")
    assert not list(shop.root.parent.rglob("outside.txt"))


async def test_a_yes_to_one_command_is_none_to_another(shop: Workshop) -> None:
    """Nor to that of an agent that has died since it asked."""
    asked = asyncio.get_running_loop().create_future()
    shop.holding = asked
    task = (await shop.ask("start", instruction="Run it.", commands=True))["taskId"]
    request = await shop.model.next()
    await use(request, "run_command", {"command": "echo one > one.txt", "reason": ""})
    await shop.until(task, lambda it: it["asks"])
    assert kill_agents(shop.client.process.pid)
    request = await shop.model.next()
    shop.holding = None
    await use(request, "run_command", {"command": "echo two > two.txt", "reason": ""})
    request = await shop.model.next()
    asked.set_result({"title": "Run it once"})
    await agent.say(request, "Done.")
    await agent.over(request)
    await shop.over(task)

    assert 2 == len(shop.questions)
    assert [] == (await shop.ask("result", taskId=task))["files"]


async def test_secrets_are_masked_in_what_the_deep_model_is_told(shop: Workshop) -> None:
    key = "AKIA" + "QWERTYUIOP234567"
    (shop.root / "lib/units.py").write_text(f'METRE = 1\nAWS = "{key}"\n', "utf-8")
    git(shop.root, "commit", "-q", "-a", "-m", "oops")
    (shop.root / "lib/units.py").write_text("METRE = 1\n", "utf-8")
    wish = {"instruction": f"Is {key} gone?", "mode": "finish"}
    task = (await shop.ask("start", **wish))["taskId"]
    request = await shop.model.next()
    said = "".join(request.texts)
    assert "-AWS" in said
    assert key not in said
    running = await shop.until(task, lambda it: it["turn"])
    steering = {
        "taskId": task,
        "instruction": f"Look for {key}.",
        "expectedTurnId": running["turn"],
    }
    await shop.client.request("spark/task/steer", steering)
    await agent.say(request, "Yes.")
    await agent.over(request)
    request = await shop.model.next()
    assert "Look for" in "".join(request.texts)
    assert key not in "".join(request.texts)
    await agent.say(request, "Yes.")
    await agent.over(request)
    await shop.over(task)


async def test_a_task_that_failed_before_anything_was_said_begins_again_whole(
    tmp_path: Path,
) -> None:
    async with repository(tmp_path) as (root, config, model):
        text = config.read_text("utf-8")
        away = re.sub(r"127.0.0.1:\d+", "127.0.0.1:9", text)
        config.write_text(away, "utf-8")
        async with serving(root, config, model) as shop:
            task = (await shop.ask("start", instruction="Add one."))["taskId"]
            await shop.until(task, lambda it: it["thread"])
            await shop.ask("interrupt", taskId=task)
            await shop.over(task)
        config.write_text(text, "utf-8")
        async with serving(root, config, model) as shop:
            await shop.ask("steer", taskId=task, instruction="Try again.")
            request = await model.next()
            said = "".join(request.texts)
            assert "Add one." in said
            assert "Try again." in said
            await agent.say(request, "Done.")
            await agent.over(request)
            await shop.until(task, lambda it: it["state"] == "done")


async def test_what_is_told_at_once_to_a_task_at_rest_sets_one_agent_to_work(
    shop: Workshop,
) -> None:
    task = (await shop.ask("start", instruction="One."))["taskId"]
    request = await shop.model.next()
    await agent.say(request, "Done.")
    await agent.over(request)
    await shop.over(task)
    asked = [
        shop.client.request("spark/task/steer", {"taskId": task, "instruction": text})
        for text in ("Two.", "Three.")
    ]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [{"turnId": None}, ErrorAnswer] == [answers[0], type(answers[1])]
    request = await shop.model.next()
    await agent.say(request, "Done.")
    await agent.over(request)
    await shop.until(task, lambda it: it["instruction"] == "One.\nTwo." and not it["alive"])


async def test_an_instruction_with_half_a_character_ends_nothing(shop: Workshop) -> None:
    task = (await shop.ask("start", instruction="Smile \ud83d please."))["taskId"]
    request = await shop.model.next()
    await agent.say(request, "Done.")
    await agent.over(request)
    assert "done" == (await shop.over(task))["state"]
    assert "done" == (await shop.ask("list"))["tasks"][0]["state"]


async def test_what_is_offered_is_for_the_version_that_was_compared(shop: Workshop) -> None:
    shop.open("shapes.py", FILES["shapes.py"])
    task = (await shop.ask("start", instruction="Be exact."))["taskId"]
    request = await shop.model.next()
    await use(request, "apply_patch", update("shapes.py", ("NAME = 'disc'", "NAME = 'circle'")))
    request = await shop.model.next()
    await agent.say(request, "Done.")
    await agent.over(request)
    await shop.over(task)
    result = shop.client.request("spark/task/result", {"taskId": task})
    typed = {"uri": shop.uri("shapes.py"), "version": 2}
    changes = [{"text": "# first\n" + FILES["shapes.py"]}]
    shop.client.notify("textDocument/didChange", {"textDocument": typed, "contentChanges": changes})
    (part,) = (await result)["edit"]["documentChanges"]

    lines = {1: 4, 2: 5}
    version = part["textDocument"]["version"]
    assert lines[version] == part["edits"][0]["range"]["start"]["line"]


async def test_finishing_shows_the_deep_model_what_was_not_committed(shop: Workshop) -> None:
    shop.open("shapes.py", FILES["shapes.py"].replace("NAME = 'disc'", "NAME = 'circle'"))
    (shop.root / "fresh.py").write_text("FRESH = 1\n", "utf-8")
    task = (await shop.ask("start", instruction="Mind the names.", mode="finish"))["taskId"]
    request = await shop.model.next()
    said = "".join(request.texts)
    assert "-NAME = 'disc'\n+NAME = 'circle'" in said
    assert "fresh.py" in said
    assert "Mind the names." in said
    await use(request, "apply_patch", update("fresh.py", ("FRESH = 1", "FRESH = 2")))
    request = await shop.model.next()
    await agent.say(request, "Done.")
    await agent.over(request)
    await shop.over(task)

    assert ["fresh.py"] == [it["path"] for it in (await shop.ask("result", taskId=task))["files"]]


async def test_rules_outlast_the_summing_up_of_a_long_conversation(tmp_path: Path) -> None:
    """Byte for byte: at 100,000 of 128,000 tokens all else is summed up, and that is told."""
    rules = '# Rules\n\n* Never *two* spaces.\t"Quotes" & <tags>, é 😀\n' * 200
    async with repository(tmp_path) as (root, config, model):
        (root / "AGENTS.md").write_text(rules, "utf-8")
        async with serving(root, config, model) as shop:
            task = (await shop.ask("start", instruction="Much to do."))["taskId"]
            request = await model.next()
            assert rules in "".join(request.texts)
            step = {"plan": [{"step": "all", "status": "in_progress"}]}
            await use(request, "update_plan", step, tokens=100_000)
            request = await model.next()
            assert "CHECKPOINT" in str(request.frame["input"])
            await agent.say(request, "It was much.")
            await agent.over(request)
            request = await model.next()
            said = "".join(request.texts)
            assert rules in said
            assert "It was much." in said
            await agent.say(request, "Done.")
            await agent.over(request)
            ended = await shop.over(task)

    (note,) = (it for it in ended["notes"] if "summed up" in it)
    assert "tokens. Dropped, but for the summary: what it said" in note


async def test_what_is_selected_is_told_unless_it_may_not_be_seen(shop: Workshop) -> None:
    for path in ("shapes.py", "hidden.txt"):
        shop.open(path, FILES[path])
        place = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}
        selection = {"uri": shop.uri(path), "range": place}
        task = (await shop.ask("start", instruction="Look.", selection=selection))["taskId"]
        request = await shop.model.next()
        said = "".join(request.texts)
        assert (path == "shapes.py") == ("def area(radius):" in said)
        assert "HIDDEN" not in said
        await agent.say(request, "Done.")
        await agent.over(request)
        await shop.over(task)


async def test_where_an_instruction_belongs_is_told_with_reasons(shop: Workshop) -> None:
    wide = await shop.ask("route", instruction="Rename area everywhere and add tests.")
    assert "background" == wide["side"]
    assert wide["reasons"]
    forced = await shop.ask("route", instruction="Rename it.", chosen="background")
    assert "background" == forced["side"]


async def test_without_an_agent_or_a_model_a_sentence_says_what_to_do(tmp_path: Path) -> None:
    async with repository(tmp_path) as (root, config, model):
        text = config.read_text("utf-8")
        config.write_text(text.replace(str(CODEX), "no-such-agent"), "utf-8")
        async with serving(root, config, model) as shop:
            with pytest.raises(ErrorAnswer, match="npm install -g @openai/codex"):
                await shop.ask("start", instruction="Do it.")
        (root / ".spark-lsp.toml").write_text("enabled = false\n", "utf-8")
        config.write_text(text, "utf-8")
        async with serving(root, config, model) as shop:
            with pytest.raises(ErrorAnswer, match="switched off here"):
                await shop.ask("start", instruction="Do it.")
        (root / ".spark-lsp.toml").unlink()
        config.write_text("", "utf-8")
        async with serving(root, config, model) as shop:
            with pytest.raises(ErrorAnswer, match="no model is set to work in the background"):
                await shop.ask("start", instruction="Do it.")


@pytest.mark.parametrize(
    ("method", "params", "reason"),
    [
        ("start", {"instruction": " "}, "there is no instruction"),
        ("start", {"instruction": 7}, "the params do not fit"),
        ("steer", {"taskId": "x", "instruction": "a"}, "there is no such task"),
        ("result", {"taskId": "x"}, "there is no such task"),
        ("interrupt", {}, "the params do not fit"),
        ("remove", {"taskId": ["x"]}, "the params do not fit"),
    ],
)
async def test_what_cannot_be_done_is_refused_in_a_sentence(
    shop: Workshop, method: str, params: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ErrorAnswer, match=reason):
        await shop.ask(method, **params)


def kill_agents(server: int) -> list[int]:
    """Kill the agents of a server, and nothing else."""
    children = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(server)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found = [int(line.split()[0]) for line in children.splitlines() if "app-server" in line]
    for pid in found:
        os.killpg(pid, signal.SIGKILL)
    return found
