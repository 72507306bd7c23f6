"""Editing, steering and next edits: a real server between a real client and a model."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from spark_lsp.cli.client import ErrorAnswer
from tests.editor import Editor, editing
from tests.model import Model, Request, scripted_model

SOURCE = """\
import os


def load(path):
    return open(path).read()


def other():
    pass
"""
START = SOURCE.index("def load")
END = SOURCE.index("\n\n\ndef other")
WRITTEN = 'def load(path):\n    """Return what a file holds."""\n    return open(path).read()'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    path.mkdir()
    return path


async def begun(model: Model, editor: Editor) -> tuple[asyncio.Future[Any], Request]:
    """Have a rewriting under way, of which two lines are written, the second one new."""
    answer = editor.instruct("say what it does", START, END)
    request = await model.next()
    await request.say('def load(path):\n    """Return what a file holds."""\n    retu')
    await editor.until(lambda: any(token == "edit" for token, _ in editor.progress))
    return answer, request


def applied(editor: Editor, value: dict[str, Any]) -> str:
    """Return what the text would be with the edits of a result."""
    before = editor.screen.text, editor.screen.version
    editor.apply(value["edits"])
    text = editor.screen.text.string
    editor.screen.text, editor.screen.version = before
    return text


async def test_a_range_is_rewritten_as_told_and_every_state_is_a_whole_text(root: Path) -> None:
    async with (
        scripted_model() as model,
        editing(root, "a.py", SOURCE, config=model.steerable) as editor,
    ):
        answer, request = await begun(model, editor)
        await request.say("rn open(path).read()")
        await request.end()
        result = await answer
        partials = [value for token, value in editor.progress if token == "edit"]
        work = [value["kind"] for token, value in editor.progress if token == "work"]

        whole = SOURCE.replace(SOURCE[START:END], WRITTEN)
        assert [whole] == [applied(editor, value) for value in partials]
        assert {"kind": "replace", **result} == partials[0]
        assert whole == applied(editor, result)
        # A small edit: nothing of what stays is sent again.
        [edit] = result["edits"]
        assert '    """Return what a file holds."""\n' == edit["newText"]
        assert ("begin", "end") == (work[0], work[-1])
        assert "say what it does" in "".join(request.texts)


async def test_a_rewriting_follows_edits_elsewhere_and_ends_with_one_inside(root: Path) -> None:
    async with scripted_model() as model:
        async with editing(root, "a.py", SOURCE, config=model.steerable) as editor:
            answer, request = await begun(model, editor)
            editor.replace(0, 0, "import sys\n")
            # Answered behind the change: the model's end must not overtake it.
            await editor.client.request("spark/explain", {"textDocument": {"uri": editor.uri}})
            await request.say("rn open(path).read()")
            await request.end()
            result = await answer

            assert result["version"] == editor.screen.version
            wanted = "import sys\n" + SOURCE.replace(SOURCE[START:END], WRITTEN)
            assert wanted == applied(editor, result)

        async with editing(root, "a.py", SOURCE, config=model.steerable) as editor:
            answer, _ = await begun(model, editor)
            editor.replace(START + 4, START + 8, "read")
            with pytest.raises(ErrorAnswer) as error:
                await answer

            assert error.value.code == -32801


async def test_a_rewriting_that_is_steered_turns_with_the_next_two_frames(root: Path) -> None:
    async with (
        scripted_model() as model,
        editing(root, "a.py", SOURCE, config=model.steerable) as editor,
    ):
        answer, _ = await begun(model, editor)
        [id_] = {value["id"] for token, value in editor.progress if token == "edit"}
        seen = len(model.frames)
        steered = editor.client.request(
            "spark/steer",
            {"textDocument": {"uri": editor.uri}, "instruction": "shorter", "expectedId": id_},
        )
        again = await model.next()
        turned = await steered

        kinds = [frame["type"] for frame in model.frames[seen:]]
        assert ["response.interrupt", "response.create"] == kinds
        assert {"id": id_, "how": "interrupted"} == turned
        # The context is kept, and so is what was asked for before.
        assert "previous_response_id" in again.frame or again.texts[0]
        told = "".join(again.texts)
        assert "say what it does" in told
        assert "shorter" in told
        await again.say(WRITTEN)
        await again.end()
        assert SOURCE.replace(SOURCE[START:END], WRITTEN) == applied(editor, await answer)


async def test_what_has_ended_cannot_be_steered_and_says_so(root: Path) -> None:
    async with (
        scripted_model() as model,
        editing(root, "a.py", SOURCE, config=model.steerable) as editor,
    ):
        document = {"textDocument": {"uri": editor.uri}, "instruction": "shorter"}
        with pytest.raises(ErrorAnswer, match="nothing is being written"):
            await editor.client.request("spark/steer", document)
        answer, request = await begun(model, editor)
        with pytest.raises(ErrorAnswer, match="ended"):
            await editor.client.request("spark/steer", {**document, "expectedId": 999})
        await request.end()
        await answer


async def test_an_interrupt_stops_what_is_written_and_leaves_the_text_as_it_is(root: Path) -> None:
    async with (
        scripted_model() as model,
        editing(root, "a.py", SOURCE, config=model.steerable) as editor,
    ):
        answer, _ = await begun(model, editor)
        stopped = await editor.client.request("spark/interrupt", {})
        with pytest.raises(ErrorAnswer, match="interrupted") as error:
            await answer

        assert error.value.code == -32800
        assert 1 == len(stopped["ids"])
        assert {"ids": []} == await editor.client.request("spark/interrupt", {})


async def test_the_embedded_engine_says_that_it_follows_no_instructions(root: Path) -> None:
    async with editing(root, "a.py", SOURCE) as editor:
        await editor.stands("Normal", "embedded")
        with pytest.raises(ErrorAnswer, match="README"):
            await editor.instruct("say what it does", START, END)


async def test_a_rename_at_one_place_is_offered_at_the_others_and_in_other_files(
    root: Path,
) -> None:
    helper = "def measure(value):\n    return value\n"
    use = "from helper import measure\n\nprint(measure(1), measure(2))\n"
    (root / "helper.py").write_text(helper, "utf-8")
    (root / "use.py").write_text(use, "utf-8")
    async with editing(root, "helper.py", helper + "\n\nmeasure(3)\n") as editor:
        await editor.stands("Normal", "embedded")
        start = helper.index("measure")
        editor.replace(start, start + len("measure"), "weigh")
        found: dict[str, list[dict[str, Any]]] = {}
        while len(found) < 2:  # until the files are indexed
            result = await editor.next_edits()
            for edit in result["edits"]:
                found.setdefault(edit["textDocument"]["uri"].rpartition("/")[2], []).append(edit)
            if len(found) < 2:
                found.clear()
                editor.replace(len(editor.screen.text), len(editor.screen.text), "\n")
        editor.apply(found["helper.py"])

        renamed = (helper + "\n\nmeasure(3)\n").replace("measure", "weigh")
        assert renamed == editor.screen.text.string.rstrip("\n") + "\n"
        assert ["weigh"] * 3 == [edit["text"] for edit in found["use.py"]]
        assert (root / "use.py").read_text("utf-8") == use  # only offered, never written


async def test_a_person_can_ask_why_there_is_nothing(root: Path) -> None:
    async with (
        scripted_model() as model,
        editing(root, "a.py", "x = valu<CURSOR>e\n", config=model.steerable) as editor,
    ):
        await editor.ask()
        place = {"textDocument": {"uri": editor.uri}}
        account = await editor.client.request("spark/explain", place)

        assert "inside a word" in account["summary"]
        assert "x = " not in json.dumps(account)
