"""What is wrong with a trace is told in a sentence."""

import contextlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.policy import Policy
from spark_lsp.core.text import Encoding
from spark_lsp.core.tracing.form import MARK, Header, Line, TraceError, read, spelled

HEADER = Header(
    version="0.1.0", encoding=Encoding.UTF16, window=128_000, policy=Policy(stall=7.0), start=3.0
)
LINES = [
    Line(0.5, {"type": "Up", "instructable": True}),
    Line(0.75),
    Line(1.25, {"type": "Withdrawn", "request": 1}, None, masked=True),
]


def content(*lines: Line) -> bytes:
    return spelled(HEADER) + b"".join(map(spelled, lines))


def headed(**changes: Any) -> bytes:
    told = {**json.loads(spelled(HEADER)), **changes}
    return json.dumps(told).encode() + b"\n"


def test_a_trace_is_read_as_it_was_written() -> None:
    trace = read(content(*LINES))

    assert (HEADER, tuple(LINES), False) == (trace.header, trace.lines, trace.cut)


def test_a_trace_is_known_by_how_it_begins() -> None:
    assert content().startswith(MARK)


@given(st.floats(0, 1e6), st.text())
def test_a_line_comes_back_to_the_last_bit(at: float, text: str) -> None:
    (line,) = read(content(Line(at, {"type": "Down", "reason": text}))).lines

    assert at == line.at
    assert line.event
    assert text.encode("utf-16", "surrogatepass") == line.event["reason"].encode("utf-16")


def test_half_of_a_pair_is_replaced_by_as_much_of_any_encoding() -> None:
    (line,) = read(content(Line(0.0, {"text": "a\ud800b"}))).lines

    assert {"text": "a\ufffdb"} == line.event


@pytest.mark.parametrize("size", [1, 5, 30, len(spelled(LINES[2])) - 2])
def test_of_a_server_that_was_killed_what_is_whole_is_read(size: int) -> None:
    whole = content(*LINES[:2])
    trace = read(whole + spelled(LINES[2])[:size])

    assert (tuple(LINES[:2]), True) == (trace.lines, trace.cut)


def test_a_last_line_that_only_lacks_its_end_is_whole() -> None:
    trace = read(content(*LINES)[:-1])

    assert (tuple(LINES), False) == (trace.lines, trace.cut)


def test_a_policy_of_another_version_is_filled_up_with_what_holds_now() -> None:
    trace = read(headed(policy={"stall": 9.0, "of_another_time": 1}))

    assert Policy(stall=9.0) == trace.header.policy


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (b"", "the trace is empty"),
        (b"\n\n", "the trace is empty"),
        (b"import os\n", "no trace"),
        (b"\xff\xfe\n", "no trace"),
        (b'{"spark-lsp-trace": 1', "no trace"),
        (b"[" * 100_000 + b"\n", "no trace"),
        (headed(**{"spark-lsp-trace": 2, "version": "9.1"}), "form 2, written by spark-lsp 9.1"),
        (headed(encoding="utf-7"), "header of the trace is damaged: .*utf-7"),
        (headed(window="large"), "header of the trace is damaged: Expected `int`"),
        (headed(colour=1), "header of the trace is damaged: .*colour"),
        (content(LINES[0]) + b'{"at": 1\n' + spelled(LINES[1]), "line 3 of the trace is damaged"),
        (content() + b'{"event": null}\n', "line 2 of the trace is damaged: .*`at`"),
        (content() + b'{"at": 1e999}\n', "line 2 of the trace is damaged"),
        (content() + b'{"at": 1, "x": 2}\n', "line 2 of the trace is damaged: .*`x`"),
        (content() + b'{"at": 1, "event": []}\n', "line 2 of the trace is damaged"),
        (content() + b"\xff\n", "line 2 of the trace is damaged"),
        (content() + b"[" * 100_000 + b"\n", "line 2 of the trace is damaged"),
    ],
    ids=range(17),
)
def test_damage_is_told_in_one_sentence(told: bytes, why: str) -> None:
    with pytest.raises(TraceError, match=why) as raised:
        read(told)

    assert 1 == len(str(raised.value).splitlines())


@given(st.binary(max_size=60), st.integers(0, 400))
def test_damage_of_any_kind_is_nothing_worse(damage: bytes, at: int) -> None:
    whole = content(*LINES)
    with contextlib.suppress(TraceError):
        read(whole[:at] + damage + whole[at + len(damage) :])


def test_the_policy_is_written_in_full() -> None:
    told = json.loads(spelled(HEADER))

    assert msgspec.to_builtins(HEADER.policy) == told["policy"]
