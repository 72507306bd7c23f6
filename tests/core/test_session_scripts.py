"""The session by example: each fixture is a conversation with time written beside it.

A line is `SECONDS VERB ARGUMENTS -> EFFECTS`. Verbs of the editor: `type "x"`, `delete N`,
`insert OFFSET "x"`, `ask N [blunt]` (blunt: cannot show growth), `withdraw N`, `close`. Of the
backend: `up`, `down`, `wrote N "x"`, `ended N`,
`failed N [transient [SECONDS]]`. Of the settings: `remote`,
after which the backend is not a process of ours. Of the files: `vetted [REASON]`. Of time: `tick`.
"""

import json
import re
import shlex
from pathlib import Path

import pytest

from spark_lsp.core.documents import Change
from spark_lsp.core.effects import Cancel, Effect, Grow, Open, Pack, Recall, Reply, Shelve, Warm
from spark_lsp.core.events import (
    Asked,
    Closed,
    Configured,
    Down,
    Edited,
    Ended,
    Event,
    Failed,
    Opened,
    Up,
    Vetted,
    Withdrawn,
    Wrote,
)
from spark_lsp.core.policy import Policy
from spark_lsp.core.session import Session
from spark_lsp.core.text import Edit, Encoding, Text
from tests.fixture import Fixture, fixtures

URI = "file:///repository/a.py"
_LINE = re.compile(r"^(?P<now>[\d.]+) +(?P<what>.*?)(?: +-> +(?P<effects>.*))?$")


class Conversation:
    """A session, and an editor that types into one document."""

    def __init__(self, name: str, source: str) -> None:
        before, _, after = source.partition("<CURSOR>")
        self.text = Text(before + after)
        self.cursor = len(before)
        self.version = 1
        self.session = Session(Encoding.UTF16, policy=Policy(longest=60))
        self.session.handle(Opened(URI, name, "", 1, self.text.string), 0.0)

    def line(self, line: str) -> str:
        """Play one line and return it with the effects that it had."""
        match = _LINE.match(line)
        assert match, line
        now = float(match["now"])
        verb, *arguments = shlex.split(match["what"])
        if verb == "tick":
            due = self.session.deadline()
            assert due is not None, f"nothing is due: {line}"
            assert due <= now, f"due only at {due}: {line}"
            effects = self.session.tick(now)
        else:
            effects = self.session.handle(self.event(verb, arguments), now)
        told = ", ".join(filter(None, map(tell, effects))) or "nothing"
        return f"{match['now']} {match['what']}".ljust(34) + f" -> {told}"

    def event(self, verb: str, arguments: list[str]) -> Event:  # noqa: C901, PLR0911, PLR0912 - one arm a verb
        """Return the event that a verb means."""
        number = int(arguments[0]) if arguments and arguments[0].isdigit() else 0
        match verb, *arguments:
            case "type", text:
                return self.edited(self.cursor, self.cursor, unquoted(text))
            case "delete", _:
                return self.edited(self.cursor - number, self.cursor, "")
            case "insert", _, text:
                return self.edited(number, number, unquoted(text), follow=False)
            case "ask", _, *rest:
                position = self.text.position(self.cursor, Encoding.UTF16)
                return Asked(number, URI, position, grows=not rest)
            case "withdraw", _:
                return Withdrawn(number)
            case ("close",):
                return Closed(URI)
            case ("up",):
                return Up()
            case ("remote",):
                return Configured(enabled=True, window=128_000, local=False)
            case "vetted", *reason:
                return Vetted(URI, " ".join(reason))
            case ("down",):
                return Down("the backend is gone")
            case "wrote", _, text:
                return Wrote(number, unquoted(text))
            case "ended", _:
                return Ended(number)
            case "failed", _, *rest:
                after = float(rest[1]) if len(rest) > 1 else 0.0
                return Failed(number, "the model failed", bool(rest), after)
        raise AssertionError(verb)

    def edited(self, start: int, end: int, new: str, *, follow: bool = True) -> Edited:
        """Edit the buffer and return the event of it."""
        places = [self.text.position(at, Encoding.UTF16) for at in (start, end)]
        self.text = self.text.splice(Edit(start, end, new))
        if follow or start < self.cursor:
            self.cursor += len(new) - (end - start)
        self.version += 1
        return Edited(URI, self.version, [Change(places[0], places[1], new)])


def unquoted(text: str) -> str:
    return text.encode().decode("unicode_escape")


def tell(effect: Effect) -> str:
    """Spell an effect as the fixtures do."""
    match effect:
        case Open(stream, _):
            return f"open {stream}"
        case Cancel(stream):
            return f"cancel {stream}"
        case Warm() | Shelve() | Pack() | Recall():
            return ""
        case Grow(request, suggestion):
            return f"grow {request} {json.dumps(suggestion.text)}"
        case Reply(request, verdict, suggestion, _):
            shown = f" {json.dumps(suggestion.text)}" if suggestion else ""
            return f"{verdict.name.lower()} {request}{shown}"
    raise AssertionError(effect)


@pytest.mark.parametrize("path", fixtures("session"))
def test_a_session_does_what_its_fixture_tells(path: Path, *, update: bool) -> None:
    fixture = Fixture.read(path)
    conversation = Conversation(*fixture.source)
    lines = fixture.parts["@script"].splitlines()
    played = [conversation.line(line) for line in lines if line.strip()]

    fixture.expect("@script", "\n".join(played) + "\n", update=update)
