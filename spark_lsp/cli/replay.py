"""`spark-lsp drive TRACE`: play a recorded session once more, and tell what is different now.

Owns the reading of the file and the figures: those of `drive`, as somebody at the editor would have
seen them. The session is played in this process, without a server, a model or a wait.
"""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from spark_lsp.cli.errors import CommandError
from spark_lsp.cli.report import Report
from spark_lsp.cli.screen import Screen
from spark_lsp.core.documents import Change
from spark_lsp.core.effects import Effect, Grow, Refusal, Refuse, Reply, Suggestion, Verdict
from spark_lsp.core.events import Accepted, Asked, Closed, Edited, Event, Opened, Withdrawn
from spark_lsp.core.text import Edit, Encoding, Position, Text, difference
from spark_lsp.core.tracing.form import MARK, Trace, TraceError, read
from spark_lsp.core.tracing.replaying import Difference, Replay

_SHOWN = 10
"""Differences that are told to people one by one."""


def is_trace(path: Path) -> bool:
    """Whether a file begins as a trace does."""
    try:
        with path.open("rb") as file:
            return file.read(len(MARK)) == MARK
    except OSError:
        return False  # whoever wants it as a source says so


def run(path: Path, *, as_json: bool) -> int:
    """Replay a trace; returns 1 if something is different from what is recorded."""
    try:
        trace = read(path.read_bytes())
        told = replay(trace)
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror or error}", 2) from None
    except TraceError as error:
        raise CommandError(f"{path}: {error}", 2) from None
    differences, report = told.differences, told.report
    for notice in report.notices:
        sys.stderr.write(f"spark-lsp: {notice}\n")
    for difference_ in differences[:_SHOWN]:
        sys.stderr.write(f"spark-lsp: {difference_}\n")
    if as_json:
        sys.stdout.write(json.dumps(_object(trace, told)) + "\n")
    else:
        console = Console()
        console.print(report.as_table())
        console.print(_summary(trace, differences), highlight=False)
    return 1 if differences or report.errors else 0


@dataclass(slots=True)
class Told:
    """What a replay has shown: what is different, and the figures."""

    differences: list[Difference]
    report: Report


def replay(trace: Trace) -> Told:
    """Play a trace to its end, whatever is different on the way; raises `TraceError`."""
    session = Replay(trace.header)
    witness = _Witness(trace.header.encoding)
    report = witness.report
    report.stand("Normal", f"a trace of spark-lsp {trace.header.version}")
    if trace.cut:
        report.notices.append("the last line of the trace is cut off; the others are replayed")
    differences: list[Difference] = []
    for number, line in enumerate(trace.lines, 1):
        try:
            step = session.play(line)
        except TraceError:
            raise
        except Exception as error:  # noqa: BLE001 - a session must not fail, and this is how one did
            where = f"event {number} at {line.at:.3f} s"
            report.errors.append(f"{where}: the session failed with {type(error).__name__}")
            break
        witness.see(step.event, step.effects, step.now)
        if step.difference:
            differences.append(step.difference)
    witness.close()
    return Told(differences, report)


def _object(trace: Trace, told: Told) -> dict[str, Any]:
    differences = [
        {
            "event": it.number,
            "seconds": round(it.seconds, 6),
            "recorded": it.recorded,
            "now": it.now,
            "masked": it.masked,
        }
        for it in told.differences
    ]
    return {**told.report.as_json(), "events": len(trace.lines), "differences": differences}


def _summary(trace: Trace, differences: list[Difference]) -> str:
    events = f"{len(trace.lines)} events replayed"
    if not differences:
        return f"{events}, and nothing is different."
    masked = sum(it.masked for it in differences)
    why = f" ({masked} where text was masked)" if masked else ""
    return f"{events}, {len(differences)} of them with other effects{why}."


@dataclass(slots=True)
class _Question:
    """A request that is being watched.

    Attributes:
        screen: on which it shows.
        version: of the screen when it was asked.
        asked: when that was.
        first: when the first text came, and which; None before.
    """

    screen: Screen
    version: int
    asked: float
    first: tuple[float, str] | None = None


@dataclass(slots=True)
class _Witness:
    """Somebody at the editor, who sees screens and counts."""

    encoding: Encoding
    report: Report = field(default_factory=Report)
    _screens: dict[str, Screen] = field(default_factory=dict)
    _questions: dict[int, _Question] = field(default_factory=dict)
    _shown: dict[int, str] = field(default_factory=dict)

    def see(self, event: Event | None, effects: list[Effect], now: float) -> None:
        """See what happens, and what follows from it."""
        match event:
            case Opened(uri, _, _, _, text):
                self._leave(uri)
                self._screens[uri] = Screen(Text(text), 0)
            case Closed(uri):
                self._leave(uri)
            case Edited(uri, _, changes) if screen := self._screens.get(uri):
                self.report.keys += 1
                for change in changes:
                    self._change(screen, change)
            case Asked(number, uri, position) if screen := self._screens.get(uri):
                self.report.requests += 1
                screen.cursor = screen.text.offset(position, self.encoding)
                screen.asked()
                self._questions[number] = _Question(screen, screen.version, now)
            case Withdrawn(number) if number in self._questions:
                self.report.cancels += 1
            case Accepted(answer, length):
                self.report.accepted += 1
                shown = self._shown.get(answer, "")
                self.report.accepted_characters += len(shown if length is None else shown[:length])
        for effect in effects:
            self._affect(effect, now)

    def close(self) -> None:
        """Look no more."""
        for uri in list(self._screens):
            self._leave(uri)

    def _affect(self, effect: Effect, now: float) -> None:
        match effect:
            case Grow(number, suggestion):
                self._answered(number, suggestion, now, final=False)
            case Reply(number, Verdict.SHOW | Verdict.CLEAR, suggestion):
                self._answered(number, suggestion, now, final=True)
            case Reply(number):
                self._questions.pop(number, None)
            case Refuse(_, refusal, reason) if refusal is Refusal.FAILED:
                self.report.errors.append(f"a request failed: {reason}")

    def _answered(
        self, number: int, suggestion: Suggestion | None, now: float, *, final: bool
    ) -> None:
        question = self._questions.get(number)
        if question is None:
            return
        screen = question.screen
        items = [self._item(screen, suggestion)] if suggestion else []
        text = screen.answered(question.version, {"items": items}, final=final)
        if suggestion:
            self._shown[suggestion.answer] = suggestion.text
        if text and question.first is None:
            question.first = (now, text)
            self.report.waits.append((now - question.asked) * 1000)
        elif question.first and final and text:
            began, first = question.first
            self.report.stream(text[len(first) :], now - began)
        if final:
            del self._questions[number]

    def _item(self, screen: Screen, suggestion: Suggestion) -> dict[str, Any]:
        """Return a suggestion as the screen takes it, without what stands there already."""
        text, place = suggestion.text, self._place(screen, suggestion.position)
        if suggestion.start is not None:
            start = screen.text.offset(suggestion.start, self.encoding)
            there = screen.text.string[start : screen.cursor]
            text = text.removeprefix(there)
        return {"insertText": text, "range": {"start": place, "end": place}}

    def _place(self, screen: Screen, position: Position) -> dict[str, int]:
        at = screen.text.offset(position, self.encoding)
        place = screen.text.position(at, Encoding.UTF16)
        return {"line": place.line, "character": place.character}

    def _change(self, screen: Screen, change: Change) -> None:
        """Let the screen follow a change as an editor does."""
        if change.start is None or change.end is None:
            edit = difference(screen.text.string, change.text)
        else:
            places = [screen.text.offset(at, self.encoding) for at in (change.start, change.end)]
            edit = Edit(min(places), max(places), change.text)
        self.report.characters += len(edit.new)
        if edit.start == edit.end == screen.cursor:
            screen.key(edit.new)
            return
        screen.text = screen.text.splice(edit)
        screen.cursor = edit.start + len(edit.new)
        screen.version += 1
        screen.ghost = ""

    def _leave(self, uri: str) -> None:
        if screen := self._screens.pop(uri, None):
            self.report.stale_frames += screen.stale_frames
            self.report.crossed_frames += screen.crossed_frames
            self.report.shrunk_frames += screen.shrunk_frames
            self.report.misplaced_frames += screen.misplaced_frames
            self.report.swapped_frames += screen.swapped_frames
            self.report.cut_frames += screen.cut_frames
