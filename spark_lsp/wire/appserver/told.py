"""Owns what an app-server says: its lines as values.

Decoding never raises: a line that says nothing we use is `Unknown`, one that breaks the format is
`Malformed`, and what is asked of us always keeps its id, for it must be answered or the agent waits
for ever. What follows is the business of `reports` and of the agent.
"""

import re
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, TypeVar

import msgspec
from msgspec import Raw

from spark_lsp.wire.appserver.calls import Id, answer, refuse
from spark_lsp.wire.frames import Malformed, Unknown, lenient

_NULL = Raw(b"null")
_PROSE = 400
"""Characters of somebody else's sentence."""

S = TypeVar("S", bound=msgspec.Struct)


class _Told(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    thread_id: str = ""
    turn_id: str = ""


class _Problem(msgspec.Struct, frozen=True):
    message: str = ""


class TurnBody(msgspec.Struct, frozen=True):
    """A turn: what it is called, how it stands, what went wrong."""

    id: str
    status: str = ""
    # Raw: that a turn is over must not be missed because of how its end is explained.
    error: Raw = _NULL

    @property
    def problem(self) -> str:
        """What went wrong, "" where nothing did or it is not told."""
        told = as_type(self.error, _Problem)
        return sentence(told.message) if told else ""


class TurnStarted(_Told, frozen=True):
    """A turn runs."""

    turn: TurnBody


class TurnCompleted(_Told, frozen=True):
    """A turn is over, in whatever way."""

    turn: TurnBody


class PlanStep(msgspec.Struct, frozen=True):
    """One step of a plan: pending, inProgress or completed."""

    step: str
    status: str = ""


class PlanUpdated(_Told, frozen=True):
    """The plan, whole."""

    plan: list[PlanStep]
    explanation: str | None = None


class Change(msgspec.Struct, frozen=True):
    """What is done to one file; the path is absolute."""

    path: str


class Item(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One thing that happens in a turn. Of each type only what is told of it further on."""

    type: str
    id: str = ""
    status: str = ""
    changes: list[Change] = []
    command: str = ""


class ItemStarted(_Told, frozen=True):
    """An item begins."""

    item: Item


class ItemCompleted(_Told, frozen=True):
    """An item is over."""

    item: Item


class MessageDelta(_Told, frozen=True):
    """More of what the model says."""

    delta: str


class ReasoningDelta(_Told, frozen=True):
    """More of what the model thinks, or of a summary of it."""

    delta: str


class _Breakdown(msgspec.Struct, rename="camel", frozen=True):
    total_tokens: int = 0


class _Usage(msgspec.Struct, rename="camel", frozen=True):
    last: _Breakdown = _Breakdown()
    model_context_window: int | None = None


class TokensUsed(_Told, frozen=True):
    """What the last request cost, and how much the window holds."""

    token_usage: _Usage


class Trouble(_Told, frozen=True):
    """Something failed; where it will be tried again the turn goes on."""

    error: _Problem
    will_retry: bool = False


class Notice(_Told, frozen=True):
    """Something to tell a person."""

    message: str


class Resolved(_Told, frozen=True):
    """What was asked of us needs no answer any more."""

    request_id: Id


Notification: TypeAlias = (
    TurnStarted
    | TurnCompleted
    | PlanUpdated
    | ItemStarted
    | ItemCompleted
    | MessageDelta
    | ReasoningDelta
    | TokensUsed
    | Trouble
    | Notice
    | Resolved
)

_NOTIFICATIONS: dict[str, type[Notification]] = {
    "turn/started": TurnStarted,
    "turn/completed": TurnCompleted,
    "turn/plan/updated": PlanUpdated,
    "item/started": ItemStarted,
    "item/completed": ItemCompleted,
    "item/agentMessage/delta": MessageDelta,
    "item/reasoning/textDelta": ReasoningDelta,
    "item/reasoning/summaryTextDelta": ReasoningDelta,
    "thread/tokenUsage/updated": TokensUsed,
    "error": Trouble,
    "warning": Notice,
    "serverRequest/resolved": Resolved,
}


class _Asked(_Told, frozen=True):
    """Something that waits for us to answer, and what is said to decline it."""

    no: ClassVar[dict[str, Any] | None] = None


class CommandAsked(_Asked, frozen=True):
    """May a command run? Only what has a shell asks, and none of ours has."""

    no: ClassVar = {"decision": "decline"}
    command: str | None = None
    reason: str | None = None


class ChangeAsked(_Asked, frozen=True):
    """May a file be changed that the sandbox does not let be changed?"""

    no: ClassVar = {"decision": "decline"}
    item_id: str = ""
    reason: str | None = None


class PermissionAsked(_Asked, frozen=True):
    """May the sandbox be widened?"""

    no: ClassVar = {"permissions": {}}
    reason: str | None = None


class InputAsked(_Asked, frozen=True):
    """Would the person answer some questions?"""

    no: ClassVar = {"answers": {}}


class Elicited(_Asked, frozen=True):
    """Would the person fill in a form of some server's?"""

    no: ClassVar = {"action": "decline"}


class ToolCalled(_Asked, frozen=True):
    """One of our own tools is called."""

    no: ClassVar = {
        "contentItems": [{"type": "inputText", "text": "There is no such tool."}],
        "success": False,
    }
    tool: str
    arguments: Raw = _NULL


class Unclear(_Asked, frozen=True):
    """Something is asked that we do not know, or in a shape that we do not know."""


Request: TypeAlias = (
    CommandAsked | ChangeAsked | PermissionAsked | InputAsked | Elicited | ToolCalled | Unclear
)

_REQUESTS: dict[str, type[Request]] = {
    "item/commandExecution/requestApproval": CommandAsked,
    "item/fileChange/requestApproval": ChangeAsked,
    "item/permissions/requestApproval": PermissionAsked,
    "item/tool/requestUserInput": InputAsked,
    "mcpServer/elicitation/request": Elicited,
    "item/tool/call": ToolCalled,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The server asks something: it waits until that is answered by its id."""

    id: Id
    method: str
    request: Request

    @property
    def declined(self) -> bytes:
        """The answer that grants nothing."""
        # Whatever shape it came in: an error might be taken for something else than a no.
        no = _REQUESTS.get(self.method, Unclear).no
        if no is None:
            return refuse(self.id, f"{self.method} is nothing this client can do")
        return answer(self.id, no)


@dataclass(frozen=True, slots=True)
class Answered:
    """A call of ours has succeeded."""

    id: Id
    result: Raw


@dataclass(frozen=True, slots=True)
class Failed:
    """A call of ours was refused; why, in the server's words."""

    id: Id
    message: str


Message: TypeAlias = Notification | Asked | Answered | Failed | Unknown | Malformed


class _Envelope(msgspec.Struct, frozen=True):
    id: Id | None = None
    method: str | None = None
    params: Raw = _NULL
    result: Raw = _NULL
    error: Raw = _NULL


def decode(line: bytes) -> Message:
    """Read one line; never raises."""
    try:
        envelope = _ENVELOPE.decode(line)
    except (ValueError, RecursionError) as error:
        return Malformed(str(error))
    if envelope.method is not None:
        if envelope.id is not None:
            return Asked(envelope.id, envelope.method, _request(envelope.method, envelope.params))
        return _notification(envelope.method, envelope.params)
    if envelope.id is None:
        return Malformed("neither a method nor an id")
    if bytes(envelope.error) != b"null":
        problem = lenient(_PROBLEM, envelope.error)
        return Failed(envelope.id, sentence(problem.message if problem else ""))
    return Answered(envelope.id, envelope.result)


def sentence(text: str) -> str:
    """Return somebody else's words as a part of a line: no control characters, not too long."""
    flat = " ".join(_CONTROL.sub(" ", text).split())
    return flat if len(flat) <= _PROSE else flat[: _PROSE - 1] + "…"


def _notification(method: str, params: Raw) -> Message:
    kind = _NOTIFICATIONS.get(method)
    if kind is None:
        return Unknown(method)
    try:
        return msgspec.json.decode(params, type=kind)
    except (ValueError, RecursionError) as error:
        return Malformed(str(error), method)


def _request(method: str, params: Raw) -> Request:
    kind = _REQUESTS.get(method, Unclear)
    return as_type(params, kind) or Unclear()


def as_type(raw: Raw, kind: type[S]) -> S | None:
    """Read a part whose type is known by now; None where it does not fit."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (ValueError, RecursionError):
        return None


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_PROBLEM = msgspec.json.Decoder(_Problem)
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class _Named(msgspec.Struct, frozen=True):
    id: str


class _Sandbox(msgspec.Struct, rename="camel", frozen=True):
    type: str = ""
    network_access: Any = None


class ThreadOpened(msgspec.Struct, rename="camel", frozen=True):
    """The result of `thread/start` and `thread/resume`: what holds for the thread, in truth."""

    thread: _Named
    approval_policy: Any = None
    active_permission_profile: _Named | None = None
    sandbox: _Sandbox = _Sandbox()

    def kept_in(self, profile: str) -> bool:
        """Whether it is kept in by this profile, asks, and has no network."""
        return (
            self.active_permission_profile is not None
            and self.active_permission_profile.id == profile
            and self.approval_policy == "on-request"
            and self.sandbox.type in {"readOnly", "workspaceWrite"}
            and self.sandbox.network_access is False
        )


class CommandDone(msgspec.Struct, rename="camel", frozen=True):
    """The result of `command/exec`."""

    exit_code: int
    stdout: str = ""
    stderr: str = ""
