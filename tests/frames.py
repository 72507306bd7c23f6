"""What a server says in a test, and what a client has said, frame by frame.

Spelled apart from `spark_lsp.wire` on purpose: a mistake made on both sides would cancel out.
"""

import json
from typing import Any

from spark_lsp.wire.outcomes import Step


def frame(kind: str, lane: str = "c0", **fields: Any) -> str:
    """One frame from the server."""
    head = {"type": kind} | ({"stream_id": lane} if lane else {})
    return json.dumps(head | fields)


def stage(name: str, lane: str = "c0", response_id: str = "r1", **fields: Any) -> str:
    """A frame that carries the response."""
    return frame(f"response.{name}", lane, response={"id": response_id} | fields)


def text(delta: object, lane: str = "c0", **fields: Any) -> str:
    """A text delta."""
    return frame("response.output_text.delta", lane, delta=delta, **fields)


def error(code: str, lane: str = "c0", status: int = 400, **fields: Any) -> str:
    """An error in the WebSocket envelope."""
    body = {"type": "invalid_request_error", "code": code, "message": f"{code}!"} | fields
    return frame("error", lane, status=status, error=body)


def sent(step: Step) -> dict[str, Any]:
    """The one frame of a step, read."""
    (only,) = step.frames
    message: dict[str, Any] = json.loads(only)
    return message
