"""Each row of the error table (responses-protocol.md §1.5), in each shape an error comes in."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from spark_lsp.wire.events import Broken, ErrorFrame, decode_event
from spark_lsp.wire.faults import Fault, Remedy, fault_from


def fault_of(frame: dict[str, Any]) -> Fault:
    """What the frame says, whatever its shape."""
    event = decode_event(json.dumps(frame))
    assert isinstance(event, ErrorFrame | Broken)
    return event.fault


@pytest.mark.parametrize(
    ("code", "status", "remedy"),
    [
        ("websocket_connection_limit_reached", 400, Remedy.RECONNECT),
        ("websocket_stream_limit_reached", 400, Remedy.RECONNECT),
        ("rate_limit_exceeded", 429, Remedy.RETRY),
        ("server_is_overloaded", 503, Remedy.RETRY),
        ("slow_down", 503, Remedy.RETRY),
        ("server_error", 500, Remedy.RETRY),
        ("invalid_stream_id", 400, Remedy.REPORT),
        ("insufficient_quota", 429, Remedy.REPORT),
        ("credit_balance_exhausted", 429, Remedy.REPORT),
        ("usage_not_included", 429, Remedy.REPORT),
        ("usage_limit_reached", 429, Remedy.REPORT),
        ("context_length_exceeded", 400, Remedy.REPORT),
        ("invalid_prompt", 400, Remedy.REPORT),
        ("bio_policy", 400, Remedy.REPORT),
        ("cyber_policy", 400, Remedy.REPORT),
        ("misalignment_policy_violation", 400, Remedy.REPORT),
        ("data_residency_mismatch", 400, Remedy.REPORT),
        ("model_not_found", 404, Remedy.REPORT),
        ("never_heard_of", 400, Remedy.REPORT),
        ("never_heard_of", 401, Remedy.REPORT),
        ("never_heard_of", 429, Remedy.RETRY),
        ("never_heard_of", 500, Remedy.RETRY),
        ("never_heard_of", 529, Remedy.RETRY),
    ],
)
def test_a_code_has_its_remedy_in_the_websocket_envelope(
    code: str, status: int, remedy: Remedy
) -> None:
    """The nested shape, `ResponseWsError`."""
    error = {"type": "invalid_request_error", "code": code, "message": "m"}
    fault = fault_of({"type": "error", "status": status, "error": error})

    assert (code, "m", remedy) == (fault.code, fault.message, fault.remedy)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (
            {"type": "error", "code": "slow_down", "message": "m", "param": None},
            Fault("slow_down", "m"),
        ),
        (
            {"type": "error", "status_code": 503, "error": {"message": "m"}},
            Fault("unknown", "m", status=503),
        ),
        (
            {"type": "error", "status": "503", "error": {"code": 1301}},
            Fault("1301", "1301"),
        ),
        ({"type": "error", "error": "a bare sentence"}, Fault("unknown", "a bare sentence")),
        ({"type": "error", "error": ["?"]}, Fault("unknown", "unknown")),
        ({"type": "error"}, Fault("unknown", "unknown")),
        (
            {"type": "error", "error": {"type": "server_error", "code": None, "message": None}},
            Fault("server_error", "server_error", kind="server_error"),
        ),
        (
            {
                "type": "response.failed",
                "response": {"id": "r", "error": {"code": "invalid_prompt", "message": "m"}},
            },
            Fault("invalid_prompt", "m"),
        ),
        (
            {"type": "response.failed", "response": {"id": "r", "error": None}},
            Fault("response_failed", "response_failed"),
        ),
        (
            {
                "type": "error",
                "status": 429,
                "headers": {"Retry-After": 2},
                "error": {"code": "rate_limit_exceeded", "message": "slower"},
            },
            Fault("rate_limit_exceeded", "slower", status=429, retry_after=2.0),
        ),
    ],
)
def test_every_shape_of_an_error_is_read(frame: dict[str, Any], expected: Fault) -> None:
    """Flat, nested, wrapped, numbered, bare or empty."""
    assert expected == fault_of(frame)


@pytest.mark.parametrize(
    ("message", "headers", "seconds"),
    [
        ("Please try again in 1.5s.", None, 1.5),
        ("Try again in 120ms", None, 0.12),
        ("try again in 28 seconds", None, 28.0),
        ("try again in 1 minute", None, 60.0),
        ("try again in 6m0s. Visit", None, 360.0),
        ("try again in 1h2m3s", None, 3723.0),
        ("try again in 1.5s", {"retry-after": "9"}, 1.5),
        ("limit", {"Retry-After": "9"}, 9.0),
        ("limit", {"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ("limit", {"RETRY-AFTER": 2.5}, 2.5),
        ("limit", {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ("limit", {"retry-after": "-1"}, None),
        ("limit", {"retry-after": "inf"}, None),
        ("limit", {"retry-after": [["1"]]}, None),
        ("limit", ["retry-after"], None),
        ("try again in a moment", None, None),
        ("try again in 3 fortnights", None, None),
        ("try again in 1" + "0" * 400 + "s", None, None),
        ("", None, None),
    ],
)
def test_a_wait_is_read_from_words_or_headers(
    message: str, headers: object, seconds: float | None
) -> None:
    """The finer source first; what is no finite wait is none."""
    error = {"code": "rate_limit_exceeded", "message": message, "headers": headers}

    assert seconds == pytest.approx(fault_from(Raw(json.dumps(error).encode())).retry_after)


@pytest.mark.parametrize(
    "error",
    [
        {"code": "previous_response_not_found"},
        {"type": "invalid_request_error", "message": "Invalid previous_response_id."},
        {"code": "unsupported_parameter", "param": "previous_response_id"},
    ],
)
def test_a_lost_parent_is_recognised_without_its_code(error: dict[str, str]) -> None:
    """Gateways say it in their own words."""
    assert fault_from(Raw(json.dumps(error).encode())).names_parent


@settings(deadline=None)
@given(st.binary() | st.text().map(str.encode))
def test_no_error_object_makes_it_raise(raw: bytes) -> None:
    """An unreadable error is still an error."""
    assert fault_from(Raw(raw)).remedy is Remedy.REPORT
