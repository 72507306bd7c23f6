"""A session by example: a conversation with time written beside it, as fixtures tell it.

The parts of a fixture that are no expectation are documents, `NAME` or `NAME LANGUAGE`, `<CURSOR>`
where the cursor is; the first is the one that is typed into. The text of `escaped NAME` is read
with its escapes, as for line ends. `source` is none: it says where what is specified comes from.

A line of `@script` is `SECONDS VERB ARGUMENTS -> EFFECTS`. What the editor does:

    type "x"              an edit at the cursor
    delete N              N characters before the cursor
    insert OFFSET "x" [TIMES]    an edit elsewhere
    replace FROM TO "x"   another one
    move OFFSET           the cursor, which no editor tells; from the end, if negative
    open "x", save        the whole text anew, as a formatter leaves it
    go NAME               to another document; close, and rename NAME of the one that is there
    ask N [blunt] [invoked] [menu FROM "x"] [of VERSION] [at LINE:CHARACTER]
                          blunt: cannot show growth
    next N, rewrite N FROM TO "x" [blunt] [reports], both also [of VERSION]
    withdraw N, shown N, accept N [LENGTH], reject N
    tab [LENGTH]          the key: takes what is on screen, or so many units of it, and says so; if
                          there is nothing, indents
    steer N "x" [ANSWER], interrupt N [ANSWER], explain N

What the backend does: `up [deaf | guided] [drafts]` (deaf: follows no instructions; guided: goes
by the names in them; drafts: the engine stands beside it, and writes as the model does), `down`,
`wrote N "x"`, `ended N`,
`failed N [transient [SECONDS]]`, `turned N HOW`; `warmed` with what it was shown last. Of the
settings: `remote`, after which the backend is no process of ours, `off`. Of the files:
`vetted [REASON]`, `outdated PATH`, `settled`. Of the library: `found N [PATH FROM TO "x"]...`,
`packed [PATH "x"]`. Of time: `tick`. To look at: `due` tells when the next tick is, `sent` what a
model was shown last, `size` how much of the document that was, `text` what the document is.

An `@text` is the document that was typed into last, as it is at the end.
"""

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spark_lsp.core.documents import Change
from spark_lsp.core.effects import (
    Effect,
    Grow,
    Open,
    Pack,
    Recall,
    Reply,
    Steer,
    Suggestion,
    Verdict,
    Warm,
)
from spark_lsp.core.events import (
    Accepted,
    Asked,
    Closed,
    Configured,
    Displayed,
    Down,
    Edited,
    Ended,
    Event,
    Failed,
    Following,
    Foreseen,
    Found,
    Instructed,
    Interrupted,
    Opened,
    Outdated,
    Packed,
    Questioned,
    Redirected,
    Rejected,
    Selected,
    Settled,
    Turned,
    Up,
    Vetted,
    Warmed,
    Withdrawn,
    Wrote,
)
from spark_lsp.core.policy import Policy
from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.core.session import Session
from spark_lsp.core.text import Edit, Encoding, Position, Text, characters, difference
from tests.fixture import Fixture
from tests.spelling import spelled

UNIT = Encoding.UTF16
INDENTATION = "    "
_LINE = re.compile(r"^(?P<now>[\d.]+) +(?P<what>.*?)(?: +-> +(?P<effects>.*))?$")


def played(fixture: Fixture, policy: Policy = Policy()) -> str:
    """Play the script of a fixture; returns it with the effects that it had."""
    return play(fixture, policy)[0]


def play(fixture: Fixture, policy: Policy = Policy()) -> tuple[str, str]:
    """Play the script of a fixture; returns it with its effects, and the text as it is then."""
    pages = [it for it in fixture.parts.items() if it[0][0] != "@" and it[0] != "source"]
    conversation = Conversation(pages, policy)
    lines = fixture.parts["@script"].splitlines()
    told = "\n".join(conversation.line(line) for line in lines if line.strip()) + "\n"
    text = conversation.page.text.string
    return told, quoted(text) + "\n" if conversation.escaped else text


@dataclass(slots=True)
class Page:
    """A document in the editor."""

    name: str
    language: str
    text: Text
    cursor: int
    version: int = 1

    @property
    def uri(self) -> str:
        return self.name if ":" in self.name else f"file:///repository/{self.name}"

    @property
    def opened(self) -> Opened:
        return Opened(self.uri, self.name, self.language, self.version, self.text.string)

    def place(self, offset: int) -> Position:
        """Return an offset as the editor tells it."""
        return self.text.position(offset, UNIT)


class Conversation:
    """A session, and an editor that types into a document."""

    def __init__(self, pages: Sequence[tuple[str, str]], policy: Policy) -> None:
        self.session = Session(UNIT, policy=policy)
        self.pages: dict[str, Page] = {}
        self.escaped = pages[0][0].startswith("escaped ")
        self.asked: Any = None
        self.question = 0
        self.warm: tuple[Block, ...] = ()
        self.ghost: tuple[int, str] | None = None  # which answer, and what is shown of it
        for title, source in pages:
            told = unquoted(source.rstrip("\n")) if title.startswith("escaped ") else source
            name, _, language = title.removeprefix("escaped ").partition(" ")
            before, _, after = told.partition("<CURSOR>")
            self.pages[name] = Page(name, language, Text(before + after), len(before))
            self.session.handle(self.pages[name].opened, 0.0)
        self.page = next(iter(self.pages.values()))

    def line(self, line: str) -> str:
        """Play one line and return it with the effects that it had."""
        match = _LINE.match(line)
        assert match, line
        now = float(match["now"])
        verb, *arguments = shlex.split(match["what"])
        told = self.looked(verb)
        if told is None:
            effects = self.happened(verb, arguments, now, line)
            told = ", ".join(filter(None, map(self.tell, effects))) or "nothing"
        return f"{match['now']} {match['what']}".ljust(34) + f" -> {told}"

    def looked(self, verb: str) -> str | None:
        """Return what there is to be seen, for a verb that only looks."""
        match verb:
            case "due":
                due = self.session.deadline()
                return "nothing" if due is None else f"at {due:.3f}"
            case "text":
                return quoted(self.page.text.string)
            case "sent" if isinstance(self.asked, Prompt):
                told = f"{json.dumps(self.asked.prefix)} | {json.dumps(self.asked.suffix)}"
                said = self.asked.instruction
                told += f" {json.dumps(said)}" if said else ""
                likely = self.asked.prediction
                told += f" predicted {json.dumps(likely)}" if likely else ""
                return told + "".join(f", {it.kind} {it.path}" for it in self.asked.stable)
            case "size":
                told = self.asked.prefix + self.asked.suffix
                return f"{len(told.encode()):,} of {len(self.page.text.string.encode()):,} bytes"
            case "sent" if isinstance(self.asked, Rewrite):
                said = json.dumps(self.asked.instruction)
                return f"{json.dumps(self.asked.region)} {said}"
        return None

    def happened(
        self, verb: str, arguments: Sequence[str], now: float, line: str
    ) -> list[Effect | str]:
        """Have something happen; returns its effects."""
        match verb, *arguments:
            case ("tick",):
                due = self.session.deadline()
                assert due is not None, f"nothing is due: {line}"
                assert due <= now, f"due only at {due}: {line}"
                return [*self.session.tick(now)]
            case "move", offset:
                self.cursor(int(offset))
                return []
            case "go", name:
                self.page, self.ghost = self.pages[name], None
                return []
            case "tab", *size:
                return self.tab(int(size[0]) if size else None, now)
            case "rename", name:
                left = self.session.handle(Closed(self.page.uri), now)
                self.page.name, self.page.version = name, 1
                return [*left, *self.session.handle(self.page.opened, now)]
        return [*self.session.handle(self.event(verb, arguments), now)]

    def cursor(self, offset: int) -> None:
        self.page.cursor = offset if offset >= 0 else len(self.page.text) + offset

    def tab(self, size: int | None, now: float) -> list[Effect | str]:
        """Press Tab."""
        if self.ghost is None:
            edited = self.edited(self.page.cursor, self.page.cursor, INDENTATION)
            return ["indents", *self.session.handle(edited, now)]
        answer, text = self.ghost
        text = text if size is None else text[: characters(text, size, UNIT)]
        effects: list[Effect | str] = [f"takes {quoted(text)}"]
        edited = self.edited(self.page.cursor, self.page.cursor, text)
        for event in (edited, Accepted(answer, size)):
            effects += self.session.handle(event, now)
        return effects

    def event(self, verb: str, arguments: Sequence[str]) -> Event:
        """Return the event that a verb means."""
        for kind in (self._edits, self._asks, self._tells, self._backend):
            if event := kind(verb, arguments):
                return event
        raise AssertionError(verb)

    def _edits(self, verb: str, arguments: Sequence[str]) -> Event | None:
        cursor = self.page.cursor
        match verb, *arguments:
            case "type", text:
                return self.edited(cursor, cursor, unquoted(text))
            case "delete", size:
                return self.edited(cursor - int(size), cursor, "")
            case "insert", offset, text, *times:
                new = unquoted(text) * int(times[0] if times else 1)
                return self.edited(int(offset), int(offset), new, follow=False)
            case "replace", start, end, text:
                return self.edited(int(start), int(end), unquoted(text), follow=False)
            case "open", text:
                edit = difference(self.page.text.string, unquoted(text))
                self.edited(edit.start, edit.end, edit.new, follow=False)
                whole = Change(None, None, self.page.text.string)
                return Edited(self.page.uri, self.page.version, [whole])
        return None

    def _asks(self, verb: str, arguments: Sequence[str]) -> Event | None:
        page, number = self.page, _number(arguments)
        place, version = page.place(page.cursor), None
        if "of" in arguments[2:] or "of" in arguments[1:2]:
            version = int(arguments[arguments.index("of") + 1])
        match verb, *arguments:
            case "ask", _, *rest:
                selected = None
                if "menu" in rest:
                    start, text = rest[rest.index("menu") + 1 :][:2]
                    selected = Selected(page.place(int(start)), place, unquoted(text))
                if "at" in rest:
                    line, _, character = rest[rest.index("at") + 1].partition(":")
                    place = Position(int(line), int(character))
                grows, invoked = "blunt" not in rest, "invoked" in rest
                return Asked(number, page.uri, place, grows, invoked, selected, version)
            case "next", _, *_:
                version = page.version if version is None else version
                return Following(number, page.uri, version, place)
            case "rewrite", _, first, last, text, *rest:
                version = page.version if version is None else version
                return Instructed(
                    number, page.uri, version,
                    page.place(int(first)), page.place(int(last)), unquoted(text),
                    grows="blunt" not in rest, reports="reports" in rest,
                )  # fmt: skip
        return None

    def _tells(self, verb: str, arguments: Sequence[str]) -> Event | None:  # noqa: PLR0911
        page, number = self.page, _number(arguments)
        match verb, *arguments:
            case "steer", _, instruction, *answer:
                return Redirected(number, page.uri, instruction, int(answer[0]) if answer else None)
            case "interrupt", _, *answer:
                return Interrupted(number, int(answer[0]) if answer else None)
            case "explain", _:
                return Questioned(number, page.uri, page.place(page.cursor))
            case "withdraw", _:
                return Withdrawn(number)
            case "shown", _:
                return Displayed(number)
            case "accept", _, *length:
                return Accepted(number, int(length[0]) if length else None)
            case "reject", _:
                self.ghost = None
                return Rejected(number)
            case ("close",):
                return Closed(page.uri)
        return None

    def _backend(self, verb: str, arguments: Sequence[str]) -> Event | None:  # noqa: C901, PLR0911, PLR0912
        number = _number(arguments)
        match verb, *arguments:
            case "up", *how:
                deaf, guided = "deaf" in how, "guided" in how
                return Up(not (deaf or guided), guidable=guided, drafts="drafts" in how)
            case ("down",):
                return Down("the backend is gone")
            case ("settled",):
                return Settled()
            case "remote" | "off" as which, *_:
                return Configured(which != "off", window=128_000, local=which != "remote")
            case "vetted", *reason:
                return Vetted(self.page.uri, " ".join(reason))
            case "outdated", *paths:
                return Outdated(tuple(paths), tuple(paths))
            case "wrote", _, text:
                return Wrote(number, unquoted(text))
            case "ended", _:
                return Ended(number)
            case "turned", _, ("steered" | "interrupted" | "reissued") as how:
                return Turned(number, how)
            case "failed", _, *rest:
                after = float(rest[1]) if len(rest) > 1 else 0.0
                return Failed(number, "the model failed", bool(rest), after)
            case "found", _, *rest:
                return Foreseen(number, tuple(self.found(rest)))
            case "packed", *rest:
                blocks = zip(rest[::2], map(unquoted, rest[1::2]), strict=True)
                return Packed(self.question, tuple(Block("file", *block) for block in blocks))
            case ("warmed",):
                return Warmed(self.warm)
        return None

    def found(self, words: Sequence[str]) -> list[Found]:
        """Return the places that are told by four words each."""
        result = []
        for path, start, end, new in zip(*[iter(words)] * 4, strict=True):
            first, last = int(start), int(end)
            page = self.pages.get(path)
            old = page.text.string[first:last] if page else "old"
            result.append(Found(path, first, last, old, unquoted(new), "because", 7, INDENTATION))
        return result

    def edited(self, start: int, end: int, new: str, *, follow: bool = True) -> Edited:
        """Edit the document and return the event of it."""
        page = self.page
        change = Change(page.place(start), page.place(end), new)
        page.text = page.text.splice(Edit(start, end, new))
        rest = self.ghost[1] if self.ghost else ""
        along = start == end == page.cursor and rest.startswith(new) and rest != new
        self.ghost = (self.ghost[0], rest[len(new) :]) if self.ghost and along else None
        if follow or start < page.cursor:
            page.cursor += len(new) - (end - start)
        page.version += 1
        return Edited(page.uri, page.version, [change])

    def show(self, suggestion: Suggestion) -> None:
        """Have a suggestion on screen, which adds to what has been typed."""
        at = self.page.text.offset(suggestion.position, UNIT)
        start = self.page.text.offset(suggestion.start or suggestion.position, UNIT)
        typed = self.page.text.string[start:at]
        assert suggestion.text.startswith(typed)
        self.ghost = suggestion.answer, suggestion.text[len(typed) :]

    def tell(self, effect: Effect | str) -> str:
        """Take in what is to be done, and spell it."""
        match effect:
            case str():
                return effect
            case Open(stream, Prompt() as prompt):
                # What is asked ahead, or for a menu's choice, is seen by what it takes for granted.
                self.asked = prompt
                cursor = self.page.text.string[: self.page.cursor]
                taken = prompt.prefix[len(cursor) :] if prompt.prefix.startswith(cursor) else ""
                return f"open {stream}" + (f" behind {json.dumps(taken)}" if taken else "")
            case Open(_, asked) | Steer(_, _, asked):
                self.asked = asked
            case Warm(stable):
                self.warm = stable
            case Pack() | Recall():
                self.question = effect.number
            case Grow(_, suggestion) | Reply(_, Verdict.SHOW, Suggestion() as suggestion, _):
                self.show(suggestion)
            case Reply(_, Verdict.CLEAR):
                self.ghost = None
        return spelled(effect)


def unquoted(text: str) -> str:
    """Read the escapes of a quoted text."""
    return text.encode("latin-1", "backslashreplace").decode("unicode_escape")


def quoted(text: str) -> str:
    """Spell a text with escapes where that has to be."""
    whole = text.encode("utf-8", "replace").decode() == text
    return json.dumps(text, ensure_ascii=not whole)


def _number(arguments: Sequence[str]) -> int:
    return int(arguments[0]) if arguments and arguments[0].isdigit() else 0
