"""Keys: where they are found, what is said where they are not, and that nothing shows them."""

import asyncio
import logging
import threading
import traceback
from collections.abc import Callable, Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail

from spark_lsp.core.settings import Provider
from spark_lsp.server import credentials
from spark_lsp.server.credentials import endpoint
from spark_lsp.server.endpoint import Endpoint, Unreachable
from tests.heard import PATIENCE

KEY = "key-4711-placeholder"
NAME = "KEY_OF_A_TEST"
MINE = Provider(base_url="wss://example.invalid/v1", env_key=NAME)
MISSING = f"the key is missing: set the environment variable {NAME}"


class Ring(KeyringBackend):
    """A keyring that does what a test wants."""

    priority = 1

    def __init__(self, answer: Callable[[], object]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.answer = answer
        self.asked: list[tuple[str, str]] = []

    def get_password(self, service: str, username: str) -> str | None:
        self.asked.append((service, username))
        return self.answer()  # type: ignore[return-value]

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(NAME, raising=False)
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def ring(answer: Callable[[], object]) -> Ring:
    """Put a keyring in place."""
    made = Ring(answer)
    keyring.set_keyring(made)
    return made


async def sentence(patience: float = PATIENCE) -> str:
    """Return why there is no endpoint, which holds no key."""
    with pytest.raises(Unreachable) as raised:
        await endpoint(MINE, patience=patience)
    told = "".join(traceback.format_exception(raised.value))
    assert KEY not in told
    return str(raised.value)


async def test_a_provider_without_a_key_needs_none() -> None:
    asked = ring(lambda: KEY).asked
    found = await endpoint(
        Provider(
            base_url="ws://127.0.0.1:1/v1",
            http_headers={"a": "b"},
            query_params={"c": "d"},
            websocket_connect_timeout_ms=1500,
        )
    )

    assert Endpoint("ws://127.0.0.1:1/v1", "", {"a": "b"}, {"c": "d"}, 1.5) == found
    assert [] == asked


async def test_the_environment_goes_before_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ring(lambda: "other").asked
    monkeypatch.setenv(NAME, f" {KEY}\n")

    assert KEY == (await endpoint(MINE)).key
    assert [] == asked
    assert credentials.in_environment(MINE)


@pytest.mark.parametrize("value", [None, "", " \n"])
async def test_where_the_environment_has_none_the_keyring_is_asked_each_time(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    if value is not None:
        monkeypatch.setenv(NAME, value)
    asked = ring(lambda: f"{KEY}\n").asked

    assert [KEY, KEY] == [(await endpoint(MINE)).key for _ in range(2)]
    assert [("spark-lsp", NAME)] * 2 == asked
    assert not credentials.in_environment(MINE)


@pytest.mark.parametrize("kept", [None, "", b"bytes", 5])
async def test_a_missing_key_is_told_with_both_ways_to_give_it(kept: object) -> None:
    ring(lambda: kept)

    assert f"{MISSING}, or store it with `keyring set spark-lsp {NAME}`" == await sentence()


async def test_a_system_without_a_keyring_is_not_recommended_one() -> None:
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]

    assert f"{MISSING}; this system has no keyring" == await sentence()


@pytest.mark.parametrize(
    "error", [RuntimeError, SystemExit, KeyboardInterrupt, asyncio.TimeoutError]
)
async def test_a_keyring_may_fail_in_any_way_and_what_it_says_is_not_told(
    error: type[BaseException],
) -> None:
    def answer() -> str:
        raise error(KEY)

    ring(answer)

    assert f"{MISSING}; the system keyring has failed ({error.__name__})" == await sentence()


async def test_a_keyring_that_does_not_answer_is_not_waited_for_and_is_heard_later() -> None:
    unlocked = threading.Event()
    begun = threading.Event()

    def answer() -> str:
        begun.set()
        assert unlocked.wait(PATIENCE)
        return KEY

    asked = ring(answer).asked
    fix = f"unlock it, or set the environment variable {NAME}"
    for _ in range(3):
        assert f"the system keyring does not answer: {fix}" == await sentence(patience=0.0)
    await asyncio.to_thread(begun.wait, PATIENCE)
    unlocked.set()

    assert KEY == (await endpoint(MINE, patience=PATIENCE)).key
    assert [("spark-lsp", NAME)] == asked, "it is asked once, however often we want to know"


def test_a_keyring_that_hangs_keeps_no_process_from_ending() -> None:
    unlocked = threading.Event()
    ring(lambda: unlocked.wait(PATIENCE) and KEY)
    try:
        told = asyncio.run(sentence(patience=0.0))
        hanging = [thread for thread in threading.enumerate() if thread.name == "keyring"]

        assert "does not answer" in told
        assert [True] == [thread.daemon for thread in hanging]
        # Another loop asks anew: the answer of the old one has nowhere to go.
        ring(lambda: KEY)
        assert KEY == asyncio.run(endpoint(MINE, patience=PATIENCE)).key
    finally:
        unlocked.set()
    hanging[0].join(PATIENCE)


JUNK = ["\n", " ", "\r\nHost: evil", "\u20ac", "\xe9"]


@pytest.mark.parametrize(
    ("junk", "kept"),
    # No variable can hold a zero.
    [*((junk, kept) for junk in JUNK for kept in (False, True)), ("\0", True)],
)
async def test_what_no_header_can_carry_is_no_key_and_is_not_told(
    monkeypatch: pytest.MonkeyPatch, junk: str, *, kept: bool
) -> None:
    key = f"{KEY}{junk}x"
    ring(lambda: key)
    if not kept:
        monkeypatch.setenv(NAME, key)
    told = await sentence()

    assert told.startswith(f"the key in {NAME} is no key")
    assert "\n" not in told


async def test_what_a_debug_log_of_the_loop_tells_holds_no_key(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Asyncio tells of slow callbacks with all that they are given."""
    caplog.set_level(logging.DEBUG)
    loop = asyncio.get_running_loop()
    loop.set_debug(enabled=True)
    loop.slow_callback_duration = 0.0
    ring(lambda: KEY)
    found = await endpoint(MINE, patience=PATIENCE)
    await asyncio.sleep(0)
    loop.set_debug(enabled=False)

    assert KEY == found.key
    assert "Executing" in caplog.text
    assert KEY not in caplog.text
