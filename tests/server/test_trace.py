"""The file of a trace, and that nothing about it is felt by the session."""

import asyncio
import logging
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from spark_lsp.core.effects import Effect, Reply, Verdict
from spark_lsp.core.events import Asked, Event, Opened, Up, Vetted, Withdrawn
from spark_lsp.core.policy import Policy
from spark_lsp.core.session import Session
from spark_lsp.core.text import Encoding, Position
from spark_lsp.core.tracing.form import Trace, read
from spark_lsp.core.tracing.recording import Recording
from spark_lsp.server import trace
from spark_lsp.server.driver import Driver, Observer
from spark_lsp.server.trace import Recorder
from tests.heard import PATIENCE

URI = "file:///repository/a.py"
HAPPENED: list[tuple[Event, list[Effect]]] = [
    (Opened(URI, "a.py", "python", 1, "x = 1\n"), []),
    (Vetted(URI, ""), []),
    (Asked(1, URI, Position(0, 4), grows=True), []),
    (Withdrawn(1), [Reply(1, Verdict.CANCELLED, None, "withdrawn by the editor")]),
    (Up(), []),
]


def recorded(recorder: Recorder, now: float = 10.0) -> None:
    """Let something happen to a session that is recorded."""
    recorder.begin(Encoding.UTF16, 128_000, Policy())
    for event, effects in HAPPENED:
        recorder.event(event, now)
        recorder.effects(effects, now)
        now += 0.25


def content(path: Path) -> Trace:
    return read(path.read_bytes())


def ended(recorder: Recorder) -> bool:
    """Wait until the thread of a recorder has ended."""
    assert recorder._thread
    recorder._thread.join(PATIENCE)
    return not recorder._thread.is_alive()


async def test_a_recorder_is_what_a_driver_wants(tmp_path: Path) -> None:
    observer: Observer = Recorder.open(tmp_path / "trace")
    driver = Driver(Session(), cast("Any", None), asyncio.get_running_loop())
    driver.observer = observer

    assert isinstance(driver.observer, Recorder)


def test_what_happens_is_written_in_its_order(tmp_path: Path) -> None:
    recorder = Recorder.open(tmp_path / "trace")
    recorded(recorder)
    recorder.close()
    told = content(tmp_path / "trace")

    assert [type(event).__name__ for event, _ in HAPPENED] == [
        line.event and line.event["type"] for line in told.lines
    ]
    assert [0.0, 0.25, 0.5, 0.75, 1.0] == [line.at for line in told.lines]
    assert ["Reply"] == [it["type"] for it in told.lines[3].effects or ()]


def test_a_trace_can_be_read_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    before = os.umask(0)
    try:
        Recorder.open(path).close()
    finally:
        os.umask(before)

    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_what_is_there_already_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        Recorder.open(path)

    assert "mine" == path.read_text()


def test_no_link_leads_to_another_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    with pytest.raises(FileExistsError):
        Recorder.open(tmp_path / "link")

    assert not (tmp_path / "mine").exists()


def test_a_server_that_is_never_used_leaves_an_empty_file(tmp_path: Path) -> None:
    recorder = Recorder.open(tmp_path / "trace")
    recorder.event(Up(), 1.0)
    recorder.close()

    assert b"" == (tmp_path / "trace").read_bytes()


def test_what_has_settled_is_written_while_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is killed then has told it."""
    waited = threading.Event()
    write = Recorder._write

    def written(recorder: Recorder, lines: list[bytes]) -> None:
        done = len(lines) > 0
        write(recorder, lines)
        if done:
            waited.set()

    monkeypatch.setattr(trace, "_IDLE", 0.01)
    monkeypatch.setattr(Recording, "idle", slept)
    monkeypatch.setattr(Recorder, "_write", written)
    recorder = Recorder.open(tmp_path / "trace")
    recorded(recorder)

    assert waited.wait(PATIENCE)
    assert len(HAPPENED) == len(content(tmp_path / "trace").lines)
    recorder.close()


def slept(recording: Recording, _seconds: float) -> None:
    """Let as much time pass as a person takes for a coffee."""
    recording._now += 600.0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full disk")
def test_a_full_disk_ends_the_trace_with_one_line_and_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    recorder = Recorder(os.open("/dev/full", os.O_WRONLY))
    with caplog.at_level(logging.INFO):
        recorded(recorder)
        recorder.close()
        recorder.event(Up(), 20.0)
        recorder.effects([], 20.0)

    assert ["the trace ends here: No space left on device"] == caplog.messages


def test_a_disk_that_is_too_slow_ends_the_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(trace, "_BEHIND", 50)
    monkeypatch.setattr(Recorder, "_write", waits_for(go_on, Recorder._write))
    recorder = Recorder.open(tmp_path / "trace")
    recorded(recorder)
    for _ in range(200):
        recorder.effects([], 20.0)
    go_on.set()

    assert ended(recorder)
    assert ["the trace ends here: the disk is too slow"] == caplog.messages
    assert len(HAPPENED) < len(content(tmp_path / "trace").lines) <= 52


def waits_for(event: threading.Event, then: Callable[..., None]) -> Callable[..., None]:
    def wait(*arguments: object) -> None:
        event.wait(PATIENCE)
        then(*arguments)

    return wait


def test_a_mistake_of_ours_ends_the_trace_and_tells_nothing_of_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_recording: Recording, event: Event, _now: float) -> None:
        raise KeyError(event)

    monkeypatch.setattr(Recording, "event", fail)
    recorder = Recorder.open(tmp_path / "trace")
    recorded(recorder)

    assert ended(recorder)
    assert ["the trace ends here: a KeyError of ours"] == caplog.messages
    assert all(record.exc_info is None for record in caplog.records)


def test_a_writer_that_hangs_does_not_keep_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(trace, "_CLOSING", 0.01)
    monkeypatch.setattr(Recorder, "_write", waits_for(go_on, Recorder._write))
    recorder = Recorder.open(tmp_path / "trace")
    recorded(recorder)
    recorder.close()
    hung = recorder._thread
    go_on.set()

    assert hung
    assert hung.daemon
    assert ended(recorder)
