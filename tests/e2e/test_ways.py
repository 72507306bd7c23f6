"""A provider that can be reached in one way or another, or not at all: what a person sees of it."""

import asyncio
import json
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.editor import PATIENCE, Editor, editing
from tests.model import scripted_model
from tests.samples import SOURCE, UTIL
from tests.web import EVENTS, Exchange, Web, scripted_web


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    path.mkdir()
    (path / "util.py").write_text(UTIL, "utf-8")
    return path


def config(url: str, more: str = "", *, fallback: bool = True) -> str:
    return f"""
    model_provider = "mine"
    model = "gpt-6-luna"
    embedded_fallback = {str(fallback).lower()}
    [model_providers.mine]
    base_url = "{url}"
    {more}
    """


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert isinstance(port, int)
        return port


async def ghost_text(editor: Editor) -> str:
    """Ask until there is something to show; its first line."""
    async with asyncio.timeout(PATIENCE):
        while not (result := await editor.ask())["items"]:
            pass
    return str(result["items"][0]["insertText"]).split("\n")[0]


def spelled(*events: Mapping[str, object]) -> str:
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)


CREATED = {"type": "response.created", "response": {"id": "r"}}
COMPLETED = {"type": "response.completed", "response": {"id": "r", "status": "completed"}}


def delta(text: str) -> dict[str, object]:
    return {"type": "response.output_text.delta", "output_index": 0, "delta": text}


async def posted(web: Web, handshake: int) -> Exchange:
    """Refuse handshakes until something is posted."""
    while (exchange := await web.next()).method == "GET":
        await exchange.answer("", handshake)
    return exchange


async def test_a_server_without_websocket_is_asked_over_http_at_once(root: Path) -> None:
    async with (
        scripted_web() as web,
        editing(root, "a.py", "x = <CURSOR>\n", config=config(web.url)) as editor,
    ):
        upgrade = await web.next()
        assert "websocket" == upgrade.headers["upgrade"]
        await upgrade.answer("", 426)
        await editor.stands("Normal", "over HTTP")
        answer = editor.ask()
        request = await posted(web, 426)
        assert "/v1/responses" == request.path
        assert "previous_response_id" not in json.loads(request.body)
        await request.begin()
        await request.say(spelled(CREATED, delta("value")))
        await editor.ghost("value")
        await request.say(spelled(delta(" + 1"), COMPLETED))
        await request.end()

        assert "value + 1" == (await answer)["items"][0]["insertText"]


async def test_an_answer_over_http_is_aborted_when_the_buffer_goes_another_way(root: Path) -> None:
    more = "supports_websockets = false"
    async with (
        scripted_web() as web,
        editing(root, "a.py", "x = <CURSOR>\n", config=config(web.url, more)) as editor,
    ):
        editor.ask()
        first = await web.next()
        await first.begin()
        await first.say(spelled(CREATED, delta("value")))
        await editor.ghost("value")
        editor.type("q")
        editor.ask()
        await first.left()
        second = await web.next()
        await second.answer(spelled(CREATED, delta("uery"), COMPLETED))
        await editor.ghost("uery")

        assert 0 == editor.screen.stale_frames


async def test_the_engine_fills_in_while_the_provider_is_away_and_leaves_when_it_is_back(
    root: Path,
) -> None:
    port = closed_port()
    settings = config(f"ws://127.0.0.1:{port}/v1")
    async with editing(root, "a.py", SOURCE, config=settings) as editor:
        await editor.stands("Warning", "127.0.0.1", "the embedded engine fills in")
        assert "split_duration(text)" == await ghost_text(editor)
        async with scripted_model(port) as model:
            await editor.until(lambda: "gpt-6-luna at mine" == editor.statuses[-1]["message"])
            editor.type("q")
            editor.ask()
            request = await model.next()
            await request.say("uery(text)")
            await editor.ghost("uery(text)")


async def test_without_the_engine_it_is_said_that_nothing_answers(root: Path) -> None:
    settings = config(f"ws://127.0.0.1:{closed_port()}/v1", fallback=False)
    async with editing(root, "a.py", SOURCE, config=settings) as editor:
        await editor.stands("Error", "127.0.0.1")
        answer = await editor.ask()

        assert [] == answer["items"]
        assert editor.backend() is None


async def test_a_key_that_is_refused_is_said_to_be_and_the_engine_fills_in(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_TEST_KEY", "placeholder-for-a-key")
    async with scripted_web() as web:

        async def refuse() -> None:
            while True:
                await (await web.next()).answer("{}", 401, {"content-type": "application/json"})

        refusing = asyncio.create_task(refuse())
        settings = config(web.url, 'env_key = "SPARK_TEST_KEY"')
        async with editing(root, "a.py", SOURCE, config=settings) as editor:
            await editor.stands("Warning", "does not accept the key", "fills in")
            assert "split_duration(text)" == await ghost_text(editor)
        refusing.cancel()

    assert "placeholder" not in json.dumps(editor.statuses)


async def test_a_rate_limit_is_told_and_the_engine_fills_in_meanwhile(root: Path) -> None:
    more = 'wire_api = "chat"'
    async with (
        scripted_web() as web,
        editing(root, "a.py", SOURCE, config=config(web.url, more)) as editor,
    ):
        await editor.stands("Normal", "gpt-6-luna at mine")
        editor.ask()
        request = await web.next()
        await request.answer("{}", 429, {"content-type": "application/json", "retry-after": "3600"})
        await editor.stands("Warning", "slow down", "for 3600 s", "fills in")

        assert "split_duration(text)" == await ghost_text(editor)
        assert 1 == len(web.exchanges)


async def test_a_server_that_fails_each_time_is_no_reason_that_nothing_appears(root: Path) -> None:
    async with scripted_web() as web:

        async def fail() -> None:
            while True:
                await (await web.next()).answer("<h1>oops</h1>", 500, {"content-type": "text/html"})

        failing = asyncio.create_task(fail())
        settings = config(web.url, 'wire_api = "chat"')
        async with editing(root, "a.py", SOURCE, config=settings) as editor:
            assert "split_duration(text)" == await ghost_text(editor)
            await editor.stands("Warning", "HTTP 500", "fills in")
        failing.cancel()


async def test_a_changed_configuration_file_is_heeded_without_a_restart(root: Path) -> None:
    async with (
        scripted_model() as one,
        scripted_model() as other,
        editing(root, "a.py", "x = <CURSOR>\n", config=config(one.url)) as editor,
    ):
        editor.ask()
        await (await one.next()).say("value")
        await editor.ghost("value")
        (root.parent / "config.toml").write_text(config(other.url), "utf-8")
        await editor.until(lambda: editor.statuses[-1]["message"].startswith("connecting"))
        await editor.stands("Normal", "gpt-6-luna at mine")
        editor.type("q")
        editor.ask()
        await (await other.next()).say("uery")
        await editor.ghost("uery")


async def test_a_chat_server_is_told_what_is_rewritten_until_it_refuses_that(root: Path) -> None:
    more = 'wire_api = "chat"\nsupports_prediction = true'
    source = "x = 1\npassword = 'hunter2-hunter2'\n"
    async with (
        scripted_web() as web,
        editing(root, "a.py", source, config=config(web.url, more)) as editor,
    ):
        await editor.stands("Normal", "gpt-6-luna at mine")
        answer = editor.instruct("Rename x to y.", 0, len(source))
        first = await web.next()
        told = json.loads(first.body)
        assert "x = 1\npassword = '***************'\n" == told["prediction"]["content"]
        assert told["prediction"]["content"] in told["messages"][1]["content"]
        refusal = json.dumps({"error": {"message": "no", "param": "prediction"}})
        await first.answer(refusal, 400, {"content-type": "application/json"})
        second = await web.next()
        assert "prediction" not in json.loads(second.body)
        chunk = {"choices": [{"delta": {"content": "y = 1\npassword = '***************'\n"}}]}
        await second.answer(f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n")

        editor.apply((await answer)["edits"])
        assert "y = 1\npassword = 'hunter2-hunter2'\n" == editor.screen.text.string


@pytest.mark.parametrize(
    ("wire_api", "path", "pieces"),
    [
        ("chat", "/v1/chat/completions", ('{"choices":[{"delta":{"content":"value"}}]}', "[DONE]")),
        ("completions", "/v1/completions", ('{"choices":[{"text":"value"}]}', "[DONE]")),
        ("fim", "/v1/fim/completions", ('{"choices":[{"delta":{"content":"value"}}]}', "[DONE]")),
        ("infill", "/infill", ('{"content":"value","stop":false}', '{"content":"","stop":true}')),
        ("ollama", "/api/generate", ('{"response":"value"}', '{"response":"","done":true}')),
    ],
)
async def test_ordinary_servers_complete_in_the_editor(
    root: Path, wire_api: str, path: str, pieces: tuple[str, ...]
) -> None:
    more = f'wire_api = "{wire_api}"'
    async with (
        scripted_web() as web,
        editing(root, "a.py", "x = <CURSOR>\n", config=config(web.url, more)) as editor,
    ):
        await editor.stands("Normal", "mine")
        answer = editor.ask()
        request = await web.next()
        lines = wire_api == "ollama"
        await request.begin(headers={"content-type": "application/x-ndjson"} if lines else EVENTS)
        for piece in pieces:
            await request.say(f"{piece}\n" if lines else f"data: {piece}\n\n")
        await request.end()

        assert "value" == (await answer)["items"][0]["insertText"]
        assert path == request.path
