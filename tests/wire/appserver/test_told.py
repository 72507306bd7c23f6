"""What an app-server says, as it was recorded, and what that means."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.wire.appserver import told
from spark_lsp.wire.appserver.reports import reports
from spark_lsp.wire.appserver.told import Asked, ThreadOpened, decode
from spark_lsp.wire.frames import Malformed, Unknown
from tests.fixture import Fixture, fixtures

ROOT = "/home/ann/worktree"
METHODS = [*told._NOTIFICATIONS, *told._REQUESTS, "thread/started", "attestation/generate"]

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(["threadId", "turn", "turnId", "item", "plan", "delta", "id", "status"])
messages = st.fixed_dictionaries(
    {"method": st.sampled_from(METHODS), "params": values | st.dictionaries(fields, values)},
    optional={"id": st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5)},
)


def meant(line: str) -> str:
    """Say what a line means, one thing a line."""
    match decode(line.encode()):
        case Asked() as asked:
            return asked.declined.decode().rstrip("\n")
        case Malformed(detail, kind):
            return f"Malformed({kind!r}, {detail!r})"
        case Unknown(kind):
            return f"Unknown({kind!r})"
        case told.Answered(number, result):
            return f"Answered({number!r}, {bytes(result).decode()})"
        case told.Failed() as failed:
            return repr(failed)
        case message:
            return "\n".join(map(repr, reports(message, "thread-1", ROOT))) or "nothing"


@pytest.mark.parametrize("path", fixtures("appserver"), ids=lambda path: path.stem)
def test_what_is_told_means(path: Path, *, update: bool) -> None:
    fixture = Fixture.read(path)
    lines = fixture.parts["told"].splitlines()

    fixture.expect("@meant", "".join(meant(line) + "\n" for line in lines), update=update)


@given(st.binary())
def test_no_bytes_are_too_odd(line: bytes) -> None:
    decode(line)


@given(messages)
def test_no_message_is_too_odd_and_what_is_asked_can_always_be_answered(
    message: dict[str, object],
) -> None:
    decoded = decode(json.dumps(message).encode())

    if "id" in message:
        assert isinstance(decoded, Asked)
        answer = json.loads(decoded.declined)
        assert message["id"] == answer["id"]
        assert "accept" not in str(answer)
    elif not isinstance(decoded, Malformed | Unknown | Asked | told.Answered | told.Failed):
        reports(decoded, "thread-1", ROOT)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, True),
        ({"sandbox": {"type": "readOnly", "networkAccess": False}}, True),
        ({"activePermissionProfile": None}, False),
        ({"activePermissionProfile": {"id": "other"}}, False),
        ({"approvalPolicy": "never"}, False),
        ({"approvalPolicy": {"granular": {}}}, False),
        ({"sandbox": {"type": "dangerFullAccess"}}, False),
        ({"sandbox": {"type": "externalSandbox", "networkAccess": "restricted"}}, False),
        ({"sandbox": {"type": "workspaceWrite", "networkAccess": True}}, False),
        ({"sandbox": {"type": "workspaceWrite"}}, False),
    ],
)
def test_a_thread_says_whether_it_is_kept_in(change: dict[str, object], *, kept: bool) -> None:
    result = {
        "thread": {"id": "thread-1"},
        "approvalPolicy": "on-request",
        "activePermissionProfile": {"id": "spark", "extends": None},
        "sandbox": {"type": "workspaceWrite", "networkAccess": False},
    }
    opened = told.as_type(msgspec.Raw(msgspec.json.encode(result | change)), ThreadOpened)

    assert opened
    assert kept == opened.kept_in("spark")


def test_somebody_elses_words_become_part_of_a_line() -> None:
    assert "one two" == told.sentence("one\x1b[31m\n\u2028\x07 two\x9b")
    assert 400 == len(told.sentence("word " * 400))
