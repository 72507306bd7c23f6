"""Bytes cut anywhere give the same messages, and no server can fill the memory."""

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.wire.streams import Event, JsonLines, Messages, ServerSentEvents


class Decoder(Protocol):
    def feed(self, data: bytes) -> list[Event]: ...
    def close(self) -> list[Event]: ...


def read(decoder: Decoder, pieces: Iterable[bytes]) -> list[Event]:
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return [*events, *decoder.close()]


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        ("data: one\n\n", [Event("one")]),
        (
            "data: one\r\n\r\ndata: two\r\rdata: three\n\n",
            [Event(t) for t in ("one", "two", "three")],
        ),
        ("\ufeffdata: one\n\n", [Event("one")]),
        ("data: \ufeffone\n\n", [Event("\ufeffone")]),
        (": keep-alive\n\ndata: one\n: another\n\n", [Event("one")]),
        ("data: one\ndata:two\ndata:  three\n\n", [Event("one\ntwo\n three")]),
        ("event: ping\ndata: {}\n\ndata: one\n\n", [Event("{}", "ping"), Event("one")]),
        ("event: ping\n\ndata: one\n\n", [Event("one")]),
        ("data\n\ndata:\ndata:\n\n", [Event(""), Event("\n")]),
        ("id: 7\nretry: 10\nnonsense\ndata: one\n\n", [Event("one")]),
        ("data: é\u2028\x0b😀\n\n", [Event("é\u2028\x0b😀")]),
        ("data: unfinished\n", []),
        ('error: {"code":500}\n\n', [Event('{"code":500}', "error")]),
    ],
)
def test_an_event_stream_is_read_as_the_standard_says(stream: str, events: list[Event]) -> None:
    """WHATWG HTML §9.2.6; the last case is what llama.cpp does in its place."""
    assert events == read(ServerSentEvents(), [stream.encode()])
    assert events == read(ServerSentEvents(), [bytes([byte]) for byte in stream.encode()])


def test_what_is_no_utf8_is_replaced() -> None:
    assert [Event("a\ufffdb")] == read(ServerSentEvents(), [b"data: a\xffb\n\n"])
    assert [Event("\ufffd")] == read(JsonLines(), [b"\xff\n"])


def test_json_lines_need_no_end_of_the_last_and_skip_empty_ones() -> None:
    assert [Event("{}"), Event("[1]"), Event("2")] == read(JsonLines(), [b"{}\r\n\n \n[1]\n2"])


@pytest.mark.parametrize(
    ("body", "events"),
    [
        (b'\n {"error":"x"}', [Event('{"error":"x"}')]),
        (b'{"a":1}\n{"b":2}\n', [Event('{"a":1}'), Event('{"b":2}')]),
        (b"data: {}\n\n", [Event("{}")]),
        (b"\r\n\r\n: hello\n\ndata: 1\n\n", [Event("1")]),
        (b"<html>\n\n</html>\n", []),
        (b"", []),
        (b" \n", []),
    ],
)
def test_a_body_is_read_as_what_it_turns_out_to_be(body: bytes, events: list[Event]) -> None:
    assert events == read(Messages(), [body])
    assert events == read(Messages(), [bytes([byte]) for byte in body])


def test_a_web_page_is_recognised() -> None:
    page, stream = Messages(), Messages()
    page.feed(b"  <!doctype html>")
    stream.feed(b"data: <html>\n\n")

    assert page.is_markup
    assert not stream.is_markup


LIMIT = 16
DECODERS: list[Callable[[], Decoder]] = [
    lambda: ServerSentEvents(LIMIT),
    lambda: JsonLines(LIMIT),
    lambda: Messages(LIMIT),
]
BYTES = st.lists(
    st.sampled_from(
        [
            *[b"\n", b"\r", b"\r\n", b"\n\n", b":", b" ", b"{", b"<", b"\xff"],
            *[b"data:", b"data: ", b"event: x", b"error: ", b"\xef\xbb\xbf", "é😀".encode()],
            *[b"x" * 9, b"x" * (LIMIT - 6)],
        ]
    )
    | st.binary(max_size=3),
    max_size=16,
).map(b"".join)


@given(st.sampled_from(DECODERS), BYTES, st.lists(st.integers(0, 64), max_size=8))
def test_any_cutting_gives_the_same_events(
    decoder: Callable[[], Decoder], stream: bytes, cuts: list[int]
) -> None:
    ends = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    pieces = [stream[start:end] for start, end in pairwise(ends)]

    whole = read(decoder(), [stream])

    assert whole == read(decoder(), pieces)
    assert whole == read(decoder(), [bytes([byte]) for byte in stream])
    assert all(len(event.data.encode()) <= 3 * LIMIT for event in whole)


@pytest.mark.parametrize("decoder", DECODERS)
def test_a_message_over_the_limit_is_dropped_and_the_next_is_read(
    decoder: Callable[[], Decoder],
) -> None:
    """However long it is and in however many lines it comes."""
    long = b"x" * (4 * LIMIT)
    several = b"data: 123\n" * LIMIT
    bodies = {
        ServerSentEvents: [b"data: " + long + b"\ndata: y\n\n", several + b"\n", b"data: ok\n\n"],
        JsonLines: [long + b"\n", b"ok\n"],
        Messages: [b"data: " + long + b"\n\n", several + b"\n", b"data: ok\n\n"],
    }

    events = read(decoder(), bodies[type(decoder())])

    assert [Event("ok")] == events


def test_a_line_without_end_is_not_kept() -> None:
    decoder = ServerSentEvents(LIMIT)
    for _ in range(100):
        assert [] == decoder.feed(b"x" * LIMIT)

    assert not decoder._lines._begun
    assert [Event("ok")] == decoder.feed(b"\n\ndata: ok\n\n")
