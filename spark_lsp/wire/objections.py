"""Owns what is wrong with a request by itself, and the frames in which a client is told.

Only what the request says is judged here. What depends on the lanes, or on responses that came
before it, is the business of `server`; what is told of a response that of `emitter`.
Source: responses-protocol.md §1.4 to §1.6.
"""

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from spark_lsp.wire.frames import encode, lenient
from spark_lsp.wire.layout import Item
from spark_lsp.wire.requests import Create, Steer

_LANE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,256}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request never becomes a response (§1.5).

    Attributes:
        message: one sentence for people.
        code: for programs.
        status: what HTTP would say.
        param: the field at fault, None where it is none in particular.
    """

    message: str
    code: str = "invalid_request_error"
    status: int = 400
    param: str | None = None

    def frame(self, lane: str = "") -> str:
        """Spells the `error` in which a client is told; of no lane where "" (§1.5)."""
        head: dict[str, Any] = {"type": "error", "status": self.status}
        if lane:
            head["stream_id"] = lane
        return encode(head | {"sequence_number": 0, "error": _error(self)}).decode()


BAD_LANE = Refusal(
    "stream_id must be 1 to 256 characters of A-Z, a-z, 0-9, '_', '.' and '-'",
    "invalid_stream_id",
    param="stream_id",
)


def names_lane(stream_id: str) -> bool:
    """Whether that can be the name of a lane (§1.4)."""
    return _LANE_NAME.fullmatch(stream_id) is not None


def objection(request: Create, model: str) -> Refusal | None:
    """Returns what is wrong with a request to the one model there is; None if nothing is."""
    if not request.model:
        message = "missing required parameter: 'model'"
        return Refusal(message, "missing_required_parameter", param="model")
    if request.model != model:
        message = f"the model '{request.model[:64]}' does not exist here: use '{model}'"
        return Refusal(message, "model_not_found", 404, "model")
    if request.max_output_tokens is not None and request.max_output_tokens < 1:
        message = "max_output_tokens must be at least 1"
        return Refusal(message, param="max_output_tokens")
    if request.input is None and not request.parent:
        message = "missing required parameter: 'input' or 'previous_response_id'"
        return Refusal(message, "missing_required_parameter", param="input")
    return None


def parent_not_found(parent: str) -> Refusal:
    """Returns what is said of a `previous_response_id` that names nothing kept (§1.5)."""
    message = f"Previous response with id '{parent[:64]}' not found."
    return Refusal(message, "previous_response_not_found", param="previous_response_id")


def asked_items(asked: str | list[dict[str, Any]] | None) -> tuple[Item, ...]:
    """Returns the items of a request's input; a string is short for one message (§1.2)."""
    if isinstance(asked, str):
        return ({"type": "message", "role": "user", "content": asked},)
    return tuple(asked or ())


def steered_items(said: msgspec.Raw) -> tuple[Item, ...]:
    """Returns the items of a steer's input; none where it is not what a steer may say (§1.6 a).

    That is a text, or messages of the user made of texts, images and files.
    """
    steering = lenient(_STEERING, said)
    if not steering or (not isinstance(steering, str) and not all(map(_is_user_message, steering))):
        return ()
    return asked_items(steering)


def steer_failed(steer: Steer, code: str, message: str, lane: str, **known: str) -> str:
    """Spells the refusal of a steer; it returns the input, which may be said again (§1.6 a)."""
    target = steer.previous_response_id or ""
    returned = {"input": steer.input, "previous_response_id": target, **known}
    return _failed("steer.failed", code, message, lane, steer=returned)


def interrupt_failed(response_id: str, code: str, message: str, lane: str) -> str:
    """Spells the refusal of an interrupt, which ends nothing (§1.6 b)."""
    return _failed("interrupt.failed", code, message, lane, response_id=response_id)


def _failed(name: str, code: str, message: str, lane: str, **fields: Any) -> str:
    head: dict[str, Any] = {"type": f"response.{name}"}
    if lane:
        head["stream_id"] = lane
    error = {"type": "invalid_request_error", "code": code, "message": message}
    return encode(head | {"sequence_number": 0, **fields, "error": error}).decode()


def _error(refusal: Refusal) -> dict[str, str | None]:
    return {
        "type": "invalid_request_error",
        "code": refusal.code,
        "message": refusal.message,
        "param": refusal.param,
    }


_STEERING = msgspec.json.Decoder(str | list[dict[str, Any]])
_PARTS = frozenset({"input_text", "input_image", "input_file"})


def _is_user_message(item: Item) -> bool:
    if item.get("type", "message") != "message" or item.get("role") != "user":
        return False
    match item.get("content"):
        case str():
            return True
        case [*parts]:
            return all(isinstance(part, dict) and part.get("type") in _PARTS for part in parts)
        case _:
            return False
