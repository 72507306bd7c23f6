"""Owns what we say to an app-server: calls, and answers to what it asks.

When to say which is left to the agent. Of each call only the fields are here that we use; those
with a default are not sent while they have it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

import msgspec

from spark_lsp.core.tasks.tools import Tool
from spark_lsp.wire.frames import encode

Id: TypeAlias = int | str
"""Names a call, and its answer; ours are numbers."""

NO_SUCH_METHOD = -32601


class Call(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True, kw_only=True):
    """The parameters of a call; the kind knows the method."""

    method: ClassVar[str]

    def line(self, number: Id) -> bytes:
        """Spell the call."""
        return _line({"id": number, "method": self.method, "params": self})


class ClientInfo(msgspec.Struct, frozen=True):
    """Who speaks."""

    name: str
    version: str


class Capabilities(msgspec.Struct, rename="camel", frozen=True):
    """What we understand: tools of our own are experimental; people decide, no other model."""

    experimental_api: bool = True
    required_human_approval: bool = True


class Initialize(Call, frozen=True):
    """The first call of all."""

    method: ClassVar[str] = "initialize"
    client_info: ClientInfo
    capabilities: Capabilities


class ThreadStart(Call, frozen=True):
    """Begins a thread. What it may do stands in the process's configuration, not here."""

    method: ClassVar[str] = "thread/start"
    cwd: str
    dynamic_tools: Sequence[Mapping[str, Any]]
    developer_instructions: str = ""


class ThreadResume(Call, frozen=True):
    """Goes on with a thread; its tools and instructions are kept with it."""

    method: ClassVar[str] = "thread/resume"
    thread_id: str
    cwd: str
    exclude_turns: bool = False


class Text(msgspec.Struct, tag="text", frozen=True):
    """Something that a person says."""

    text: str


class TurnStart(Call, frozen=True):
    """Has something done."""

    method: ClassVar[str] = "turn/start"
    thread_id: str
    input: Sequence[Text]
    # A thread that is resumed would go on with those that it was begun with.
    model: str = ""
    effort: str = ""
    service_tier: str = ""


class TurnSteer(Call, frozen=True):
    """Says something while a turn is running; refused if it is not that turn."""

    method: ClassVar[str] = "turn/steer"
    thread_id: str
    expected_turn_id: str
    input: Sequence[Text]


class TurnInterrupt(Call, frozen=True):
    """Ends a turn."""

    method: ClassVar[str] = "turn/interrupt"
    thread_id: str
    turn_id: str


class ThreadCompact(Call, frozen=True):
    """Makes room in a thread."""

    method: ClassVar[str] = "thread/compact/start"
    thread_id: str


class CommandExec(Call, frozen=True):
    """Runs one command in the sandbox of a permission profile, outside of any thread.

    It fails where there is no sandbox, and it never asks whether to go without one. A variable of
    the environment whose value is None is taken away.
    """

    method: ClassVar[str] = "command/exec"
    command: Sequence[str]
    cwd: str
    permission_profile: str
    process_id: str
    env: Mapping[str, str | None]
    timeout_ms: int
    output_bytes_cap: int


class CommandTerminate(Call, frozen=True):
    """Ends a command."""

    method: ClassVar[str] = "command/exec/terminate"
    process_id: str


INITIALIZED = encode({"method": "initialized"}) + b"\n"
"""Says that `initialize` was answered."""


def dynamic(tool: Tool) -> dict[str, Any]:
    """Spell a tool that is served by us."""
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "inputSchema": tool.schema,
    }


def said(text: str) -> tuple[Text, ...]:
    """Spell what a person says."""
    return (Text(text),)


def output(number: Id, text: str, *, success: bool) -> bytes:
    """Answer a call of one of our tools."""
    content = [{"type": "inputText", "text": text}]
    return answer(number, {"contentItems": content, "success": success})


def answer(number: Id, result: Mapping[str, Any]) -> bytes:
    """Answer something that was asked."""
    return _line({"id": number, "result": result})


def refuse(number: Id, message: str) -> bytes:
    """Answer something that was asked with an error."""
    return _line({"id": number, "error": {"code": NO_SUCH_METHOD, "message": message}})


def _line(message: Mapping[str, Any]) -> bytes:
    return encode(message) + b"\n"
