"""Tasks that more than one server sees, and what a person says about them from elsewhere."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from spark_lsp.cli.client import ErrorAnswer
from tests.peers import agent
from tests.peers.agent import needs_sandbox, patch, use
from tests.peers.parts import CODEX, needs
from tests.peers.workshop import Workshop, repository, serving, workshop

pytestmark = [needs("node"), needs_sandbox()]


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Workshop]:
    async with workshop(tmp_path) as it:
        yield it


async def test_a_second_editor_sees_a_task_and_does_not_touch_it(tmp_path: Path) -> None:
    async with (
        repository(tmp_path) as (root, config, model),
        serving(root, config, model) as first,
        serving(root, config, model) as second,
    ):
        await second.ask("list")
        task = (await first.ask("start", instruction="Add one."))["taskId"]
        request = await model.next()
        await use(request, "apply_patch", patch({"a.py": "A = 1\n"}))
        request = await model.next()
        seen = await second.until(task, lambda it: it["written"])
        assert (True, True, "running") == (seen["elsewhere"], seen["alive"], seen["state"])
        for method, params in (
            ("steer", {"instruction": "Add two."}),
            ("interrupt", {}),
            ("result", {}),
            ("remove", {}),
        ):
            with pytest.raises(ErrorAnswer, match="another editor or terminal works on this task"):
                await second.ask(method, taskId=task, **params)
        await agent.say(request, "Done.")
        await agent.over(request)
        done = await second.over(task)
        assert ("done", False) == (done["state"], done["elsewhere"])
        found = await second.ask("result", taskId=task)
        assert ["a.py"] == [it["path"] for it in found["files"]]

        await second.ask("steer", taskId=task, instruction="Add another.")
        request = await model.next()
        assert "Add another." in str(request.frame["input"])
        await first.until(task, lambda it: it["elsewhere"])
        await agent.say(request, "Done.")
        await agent.over(request)
        await first.told.until(lambda _: not first.states(task)[-1]["alive"])
        await first.ask("remove", taskId=task)
        await second.until(task, lambda it: "gone" in it)
        assert {"tasks": []} == await second.ask("list")


async def test_of_two_editors_that_take_up_a_task_at_once_one_does(tmp_path: Path) -> None:
    async with (
        repository(tmp_path) as (root, config, model),
        serving(root, config, model) as first,
        serving(root, config, model) as second,
    ):
        await second.ask("list")
        task = (await first.ask("start", instruction="Add one."))["taskId"]
        request = await model.next()
        await agent.say(request, "Done.")
        await agent.over(request)
        await second.over(task)
        shops = (first, second)
        answers = await asyncio.gather(
            *(it.ask("steer", taskId=task, instruction=f"Add {it.root}.") for it in shops),
            return_exceptions=True,
        )
        refused = [it for it in answers if isinstance(it, ErrorAnswer)]
        assert 1 == len(refused)
        assert "another editor" in str(refused[0])
        request = await model.next()
        loser = shops[0 if isinstance(answers[0], ErrorAnswer) else 1]
        assert loser.states(task)[-1]["elsewhere"] or not loser.states(task)[-1]["alive"]
        await agent.say(request, "Done.")
        await agent.over(request)
        await loser.told.until(lambda _: loser.states(task)[-1]["state"] == "done")


async def test_what_a_server_has_left_is_told_to_an_editor_that_is_open(tmp_path: Path) -> None:
    async with (
        repository(tmp_path) as (root, config, model),
        serving(root, config, model) as shop,
    ):
        await shop.ask("list")
        async with serving(root, config, model) as other:
            task = (await other.ask("start", instruction="Add one."))["taskId"]
            await model.next()
            await shop.until(task, lambda it: it["turn"])
        left = await shop.until(task, lambda it: it["state"] == "left")

    assert "it was at work when the server ended" in left["message"]


async def test_a_task_whose_server_was_killed_is_left(tmp_path: Path) -> None:
    async with repository(tmp_path) as (root, config, model), serving(root, config, model) as shop:
        await shop.ask("list")
        async with serving(root, config, model, status=-9) as other:
            task = (await other.ask("start", instruction="Add one."))["taskId"]
            await model.next()
            await shop.until(task, lambda it: it["turn"])
            other.client.process.kill()
            await other.client.process.wait()
        (left,) = (await shop.ask("list"))["tasks"]

    assert ("left", False) == (left["state"], left["alive"])


@pytest.mark.parametrize("accept", [True, False])
async def test_a_question_is_answered_in_the_list_and_withdrawn_from_the_editor(
    shop: Workshop, *, accept: bool
) -> None:
    shop.holding = asyncio.get_running_loop().create_future()
    task = (await shop.ask("start", instruction="Run it.\nNow.", commands=True))["taskId"]
    request = await shop.model.next()
    await use(request, "run_command", {"command": "echo ran > proof.txt", "reason": "To see."})
    asking = await shop.until(task, lambda it: it["asks"])
    (question,) = asking["asks"]
    assert ("echo ran > proof.txt", "To see.") == (question["what"], question["reason"])
    await shop.told.until(lambda _: bool(shop.questions))
    assert 'The background task "Run it." wants to run' in shop.questions[0]["message"]
    await shop.ask("answer", taskId=task, id=question["id"], accept=accept)
    request = await shop.model.next()
    await shop.told.until(lambda all_: any(it[0] == "$/cancelRequest" for it in all_))
    with pytest.raises(ErrorAnswer, match="that is not asked any more"):
        await shop.ask("answer", taskId=task, id=question["id"], accept=True)
    await agent.say(request, "Done.")
    await agent.over(request)
    ended = await shop.over(task)
    found = await shop.ask("result", taskId=task)

    assert [] == ended["asks"]
    assert accept == (["proof.txt"] == [it["path"] for it in found["files"]])


async def test_a_command_that_nobody_could_read_is_not_asked_for(shop: Workshop) -> None:
    task = (await shop.ask("start", instruction="Run it.", commands=True))["taskId"]
    request = await shop.model.next()
    await use(request, "run_command", {"command": "echo " + "x" * 5_000, "reason": ""})
    request = await shop.model.next()
    await agent.say(request, "Done.")
    await agent.over(request)
    await shop.over(task)

    assert "too long for a person to read" in agent.answers(request)[-1]
    assert [] == shop.questions


async def test_switching_off_interrupts_what_is_at_work(shop: Workshop) -> None:
    task = (await shop.ask("start", instruction="Add one."))["taskId"]
    await shop.model.next()
    await shop.until(task, lambda it: it["turn"])
    settings: dict[str, Any] = {"spark": {"enabled": False}}
    shop.client.notify("workspace/didChangeConfiguration", {"settings": settings})
    ended = await shop.over(task)

    assert ("interrupted", "spark-lsp was switched off") == (ended["state"], ended["message"])


async def test_another_model_holds_from_the_next_turn_of_a_task_on(shop: Workshop) -> None:
    task = (await shop.ask("start", instruction="Add one."))["taskId"]
    request = await shop.model.next()
    assert "deep" == request.frame["model"]
    await agent.say(request, "Done.")
    await agent.over(request)
    await shop.over(task)
    provider = {"base_url": shop.model.url}
    background = {
        "model_provider": "mine",
        "model": "deeper",
        "model_reasoning_effort": "high",
        "service_tier": "priority",
        "agent_command": str(CODEX),
    }
    settings = {"model_providers": {"mine": provider}, "background": background}
    shop.client.notify("workspace/didChangeConfiguration", {"settings": {"spark": settings}})
    await shop.ask("steer", taskId=task, instruction="Add two.")
    request = await shop.model.next()
    await agent.say(request, "Done.")
    await agent.over(request)

    assert "deeper" == request.frame["model"]
    assert "high" == request.frame["reasoning"]["effort"]
    assert "priority" == request.frame["service_tier"]


async def test_what_a_person_decides_about_a_file_is_about_its_text_as_it_is(
    shop: Workshop,
) -> None:
    task = (await shop.ask("start", instruction="Remove it."))["taskId"]
    request = await shop.model.next()
    gone = "*** Begin Patch\n*** Delete File: lib/units.py\n*** End Patch"
    await use(request, "apply_patch", gone)
    request = await shop.model.next()
    await agent.say(request, "Done.")
    await agent.over(request)
    await shop.over(task)
    found = []
    for text in ("METRE = 2\n", "METRE = 3\n"):
        (shop.root / "lib/units.py").write_text(text, "utf-8")
        found += (await shop.ask("result", taskId=task))["files"]
    first, second = found

    assert "You have changed lib/units.py; the task has removed it." == first["objection"]
    assert first["objection"] == second["objection"]
    assert first["now"] != second["now"]
    assert ["delete"] == [it["kind"] for it in first["edits"]["task"]["documentChanges"]]
