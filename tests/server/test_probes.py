"""Where a connection begins: at the server, or at the proxy that libraries would take."""

import pytest

from spark_lsp.server.endpoint import Endpoint, Unreachable
from spark_lsp.server.probes import Place, Trouble, place_of

SERVER = Place("api.test", 443)


@pytest.fixture(autouse=True)
def _no_proxy_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http", "https", "all", "no", "ws", "wss", "socks"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("wss://api.test/v1", Place("api.test", 443)),
        ("https://api.test:8443/v1", Place("api.test", 8443)),
        ("ws://api.test/v1", Place("api.test", 80)),
        ("http://[::1]:8080/v1", Place("::1", 8080)),
    ],
)
def test_without_a_proxy_it_begins_at_the_server(url: str, place: Place) -> None:
    for websocket in (False, True):
        assert place == place_of(Endpoint(url), websocket=websocket)


@pytest.mark.parametrize(
    ("variable", "value", "url", "websocket", "place"),
    [
        ("HTTPS_PROXY", "http://p:3128", "wss://api.test/v1", True, ("p", 3128)),
        ("https_proxy", "http://p", "https://api.test/v1", False, ("p", 80)),
        ("wss_proxy", "socks5h://p", "wss://api.test/v1", True, ("p", 1080)),
        ("wss_proxy", "http://p:1", "https://api.test/v1", False, None),
        ("http_proxy", "http://p:1", "https://api.test/v1", False, None),
        ("http_proxy", "http://p:1", "http://api.test/v1", False, ("p", 1)),
        ("all_proxy", "http://p:1", "https://api.test/v1", False, ("p", 1)),
        ("https_proxy", "http://p:1", "https://127.0.0.1/v1", False, None),
        ("https_proxy", "http://p:1", "https://localhost/v1", True, None),
    ],
)
def test_a_proxy_of_the_environment_goes_first_but_not_on_this_machine(
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    *,
    url: str,
    websocket: bool,
    place: tuple[str, int] | None,
) -> None:
    monkeypatch.setenv(variable, value)
    found = place_of(Endpoint(url), websocket=websocket)

    assert bool(place) == bool(found.proxy)
    if place:
        assert (*place, value, f"${variable}") == (
            found.host,
            found.port,
            found.proxy,
            found.source,
        )


def test_what_needs_no_proxy_is_reached_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://p:1")
    monkeypatch.setenv("no_proxy", "api.test")

    assert SERVER == place_of(Endpoint("https://api.test/v1"), websocket=False)


def test_an_address_is_told_as_people_write_it() -> None:
    assert ["api.test:443", "[::1]:80"] == [SERVER.told, Place("::1", 80).told]


@pytest.mark.parametrize(
    ("said", "detail", "fix"),
    [
        ("wss://h/v1: it is away: come back", "it is away", "come back"),
        ("it is away: come: back", "it is away", "come: back"),
        ("it is away", "it is away", "the usual"),
        ("it is away; it says: gone: bye", "it is away; it says: gone: bye", "the usual"),
        ("it is away: come back; it says: x", "it is away; it says: x", "come back"),
        ("the key placeholder is bad: not placeholder", "the key … is bad", "not …"),
    ],
)
def test_an_error_is_told_in_two_parts_and_without_the_key(
    said: str, detail: str, fix: str
) -> None:
    trouble = Trouble.of(Unreachable(said), Endpoint("wss://h/v1", "placeholder"), "the usual")

    assert (detail, fix) == (str(trouble), trouble.fix)
