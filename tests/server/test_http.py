"""HTTP to a scripted provider: connections that are kept, streams that end, sentences that help."""

import asyncio
import contextlib
import gc
import gzip
import logging
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from spark_lsp import __version__
from spark_lsp.server import http as http_module
from spark_lsp.server.endpoint import Endpoint, Unreachable
from spark_lsp.server.http import Answer, Http
from spark_lsp.wire.dialects.base import Call
from tests.heard import PATIENCE
from tests.web import NAME, Authority, Exchange, Web, scripted_proxy, scripted_web

CALL = Call("/completions", b'{"prompt":"x"}')
KEY = "not-a-real-key-1234"
LONG = 2**17

both = pytest.mark.parametrize("protocol", ["http/1.1", "h2"])


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(autouse=True)
def _no_proxy_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(autouse=True)
def _nothing_left_open() -> Iterator[None]:
    """What is not closed warns when it is collected, and warnings are errors."""
    yield
    gc.collect()


@pytest.fixture
def trusted(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Trust the authority, in the way in which a network's own is trusted."""
    file = tmp_path / "ca.pem"
    file.write_bytes(authority.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return authority


@asynccontextmanager
async def reaching(endpoint: Endpoint) -> AsyncIterator[Http]:
    http = await asyncio.to_thread(Http, endpoint)
    try:
        yield http
    finally:
        await http.close()


@asynccontextmanager
async def over(protocol: str, authority: Authority) -> AsyncIterator[tuple[Web, Http]]:
    """Be in touch with a server that speaks HTTP/1.1, or HTTP/2 over TLS."""
    tls = authority.context("h2", "http/1.1") if protocol == "h2" else None
    async with scripted_web(tls) as web, reaching(Endpoint(web.url, KEY)) as http:
        yield web, http


class Asked:
    """A request that is under way."""

    def __init__(self, http: Http, call: Call = CALL) -> None:
        self.chunks: asyncio.Queue[bytes] = asyncio.Queue()
        self.answers: asyncio.Queue[Answer] = asyncio.Queue()
        self.task = asyncio.create_task(self._ask(http, call))

    async def _ask(self, http: Http, call: Call) -> bytes:
        whole = b""
        async with http.post(call) as answer:
            self.answers.put_nowait(answer)
            async with aclosing(answer.chunks()) as chunks:
                async for chunk in chunks:
                    self.chunks.put_nowait(chunk)
                    whole += chunk
        return whole

    async def next(self) -> bytes:
        async with asyncio.timeout(PATIENCE):
            return await self.chunks.get()

    async def stop(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task


async def whole(http: Http, web: Web, body: str = "data: 1\n\n") -> Exchange:
    """Ask, and have it answered."""
    asked = Asked(http)
    exchange = await web.next()
    await exchange.answer(body)

    assert body.encode() == await asked.task

    return exchange


async def complaint(endpoint: Endpoint) -> str:
    """Return the sentence with which an endpoint cannot be asked."""
    with pytest.raises(Unreachable) as caught:
        async with reaching(endpoint) as http, http.post(CALL):
            pass
    sentence = str(caught.value)

    assert KEY not in sentence
    assert "\n" not in sentence

    return sentence


@both
async def test_each_piece_arrives_when_it_is_written(protocol: str, trusted: Authority) -> None:
    async with over(protocol, trusted) as (web, http):
        asked = Asked(http)
        exchange = await web.next()
        await exchange.begin()
        for number in range(3):
            await exchange.say(f"data: {number}\n\n")

            assert f"data: {number}\n\n".encode() == await asked.next()

        await exchange.end()

        assert b"data: 0\n\ndata: 1\n\ndata: 2\n\n" == await asked.task
        assert ("HTTP/2" if protocol == "h2" else "HTTP/1.1") == exchange.version


@both
async def test_a_request_says_what_it_is_and_brings_the_key(
    protocol: str, trusted: Authority
) -> None:
    async with over(protocol, trusted) as (web, http):
        exchange = await whole(http, web)

        assert ("POST", "/v1/completions") == (exchange.method, exchange.path)
        assert b'{"prompt":"x"}' == exchange.body
        expected = {
            "authorization": f"Bearer {KEY}",
            "accept": "text/event-stream",
            "accept-encoding": "identity",
            "content-type": "application/json",
            "user-agent": f"spark-lsp/{__version__}",
        }
        assert expected.items() <= exchange.headers.items()
        assert "cookie" not in exchange.headers


async def test_headers_and_parameters_of_the_configuration_are_sent() -> None:
    async with scripted_web() as web:
        endpoint = Endpoint(web.url, "", {"api-key": KEY}, {"api-version": "1 2"})
        async with reaching(endpoint) as http:
            exchange = await whole(http, web)

        assert KEY == exchange.headers["api-key"]
        assert "/v1/completions?api-version=1+2" == exchange.path
        assert "authorization" not in exchange.headers


async def test_a_password_in_the_address_opens_the_door_unless_there_is_a_key() -> None:
    async with scripted_web() as web:
        url = web.url.replace("//", "//ann:placeholder@")
        async with reaching(Endpoint(url)) as http:
            basic = await whole(http, web)
        async with reaching(Endpoint(url, KEY)) as http:
            bearer = await whole(http, web)

        assert basic.headers["authorization"].startswith("Basic ")
        assert f"Bearer {KEY}" == bearer.headers["authorization"]


@both
async def test_one_connection_serves_request_after_request(
    protocol: str, trusted: Authority
) -> None:
    async with over(protocol, trusted) as (web, http):
        await http.reach()
        for _ in range(5):
            await whole(http, web)

        assert 1 == len(web.connections)


async def test_a_connection_is_opened_by_asking_for_nothing(trusted: Authority) -> None:
    async with over("h2", trusted) as (web, http):
        web.head_status = 401

        assert 401 == await http.reach()
        assert ["/v1/models"] == [head.path for head in web.heads]
        assert [] == web.exchanges


@both
async def test_a_server_that_does_not_answer_is_not_waited_for(
    protocol: str, trusted: Authority
) -> None:
    tls = trusted.context("h2", "http/1.1") if protocol == "h2" else None
    async with scripted_web(tls) as web, reaching(Endpoint(web.url, timeout=0.2)) as http:
        web.head_status = None

        with pytest.raises(Unreachable, match=r"did not answer within 0\.2 s"):
            await http.reach()


async def test_over_http1_whoever_leaves_closes_the_connection(trusted: Authority) -> None:
    async with over("http/1.1", trusted) as (web, http):
        asked = Asked(http)
        exchange = await web.next()
        await exchange.begin()
        await exchange.say("data: 1\n\n")
        await asked.next()
        await asked.stop()
        await exchange.left()
        await web.until(lambda: web.open == 0)
        await whole(http, web)

        assert 2 == len(web.connections)


async def test_over_http2_whoever_leaves_resets_the_stream_and_keeps_the_connection(
    trusted: Authority,
) -> None:
    async with over("h2", trusted) as (web, http):
        asked = Asked(http)
        exchange = await web.next()
        await exchange.begin()
        await exchange.say("data: 1\n\n")
        await asked.next()
        await asked.stop()
        await exchange.left()

        assert 8 == exchange.error  # CANCEL

        await whole(http, web)

        assert 1 == len(web.connections)


@both
async def test_whoever_leaves_before_the_answer_begins_is_noticed(
    protocol: str, trusted: Authority
) -> None:
    async with over(protocol, trusted) as (web, http):
        asked = Asked(http)
        exchange = await web.next()
        await asked.stop()
        await exchange.left()
        await whole(http, web)

        assert (1 if protocol == "h2" else 2) == len(web.connections)


async def test_streams_that_were_left_use_up_nothing_of_a_connection(trusted: Authority) -> None:
    """The library hands back no window of theirs: after 16 MB the server could not write more."""
    async with over("h2", trusted) as (web, http):
        for _ in range(20):
            asked = Asked(http)
            exchange = await web.next()
            await exchange.begin()
            await exchange.say(b"x" * 10)
            await asked.next()
            # Written before anybody has left, and never read.
            await exchange.say(b"x" * 2**20)
            await asked.stop()
            await exchange.left()
        await whole(http, web)

        assert 1 == len(web.connections)


async def test_while_one_stream_is_left_another_goes_on(trusted: Authority) -> None:
    async with over("h2", trusted) as (web, http):
        await http.reach()
        left, kept = Asked(http), Asked(http)
        first, second = await web.next(), await web.next()
        for exchange in (first, second):
            await exchange.begin()
            await exchange.say("data: 1\n\n")
        await left.next()
        await kept.next()
        await left.stop()
        await first.left()
        await second.say("data: 2\n\n")

        assert b"data: 2\n\n" == await kept.next()

        await second.end()
        await kept.task

        assert 1 == len(web.connections)


@both
async def test_a_long_request_can_be_left_while_it_is_sent(
    protocol: str, trusted: Authority
) -> None:
    """128k tokens take a while on a slow line, and the next request does not wait for them."""
    async with over(protocol, trusted) as (web, http):
        await http.reach()
        asked = Asked(http, replace(CALL, body=b"x" * (64 * LONG)))
        await web.until(lambda: b"x" in web.begun[-1].body)
        await asked.stop()
        await web.begun[-1].left()
        long = Asked(http, replace(CALL, body=b"y" * (2 * LONG)))
        exchange = await web.next()
        await exchange.answer("data: 1\n\n")

        assert b"data: 1\n\n" == await long.task
        assert 2 * LONG == len(exchange.body)


@both
async def test_a_kept_connection_that_the_server_has_closed_is_replaced_unnoticed(
    protocol: str, trusted: Authority
) -> None:
    async with over(protocol, trusted) as (web, http):
        await whole(http, web)
        web.hang_up()
        await whole(http, web)

        assert 2 == len(web.connections)


@both
async def test_a_kept_connection_that_is_closed_under_a_request_is_replaced_unnoticed(
    protocol: str, trusted: Authority
) -> None:
    """The server has decided to close it before the request was there."""
    async with over(protocol, trusted) as (web, http):
        await whole(http, web)
        asked = Asked(http)
        await web.next()
        web.hang_up()
        await (await web.next()).answer("data: 1\n\n")

        assert b"data: 1\n\n" == await asked.task


@both
async def test_a_new_connection_that_is_closed_without_an_answer_is_told(
    protocol: str, trusted: Authority
) -> None:
    async with over(protocol, trusted) as (web, http):
        asked = Asked(http)
        await web.next()
        web.hang_up()

        with pytest.raises(Unreachable, match="closed the connection without an answer"):
            await asked.task

        assert 1 == len(web.exchanges)


@both
async def test_an_answer_that_is_cut_off_is_told(protocol: str, trusted: Authority) -> None:
    async with over(protocol, trusted) as (web, http):
        asked = Asked(http)
        exchange = await web.next()
        await exchange.begin()
        await exchange.say("data: 1\n\n")
        await asked.next()
        await exchange.cut()

        with pytest.raises(Unreachable, match="cut off its answer"):
            await asked.task

        await whole(http, web)


@both
async def test_garbage_in_the_middle_of_an_answer_is_told(
    protocol: str, trusted: Authority
) -> None:
    async with over(protocol, trusted) as (web, http):
        asked = Asked(http)
        exchange = await web.next()
        await exchange.begin()
        await exchange.say("data: 1\n\n")
        await asked.next()
        # Over HTTP/2 a frame of data that belongs to no stream.
        await exchange.raw(b"\0\0\1\0\0\0\0\0\0x" if protocol == "h2" else b"garbage\r\n")

        with pytest.raises(Unreachable, match="cut off its answer"):
            await asked.task

        await whole(http, web)


async def test_a_silent_stream_is_given_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_module, "_SILENCE", 0.05)
    async with scripted_web() as web, reaching(Endpoint(web.url)) as http:
        asked = Asked(http)
        await (await web.next()).begin()

        with pytest.raises(Unreachable, match="went silent"):
            await asked.task


async def test_an_answer_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_module, "RECEIVE_LIMIT", 1000)
    async with scripted_web() as web, reaching(Endpoint(web.url)) as http:
        asked = Asked(http)
        exchange = await web.next()
        await exchange.begin()
        await exchange.say("x" * 1001)

        with pytest.raises(Unreachable, match="writes without end"):
            await asked.task

        await exchange.left()


async def test_of_an_error_as_much_is_read_as_one_wants() -> None:
    async with scripted_web() as web, reaching(Endpoint(web.url)) as http:
        for body, limit in (("quota", 9), ("quota" * 9, 5)):

            async def start(size: int = limit) -> tuple[int, bytes]:
                async with http.post(CALL) as answer:
                    return answer.status, await answer.start(size)

            asked = asyncio.create_task(start())
            await (await web.next()).answer(body, 429)

            assert (429, b"quota") == await asked


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with scripted_web() as web, reaching(Endpoint(web.url, KEY)) as http:
        asked = Asked(http)
        headers = {"location": f"{web.url}/elsewhere", "set-cookie": "tracked=1"}
        await (await web.next()).answer("", 307, headers)
        answer = await asked.answers.get()
        await asked.task

        assert 307 == answer.status
        assert headers["location"] == answer.headers["location"]

        exchange = await whole(http, web)

        assert 2 == len(web.exchanges)
        assert "cookie" not in exchange.headers


async def test_a_compressed_answer_is_read_all_the_same() -> None:
    async with scripted_web() as web, reaching(Endpoint(web.url)) as http:
        asked = Asked(http)
        await (await web.next()).answer(
            gzip.compress(b"data: 1\n\n"), headers={"content-encoding": "gzip"}
        )

        assert b"data: 1\n\n" == await asked.task


@both
async def test_the_key_is_in_no_log_even_at_its_chattiest(
    protocol: str, trusted: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with over(protocol, trusted) as (web, _):
        query = {"key": f"{KEY}-too"}
        async with reaching(Endpoint(web.url, KEY, {"x-key": KEY}, query)) as http:
            await whole(http, web)
        logging.getLogger("asyncio").debug("the log is heard")

    assert "the log is heard" in caplog.text
    assert KEY not in caplog.text


async def test_the_key_is_cut_out_of_what_a_server_repeats() -> None:
    endpoint = Endpoint("http://127.0.0.1:1/v1", KEY, {"x-a": "another-secret", "x-b": "1"})
    async with reaching(endpoint) as http:
        assert "bad …, … 1" == http.veiled(f"bad {KEY}, another-secret 1")


async def test_a_key_does_not_travel_unencrypted() -> None:
    assert "is not encrypted" in await complaint(Endpoint("http://model.test/v1", KEY))


async def test_where_nothing_listens_that_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    expected = f"nothing listens at http://127.0.0.1:{port}/v1: start it, or check the address"
    assert expected == await complaint(Endpoint(f"http://127.0.0.1:{port}/v1", KEY))


async def test_a_name_that_nobody_knows_is_said() -> None:
    sentence = await complaint(Endpoint("https://nobody.invalid/v1", KEY))

    assert "the name in https://nobody.invalid/v1 is not known" in sentence


async def test_a_certificate_of_a_network_of_its_own_needs_a_variable(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    async with scripted_web(authority.context("h2")) as web:
        sentence = await complaint(Endpoint(web.url, KEY))

        assert re.fullmatch(
            rf"the certificate of {web.url} is not trusted \(.+\): if it is your network's own, "
            "name its CA's file in SSL_CERT_FILE",
            sentence,
        )
        assert [] == web.exchanges


async def test_a_certificate_for_another_name_is_not_trusted(trusted: Authority) -> None:
    async with scripted_web(trusted.context("h2")) as web:
        url = web.url.replace("127.0.0.1", "localhost")

        assert "is not trusted (Hostname mismatch" in await complaint(Endpoint(url, KEY))


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_a_variable_that_names_no_certificates_is_said(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))

    sentence = await complaint(Endpoint("https://127.0.0.1:1/v1", KEY))

    assert "let SSL_CERT_FILE or SSL_CERT_DIR name what exists" in sentence


async def test_without_encryption_certificates_do_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    async with scripted_web() as web, reaching(Endpoint(web.url, KEY)) as http:
        await whole(http, web)


async def test_encryption_where_there_is_none_is_said(trusted: Authority) -> None:
    async with scripted_web() as web:
        url = web.url.replace("http:", "https:")

        assert f"{url} does not speak TLS" in await complaint(Endpoint(url, KEY))

    async with scripted_web(trusted.context("h2")) as web:
        url = web.url.replace("https:", "http:")

        assert "without an answer" in await complaint(Endpoint(url, KEY))


async def test_what_is_no_http_is_said() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        writer.write(b"220 mail.test ESMTP\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"

        expected = f"{url} does not speak HTTP: check the address"
        assert expected == await complaint(Endpoint(url, KEY))


@pytest.mark.parametrize(
    "endpoint",
    [
        Endpoint("http://127.0.0.1:1/v1", f"{KEY}\nx"),
        Endpoint("http://127.0.0.1:1/v1", f"{KEY}é"),
        Endpoint("http://127.0.0.1:1/v1", KEY, {"x\r\ny": "1"}),
        Endpoint("http://127.0.0.1:1/v1", KEY, {"x": "\x00"}),
    ],
)
async def test_a_malformed_key_or_header_is_said_and_not_repeated(endpoint: Endpoint) -> None:
    async with scripted_web() as web:
        sentence = await complaint(replace(endpoint, url=web.url))

        assert "header" in sentence
        assert "malformed" in sentence


async def test_a_proxy_of_the_environment_is_used_and_kept(
    trusted: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        scripted_web(trusted.context("h2")) as web,
        scripted_proxy(web.port) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        async with reaching(Endpoint(f"https://{NAME}/v1", KEY)) as http:
            await whole(http, web)
            exchange = await whole(http, web)

        assert [f"CONNECT {NAME}:443 HTTP/1.1"] == [it.splitlines()[0] for it in proxy.heads]
        assert KEY not in proxy.heads[0]
        assert "HTTP/2" == exchange.version


async def test_a_proxy_passes_on_what_is_not_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scripted_web() as web, scripted_proxy(web.port) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url.replace("//", "//ann:placeholder@"))
        async with reaching(Endpoint(f"http://{NAME}/v1")) as http:
            exchange = await whole(http, web)

        assert f"http://{NAME}/v1/completions" == exchange.path
        assert "proxy-authorization: basic" in proxy.heads[0].lower()


async def test_there_is_no_proxy_on_the_way_to_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with scripted_web() as web, scripted_proxy(web.port) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        async with reaching(Endpoint(web.url, KEY)) as http:
            await whole(http, web)

        assert [] == proxy.heads


async def test_names_that_the_environment_exempts_are_reached_directly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with scripted_web() as web, scripted_proxy(web.port) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "elsewhere.test,.invalid")

        assert "not known" in await complaint(Endpoint("https://nobody.invalid/v1", KEY))
        assert [] == proxy.heads


async def test_a_proxy_that_refuses_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scripted_proxy(1, refuse="407 Proxy Authentication Required") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)

        expected = (
            "the proxy 127.0.0.1 (from the environment, on the way to https://model.test/v1) "
            "refuses to connect: check the proxy and its password"
        )
        assert expected == await complaint(Endpoint(f"https://{NAME}/v1", KEY))


async def test_a_proxy_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")

    sentence = await complaint(Endpoint(f"https://{NAME}/v1", KEY))

    assert sentence.startswith("nothing listens at the proxy 127.0.0.1")


@pytest.mark.parametrize(
    ("proxy", "expected"),
    [("socks5://127.0.0.1:1", "install socksio"), ("ftp://127.0.0.1:1", "a proxy")],
)
async def test_a_proxy_that_cannot_be_used_is_said(
    proxy: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)

    assert expected in await complaint(Endpoint(f"https://{NAME}/v1", KEY))


async def test_over_http1_another_connection_stands_by_where_one_takes_time(
    trusted: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leaving an answer costs the connection; the next request must not pay a handshake for it."""
    async with (
        scripted_web(trusted.context("http/1.1")) as web,
        scripted_proxy(web.port) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        async with reaching(Endpoint(f"https://{NAME}/v1", KEY)) as http:
            await http.reach()
            for number in range(1, 4):
                asked = Asked(http)
                exchange = await web.next()
                ready = len(web.connections)
                await exchange.begin()
                await exchange.say("data: 1\n\n")
                await web.until(lambda wanted=number: len(web.heads) > wanted)  # type: ignore[misc]
                await asked.stop()
                await exchange.left()

                assert number == ready

            for _ in range(3):
                await whole(http, web)

        # One for the last that was left, and none for those that came to their end.
        assert 5 == len(web.heads)
