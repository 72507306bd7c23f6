"""Questions to a real server, and what is made of answers that do not come."""

import asyncio
import json
from pathlib import Path
from typing import Any, cast

import pytest

from spark_lsp.cli.client import Client
from spark_lsp.cli.drive import hole
from spark_lsp.cli.errors import CommandError
from spark_lsp.cli.evaluation.asking import INVOKED, Examination, _explained, examined
from spark_lsp.cli.evaluation.readiness import ready
from spark_lsp.cli.evaluation.sources import Task
from tests.cli.evaluation.test_places import sources
from tests.model import Model, scripted_model

LESSON = """\
def converted(number, unit):
    if unit not in SECONDS_PER_UNIT:
        raise ValueError(unit)
    return number * SECONDS_PER_UNIT[unit]
"""
FILES = {"lesson.py": LESSON, "other.py": LESSON.replace("unit", "name").replace("number", "count")}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


async def test_a_server_that_dies_ends_the_evaluation_with_a_sentence(root: Path) -> None:
    async def work(examination: Examination) -> None:
        examination.client.process.kill()
        await examination.client.process.wait()
        await examination.said("new.py", "", "", INVOKED)

    with pytest.raises(CommandError, match="the server has ended before everything was asked"):
        await examined(root, [], None, work)


async def test_a_server_that_dies_while_a_file_is_typed_ends_it_too(root: Path) -> None:
    async def work(examination: Examination) -> None:
        examination.client.process.kill()
        await examination.client.process.wait()
        source = sources(FILES)[0]
        await examination.typed(source, hole(source.text, source.path, 3))

    with pytest.raises(CommandError, match="the server has ended"):
        await examined(root, [], None, work)


async def test_what_is_refused_is_noted_and_counts_as_nothing_said(root: Path) -> None:
    async def work(examination: Examination) -> None:
        assert await examination._ask("spark/unknown", {}) is None

    report = await examined(root, [], None, work)

    assert 1 == len(report.errors)
    assert "spark/unknown was refused" in report.errors[0]


async def test_no_model_is_shown_what_is_held_out(root: Path) -> None:
    """Nor as a part of what was packed while the file was closed, or open with another hole."""
    source = sources(FILES)[0]
    asked: list[str] = []
    async with scripted_model() as model:
        config = root / "model.toml"
        more = "capabilities = { lanes = false, warm_up = false, continuation = false }"
        config.write_text(model.config("fast", more), "utf-8")

        async def work(examination: Examination) -> None:
            answering = asyncio.create_task(always(model, "_unlikely"))
            await ready(examination, sources(FILES), learns=False)
            for piece in ("raise ValueError(unit)", "return number * SECONDS_PER_UNIT[unit]") * 3:
                start = LESSON.index(piece)
                before = len(model.creates)
                task = Task("line", "lesson.py", "python", start, start + len(piece))
                await examination.answered(task, source)
                final = json.dumps(model.creates[before:][-1])
                asked.append(final)
                assert piece not in final
            answering.cancel()

        report = await examined(root, ["--config", str(config)], 128_000, work)

    assert [] == report.errors
    assert all("other.py" in it for it in asked)


async def always(model: Model, text: str) -> None:
    """Answer each request alike."""
    while True:
        request = await model.requests.get()
        await request.begin()
        await request.say(text)
        await request.end()


class Mute:
    """A server that takes everything and answers nothing."""

    def notify(self, _method: str, _params: Any) -> None: ...

    def request(self, _method: str, _params: Any) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().create_future()


async def test_what_is_not_answered_in_time_is_an_error_and_after_a_few_there_are_no_more_questions(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spark_lsp.cli.evaluation.asking._ANSWER_LIMIT", 0.0)
    examination = Examination(cast("Client", Mute()), root)
    assert "" == (await examination.said("a.py", "", "", INVOKED)).text

    with pytest.raises(CommandError, match="does not answer any more"):
        await examination.said("a.py", "", "", INVOKED)
    assert 3 == len(examination.report.errors)
    assert "was not answered within" in examination.report.errors[0]


BLOCKS = {"blocks": [{"kind": "file", "path": "a.py"}, {"kind": "signatures", "path": "b.py"}]}


@pytest.mark.parametrize(
    ("account", "confidence", "shown"),
    [
        ({"confidence": 0.5, "context": BLOCKS}, 0.5, {"a.py"}),
        ({"confidence": 1, "context": {"blocks": []}}, 1.0, set()),
        ({"confidence": None}, None, set()),
        ({"context": BLOCKS}, None, {"a.py"}),
        (None, None, set()),
    ],
)
def test_an_account_may_tell_how_sure_the_server_was(
    account: Any, confidence: float | None, shown: set[str]
) -> None:
    assert (confidence, frozenset(shown)) == _explained(account)
