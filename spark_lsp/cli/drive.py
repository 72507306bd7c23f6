"""`spark-lsp drive`: type into a real server and report what a person would have seen.

Owns the typing: which text is cut out, key by key back in, acceptance of what is right. The server
is a subprocess, the files are never written, and nothing is asked of the server that an editor
would not ask.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live

from spark_lsp.cli import replay
from spark_lsp.cli.client import Client, ErrorAnswer, ServerGone
from spark_lsp.cli.errors import CommandError
from spark_lsp.cli.files import config_options, language_id, read_text, repository_of
from spark_lsp.cli.picture import picture, save
from spark_lsp.cli.report import Report
from spark_lsp.cli.screen import Screen
from spark_lsp.core import languages
from spark_lsp.core.symbols import extract
from spark_lsp.core.syntax import LIMIT
from spark_lsp.core.text import Text
from spark_lsp.server.status import METHOD

_LINE = 200
"""Characters of a line, on average, above which nobody has typed it: a hole ends there."""
_WORTH = 2
"""Characters of a suggestion that are worth the key that accepts it."""
_ANSWER_LIMIT = 10.0
"""Seconds after which a request counts as unanswered."""
_CANCELLED = -32800


@dataclass(frozen=True, slots=True)
class Hole:
    """A text with a piece cut out: `before` + `missing` + `after` is the file."""

    before: str
    missing: str
    after: str


def run(arguments: argparse.Namespace) -> int:
    """Drive each file, or replay a trace; returns the exit status."""
    if traces := list(filter(replay.is_trace, arguments.files)):
        return _replay(traces[0], arguments)
    holes = [
        (path.resolve(), _hole(read_text(path), path, arguments.lines)) for path in arguments.files
    ]
    root = (arguments.workspace or repository_of(holes[0][0])).resolve()
    if not root.is_dir():
        raise CommandError(f"--workspace: there is no directory {root}", 2)
    console = Console(stderr=arguments.json)
    best = Best() if arguments.picture else None
    options = config_options(arguments.config)
    report = asyncio.run(_drive(holes, root, options, arguments.pace / 1000, console, best=best))
    if best and best.screen:
        save(arguments.picture, best.screen, best.title, report)
    for notice in report.notices:
        sys.stderr.write(f"spark-lsp: {notice}\n")
    if arguments.json:
        sys.stdout.write(json.dumps(report.as_json()) + "\n")
    else:
        console.print(report.as_table())
    return 1 if report.errors or report.wrong_accepts else 0


def _replay(trace: Path, arguments: argparse.Namespace) -> int:
    if len(arguments.files) > 1:
        raise CommandError(f"{trace} is a trace: replay it alone, one at a time", 2)
    if arguments.picture:
        raise CommandError(f"{trace} is a trace, of which there is no picture to save", 2)
    return replay.run(trace, as_json=arguments.json)


def hole(text: Text, path: str, lines: int) -> Hole:
    """Cut so many lines out of a text, from the start of the definition nearest to its middle."""
    middle = max(0, (text.line_count - lines) // 2)
    language = languages.by_path(path)
    symbols = extract(text, language) if language and len(text) <= LIMIT else None
    starts = [
        definition.start_line
        for definition in (symbols.definitions if symbols else ())
        if definition.end_line - definition.start_line > 1
    ]
    first = min(starts, key=lambda line: (abs(line - middle), line), default=middle)
    last = min(first + lines, text.line_count) - 1
    while last > first and not text.line(last).strip():
        last -= 1
    start = text.line_start(first)
    end = min(text.line_end(last), start + lines * _LINE)
    return Hole(text.string[:start], text.string[start:end], text.string[end:])


async def _drive(
    holes: list[tuple[Path, Hole]],
    root: Path,
    options: list[str],
    pace: float,
    console: Console,
    *,
    best: "Best | None",
) -> Report:
    report = Report()
    client = await Client.start(*options)
    client.on_notification = partial(told, report)
    try:
        await client.initialize(root)
        for path, cut in holes:
            typist = Typist(client, path, cut, pace, report)
            where = str(path.relative_to(root) if path.is_relative_to(root) else path)
            if best:
                await typist.write(best.watching(where, cut))
            elif console.is_terminal:
                with Live(console=console, auto_refresh=False, transient=True) as live:
                    await typist.write(_painter(live, where, report))
            else:
                await typist.write(_unseen)
    except (ServerGone, ErrorAnswer) as error:
        report.errors.append(str(error))
    finally:
        status = await client.close()
    report.errors.extend(client.problems)
    if client.stray:
        report.errors.append(f"{client.stray} answers came to nothing that was asked")
    if status != 0:
        report.errors.append(f"the server ended with status {status}")
    return report


def told(report: Report, method: str, params: Any) -> None:
    """Note what the server tells the person: what is wrong, and who answers."""
    if method == "window/showMessage":
        report.errors.append(str(params["message"]))
    elif method == METHOD:
        report.stand(str(params["kind"]), str(params["message"]))


class Best:
    """Keeps the screen that showed the longest right ghost text, for a picture."""

    def __init__(self) -> None:
        """Start without one."""
        self.screen: Screen | None = None
        self.title = ""

    def watching(self, title: str, cut: Hole) -> Callable[[Screen], None]:
        """Return what looks at each screen of a file."""

        def look(screen: Screen) -> None:
            missing = (cut.before + cut.missing)[screen.cursor :]
            longest = len(self.screen.ghost) if self.screen else 0
            if len(screen.ghost) > longest and missing.startswith(screen.ghost):
                self.screen, self.title = replace(screen), title

        return look


def _painter(live: Live, title: str, report: Report) -> Callable[[Screen], None]:
    def paint(screen: Screen) -> None:
        live.update(picture(screen, title, report, live.console.height), refresh=True)

    return paint


def _unseen(_screen: Screen) -> None:
    """Show nothing: there is no terminal."""


class Typist:
    """A person who types one text, sees what is shown, and accepts what is right."""

    def __init__(self, client: Client, path: Path, cut: Hole, pace: float, report: Report) -> None:
        """Take the server, the text to write, the seconds from key to key, and where to count."""
        self._client = client
        self._uri = path.as_uri()
        self._cut = cut
        self._pace = pace
        self._report = report
        self._screen = Screen(Text(cut.before + cut.after), len(cut.before))
        self._language = language_id(path)
        self._id = 0
        self._asked = 0.0
        self._first: tuple[float, str] | None = None
        self._versions: dict[int, int] = {}
        self._pending: asyncio.Future[Any] | None = None
        self._show: Callable[[Screen], None] = _unseen

    async def write(self, show: Callable[[Screen], None]) -> None:
        """Open the document, write the missing text, close it; `show` is called at each change."""
        self._show = show
        document = {
            "uri": self._uri,
            "languageId": self._language,
            "version": self._screen.version,
            "text": self._screen.text.string,
        }
        self._client.on_notification = self._notified
        self._client.on_answer = self._answered
        self._client.notify("textDocument/didOpen", {"textDocument": document})
        self._report.characters += len(self._cut.missing)
        await self._wait(self._ask())
        goal = len(self._cut.before) + len(self._cut.missing)
        while self._screen.cursor < goal:
            missing = self._cut.missing[self._screen.cursor - len(self._cut.before) :]
            ghost = self._screen.ghost
            began = asyncio.get_running_loop().time()
            self._withdraw()
            self._report.keys += 1
            if len(ghost) >= _WORTH and missing.startswith(ghost):
                self._accept()
            else:
                self._change(missing[0], partial(self._screen.key, missing[0]))
            answer = self._ask()
            if self._pace:
                await asyncio.sleep(began + self._pace - asyncio.get_running_loop().time())
            else:
                await self._wait(answer)
        await self._wait(self._pending)
        self._report.stale_frames += self._screen.stale_frames
        self._report.crossed_frames += self._screen.crossed_frames
        self._report.shrunk_frames += self._screen.shrunk_frames
        self._report.misplaced_frames += self._screen.misplaced_frames
        self._report.swapped_frames += self._screen.swapped_frames
        self._report.cut_frames += self._screen.cut_frames
        self._client.notify("textDocument/didClose", {"textDocument": {"uri": self._uri}})

    def _accept(self) -> None:
        text = self._screen.ghost
        self._change(text, self._screen.accept)
        self._report.accepted += 1
        self._report.accepted_characters += len(text)
        truth = self._cut.before + self._cut.missing
        if self._screen.text.string != truth[: self._screen.cursor] + self._cut.after:
            self._report.wrong_accepts += 1
        command = {"command": "spark.accept", "arguments": [0]}
        self._client.request("workspace/executeCommand", command)

    def _change(self, inserted: str, change: Callable[[], object]) -> None:
        here = self._place()
        change()
        self._client.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": self._uri, "version": self._screen.version},
                "contentChanges": [{"range": {"start": here, "end": here}, "text": inserted}],
            },
        )
        self._show(self._screen)

    def _ask(self) -> asyncio.Future[Any]:
        """Ask for a completion at the cursor; its answers appear on the screen as they come."""
        version = self._screen.version
        self._report.requests += 1
        self._screen.asked()
        self._first, self._asked = None, asyncio.get_running_loop().time()
        answer = self._client.request(
            "textDocument/inlineCompletion",
            {
                "textDocument": {"uri": self._uri},
                "position": self._place(),
                "context": {"triggerKind": 2},
                "partialResultToken": f"{self._uri}#{version}",
            },
        )
        self._id = self._client.last_id
        self._pending = answer
        self._versions[self._id] = version
        return answer

    def _withdraw(self) -> None:
        """Cancel the request of the last key, as editors do, if it is still open."""
        if self._pending and not self._pending.done():
            self._report.cancels += 1
            self._client.notify("$/cancelRequest", {"id": self._id})

    def _notified(self, method: str, params: Any) -> None:
        told(self._report, method, params)
        if method == "$/progress":
            _, _, version = str(params["token"]).rpartition("#")
            self._seen(int(version), params["value"], final=False)

    def _answered(self, id_: int, answer: asyncio.Future[Any]) -> None:
        version = self._versions.pop(id_, None)
        if version is None:
            return
        error = answer.exception()
        if error is None:
            self._seen(version, answer.result(), final=True)
        elif not (isinstance(error, ErrorAnswer) and error.code == _CANCELLED):
            self._report.errors.append(f"a request failed: {error}")

    def _seen(self, version: int, result: Any, *, final: bool) -> None:
        text = self._screen.answered(version, result, final=final)
        if version != self._screen.version:
            return
        now = asyncio.get_running_loop().time()
        if text and self._first is None:
            self._first = (now, text)
            self._report.waits.append((now - self._asked) * 1000)
        elif self._first and final and text:
            began, first = self._first
            self._report.stream(text[len(first) :], now - began)
        self._show(self._screen)

    async def _wait(self, answer: asyncio.Future[Any] | None) -> None:
        if answer is None:
            return
        try:
            async with asyncio.timeout(_ANSWER_LIMIT):
                await asyncio.wait([answer])
        except TimeoutError:
            self._report.errors.append(f"no answer within {_ANSWER_LIMIT:.0f} s")

    def _place(self) -> dict[str, int]:
        position = self._screen.position
        return {"line": position.line, "character": position.character}


def _hole(text: Text, path: Path, lines: int) -> Hole:
    cut = hole(text, path.name, max(1, lines))
    if not cut.missing.strip():
        raise CommandError(f"{path} has no text to type: choose a source file", 2)
    return cut
