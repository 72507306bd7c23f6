"""Models that a person switches in Neovim, for what they write and for background tasks."""

import asyncio
from pathlib import Path
from typing import Any

from tests.editors.desk import Desk, finish
from tests.editors.neovim import Neovim, neovim
from tests.heard import PATIENCE
from tests.model import Model
from tests.peers.agent import needs_sandbox
from tests.peers.parts import needs

pytestmark = needs("neovim")

CHOICES = """
vim.ui.select = function(items, options, done)
  shown = vim.tbl_map(options.format_item or tostring, items)
  done(items[number])
end
vim.ui.input = function(options, done)
  prompt, default = options.prompt, options.default
  done(said)
end
"""


async def asked_as(editor: Neovim, model: Model, name: str) -> dict[str, Any]:
    """Type until a model of a name is asked, and return what it was sent."""
    await editor.type("<Esc>ox = ")
    async with asyncio.timeout(PATIENCE):
        while (request := await model.next()).frame["model"] != name:
            pass
    return dict(request.frame)


async def completed(editor: Neovim, line: str) -> list[str]:
    return list(await editor.lua("return vim.fn.getcompletion(..., 'cmdline')", line))


async def test_what_is_switched_survives_the_next_switch_and_a_restart(
    tmp_path: Path, model: Model
) -> None:
    async with neovim(tmp_path, "a.py", "x = <CURSOR>\n", model.steerable) as editor:
        await editor.command("Spark model other")
        await editor.command("Spark model model_reasoning_effort high")
        await editor.command("Spark model foreground service_tier flex")
        frame = await asked_as(editor, model, "other")
        await editor.command("Spark restart")
        again = await asked_as(editor, model, "other")
        await editor.command("Spark! model")
        back = await asked_as(editor, model, "fast")

    efforts = [it.get("reasoning", {}).get("effort") for it in (frame, again, back)]
    assert efforts[:2] == ["high", "high"]
    assert efforts[2] != "high"
    assert ["flex", "flex", None] == [it.get("service_tier") for it in (frame, again, back)]


async def test_what_is_switched_is_told(tmp_path: Path, model: Model) -> None:
    async with neovim(tmp_path, "a.py", "x = 1\n", model.steerable) as editor:
        await editor.command("Spark model background deeper")
        await editor.command("Spark model background service_tier flex")
        told = "background.model = deeper, background.service_tier = flex"
        await editor.lua("vim.notify = function(text) said = text end")
        await editor.command("Spark status")
        status = await editor.lua("return said")
        await editor.command("checkhealth spark")
        health = await editor.text()

    assert status.endswith(f"({told})")
    assert f"set with :Spark model, until Neovim ends: {told}" in health


async def test_models_are_completed_on_the_command_line(tmp_path: Path, model: Model) -> None:
    async with neovim(tmp_path, "a.py", "x = 1\n", model.steerable) as editor:
        sides = await completed(editor, "Spark model ")
        kinds = await completed(editor, "Spark model background model")
        efforts = await completed(editor, "Spark model background model_reasoning_effort m")
        providers = await completed(editor, "Spark model model_provider ")
        nothing = await completed(editor, "Spark model background model_reasoning_effort high ")

    assert {"foreground", "background", "model", "service_tier", "fast"} <= set(sides)
    assert ["model", "model_provider", "model_reasoning_effort"] == kinds
    assert ["max", "medium", "minimal"] == efforts
    assert {"embedded", "openai"} < set(providers)
    assert [] == nothing


async def test_what_a_person_does_not_say_is_asked(tmp_path: Path, model: Model) -> None:
    async with neovim(tmp_path, "a.py", "x = 1\n", model.steerable) as editor:
        await editor.lua(CHOICES + "number, said = 5, 'deeper'")
        await editor.command("Spark model")
        await editor.sees(lambda grid: "background, model: deeper" in "\n".join(grid.lines))
        shown = await editor.lua("return shown")
        asked = await editor.lua("return { prompt, default }")

    assert "foreground, model: fast" == shown[0]
    assert "background, model: not set" == shown[4]
    assert "background, model: " == asked[0]


@needs("node")
@needs_sandbox()
async def test_a_task_is_done_by_the_model_that_was_switched_to(desk: Desk) -> None:
    await desk.editor.command("Spark model background model deeper")
    await desk.editor.command("Spark model background model_reasoning_effort high")
    await desk.editor.command("Spark! task Be exact.")
    request = await desk.model.next()
    await finish(request)

    assert ("deeper", "high") == (request.frame["model"], request.frame["reasoning"]["effort"])
