"""Steering and rewriting over a WebSocket: what goes out at once, what is told in which order."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from spark_lsp.core.events import Down, Ended, Event, Failed, Turned, Up, Wrote
from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.server.connection import Connection
from spark_lsp.server.endpoint import Endpoint
from spark_lsp.server.websocket import Socket
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.layout import read, read_rewrite
from tests.heard import Heard
from tests.model import Model, Request, scripted_model

STEERS = Profile("m", None, 64, lanes=True, continuation=True, interrupt=True, steer=True)
INTERRUPTS = replace(STEERS, steer=False)
NOTHING = replace(INTERRUPTS, interrupt=False)
STABLE = (Block("file", "util.py", "def helper(): ...\n"),)
PROMPT = Prompt(STABLE, "a.py", "x = ", "\n")
AGAIN = replace(PROMPT, instruction="Use a set.")
REWRITE = Rewrite(STABLE, "a.py", "import os\n", "x = 1\n", "print(x)\n", "Double it.")


@asynccontextmanager
async def connected(profile: Profile) -> AsyncIterator[tuple[Model, Connection, Heard[Event]]]:
    """Be connected to a scripted model."""
    heard: Heard[Event] = Heard()
    async with scripted_model() as model:

        async def endpoint() -> Endpoint:
            return Endpoint(model.url)

        connection = Connection(endpoint, profile, heard)
        task = asyncio.create_task(connection.run())
        try:
            await heard.until(lambda all_: Up() in all_)
            heard.all.clear()
            yield model, connection, heard
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def writing(
    model: Model, connection: Connection, heard: Heard[Event], asked: Prompt | Rewrite = PROMPT
) -> Request:
    """Have an answer of which some is told."""
    connection.open(1, asked)
    request = await model.next()
    await request.say("old")
    await heard.until(lambda all_: Wrote(1, "old") in all_)
    return request


def succeeding(request: Request, successor: str) -> list[tuple[str, dict[str, Any]]]:
    """What a server says that takes a steer: that it does, and that the next response begins."""
    steer = {"id": "s1", "previous_response_id": request.id}
    cut = {"id": request.id, "incomplete_details": {"reason": "steered"}}
    return [
        ("response.steer.accepted", {"steer": steer}),
        ("response.incomplete", {"response": cut}),
        ("response.created", {"response": {"id": successor}}),
    ]


async def at_once(request: Request, *events: tuple[str, dict[str, Any]]) -> None:
    """Send events on the lane of a request so that they arrive together."""
    lane = {"stream_id": request.frame["stream_id"]}
    for kind, fields in events:
        body = json.dumps({"type": kind, **lane, **fields}).encode()
        request._connection.protocol.send_text(body)
    request._connection.transport.write(b"".join(request._connection.protocol.data_to_send()))


def delta(text: str) -> tuple[str, dict[str, Any]]:
    return "response.output_text.delta", {"delta": text}


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (STEERS, ["response.steer"]),
        (INTERRUPTS, ["response.interrupt", "response.create"]),
        (NOTHING, ["response.create"]),
    ],
    ids=["steered", "interrupted", "reissued"],
)
async def test_what_turns_an_answer_goes_out_within_the_call_and_nothing_is_told_in_it(
    monkeypatch: pytest.MonkeyPatch, profile: Profile, expected: list[str]
) -> None:
    """One round trip is all that it takes."""
    async with connected(profile) as (model, connection, heard):
        await writing(model, connection, heard)
        sent: list[str] = []
        monkeypatch.setattr(Socket, "send", lambda _, frame: sent.append(frame))
        connection.steer(1, "use a set", AGAIN)

        assert expected == [json.loads(frame)["type"] for frame in sent]
        assert [Wrote(1, "old")] == heard.all


async def test_a_model_that_takes_it_is_steered_and_its_successor_is_the_answer() -> None:
    async with connected(STEERS) as (model, connection, heard):
        request = await writing(model, connection, heard)
        connection.steer(1, "use a set", AGAIN)
        steer = await model.steers.get()
        await request.say(" and on")
        for kind, fields in succeeding(request, "next"):
            await request.event(kind, **fields)
        await request.say("new")
        await request.event("response.completed", response={"id": "next"})
        await heard.until(lambda all_: Ended(1) in all_)
        turn = heard.all.index(Turned(1, "steered"))

        assert (request.id, "use a set") == (steer["previous_response_id"], steer["input"])
        assert "old and on" == written(heard.all[:turn])
        assert [Wrote(1, "new"), Ended(1)] == heard.all[turn + 1 :]


def written(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Wrote))


@pytest.mark.parametrize(("profile", "how"), [(INTERRUPTS, "interrupted"), (NOTHING, "reissued")])
async def test_a_model_that_does_not_is_asked_anew_and_the_old_answer_is_not_heard_of_again(
    profile: Profile, how: str
) -> None:
    async with connected(profile) as (model, connection, heard):
        old = await writing(model, connection, heard)
        connection.steer(1, "use a set", AGAIN)
        new = await model.next()
        await old.say(" never heard")
        await old.end()
        await new.say("new")
        await new.end()
        await heard.until(lambda all_: Ended(1) in all_)

        assert AGAIN == read(new.frame["input"])
        assert (how == "interrupted") == bool(model.interrupts.qsize())
        assert [Wrote(1, "old"), Turned(1, how), Wrote(1, "new"), Ended(1)] == heard.all  # type: ignore[arg-type]


async def test_a_refused_steer_is_remembered_and_the_answer_asked_anew() -> None:
    """The next goes down the ladder at once."""
    async with connected(STEERS) as (model, connection, heard):
        request = await writing(model, connection, heard)
        connection.steer(1, "use a set", AGAIN)
        await model.steers.get()
        refused = {"code": "steering_not_supported", "message": "not this model"}
        steer = {"previous_response_id": request.id, "input": "use a set"}
        await request.event("response.steer.failed", error=refused, steer=steer)
        new = await model.next()
        await new.say("new")
        await heard.until(lambda all_: Wrote(1, "new") in all_)
        connection.steer(1, "and sort it", replace(AGAIN, instruction="Use a set. Sort it."))
        newest = await model.next()
        await newest.end()
        await heard.until(lambda all_: Ended(1) in all_)

        assert not connection.profile.steer
        assert 0 == model.steers.qsize()
        assert "Use a set. Sort it." == read(newest.frame["input"]).instruction
        turned = Turned(1, "interrupted")
        assert [Wrote(1, "old"), turned, Wrote(1, "new"), turned, Ended(1)] == heard.all


async def test_what_comes_at_once_is_parted_by_the_turn() -> None:
    """The last of the old, the turn and the first of the new, in one read of the socket."""
    async with connected(STEERS) as (model, connection, heard):
        request = await writing(model, connection, heard)
        connection.steer(1, "use a set", AGAIN)
        await model.steers.get()
        await at_once(
            request,
            delta(" and"),
            delta(" on"),
            *succeeding(request, "next"),
            delta("n"),
            delta("ew"),
            ("response.completed", {"response": {"id": "next"}}),
        )
        await heard.until(lambda all_: Ended(1) in all_)

        before = [Wrote(1, "old"), Wrote(1, " and on")]
        assert [*before, Turned(1, "steered"), Wrote(1, "new"), Ended(1)] == heard.all


@pytest.mark.parametrize("profile", [STEERS, INTERRUPTS, NOTHING])
async def test_whoever_steers_while_hearing_hears_nothing_old_after_the_turn(
    profile: Profile,
) -> None:
    """The rest had been read by then."""
    async with connected(profile) as (model, connection, heard):
        connection.open(1, PROMPT)
        connection.open(2, PROMPT)
        request, other = await model.next(), await model.next()
        listen = connection._listener

        def feed(event: Event) -> None:
            listen(event)
            if event == Wrote(1, "a"):
                connection.steer(1, "use a set", AGAIN)

        connection._listener = feed
        lane = {"stream_id": other.frame["stream_id"]}
        await at_once(
            request,
            delta("a"),
            ("response.output_text.delta", {"delta": "x", **lane}),
            delta("b"),
        )
        if profile.steer:
            await model.steers.get()
            await at_once(request, *succeeding(request, "next"), delta("new"))
        else:
            await (await model.next()).say("new")
        await heard.until(lambda all_: Wrote(1, "new") in all_)
        told = [event for event in heard.all if event != Wrote(2, "x")]
        turn = next(at for at, event in enumerate(told) if isinstance(event, Turned))

        assert "ab" == written(told[:turn])
        assert [Wrote(1, "new")] == told[turn + 1 :]


@pytest.mark.parametrize("profile", [STEERS, INTERRUPTS])
async def test_what_has_ended_is_steered_in_vain_and_nothing_is_told(profile: Profile) -> None:
    async with connected(profile) as (model, connection, heard):
        request = await writing(model, connection, heard)
        await request.end()
        await heard.until(lambda all_: Ended(1) in all_)
        connection.steer(1, "use a set", AGAIN)
        connection.steer(99, "use a set", AGAIN)
        connection.open(2, PROMPT)
        await (await model.next()).end()
        await heard.until(lambda all_: Ended(2) in all_)

        assert [Wrote(1, "old"), Ended(1), Ended(2)] == heard.all
        assert 2 == len(model.creates)


@pytest.mark.parametrize("profile", [STEERS, INTERRUPTS, NOTHING])
async def test_what_was_steered_and_is_cancelled_at_once_is_not_heard_of_again(
    profile: Profile,
) -> None:
    async with connected(profile) as (model, connection, heard):
        request = await writing(model, connection, heard)
        connection.steer(1, "use a set", AGAIN)
        connection.cancel(1)
        await at_once(request, *succeeding(request, "next"), delta("never heard"))
        connection.open(2, replace(PROMPT, path="b.py"))
        while read((last := await model.next()).frame["input"]).path != "b.py":
            pass
        await last.end()
        await heard.until(lambda all_: Ended(2) in all_)

        assert [Wrote(1, "old"), Ended(2)] == heard.all


async def test_a_drop_in_the_middle_of_a_steer_fails_the_answer_once() -> None:
    """What came of it is unknown."""
    async with connected(STEERS) as (model, connection, heard):
        request = await writing(model, connection, heard)
        connection.steer(1, "use a set", AGAIN)
        await model.steers.get()
        await request.drop()
        await heard.until(lambda all_: Up() in all_)

        assert [Wrote, Down, Failed, Up] == [type(event) for event in heard.all]


# Rewrites.


CHATTY = ["Sure! Here is ", "the code:\n\n```py", "thon\nx = 2\n", "```\n\nThis code doubles it."]


async def test_a_rewrite_arrives_cleaned_and_whole() -> None:
    async with connected(replace(STEERS, cleans=True)) as (model, connection, heard):
        connection.open(1, REWRITE)
        request = await model.next()
        for piece in CHATTY:
            await request.say(piece)
        await request.end()
        await heard.until(lambda all_: Ended(1) in all_)

        assert REWRITE == read_rewrite(request.frame["input"])
        assert "x = 2\n" == written(heard.all)


@pytest.mark.parametrize("profile", [STEERS, INTERRUPTS, NOTHING])
async def test_a_rewrite_that_is_steered_is_cleaned_anew(profile: Profile) -> None:
    again = replace(REWRITE, instruction="Double it. As a float.")
    async with connected(replace(profile, cleans=True)) as (model, connection, heard):
        connection.open(1, REWRITE)
        request = await model.next()
        await request.say("```python\nx = ")
        await heard.until(lambda all_: Wrote(1, "x =") in all_ or Wrote(1, "x = ") in all_)
        connection.steer(1, "as a float", again)
        if profile.steer:
            await model.steers.get()
            await at_once(request, *succeeding(request, "next"))
            request.id = "next"
        else:
            request = await model.next()
            assert again == read_rewrite(request.frame["input"])
        for piece in CHATTY:
            await request.say(piece.replace("2", "2.0"))
        await request.end()
        await heard.until(lambda all_: Ended(1) in all_)
        turn = next(at for at, event in enumerate(heard.all) if isinstance(event, Turned))

    assert "x = 2.0\n" == written(heard.all[turn:])


async def test_a_rewrite_that_was_cut_has_failed() -> None:
    async with connected(STEERS) as (model, connection, heard):
        request = await writing(model, connection, heard, REWRITE)
        cut = {"reason": "max_output_tokens"}
        await request.event(
            "response.incomplete", response={"id": request.id, "incomplete_details": cut}
        )
        await heard.until(lambda all_: len(all_) > 1)
        failed = heard.all[-1]

    assert isinstance(failed, Failed)
    assert (1, False, False) == (failed.stream, failed.transient, failed.lasting)
    assert "select less" in failed.reason
