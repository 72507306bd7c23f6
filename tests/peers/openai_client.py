"""Speaks to a Responses server with the openai package, and prints as JSON what came of it.

Run by an interpreter that has the package, see `make peers`: the arguments are the root of the
server and the prompt, the key is in $OPENAI_API_KEY. Nothing is judged here, but that each event
satisfies the package's own types.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import openai  # type: ignore[import-not-found]
import pydantic  # type: ignore[import-not-found]
from openai.types.responses import (  # type: ignore[import-not-found]
    Response,
    ResponsesServerEvent,
    ResponseStreamEvent,
)

MODEL = "embedded"
ENDS = {"response.completed", "response.failed", "response.incomplete", "error"}


def checked(events: Iterable[Any], kind: Any) -> Iterator[dict[str, Any]]:
    """Yield events as they came, each having been held against the package's types."""
    types = pydantic.TypeAdapter(kind)
    for event in events:
        plain = event.to_dict()
        types.validate_python(plain)
        yield plain


def refusal(call: Callable[[], Any]) -> list[Any]:
    """Return how the package tells that a call failed: exception, status, code, param."""
    try:
        call()
    except openai.APIStatusError as error:
        return [type(error).__name__, error.status_code, error.code, error.param]
    return []


def over_http(client: Any, prompt: str) -> dict[str, Any]:
    """Ask by POST: for the whole, for a stream, and for what is not to be had."""
    whole = client.responses.create(model=MODEL, input=prompt, metadata={"a": "b"})
    Response.model_validate(whole.to_dict())
    stream = client.responses.create(
        model=MODEL,
        instructions="be brief",
        input=[{"role": "user", "content": prompt}],
        stream=True,
    )
    with client.responses.stream(model=MODEL, input=prompt) as gathered:
        final = gathered.get_final_response()
    with client.responses.create(model=MODEL, input=prompt, stream=True) as abandoned:
        first = next(iter(abandoned)).type
    stranger = client.with_options(api_key="not-the-token", max_retries=0)
    ask = client.responses.create
    return {
        "models": [model.to_dict() for model in client.models.list()],
        "whole": [whole.status, whole.output_text, whole.metadata],
        "stream": list(checked(stream, ResponseStreamEvent)),
        "gathered": final.output_text,
        "abandoned": first,
        "refusals": {
            "key": refusal(stranger.models.list),
            "model": refusal(lambda: ask(model="gpt-9", input="x")),
            "parent": refusal(lambda: ask(model=MODEL, input="x", previous_response_id="resp_0")),
            "streamed": refusal(lambda: ask(model="gpt-9", input="x", stream=True)),
            "tokens": refusal(lambda: ask(model=MODEL, input="x", max_output_tokens=-1)),
            "elsewhere": refusal(lambda: client.embeddings.create(model=MODEL, input="x")),
        },
    }


class Line:
    """A WebSocket: says something, and hears until that is over."""

    def __init__(self, connection: Any) -> None:
        """Take the package's connection."""
        self.response = connection.response
        self._events = checked(connection, ResponsesServerEvent)

    def next(self) -> dict[str, Any]:
        """Return the next event."""
        return next(self._events)

    def rest(self) -> list[dict[str, Any]]:
        """Return all events up to the end of a response."""
        events = [self.next()]
        while events[-1]["type"] not in ENDS:
            events.append(self.next())
        return events


def over_websocket(client: Any, prompt: str) -> dict[str, Any]:
    """Ask over one connection: warm, continue, fork, side by side, steer, and in vain."""
    with client.responses.connect() as connection:
        line = Line(connection)
        line.response.create(
            model=MODEL,
            stream_id="base",
            input=[{"role": "developer", "content": "be brief"}],
            generate=False,
        )
        warm = line.rest()
        warm_id = warm[-1]["response"]["id"]
        line.response.create(
            model=MODEL, stream_id="c0", input=prompt, previous_response_id=warm_id
        )
        fork = line.rest()
        fork_id = fork[-1]["response"]["id"]
        line.response.create(
            model=MODEL, stream_id="c0", input=prompt, previous_response_id=fork_id
        )
        continued = line.rest()

        for lane in ("c0", "c1"):
            line.response.create(model=MODEL, stream_id=lane, input=prompt)
        beside = line.rest() + line.rest()

        line.response.create(model=MODEL, input="x", previous_response_id="resp_0")
        lost = line.next()
        line.response.steer(previous_response_id=beside[-1]["response"]["id"], input="use ints")
        late = line.next()
        return {
            "warm": warm,
            "fork": fork,
            "continued": continued,
            "beside": beside,
            "lost": lost,
            "late": late,
            "steered": steered(line, prompt),
        }


def steered(line: Line, prompt: str) -> list[dict[str, Any]]:
    """Steer a response while it is written; it may end first, so try until that was not so."""
    while True:
        line.response.create(model=MODEL, stream_id="fg", input=prompt)
        events = [line.next()]
        line.response.steer(previous_response_id=events[0]["response"]["id"], input="use ints")
        events += line.rest()
        if any(event["type"] == "response.steer.accepted" for event in events):
            return events + line.rest()  # the successor
        line.next()  # that the steer failed


if __name__ == "__main__":
    _, URL, TEXT = sys.argv
    with openai.OpenAI(base_url=URL, max_retries=0, timeout=20) as CLIENT:
        REPORT = {"http": over_http(CLIENT, TEXT), "websocket": over_websocket(CLIENT, TEXT)}
    json.dump(REPORT, sys.stdout)
