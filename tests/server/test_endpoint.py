"""Where keys may go: encrypted, or to this machine, whatever an address pretends to be."""

import contextlib
import dataclasses
from urllib.parse import urlsplit

import httpx2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from websockets.exceptions import InvalidURI
from websockets.uri import parse_uri

from spark_lsp.server.endpoint import Endpoint, Unreachable, is_loopback

KEY = "key-4711-placeholder"

HERE = [
    "ws://127.0.0.1/v1",
    "ws://127.0.0.1:8080/v1",
    "http://127.8.9.10/v1",
    "ws://localhost:1/v1",
    "HTTP://LOCALHOST/v1",
    "ws://[::1]:80/v1",
    "ws://[0:0:0:0:0:0:0:1]/v1",
    "wss://127.0.0.1.evil.com/v1",
    "https://example.com",
    "WSS://example.com/v1",
]
ELSEWHERE = [
    "ws://example.com/v1",
    "http://example.com/v1",
    "ws://127.0.0.1.evil.com/v1",
    "ws://localhost.evil.com/v1",
    "ws://evil.com/127.0.0.1",
    "ws://evil.com/?@127.0.0.1",
    "ws://127.0.0.1@evil.com/v1",
    "ws://localhost:80@evil.com/v1",
    "ws://127.0.0.1:80@evil.com:81/v1",
    "ws://[::1]@evil.com/v1",
    # What a resolver may make of a name is for the resolver to say.
    "ws://127.1/v1",
    "ws://0x7f.1/v1",
    "ws://0177.0.0.1/v1",
    "ws://2130706433/v1",
    "ws://localhost./v1",
    "ws://127.0.0.1./v1",
    "ws://ip6-localhost/v1",
    "ws://0.0.0.0/v1",
    "ws://[::]/v1",
    "ws://[::2]/v1",
    "ws://[::ffff:8.8.8.8]/v1",
    "ws://10.0.0.1/v1",
    "ws://192.168.1.1:8080/v1",
    "ws://169.254.169.254/v1",
]
NOWHERE = [
    "",
    "ws:///v1",
    "ws://evil.com\\@127.0.0.1/v1",
    "ws://127.0.0.1\\@evil.com/v1",
    "ws://evil.com\\.127.0.0.1/v1",
    "ws://127.0.0.1%2eevil.com/v1",
    "ws://127.0.0.1\u3002evil.com/v1",
    "ws://\uff11\uff12\uff17.0.0.1/v1",
    "ws://\u24dbocalhost/v1",
    "ws://evil.com\u2100@127.0.0.1/v1",
    "ws://127.0.0.1 .evil.com/v1",
    "ws://127.0.0.1:80:81/v1",
    "ws://127.0.0.1:port/v1",
    "ws://[::1/v1",
    "ws://::1/v1",
    "ws://[::1%25evil.com]/v1",
    "ws://[v1.evil]/v1",
    "ws://[127.0.0.1].evil.com/v1",
]


def refusal(endpoint: Endpoint, kind: str = "ws") -> str:
    """Return why an address is not used."""
    with pytest.raises(Unreachable) as raised:
        endpoint.address(kind, "/responses")
    return str(raised.value)


@pytest.mark.parametrize("kind", ["ws", "http"])
@pytest.mark.parametrize("url", HERE)
def test_a_key_goes_encrypted_or_stays_on_this_machine(url: str, kind: str) -> None:
    endpoint = Endpoint(url, KEY)
    scheme, _, rest = endpoint.address(kind, "/responses").partition("://")

    assert kind + "s" * endpoint.secure == scheme
    assert url.partition("://")[2] + "/responses" == rest
    assert endpoint.secure is url.lower().startswith(("wss", "https"))


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_key_does_not_go_over_an_open_line_whatever_the_address_looks_like(url: str) -> None:
    told = refusal(Endpoint(url, KEY))

    assert "is not encrypted: a key is only sent over wss:// or https://" in told
    assert KEY not in told


@pytest.mark.parametrize("url", ["ws://example.com/v1", "http://192.168.1.1:8080"])
def test_what_is_no_secret_may_go_over_an_open_line(url: str) -> None:
    endpoint = Endpoint(url, headers={"X-Team": "core"}, query={"version": "2"})

    assert f"{url}/responses?version=2" == endpoint.address(url.partition(":")[0], "/responses")


@pytest.mark.parametrize("key", ["", KEY])
@pytest.mark.parametrize("url", NOWHERE)
def test_what_libraries_might_read_in_different_ways_is_no_address(url: str, key: str) -> None:
    assert "is no address" in refusal(Endpoint(url, key))


@pytest.mark.parametrize(
    "endpoint",
    [
        Endpoint("ws://person:password@h/v1"),
        Endpoint("ws://token@h/v1"),
        Endpoint("ws://h/v1?api-key=1"),
        Endpoint("ws://h/v1?version=2&SIGNATURE=1"),
        Endpoint("ws://h/v1", query={"access_token": "1"}),
        Endpoint("ws://h/v1", headers={"api-key": "1"}),
        Endpoint("ws://h/v1", headers={"Cookie": "1"}),
        Endpoint("ws://h/v1", headers={"X-Door": "Bearer 1"}),
        Endpoint("ws://h/v1", headers={"X-Door": "basic 1"}),
    ],
    ids=repr,
)
def test_what_opens_a_door_in_another_way_is_a_key_as_well(endpoint: Endpoint) -> None:
    assert "is not encrypted" in refusal(endpoint)
    safe = dataclasses.replace(endpoint, url=endpoint.url.replace("ws:", "wss:"))
    assert safe.address("http", "/x").startswith("https://")


def test_a_path_and_parameters_are_added_to_those_of_the_root() -> None:
    endpoint = Endpoint("https://h:8/a/v1/?version=1", query={"name": "a b&c"})

    assert "wss://h:8/a/v1/responses?version=1&name=a+b%26c" == endpoint.address("ws", "/responses")
    assert "https://h:8/a/v1/x?version=1&name=a+b%26c" == endpoint.address("http", "/x")


def test_neither_what_is_told_nor_what_is_shown_opens_a_door() -> None:
    endpoint = Endpoint(f"wss://person:{KEY}@h/v1?key={KEY}", KEY, {"api-key": KEY}, {"token": KEY})

    assert "wss://h/v1" == endpoint.told
    for shown in (repr(endpoint), str(endpoint), f"{[endpoint]}"):
        assert KEY not in shown
        assert "wss://h/v1" in shown
    assert KEY not in refusal(dataclasses.replace(endpoint, url=endpoint.url.replace("wss", "ws")))


def test_what_a_server_says_is_veiled_where_it_repeats_what_opens_its_door() -> None:
    endpoint = Endpoint(
        "wss://me:pass-word@h/v1?api-key=in-the-url&x=1",
        KEY,
        {"X-Door": "in-a-header", "X-Short": "abc"},
        {"token": "in-the-query"},
    )
    said = f"{KEY} pass-word in-the-url in-a-header in-the-query abc"

    assert "… … … … … abc" == endpoint.veiled(said)
    assert said == Endpoint("wss://h/v1").veiled(said)


hosts = st.text("127.0:@[]/\\#?%ab.xlocalhost ", max_size=24)


@given(hosts)
@example("127.0.0.1#@evil.com")
@example("a@127.0.0.1")
def test_a_key_goes_where_both_libraries_go_and_nowhere_else(host: str) -> None:
    """Whatever a host looks like: they read it as the rule does, or it is refused."""
    try:
        address = Endpoint(f"ws://{host}", KEY).address("ws", "/v1")
    except Unreachable:
        return
    with_http = httpx2.URL(address.replace("ws://", "http://"))

    assert is_loopback(urlsplit(address).hostname or "")
    assert is_loopback(with_http.host)
    with contextlib.suppress(InvalidURI):  # which goes nowhere
        assert is_loopback(parse_uri(address).host)
