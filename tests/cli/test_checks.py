"""The checks of `spark-lsp doctor` against real servers that work, fail, or pretend to."""

import asyncio
import contextlib
import datetime as dt
import json
import re
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from spark_lsp.cli import checks
from spark_lsp.cli.checks import Check, Checkup
from spark_lsp.core import syntax
from spark_lsp.core.languages import LANGUAGES
from spark_lsp.server import probes
from tests.model import Model, scripted_model
from tests.web import EVENTS, scripted_proxy, scripted_web

KEY = "key-4711-placeholder"
NAME = "KEY_OF_A_TEST"
NETWORK = ("configuration", "key", "dns", "tcp", "tls", "websocket", "http", "answer")
LOCAL = ("engine", "index", "grammars", "agent", "python")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, KEY)
    for name in ("http", "https", "all", "no", "ws", "wss", "socks"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


class Authority:
    """A certificate authority that also issues what is no good."""

    def __init__(self) -> None:
        self.ca = trustme.CA()

    def context(self, *names: str, after: dt.datetime | None = None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        leaf = self.ca.issue_cert(*names, not_before=start, not_after=after)
        leaf.configure_cert(context)
        return context


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def trusted(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    file = tmp_path / "ca.pem"
    file.write_bytes(authority.ca.cert_pem.bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return authority


def configured(folder: Path, url: str, **fields: Any) -> Path:
    """Write a configuration with one provider."""
    lines = [
        'model_provider = "mine"\nmodel = "tiny"\n[model_providers.mine]',
        *(f"{name} = {spelled(value)}" for name, value in {"base_url": url, **fields}.items()),
    ]
    file = folder / "config.toml"
    file.write_text("\n".join(lines), "utf-8")
    return file


def spelled(value: Any) -> str:
    """Spell a value in TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {spelled(part)}" for name, part in value.items()) + "}"
    return json.dumps(value)


async def checked(
    file: Path, workspace: Path, until: str = "answer"
) -> dict[str, tuple[bool | None, str, str]]:
    """Run the steps up to one, in which no key is told."""
    found: list[Check] = []
    async with aclosing(Checkup(file, workspace).run()) as results:
        async for check in results:
            found.append(check)
            if check.name == until:
                break
    assert KEY not in repr(found)
    assert not any("\n" in it.detail + it.fix for it in found)
    assert all(it.fix for it in found if it.ok is False)
    return {it.name: (it.ok, it.detail, it.fix) for it in found}


def broken(found: dict[str, tuple[bool | None, str, str]]) -> list[str]:
    return [name for name, (ok, _, _) in found.items() if ok is False]


@asynccontextmanager
async def meanwhile(work: Awaitable[None]) -> AsyncIterator[None]:
    """Do something beside the rest; what goes wrong there is told."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def answering(model: Model, *words: str) -> None:
    """Answer each request that comes over the WebSocket."""
    while True:
        request = await model.requests.get()
        await request.begin()
        for word in words:
            await request.say(word)
        await request.end()


CHUNKS = (
    'data: {"choices":[{"text":"nt(","index":0,"finish_reason":null}]}\n\n'
    'data: {"choices":[{"text":"name)","index":0,"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
)


async def test_all_is_well_with_a_model_behind_a_websocket(tmp_path: Path) -> None:
    async with scripted_model() as model, meanwhile(answering(model, "nt(", "name)")):
        file = configured(tmp_path, model.url, env_key=NAME)
        found = await checked(file, tmp_path)

    assert [] == broken(found)
    assert list(NETWORK) == list(found)
    assert f"tiny at {model.url} (responses), by {file}" == found["configuration"][1]
    assert (True, f"{NAME} is in the environment", "") == found["key"]
    assert "127.0.0.1: 127.0.0.1" == found["dns"][1]
    assert re.fullmatch(r"127\.0\.0\.1:\d+ answers in \d+ ms", found["tcp"][1])
    assert (None, "it stays on this machine", "") == found["tls"]
    assert re.fullmatch(r"handshake in \d+ ms", found["websocket"][1])
    assert found["http"][0] is None
    assert found["http"][1].startswith("no fallback (")
    assert re.fullmatch(
        r"first word after [\d,]+ ms, 3 tokens in [\d,]+ ms \([\d,]+/s\) over WebSocket",
        found["answer"][1],
    )
    assert {f"Bearer {KEY}"} == {it["Authorization"] for it in model.handshakes}


@pytest.mark.parametrize(
    ("wire_api", "path", "body"),
    [
        ("completions", "/v1/completions", CHUNKS),
        ("infill", "/infill", 'data: {"content":"nt(name)","stop":true}\n\n'),
        (
            "chat",
            "/v1/chat/completions",
            (
                'data: {"choices":[{"delta":{"content":"nt(name)"},"index":0,'
                '"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
            ),
        ),
        (
            "fim",
            "/v1/fim/completions",
            (
                'data: {"choices":[{"delta":{"content":"nt(name)"},"index":0,'
                '"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
            ),
        ),
        ("ollama", "/api/generate", '{"response":"nt(name)","done":true,"done_reason":"stop"}\n'),
    ],
)
async def test_all_is_well_with_every_ordinary_server(
    tmp_path: Path, wire_api: str, path: str, body: str
) -> None:
    async with scripted_web() as web:

        async def answer() -> None:
            exchange = await web.next()
            assert path == exchange.path
            assert f"Bearer {KEY}" == exchange.headers["authorization"]
            await exchange.answer(body)

        async with meanwhile(answer()):
            file = configured(tmp_path, web.url, env_key=NAME, wire_api=wire_api)
            found = await checked(file, tmp_path)

    assert [] == broken(found)
    assert (None, f"{wire_api} goes over HTTP", "") == found["websocket"]
    assert re.fullmatch(r"reached in [\d,]+ ms", found["http"][1])
    assert "over HTTP/1.1" in found["answer"][1]


def event(kind: str, **fields: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n"


RESPONSE = (
    event("response.created", response={"id": "r"})
    + event("response.output_text.delta", delta="nt(name)", output_index=0, item_id="m")
    + event("response.completed", response={"id": "r", "status": "completed"})
)


@pytest.mark.parametrize("status", [404, 405, 426, 501])
async def test_where_a_server_has_no_websocket_the_answer_comes_by_the_fallback(
    tmp_path: Path, status: int
) -> None:
    async with scripted_web() as web:

        async def answer() -> None:
            handshake = await web.next()
            assert "GET" == handshake.method
            await handshake.answer("no", status, {"content-length": "2"})
            await (await web.next()).answer(RESPONSE)

        async with meanwhile(answer()):
            found = await checked(configured(tmp_path, web.url, env_key=NAME), tmp_path)

    assert [] == broken(found)
    assert found["websocket"][0] is None
    assert f"offers no WebSocket (HTTP {status})" in found["websocket"][1]
    assert "set supports_websockets = false" in found["websocket"][1]
    assert (True, "falls back to server-sent events over HTTP/1.1", "") == found["http"]
    assert found["answer"][0]


async def test_where_neither_way_answers_both_are_told(tmp_path: Path) -> None:
    async with scripted_web() as web:

        async def refuse() -> None:
            while True:
                await (await web.next()).answer("no", 404, {"content-length": "2"})

        async with meanwhile(refuse()):
            found = await checked(configured(tmp_path, web.url, env_key=NAME), tmp_path)
            asked = [it.method for it in web.exchanges]

    assert ["websocket", "http"] == broken(found)
    assert found["http"][2].startswith("check model, base_url and wire_api")
    assert (None, "not tried, because of http", "") == found["answer"]
    assert ["GET", "POST"] == asked


async def test_responses_without_websockets_are_asked_once(tmp_path: Path) -> None:
    async with scripted_web() as web:

        async def answer() -> None:
            await (await web.next()).answer(RESPONSE)

        async with meanwhile(answer()):
            file = configured(tmp_path, web.url, supports_websockets=False)
            found = await checked(file, tmp_path)
            asked = len(web.exchanges)

    assert [] == broken(found)
    assert (None, "no env_key is set, so none is sent", "") == found["key"]
    assert (None, "switched off by supports_websockets = false", "") == found["websocket"]
    assert 1 == asked


async def test_a_good_certificate_is_told_with_who_vouches_for_it(
    tmp_path: Path, trusted: Authority
) -> None:
    async with scripted_web(trusted.context("127.0.0.1")) as web:

        async def answer() -> None:
            await (await web.next()).answer(CHUNKS)

        async with meanwhile(answer()):
            file = configured(tmp_path, web.url, env_key=NAME, wire_api="completions")
            found = await checked(file, tmp_path)

    assert [] == broken(found)
    assert re.fullmatch(
        r"TLSv1\.3, verified, certificate valid for [\d,]+ days, by \$SSL_CERT_FILE",
        found["tls"][1],
    )


PAST = dt.datetime(2021, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("names", "after", "told"),
    [
        (("127.0.0.1",), PAST, ("certificate has expired", "have it renewed")),
        (("other.test",), None, ("mismatch", "use a name that it is for in base_url")),
    ],
)
async def test_a_certificate_that_is_no_good_is_told_with_the_reason(
    tmp_path: Path,
    trusted: Authority,
    names: tuple[str, ...],
    after: dt.datetime | None,
    told: tuple[str, str],
) -> None:
    async with scripted_web(trusted.context(*names, after=after)) as web:
        found = await checked(configured(tmp_path, web.url, wire_api="chat"), tmp_path)
        asked = len(web.exchanges)

    assert ["tls"] == broken(found)
    assert told[0] in found["tls"][1]
    assert found["tls"][2].startswith(told[1])
    assert (None, "not tried, because of tls", "") == found["http"] == found["answer"]
    assert 0 == asked


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    tmp_path: Path, authority: Authority
) -> None:
    async with scripted_web(authority.context("127.0.0.1")) as web:
        found = await checked(configured(tmp_path, web.url, env_key=NAME), tmp_path)
        asked = len(web.exchanges)

    assert ["tls"] == broken(found)
    assert "unable to get local issuer certificate" in found["tls"][1]
    assert "SSL_CERT_FILE" in found["tls"][2]
    assert 0 == asked


async def test_certificates_that_cannot_be_read_are_told(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path))
    async with scripted_web(authority.context("127.0.0.1")) as web:
        found = await checked(configured(tmp_path, web.url), tmp_path)

    assert ["tls"] == broken(found)
    assert found["tls"][0] is False


async def test_a_port_without_tls_is_told(tmp_path: Path) -> None:
    async with scripted_web() as web:
        url = web.url.replace("http", "https")
        found = await checked(configured(tmp_path, url, wire_api="chat"), tmp_path)

    assert ["tls"] == broken(found)
    assert "does not speak TLS" in found["tls"][1]
    assert "ws:// or http://" in found["tls"][2]


async def test_through_a_proxy_its_name_is_looked_up_and_the_certificate_is_the_servers(
    tmp_path: Path, trusted: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with AsyncExitStack() as stack:
        web = await stack.enter_async_context(scripted_web(trusted.context("model.test")))
        proxy = await stack.enter_async_context(scripted_proxy(web.port))
        monkeypatch.setenv("https_proxy", proxy.url.replace("://", "://me:pass-word@"))

        async def answer() -> None:
            await (await web.next()).answer(CHUNKS)

        await stack.enter_async_context(meanwhile(answer()))
        url = f"https://model.test:{web.port}/v1"
        file = configured(tmp_path, url, env_key=NAME, wire_api="completions")
        found = await checked(file, tmp_path)

    assert [] == broken(found)
    assert "127.0.0.1, the proxy in $https_proxy: 127.0.0.1" == found["dns"][1]
    assert "verified" in found["tls"][1]
    assert {f"CONNECT model.test:{web.port} HTTP/1.1"} == {
        head.split("\r\n")[0] for head in proxy.heads
    }
    assert all("authorization: basic" in head.lower() for head in proxy.heads)
    assert "pass-word" not in repr(found)


@pytest.mark.usefixtures("trusted")
async def test_a_proxy_that_refuses_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scripted_proxy(1, "407 Proxy Authentication Required") as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        found = await checked(configured(tmp_path, "https://model.test/v1"), tmp_path)

    assert ["tls"] == broken(found)
    assert "answers 407" in found["tls"][1]
    assert "$https_proxy" in found["tls"][2]


async def test_a_name_that_nobody_knows_is_told_and_nothing_else_is_tried(tmp_path: Path) -> None:
    found = await checked(configured(tmp_path, "wss://spark.invalid/v1"), tmp_path)

    assert ["dns"] == broken(found)
    assert "spark.invalid" in found["dns"][1]
    rest = [found[name] for name in ("tcp", "tls", "websocket", "http", "answer")]
    assert [(None, "not tried, because of dns", "")] * 5 == rest


async def test_where_nobody_listens_is_told(tmp_path: Path) -> None:
    async with scripted_web() as web:
        url = web.url
    found = await checked(configured(tmp_path, url), tmp_path)

    assert ["tcp"] == broken(found)
    assert "nothing listens at 127.0.0.1:" in found["tcp"][1]
    assert "start it" in found["tcp"][2]


async def test_a_missing_key_is_told_and_the_network_is_looked_at_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(NAME)
    async with scripted_web() as web:
        found = await checked(configured(tmp_path, web.url, env_key=NAME), tmp_path)
        asked = len(web.exchanges)

    assert ["key"] == broken(found)
    assert "the key is missing" == found["key"][1]
    assert found["key"][2].startswith(f"set the environment variable {NAME}")
    assert found["tcp"][0]
    assert (None, "not tried, because of key", "") == found["websocket"]
    assert 0 == asked


async def test_a_key_in_the_keyring_is_as_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(NAME)
    monkeypatch.setattr("keyring.get_password", lambda *asked: {("spark-lsp", NAME): KEY}[asked])
    async with scripted_model() as model, meanwhile(answering(model, "x")):
        found = await checked(configured(tmp_path, model.url, env_key=NAME), tmp_path)

    assert [] == broken(found)
    assert (True, f"{NAME} is in the system keyring", "") == found["key"]
    assert f"Bearer {KEY}" == model.handshakes[0]["Authorization"]


async def test_a_key_for_an_open_line_is_told_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scripted_web() as web:
        place = probes.Place("127.0.0.1", web.port)
        monkeypatch.setattr(probes, "place_of", lambda *_, **__: place)
        found = await checked(configured(tmp_path, "http://model.test/v1", env_key=NAME), tmp_path)
        asked = len(web.exchanges)

    assert ["key"] == broken(found)
    assert "is not encrypted" in found["key"][1]
    assert "wss:// or https://" in found["key"][2]
    assert (None, "not tried, because of key", "") == found["http"] == found["answer"]
    assert 0 == asked


REFUSALS: list[tuple[int, str, str, str]] = [
    (401, '{"error":{"message":"Incorrect API key provided: ' + KEY + '"}}', "key", "key"),
    (404, '{"error":{"message":"no model tiny"}}', "model", "model"),
    (429, '{"error":{"message":"quota"}}', "it says: quota", "try again later"),
    (503, KEY, "it says: ***", "try again later"),
    (200, f'data: {{"error":{{"message":"bad {KEY}"}}}}\n\n', "", ""),
    (200, "", "", ""),
    (200, "<html>", "", ""),
]


@pytest.mark.parametrize(("status", "body", "detail", "fix"), REFUSALS)
async def test_what_a_server_refuses_is_told_without_the_key_that_it_repeats(
    tmp_path: Path, status: int, body: str, detail: str, fix: str
) -> None:
    async with scripted_web() as web:

        async def answer() -> None:
            while True:
                await (await web.next()).answer(body, status, EVENTS)

        async with meanwhile(answer()):
            file = configured(tmp_path, web.url, env_key=NAME, wire_api="completions")
            found = await checked(file, tmp_path)

    assert ["answer"] == broken(found)
    assert detail in found["answer"][1]
    assert fix in found["answer"][2]


async def test_what_a_model_says_on_a_websocket_is_told_without_the_key(tmp_path: Path) -> None:
    async with scripted_model() as model:

        async def refuse() -> None:
            while True:
                request = await model.requests.get()
                message = f"Incorrect API key provided: {KEY}\x1b[2J\nsecond line"
                error = {"type": "invalid_request_error", "code": "x", "message": message}
                await request.event("error", status=400, error=error)

        async with meanwhile(refuse()):
            found = await checked(configured(tmp_path, model.url, env_key=NAME), tmp_path)

    assert ["answer"] == broken(found)
    assert "Incorrect API key provided: …" in found["answer"][1] + ": " + found["answer"][2]
    assert "\x1b" not in found["answer"][1]


async def test_silence_is_given_up(tmp_path: Path) -> None:
    async with scripted_web() as web:
        hung = configured(tmp_path, web.url, wire_api="completions", stream_idle_timeout_ms=50)
        found = await checked(hung, tmp_path)
    async with scripted_model() as model:
        mute = configured(tmp_path, model.url, stream_idle_timeout_ms=50)
        other = await checked(mute, tmp_path)

    for result in (found, other):
        assert ["answer"] == broken(result)
        assert "said nothing for 0.05 s" in result["answer"][1]
        assert "stream_idle_timeout_ms" in result["answer"][2]


async def test_a_server_that_takes_no_handshake_is_given_up(tmp_path: Path) -> None:
    async with scripted_web() as web:
        web.head_status = None
        file = configured(tmp_path, web.url, wire_api="chat", websocket_connect_timeout_ms=50)
        found = await checked(file, tmp_path)

    assert ["http"] == broken(found)
    assert "did not answer within 0.05 s" in found["http"][1]


async def test_a_model_that_only_thinks_is_told(tmp_path: Path) -> None:
    body = event("response.created", response={"id": "r"}) + event(
        "response.incomplete",
        response={"id": "r", "incomplete_details": {"reason": "max_output_tokens"}},
    )
    async with scripted_web() as web:

        async def answer() -> None:
            await (await web.next()).answer(body)

        async with meanwhile(answer()):
            file = configured(tmp_path, web.url, supports_websockets=False)
            found = await checked(file, tmp_path)

    assert ["answer"] == broken(found)
    assert "model_reasoning_effort" in found["answer"][2]


@pytest.mark.parametrize(
    ("text", "detail", "fix"),
    [
        ("modle = 1", "modle: there is no such setting, do you mean model?", "correct it in "),
        ("model = ", "is not valid TOML", "correct it in "),
        ("enabled = false", "switches completions off", "set enabled = true"),
    ],
)
async def test_a_configuration_that_is_wrong_is_told_and_the_rest_is_checked(
    tmp_path: Path, text: str, detail: str, fix: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text, "utf-8")
    found = await checked(file, tmp_path)

    assert ["configuration"] == broken(found)
    assert detail in found["configuration"][1]
    assert found["configuration"][2].startswith(fix)
    assert (None, "not tried, because of configuration", "") == found["key"] == found["dns"]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("enabled = false", "this repository switches completions off"),
        ("model = 1", "a repository"),
    ],
)
async def test_what_a_repository_says_of_itself_is_heeded(
    tmp_path: Path, text: str, detail: str
) -> None:
    (tmp_path / ".spark-lsp.toml").write_text(text, "utf-8")
    (tmp_path / "config.toml").write_text("", "utf-8")
    found = await checked(tmp_path / "config.toml", tmp_path, "configuration")

    assert found["configuration"][0] is False
    assert detail in found["configuration"][1]


async def test_without_a_provider_only_this_machine_is_checked(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("", "utf-8")
    found = await checked(tmp_path / "config.toml", tmp_path, "python")

    assert [*NETWORK, *LOCAL] == list(found)
    assert [] == broken(found)
    assert {(None, "not needed by the embedded engine", "")} == {
        found[name] for name in NETWORK[1:]
    }
    assert re.fullmatch(r"started in [\d,]+ ms, answered in [\d,]+ ms", found["engine"][1])
    assert f"{len(LANGUAGES)} languages" == found["grammars"][1]
    assert "bytes, in " in found["index"][1]


async def test_who_works_in_the_background_is_told_and_not_asked(tmp_path: Path) -> None:
    background = """
    [background]
    model_provider = "mine"
    model = "deep"
    agent_command = "{}"
    [model_providers.mine]
    base_url = "ws://127.0.0.1:9/v1"
    """
    config = tmp_path / "config.toml"
    config.write_text(background.format(sys.executable), "utf-8")
    ok, detail, _ = (await checked(config, tmp_path, "agent"))["agent"]
    assert (True, f"deep at ws://127.0.0.1:9/v1, by {sys.executable}") == (ok, detail)

    config.write_text(background.format("no-such-agent"), "utf-8")
    ok, detail, fix = (await checked(config, tmp_path, "agent"))["agent"]
    assert (False, "no background tasks") == (ok, detail)
    assert "npm install -g @openai/codex" in fix


async def test_a_configuration_that_the_environment_names_and_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_LSP_CONFIG", str(tmp_path / "missing.toml"))
    ok, detail, fix = await only("configuration", tmp_path)

    assert ok is False
    assert f"there is no configuration file {tmp_path / 'missing.toml'}" == detail
    assert "write it, or let $SPARK_LSP_CONFIG name another" == fix


async def only(name: str, tmp_path: Path) -> tuple[bool | None, str, str]:
    """Run one step that depends on nothing."""
    checkup = Checkup(None, tmp_path)
    work, _ = checkup.steps[name]
    check = await checkup._done(name, work, ())
    return check.ok, check.detail, check.fix


async def test_an_index_that_cannot_be_stored_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setenv("SPARK_LSP_CACHE", str(tmp_path / "file"))
    ok, detail, fix = await only("index", tmp_path)

    assert ok is False
    assert "cannot be stored" in detail
    assert "$SPARK_LSP_CACHE" in fix


async def test_an_engine_that_does_not_start_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "nothing"))
    ok, detail, fix = await only("engine", tmp_path)

    assert ok is False
    assert "did not start" in detail
    assert fix


async def test_a_grammar_that_does_not_load_is_told_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = syntax.query

    def refuse(language: Any) -> Any:
        if language.name == "python":
            raise OSError("no such wheel")
        return query(language)

    monkeypatch.setattr(syntax, "query", refuse)

    assert (False, "python cannot be loaded", "install spark-lsp again") == await only(
        "grammars", tmp_path
    )


async def test_a_step_that_fails_as_nobody_foresaw_does_not_end_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError(KEY)

    caplog.set_level("DEBUG")
    monkeypatch.setattr(checks, "open_store", fail)
    ok, detail, fix = await only("index", tmp_path)

    assert (False, "the check has failed (ZeroDivisionError)") == (ok, detail)
    assert "report this" in fix
    assert "in _stored" in caplog.text
    assert KEY not in caplog.text
