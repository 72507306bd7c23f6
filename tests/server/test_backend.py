"""The embedded engine as a service: lanes, interrupts, garbage, and what it learns."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spark_lsp.core.exclusion import SIZE_LIMIT
from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.core.settings import EMBEDDED
from spark_lsp.engine.model import Engine, Piece
from spark_lsp.server import teacher as teacher_module
from spark_lsp.server import walk
from spark_lsp.server.backend import MODELS, Service, _reference
from spark_lsp.server.endpoint import Endpoint
from spark_lsp.server.teacher import Teacher
from spark_lsp.server.web import listening
from spark_lsp.server.websocket import Socket, connect
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.client import Client
from spark_lsp.wire.layout import stable_items, tail_items
from spark_lsp.wire.outcomes import Delta, Ended, Event, Failed
from tests.heard import PATIENCE

TOKEN = "token-for-tests"
PROFILE = Profile(
    EMBEDDED, None, 10**9, lanes=True, continuation=True, interrupt=True, prompt_cache_key=""
)
UTIL = "def parse(text):\n    number, unit = split_duration(text)\n    return number * unit\n"
PROMPT = Prompt((), "open.py", "def again(text):\n    number, unit = ", "\n")


class Endless(Engine):
    """An engine that never stops writing by itself, and knows how much it has written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: dict[str, int] = {}
        self.stopped: list[str] = []

    def complete(self, path: str, *_: object, **__: object) -> Iterator[Piece]:
        try:
            while True:
                self.written[path] = self.written.get(path, 0) + 1
                yield Piece("x", 1.0)
        finally:
            self.stopped.append(path)


class Visitor:
    """A client of the service."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.client = Client(PROFILE)
        self.frames: list[dict[str, Any]] = []
        self.events: list[Event] = []
        self._handles = 0
        self._stream = socket.frames()

    def create(self, prompt: Prompt | Rewrite) -> int:
        """Ask for an answer and return its handle."""
        self._handles += 1
        for frame in self.client.create(self._handles, prompt).frames:
            self.socket.send(frame)
        return self._handles

    def cancel(self, handle: int) -> None:
        for frame in self.client.cancel(handle).frames:
            self.socket.send(frame)

    def warm(self, stable: tuple[Block, ...]) -> None:
        for frame in self.client.warm(stable).frames:
            self.socket.send(frame)

    def say(self, type_: str, **fields: Any) -> None:
        """Send what our own client never does."""
        self.socket.send(json.dumps({"type": type_, **fields}))

    async def until(self, type_: str) -> dict[str, Any]:
        """Wait for an event of a type."""
        while (await self.frame())["type"] != type_:
            pass
        return self.frames[-1]

    async def frame(self) -> dict[str, Any]:
        """Wait for the next frame."""
        async with asyncio.timeout(PATIENCE):
            text = await anext(self._stream)
        self.frames.append(json.loads(text))
        step = self.client.receive(text)
        self.events += step.events
        for reply in step.frames:
            self.socket.send(reply)
        return self.frames[-1]

    async def all_answered(self) -> None:
        """Wait until what was sent so far without a lane, whatever it was, has been answered."""
        self.socket.send('{"type":"response.create","model":"the last","input":"x"}')
        while "the last" not in json.dumps(await self.frame()):
            pass

    async def answer(self, prompt: Prompt) -> str:
        """Ask, and wait for the whole answer."""
        handle = self.create(prompt)
        while not any(isinstance(it, Ended) and it.handle == handle for it in self.events):
            assert not any(isinstance(it, Failed) for it in self.events), self.events
            await self.frame()
        return "".join(
            it.text for it in self.events if isinstance(it, Delta) and it.handle == handle
        )

    async def answer_that(self, prompt: Prompt, *, has: str) -> str:
        """Ask until the answer has a text in it, as the engine may still be learning."""
        async with asyncio.timeout(PATIENCE):
            while has not in (answer := await self.answer(prompt)):
                pass
        return answer


@asynccontextmanager
async def serving(
    engine: Engine, root: Path | None = None
) -> AsyncIterator[tuple[Endpoint, Service]]:
    teacher = Teacher(engine, root)
    service = Service(engine, teacher)
    async with listening(service.handle, "127.0.0.1", 0, TOKEN, MODELS) as port:
        learning = asyncio.create_task(teacher.run())
        try:
            yield Endpoint(f"ws://127.0.0.1:{port}/v1", TOKEN), service
        finally:
            teacher.close()
            learning.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await learning


@asynccontextmanager
async def visiting(engine: Engine, root: Path | None = None) -> AsyncIterator[Visitor]:
    async with serving(engine, root) as (endpoint, _):
        visitor = Visitor(await connect(endpoint))
        try:
            yield visitor
        finally:
            visitor.socket.abort()
            await visitor._stream.aclose()


async def test_two_lanes_are_written_beside_each_other() -> None:
    engine = Endless()
    async with visiting(engine) as visitor:
        first = visitor.create(replace(PROMPT, path="first.py"))
        second = visitor.create(replace(PROMPT, path="second.py"))
        while not {first, second} <= {it.handle for it in visitor.events if isinstance(it, Delta)}:
            await visitor.frame()

        assert {"first.py", "second.py"} == set(engine.written)
        assert [] == engine.stopped


async def test_an_interrupt_stops_the_writing_of_its_answer_alone() -> None:
    engine = Endless()
    async with visiting(engine) as visitor:
        first = visitor.create(replace(PROMPT, path="first.py"))
        visitor.create(replace(PROMPT, path="second.py"))
        while not any(isinstance(it, Delta) and it.handle == first for it in visitor.events):
            await visitor.frame()
        visitor.cancel(first)
        while not any(frame["type"] == "response.incomplete" for frame in visitor.frames):
            await visitor.frame()
        written = engine.written["first.py"]
        for _ in range(100):
            await visitor.frame()

        assert ["first.py"] == engine.stopped
        assert written == engine.written["first.py"]


async def test_a_client_that_is_gone_is_written_for_no_longer() -> None:
    engine = Endless()
    async with serving(engine) as (endpoint, _):
        visitor = Visitor(await connect(endpoint))
        visitor.create(PROMPT)
        await visitor.frame()
        visitor.socket.abort()
        await visitor._stream.aclose()
        async with asyncio.timeout(PATIENCE):
            while not engine.stopped:
                await asyncio.to_thread(lambda: None)

    assert ["open.py"] == engine.stopped


async def test_a_steered_answer_ends_and_its_successor_goes_on_after_its_text() -> None:
    class Counting(Endless):
        def complete(self, path: str, *texts: object, **__: object) -> Iterator[Piece]:
            prefixes.append(str(texts[0]))
            return super().complete(path)

    prefixes: list[str] = []
    engine = Counting()
    async with visiting(engine) as visitor:
        visitor.say("response.create", model=EMBEDDED, input="x = ", max_output_tokens=10**9)
        first = (await visitor.until("response.created"))["response"]["id"]
        await visitor.until("response.output_text.delta")
        visitor.say("response.steer", previous_response_id=first, input="use ints")
        ended = (await visitor.until("response.incomplete"))["response"]
        second = (await visitor.until("response.created"))["response"]
        await visitor.until("response.output_text.delta")

        assert [""] == engine.stopped
    written = ended["output"][0]["content"][0]["text"]
    assert {"reason": "steered"} == ended["incomplete_details"]
    assert len(written) == ended["usage"]["output_tokens"]
    assert first == second["previous_response_id"]
    assert ["x = ", "x = " + written] == prefixes


async def test_who_wants_a_region_rewritten_is_told_that_the_engine_only_completes() -> None:
    """Instead of an answer that has nothing to do with what was wanted; the next one is served."""
    rewrite = Rewrite((), "open.py", "", "x = 1\n", "", "Double it.")
    engine = Endless()
    async with visiting(engine) as visitor:
        handle = visitor.create(rewrite)
        while not visitor.events:
            await visitor.frame()
        (failed,) = visitor.events

        assert isinstance(failed, Failed)
        assert (handle, "instructions_not_supported") == (failed.handle, failed.code)
        assert (False, False) == (failed.transient, failed.lasting)
        assert "cannot follow instructions" in failed.message
        assert PROFILE == visitor.client.profile
        assert {} == engine.written
        following = visitor.create(PROMPT)
        while not any(it == Delta(following, "x", 1.0) for it in visitor.events):
            await visitor.frame()


async def test_a_rewrite_by_post_is_refused_likewise() -> None:
    rewrite = Rewrite((), "open.py", "", "x = 1\n", "", "Double it.")
    async with serving(Endless()) as (endpoint, _), asyncio.timeout(PATIENCE):
        reader, writer = await post(endpoint, input=[*stable_items(()), *tail_items(rewrite)])
        answer = json.loads((await reader.read()).partition(b"\r\n\r\n")[2])
        writer.close()
        await writer.wait_closed()

    assert "failed" == answer["status"]
    assert "instructions_not_supported" == answer["error"]["code"]


async def test_an_instruction_in_a_completion_is_passed_over_by_the_engine() -> None:
    """It completes as it would without."""

    class Asked(Engine):
        def complete(self, *asked: object, **__: object) -> Iterator[Piece]:
            seen.append(asked)
            return iter([Piece("x", 1.0)])

    seen: list[tuple[object, ...]] = []
    async with visiting(Asked()) as visitor:
        for prompt in (PROMPT, replace(PROMPT, instruction="Use a set.")):
            assert await visitor.answer(prompt)

    assert seen[0] == seen[1]


async def test_an_answer_is_cut_where_its_client_says_and_says_so() -> None:
    async with visiting(Endless()) as visitor:
        visitor.say("response.create", model=EMBEDDED, input="x = ", max_output_tokens=3)
        response = (await visitor.until("response.incomplete"))["response"]

    assert "xxx" == response["output"][0]["content"][0]["text"]
    assert {"reason": "max_output_tokens"} == response["incomplete_details"]
    assert 3 == response["usage"]["output_tokens"]


async def test_an_answer_that_ends_where_it_would_have_been_cut_is_whole() -> None:
    class Three(Engine):
        def complete(self, *_: object, **__: object) -> Iterator[Piece]:
            return iter([Piece("x", 1.0)] * 3)

    async with visiting(Three()) as visitor:
        visitor.say("response.create", model=EMBEDDED, input="x = ", max_output_tokens=3)
        assert await visitor.until("response.completed")


async def test_a_client_that_does_not_read_is_waited_for() -> None:
    engine = Endless()
    async with serving(engine) as (endpoint, _):
        slow, quick = Visitor(await connect(endpoint)), Visitor(await connect(endpoint))
        slow.create(replace(PROMPT, path="slow.py"))
        quick.create(replace(PROMPT, path="quick.py"))
        # The quick one keeps reading until nothing has been written for the slow one in between.
        written, still = 0, 0
        while still < 100:
            await quick.frame()
            still = still + 1 if engine.written.get("slow.py", 0) == written > 0 else 0
            written = engine.written.get("slow.py", 0)
        for visitor in (slow, quick):
            visitor.socket.abort()
            await visitor._stream.aclose()

    assert {"slow.py", "quick.py"} == set(engine.stopped)


async def post(endpoint: Endpoint, **fields: Any) -> tuple[asyncio.StreamReader, Any]:
    """Send a POST; returns what is read from and what hangs up."""
    host = endpoint.url.split("/")[2]
    reader, writer = await asyncio.open_connection(*host.split(":"))
    body = json.dumps({"model": EMBEDDED, "input": "number, unit = "} | fields).encode()
    writer.write(
        f"POST /v1/responses HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
        + body
    )
    return reader, writer


async def test_a_post_is_answered_by_the_same_engine(tmp_path: Path) -> None:
    (tmp_path / "util.py").write_text(UTIL, "utf-8")
    engine = Engine()
    async with serving(engine, tmp_path) as (endpoint, _):
        text = ""
        async with asyncio.timeout(PATIENCE):
            while not text:
                reader, writer = await post(endpoint)
                answer = json.loads((await reader.read()).partition(b"\r\n\r\n")[2])
                writer.close()
                await writer.wait_closed()
                text = "".join(item["content"][0]["text"] for item in answer["output"])

    assert text.startswith("split_duration")
    assert "completed" == answer["status"]


async def test_hanging_up_ends_what_is_written_for_a_post() -> None:
    engine = Endless()
    async with serving(engine) as (endpoint, _):
        reader, writer = await post(endpoint, stream=True, max_output_tokens=10**9)
        async with asyncio.timeout(PATIENCE):
            await reader.readuntil(b"response.output_text.delta\n")
            assert [] == engine.stopped
            writer.transport.abort()
            while not engine.stopped:
                await asyncio.to_thread(lambda: None)
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    assert [""] == engine.stopped


async def test_garbage_is_answered_and_the_connection_stays_of_use(tmp_path: Path) -> None:
    (tmp_path / "util.py").write_text(UTIL, "utf-8")
    garbage = [
        "", "{", "null", "[]", "5", '"x"', "[" * 5000, "{}", '{"type":"no.such.thing"}',
        '{"type":5}', '{"type":"response.create"}', '{"type":"response.create","input":5}',
        '{"type":"response.create","model":"embedded","input":[{"content":5}]}',
        '{"type":"response.create","model":"other","input":"x"}',
        '{"type":"response.interrupt"}', '{"type":"response.interrupt","response_id":"x"}',
        '{"type":"response.create","model":"embedded","input":"x","previous_response_id":"x"}',
        '{"type":"response.create","model":"embedded","input":"x","stream_id":"\\u0000"}',
    ]  # fmt: skip
    async with visiting(Engine(), tmp_path) as visitor:
        for frame in garbage:
            visitor.socket.send(frame)
        await visitor.all_answered()
        answer = await visitor.answer_that(PROMPT, has="split_duration")

        assert answer.startswith("split_duration(text)")


async def test_binary_frames_do_not_end_the_connection(tmp_path: Path) -> None:
    (tmp_path / "util.py").write_text(UTIL, "utf-8")
    async with visiting(Engine(), tmp_path) as visitor:
        await visitor.socket._connection.send(b"\xff\xfe\0")
        await visitor.all_answered()
        assert await visitor.answer_that(PROMPT, has="split_duration")


async def test_a_changed_file_is_learned_anew_after_a_prepare(tmp_path: Path) -> None:
    (tmp_path / "util.py").write_text(UTIL, "utf-8")
    async with visiting(Engine(), tmp_path) as visitor:
        await visitor.answer_that(PROMPT, has="split_duration(text)")
        (tmp_path / "util.py").write_text(UTIL.replace("split_duration", "cut_apart"), "utf-8")
        visitor.warm((Block("file", "open.py", "pass\n"),))

        assert await visitor.answer_that(PROMPT, has="cut_apart(text)")
        assert "split_duration" not in await visitor.answer(PROMPT)


async def test_a_file_that_is_gone_is_forgotten_after_a_prepare(tmp_path: Path) -> None:
    (tmp_path / "util.py").write_text(UTIL, "utf-8")
    (tmp_path / "other.py").write_text("x = 1\n", "utf-8")
    engine = Engine()
    async with visiting(engine, tmp_path) as visitor:
        await visitor.answer_that(PROMPT, has="split_duration(text)")
        (tmp_path / "util.py").unlink()
        visitor.warm((Block("file", "open.py", "pass\n"),))
        async with asyncio.timeout(PATIENCE):
            while await visitor.answer(PROMPT):
                pass

        assert 1 == engine.files


async def test_what_must_not_be_read_is_not_learned(tmp_path: Path) -> None:
    for path in ("ignored.py", ".env", "node_modules/a.py"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(UTIL, "utf-8")
    (tmp_path / ".gitignore").write_text("ignored.py\n", "utf-8")
    engine = Engine()
    teacher = Teacher(engine, tmp_path)
    await asyncio.to_thread(teacher.learn, tmp_path)

    assert [".gitignore"] == list(engine._learned.corpus.homes)


async def test_sources_are_learned_before_other_text_and_a_large_file_does_not_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teacher_module, "_LIMIT", 100)
    write(tmp_path, {"a.txt": "t" * 30, "b.py": "p" * 40, "c.py": "l" * 90, "d/e.py": "q" * 40})
    write(tmp_path, {"z.txt": "z" * 20, "0.txt": "\0" * 15})
    engine = Engine()
    Teacher(engine, tmp_path).learn(tmp_path)

    # 40 + 40 of sources; then 20 of what is left and fits. What is no text takes no room.
    assert {"b.py", "d/e.py", "z.txt"} == set(engine._learned.corpus.homes)


async def test_what_has_become_ignored_is_forgotten_and_the_rest_not_learned_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"a.py": "x = 1\n", "b.py": "y = 2\n", "c.bin": "\0"})
    engine = Engine()
    teacher = Teacher(engine, tmp_path)
    teacher.learn(tmp_path)
    told: list[Mapping[str, str | None]] = []
    monkeypatch.setattr(engine, "learn", lambda files, **_: told.append(dict(files)))
    read: list[str] = []
    really = walk.read

    def note(root: Path, path: str) -> str | None:
        read.append(path)
        return really(root, path)

    monkeypatch.setattr(walk, "read", note)
    teacher.learn(tmp_path)
    write(tmp_path, {".sparkignore": "b.py\n"})
    teacher.learn(tmp_path)

    assert [{".sparkignore": "b.py\n", "b.py": None}] == told
    assert [".sparkignore"] == read


async def test_a_file_that_becomes_too_large_or_no_text_is_forgotten(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "x = 1\n", "b.py": "y = 2\n", "c.py": "z = 3\n"})
    engine = Engine()
    teacher = Teacher(engine, tmp_path)
    teacher.learn(tmp_path)
    write(tmp_path, {"a.py": "x" * (SIZE_LIMIT + 1), "b.py": "\0\0"})
    teacher.learn(tmp_path)

    assert {"c.py"} == set(engine._learned.corpus.homes)


async def test_a_round_that_fails_is_logged_and_the_next_one_learns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, {"util.py": UTIL})
    engine = Engine()
    really = engine.learn
    tried = 0

    def fail_once(files: Mapping[str, str | None], **_: bool) -> None:
        nonlocal tried
        tried += 1
        if tried == 1:
            raise RuntimeError("a bug")
        really(files)

    monkeypatch.setattr(engine, "learn", fail_once)
    teacher = Teacher(engine, tmp_path)
    task = asyncio.create_task(teacher.run())
    async with asyncio.timeout(PATIENCE):
        while "a bug" not in caplog.text:
            await asyncio.to_thread(lambda: None)
        teacher.refresh()
        while not engine.files:
            await asyncio.to_thread(lambda: None)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert 1 == engine.files


async def test_a_closed_teacher_teaches_no_more(tmp_path: Path) -> None:
    write(tmp_path, {"util.py": UTIL})
    engine = Engine()
    teacher = Teacher(engine, tmp_path)
    teacher.close()
    teacher.learn(tmp_path)

    assert 0 == engine.files


def write(root: Path, tree: Mapping[str, str]) -> None:
    for path, content in tree.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, "utf-8")


async def test_the_copy_on_disk_of_the_file_that_is_edited_has_no_say(tmp_path: Path) -> None:
    """It may hold what the person has just deleted, or what stands further down in the file."""
    (tmp_path / "open.py").write_text(UTIL, "utf-8")
    (tmp_path / "util.py").write_text("x = 1\n", "utf-8")
    async with visiting(Engine(), tmp_path) as visitor:
        # Once another file gets it, it is learned.
        await visitor.answer_that(replace(PROMPT, path="else.py"), has="split_duration")

        assert "" == await visitor.answer(PROMPT)


def test_a_frozen_copy_of_the_open_file_is_read_outside_of_the_windows_only() -> None:
    body = "first line\nbefore = 1\nold = 2\nafter = 3\nlast line\n"
    stable = (
        Block("signatures", "lib.py", "def f():"),
        Block("file", "other.py", "other = 1\n"),
        Block("file", "open.py", body),
    )
    reference = _reference(Prompt(stable, "open.py", "before = 1\nnew", "\nafter = 3\n"))

    assert ("other.py", "other = 1\n") in reference
    assert not any("old" in text or "before" in text for _, text in reference)


async def test_without_a_workspace_it_serves_what_the_prompt_says() -> None:
    async with visiting(Engine()) as visitor:
        prompt = replace(PROMPT, stable=(Block("file", "util.py", UTIL),))

        assert (await visitor.answer(prompt)).startswith("split_duration(text)")


async def test_several_clients_are_served_beside_each_other() -> None:
    engine = Endless()
    async with serving(engine) as (endpoint, _):
        visitors = [Visitor(await connect(endpoint)) for _ in range(3)]
        for number, visitor in enumerate(visitors):
            visitor.create(replace(PROMPT, path=f"{number}.py"))
        for visitor in visitors:
            while not any(isinstance(event, Delta) for event in visitor.events):
                await visitor.frame()
        ids = {visitor.frames[0]["response"]["id"] for visitor in visitors}
        for visitor in visitors:
            visitor.socket.abort()
            await visitor._stream.aclose()

    assert 3 == len(ids)


@pytest.mark.parametrize(
    ("path", "token", "status", "body"),
    [
        ("/v1/models", TOKEN, 200, MODELS),
        ("/v1/models?limit=5", TOKEN, 200, MODELS),
        ("/v1/models", "wrong", 401, ""),
        ("/v1/elsewhere", TOKEN, 404, ""),
        ("/", TOKEN, 404, ""),
    ],
)
async def test_http_requests_are_told_the_models_or_refused(
    path: str, token: str, status: int, body: str
) -> None:
    async with serving(Engine()) as (endpoint, _):
        host = endpoint.url.split("/")[2]
        reader, writer = await asyncio.open_connection(*host.split(":"))
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        async with asyncio.timeout(PATIENCE):
            answer = (await reader.read()).decode()
        writer.close()
        await writer.wait_closed()

    assert answer.startswith(f"HTTP/1.1 {status} ")
    assert answer.endswith(body)
    assert TOKEN not in answer
