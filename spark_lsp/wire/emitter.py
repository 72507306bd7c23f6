"""Owns how a server tells one response: the whole sequence of events, numbered, in order.

Which response runs when is the business of `server`; the same events serve server-sent events.
Source: responses-protocol.md §1.3, §1.7.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from spark_lsp.wire.events import Usage
from spark_lsp.wire.frames import encode
from spark_lsp.wire.layout import Item


class _Token(msgspec.Struct):
    token: str
    logprob: float
    top_logprobs: tuple[()] = ()


class _Delta(msgspec.Struct, tag_field="type", tag="response.output_text.delta"):
    # The one frame sent per token: a struct costs half of what a dict does.
    stream_id: str | msgspec.UnsetType
    sequence_number: int
    item_id: str
    output_index: int
    content_index: int
    delta: str
    logprobs: list[_Token]


class Emitter:
    """One response, from `opened` through any number of `text` to one terminal call.

    The caller keeps that order. Every method returns the frames to send.

    Args:
        lane: echoed as `stream_id`, "" for the default lane.
        response_id: the response's id.
        item_id: the id of the one message it may hold.
        model: the model's name.
        parent: the response it continues, "" for none.
        created_at: when it began, in seconds since the epoch.
        told_back: fields of the request that every response object repeats.
    """

    def __init__(
        self,
        lane: str,
        response_id: str,
        item_id: str,
        model: str,
        parent: str = "",
        *,
        created_at: float = 0.0,
        told_back: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self._lane = lane
        self._response_id = response_id
        self._item_id = item_id
        self._number = -1
        # Whole, because typed clients read all of it. Instructions and tools are not repeated:
        # they have had no say, and a coding agent sends tens of kilobytes of them.
        self._response = {
            "id": response_id,
            "object": "response",
            "created_at": int(created_at),
            "model": model,
            "previous_response_id": parent or None,
            "instructions": None,
            "metadata": {},
            "parallel_tool_calls": False,
            "store": False,
            "temperature": None,
            "tool_choice": "none",
            "tools": [],
            "top_p": None,
            **told_back,
        }
        self._texts: list[str] = []
        self._output: list[Item] = []

    @property
    def output(self) -> list[Item]:
        """What the response adds to the input of those that continue it: completed items only."""
        return self._output

    @property
    def written(self) -> str:
        """The text so far."""
        return "".join(self._texts)

    def opened(self) -> list[str]:
        """Tells that the response exists and runs."""
        return [self._stage("created", "in_progress"), self._stage("in_progress", "in_progress")]

    def text(self, delta: str, logprob: float | None = None) -> list[str]:
        """Tells more text, with the logarithm of its probability; the first opens the message."""
        frames = []
        if not self._texts:
            part = {"type": "output_text", "text": "", "annotations": []}
            frames = [
                self._event(
                    "output_item.added", output_index=0, item=self._message("in_progress", [])
                ),
                self._event("content_part.added", **self._place(), part=part),
            ]
        self._texts.append(delta)
        self._number += 1
        told = [] if logprob is None else [_Token(delta, logprob)]
        event = _Delta(self._lane or msgspec.UNSET, self._number, self._item_id, 0, 0, delta, told)
        return [*frames, encode(event).decode()]

    def completed(self, usage: Usage) -> list[str]:
        """Tells that the answer is whole."""
        return [*self._closed("completed"), self._stage("completed", "completed", usage=usage)]

    def incomplete(self, reason: str, usage: Usage) -> list[str]:
        """Tells that the answer was cut, and keeps what there is of it."""
        terminal = self._closed("incomplete")
        return [
            *terminal,
            self._stage(
                "incomplete", "incomplete", usage=usage, incomplete_details={"reason": reason}
            ),
        ]

    def steer_accepted(self, steer_id: str) -> list[str]:
        """Tells that what was said to the response is kept for its successor (§1.6 a)."""
        steer = {"id": steer_id, "previous_response_id": self._response_id}
        return [self._event("steer.accepted", steer=steer)]

    def failed(self, code: str, message: str) -> list[str]:
        """Tells that the response failed; its partial message is void."""
        return [self._stage("failed", "failed", error={"code": code, "message": message})]

    def interrupted(self) -> list[str]:
        """Tells that an interrupt was accepted and has ended the response (§1.6 b).

        The partial message is discarded. What was used is not known here: usage is null.
        """
        frames = [self._event("interrupt.accepted", response_id=self._response_id)]
        if self._texts:
            frames.append(
                self._event(
                    "output_item.interrupted",
                    response_id=self._response_id,
                    item_id=self._item_id,
                    output_index=0,
                )
            )
        reason = {"reason": "interrupted"}
        return [*frames, self._stage("incomplete", "incomplete", incomplete_details=reason)]

    def _closed(self, status: str) -> list[str]:
        if not self._texts:
            return []
        text = self.written
        part = {"type": "output_text", "text": text, "annotations": []}
        self._output = [self._message(status, [part])]
        return [
            self._event("output_text.done", **self._place(), text=text, logprobs=[]),
            self._event("content_part.done", **self._place(), part=part),
            self._event("output_item.done", output_index=0, item=self._output[0]),
        ]

    def _place(self) -> dict[str, Any]:
        return {"item_id": self._item_id, "output_index": 0, "content_index": 0}

    def _message(self, status: str, content: list[dict[str, Any]]) -> Item:
        return {
            "type": "message",
            "id": self._item_id,
            "role": "assistant",
            "status": status,
            "content": content,
        }

    def _stage(self, name: str, status: str, usage: Usage | None = None, **changed: Any) -> str:
        state = {
            "status": status,
            "output": self._output,
            "error": None,
            "incomplete_details": None,
            "usage": None if usage is None else _spelled_usage(usage),
        }
        return self._event(name, response=self._response | state | changed)

    def _event(self, name: str, **fields: Any) -> str:
        self._number += 1
        head: dict[str, Any] = {"type": f"response.{name}"}
        if self._lane:
            head["stream_id"] = self._lane
        return encode(head | {"sequence_number": self._number} | fields).decode()


def _spelled_usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
