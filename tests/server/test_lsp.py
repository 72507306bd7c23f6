"""Messages in, messages out: whose each is, and that every request is answered exactly once."""

import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.effects import (
    Explained,
    Grow,
    Refusal,
    Refuse,
    Replacement,
    Reply,
    Report,
    Revise,
    Revised,
    Stopped,
    Suggestion,
    Verdict,
)
from spark_lsp.core.events import (
    Accepted,
    Asked,
    Displayed,
    Event,
    Instructed,
    Interrupted,
    Rejected,
    Withdrawn,
)
from spark_lsp.core.text import Position
from spark_lsp.server.asides import Aside
from spark_lsp.server.framing import Frames
from spark_lsp.server.hooks import Hooks, Introduction
from spark_lsp.server.lsp import Protocol, Server

URI = "file:///w/a.py"
DOCUMENT: dict[str, Any] = {"uri": URI, "version": 1}
HERE = {"line": 0, "character": 0}
METHODS: dict[str, dict[str, Any]] = {
    "textDocument/inlineCompletion": {"textDocument": DOCUMENT, "position": HERE},
    "textDocument/copilotInlineEdit": {"textDocument": DOCUMENT, "position": HERE},
    "spark/edit": {"textDocument": DOCUMENT, "instruction": "sort"},
    "spark/steer": {"textDocument": DOCUMENT, "instruction": "shorter"},
    "spark/interrupt": {},
    "spark/explain": {"textDocument": DOCUMENT},
}
EDIT = {**METHODS["spark/edit"], "partialResultToken": "p", "workDoneToken": "w"}
SUGGESTION = Suggestion(2, Position(0, 0), "value")
INVALID_PARAMS, METHOD_NOT_FOUND = -32602, -32601


class Stage:
    """A server between an editor that is a list and a session that is a function."""

    def __init__(self, **client: Any) -> None:
        self.events: list[Event] = []
        self.introductions: list[Introduction] = []
        self.on_event: Callable[[Event], None] = lambda _: None
        self._frames = Frames()
        self.said: list[dict[str, Any]] = []
        nothing = cast("Any", lambda *_: None)
        self.asides: list[tuple[str, Any, Aside]] = []
        hooks = Hooks(
            started=self.introductions.append,
            event=self._event,
            aside=lambda *it: self.asides.append(it),
            configured=nothing,
            files_changed=nothing,
            unwanted=nothing,
            stopped=nothing,
        )
        server = Server(hooks)
        server.connect(cast("Any", self))
        self.protocol: Protocol = server.protocol
        capabilities = {"general": {"positionEncodings": ["utf-16"]}}
        params = {"processId": None, "rootUri": "file:///w", "capabilities": capabilities}
        self.ask("initialize", {**params, **client}, "first")
        self.answer = self.taken()[0]["result"]

    def write(self, data: bytes) -> None:
        """Take what the server says, as its pipe."""
        self.said += [json.loads(body) for body in self._frames.feed(data)]

    def taken(self) -> list[dict[str, Any]]:
        said, self.said = self.said, []
        return said

    def ask(self, method: str, params: Any, id_: Any = 1) -> None:
        self._receive({"id": id_, "method": method, "params": params})

    def tell(self, method: str, params: Any) -> None:
        self._receive({"method": method, "params": params})

    def _receive(self, message: dict[str, Any]) -> None:
        self.protocol.receive(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def _event(self, event: Event) -> None:
        self.events.append(event)
        self.on_event(event)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_client_that_knows_us_is_told_what_it_may_ask(stage: Stage) -> None:
    capabilities = stage.answer["capabilities"]

    assert {
        "edit": True, "steer": True, "interrupt": True, "explain": True, "nextEdit": True,
        "task": True,
    } == capabilities["experimental"]["spark"]  # fmt: skip
    assert ["spark.accept", "spark.reject"] == capabilities["executeCommandProvider"]["commands"]


def test_the_name_of_the_client_is_told_if_it_has_one(stage: Stage) -> None:
    named = Stage(clientInfo={"name": "Neovim", "version": "0.12.0"})

    assert ["Neovim"] == [client.name for client in named.introductions]
    assert [""] == [client.name for client in stage.introductions]


@pytest.mark.parametrize("method", METHODS)
def test_each_request_of_ours_becomes_one_event_and_is_answered_by_one_effect(
    stage: Stage, method: str
) -> None:
    stage.ask(method, METHODS[method], "mine")
    (event,) = stage.events

    assert [] == stage.taken()

    request = cast("Any", event).request
    stage.protocol.answer(Refuse(request, Refusal.FAILED, "not now"))

    assert [{"jsonrpc": "2.0", "id": "mine", "error": {"code": -32803, "message": "not now"}}] == (
        stage.taken()
    )


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"spark/interrupt"}))
@pytest.mark.parametrize("params", [None, [], {}, {"textDocument": 7}], ids=repr)
def test_parameters_that_do_not_fit_are_refused_and_nobody_hears_of_them(
    stage: Stage, method: str, params: Any
) -> None:
    stage.ask(method, params)

    assert [] == stage.events
    assert [INVALID_PARAMS] == [message["error"]["code"] for message in stage.taken()]


def test_an_interrupt_needs_no_parameters(stage: Stage) -> None:
    stage.ask("spark/interrupt", None)

    assert [Interrupted] == [type(event) for event in stage.events]


@pytest.mark.parametrize("method", METHODS)
def test_what_comes_without_an_id_is_no_request(stage: Stage, method: str) -> None:
    stage.tell(method, METHODS[method])

    assert [] == stage.events
    assert [] == stage.taken()


def test_ghost_text_grows_under_the_token_of_its_request(stage: Stage) -> None:
    params = {**METHODS["textDocument/inlineCompletion"], "partialResultToken": 0}
    stage.ask("textDocument/inlineCompletion", params)
    (event,) = stage.events
    assert isinstance(event, Asked)
    stage.protocol.show(Grow(event.request, SUGGESTION))
    stage.protocol.answer(Reply(event.request, Verdict.SHOW, SUGGESTION, ""))
    grown, answer = stage.taken()

    assert ("$/progress", 0, "replace") == (
        grown["method"], grown["params"]["token"], grown["params"]["value"]["kind"]
    )  # fmt: skip
    assert grown["params"]["value"]["items"] == answer["result"]["items"]


def test_an_edit_reports_grows_and_ends_its_report_before_it_is_answered(stage: Stage) -> None:
    stage.ask("spark/edit", EDIT)
    (event,) = stage.events
    assert isinstance(event, Instructed)
    request, edits = event.request, (Replacement(Position(0, 0), Position(0, 1), "y"),)
    stage.protocol.show(Report(request, "reading"))
    stage.protocol.show(Report(request, "writing"))
    stage.protocol.show(Revise(request, 3, 1, edits))
    stage.protocol.answer(Revised(request, 3, 1, edits))
    stage.protocol.show(Report(request, "over", ended=True))
    *progress, answer = stage.taken()

    assert [("w", "begin"), ("w", "report"), ("p", "replace"), ("w", "end")] == [
        (it["params"]["token"], it["params"]["value"]["kind"]) for it in progress
    ]
    assert 3 == answer["result"]["id"]


def test_a_client_without_tokens_is_told_nothing_before_the_answer(stage: Stage) -> None:
    stage.ask("spark/edit", METHODS["spark/edit"])
    (event,) = stage.events
    assert isinstance(event, Instructed)
    stage.protocol.show(Report(event.request, "reading"))
    stage.protocol.show(Revise(event.request, 3, 1, ()))

    assert [] == stage.taken()


@pytest.mark.parametrize("method", METHODS)
def test_any_request_can_be_cancelled(stage: Stage, method: str) -> None:
    stage.ask(method, METHODS[method], "mine")
    stage.tell("$/cancelRequest", {"id": "mine"})
    asked, withdrawn = stage.events

    assert Withdrawn(cast("Any", asked).request) == withdrawn


def test_what_became_of_an_answer_is_told_on(stage: Stage) -> None:
    item = {"command": {"arguments": [12]}}
    stage.tell("textDocument/didShowCompletion", {"item": item})
    stage.tell("textDocument/didShowInlineEdit", {"item": item})
    stage.tell("textDocument/didPartiallyAcceptCompletion", {"item": item, "acceptedLength": 3})
    stage.tell("textDocument/didShowCompletion", {"item": {}})
    stage.ask("workspace/executeCommand", {"command": "spark.accept", "arguments": [12]}, 1)
    stage.ask("workspace/executeCommand", {"command": "spark.reject", "arguments": [12]}, 2)
    stage.ask("workspace/executeCommand", {"command": "spark.accept"}, 3)

    assert [
        Displayed(12), Displayed(12), Accepted(12, 3), Accepted(12), Rejected(12),
    ] == stage.events  # fmt: skip
    assert [(number, None) for number in (1, 2, 3)] == [
        (it["id"], it["result"]) for it in stage.taken()
    ]


@pytest.mark.parametrize("params", [None, {}, {"command": "rm", "arguments": [1]}], ids=repr)
def test_a_command_that_is_not_ours_is_refused(stage: Stage, params: Any) -> None:
    stage.ask("workspace/executeCommand", params)

    assert [] == stage.events
    assert [INVALID_PARAMS] == [it["error"]["code"] for it in stage.taken()]


def test_a_notification_that_comes_as_a_request_is_no_method(stage: Stage) -> None:
    stage.ask("textDocument/didShowCompletion", {"item": {"command": {"arguments": [12]}}})

    assert [] == stage.events
    assert [METHOD_NOT_FOUND] == [it["error"]["code"] for it in stage.taken()]


def test_an_answer_may_hold_half_a_character(stage: Stage) -> None:
    """As documents do whose editor has cut a pair in two."""
    stage.ask("spark/explain", METHODS["spark/explain"])
    stage.protocol.answer(Explained(cast("Any", stage.events[0]).request, {"text": "a\ud83d"}))

    assert {"text": "a\ufffd"} == stage.taken()[0]["result"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*METHODS, "workspace/executeCommand", "spark/other"]),
            st.booleans(),
            st.sampled_from(["at once", "later", "never"]),
        ),
        max_size=20,
    )
)
def test_each_request_is_answered_exactly_once_whenever_the_session_answers(
    asked: list[tuple[str, bool, str]],
) -> None:
    """Also what the session has not answered when the editor shuts the server down."""
    stage = Stage()
    later: list[int] = []

    def react(event: Event, when: str) -> None:
        request = cast("int", getattr(event, "request", 0))
        if when == "later":
            later.append(request)
        elif when == "at once":
            stage.protocol.show(Report(request, "reading"))
            stage.protocol.answer(Stopped(request, ()))

    for number, (method, fits, when) in enumerate(asked):
        stage.on_event = partial(react, when=when)
        stage.ask(method, METHODS.get(method) if fits else {"textDocument": {}}, number)
    stage.on_event = partial(react, when="at once")
    for request in later:
        stage.protocol.answer(Stopped(request, ()))
    stage.ask("shutdown", None, "last")

    assert Counter(["last", *range(len(asked))]) == Counter(it["id"] for it in stage.taken())
