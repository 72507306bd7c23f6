"""Rewriting by example: each fixture is a conversation with time written beside it.

The source marks what is selected with `<REGION>` and `</REGION>`. A line is
`SECONDS VERB ARGUMENTS -> EFFECTS`. Verbs of the editor: `rewrite N "instruction" [blunt] [reports]
[all] [backwards] [old]` (blunt: cannot show growth; all: without a range; old: of an older
version), `steer N "instruction" [ANSWER]`, `interrupt [ANSWER]`, `withdraw N`,
`replace "old" "new"` (where it stands first), `close`. Of the backend: `up [mute]`, `down`,
`wrote N "x"`, `ended N`, `failed N [transient [SECONDS]]`, `turned N HOW`. Of the settings: `off`,
and `remote`, after which the backend is not a process of ours. Of the files: `vetted [REASON]`. Of
time: `tick`.

Edits are told as `LINE:CHARACTER-LINE:CHARACTER "new"`. At the end stands the document as it is
with the edits that were answered last.
"""

import json
import re
import shlex
from pathlib import Path

import pytest

from spark_lsp.core.accounting.journal import Journal
from spark_lsp.core.accounting.ledger import Ledger
from spark_lsp.core.common import Common
from spark_lsp.core.context import Context
from spark_lsp.core.documents import Change, Documents
from spark_lsp.core.editing.notes import Notes
from spark_lsp.core.editing.rewrites import Rewrites
from spark_lsp.core.effects import (
    Cancel,
    Effect,
    Open,
    Pack,
    Recall,
    Refuse,
    Replacement,
    Report,
    Revise,
    Revised,
    Shelve,
    Steer,
    Steered,
    Warm,
)
from spark_lsp.core.events import Ended, Failed, Instructed, Redirected, Turned, Wrote
from spark_lsp.core.policy import Policy
from spark_lsp.core.prompt import Rewrite
from spark_lsp.core.text import Edit, Encoding, Text
from tests.fixture import Fixture, fixtures

URI = "file:///repository/a.py"
_LINE = re.compile(r"^(?P<now>[\d.]+) +(?P<what>.*?)(?: +-> +(?P<effects>.*))?$")


class Conversation:
    """Rewrites, and an editor with one document open."""

    def __init__(self, name: str, source: str) -> None:
        before, _, rest = source.partition("<REGION>")
        region, _, after = rest.partition("</REGION>")
        self.selected = (len(before), len(before) + len(region))
        documents = Documents(Encoding.UTF16)
        self.document = documents.open(URI, name, "", 1, before + region + after)
        self.common = Common(documents, Context(8_000, documents), Policy())
        self.common.context.opened(self.document)
        self.rewrites = Rewrites(self.common, Notes(Ledger(), Journal()))
        self.result = self.document.text

    def line(self, line: str) -> str:
        """Play one line and return it with the effects that it had."""
        match = _LINE.match(line)
        assert match, line
        now = float(match["now"])
        verb, *arguments = shlex.split(match["what"])
        if verb == "tick":
            due = self.rewrites.deadline()
            assert due is not None, f"nothing is due: {line}"
            assert due <= now, f"due only at {due}: {line}"
            self.rewrites.tick(now)
        elif not self.editor(verb, arguments, now):
            self.backend(verb, arguments, now)
        effects, self.common.effects = self.common.effects, []
        told = "\n    ".join(filter(None, map(self.tell, effects))) or "nothing"
        return f"{match['now']} {match['what']}".ljust(34) + f" -> {told}"

    def editor(self, verb: str, arguments: list[str], now: float) -> bool:
        """Do what an editor does; returns whether it does that."""
        match verb, *arguments:
            case "rewrite", number, instruction, *rest:
                self.rewrites.instructed(self.instructed(int(number), instruction, rest), now)
            case "steer", number, instruction, *rest:
                expected = int(rest[0]) if rest else None
                event = Redirected(int(number), URI, instruction, expected)
                assert self.rewrites.redirected(event, now) or self.nobody()
            case "interrupt", *rest:
                self.rewrites.interrupted(int(rest[0]) if rest else None, now)
            case "withdraw", number:
                self.rewrites.withdrawn(int(number), now)
            case "replace", old, new:
                self.replace(unquoted(old), unquoted(new), now)
            case ("close",):
                self.rewrites.closed(URI, now)
                self.common.documents.close(URI)
            case ("off",):
                self.common.enabled = False
                self.rewrites.switched_off(now)
            case ("remote",):
                self.common.local = False
            case "vetted", *reason:
                self.document.private = " ".join(reason)
                self.rewrites.advance(now)
            case _:
                return False
        return True

    def backend(self, verb: str, arguments: list[str], now: float) -> None:
        """Do what a backend does."""
        match verb, *arguments:
            case "up", *rest:
                self.common.up, self.common.instructable = True, not rest
                self.rewrites.advance(now)
            case ("down",):
                self.common.up, self.common.away = False, "the backend is gone"
            case "wrote", number, text:
                assert self.rewrites.wrote(Wrote(int(number), unquoted(text)), now) or self.nobody()
            case "ended", number:
                assert self.rewrites.ended(Ended(int(number)), now) or self.nobody()
            case "failed", number, *rest:
                after = float(rest[1]) if len(rest) > 1 else 0.0
                event = Failed(int(number), "the model failed", bool(rest), after)
                assert self.rewrites.failed(event, now) or self.nobody()
            case "turned", number, ("steered" | "interrupted" | "reissued") as how:
                assert self.rewrites.turned(Turned(int(number), how), now) or self.nobody()
            case _:
                raise AssertionError(verb)

    def nobody(self) -> bool:
        """What is nobody's has no effects."""
        return not self.common.effects

    def instructed(self, number: int, instruction: str, how: list[str]) -> Instructed:
        text = self.document.text
        places = [text.position(at, Encoding.UTF16) for at in self.selected]
        start, end = reversed(places) if "backwards" in how else places
        return Instructed(
            number,
            URI,
            0 if "old" in how else self.document.version,
            None if "all" in how else start,
            None if "all" in how else end,
            unquoted(instruction),
            grows="blunt" not in how,
            reports="reports" in how,
        )

    def replace(self, old: str, new: str, now: float) -> None:
        text = self.document.text
        at = text.string.index(old)
        start, end = (text.position(it, Encoding.UTF16) for it in (at, at + len(old)))
        version = self.document.version + 1
        applied = self.common.documents.change(URI, version, [Change(start, end, new)])
        self.result = self.document.text
        self.rewrites.edited(URI, applied, now)

    def tell(self, effect: Effect) -> str:  # noqa: PLR0911 - one arm per effect
        """Spell an effect as the fixtures do."""
        match effect:
            case Open(stream, prompt):
                assert isinstance(prompt, Rewrite)
                return f"open {stream} {json.dumps(prompt.region)} {json.dumps(prompt.instruction)}"
            case Steer(stream, told, again):
                assert isinstance(again, Rewrite)
                assert "Begin anew" in told
                return f"steer {stream} {json.dumps(again.region)} {json.dumps(again.instruction)}"
            case Cancel(stream):
                return f"cancel {stream}"
            case Warm() | Shelve() | Pack() | Recall():
                return ""
            case Revise(request, answer, version, edits):
                self.apply(edits)
                return f"revise {request} with {answer} of {version}: {spelled(edits)}"
            case Revised(request, answer, version, edits):
                self.result = self.apply(edits)
                return f"revised {request} with {answer} of {version}: {spelled(edits)}"
            case Refuse(request, refusal, reason):
                return f"refuse {request} {refusal.name.lower()}: {reason}"
            case Steered(request, answer, how):
                return f"steered {request} of {answer}: {how}"
            case Report(request, message, ended):
                return f"report {request} {json.dumps(message)}{' ended' * ended}"
        raise AssertionError(effect)

    def apply(self, edits: tuple[Replacement, ...]) -> Text:
        """Apply edits as an editor does: each by its range in the text as it is."""
        return applied(self.document.text, edits)


def applied(text: Text, edits: tuple[Replacement, ...]) -> Text:
    last = len(text)
    for it in reversed(edits):
        start, end = (text.offset(at, Encoding.UTF16) for at in (it.start, it.end))
        assert start <= end <= last, "edits are in order and apart"
        text, last = text.splice(Edit(start, end, it.text)), start
    return text


def spelled(edits: tuple[Replacement, ...]) -> str:
    told = (
        f"{it.start.line}:{it.start.character}-{it.end.line}:{it.end.character} "
        f"{json.dumps(it.text)}"
        for it in edits
    )
    return ", ".join(told) or "none"


def unquoted(text: str) -> str:
    return text.encode("latin-1", "backslashreplace").decode("unicode_escape")


def lines_of(script: str) -> list[str]:
    """The lines to be played; what is indented belongs to the effects of the one before."""
    return [line for line in script.splitlines() if line.strip() and line[0] != " "]


@pytest.mark.parametrize("path", fixtures("editing"))
def test_a_range_is_rewritten_as_its_fixture_tells(path: Path, *, update: bool) -> None:
    fixture = Fixture.read(path)
    name, source = fixture.source
    source = unquoted(source.rstrip("\n")) if name.startswith("escaped ") else source
    conversation = Conversation(name.removeprefix("escaped "), source)
    played = [conversation.line(line) for line in lines_of(fixture.parts["@script"])]

    fixture.expect("@script", "\n".join(played) + "\n", update=update)
    text = conversation.result.string
    fixture.expect("@text", json.dumps(text) + "\n" if "\r" in text else text, update=update)
