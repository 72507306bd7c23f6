"""What `bench typing` and the paces of `bench session` measure with, and what they count."""

import ast
import asyncio
import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from spark_lsp.cli.bench import apart, bare, ledger, paces, realtime, relay, session
from spark_lsp.cli.bench.aside import Aside
from spark_lsp.cli.bench.corpus import Corpus, caching
from spark_lsp.cli.bench.ends import Scene, between, ending
from spark_lsp.cli.bench.ledger import Answer
from spark_lsp.cli.bench.paced import press
from spark_lsp.cli.bench.passage import (
    AGAINST,
    HEAD,
    PASSAGE,
    continuation,
    strokes,
    tokens,
    typed,
)
from spark_lsp.cli.bench.processes import VISIBLE
from spark_lsp.cli.bench.scripted import MODEL, Script
from spark_lsp.cli.errors import CommandError
from spark_lsp.core.prompt import Prompt

LIMIT = 20.0
FAST = Script(16, first=0.01, pace=1_000.0, reads=True)
PLAN = realtime.Plan(
    8, 0.03, settled=0.1, fast=FAST, slow=Script(4, first=0.05, pace=50, reads=True)
)
BUDGETED = {
    "along: requests": 3,
    "along: keys with ghost text before the next": 0.95,
    "against: tokens after the next key": 100,
    "against: stale and otherwise wrong frames": 0,
}


@pytest.mark.parametrize("at", range(0, len(PASSAGE), 7))
def test_the_model_goes_on_from_wherever_the_passage_was_typed_to(at: int) -> None:
    prefix = f"class A:\n{HEAD}{PASSAGE[:at]}"

    assert PASSAGE[:at] == typed(prefix)
    assert PASSAGE[at:] == continuation(prefix)
    assert PASSAGE[at:] == "".join(tokens(PASSAGE[at:]))


def test_what_is_typed_against_the_model_never_agrees_with_it() -> None:
    behind = ""
    for stroke in strokes(AGAINST)[:200]:
        assert stroke[0] != continuation(HEAD + behind)[0]
        assert len(tokens(continuation(HEAD + behind))) > 64
        behind += stroke

    assert None is typed("elsewhere")
    assert all(len(strokes(text)) >= 200 for text in (AGAINST, PASSAGE))
    assert PASSAGE == "".join(strokes(PASSAGE))


def answer(asked: float, at: int = 0, *, along: bool = True, **more: object) -> Answer:
    """Return an answer of three tokens, of 4 characters each, 1 s apart from 2 s on."""
    made = Answer(asked=asked, at=at, along=along)
    for number in range(3):
        made.wrote("abcd", asked + 2 + number)
    return msgspec.structs.replace(made, **{"over": asked + 5, **more})


@pytest.mark.parametrize(
    ("answers", "reach", "wasted"),
    [
        pytest.param([answer(0)], {0: 12}, 0, id="all of it was shown"),
        pytest.param([answer(0)], {0: 5}, 1, id="a token counts that was shown in part"),
        pytest.param([answer(0)], {0: 0, 8: 8}, 1, id="two were typed and never shown"),
        pytest.param([answer(0)], {}, 3, id="nothing was shown"),
        pytest.param([answer(0), answer(1, 4)], {4: 16}, 2, id="written twice"),
        pytest.param([answer(0), answer(9, 12)], {12: 24}, 0, id="one goes on behind the other"),
        pytest.param(
            [answer(0, along=False), answer(1, 1, along=False)], {0: 4, 1: 13}, 2,
            id="elsewhere each is for its place",
        ),
    ],
)  # fmt: skip
def test_tokens_are_wasted_that_were_neither_shown_nor_typed(
    answers: list[Answer], reach: Mapping[int, int], wasted: int
) -> None:
    assert wasted == ledger.wasted(answers, reach)


@pytest.mark.parametrize(
    ("keys", "late"),
    [([0], 0), ([0, 1.5], 3), ([0, 3.4], 2), ([0, 9], 0), ([0, 4, 4.2], 1)],
)
def test_tokens_are_late_that_were_sent_after_the_next_key(keys: list[float], late: int) -> None:
    assert late == ledger.late([answer(0.5), answer(99)], [key + 0.0 for key in keys])


@pytest.mark.parametrize(
    ("asked", "stopped", "times"),
    [(0.5, 3.5, [500.0]), (0.5, 2.0, []), (0.5, None, []), (9.5, 9.6, []), (3.0, 7.0, [1_000.0])],
)
def test_stopping_an_answer_takes_from_the_key_after_its_request(
    asked: float, stopped: float | None, times: list[float]
) -> None:
    assert times == ledger.stopping([answer(asked, stopped=stopped)], [0, 3, 6, 9])


@pytest.mark.parametrize(
    ("answers", "running", "turned"),
    [
        ([answer(0.5), answer(3.5)], 1, (2, 0)),
        ([answer(0.5, stopped=3.2, over=3.2), answer(3.5, stopped=6.2, over=6.2)], 0, (2, 1)),
        ([answer(0.5, stopped=3.2, over=3.2), answer(3.5), answer(3.6)], 1, (2, 0)),
        ([answer(0.5, over=2.5), answer(3.5, stopped=6.2, over=6.2)], 0, (1, 0)),
        ([answer(0.5, over=None)], 0, (2, 0)),
        ([], 0, (0, 0)),
    ],
)
def test_a_diverging_key_turns_the_answer_by_one_cancel_and_one_request(
    answers: list[Answer], running: int, turned: tuple[int, int]
) -> None:
    assert running == ledger.left_running(answers)
    assert turned == ledger.turned(answers, [0, 3, 6, 9])


async def accounted(model: Aside) -> list[Answer]:
    """Wait until the model has said all, and return it."""
    while (account := await model.asked()) is None:
        pass
    return msgspec.convert(account, list[Answer])


async def test_the_scripted_model_reads_where_the_cursor_is_and_can_be_interrupted() -> None:
    first: asyncio.Queue[str] = asyncio.Queue()
    second: asyncio.Queue[str] = asyncio.Queue()
    script = Script(8, pace=20.0, reads=True)

    async with (
        asyncio.timeout(LIMIT),
        apart.model(script) as (model, url),
        bare.asker(url, MODEL) as asker,
    ):
        await asker.ask(Prompt((), "a.py", f"{HEAD}ov", "\n"), first.put_nowait)
        begun = await first.get()
        await asker.ask(Prompt((), "a.py", f"{HEAD}x", "\n"), second.put_nowait)
        written = "".join([await second.get() for _ in range(8)])
        stopped, whole = await accounted(model)

    assert tokens(PASSAGE[2:])[0] == begun
    assert "".join(tokens(continuation("x"))[:8]) == written
    assert (2, True) == (stopped.at, stopped.along)
    assert (1, False) == (whole.at, whole.along)
    assert stopped.over is not None
    assert stopped.over == stopped.stopped
    assert 1 <= len(stopped.ends) < 8
    assert ([len(written)], 8, None) == (whole.ends[-1:], len(whole.times), whole.stopped)


def test_typing_is_measured_in_both_ways_and_with_both_models(tmp_path: Path) -> None:
    told: list[str] = []
    fast = Script(16, first=0.01, pace=1_000.0, reads=True)
    slow = Script(4, first=0.05, pace=50.0, reads=True)
    plan = realtime.Plan(8, 0.03, settled=0.1, fast=fast, slow=slow)
    with caching(tmp_path / "cache"):
        figures = realtime.typing(Corpus(tmp_path, "", tmp_path), told.append, plan)

    assert ["along, a bare connection", "along", "against, a bare connection"] == told[:3]
    assert BUDGETED.items() <= {name: figure.budget for name, figure in figures.items()}.items()
    assert VISIBLE == ("along: time of the processors a key" in figures)
    for way in ("along", "against", "slow model, along", "slow model, against"):
        assert 8 == figures[f"{way}: requests"].baseline
        assert figures[f"{way}: requests"].value >= 1
        assert 0 == figures[f"{way}: stale and otherwise wrong frames"].value
        assert 0 <= figures[f"{way}: keys with ghost text before the next"].value <= 1
    assert all(json.dumps(figure.as_json()) for figure in figures.values())


def test_a_number_of_keys_that_is_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_LSP_BENCH_KEYS", "many")

    with pytest.raises(CommandError, match="SPARK_LSP_BENCH_KEYS") as raised:
        session.typing(Corpus(tmp_path, "", tmp_path), lambda _what: None)

    assert 2 == raised.value.status


async def test_keys_are_pressed_in_order_whatever_becomes_of_them() -> None:
    pressed: list[int] = []

    assert 3 == len(await press(3, 0.0, pressed.append))
    assert [0, 1, 2] == pressed


async def test_a_key_passes_through_a_process_that_does_nothing() -> None:
    waits = await relay.waits(3, 0.001, 4_000)

    assert 3 == len(waits)
    assert all(wait > 0 for wait in waits)


@pytest.mark.parametrize("length", [4, 5, 9, 60, 500, 5_000])
def test_what_is_typed_along_is_one_statement_of_short_lines(length: int) -> None:
    text, rest = paces.statement(length)

    assert length == len(text)
    assert 1 == len(ast.parse(f"lines{text}{rest}").body)
    rows = f"{text}{rest}".split("\n")[1:-3]
    assert len(rows) == len(set(rows))
    assert all(len(row) <= 100 for row in rows)


async def test_keys_at_a_pace_are_known_by_what_they_led_to(tmp_path: Path) -> None:
    root, told = tmp_path / "repository", list[str]()
    root.mkdir()
    (root / "open.py").write_text("import os\n\n\n\nprint(os)\n")
    with caching(tmp_path / "cache"):
        async with (
            asyncio.timeout(LIMIT),
            between(Scene(root, root / "open.py", 2)) as (client, model, typist),
        ):
            _, answered = typist.key("o")
            await model.arrived.wait()
            model.finish()
            await answered
            measured = await paces.typed(client.process.pid, model, typist, 60, told.append)

    figures = paces.figures(measured)
    assert 3 == len(told)
    assert [15, 10, 4] == [pace.diverging for pace in measured]
    for pace in measured:
        assert pace.agreeing == len(pace.answered) == pace.diverging
        assert 1 <= len(pace.requested) <= pace.diverging
        assert 2 * pace.diverging == len(pace.late)
        assert all(wait > 0 for wait in pace.requested + pace.answered + pace.floor)
    assert VISIBLE == ("10 ms a key: time of the processors a key, server" in figures)
    assert all(json.dumps(figure.as_json()) for figure in figures.values())


def test_a_place_is_known_by_two_lines() -> None:
    text = "\n".join(f"row_{number} = 1" for number in range(9))
    endings = [ending(text[:at]) for at in range(len(text))]

    assert all(one != other for one, other in pairwise(endings))
    assert len(endings) == len(set(endings))
    assert "row_1 = 1\nrow" == ending("row_0 = 1\nrow_1 = 1\nrow")
