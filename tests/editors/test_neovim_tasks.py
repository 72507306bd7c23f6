"""Background tasks in Neovim: our plugin and server, the real Codex CLI, a model on loopback."""

import asyncio
from pathlib import Path

import pytest

from tests.editors.desk import Desk, at_desk, finish, screen, update
from tests.editors.neovim import neovim
from tests.editors.samples import SOURCE
from tests.model import Model, Request
from tests.peers import agent
from tests.peers.agent import git, needs_sandbox, use
from tests.peers.parts import needs
from tests.peers.workshop import serving

pytestmark = [needs("neovim"), needs("node"), needs_sandbox()]

PI = ("    return 3 * radius**2", "    return pi * radius**2")
COMMAND = "echo ran > proof.txt\necho done"

BOARD = """
vim.cmd('Spark tasks')
return vim.api.nvim_buf_get_lines(0, 0, -1, false)
"""
LATER = """
vim.ui.input = function(_, done)
  later = done
end
"""


async def at_question(desk: Desk) -> Request:
    """Have a task ask for a command, and go to that in the list of tasks."""
    await desk.editor.command("Spark! task Run it.")
    request = await desk.model.next()
    await use(request, "run_command", {"command": COMMAND, "reason": "To see."})
    await desk.sees("a task asks for something: :Spark answer")
    await desk.editor.command("Spark tasks")
    await desk.editor.command("call search('asks to run')")
    return request


async def test_a_task_is_interrupted_and_what_it_has_done_is_reviewed(desk: Desk) -> None:
    await desk.editor.command("Spark! task Be exact.")
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
    await desk.editor.command("Spark! task Be exact.")
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
    await desk.editor.command("1,2Spark! task This one.")
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


async def test_what_belongs_in_one_place_is_offered_as_an_edit(
    tmp_path: Path, model: Model
) -> None:
    async with neovim(tmp_path, "a.py", SOURCE, model.steerable) as editor:
        await editor.type(":1,2Spark task close the file here<CR>")
        await editor.sees(lambda grid: '"here" is one place.' in screen(grid))
        await editor.sees(lambda grid: "in the background" in screen(grid))
        await editor.type("1<CR>")
        request = await model.next()

    assert "close the file here" in str(request.frame)


async def test_who_wants_a_task_nevertheless_gets_one(desk: Desk) -> None:
    await desk.editor.type(":Spark task Name it better.<CR>")
    await desk.sees("edit here")
    await desk.editor.type("2<CR>")
    request = await desk.model.next()
    assert "Name it better." in request.texts[-1]
    await finish(request)
    await desk.sees("is done: :Spark review")


async def test_what_is_wide_is_begun_at_once(desk: Desk) -> None:
    await desk.editor.command("Spark task Rename it everywhere.")
    request = await desk.model.next()
    assert "Rename it everywhere." in request.texts[-1]
    await finish(request)


async def test_what_was_meant_for_an_earlier_turn_is_refused(desk: Desk) -> None:
    await desk.editor.command("Spark! task Be exact.")
    request = await desk.model.next()
    await desk.holds("(require('spark.tasks').all()[1] or { turn = '' }).turn ~= ''")
    await desk.editor.lua(LATER)
    await desk.editor.command("Spark tasks")
    await desk.editor.type("s")
    await desk.holds("later ~= nil")
    await finish(request)
    await desk.sees("done: Be exact.")
    await desk.editor.lua("later('Squares, please.')")
    await desk.sees("another turn is running by now")
    instruction = await desk.editor.lua("return require('spark.tasks').all()[1].instruction")

    assert "Be exact." == instruction


async def test_the_status_line_says_who_is_at_work(desk: Desk) -> None:
    await desk.editor.command("Spark! task Be exact.")
    request = await desk.model.next()
    await desk.sees("Spark · 1 task")
    await finish(request)
    await desk.editor.sees(lambda grid: "· 1 task" not in screen(grid))

    assert "Spark" == await desk.editor.lua("return require('spark').statusline()")


async def test_what_was_begun_is_finished(desk: Desk) -> None:
    await desk.editor.command("%s/disc/circle/")
    await desk.editor.command("Spark finish Mind the names.")
    request = await desk.model.next()
    said = "".join(request.texts)
    await finish(request)

    assert "-NAME = 'disc'\n+NAME = 'circle'" in said
    assert "Mind the names." in said


async def test_a_person_says_or_chooses_from_where_on_it_is_finished(desk: Desk) -> None:
    git(desk.root, "branch", "-m", "main")
    git(desk.root, "checkout", "-q", "-b", "work")
    (desk.root / "lib/units.py").write_text("METRE = 2\n", "utf-8")
    git(desk.root, "commit", "-q", "-a", "-m", "second")
    (desk.root / "lib/colours.py").write_text("RED = 'rot'\n", "utf-8")
    told = []
    for command, choice in (
        ("Spark finish Mind the names.", ""),
        ("Spark finish since=main Mind the names.", ""),
        ("Spark finish! Mind the names.", "2<CR>"),
        ("Spark finish! Mind the names.", "1<CR>"),
    ):
        await desk.editor.type(f":{command}<CR>")
        if choice:
            await desk.sees("1: what is not committed · second")
            await desk.sees("2: all since main · more")
            await desk.editor.type(choice)
        request = await desk.model.next()
        told.append("".join(request.texts))
        await finish(request)
        await desk.holds("not require('spark.tasks').all()[1].alive")

    assert [True] * 4 == ["+RED = 'rot'" in it and "Mind the names." in it for it in told]
    assert [False, True, True, False] == ["+METRE = 2" in it for it in told]


@pytest.mark.parametrize(("key", "runs"), [("a", True), ("r", False)])
async def test_a_question_is_read_and_answered_in_the_list(
    tmp_path: Path, key: str, *, runs: bool
) -> None:
    async with at_desk(tmp_path, '"commands": true') as desk:
        await at_question(desk)
        await desk.sees("· 1 task, 1 asks")
        board = await desk.editor.lua(BOARD)
        await desk.editor.type("gg" + key)
        await desk.sees("there is no question in this line")
        await desk.editor.command("call search('asks to run')")
        await desk.editor.type(key)
        request = await desk.model.next()
        await desk.holds("vim.fn.search('asks to run', 'nw') == 0")
        await desk.editor.command("Spark answer")
        await desk.sees("nothing is asked")
        await finish(request)
        await desk.sees("done: Run it.")

        assert ["    asks to run: echo ran > proof.txt", "echo done"] == [
            it if "asks" in it else it.strip() for it in board if "echo" in it
        ]
        assert "    it says: To see." in board
        found = await desk.editor.lua("return require('spark.tasks').all()[1].taskId")
        await desk.editor.command(f"Spark review {found}")
        if runs:
            await desk.holds("#vim.fn.getqflist() == 1")
        else:
            await desk.sees("the task has changed nothing")


async def test_a_question_that_is_withdrawn_disappears(tmp_path: Path) -> None:
    async with at_desk(tmp_path, '"commands": true') as desk:
        await at_question(desk)
        task = await desk.editor.lua("return require('spark.tasks').all()[1].taskId")
        await desk.editor.command("Spark! task Another.")
        await finish(await desk.model.next())
        await desk.sees("done: Another.")
        await desk.holds("vim.fn.getline('.'):find('asks to run') and vim.fn.line('.') > 6")
        await desk.editor.command(f"Spark interrupt {task}")
        await desk.holds("vim.fn.search('interrupted: Run it.', 'nw') > 0")
        await desk.holds("vim.fn.search('asks to run', 'nw') == 0")
        line = await desk.editor.lua("return vim.api.nvim_get_current_line()")
        await desk.editor.type("a")
        await desk.sees("there is no question in this line")
        await desk.editor.command("Spark answer")
        await desk.sees("nothing is asked")

    assert line.startswith("interrupted: Run it."), "the cursor stays with what it was at"


async def test_a_task_of_another_editor_is_shown_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_LSP_DATA", str(tmp_path / "data"))
    async with (
        at_desk(tmp_path) as desk,
        serving(desk.root, tmp_path / "config.toml", desk.model) as other,
    ):
        other.holding = asyncio.get_running_loop().create_future()
        task = await other.ask("start", instruction="Run it.", commands=True)
        request = await desk.model.next()
        await use(request, "run_command", {"command": COMMAND, "reason": "To see."})
        await desk.editor.command("Spark tasks")
        await desk.sees("running elsewhere: Run it.")
        await desk.holds("vim.fn.search('to be answered there', 'nw') > 0")
        status = await desk.editor.lua("return require('spark').statusline()")
        await desk.editor.command("Spark answer")
        await desk.sees("nothing is asked")
        await desk.editor.command("call search('asks to run')")
        await desk.editor.type("a")
        await desk.sees("another editor or terminal works on this task")
        await desk.editor.type("<Esc>")
        (question,) = other.states(task["taskId"])[-1]["asks"]
        await other.ask("answer", id=question["id"], accept=False, **task)
        await finish(await desk.model.next())
        await desk.sees("done: Run it.")

    assert "task" not in status, "it is at work there"


async def test_a_command_waits_for_an_answer_and_typing_goes_on(tmp_path: Path) -> None:
    async with at_desk(tmp_path, '"commands": true') as desk:
        await desk.editor.command("Spark! task Run it.")
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
