"""Background tasks in Neovim: our plugin and server, the real Codex CLI, a model on loopback."""

from pathlib import Path

from tests.editors.desk import Desk, at_desk, finish, screen, update
from tests.peers import agent
from tests.peers.agent import needs_sandbox, use
from tests.peers.parts import needs

pytestmark = [needs("neovim"), needs("node"), needs_sandbox()]

PI = ("    return 3 * radius**2", "    return pi * radius**2")


async def test_a_task_is_interrupted_and_what_it_has_done_is_reviewed(desk: Desk) -> None:
    await desk.editor.command("Spark task Be exact.")
    request = await desk.model.next()
    await use(request, "apply_patch", update("shapes.py", PI))
    await desk.model.next()
    await desk.editor.command("Spark tasks")
    await desk.editor.sees(lambda grid: "written: shapes.py" in screen(grid))
    await desk.editor.type("i")
    await desk.editor.sees(lambda grid: "interrupted: Be exact." in screen(grid))
    await desk.editor.type("<CR>")
    await desk.holds("#vim.fn.getqflist() == 1")


async def test_the_list_shows_plans_and_has_keys(desk: Desk) -> None:
    await desk.editor.command("Spark tasks")
    await desk.editor.sees(lambda grid: "There are no tasks" in screen(grid))
    await desk.editor.command("wincmd p")
    await desk.editor.command("Spark task Be exact.")
    request = await desk.model.next()
    plan = [
        {"step": "look", "status": "completed"},
        {"step": "write", "status": "in_progress"},
        {"step": "test", "status": "pending"},
    ]
    await use(request, "update_plan", {"plan": plan})
    request = await desk.model.next()
    for line in ("s steer", "running: Be exact. (task-", "[x] look", "[>] write", "[ ] test"):
        await desk.sees(line)
    assert await desk.editor.lua("return vim.lsp.status()"), "progress is told to Neovim"
    await desk.editor.command("Spark tasks")
    await desk.editor.type("s")
    await desk.sees("What instead?")
    await desk.editor.type("Squares, please.<CR>")
    await desk.holds("require('spark.tasks').all()[1].instruction:find('Squares')")
    await agent.say(request, "Circles.")
    await agent.over(request)
    request = await desk.model.next()
    assert "Squares, please." in str(request.frame["input"])
    await finish(request)
    await desk.sees("done: Be exact.")
    await desk.editor.type("x")
    await desk.sees("There are no tasks")


async def test_a_task_is_told_what_is_selected_and_one_that_is_over_goes_on(desk: Desk) -> None:
    await desk.does("Be exact.")
    await desk.editor.command("1,2Spark task This one.")
    request = await desk.model.next()
    assert "lines 1 to 2 of shapes.py:\n\ndef area(radius):\n    return 3" in request.texts[-1]
    await finish(request)
    await desk.holds("#require('spark.tasks').all() == 2")
    await desk.holds("not require('spark.tasks').all()[1].alive")
    await desk.editor.lua(
        "vim.cmd('Spark steer ' .. require('spark.tasks').all()[1].taskId .. ' A')"
    )
    request = await desk.model.next()
    assert "This one." in str(request.frame["input"])
    assert "A" == request.texts[-1]
    await finish(request)


async def test_what_was_begun_is_finished(desk: Desk) -> None:
    await desk.editor.command("%s/disc/circle/")
    await desk.editor.command("Spark finish Mind the names.")
    request = await desk.model.next()
    said = "".join(request.texts)
    await finish(request)

    assert "-NAME = 'disc'\n+NAME = 'circle'" in said
    assert "Mind the names." in said


async def test_a_command_waits_for_an_answer_and_typing_goes_on(tmp_path: Path) -> None:
    async with at_desk(tmp_path, '"commands": true') as desk:
        await desk.editor.command("Spark task Run it.")
        request = await desk.model.next()
        await use(request, "run_command", {"command": "echo ran > proof.txt", "reason": "To see."})
        await desk.sees("a task asks for something: :Spark answer")
        await desk.editor.type("Gotyped = 1<Esc>")
        await desk.editor.sees(lambda grid: "typed = 1" in screen(grid))
        await desk.editor.type(":Spark answer<CR>")
        await desk.sees("echo ran > proof.txt")
        await desk.editor.type("1<CR>")
        await finish(await desk.model.next())
        await desk.holds("not require('spark.tasks').all()[1].alive")
        assert "typed = 1" == (await desk.lines("shapes.py"))[-1]
        listed = await desk.review(1)

    assert ["proof.txt"] == [it[0] for it in listed]


async def test_what_cannot_be_done_is_said(desk: Desk) -> None:
    for command, said in (
        ("Spark review", "there is no task that is over"),
        ("Spark take", "there is no review"),
        ("Spark answer", "nothing is asked"),
        ("Spark review task-x", "there is no such task"),
    ):
        await desk.editor.command(command)
        await desk.sees(said)


async def test_names_of_tasks_are_completed(desk: Desk) -> None:
    await desk.does("Be exact.")
    for name in ("review", "steer", "interrupt"):
        found = await desk.editor.lua(f"return vim.fn.getcompletion('Spark {name} ', 'cmdline')")
        assert [it[:5] for it in found] == ["task-"]


async def test_the_health_check_says_whether_tasks_can_be_done(desk: Desk) -> None:
    await desk.editor.command("checkhealth spark")
    text = await desk.editor.text()

    assert "tasks are done by deep of mine" in text
    assert "the agent is" in text
    assert "ERROR" not in text
