"""The librarian behind a real server: what it knows reaches the model, whatever happens to it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from spark_lsp.server.store import location
from tests.editor import Editor, editing
from tests.model import Model, scripted_model

HELPER = "def helper():\n    return 1\n"
SOURCE = "from b import helper\nx = <CURSOR>\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPARK_LSP_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "repository"
    path.mkdir()
    (path / "b.py").write_text(HELPER, "utf-8")
    return path


@asynccontextmanager
async def at_work(root: Path, **initialize: Any) -> AsyncIterator[tuple[Model, Editor]]:
    """Run a scripted model, and a server whose editor has a file open."""
    async with (
        scripted_model() as model,
        editing(root, "a.py", SOURCE, config=model.config(), **initialize) as editor,
    ):
        yield model, editor


async def asked(model: Model, editor: Editor, text: str) -> None:
    """Type, ask, and have the model answer with nothing."""
    editor.type(text)
    editor.ask()
    await (await model.next()).end()


def told(model: Model, text: str) -> bool:
    return any(text in part for part in model.warm)


async def test_a_librarian_that_is_killed_is_replaced_and_keys_are_answered_meanwhile(
    root: Path,
) -> None:
    async with at_work(root) as (model, editor):
        await asked(model, editor, "q")
        await model.until(lambda: told(model, HELPER))
        (librarian,) = (
            child for child in editor.children() if "spark_lsp.server.librarian" in child.cmdline()
        )
        librarian.kill()
        await asked(model, editor, " + ")
        psutil.wait_procs([librarian])
        model.frames.clear()
        editor.client.notify(
            "textDocument/didOpen",
            {
                "textDocument": {
                    "uri": (root / "c.py").as_uri(),
                    "languageId": "python",
                    "version": 1,
                    "text": "from b import helper\n",
                }
            },
        )
        editor.uri = (root / "c.py").as_uri()
        while not told(model, HELPER):
            params = {
                "textDocument": {"uri": editor.uri},
                "position": {"line": 1, "character": 0},
                "context": {"triggerKind": 1},
            }
            answer = editor.client.request("textDocument/inlineCompletion", params)
            await (await model.next()).end()
            await answer


async def test_instructions_reach_the_model_and_so_do_their_changes(root: Path) -> None:
    (root / "AGENTS.md").write_text("Be brief.\n", "utf-8")
    async with at_work(root) as (model, editor):
        await asked(model, editor, "q")
        await model.until(lambda: told(model, "Be brief."))
        (root / "AGENTS.md").write_text("Be thorough.\n", "utf-8")
        changes = [{"uri": (root / "AGENTS.md").as_uri(), "type": 2}]
        editor.client.notify("workspace/didChangeWatchedFiles", {"changes": changes})
        await model.until(lambda: told(model, "Be thorough."))


async def test_a_damaged_index_is_rebuilt_and_the_person_hears_of_it(root: Path) -> None:
    store = location(root)
    store.parent.mkdir(parents=True)
    store.write_bytes(b"this is no database" * 1000)
    async with at_work(root) as (model, editor):
        await asked(model, editor, "q")
        await model.until(lambda: told(model, HELPER))
        await editor.until(lambda: any("rebuilt" in it for it in editor.messages))


async def test_the_indexing_is_shown_and_can_be_cancelled(root: Path) -> None:
    for number in range(3000):
        (root / f"m{number}.py").write_text(HELPER * 30, "utf-8")
    shown: list[tuple[str, Any]] = []
    async with at_work(root, capabilities={"window": {"workDoneProgress": True}}) as (_, editor):
        usual = editor.client.on_notification

        def notified(method: str, params: Any) -> None:
            if params.get("token") == "spark-indexing":
                shown.append((method, params["value"]))
                editor._stir()
            else:
                usual(method, params)

        editor.client.on_notification = notified
        await editor.until(lambda: len(shown) > 1)
        editor.client.notify("window/workDoneProgress/cancel", {"token": "spark-indexing"})
        await editor.until(lambda: shown[-1][1]["kind"] == "end")

    assert "begin" == shown[0][1]["kind"]
    assert shown[0][1]["cancellable"]
    percentages = [value["percentage"] for _, value in shown if value["kind"] == "report"]
    assert percentages == sorted(percentages)
    done = json.dumps(shown[-1][1])
    assert "3,000" not in done
    assert "3,001" not in done


async def test_files_are_watched_where_the_editor_does_not_tell_of_them(root: Path) -> None:
    async with at_work(root) as (model, editor):
        await asked(model, editor, "q")
        await model.until(lambda: told(model, HELPER))
        (root / "AGENTS.md").write_text("Be kind.\n", "utf-8")
        await model.until(lambda: told(model, "Be kind."))
