"""An agent whose app-server does not behave; with the real one, see `peers/test_codex_tasks`."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

import pytest

from spark_lsp.core.tasks.agent import (
    Answer,
    Interrupt,
    Lost,
    Opened,
    Order,
    Refused,
    Report,
    Resume,
    Said,
    Start,
    Turn,
    TurnEnded,
    TurnStarted,
    Warned,
)
from spark_lsp.server.agents import codex as codex_module
from spark_lsp.server.agents import launching
from spark_lsp.server.agents.codex import Codex
from spark_lsp.server.agents.isolation import Mind, Place
from spark_lsp.server.endpoint import Endpoint
from tests.heard import Heard

pytestmark = pytest.mark.skipif(os.name == "nt", reason="programs begin with #! here")


class Pretender:
    """An agent with a program that pretends, and what it has reported."""

    def __init__(self, codex: Codex, heard: Heard[Report]) -> None:
        self.codex = codex
        self.heard = heard

    async def after(self, *orders: Order, until: type[Report]) -> Report:
        for order in orders:
            self.codex.ask(order)
        await self.heard.until(lambda all_: any(isinstance(it, until) for it in all_))
        return next(it for it in self.heard.all if isinstance(it, until))


Behaving = Callable[[str], AbstractAsyncContextManager[Pretender]]


@pytest.fixture
def behaving(tmp_path: Path) -> Behaving:
    @asynccontextmanager
    async def begin(manner: str) -> AsyncIterator[Pretender]:
        script = Path(__file__).with_name("pretender.py").read_text("utf-8")
        program = tmp_path / "bin/codex"
        program.parent.mkdir()
        text = f"#!{sys.executable}\n{script.replace('@MANNER@', manner)}"
        program.write_text(text, "utf-8")
        program.chmod(0o700)
        (tmp_path / "worktree").mkdir()
        heard: Heard[Report] = Heard()
        codex = Codex(
            Place(tmp_path / "worktree", tmp_path / "home"),
            Mind(Endpoint("ws://127.0.0.1:9/v1"), "mine"),
            heard,
            program=str(program),
            environment={"PATH": os.environ["PATH"]},
        )
        running = asyncio.create_task(codex.run())
        try:
            yield Pretender(codex, heard)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    return begin


@pytest.mark.parametrize(
    ("manner", "reason"),
    [
        ("old", launching.TOO_OLD),
        ("unaware", f"{launching.TOO_OLD} (unknown variant)"),
        (
            "open",
            (
                "the agent's sandbox does not work on this machine (it hides nothing): no task is "
                "begun, for nothing would keep it in"
            ),
        ),
        ("stillborn", "the agent has failed: error: unexpected argument '-c' found"),
    ],
)
async def test_no_task_begins_unless_it_is_kept_in(
    behaving: Behaving, manner: str, reason: str
) -> None:
    async with behaving(manner) as it:
        assert Refused(Start(), reason) == await it.after(Start(), until=Refused)
        assert it.codex.pid is None


async def test_one_that_does_not_answer_is_ended(
    behaving: Behaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codex_module, "PATIENCE", 0.01)
    async with behaving("mute") as it:
        refused = await it.after(Start(), until=Refused)

    reason = "the agent has failed: it does not answer (thread/start)"
    assert Refused(Start(), reason) == refused


@pytest.mark.parametrize("manner", ["polite", "flooding", "babbling"])
async def test_a_turn_is_heard_to_its_end_whatever_is_said_between(
    behaving: Behaving, manner: str
) -> None:
    async with behaving(manner) as it:
        await it.after(Start(), Turn("Hello."), until=TurnEnded)

        assert [
            Opened("thread-1"), TurnStarted("turn-1"), TurnEnded("turn-1", "done"),
        ] == it.heard.all  # fmt: skip


async def test_whatever_it_asks_is_answered_and_nothing_is_granted(behaving: Behaving) -> None:
    async with behaving("asking") as it:
        said = await it.after(Start(), Turn("Hello."), until=Said)

    assert isinstance(said, Said)
    answers = json.loads(said.delta)
    assert [0, 1, 2] == [answer["id"] for answer in answers]
    assert "error" in answers[0]
    assert {"permissions": {}} == answers[1]["result"]
    assert answers[2]["result"]["success"] is False
    assert any(isinstance(report, Warned) for report in it.heard.all)


async def test_one_that_dies_in_each_turn_is_given_up(
    behaving: Behaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codex_module, "_REST", 0.0)
    async with behaving("dying") as it:
        it.codex.ask(Start())
        for life in range(1, 5):
            opened = life

            def there(all_: list[Report], opened: int = opened) -> bool:
                return opened == sum(isinstance(report, Opened) for report in all_)

            await it.heard.until(there)
            it.codex.ask(Turn("Hello."))
        lost = await it.after(until=Lost)

    assert Lost("the agent dies again and again, and is given up") == lost
    ends = [report for report in it.heard.all if isinstance(report, TurnEnded)]
    assert [TurnEnded("turn-1", "lost", "the agent has died: out of luck")] * 4 == ends


async def test_orders_without_a_conversation_are_refused(behaving: Behaving) -> None:
    orders = (Turn("Hello."), Interrupt("turn-1"), Answer("1", accept=True))
    async with behaving("polite") as it:
        for order in orders:
            it.codex.ask(order)
        await it.heard.until(lambda all_: len(all_) == len(orders))

        assert list(orders) == [report.order for report in it.heard.all if hasattr(report, "order")]
        assert it.codex.pid is None


async def test_a_person_is_not_faster_than_it(behaving: Behaving) -> None:
    async with behaving("polite") as it:
        for _ in range(70):
            it.codex.ask(Resume("thread-1"))

        reasons = {report.reason for report in it.heard.all if isinstance(report, Refused)}
        assert {"too many orders wait: the agent does not keep up"} == reasons
