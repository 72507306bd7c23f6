"""How long it takes from a key to ghost text on the screen: `python -m tests.editors.latency`.

Owns the measurement: a scripted model that needs 30 ms for its first token, keys that always lead
away from what is shown, and the time between a key and the frame that shows the answer to it. The
built-in client of Neovim is measured with the same model, and with one that answers at once: its
floor. In VS Code the time is taken in its window, from the event of the key to the frame.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.editors.grid import Verdict
from tests.editors.neovim import neovim
from tests.editors.vscode import vscode
from tests.model import Model, scripted_model

KEYS = 60
_THOUGHT = 0.030

_UNTIL = """
([before, part]) => new Promise((resolve) => {
  let begun;
  const key = () => { begun = performance.now(); };
  document.addEventListener('keydown', key, { capture: true, once: true });
  const look = () => {
    const line = document.querySelector('.editor-instance .view-line');
    const shown = line.textContent.replaceAll('\u00a0', ' ');
    if (begun !== undefined && shown.includes(part) && shown !== before) {
      resolve([performance.now() - begun, shown]);
    } else {
      requestAnimationFrame(look);
    }
  };
  requestAnimationFrame(look);
})
"""
"""Gives the milliseconds from the next key to the frame with another line, and that line."""


async def answering(model: Model, thought: float) -> None:
    """Answer each request after a while with a text of its own."""
    number = 0
    while True:
        request = await model.requests.get()
        number += 1
        await asyncio.sleep(thought)
        await request.begin()
        await request.say(f"q{number:03} + 1")
        await request.end()


async def measured(thought: float, options: str) -> list[float]:
    """Return the milliseconds from key to ghost text, key after key."""
    found: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        async with scripted_model() as model:
            answers = asyncio.create_task(answering(model, thought))
            source = "x = <CURSOR>\n"
            async with neovim(Path(folder), "a.py", source, model.steerable, options) as editor:
                await editor.sees(lambda grid: "q001" in grid.text(0))
                for key in range(KEYS):
                    # A space behind a comma begins an expression, and nothing shown begins so.
                    before = editor.grid.text(0)
                    begun = time.perf_counter()
                    await editor.type("(" if key % 2 else "[")
                    await editor.sees(_another(before))
                    found.append(1e3 * (time.perf_counter() - begun))
            answers.cancel()
    return found


async def measured_in_vscode() -> list[float]:
    """Return the same of VS Code, which asks 50 ms after a key."""
    found: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        async with scripted_model() as model:
            answers = asyncio.create_task(answering(model, _THOUGHT))
            settings = {"editor.autoClosingBrackets": "never"}
            place = Path(folder)
            async with vscode(
                place, "a.py", "x =<CURSOR>\n", config=model.steerable, settings=settings
            ) as editor:
                await editor.type(" ")
                await editor.sees(lambda screen: "q" in screen.ghost)
                before = (await editor.look()).lines[0]
                for key in range(KEYS):
                    seen = asyncio.create_task(editor.page.evaluate(_UNTIL, [before, "q"]))
                    await editor.look()
                    await editor.type("(" if key % 2 else "[")
                    milliseconds, before = await seen
                    found.append(milliseconds)
            answers.cancel()
    return found


async def letters_in_vscode(*, extension: bool) -> list[float]:
    """Return the milliseconds from key to letter, while a model thinks and never answers."""
    found: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        async with scripted_model() as model:
            config = model.steerable if extension else ""
            place = Path(folder)
            async with vscode(
                place, "a.txt", "x =<CURSOR>\n", config=config, extension=extension
            ) as editor:
                await editor.type(" ")
                await editor.sees(lambda screen: screen.lines[0] == "x = ")
                for key in range(KEYS):
                    before = (await editor.look()).lines[0]
                    seen = asyncio.create_task(editor.page.evaluate(_UNTIL, [before, "x"]))
                    await editor.look()
                    await editor.type("+" if key % 2 else "(")
                    found.append((await seen)[0])
    return found


def _another(before: str) -> Verdict:
    return lambda grid: "q" in grid.text(0) and grid.text(0) != before


async def main() -> None:
    """Measure the ways that there are and print a line for each."""
    for name, thought, options in (
        ("own renderer, model of 30 ms", _THOUGHT, ""),
        ("built-in client, model of 30 ms", _THOUGHT, '"renderer": "builtin"'),
        ("built-in client, instant model", 0.0, '"renderer": "builtin"'),
    ):
        told(f"Neovim, {name}", await measured(thought, options))
    told("VS Code, model of 30 ms", await measured_in_vscode())
    for name, extension in (("without", False), ("with", True)):
        times = await letters_in_vscode(extension=extension)
        told(f"VS Code, key to letter, {name} the extension", times)


def told(name: str, times: list[float]) -> None:
    """Print one line."""
    times = sorted(times)
    median, late = statistics.median(times), times[int(0.95 * len(times))]
    sys.stdout.write(f"{name:46} p50 {median:6.1f} ms   p95 {late:6.1f} ms   of {len(times)}\n")


if __name__ == "__main__":
    asyncio.run(main())
