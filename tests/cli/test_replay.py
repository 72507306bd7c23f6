"""A trace is replayed by `drive`: what it tells people and scripts, and when it fails."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from spark_lsp.cli import drive, replay
from spark_lsp.cli.errors import CommandError
from spark_lsp.core.documents import Change
from spark_lsp.core.effects import Effect
from spark_lsp.core.events import (
    Accepted,
    Asked,
    Closed,
    Edited,
    Ended,
    Event,
    Opened,
    Selected,
    Up,
    Vetted,
    Withdrawn,
    Wrote,
)
from spark_lsp.core.policy import Policy
from spark_lsp.core.session import Session
from spark_lsp.core.text import Encoding, Position, Text
from spark_lsp.core.tracing.form import Line, Trace, read, spelled
from spark_lsp.core.tracing.recording import Recording
from spark_lsp.core.tracing.replaying import Replay
from tests.cli.test_report import CONTRACT

URI = "file:///repository/a.py"


class Editor:
    """An editor that speaks to a session, and a recording of it."""

    def __init__(self, text: str, encoding: Encoding = Encoding.UTF16) -> None:
        self.encoding = encoding
        self.session = Session(encoding)
        self.recording = Recording(encoding, 128_000, Policy())
        self.text = Text(text)
        self.cursor = len(text)
        self.version = 1
        self.request = 0
        self.now = 10.0
        self.feed(Opened(URI, "a.py", "python", 1, text))
        self.feed(Vetted(URI, ""))
        self.feed(Up())

    def feed(self, event: Event, after: float = 0.0) -> list[Effect]:
        self.now += after
        self.recording.event(event, self.now)
        effects = self.session.handle(event, self.now)
        self.recording.effects(effects, self.now)
        return effects

    def type(self, text: str) -> None:
        place = self.place()
        self.text = Text(self.text.string[: self.cursor] + text + self.text.string[self.cursor :])
        self.cursor += len(text)
        self.version += 1
        self.feed(Edited(URI, self.version, [Change(place, place, text)]), after=0.06)

    def ask(self, selected: Selected | None = None) -> int:
        self.request += 1
        self.feed(Asked(self.request, URI, self.place(), grows=True, selected=selected))
        return self.request

    def place(self) -> Position:
        return self.text.position(self.cursor, self.encoding)

    def trace(self) -> Trace:
        return read(b"".join(self.recording.close()))


def typed_along(encoding: Encoding = Encoding.UTF16) -> Trace:
    """Return the trace of someone who types along with an answer and then accepts the rest."""
    editor = Editor("x = '😀', ", encoding)
    editor.ask()
    editor.feed(Wrote(1, "total("), after=0.02)
    editor.feed(Wrote(1, "items)\n"), after=0.1)
    editor.feed(Ended(1))
    for key in "tot":
        editor.type(key)
        editor.ask()
    editor.type("al(items)")
    editor.feed(Accepted(1))
    editor.ask()
    editor.feed(Withdrawn(editor.request), after=0.01)
    return editor.trace()


def written(trace: Trace, path: Path) -> Path:
    path.write_bytes(spelled(trace.header) + b"".join(map(spelled, trace.lines)))
    return path


def differing(trace: Trace) -> Trace:
    return Trace(structs.replace(trace.header, window=8_000), trace.lines, cut=False)


def arguments(*files: Path, json_: bool = False, picture: Path | None = None) -> argparse.Namespace:
    return argparse.Namespace(
        files=list(files),
        json=json_,
        picture=picture,
        lines=30,
        workspace=None,
        config=None,
        pace=60,
    )


@pytest.mark.parametrize("encoding", Encoding)
def test_the_figures_are_those_of_who_sat_at_the_editor(encoding: Encoding) -> None:
    told = replay.replay(typed_along(encoding))
    figures = told.report.as_json()

    assert [] == told.differences
    assert {
        "keys": 4,
        "characters": 12,
        "saved_characters": 8,
        "accepted": 1,
        "requests": 5,
        "cancels": 1,
        "stale_frames": 0,
        "crossed_frames": 0,
        "shrunk_frames": 0,
        "errors": 0,
    }.items() <= figures.items()
    assert 20.0 == figures["first_text"]["p99"]
    assert 0.0 == figures["first_text"]["p50"]
    assert 0 < figures["tokens_per_second"]


def test_a_stale_frame_is_seen() -> None:
    """By a witness that knows nothing of sessions: here one answers for another place."""
    trace = typed_along()
    witness = replay._Witness(Encoding.UTF16)
    step = Replay(trace.header)
    for line in trace.lines:
        done = step.play(line)
        if isinstance(done.event, Asked):
            witness.see(done.event, [], done.now)
            witness._questions[done.event.request].screen.cursor = 0
            witness.see(None, done.effects, done.now)
        else:
            witness.see(done.event, done.effects, done.now)
    witness.close()

    assert 0 < witness.report.stale_frames


def test_what_a_menu_has_written_already_is_not_shown_as_ghost_text() -> None:
    editor = Editor("x.app")
    selected = Selected(Position(0, 2), Position(0, 5), "append")
    editor.ask(selected)
    editor.feed(Wrote(1, "(item)\n"), after=0.02)
    editor.feed(Ended(1))
    told = replay.replay(editor.trace())

    assert [] == told.differences
    assert 0 == told.report.stale_frames
    assert [20.0] == [round(wait, 3) for wait in told.report.waits]


def test_edits_anywhere_and_closed_documents_are_followed() -> None:
    editor = Editor("x = 1\ny = 2\n")
    editor.feed(Edited(URI, 2, [Change(Position(0, 5), Position(0, 4), "23")]))
    editor.feed(Edited(URI, 3, [Change(None, None, "x = 4\n")]))
    editor.feed(Edited("file:///repository/b.py", 3, [Change(None, None, "x = 4\n")]))
    editor.feed(Closed(URI))
    editor.feed(Closed(URI))
    told = replay.replay(editor.trace())

    assert [] == told.differences
    assert (2, 3) == (told.report.keys, told.report.characters)


def test_a_session_that_fails_is_told_and_ends_the_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_session: Session, _event: Event, _now: float) -> list[Effect]:
        raise IndexError

    trace = typed_along()
    monkeypatch.setattr(Session, "handle", fail)
    told = replay.replay(trace)

    assert ["event 1 at 0.000 s: the session failed with IndexError"] == told.report.errors


def test_a_trace_in_which_all_happens_again_succeeds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(typed_along(), tmp_path / "bug")
    status = drive.run(arguments(path, json_=True))
    out, errors = capsys.readouterr()
    told: dict[str, Any] = json.loads(out)

    assert (0, "") == (status, errors)
    assert told.keys() >= CONTRACT | {"events", "differences"}
    assert (len(typed_along().lines), []) == (told["events"], told["differences"])


def test_a_trace_in_which_something_differs_fails_and_says_what(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(differing(typed_along()), tmp_path / "bug")
    status = drive.run(arguments(path, json_=True))
    out, errors = capsys.readouterr()
    (told,) = json.loads(out)["differences"]

    assert 1 == status
    assert {
        "event": 2,
        "seconds": 0.0,
        "recorded": "pack 1, window 128000",
        "now": "pack 1, window 8000",
        "masked": False,
    } == told
    assert errors == (
        "spark-lsp: event 2 at 0.000 s: recorded `pack 1, window 128000`, "
        "now `pack 1, window 8000`\n"
    )


def test_people_are_told_a_table_and_whether_it_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = typed_along()
    first = drive.run(arguments(written(trace, tmp_path / "bug")))
    same, _ = capsys.readouterr()
    second = drive.run(arguments(written(differing(trace), tmp_path / "bug")))
    other, _ = capsys.readouterr()

    assert (0, 1) == (first, second)
    assert "characters saved" in same
    assert "events replayed, and nothing is different." in same
    assert "1 of them with other effects." in other


def test_a_trace_that_is_cut_off_is_replayed_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(typed_along(), tmp_path / "bug")
    path.write_bytes(path.read_bytes() + b'{"at": 3')
    status = drive.run(arguments(path))
    _, errors = capsys.readouterr()

    assert 0 == status
    assert "the last line of the trace is cut off" in errors


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"spark-lsp-trace":2,"version":"9.1"}\n', "form 2"),
        (b'{"spark-lsp-trace":1}\n', "header of the trace is damaged"),
        (b"", "line 4 of the trace is damaged"),
    ],
)
def test_a_damaged_trace_is_wrong_usage(tmp_path: Path, content: bytes, why: str) -> None:
    path = written(typed_along(), tmp_path / "bug")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(content or b"".join([*lines[:3], lines[3][:-9] + b"\n", *lines[4:]]))
    with pytest.raises(CommandError, match=why) as raised:
        drive.run(arguments(path))

    assert 2 == raised.value.status
    assert str(path) in str(raised.value)


def test_an_event_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    trace = typed_along()
    other = Trace(trace.header, (Line(0.0, {"type": "Nonsense"}),), cut=False)
    with pytest.raises(CommandError, match="no event 'Nonsense'"):
        drive.run(arguments(written(other, tmp_path / "bug")))


def test_a_trace_is_known_by_its_first_line_and_not_by_its_name(tmp_path: Path) -> None:
    trace = written(typed_along(), tmp_path / "a.py")
    source = tmp_path / "a.trace"
    source.write_text("x = 1\n")
    empty = tmp_path / "empty"
    empty.write_text("")

    assert [True, False, False, False, False] == [
        replay.is_trace(path) for path in (trace, source, empty, tmp_path, tmp_path / "missing")
    ]


def test_a_trace_is_replayed_alone_and_without_a_picture(tmp_path: Path) -> None:
    trace = written(typed_along(), tmp_path / "bug")
    source = tmp_path / "a.py"
    source.write_text("x = 1\n")
    with pytest.raises(CommandError, match="alone"):
        drive.run(arguments(source, trace))
    with pytest.raises(CommandError, match="picture"):
        drive.run(arguments(trace, picture=tmp_path / "a.svg"))
