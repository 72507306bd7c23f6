"""Owns what an HTTP answer that is no success means: what went wrong, said to a person.

Reads the error bodies of OpenAI and whatever imitates it (vLLM, llama.cpp, Ollama, Mistral,
DeepSeek, Cerebras, gateways), and of servers that answer with plain text, a web page or nothing;
refused WebSocket upgrades as well. Whether to try again follows from the `Fault`, see `faults`.

The sentence begins with what the status means and what to do, then repeats what the server said,
short, on one line and masked: servers like to repeat the key they were sent. Headers are never
repeated.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
from msgspec import Raw

from spark_lsp.core.secrets import redact
from spark_lsp.wire.faults import Fault, fault_from
from spark_lsp.wire.frames import lenient

_WORDS = 300
"""Characters of a server's own words that are repeated."""
_READ = 64 * 1024
"""Bytes of a body that are looked at."""

_MEANINGS = {
    400: ("invalid_request_error", "cannot use the request: check model and wire_api"),
    401: ("invalid_api_key", "does not accept the key: check the key of this provider"),
    402: ("insufficient_quota", "wants to be paid: check the account's credit"),
    403: ("permission_denied", "refuses access: check what the key may use"),
    404: ("not_found", "does not know this model or path: check model, base_url and wire_api"),
    405: ("not_found", "offers nothing at this path: check base_url and wire_api"),
    408: ("timeout", "has waited too long for the request: try again later"),
    413: ("request_too_large", "finds the request too large: lower model_context_window"),
    422: ("invalid_request_error", "cannot use the request: check model and wire_api"),
    426: ("upgrade_required", "does not speak WebSocket: set supports_websockets = false"),
    429: ("rate_limit_exceeded", "asks to slow down: try again later"),
    500: ("server_error", "has failed: try again later"),
    502: ("server_error", "is not reachable behind its gateway: try again later"),
    503: ("server_is_overloaded", "is overloaded or still starting: try again later"),
    504: ("server_error", "is not reachable behind its gateway: try again later"),
    529: ("server_is_overloaded", "is overloaded: try again later"),
}
_TOO_LONG = "finds the context too long: lower model_context_window"
_UNPAID = "says that the quota is used up: check the account's credit"

_LONG = re.compile(
    r"context[ _](?:length|size|window)|maximum context|prompt is too long|too many tokens",
    re.IGNORECASE,
)
# Not "quota" alone: that is how Cerebras and Google call the requests of a minute.
_QUOTA = re.compile(
    r"insufficient[_ ](?:quota|balance|credit|fund)|current quota|credit balance|billing",
    re.IGNORECASE,
)
_SPOKEN_KEY = re.compile(
    r"\bbearer\s+\S+|\b(?:sk|pk|rk|csk|gsk|hf|key|api)[-_](?=\S*\d)[^\s'\",;)]{8,}", re.IGNORECASE
)
_TAG = re.compile(r"<[^>]*>?")
_TITLE = re.compile(r"<title[^>]*>([^<]*)", re.IGNORECASE)


class _Shape(msgspec.Struct):
    # What the servers' error bodies have, all of it optional and of any type.
    error: Raw = Raw(b"null")
    message: object = None
    detail: object = None
    type: object = None
    code: object = None
    param: object = None


_SHAPE = msgspec.json.Decoder(_Shape)
_ANYTHING = msgspec.json.Decoder(object)


def fault(status: int, headers: Mapping[str, str], body: bytes) -> Fault:
    """Return what an answer means that is no success; never raises.

    Args:
        status: of the answer.
        headers: for `Retry-After` and `retry-after-ms`; of a date no wait is known.
        body: as far as it was read.
    """
    code, meaning = _meaning(status)
    found = _inside(body[:_READ], status, headers)
    if found is None:
        # Also reads the words of a plain text, which may say how long to wait.
        said = Raw(msgspec.json.encode({"message": _plain(body[:_READ])}))
        found = replace(fault_from(said, status, headers), code="", kind="")
        found = replace(found, message="" if found.message == "unknown" else found.message)
    known = found.code not in {"", "unknown"} and not found.code.isdigit()
    told = f"{found.code} {found.kind} {found.message}"
    if status in {400, 413, 422, 500} and _LONG.search(told):
        code, meaning, known = "context_length_exceeded", _TOO_LONG, False
    elif status in {402, 403, 429} and _QUOTA.search(f"{found.code} {found.message}"):
        code, meaning, known = "insufficient_quota", _UNPAID, False
    # What is said of a key begins with the key.
    words = "" if status == 401 else _safe(found.message)
    repeats = words in {"", found.code, found.kind}
    sentence = f"the server {meaning} (HTTP {status})"
    return replace(
        found,
        code=found.code if known else code,
        message=sentence if repeats else f"{sentence}; it says: {words}",
    )


def told(message: str | bytes) -> Fault | None:
    """Return the error that one message of a stream is, or None if it is none; never raises."""
    found = _inside(message, None, {})
    if found is None:
        return None
    code, status = found.code, None
    if code.isdigit():
        status = int(code) if re.fullmatch(r"[45]\d\d", code) else None
        code = found.kind or (_meaning(status)[0] if status else "unknown")
    if _LONG.search(f"{code} {found.message}"):
        code = "context_length_exceeded"
    words = _safe(found.message)
    # The request was taken, so it is the server that has failed, if nothing says otherwise.
    blamed = "invalid" in f"{code} {found.kind}"
    return replace(
        found,
        code="server_error" if code == "unknown" else code,
        status=status or (400 if blamed else 500),
        message=f"the server has failed while it answered; it says: {words or code}",
    )


def _meaning(status: int) -> tuple[str, str]:
    if status in _MEANINGS:
        return _MEANINGS[status]
    if status >= 500:
        return "server_error", "has failed: try again later"
    if status >= 400:
        return "invalid_request_error", "refuses the request: check base_url and wire_api"
    if status >= 300:
        return "not_found", "is somewhere else: check base_url"
    return "unexpected_answer", "answers in a way that makes no sense here: check base_url"


def _inside(body: str | bytes, status: int | None, headers: Mapping[str, str]) -> Fault | None:
    """Read an error body that is JSON, whoever spelled it."""
    shape = lenient(_SHAPE, body)
    if shape is None:
        return None
    if bytes(shape.error) != b"null":
        nested = lenient(_SHAPE, shape.error)
        if nested is None:  # a bare text, as Ollama says it
            return fault_from(shape.error, status, headers)
        return _flat(nested, status, headers)
    if shape.message is None and shape.detail is None:
        return None
    return _flat(shape, status, headers)


def _flat(shape: _Shape, status: int | None, headers: Mapping[str, str]) -> Fault:
    words = _words(shape.message) or _words(shape.detail)
    kind = shape.type if isinstance(shape.type, str) else ""
    code = shape.code if isinstance(shape.code, str) else None
    if isinstance(shape.code, int) and abs(shape.code) < 1_000_000:
        code = str(shape.code)
    param = shape.param if isinstance(shape.param, str) else None
    plain = {"message": words, "type": kind, "code": code, "param": param}
    return fault_from(Raw(msgspec.json.encode(plain)), status, headers)


def _words(value: object) -> str:
    """Return what a `message` or `detail` says: a text, or the list of complaints of pydantic."""
    match value:
        case str():
            # Some gateways put the JSON of the server behind them into a text.
            inner = lenient(_ANYTHING, value) if value.startswith("{") else None
            return _words(inner) if isinstance(inner, Mapping) else value
        case {"detail": inner} | {"message": inner} | {"error": inner}:
            return _words(inner)
        case {"msg": str(text), "loc": [*where]}:
            place = ".".join(str(step) for step in where if step != "body")
            return f"{place}: {text}" if place else text
        case {"msg": inner}:
            return _words(inner)
        case [*complaints]:
            return _joined([_words(complaint) for complaint in complaints[:3]])
        case _:
            return ""


def _joined(words: Sequence[str]) -> str:
    return "; ".join(filter(None, words))


def _plain(body: bytes) -> str:
    """Return the words of a body that is not the JSON of an error."""
    text = body.decode("utf-8", "replace").strip()
    if text.startswith("<"):
        title = _TITLE.search(text)
        return title[1].strip() if title else ""
    return "" if text.startswith(("{", "[")) else text


def _safe(words: str) -> str:
    """Return a server's words so that a person can be shown them."""
    # Cut first: masking takes time, and only what is shown has to be masked.
    short = words[: 4 * _WORDS]
    masked = _SPOKEN_KEY.sub("***", redact(_TAG.sub(" ", short)))
    line = " ".join("".join(c if c.isprintable() else " " for c in masked).split())
    return line if len(line) <= _WORDS else f"{line[: _WORDS - 1]}…"
