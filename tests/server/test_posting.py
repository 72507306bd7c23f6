"""Answers over HTTP from a scripted server: what the session hears, whatever happens to it."""

import asyncio
import contextlib
import gc
import json
import logging
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from spark_lsp.core.events import Down, Ended, Event, Failed, Up, Warmed, Wrote
from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.server.endpoint import Endpoint, Unreachable
from spark_lsp.server.http import Http
from spark_lsp.server.posting import Pace, Posting
from spark_lsp.wire.dialects.base import Call, Dialect, End, Piece, Reader, Target
from spark_lsp.wire.dialects.choose import dialect
from spark_lsp.wire.faults import Fault
from tests.heard import Heard
from tests.web import Authority, Web, scripted_web

KEY = "not-a-real-key-1234"
PROMPT = Prompt((), "a.py", "x = ", "\n")
PACE = Pace(first=0.01, longest=0.02, refused=0.01, drain=20.0)
AGAIN = Pace(first=0.01, longest=0.02, refused=1000.0)
JSON = {"content-type": "application/json"}

both = pytest.mark.parametrize("protocol", ["http/1.1", "h2"])


@dataclass
class Words:
    """A dialect of one line: words are told, "." ends, "!" fails; a field may be refused."""

    field: str = "extra"
    instructable: bool = True

    def call(self, prompt: Prompt | Rewrite) -> Call:
        asked = prompt.prefix if isinstance(prompt, Prompt) else prompt.instruction
        return Call("/words", f"{asked}{self.field}".encode())

    def reader(self, prompt: Prompt | Rewrite) -> Reader:
        del prompt
        return _WordsReader()

    def without(self, fault: Fault) -> "Words | None":
        return Words("") if self.field and fault.param == self.field else None


class _WordsReader:
    def __init__(self) -> None:
        self._said: list[str] = []

    def feed(self, data: bytes) -> Sequence[Piece]:
        pieces: list[Piece] = []
        for word in data.decode().split():
            self._said.append(word)
            if word == ".":
                pieces.append(End())
            elif word == "?":
                pieces.append(Fault("unknown_field", "extra", param="extra"))
            elif word == "!":
                pieces.append(Fault("server_error", f"it broke, {KEY}", status=500))
            else:
                pieces.append(word)
        return pieces

    def close(self) -> Sequence[Piece]:
        if not self._said or self._said[-1] not in {".", "!"}:
            return [Fault("connection_lost", "the answer broke off")]
        return []


class Watched(Posting):
    """Tells when it has tried whether the provider answers."""

    reached: asyncio.Event

    async def _answers(self, http: Http) -> bool:
        answers = await super()._answers(http)
        self.reached.set()
        return answers


@pytest.fixture(autouse=True)
def _nothing_left_open() -> Iterator[None]:
    """What is not closed warns when it is collected, and warnings are errors."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """An authority that is trusted."""
    made = Authority()
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    file.write_bytes(made.pem)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(file))
        yield made


Ask = Callable[[], Awaitable[Endpoint]]


def at(*endpoints: Endpoint | str) -> Ask:
    """Say each in turn, the last for ever; a text is the reason why there is none."""
    left = list(endpoints)

    async def endpoint() -> Endpoint:
        it = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(it, str):
            raise Unreachable(it)
        return it

    return endpoint


@asynccontextmanager
async def kept(
    endpoint: Ask, spoken: Dialect | None = None, pace: Pace = PACE
) -> AsyncIterator[tuple[Watched, Heard[Event], asyncio.Task[None]]]:
    heard: Heard[Event] = Heard()
    posting = Watched(endpoint, spoken or Words(), heard, pace)
    posting.reached = asyncio.Event()
    task = asyncio.create_task(posting.run())
    try:
        yield posting, heard, task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def served(
    authority: Authority | None = None, pace: Pace = PACE
) -> AsyncIterator[tuple[Web, Posting, Heard[Event]]]:
    """Be in touch with a scripted server; over HTTP/2 if there is an authority."""
    tls = authority.context("h2") if authority else None
    async with (
        scripted_web(tls) as web,
        kept(at(Endpoint(web.url, KEY)), pace=pace) as (posting, heard, _),
    ):
        await posting.reached.wait()
        yield web, posting, heard


def spoken(protocol: str, authority: Authority) -> Authority | None:
    return authority if protocol == "h2" else None


def failures(heard: Heard[Event]) -> list[Failed]:
    return [event for event in heard.all if isinstance(event, Failed)]


def told(heard: Heard[Event]) -> list[Event]:
    """What was heard of streams."""
    return [event for event in heard.all if isinstance(event, Wrote | Ended | Failed)]


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert isinstance(port, int)
        return port


async def refused(
    status: int, body: str = "", headers: dict[str, str] | None = None, pace: Pace = AGAIN
) -> list[Event]:
    """Have one request refused, and return what was heard."""
    async with served(pace=pace) as (web, posting, heard):
        posting.open(1, PROMPT)
        await (await web.next()).answer(body, status, headers or JSON)
        await heard.until(lambda _: failures(heard))

        assert 1 == len(web.exchanges)

        return list(heard.all)


@both
async def test_an_answer_arrives_as_events_of_its_stream(
    protocol: str, authority: Authority
) -> None:
    async with served(spoken(protocol, authority)) as (web, posting, heard):
        posting.open(7, PROMPT)
        exchange = await web.next()
        await exchange.begin()
        await exchange.say("value +")
        await heard.until(lambda all_: Wrote(7, "+") in all_)
        await exchange.say("1 .")
        await heard.until(lambda all_: Ended(7) in all_)

        expected = [Up(), Wrote(7, "value"), Wrote(7, "+"), Wrote(7, "1"), Ended(7)]
        assert expected == heard.all
        assert b"x = extra" == exchange.body


@both
async def test_a_connection_is_open_before_the_first_key_and_serves_all(
    protocol: str, authority: Authority
) -> None:
    async with served(spoken(protocol, authority)) as (web, posting, heard):
        for stream in range(5):
            posting.open(stream, PROMPT)
            exchange = await web.next()
            await exchange.begin()
            await exchange.say("value .")
            await heard.until(lambda all_, stream=stream: Ended(stream) in all_)  # type: ignore[misc]
            # The end of the body comes after the last word, and is waited for.
            await exchange.end()
            await asyncio.wait(posting._tasks)

        assert 1 == len(web.connections)


@both
async def test_whoever_cancels_hears_no_more_and_the_server_is_told(
    protocol: str, authority: Authority
) -> None:
    async with served(spoken(protocol, authority)) as (web, posting, heard):
        posting.open(1, PROMPT)
        exchange = await web.next()
        await exchange.begin()
        await exchange.say("value")
        await heard.until(lambda all_: Wrote(1, "value") in all_)
        await exchange.say("more .")
        posting.cancel(1)
        before = list(heard.all)
        await exchange.left()
        posting.open(2, PROMPT)
        await (await web.next()).answer("again .")
        await heard.until(lambda all_: Ended(2) in all_)

        assert [*before, Wrote(2, "again"), Ended(2)] == heard.all
        assert (1 if protocol == "h2" else 2) == len(web.connections)


async def test_whoever_cancels_while_hearing_hears_no_more_of_what_has_arrived() -> None:
    async with scripted_web() as web:
        heard: Heard[Event] = Heard()

        def feed(event: Event) -> None:
            heard(event)
            if event == Wrote(1, "b"):
                posting.cancel(1)

        posting = Posting(at(Endpoint(web.url)), Words(), feed, PACE)
        task = asyncio.create_task(posting.run())
        await heard.until(lambda all_: Up() in all_)
        posting.open(1, PROMPT)
        exchange = await web.next()
        await exchange.begin()
        await exchange.say("a b c d .")
        await exchange.left()

        assert [Wrote(1, "a"), Wrote(1, "b")] == told(heard)

        task.cancel()
        await asyncio.wait([task])


async def test_a_stream_that_is_cancelled_at_once_costs_no_request() -> None:
    async with served() as (web, posting, heard):
        posting.open(1, PROMPT)
        posting.cancel(1)
        posting.cancel(1)
        posting.cancel(99)
        posting.open(2, PROMPT)
        await (await web.next()).answer("value .")
        await heard.until(lambda all_: Ended(2) in all_)

        assert 1 == len(web.exchanges)
        assert [Wrote(2, "value"), Ended(2)] == told(heard)


@both
async def test_stale_work_does_not_pile_up(protocol: str, authority: Authority) -> None:
    """A person types faster than the server answers: what was cancelled is gone."""
    async with served(spoken(protocol, authority)) as (web, posting, heard):
        for stream in range(50):
            posting.open(stream, PROMPT)
            exchange = await web.next()
            posting.cancel(stream)
            await exchange.left()
        posting.open(50, PROMPT)
        await (await web.next()).answer("value .")
        await heard.until(lambda all_: Ended(50) in all_)
        await web.until(lambda: web.open == 1)

        assert [Wrote(50, "value"), Ended(50)] == told(heard)
        assert 0 == len(posting._streams)


async def test_there_is_nothing_to_warm_up_and_that_is_said_after_the_call() -> None:
    stable = (Block("file", "util.py", "def helper(): ...\n"),)
    async with served() as (web, posting, heard):
        posting.warm(stable)

        assert [Up()] == heard.all

        await heard.until(lambda all_: Warmed(stable) in all_)

        assert [] == web.exchanges


async def test_before_it_is_there_a_request_fails_but_not_within_the_call() -> None:
    async def never() -> Endpoint:
        await asyncio.Event().wait()
        raise AssertionError

    async with kept(never) as (posting, heard, _):
        posting.open(1, PROMPT)

        assert [] == heard.all

        await heard.until(len)

        assert [Failed(1, "the model is not there yet", transient=True)] == heard.all


async def test_without_an_address_it_is_away_until_there_is_one() -> None:
    async with scripted_web() as web:
        addresses = at("the key is missing", "the key is missing", Endpoint(web.url))
        async with kept(addresses) as (posting, heard, _):
            await heard.until(lambda all_: Up() in all_)
            posting.open(1, PROMPT)
            await (await web.next()).answer("value .")
            await heard.until(lambda all_: Ended(1) in all_)

            first, second = Down("the key is missing"), Down("the key is missing", hopeless=True)
            assert [first, second, Up()] == heard.all[:3]


async def test_who_is_not_there_is_down_before_streams_fail_and_is_looked_for() -> None:
    """The session must know that the backend is away when it decides about a retry."""
    async with scripted_web() as web, kept(at(Endpoint(web.url))) as (posting, heard, _):
        await posting.reached.wait()
        port = web.port
        await web.stop()
        posting.open(1, PROMPT)
        await heard.until(lambda all_: sum(isinstance(it, Down) for it in all_) > 2)

        reason = f"nothing listens at {web.url}: start it, or check the address"
        expected = [
            Up(),
            Down(reason),
            Failed(1, reason, transient=True),
            Down(reason, hopeless=True),
        ]
        assert expected == heard.all[:4]

        async with scripted_web(port=port) as back:
            await heard.until(lambda all_: all_.count(Up()) == 2)
            posting.open(2, PROMPT)
            await (await back.next()).answer("value .")
            await heard.until(lambda all_: Ended(2) in all_)


async def test_who_is_not_there_at_the_start_is_said_without_a_request() -> None:
    url = f"http://127.0.0.1:{closed_port()}/v1"
    async with kept(at(Endpoint(url))) as (_, heard, _):
        await heard.until(lambda all_: len(all_) > 1)

        reason = f"nothing listens at {url}: start it, or check the address"
        assert [Down(reason), Down(reason, hopeless=True)] == heard.all[:2]


async def test_an_outage_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    url = f"http://127.0.0.1:{closed_port()}/v1"
    async with kept(at(Endpoint(url))) as (_, heard, _):
        await heard.until(lambda all_: len(all_) > 4)

    assert 1 == caplog.text.count("nothing listens")


def test_the_waits_grow_and_have_an_end() -> None:
    posting = Posting(at(""), Words(), lambda _: None)
    waits = []
    for _ in range(9):
        posting._leave("away")
        waits.append(posting._pause())
    posting._leave("the key is refused", refused=True)

    assert [0.5, 1, 2, 4, 8, 16, 30, 30, 30, 60] == [*waits, posting._pause()]


async def test_a_server_that_loads_its_model_is_waited_for() -> None:
    """As llama.cpp says it, whatever it is asked."""
    async with served() as (web, posting, heard):
        web.head_status = 503
        posting.open(1, PROMPT)
        body = '{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}'
        await (await web.next()).answer(body, 503, JSON)
        await heard.until(lambda all_: sum(isinstance(it, Down) for it in all_) > 1)
        web.head_status = 200
        await heard.until(lambda all_: all_.count(Up()) == 2)
        down, failed = heard.all[1:3]

        assert isinstance(down, Down)
        assert "Loading model" in down.reason
        assert isinstance(failed, Failed)
        assert failed.transient


async def test_a_probe_is_not_believed_for_ever() -> None:
    """A gateway may have nothing but the one path that is asked for."""
    async with served() as (web, posting, heard):
        web.head_status = 503
        posting.open(1, PROMPT)
        await (await web.next()).answer("", 502, JSON)
        await heard.until(lambda all_: all_.count(Up()) == 2)
        posting.open(2, PROMPT)
        await (await web.next()).answer("value .")
        await heard.until(lambda all_: Ended(2) in all_)


@both
async def test_a_kept_connection_that_was_closed_is_no_failure(
    protocol: str, authority: Authority
) -> None:
    async with served(spoken(protocol, authority)) as (web, posting, heard):
        posting.open(1, PROMPT)
        await web.next()
        web.hang_up()
        await (await web.next()).answer("value .")
        await heard.until(lambda all_: Ended(1) in all_)

        assert [Up(), Wrote(1, "value"), Ended(1)] == heard.all


@both
async def test_an_answer_that_is_cut_off_fails_its_stream_alone(
    protocol: str, authority: Authority
) -> None:
    async with served(spoken(protocol, authority)) as (web, posting, heard):
        posting.open(1, PROMPT)
        exchange = await web.next()
        await exchange.begin()
        await exchange.say("value")
        await heard.until(lambda all_: Wrote(1, "value") in all_)
        await exchange.cut()
        await heard.until(lambda _: failures(heard))

        failed = Failed(1, "the answer broke off", transient=True)
        assert [Up(), Wrote(1, "value"), failed] == heard.all

        posting.open(2, PROMPT)
        await (await web.next()).answer("value .")
        await heard.until(lambda all_: Ended(2) in all_)


async def test_an_answer_that_is_cut_off_after_its_end_has_ended() -> None:
    async with served() as (web, posting, heard):
        posting.open(1, PROMPT)
        exchange = await web.next()
        await exchange.begin()
        await exchange.say("value .")
        await heard.until(lambda all_: Ended(1) in all_)
        await exchange.cut()
        await web.until(lambda: web.open == 0)

        assert [Up(), Wrote(1, "value"), Ended(1)] == heard.all


async def test_an_answer_that_goes_on_after_its_end_is_left() -> None:
    async with served(pace=replace(PACE, drain=0.01)) as (web, posting, heard):
        posting.open(1, PROMPT)
        exchange = await web.next()
        await exchange.begin()
        await exchange.say("value . and on")
        await exchange.left()

        assert [Up(), Wrote(1, "value"), Ended(1)] == heard.all


async def test_an_error_in_the_middle_of_an_answer_is_told() -> None:
    async with served() as (web, posting, heard):
        posting.open(1, PROMPT)
        await (await web.next()).answer("value !")
        await heard.until(lambda _: failures(heard))

        assert [Wrote(1, "value"), Failed(1, "it broke, …", transient=True)] == told(heard)


async def test_a_defect_of_ours_costs_one_answer() -> None:
    class Broken(Words):
        def call(self, prompt: Prompt | Rewrite) -> Call:
            if prompt == replace(PROMPT, prefix=""):
                raise ZeroDivisionError
            return super().call(prompt)

    async with scripted_web() as web, kept(at(Endpoint(web.url)), Broken()) as (posting, heard, _):
        await heard.until(lambda all_: Up() in all_)
        posting.open(1, replace(PROMPT, prefix=""))
        await heard.until(lambda _: failures(heard))

        expected = "the request has failed (ZeroDivisionError)"
        assert [Failed(1, expected, transient=False)] == told(heard)

        posting.open(2, PROMPT)
        await (await web.next()).answer("value .")
        await heard.until(lambda all_: Ended(2) in all_)


@pytest.mark.parametrize(
    ("status", "transient"),
    [(400, False), (403, False), (404, False), (413, False), (307, False), (500, True)],
)
async def test_a_refusal_fails_its_stream_and_is_repeated_only_if_that_may_help(
    status: int, transient: bool
) -> None:
    heard = await refused(status, json.dumps({"error": {"message": f"no, {KEY}"}}))
    up, failed = heard

    assert isinstance(failed, Failed)
    assert (1, transient, 0.0) == (failed.stream, failed.transient, failed.after)
    assert f"(HTTP {status})" in failed.reason
    assert KEY not in failed.reason
    assert Up() == up


async def test_a_server_that_asks_to_wait_is_obeyed() -> None:
    up, failed = await refused(429, headers={"retry-after": "7", **JSON})

    assert Up() == up
    assert isinstance(failed, Failed)
    assert (True, 7.0) == (failed.transient, failed.after)


async def test_a_server_that_is_overloaded_and_says_for_how_long_is_not_away() -> None:
    up, failed = await refused(503, headers={"retry-after": "7", **JSON})

    assert Up() == up
    assert isinstance(failed, Failed)
    assert (True, 7.0) == (failed.transient, failed.after)


async def test_a_server_that_only_says_slow_down_is_given_more_and_more_time() -> None:
    async with served(pace=replace(PACE, slower=1.0, refused=3.0)) as (web, posting, heard):
        for stream, body in enumerate(("", "", "", ".", "")):
            posting.open(stream, PROMPT)
            status = 200 if body else 429
            await (await web.next()).answer(body, status, JSON)
            await heard.until(
                lambda _, stream=stream: (
                    {type(it) for it in told(heard) if it.stream == stream}  # type: ignore[misc, union-attr]
                    & {Failed, Ended}
                )
            )

        assert [1.0, 2.0, 3.0, 1.0] == [it.after for it in failures(heard)]


async def test_a_key_that_is_refused_is_down_until_something_changes() -> None:
    async with served(pace=AGAIN) as (web, posting, heard):
        posting.open(1, PROMPT)
        body = json.dumps({"error": {"message": f"Incorrect API key: {KEY}"}})
        await (await web.next()).answer(body, 401, JSON)
        await heard.until(lambda _: failures(heard))
        posting.open(2, PROMPT)
        await heard.until(lambda _: len(failures(heard)) == 2)

        reason = "the server does not accept the key: check the key of this provider (HTTP 401)"
        expected = [
            Up(),
            Down(reason, hopeless=True, refused=True),
            Failed(1, reason, transient=False, lasting=True),
            Failed(2, reason, transient=True),
        ]
        assert expected == heard.all
        assert 1 == len(web.exchanges)


async def test_a_key_that_was_refused_is_tried_again_after_a_while() -> None:
    async with served() as (web, posting, heard):
        web.head_status = 401
        posting.open(1, PROMPT)
        await (await web.next()).answer("", 401, JSON)
        await heard.until(lambda all_: all_.count(Up()) == 2)
        posting.open(2, PROMPT)
        await (await web.next()).answer("value .")
        await heard.until(lambda all_: Ended(2) in all_)


async def test_a_key_that_was_renewed_is_used_at_once_and_unnoticed() -> None:
    async with scripted_web() as web:
        old, new = Endpoint(web.url, KEY), Endpoint(web.url, f"{KEY}-new")
        async with kept(at(old, new)) as (posting, heard, _):
            await heard.until(lambda all_: Up() in all_)
            posting.open(1, PROMPT)
            await (await web.next()).answer("", 401, JSON)
            exchange = await web.next()
            await exchange.answer("value .")
            await heard.until(lambda all_: Ended(1) in all_)

            assert [Up(), Wrote(1, "value"), Ended(1)] == heard.all
            assert f"Bearer {KEY}-new" == exchange.headers["authorization"]


async def test_a_renewed_key_that_is_refused_too_is_not_tried_for_ever() -> None:
    async with scripted_web() as web:
        endpoints = [Endpoint(web.url, f"{KEY}-{number}") for number in range(3)]
        async with kept(at(*endpoints), pace=AGAIN) as (posting, heard, _):
            await heard.until(lambda all_: Up() in all_)
            posting.open(1, PROMPT)
            for _ in range(2):
                await (await web.next()).answer("", 401, JSON)
            await heard.until(lambda _: failures(heard))

            assert 2 == len(web.exchanges)


async def test_a_field_that_is_refused_is_left_out_at_once_and_from_then_on() -> None:
    async with served() as (web, posting, heard):
        posting.open(1, PROMPT)
        body = '{"error":{"message":"unknown field","param":"extra"}}'
        await (await web.next()).answer(body, 400, JSON)
        await (await web.next()).answer("value .")
        await heard.until(lambda all_: Ended(1) in all_)
        posting.open(2, PROMPT)
        await (await web.next()).answer("value .")
        await heard.until(lambda all_: Ended(2) in all_)

        assert [b"x = extra", b"x = ", b"x = "] == [it.body for it in web.exchanges]
        assert not failures(heard)


async def test_what_has_been_heard_is_not_asked_for_again() -> None:
    """An answer would be written twice."""
    async with served() as (web, posting, heard):
        posting.open(1, PROMPT)
        await (await web.next()).answer("value ?")
        await heard.until(lambda _: failures(heard))

        assert [Wrote(1, "value"), Failed(1, "extra", transient=False)] == told(heard)
        assert 1 == len(web.exchanges)


async def test_the_key_is_in_no_log_whatever_happens(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with served() as (web, posting, heard):
        bodies = [(400, "extra"), (200, "!"), (400, ""), (401, "")]
        for stream, (status, param) in enumerate(bodies):
            body = json.dumps({"error": {"message": f"{KEY} is bad", "param": param}})
            posting.open(stream, PROMPT)
            await (await web.next()).answer("!" if status == 200 else body, status, JSON)
            if param == "extra":
                await (await web.next()).answer("value .")
            await heard.until(lambda _, n=stream: len(failures(heard)) == n)  # type: ignore[misc]

    assert "the model failed" in caplog.text
    assert KEY not in caplog.text
    assert not any(KEY in repr(event) for event in heard.all)


async def test_when_it_ends_streams_fail_and_nothing_is_left() -> None:
    tasks = asyncio.all_tasks()
    async with scripted_web() as web, kept(at(Endpoint(web.url))) as (posting, heard, task):
        await heard.until(lambda all_: Up() in all_)
        for stream in (1, 2, 3):
            posting.open(stream, PROMPT)
        exchanges = [await web.next() for _ in range(3)]
        await exchanges[0].begin()
        await exchanges[0].say("value")
        await heard.until(lambda all_: Wrote(1, "value") in all_)
        task.cancel()
        await asyncio.wait([task])

        reason = "the connection to the model was given up"
        failed = [Failed(stream, reason, transient=True) for stream in (1, 2, 3)]
        assert [Up(), Wrote(1, "value"), Down(reason), *failed] == heard.all
        assert task.cancelled()

        await web.until(lambda: web.open == 0)

        local = {getattr(it.raddr, "port", 0) for it in psutil.Process().net_connections()}
        assert web.port not in local

    assert tasks == asyncio.all_tasks()


def sse(*messages: object) -> str:
    return "".join(f"data: {json.dumps(message)}\n\n" for message in messages)


SPOKEN = {
    "completions": (
        "/v1/completions",
        sse({"choices": [{"text": "1 + "}]})
        + sse({"choices": [{"text": "2", "finish_reason": "stop"}]})
        + "data: [DONE]\n\n",
    ),
    "fim": (
        "/v1/fim/completions",
        sse({"choices": [{"delta": {"content": "1 + "}}]})
        + sse({"choices": [{"delta": {"content": "2"}, "finish_reason": "stop"}]})
        + "data: [DONE]\n\n",
    ),
    "chat": (
        "/v1/chat/completions",
        sse({"choices": [{"delta": {"content": "1 + "}}]})
        + sse({"choices": [{"delta": {"content": "2"}, "finish_reason": "stop"}]})
        + "data: [DONE]\n\n",
    ),
    "infill": (
        "/infill",
        sse({"content": "1 + ", "stop": False}) + sse({"content": "2", "stop": True}),
    ),
    "ollama": (
        "/api/generate",
        '{"response":"1 + ","done":false}\n{"response":"2","done":true,"done_reason":"stop"}\n',
    ),
    "responses": (
        "/v1/responses",
        sse(
            {"type": "response.created", "response": {"id": "r"}},
            {"type": "response.output_text.delta", "output_index": 0, "delta": "1 + "},
            {"type": "response.output_text.delta", "output_index": 0, "delta": "2"},
            {"type": "response.completed", "response": {"id": "r", "status": "completed"}},
        ),
    ),
}
"""What servers of each kind answer, and at which path; written down apart from our own readers."""


@pytest.mark.parametrize("wire_api", SPOKEN)
@pytest.mark.parametrize("size", [1, 7, 10_000])
async def test_each_kind_of_server_is_understood(wire_api: str, size: int) -> None:
    path, body = SPOKEN[wire_api]
    target = Target("qwen2.5-coder", 64)
    async with (
        scripted_web() as web,
        kept(at(Endpoint(web.url)), dialect(wire_api, target)) as (posting, heard, _),
    ):
        await heard.until(lambda all_: Up() in all_)
        posting.open(1, PROMPT)
        exchange = await web.next()
        await exchange.begin()
        for start in range(0, len(body), size):
            await exchange.say(body[start : start + size])
        await exchange.end()
        await heard.until(lambda all_: Ended(1) in all_)

        assert path == exchange.path
        assert "x = " in json.dumps(json.loads(exchange.body))
        assert "1 + 2" == "".join(it.text for it in heard.all if isinstance(it, Wrote))


def test_nothing_of_http_is_loaded_before_it_is_needed(tmp_path: Path) -> None:
    """It takes a fifth of a second, which most people's start-up can do without."""
    code = "import sys, spark_lsp.server.posting; print('httpx2' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert "False\n" == done.stdout
