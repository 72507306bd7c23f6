"""What an HTTP answer that is no success means, as each kind of server words it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.wire.faults import Remedy
from spark_lsp.wire.refusals import fault, told

KEY = "sk-placeholder-0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("status", "body", "code", "remedy", "says"),
    [
        # OpenAI, and DeepSeek in its words.
        (
            401,
            {"error": {"message": f"Incorrect API key: {KEY}", "code": "invalid_api_key"}},
            "invalid_api_key",
            Remedy.REPORT,
            "check the key",
        ),
        (
            404,
            {"error": {"message": "The model `x` does not exist", "code": "model_not_found"}},
            "model_not_found",
            Remedy.REPORT,
            "check model, base_url and wire_api (HTTP 404); it says: The model `x` does not exist",
        ),
        (
            429,
            {"error": {"message": "You exceeded your current quota", "type": "insufficient_quota"}},
            "insufficient_quota",
            Remedy.REPORT,
            "check the account's credit",
        ),
        (
            402,
            {"error": {"message": "Insufficient Balance", "code": "invalid_request_error"}},
            "insufficient_quota",
            Remedy.REPORT,
            "Insufficient Balance",
        ),
        # vLLM.
        (
            400,
            {
                "object": "error",
                "message": "This model's maximum context length is 4096 tokens.",
                "type": "BadRequestError",
                "code": 400,
            },
            "context_length_exceeded",
            Remedy.REPORT,
            "lower model_context_window",
        ),
        (
            422,
            {"detail": [{"type": "missing", "loc": ["body", "prompt"], "msg": "Field required"}]},
            "invalid_request_error",
            Remedy.REPORT,
            "it says: prompt: Field required",
        ),
        (404, {"detail": "Not Found"}, "not_found", Remedy.REPORT, "it says: Not Found"),
        # llama.cpp.
        (
            503,
            {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}},
            "server_is_overloaded",
            Remedy.RETRY,
            "still starting: try again later (HTTP 503); it says: Loading model",
        ),
        (
            400,
            {"error": {"code": 400, "message": "too big", "type": "exceed_context_size_error"}},
            "context_length_exceeded",
            Remedy.REPORT,
            "it says: too big",
        ),
        # Ollama.
        (404, {"error": "model 'x' not found"}, "not_found", Remedy.REPORT, "model 'x' not found"),
        # Mistral.
        (
            422,
            {
                "object": "error",
                "message": {
                    "detail": [
                        {
                            "type": "extra_forbidden",
                            "loc": ["body", "stream_options", "include_usage"],
                            "msg": "Extra inputs are not permitted",
                        }
                    ]
                },
                "type": "invalid_request_error",
                "code": None,
            },
            "invalid_request_error",
            Remedy.REPORT,
            "stream_options.include_usage: Extra inputs are not permitted",
        ),
        (
            429,
            {"message": "Requests rate limit exceeded", "code": "1300"},
            "rate_limit_exceeded",
            Remedy.RETRY,
            "asks to slow down: try again later (HTTP 429); it says: Requests rate limit exceeded",
        ),
        # Cerebras.
        (
            429,
            {"message": "Too many", "type": "too_many_requests_error", "code": "request_quota"},
            "request_quota",
            Remedy.RETRY,
            "Too many",
        ),
        # A gateway that puts JSON into a text.
        (
            500,
            {"error": {"message": '{"error": {"message": "inner words"}}'}},
            "server_error",
            Remedy.RETRY,
            "it says: inner words",
        ),
        # What is no JSON of an error.
        (502, "<html><title>Bad gateway</title>", "server_error", Remedy.RETRY, "Bad gateway"),
        (503, "upstream\n\tgone", "server_is_overloaded", Remedy.RETRY, "it says: upstream gone"),
        (418, "", "invalid_request_error", Remedy.REPORT, "check base_url and wire_api"),
        (
            500,
            {"odd": True},
            "server_error",
            Remedy.RETRY,
            "has failed: try again later (HTTP 500)",
        ),
        (307, "", "not_found", Remedy.REPORT, "is somewhere else: check base_url"),
        (529, "", "server_is_overloaded", Remedy.RETRY, "is overloaded: try again later"),
        (408, "", "timeout", Remedy.RETRY, "waited too long"),
        (413, "", "request_too_large", Remedy.REPORT, "lower model_context_window"),
        # Refused upgrades.
        (426, "", "upgrade_required", Remedy.REPORT, "does not speak WebSocket"),
        (403, "forbidden", "permission_denied", Remedy.REPORT, "it says: forbidden"),
        (200, "hello", "unexpected_answer", Remedy.REPORT, "makes no sense here"),
    ],
)
def test_each_server_is_understood(
    status: int, body: Any, code: str, remedy: Remedy, says: str
) -> None:
    raw = body if isinstance(body, str) else json.dumps(body)

    found = fault(status, {}, raw.encode())

    assert (code, remedy, status) == (found.code, found.remedy, found.status)
    assert says in found.message
    assert found.message.startswith("the server ")
    assert KEY not in found.message


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"Retry-After": "2"}, b"", 2.0),
        ({"retry-after-ms": "1500", "retry-after": "2"}, b"", 1.5),
        ({"retry-after": "2"}, b'{"error":{"message":"try again in 20ms"}}', 0.02),
        ({}, b"please try again in 3s", 3.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, b"", None),
        ({}, b"", None),
    ],
)
def test_a_wait_is_told(headers: dict[str, str], body: bytes, seconds: float | None) -> None:
    assert seconds == fault(429, headers, body).retry_after


@pytest.mark.parametrize(
    "words",
    [
        f"bad key {KEY}",
        f"Authorization: Bearer {KEY}",
        f"<p>key={KEY}</p>",
        json.dumps({"error": f"no access for {KEY}"}),
    ],
)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_a_key_that_a_server_repeats_is_not_repeated(words: str, status: int) -> None:
    found = fault(status, {"authorization": f"Bearer {KEY}"}, words.encode())

    assert "0123456789" not in found.message


@pytest.mark.parametrize(
    ("message", "code", "remedy"),
    [
        ('{"error":{"message":"x","type":"server_error","code":null}}', "server_error", "retry"),
        ('{"error":{"code":500,"message":"x"}}', "server_error", "retry"),
        ('{"error":{"code":503,"message":"x","type":"unavailable"}}', "unavailable", "retry"),
        ('{"error":{"code":400,"message":"x","type":"odd"}}', "odd", "report"),
        ('{"error":{"message":"x","type":"invalid_tool"}}', "invalid_tool", "report"),
        ('{"error":"x"}', "server_error", "retry"),
        ('{"object":"error","message":"x","code":40303}', "server_error", "retry"),
        ('{"error":{"message":"maximum context"}}', "context_length_exceeded", "report"),
    ],
)
def test_an_error_inside_of_a_stream_is_told(message: str, code: str, remedy: str) -> None:
    found = told(message)

    assert found is not None
    assert (code, remedy) == (found.code, found.remedy.value)


@pytest.mark.parametrize("message", ["", "null", "[]", "{}", '{"choices":[]}', "[DONE]", "{"])
def test_what_is_no_error_is_none(message: str) -> None:
    assert told(message) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "message", "detail", "msg", "loc", "type", "code", "param", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
).map(lambda value: json.dumps(value).encode())


@given(st.integers(100, 999), JSON | st.binary(max_size=64))
def test_no_body_makes_it_raise_or_talk_too_long(status: int, body: bytes) -> None:
    found = fault(status, {"retry-after": "x"}, body)
    told(body)

    assert found.code
    assert len(found.message) < 500
    assert found.message.isprintable()
