"""What editors ask, and tell of answers, as events: read from plain data.

Owns the parameters of our requests, of Copilot's notifications, and of our commands. They are read
here and not by lsprotocol, whose types drop `partialResultToken`, without which nothing can grow,
and know nothing of the rest. What does not fit is None; what is unknown is passed over, because
each client sends something of its own. What they say of a document's text is read in `sync`.

An answer's number is an integer where we give it out; clients that make a string of it are
understood.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec

from spark_lsp.core.events import (
    Accepted,
    Asked,
    Displayed,
    Following,
    Instructed,
    Interrupted,
    Questioned,
    Redirected,
    Rejected,
    RequestId,
    Selected,
)
from spark_lsp.core.text import Position
from spark_lsp.server.items import ACCEPT_COMMAND, REJECT_COMMAND

Token: TypeAlias = int | str
Asking: TypeAlias = Asked | Instructed | Following | Redirected | Interrupted | Questioned
Telling: TypeAlias = Displayed | Accepted | Rejected

_INVOKED = 1
_NUMBER = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Question:
    """A request of the editor's.

    Attributes:
        event: what it means to the session.
        partial: the token under which it takes partial results, if it does.
        work: the token under which it shows how the work goes on, if it does.
    """

    event: Asking
    partial: Token | None
    work: Token | None


@dataclass(frozen=True, slots=True)
class Command:
    """A command that the editor has us execute.

    Attributes:
        name: its name, ours or not.
        event: what it means to the session; None if it names no answer.
    """

    name: str
    event: Telling | None


def question(method: str, request: RequestId, params: Any) -> Question | None:
    """Return what a request asks, or None if its parameters do not fit; for `QUESTIONS` only."""
    type_, read = QUESTIONS[method]
    # Parameters may be left out where all of them may.
    params = {} if params is None else params
    tokens, asked = _fitting(_Tokens, params), _fitting(type_, params)
    if tokens is None or asked is None or (event := read(request, asked, tokens)) is None:
        return None
    return Question(event, tokens.partial_result_token, tokens.work_done_token)


def notice(method: str, params: Any) -> Telling | None:
    """Return what a notification tells of an answer, if it does; for `NOTICES` only."""
    if (about := _fitting(_About, params)) is None or not about.item.command.arguments:
        return None
    answer = _number(about.item.command.arguments[0])
    if answer is None:
        return None
    if method != DID_PARTIALLY_ACCEPT:
        return Displayed(answer)
    length = about.accepted_length
    return None if length is None else Accepted(answer, length)


def command(params: Any) -> Command | None:
    """Return which command is to be executed, or None if that is not said."""
    if (wanted := _fitting(_Execute, params)) is None:
        return None
    answer = _number(wanted.arguments[0]) if wanted.arguments else None
    make = COMMANDS.get(wanted.command)
    return Command(wanted.command, make(answer) if make and answer is not None else None)


COMPLETION = "textDocument/inlineCompletion"
NEXT_EDIT = "textDocument/copilotInlineEdit"
EDIT = "spark/edit"
STEER = "spark/steer"
INTERRUPT = "spark/interrupt"
EXPLAIN = "spark/explain"

DID_PARTIALLY_ACCEPT = "textDocument/didPartiallyAcceptCompletion"
NOTICES = frozenset(
    {
        "textDocument/didShowCompletion",
        "textDocument/didShowInlineEdit",
        DID_PARTIALLY_ACCEPT,
    }
)
COMMANDS: Mapping[str, Callable[[int], Accepted | Rejected]] = {
    ACCEPT_COMMAND: Accepted,
    REJECT_COMMAND: Rejected,
}


class _Fields(msgspec.Struct, rename="camel"):
    pass


_Unit = Annotated[int, msgspec.Meta(ge=0)]


class _Place(_Fields):
    line: _Unit
    character: _Unit

    @property
    def position(self) -> Position:
        return Position(self.line, self.character)


class _Span(_Fields):
    start: _Place
    end: _Place


class _Document(_Fields):
    uri: str
    # Clients that have no versions say so in many ways.
    version: Any = None

    @property
    def number(self) -> int | None:
        plain = isinstance(self.version, int) and not isinstance(self.version, bool)
        return self.version if plain else None


class _Tokens(_Fields):
    partial_result_token: Token | None = None
    work_done_token: Token | None = None


class _Chosen(_Fields):
    range: _Span
    text: str


class _Context(_Fields):
    trigger_kind: Any = None
    selected_completion_info: _Chosen | None = None


class _Completion(_Fields):
    text_document: _Document
    position: _Place
    context: _Context | None = None


class _NextEdit(_Fields):
    text_document: _Document
    position: _Place


class _Edit(_Fields):
    text_document: _Document
    instruction: str
    range: _Span | None = None


class _Steer(_Fields):
    text_document: _Document
    instruction: str
    expected_id: Token | None = None


class _Interrupt(_Fields):
    answer: Token | None = msgspec.field(default=None, name="id")


class _Explain(_Fields):
    text_document: _Document
    position: _Place | None = None


class _Run(_Fields):
    arguments: list[Any] | None = None


class _Item(_Fields):
    command: _Run


class _About(_Fields):
    item: _Item
    accepted_length: _Unit | None = None


class _Execute(_Fields):
    command: str
    arguments: list[Any] | None = None


def _completion(request: RequestId, params: _Completion, tokens: _Tokens) -> Asked:
    context = params.context or _Context()
    return Asked(
        request,
        params.text_document.uri,
        params.position.position,
        grows=tokens.partial_result_token is not None,
        invoked=context.trigger_kind == _INVOKED,
        selected=_selected(context.selected_completion_info),
        version=params.text_document.number,
    )


def _selected(chosen: _Chosen | None) -> Selected | None:
    if chosen is None:
        return None
    return Selected(chosen.range.start.position, chosen.range.end.position, chosen.text)


def _edit(request: RequestId, params: _Edit, tokens: _Tokens) -> Instructed | None:
    if not params.instruction.strip():
        return None
    return Instructed(
        request,
        params.text_document.uri,
        params.text_document.number,
        params.range.start.position if params.range else None,
        params.range.end.position if params.range else None,
        params.instruction,
        grows=tokens.partial_result_token is not None,
        reports=tokens.work_done_token is not None,
    )


def _next_edit(request: RequestId, params: _NextEdit, _: _Tokens) -> Following:
    document = params.text_document
    return Following(request, document.uri, document.number, params.position.position)


def _steer(request: RequestId, params: _Steer, _: _Tokens) -> Redirected | None:
    expected = _number(params.expected_id)
    if not params.instruction.strip() or (expected is None and params.expected_id is not None):
        return None
    return Redirected(request, params.text_document.uri, params.instruction, expected)


def _interrupt(request: RequestId, params: _Interrupt, _: _Tokens) -> Interrupted | None:
    answer = _number(params.answer)
    return None if answer is None and params.answer is not None else Interrupted(request, answer)


def _explain(request: RequestId, params: _Explain, _: _Tokens) -> Questioned:
    place = params.position.position if params.position else None
    return Questioned(request, params.text_document.uri, place)


_Reader: TypeAlias = Callable[[RequestId, Any, _Tokens], Asking | None]

QUESTIONS: Mapping[str, tuple[type[_Fields], _Reader]] = {
    COMPLETION: (_Completion, _completion),
    NEXT_EDIT: (_NextEdit, _next_edit),
    EDIT: (_Edit, _edit),
    STEER: (_Steer, _steer),
    INTERRUPT: (_Interrupt, _interrupt),
    EXPLAIN: (_Explain, _explain),
}
"""How each request is read."""

T = TypeVar("T", bound=_Fields)


def _fitting(type_: type[T], params: Any) -> T | None:
    try:
        return msgspec.convert(params, type_)
    except (msgspec.ValidationError, RecursionError):
        return None


def _number(value: Any) -> int | None:
    """Return the number that a value is, or spells."""
    if isinstance(value, str):
        return int(value) if _NUMBER.fullmatch(value) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
