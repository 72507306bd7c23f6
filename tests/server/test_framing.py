"""The base protocol of LSP as a stream in pieces of any size."""

import contextlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.server.framing import Frames, FramingError, frame

bodies = st.lists(
    st.binary(max_size=30) | st.just(b"\r\n\r\nContent-Length: 3\r\n\r\n"), max_size=5
)


def taken(*pieces: bytes) -> list[bytes]:
    """Return the bodies in a stream that arrives in these pieces."""
    frames = Frames()
    return [body for piece in pieces for body in frames.feed(piece)]


@given(bodies, st.data())
def test_the_bodies_are_the_same_however_the_stream_is_split(
    sent: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(map(frame, sent))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[start:end] for start, end in pairwise([0, *cuts, len(stream)])]

    assert sent == taken(*pieces)


def test_bytes_one_by_one_give_the_bodies() -> None:
    stream = frame(b"one") + frame(b"") + frame("zwölf".encode())

    assert [b"one", b"", "zwölf".encode()] == taken(*[bytes([byte]) for byte in stream])


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: 2",
        b"content-length:2",
        b"CONTENT-LENGTH: \t 2",
        b"Content-Length: 2 ",
        b"Content-Length: 0000000002",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2",
        b"Content-Length: 2\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8",
        b"content-type: Content-Length: 7\r\ncontent-Length: 2",
    ],
)
def test_a_header_is_read_in_any_case_and_order(header: bytes) -> None:
    assert [b"{}", b"next"] == taken(header + b"\r\n\r\n{}" + frame(b"next"))


@pytest.mark.parametrize(
    "garbage",
    [
        b"\r\n\r\n",
        b"Content-Type: text/plain\r\n\r\n{}",
        b"Content-Length: \r\n\r\n{}",
        b"Content-Length: -2\r\n\r\n{}",
        b"Content-Length: 2x\r\n\r\n{}",
        b"Content-Length: 99999999999\r\n\r\n{}",
        b"Content-Length: 999999999\r\n\r\n{}",
        b"Content-Length: \xd9\xa2\r\n\r\n{}",  # an Arabic two
        b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"Content-Length: 2\r\nX-Other: 1\r\n\r\n{}",
        b"X-Content-Length: 2\r\n\r\n{}",
        b"Content-Length: 2\n\r\n\r\n{}",
        b"\r\nContent-Length: 2\r\n\r\n{}",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        # What a web page can make a browser send.
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}",
        b"x" * 20_000,
        b"\0" * 20_000,
    ],
    ids=repr,
)
def test_what_is_not_the_base_protocol_is_a_framing_error(garbage: bytes) -> None:
    with pytest.raises(FramingError):
        taken(garbage)


def test_frames_before_the_garbage_are_still_taken() -> None:
    bodies_before = Frames().feed(frame(b"good") + b"bad\r\n\r\n")

    assert b"good" == next(bodies_before)
    with pytest.raises(FramingError):
        next(bodies_before)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_framing_error(data: bytes) -> None:
    frames = Frames()
    with contextlib.suppress(FramingError):
        assert sum(len(body) for body in frames.feed(data)) <= len(data)


def test_a_header_may_be_slow_but_not_endless() -> None:
    frames = Frames()
    for _ in range(100):
        assert not list(frames.feed(b"Content-Type: y\r\n"))
    with pytest.raises(FramingError, match="does not end"):
        list(frames.feed(b"Content-Type: y\r\n" * 10_000))
