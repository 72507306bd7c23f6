"""The Codex CLI, which nobody here wrote, as a client of our own backend."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.codex import conversing, execute, surroundings
from tests.peers.parts import needs
from tests.peers.service import ANSWER, PROMPT, Service, serving

pytestmark = needs("node")

WAYS = pytest.mark.parametrize(
    "websockets",
    [pytest.param(True, id="websocket"), pytest.param(False, id="http")],
)
UNKNOWN = "Model metadata for `embedded` not found"
"""Codex knows its makers' models, and says so of each other one."""
OF_ITSELF = ("Unknown model embedded", "failed to flush rollout")
"""What it logs of itself: the same, and that it ended before its own file was written."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(tmp_path_factory.mktemp("codex")) as running:
        yield running


def ways(asked: list[str]) -> set[tuple[str, bool]]:
    """Return the request lines with which connections began, and whether they were upgrades."""
    return {
        (head.partition(" HTTP/")[0], "\r\nupgrade: websocket" in head.lower()) for head in asked
    }


@WAYS
async def test_a_turn_is_completed_with_what_the_engine_says(
    service: Service, tmp_path: Path, *, websockets: bool
) -> None:
    async with surroundings(tmp_path, service, websockets=websockets) as around:
        ran = await execute(around, PROMPT)

        said = [
            event["item"]
            for event in ran.events
            if event["type"] == "item.completed" and event["item"]["type"] == "agent_message"
        ]
        assert 0 == ran.status, ran.complaints
        assert [ANSWER] == [item["text"] for item in said]
        assert "turn.completed" == ran.events[-1]["type"]
        assert ran.events[-1]["usage"]["output_tokens"] > 0
        way = ("GET", True) if websockets else ("POST", False)
        assert {(f"{way[0]} /v1/responses", way[1])} == ways(around.asked)
        assert [] == around.strayed


@WAYS
async def test_nothing_else_is_complained_of_but_that_the_model_is_not_its_makers(
    service: Service, tmp_path: Path, *, websockets: bool
) -> None:
    async with surroundings(tmp_path, service, websockets=websockets) as around:
        ran = await execute(around, PROMPT)

    told = [
        event["item"]["message"]
        for event in ran.events
        if event["type"] == "item.completed" and event["item"]["type"] == "error"
    ]
    complaints = [
        line
        for line in ran.complaints.splitlines()
        if (" WARN " in line or " ERROR " in line) and not any(it in line for it in OF_ITSELF)
    ]
    assert [True] == [message.startswith(UNKNOWN) for message in told]
    assert [] == complaints


@WAYS
async def test_a_conversation_has_more_than_one_turn(
    service: Service, tmp_path: Path, *, websockets: bool
) -> None:
    """Over WebSocket the second continues the first, on the connection that there is."""
    async with (
        surroundings(tmp_path, service, websockets=websockets) as around,
        conversing(around) as conversation,
    ):
        assert ANSWER == await conversation.turn(PROMPT)
        assert ANSWER == await conversation.turn(PROMPT.replace("again", "more"))
        assert [] == around.strayed
        assert not websockets or len(around.asked) == 1
