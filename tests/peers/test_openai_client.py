"""The openai package, which nobody here wrote, as a client of our own backend."""

import json
import os
import subprocess
from typing import Any

import pytest

from tests.fixture import ROOT
from tests.peers.parts import PYTHON, needs
from tests.peers.service import ANSWER, PROMPT, serving

pytestmark = needs("python")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the package says of an hour with the backend, in seconds; it has checked each event."""
    with serving(tmp_path_factory.mktemp("openai")) as service:
        done = subprocess.run(
            [PYTHON, ROOT / "tests/peers/openai_client.py", service.http_url, PROMPT],
            env={"PATH": os.environ["PATH"], "OPENAI_API_KEY": service.token},
            cwd=tmp_path_factory.mktemp("nowhere"),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def kinds(events: list[dict[str, Any]]) -> list[str]:
    """Return the types of events, deltas once."""
    types = [event["type"].removeprefix("response.") for event in events]
    return [type_ for type_, before in zip(types, ["", *types], strict=False) if type_ != before]


def text(events: list[dict[str, Any]]) -> str:
    return "".join(event.get("delta", "") for event in events)


WHOLE = [
    "created",
    "in_progress",
    "output_item.added",
    "content_part.added",
    "output_text.delta",
    "output_text.done",
    "content_part.done",
    "output_item.done",
    "completed",
]


def test_the_models_are_listed(report: Any) -> None:
    assert ["embedded"] == [model["id"] for model in report["http"]["models"]]


def test_a_plain_request_is_answered_with_the_finished_response(report: Any) -> None:
    assert ["completed", ANSWER, {"a": "b"}] == report["http"]["whole"]


def test_a_stream_is_every_event_of_the_response_in_order(report: Any) -> None:
    events = report["http"]["stream"]

    assert WHOLE == kinds(events)
    assert ANSWER == text(events)
    assert list(range(len(events))) == [event["sequence_number"] for event in events]


def test_the_package_gathers_a_stream_and_may_abandon_one(report: Any) -> None:
    assert ANSWER == report["http"]["gathered"]
    assert "response.created" == report["http"]["abandoned"]


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("key", ["AuthenticationError", 401, "invalid_api_key", None]),
        ("model", ["NotFoundError", 404, "model_not_found", "model"]),
        ("streamed", ["NotFoundError", 404, "model_not_found", "model"]),
        (
            "parent",
            ["BadRequestError", 400, "previous_response_not_found", "previous_response_id"],
        ),
        ("tokens", ["BadRequestError", 400, "invalid_request_error", "max_output_tokens"]),
        ("elsewhere", ["NotFoundError", 404, "not_found", None]),
    ],
)
def test_what_is_not_to_be_had_raises_what_the_package_has_for_it(
    report: Any, what: str, told: list[Any]
) -> None:
    assert told == report["http"]["refusals"][what]


def test_a_warm_up_is_forked_and_the_fork_continued(report: Any) -> None:
    line = report["websocket"]

    assert ["created", "in_progress", "completed"] == kinds(line["warm"])
    for events, parent in ((line["fork"], line["warm"]), (line["continued"], line["fork"])):
        assert WHOLE == kinds(events)
        assert ANSWER == text(events)
        assert parent[-1]["response"]["id"] == events[0]["response"]["previous_response_id"]
        assert {"c0"} == {event["stream_id"] for event in events}


def test_lanes_are_served_beside_each_other(report: Any) -> None:
    for lane in ("c0", "c1"):
        events = [it for it in report["websocket"]["beside"] if it["stream_id"] == lane]
        assert WHOLE == kinds(events)
        assert ANSWER == text(events)


def test_what_is_said_in_vain_is_told_and_the_connection_stays(report: Any) -> None:
    lost, late = report["websocket"]["lost"], report["websocket"]["late"]

    assert ("error", 400) == (lost["type"], lost["status"])
    assert "previous_response_not_found" == lost["error"]["code"]
    assert "response.steer.failed" == late["type"]
    assert "response_already_completed" == late["error"]["code"]
    assert "use ints" == late["steer"]["input"]


def test_a_steered_response_is_followed_by_its_successor(report: Any) -> None:
    events = report["websocket"]["steered"]
    first, second = (it["response"] for it in events if it["type"] == "response.created")
    (ended,) = [it["response"] for it in events if it["type"] == "response.incomplete"]

    assert {"reason": "steered"} == ended["incomplete_details"]
    assert first["id"] == second["previous_response_id"]
    assert ANSWER == text(events)
    assert {"fg"} == {event["stream_id"] for event in events}
    assert "completed" == kinds(events)[-1]
