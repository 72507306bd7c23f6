"""What a trace looks like: lines of JSON, a header and then one for each thing that happened.

Owns the spelling, and how damage is told. What is kept of events and effects is the business of
`plain`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from spark_lsp.core.policy import Policy
from spark_lsp.core.text import Encoding
from spark_lsp.core.tracing.plain import Data

FORM = 1
"""The number of this form; another one is another form."""

MARK = b'{"spark-lsp-trace":'
"""How a trace begins."""

_HALF = re.compile("[\ud800-\udfff]")


class TraceError(ValueError):
    """Why something cannot be replayed, in a sentence."""


class Header(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"form": "spark-lsp-trace"},
):
    """The first line.

    Attributes:
        form: of the trace.
        version: of the spark-lsp that wrote it.
        encoding: the unit of positions.
        window: of the model, in tokens, as the session began.
        policy: of the session.
        start: the reading of the clock from which `Line.at` counts. Sums of times are rounded as
            they were only if they are as large as they were.
    """

    form: int = FORM
    version: str
    encoding: Encoding
    window: int
    policy: Policy
    start: float = 0.0


class Line(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Any other line.

    Attributes:
        at: seconds since the start.
        event: what happened; None if it was time that passed, so that something became due.
        effects: what the session wanted done, in order; None if it failed.
        masked: whether texts in it are not as they were.
    """

    at: float
    event: Data | None = None
    effects: list[Data] | None = []
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """What is recorded of a session.

    Attributes:
        header: the first line.
        lines: the others.
        cut: whether a part of a line followed, as where a server was killed.
    """

    header: Header
    lines: tuple[Line, ...]
    cut: bool


def spelled(line: Header | Line) -> bytes:
    """Return a line with its end; half of a surrogate pair has no UTF-8 and is replaced."""
    try:
        return msgspec.json.encode(line) + b"\n"
    except UnicodeEncodeError:
        return msgspec.json.encode(_whole(msgspec.to_builtins(line))) + b"\n"


def read(content: bytes) -> Trace:
    """Read a trace; raises `TraceError`. A last line that is not whole is left out."""
    first, *others = content.split(b"\n")
    if not content.strip():
        raise TraceError("the trace is empty")
    header = _header(first)
    lines: list[Line] = []
    cut = False
    for number, body in enumerate(others, 2):
        try:
            if body.strip():
                lines.append(_decoded(body))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if number <= len(others):  # a line end follows
                raise TraceError(f"line {number} of the trace is damaged: {_said(error)}") from None
            cut = True
    return Trace(header, tuple(lines), cut)


_line = msgspec.json.Decoder(Line)
_any = msgspec.json.Decoder()


def _decoded(body: bytes) -> Line:
    line: Line = _line.decode(body)
    return line


def _header(first: bytes) -> Header:
    try:
        told = _any.decode(first)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        told = None
    if not isinstance(told, dict) or "spark-lsp-trace" not in told:
        raise TraceError("this is no trace: its first line is not the header of one")
    form = told["spark-lsp-trace"]
    if form != FORM:
        raise TraceError(
            f"the trace is of form {form!r}, written by spark-lsp {told.get('version')}: replay it "
            f"with that version, for this one reads form {FORM}"
        )
    try:
        return msgspec.convert(told, Header)
    except msgspec.ValidationError as error:
        raise TraceError(f"the header of the trace is damaged: {_said(error)}") from None


def _said(error: Exception) -> str:
    return "it nests too deeply" if isinstance(error, RecursionError) else str(error)


def _whole(value: object) -> object:
    match value:
        case str():
            return _HALF.sub("\ufffd", value)
        case dict():
            return {_whole(key): _whole(item) for key, item in value.items()}
        case list() | tuple():
            return list(_walk(value))
        case _:
            return value


def _walk(values: list[object] | tuple[object, ...]) -> Iterator[object]:
    return map(_whole, values)
