"""Steering and rewriting over HTTP: one request is ended, another asked, the turn told first."""

import asyncio
import contextlib
import gc
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from spark_lsp.core.events import Down, Ended, Event, Failed, Turned, Up, Wrote
from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.server.endpoint import Endpoint
from spark_lsp.server.posting import ONLY_COMPLETES, Pace, Posting
from spark_lsp.wire.dialects.base import Target
from spark_lsp.wire.dialects.choose import dialect
from tests.heard import Heard
from tests.web import Exchange, Web, scripted_web

STABLE = (Block("file", "util.py", "def helper(): ...\n"),)
PROMPT = Prompt(STABLE, "a.py", "x = ", "\n")
AGAIN = replace(PROMPT, instruction="Use a set.")
REWRITE = Rewrite(STABLE, "a.py", "import os\n", "x = 1\n", "print(x)\n", "Double it.")
PACE = Pace(first=0.01, longest=0.02, drain=20.0)
CHATTY = ["Sure! Here is ", "the code:\n\n```py", "thon\nx = 2\n", "```\n\nThis code doubles it."]

instructed = pytest.mark.parametrize("wire_api", ["chat", "responses"])
filling = pytest.mark.parametrize("wire_api", ["completions", "fim", "infill", "ollama"])


@pytest.fixture(autouse=True)
def _nothing_left_open() -> Iterator[None]:
    """What is not closed warns when it is collected, and warnings are errors."""
    yield
    gc.collect()


@asynccontextmanager
async def served(spoken: str) -> AsyncIterator[tuple[Web, Posting, Heard[Event]]]:
    """Be in touch with a scripted server that speaks a dialect."""
    way = dialect(spoken, Target("codellama:7b-code", 64))
    heard: Heard[Event] = Heard()
    async with scripted_web() as web:

        async def endpoint() -> Endpoint:
            return Endpoint(web.url)

        posting = Posting(endpoint, way, heard, PACE)
        task = asyncio.create_task(posting.run())
        try:
            await heard.until(lambda all_: Up() in all_)
            heard.all.clear()
            yield web, posting, heard
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def piece(wire_api: str, text: str) -> str:
    """Some text, as a server says it."""
    said: dict[str, object] = {"choices": [{"index": 0, "delta": {"content": text}}]}
    if wire_api == "responses":
        said = {"type": "response.output_text.delta", "output_index": 0, "delta": text}
    return f"data: {json.dumps(said)}\n\n"


def end(wire_api: str, *, cut: bool = False) -> str:
    """The end of an answer, as a server says it."""
    reason = "length" if cut else "stop"
    said: dict[str, object] = {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}
    if wire_api == "responses":
        details = {"incomplete_details": {"reason": "max_output_tokens"}} if cut else {}
        kind = "response.incomplete" if cut else "response.completed"
        said = {"type": kind, "response": {"id": "r", **details}}
    return f"data: {json.dumps(said)}\n\ndata: [DONE]\n\n"


async def writing(web: Web, posting: Posting, heard: Heard[Event], wire_api: str) -> Exchange:
    """Have an answer of which some is told."""
    posting.open(1, PROMPT)
    exchange = await web.next()
    await exchange.begin()
    await exchange.say(piece(wire_api, "old"))
    await heard.until(lambda all_: Wrote(1, "old") in all_)
    return exchange


def written(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Wrote))


@instructed
async def test_a_steered_answer_is_ended_and_asked_anew(wire_api: str) -> None:
    async with served(wire_api) as (web, posting, heard):
        old = await writing(web, posting, heard, wire_api)
        posting.steer(1, "use a set", AGAIN)
        assert [Wrote(1, "old")] == heard.all
        await old.left()
        new = await web.next()
        assert [Wrote(1, "old"), Turned(1, "reissued")] == heard.all
        await new.answer(piece(wire_api, "new") + end(wire_api))
        await heard.until(lambda all_: Ended(1) in all_)

        assert "Use a set." in new.body.decode()
        expected = [Wrote(1, "old"), Turned(1, "reissued"), Wrote(1, "new"), Ended(1)]
        assert expected == heard.all


@instructed
async def test_whoever_steers_while_hearing_hears_nothing_old_after_the_turn(
    wire_api: str,
) -> None:
    """Also where what had arrived was read as several pieces, with the end among them."""
    async with served(wire_api) as (web, posting, heard):

        def feed(event: Event) -> None:
            heard(event)
            if event == Wrote(1, "a"):
                posting.steer(1, "use a set", AGAIN)

        posting._feed = feed
        posting.open(1, PROMPT)
        old = await web.next()
        await old.begin()
        await old.say(piece(wire_api, "a"))
        await old.say(piece(wire_api, "b") + end(wire_api))
        new = await web.next()
        await new.answer(piece(wire_api, "new") + end(wire_api))
        await heard.until(lambda all_: Ended(1) in all_)

        expected = [Wrote(1, "a"), Turned(1, "reissued"), Wrote(1, "new"), Ended(1)]
        assert expected == heard.all
        assert not posting._streams


async def test_what_is_steered_twice_at_once_turns_once_to_what_was_wanted_last() -> None:
    async with served("chat") as (web, posting, heard):
        await writing(web, posting, heard, "chat")
        posting.steer(1, "use a set", AGAIN)
        posting.steer(1, "sort it", replace(AGAIN, instruction="Use a set. Sort it."))
        new = await web.next()
        await new.answer(piece("chat", "new") + end("chat"))
        await heard.until(lambda all_: Ended(1) in all_)

        assert "Use a set. Sort it." in new.body.decode()
        assert 2 == len(web.exchanges)
        assert [Turned(1, "reissued")] == [it for it in heard.all if isinstance(it, Turned)]


async def test_what_was_steered_and_is_cancelled_at_once_is_not_heard_of_again() -> None:
    async with served("chat") as (web, posting, heard):
        old = await writing(web, posting, heard, "chat")
        posting.steer(1, "use a set", AGAIN)
        posting.cancel(1)
        await old.left()
        posting.open(2, PROMPT)
        await (await web.next()).answer(end("chat"))
        await heard.until(lambda all_: Ended(2) in all_)

        assert [Wrote(1, "old"), Ended(2)] == heard.all
        assert 2 == len(web.exchanges)


async def test_what_has_ended_is_steered_in_vain_and_nothing_is_told() -> None:
    async with served("chat") as (web, posting, heard):
        old = await writing(web, posting, heard, "chat")
        await old.say(end("chat"))
        await old.end()
        await heard.until(lambda all_: Ended(1) in all_)
        for stream in (1, 99):
            posting.steer(stream, "use a set", AGAIN)
        posting.open(2, PROMPT)
        await (await web.next()).answer(end("chat"))
        await heard.until(lambda all_: Ended(2) in all_)

        assert [Wrote(1, "old"), Ended(1), Ended(2)] == heard.all


async def test_what_fails_after_the_turn_has_failed_once() -> None:
    """And the server that is gone is away before that."""
    async with served("chat") as (web, posting, heard):
        await writing(web, posting, heard, "chat")
        await web.stop()
        await heard.until(lambda all_: any(isinstance(it, Failed) for it in all_))
        heard.all.clear()
        posting.open(2, PROMPT)
        posting.steer(2, "use a set", AGAIN)
        await heard.until(lambda all_: any(isinstance(it, Failed) for it in all_))
        kinds = [type(event) for event in heard.all]

        assert [Turned, Down, Failed] == kinds[:3]
        assert 1 == kinds.count(Failed)


# Rewrites.


@instructed
async def test_a_rewrite_arrives_cleaned_and_whole(wire_api: str) -> None:
    async with served(wire_api) as (web, posting, heard):
        posting.open(1, REWRITE)
        exchange = await web.next()
        await exchange.begin()
        for text in CHATTY:
            await exchange.say(piece(wire_api, text))
        await exchange.say(end(wire_api))
        await exchange.end()
        await heard.until(lambda all_: Ended(1) in all_)

        assert "Double it." in exchange.body.decode()
        assert "x = 2\n" == written(heard.all)


@instructed
async def test_a_rewrite_that_is_steered_is_cleaned_anew(wire_api: str) -> None:
    async with served(wire_api) as (web, posting, heard):
        posting.open(1, REWRITE)
        old = await web.next()
        await old.begin()
        await old.say(piece(wire_api, "```python\nx = 1") + piece(wire_api, "0"))
        await heard.until(written)
        posting.steer(1, "as a float", replace(REWRITE, instruction="As a float."))
        new = await web.next()
        texts = [text.replace("2", "2.0") for text in CHATTY]
        await new.answer("".join(piece(wire_api, text) for text in texts) + end(wire_api))
        await heard.until(lambda all_: Ended(1) in all_)
        turn = heard.all.index(Turned(1, "reissued"))

        assert "x = 2.0\n" == written(heard.all[turn:])


@instructed
async def test_a_rewrite_that_was_cut_has_failed(wire_api: str) -> None:
    async with served(wire_api) as (web, posting, heard):
        posting.open(1, REWRITE)
        await (await web.next()).answer(piece(wire_api, "x") + end(wire_api, cut=True))
        await heard.until(lambda all_: any(isinstance(it, Failed) for it in all_))
        failed = heard.all[-1]

        assert isinstance(failed, Failed)
        assert (False, False) == (failed.transient, failed.lasting)
        assert "select less" in failed.reason
        assert 1 == len(web.exchanges)


# Models that only complete.


@filling
async def test_a_model_that_only_completes_is_not_asked_for_a_rewrite(wire_api: str) -> None:
    async with served(wire_api) as (web, posting, heard):
        posting.open(1, REWRITE)
        assert [] == heard.all
        await heard.until(len)

        assert [Failed(1, ONLY_COMPLETES, transient=False)] == heard.all
        assert [] == web.exchanges


@filling
async def test_a_model_that_only_completes_cannot_be_steered_and_is_stopped(
    wire_api: str,
) -> None:
    async with served(wire_api) as (web, posting, heard):
        posting.open(1, PROMPT)
        exchange = await web.next()
        posting.steer(1, "use a set", AGAIN)
        await exchange.left()
        await heard.until(len)

        assert [Failed(1, ONLY_COMPLETES, transient=False)] == heard.all
        assert 1 == len(web.exchanges)
