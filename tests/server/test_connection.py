"""One warm connection to a scripted model: what the session hears, whatever happens to it."""

import asyncio
import contextlib
import itertools
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from spark_lsp.core.events import Down, Ended, Event, Failed, Up, Warmed, Wrote
from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.server.connection import PACE, Connection
from spark_lsp.server.endpoint import Endpoint, Unreachable
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.client import FRAME_LIMIT
from spark_lsp.wire.delays import Pace
from spark_lsp.wire.legs import Act
from spark_lsp.wire.link import Link
from tests.heard import PATIENCE, Heard
from tests.model import Model, Request, scripted_model

PROFILE = Profile(
    "embedded", None, 64, lanes=True, continuation=True, interrupt=True, prompt_cache_key=""
)
PLAIN = replace(PROFILE, lanes=False, interrupt=False)
STABLE = (Block("file", "util.py", "def helper(): ...\n"),)
PROMPT = Prompt((), "a.py", "x = ", "\n")


@asynccontextmanager
async def kept(
    endpoint: Callable[[], Awaitable[Endpoint]],
    profile: Profile = PROFILE,
    pace: Pace = PACE,
) -> AsyncIterator[tuple[Connection, Heard[Event], asyncio.Task[None]]]:
    """Keep a connection while the context lasts."""
    heard: Heard[Event] = Heard()
    connection = Connection(endpoint, profile, heard, pace=pace)
    task = asyncio.create_task(connection.run())
    try:
        yield connection, heard, task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def connected(
    profile: Profile = PROFILE, pace: Pace = PACE
) -> AsyncIterator[tuple[Model, Connection, Heard[Event]]]:
    """Be connected to a scripted model."""
    async with scripted_model() as model, kept(at(model), profile, pace) as (connection, heard, _):
        await heard.until(lambda all_: Up() in all_)
        yield model, connection, heard


def at(model: Model) -> Callable[[], Awaitable[Endpoint]]:
    async def endpoint() -> Endpoint:
        return Endpoint(model.url)

    return endpoint


def kinds(heard: Heard[Event]) -> list[type[Event]]:
    return [type(event) for event in heard.all]


def joined(heard: Heard[Event]) -> list[Event]:
    """Return what was heard, pieces of one answer joined: what comes at once is told at once."""
    events: list[Event] = []
    for event in heard.all:
        match events[-1:], event:
            case [Wrote(one, text)], Wrote(other, more) if one == other:
                events[-1] = Wrote(one, text + more)
            case _:
                events.append(event)
    return events


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert isinstance(port, int)
        return port


async def test_an_answer_arrives_as_events_of_its_stream() -> None:
    async with connected() as (model, connection, heard):
        connection.open(7, PROMPT)
        request = await model.next()
        await request.say("value")
        await request.say(" + 1")
        await request.end()
        await heard.until(lambda all_: Ended(7) in all_)

        assert [Up(), Wrote(7, "value + 1"), Ended(7)] == joined(heard)
        assert "x = " == request.texts[-1]


async def test_after_a_drop_down_comes_before_failed_and_then_it_reconnects() -> None:
    """The session must know that the backend is away when it decides about a retry."""
    async with connected() as (model, connection, heard):
        connection.open(1, PROMPT)
        connection.open(2, PROMPT)
        request = await model.next()
        await request.say("value")
        await heard.until(lambda all_: Wrote(1, "value") in all_)
        await request.drop()
        await heard.until(lambda all_: all_.count(Up()) == 2)

        assert [Up, Wrote, Down, Failed, Failed, Up] == kinds(heard)
        failed = [event for event in heard.all if isinstance(event, Failed)]
        assert [(1, True), (2, True)] == [(it.stream, it.transient) for it in failed]
        assert len(model.handshakes) == 2
        await model.requests.get()  # stream 2, on the connection that is gone
        connection.open(3, PROMPT)
        await (await model.next()).say("again")
        await heard.until(lambda all_: all_[-1] == Wrote(3, "again"))


@pytest.mark.parametrize(
    "code", ["websocket_connection_limit_reached", "websocket_stream_limit_reached"]
)
async def test_a_connection_that_is_used_up_is_down_before_its_streams_fail(code: str) -> None:
    """Else the session spends its one retry on a connection that is gone."""
    async with connected() as (model, connection, heard):
        connection.open(1, PROMPT)
        request = await model.next()
        await request.event("error", error={"code": code, "message": "connect anew"})
        await heard.until(lambda all_: all_.count(Up()) == 2)

        assert [Up, Down, Failed, Up] == kinds(heard)


async def test_without_a_connection_a_request_fails_at_once_but_not_within_the_call() -> None:
    async def never() -> Endpoint:
        await asyncio.Event().wait()
        raise AssertionError

    async with kept(never) as (connection, heard, _):
        connection.open(1, PROMPT)
        connection.warm(STABLE)
        connection.cancel(9)

        assert [] == heard.all

        await heard.until(len)
        event = heard.all[0]

        assert isinstance(event, Failed)
        assert (1, True) == (event.stream, event.transient)


@pytest.mark.parametrize("interrupt", [True, False])
async def test_after_a_cancel_nothing_is_heard_of_a_stream(*, interrupt: bool) -> None:
    async with connected(replace(PROFILE, interrupt=interrupt)) as (model, connection, heard):
        connection.open(1, PROMPT)
        first = await model.next()
        await first.say("value")
        await heard.until(lambda all_: Wrote(1, "value") in all_)
        connection.cancel(1)
        connection.open(2, PROMPT)
        second = await model.next()
        await first.say(" never heard")
        await first.end()
        await second.say("other")
        await second.end()
        await heard.until(lambda all_: Ended(2) in all_)

        assert [Up(), Wrote(1, "value"), Wrote(2, "other"), Ended(2)] == heard.all
        assert interrupt == bool(model.interrupts.qsize())


async def test_after_a_cancel_nothing_is_heard_of_a_stream_that_found_no_connection() -> None:
    async def never() -> Endpoint:
        await asyncio.Event().wait()
        raise AssertionError

    async with kept(never) as (connection, heard, _):
        connection.open(1, PROMPT)
        connection.cancel(1)
        connection.open(2, PROMPT)
        await heard.until(len)

        assert [2] == [event.stream for event in heard.all if isinstance(event, Failed)]


async def test_a_drop_after_a_cancel_says_nothing_of_the_stream() -> None:
    async with connected() as (model, connection, heard):
        connection.open(1, PROMPT)
        request = await model.next()
        connection.cancel(1)
        await request.drop()
        await heard.until(lambda all_: all_.count(Up()) == 2)

        assert [Up, Down, Up] == kinds(heard)


async def test_an_unknown_stream_may_be_cancelled() -> None:
    async with connected() as (model, connection, heard):
        connection.cancel(99)
        connection.open(1, PROMPT)
        await (await model.next()).end()
        await heard.until(lambda all_: Ended(1) in all_)

        assert [Up(), Ended(1)] == heard.all


async def test_where_nobody_listens_down_says_so_in_a_sentence_until_somebody_does() -> None:
    endpoints = [Endpoint(f"ws://127.0.0.1:{closed_port()}/v1")]
    async with scripted_model() as model:

        async def endpoint() -> Endpoint:
            return endpoints.pop() if endpoints else Endpoint(model.url)

        async with kept(endpoint) as (_, heard, _task):
            await heard.until(lambda all_: Up() in all_)
            down = heard.all[0]

            assert [Down, Up] == kinds(heard)
            assert isinstance(down, Down)
            assert "127.0.0.1" in down.reason
            assert "cannot be reached" in down.reason
            assert "\n" not in down.reason


async def test_what_stands_in_the_way_of_an_endpoint_is_told_as_it_is() -> None:
    async def endpoint() -> Endpoint:
        raise Unreachable("the key is missing: set the environment variable MY_KEY")

    async with kept(endpoint) as (_, heard, _task):
        await heard.until(len)

        assert Down("the key is missing: set the environment variable MY_KEY") == heard.all[0]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", "HTTP 401"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "503"),
        (b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", ""),
        (b"\0\0garbage\r\n\r\n", ""),
        (b"", ""),
    ],
)
async def test_whatever_a_handshake_is_answered_with_is_a_sentence(
    answer: bytes, told: str
) -> None:
    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(respond, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]

        async def endpoint() -> Endpoint:
            return Endpoint(f"ws://127.0.0.1:{port}/v1", timeout=2.0)

        async with kept(endpoint) as (_, heard, task):
            await heard.until(len)
            down = heard.all[0]

            assert isinstance(down, Down)
            assert told in down.reason
            assert not task.done()


async def test_frames_that_mean_nothing_are_ignored() -> None:
    async with connected() as (model, connection, heard):
        connection.open(1, PROMPT)
        request = await model.next()
        for junk in ("", "null", "[]", "{", '{"type":"x"}', '{"type":5}', "[" * 5000):
            await request._connection.send(junk)
        await request._connection.send(b"\xff\0")
        await request.event("response.output_text.delta", delta=5)
        await request.say("value")
        await request.end()
        await heard.until(lambda all_: Ended(1) in all_)

        assert [Up(), Wrote(1, "value"), Ended(1)] == heard.all


async def test_a_prepared_context_is_continued_from() -> None:
    async with connected() as (model, connection, heard):
        connection.warm(STABLE)
        for stream in range(1, 50):
            connection.open(stream, replace(PROMPT, stable=STABLE))
            request = await model.next()
            await request.end()
            await heard.until(lambda all_, it=stream: Ended(it) in all_)  # type: ignore[misc]
            if "previous_response_id" in request.frame:
                break

        assert "helper" not in json.dumps(model.creates[-1])
        assert [frame for frame in model.frames if not frame.get("generate", True)]


async def test_a_model_that_says_nothing_to_a_warm_up_is_asked_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def nothing(*_: object) -> None:
        """Hear what comes, and keep silent."""

    monkeypatch.setattr(Model, "_take", nothing)
    async with connected(pace=replace(PACE, warming=0.01)) as (_, connection, heard):
        connection.warm(STABLE)
        await heard.until(lambda all_: Warmed(STABLE) in all_)

        assert [Up(), Warmed(STABLE)] == heard.all


async def test_it_can_be_cancelled_while_it_looks_for_its_endpoint() -> None:
    looking = asyncio.Event()

    async def never() -> Endpoint:
        looking.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with kept(never) as (_, heard, task):
        await looking.wait()
        await cancelled(task)

        assert [] == heard.all


async def test_it_can_be_cancelled_while_it_shakes_hands() -> None:
    arrived = asyncio.Event()
    gone = asyncio.Event()

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        with contextlib.suppress(ConnectionError):
            await reader.read()
        gone.set()
        writer.close()

    async with await asyncio.start_server(respond, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]

        async def endpoint() -> Endpoint:
            return Endpoint(f"ws://127.0.0.1:{port}/v1", timeout=60.0)

        async with kept(endpoint) as (_, _heard, task):
            await arrived.wait()
            await cancelled(task)
            async with asyncio.timeout(PATIENCE):
                await gone.wait()


async def test_it_can_be_cancelled_while_it_is_connected_and_its_streams_fail() -> None:
    async with scripted_model() as model, kept(at(model)) as (connection, heard, task):
        await heard.until(lambda all_: Up() in all_)
        connection.open(1, PROMPT)
        request = await model.next()
        await cancelled(task)
        async with asyncio.timeout(PATIENCE):
            await request._connection.wait_closed()

        assert [Up, Down, Failed] == kinds(heard)


async def test_it_can_be_cancelled_while_it_waits_to_try_again() -> None:
    tries = 0

    async def endpoint() -> Endpoint:
        nonlocal tries
        tries += 1
        raise Unreachable("not today")

    async with kept(endpoint) as (_, heard, task):
        await heard.until(lambda all_: len(all_) >= 2)
        await cancelled(task)

        assert [Down] * tries == kinds(heard)


async def cancelled(task: asyncio.Task[None]) -> None:
    """Cancel a task and see it end."""
    task.cancel()
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_connection_that_was_of_use_is_made_anew_at_once() -> None:
    async with connected(pace=replace(PACE, first=3600.0)) as (model, connection, heard):
        for stream in (1, 2, 3):
            connection.open(stream, PROMPT)
            request = await model.next()
            await request.say("value")
            await heard.until(lambda all_, it=stream: Wrote(it, "value") in all_)  # type: ignore[misc]
            await request.drop()
            await heard.until(lambda all_, it=stream: all_.count(Up()) == it + 1)  # type: ignore[misc]


async def test_a_connection_that_has_lived_is_made_anew_at_once() -> None:
    async with connected(pace=replace(PACE, first=3600.0, settled=0.0)) as (
        model,
        connection,
        heard,
    ):
        connection.open(1, PROMPT)
        await (await model.next()).drop()
        await heard.until(lambda all_: all_.count(Up()) == 2)


async def test_a_server_that_only_complains_is_left_alone_longer_and_longer() -> None:
    ups: list[float] = []
    enough = asyncio.Event()

    async def complain(connection: ServerConnection) -> None:
        ups.append(asyncio.get_running_loop().time())
        await connection.send('{"type":"error","error":{"code":"x","message":"go away"}}')
        if len(ups) == 4:
            enough.set()

    async with serve(complain, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]

        async def endpoint() -> Endpoint:
            return Endpoint(f"ws://127.0.0.1:{port}/v1")

        async with kept(endpoint), asyncio.timeout(PATIENCE):
            await enough.wait()

    pauses = [after - before for before, after in pairwise(ups)]

    assert all(pause >= least for pause, least in zip(pauses, (0.1, 0.2, 0.4), strict=True))


@pytest.mark.parametrize(
    "url", ["ws://[::1/v1", "ws://h:99999/v1", "ws://", "", "ws://\0/v1", "ws://" + "a" * 300]
)
async def test_an_address_that_is_none_is_told_in_a_sentence(url: str) -> None:
    async def endpoint() -> Endpoint:
        return Endpoint(url)

    async with kept(endpoint) as (_, heard, task):
        await heard.until(len)
        down = heard.all[0]

        assert isinstance(down, Down)
        assert "cannot be reached" in down.reason or "base_url" in down.reason
        assert not task.done()


async def test_a_defect_while_connecting_is_told_and_tried_again() -> None:
    async def endpoint() -> Endpoint:
        raise KeyError("a defect")

    async with kept(endpoint) as (_, heard, task):
        await heard.until(lambda all_: len(all_) >= 2)

        assert Down("the model cannot be reached (KeyError)") == heard.all[0]
        assert not task.done()


async def test_a_defect_while_connected_costs_one_connection() -> None:
    heard: Heard[Event] = Heard()
    defects = [RuntimeError("a defect")]

    def feed(event: Event) -> None:
        heard(event)
        if isinstance(event, Wrote) and defects:
            raise defects.pop()

    async with scripted_model() as model:
        connection = Connection(at(model), PROFILE, feed)
        task = asyncio.create_task(connection.run())
        await heard.until(lambda all_: Up() in all_)
        connection.open(1, PROMPT)
        await (await model.next()).say("value")
        await heard.until(lambda all_: all_.count(Up()) == 2)
        await cancelled(task)

    assert [Up, Wrote, Down, Failed, Up, Down] == kinds(heard)


async def test_who_does_not_answer_is_replaced_but_not_who_could_not_be_found() -> None:
    replaced: list[int] = []
    endpoints = [Endpoint(f"ws://127.0.0.1:{closed_port()}/v1")]
    heard: Heard[Event] = Heard()

    async def endpoint() -> Endpoint:
        if endpoints:
            return endpoints.pop()
        raise Unreachable("not today")

    async def replace_it() -> None:
        replaced.append(len(heard.all))

    connection = Connection(endpoint, PROFILE, heard, replace_it)
    task = asyncio.create_task(connection.run())
    await heard.until(lambda all_: len(all_) >= 2)
    await cancelled(task)

    assert [0] == replaced


async def test_an_outage_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async def endpoint() -> Endpoint:
        raise Unreachable("not today")

    async with kept(endpoint) as (_, heard, _task):
        await heard.until(lambda all_: len(all_) >= 3)

    assert ["not today"] == [record.message for record in caplog.records]


# What comes at once.


async def at_once(requests: list[tuple[Request, str, dict[str, Any]]]) -> None:
    """Send events of several requests on one connection so that they arrive together."""
    connection = requests[0][0]._connection
    for request, kind, fields in requests:
        lane = {"stream_id": request.frame["stream_id"]}
        body = json.dumps({"type": f"response.{kind}", **lane, **fields})
        connection.protocol.send_text(body.encode())
    connection.transport.write(b"".join(connection.protocol.data_to_send()))


def piece(request: Request, text: str) -> tuple[Request, str, dict[str, Any]]:
    return request, "output_text.delta", {"delta": text}


def end(request: Request) -> tuple[Request, str, dict[str, Any]]:
    return request, "completed", {"response": {"id": request.id}}


async def test_pieces_that_come_at_once_are_told_as_one() -> None:
    """An editor is shown what there is, not how it was cut."""
    async with connected() as (model, connection, heard):
        connection.open(1, PROMPT)
        request = await model.next()
        await at_once([*(piece(request, f"{number} ") for number in range(100)), end(request)])
        await heard.until(lambda all_: Ended(1) in all_)

        whole = "".join(f"{number} " for number in range(100))
        assert [Up(), Wrote(1, whole), Ended(1)] == heard.all


async def test_pieces_of_two_answers_that_come_at_once_are_told_in_their_order() -> None:
    async with connected() as (model, connection, heard):
        connection.open(1, PROMPT)
        connection.open(2, PROMPT)
        one, two = await model.next(), await model.next()
        await at_once([piece(one, "a"), piece(one, "b"), piece(two, "x"), piece(one, "c")])
        await heard.until(lambda all_: Wrote(1, "c") in all_)

        assert [Up(), Wrote(1, "ab"), Wrote(2, "x"), Wrote(1, "c")] == heard.all


@pytest.mark.parametrize("profile", [PROFILE, replace(PROFILE, interrupt=False)])
async def test_what_is_cancelled_in_the_middle_of_what_came_at_once_is_not_heard_of_again(
    profile: Profile,
) -> None:
    """The rest has been read by then, and is not told."""
    heard: Heard[Event] = Heard()

    def feed(event: Event) -> None:
        heard(event)
        if event == Wrote(1, "a"):
            connection.cancel(1)
            connection.open(3, PROMPT)

    async with scripted_model() as model:
        connection = Connection(at(model), profile, feed)
        task = asyncio.create_task(connection.run())
        await heard.until(lambda all_: Up() in all_)
        connection.open(1, PROMPT)
        connection.open(2, PROMPT)
        one, two = await model.next(), await model.next()
        await at_once(
            [piece(one, "a"), piece(two, "x"), piece(one, "b"), end(one), piece(two, "y")]
        )
        await heard.until(lambda all_: Wrote(2, "y") in all_)
        await (await model.next()).end()
        await heard.until(lambda all_: Ended(3) in all_)
        told = list(heard.all)
        await cancelled(task)

    assert [Up(), Wrote(1, "a"), Wrote(2, "x"), Wrote(2, "y"), Ended(3)] == told


# Several sockets.


async def test_connections_are_replaced_without_a_gap() -> None:
    """Each takes over from the one before while answers go on."""
    async with connected(pace=replace(PACE, rotation=0.05)) as (model, connection, heard):
        streams = itertools.count(1)
        while len(model.handshakes) < 5:
            stream = next(streams)
            connection.open(stream, PROMPT)
            request = await model.next()
            await request.say(f"{stream}")
            await request.end()
            await heard.until(lambda all_, it=stream: Ended(it) in all_)  # type: ignore[misc]

        expected: list[Event] = [Up()]
        for stream in range(1, next(streams)):
            expected += [Wrote(stream, f"{stream}"), Ended(stream)]
        assert expected == joined(heard)


async def test_an_answer_outlives_the_replacement_of_its_connection() -> None:
    async with connected(pace=replace(PACE, rotation=0.05)) as (model, connection, heard):
        connection.open(1, PROMPT)
        old = await model.next()
        streams = itertools.count(2)
        while True:
            stream = next(streams)
            connection.open(stream, PROMPT)
            new = await model.next()
            await new.end()
            await heard.until(lambda all_, it=stream: Ended(it) in all_)  # type: ignore[misc]
            if new._connection is not old._connection:
                break
        await old.say("still")
        await old.end()
        await heard.until(lambda all_: Ended(1) in all_)

        assert Wrote(1, "still") in heard.all
        assert Down not in kinds(heard)


async def test_the_next_request_goes_to_another_connection_while_a_cancelled_answer_drains() -> (
    None
):
    """Where one answer runs at a time and none can be stopped."""
    async with connected(PLAIN) as (model, connection, heard):
        connection.open(1, PROMPT)
        first = await model.next()
        connection.cancel(1)
        connection.open(2, PROMPT)
        second = await model.next()
        await first.say("never heard")
        await second.say("other")
        await second.end()
        await heard.until(lambda all_: Ended(2) in all_)

        assert first._connection is not second._connection
        assert [Up(), Wrote(2, "other"), Ended(2)] == joined(heard)


async def test_nothing_is_left_when_it_is_cancelled() -> None:
    """Neither a task nor a socket, of the connection or its spare."""
    async with scripted_model() as model:
        before = asyncio.all_tasks()
        heard: Heard[Event] = Heard()
        connection = Connection(at(model), PLAIN, heard)
        task = asyncio.create_task(connection.run())
        await heard.until(lambda all_: Up() in all_)
        connection.open(1, PROMPT)
        connection.open(2, PROMPT)
        await model.next()
        await model.next()
        assert 2 == len(model.handshakes)
        await cancelled(task)

        assert not connection._legs
        assert not connection._sockets
        assert connection._timer is None
        if left := asyncio.all_tasks() - before:
            _, running = await asyncio.wait(left, timeout=PATIENCE)
            assert not running


# How connections end.


@pytest.mark.parametrize(
    ("code", "soon"), [(1001, True), (1012, True), (1008, False), (4000, False)]
)
async def test_after_a_close_that_would_come_again_it_is_not_dialled_at_once(
    code: int, *, soon: bool
) -> None:
    pace = replace(PACE, first=0.0, longest=3600.0, settled=0.0)
    async with connected(pace=pace) as (model, connection, heard):
        connection.open(1, PROMPT)
        request = await model.next()
        await request._connection.close(code)
        await heard.until(lambda all_: Failed in [type(it) for it in all_])

        assert [Up, Down, Failed] == kinds(heard)[:3]
        if soon:
            await heard.until(lambda all_: all_.count(Up()) == 2)
        else:
            assert connection._timer is not None
            assert connection._timer.when() > asyncio.get_running_loop().time() + 3000


async def test_where_there_is_no_websocket_that_is_hopeless_at_once() -> None:
    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(respond, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]

        async def endpoint() -> Endpoint:
            return Endpoint(f"ws://127.0.0.1:{port}/v1")

        async with kept(endpoint) as (_, heard, _task):
            await heard.until(len)
            down = heard.all[0]

    assert isinstance(down, Down)
    assert down.hopeless


async def test_what_a_server_says_as_it_closes_is_not_repeated() -> None:
    """It is somebody else's text, and may hold anything."""
    async with connected() as (model, connection, heard):
        connection.open(1, PROMPT)
        request = await model.next()
        await request._connection.close(1011, "your key is PLACEHOLDER")
        await heard.until(lambda all_: Failed in [type(it) for it in all_])

        assert "PLACEHOLDER" not in repr(heard.all)


# Defects of ours.


@pytest.mark.parametrize("kind", [Up, Ended, Down, Failed])
async def test_whoever_listens_may_fail_with_anything_that_is_told(kind: type[Event]) -> None:
    """It costs a connection, and the next one works."""
    heard: Heard[Event] = Heard()
    defects = [RuntimeError("a defect")]

    def feed(event: Event) -> None:
        heard(event)
        if isinstance(event, kind) and defects:
            raise defects.pop()

    async with scripted_model() as model:
        connection = Connection(at(model), PROFILE, feed, pace=replace(PACE, first=0.0))
        task = asyncio.create_task(connection.run())
        await heard.until(lambda all_: Up() in all_)
        if kind is not Up:
            connection.open(1, PROMPT)
            request = await model.next()
            await (request.end() if kind is Ended else request.drop())
        await heard.until(lambda all_: all_.count(Up()) == 2)
        assert not defects
        connection.open(2, PROMPT)
        await (await model.next()).say("value")
        await heard.until(lambda all_: Wrote(2, "value") in all_)
        await cancelled(task)


async def test_a_defect_of_the_link_costs_one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    received = Link.received
    defects = [KeyError("a defect")]

    def fails_once(self: Link, number: int, frame: str | bytes, now: float) -> list[Act]:
        if defects and "delta" in str(frame):
            raise defects.pop()
        return received(self, number, frame, now)

    monkeypatch.setattr(Link, "received", fails_once)
    async with connected() as (model, connection, heard):
        connection.open(1, PROMPT)
        await (await model.next()).say("value")
        await heard.until(lambda all_: all_.count(Up()) == 2)

        assert [Up, Down, Failed, Up] == kinds(heard)


async def test_who_cannot_be_replaced_is_told_all_the_same() -> None:
    async def endpoint() -> Endpoint:
        return Endpoint(f"ws://127.0.0.1:{closed_port()}/v1")

    async def replace_it() -> None:
        raise RuntimeError("a defect")

    heard: Heard[Event] = Heard()
    connection = Connection(endpoint, PROFILE, heard, replace_it)
    task = asyncio.create_task(connection.run())
    await heard.until(lambda all_: len(all_) >= 2)
    await cancelled(task)

    assert [Down, Down] == kinds(heard)[:2]


async def test_whoever_asks_is_told_nothing_within_the_call() -> None:
    """Not even what is known at once: the session is in the middle of something."""
    async with connected(replace(PROFILE, warm_up=False)) as (_, connection, heard):
        connection.warm(STABLE)
        connection.open(1, replace(PROMPT, prefix="x" * FRAME_LIMIT))
        connection.open(2, replace(PROMPT, prefix="x" * FRAME_LIMIT))
        connection.cancel(2)

        assert [Up()] == heard.all
        await heard.until(lambda all_: len(all_) == 3)
        assert Warmed(STABLE) == heard.all[1]
        assert isinstance(heard.all[2], Failed)
        assert 1 == heard.all[2].stream
