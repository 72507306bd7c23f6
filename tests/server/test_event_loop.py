"""Nothing that blocks runs on the event loop: a server in this process, with its files watched."""

import asyncio
import contextlib
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spark_lsp.server.app import App
from spark_lsp.server.framing import Frames, frame
from tests.heard import Heard

UTIL = "def parse(text):\n    number, unit = split_duration(text)\n    return number * unit\n"
SOURCE = "from util import parse\n\n\ndef again(text):\n    number, unit = "
BLOCKING = frozenset(
    {"open", "os.scandir", "os.listdir", "os.walk", "socket.getaddrinfo", "glob.glob"}
)


class Watch:
    """Notes what is read below a directory from the thread of the event loop."""

    def __init__(self) -> None:
        self.root: Path | None = None
        self.seen: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.root is None or event not in BLOCKING:
            return
        if threading.current_thread() is threading.main_thread() and arguments:
            what = str(arguments[0])
            if event == "socket.getaddrinfo" or what.startswith(str(self.root)):
                self.seen.append(f"{event} {what}")


WATCH = Watch()
sys.addaudithook(WATCH)  # there is no way to remove one: it idles without a root


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Path]:
    root = tmp_path / "repository"
    root.mkdir()
    (root / "util.py").write_text(UTIL, "utf-8")
    (root / "open.py").write_text(SOURCE, "utf-8")
    WATCH.root = root
    yield root
    WATCH.root = None
    WATCH.seen.clear()


class Editor:
    """The far end of the pipe of an `App`."""

    def __init__(self) -> None:
        self.heard: Heard[dict[str, Any]] = Heard()
        self._frames = Frames()
        self.app = App(None)
        self._ids = 0

    def write(self, data: bytes) -> None:
        """Take what the server sends."""
        for body in self._frames.feed(data):
            self.heard(json.loads(body))

    async def close(self) -> None:
        """The server is done."""

    def send(self, method: str, params: Any, **more: Any) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params, **more}
        self.app.receive(frame(json.dumps(message).encode()))

    async def request(self, method: str, params: Any) -> dict[str, Any]:
        self._ids += 1
        id_ = self._ids
        before = len(self.heard.all)
        self.send(method, params, id=id_)

        def answers(all_: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [it for it in all_[before:] if it.get("id") == id_ and "method" not in it]

        await self.heard.until(answers)
        return answers(self.heard.all)[0]


async def test_no_file_of_the_workspace_is_read_on_the_event_loop(watched: Path) -> None:
    editor = Editor()
    serving = asyncio.create_task(editor.app.run(editor))
    await asyncio.sleep(0)  # it takes its end of the pipe
    uri = (watched / "open.py").as_uri()
    document = {"uri": uri, "languageId": "python", "version": 1, "text": SOURCE}
    await editor.request("initialize", {"rootUri": watched.as_uri(), "capabilities": {}})
    editor.send("initialized", {})
    editor.send("textDocument/didOpen", {"textDocument": document})
    place = {
        "textDocument": {"uri": uri},
        "position": {"line": 4, "character": 19},
        "context": {"triggerKind": 1},  # else what it could not say yet is believed for a while
    }
    items: list[Any] = []
    while not items:  # whatever it guesses: it may still be learning
        answer = await editor.request("textDocument/inlineCompletion", place)
        items = answer["result"]["items"]
    changed = [{"uri": (watched / name).as_uri(), "type": 2} for name in ("util.py", ".gitignore")]
    editor.send("workspace/didChangeWatchedFiles", {"changes": changed})
    editor.send("textDocument/didClose", {"textDocument": {"uri": uri}})
    editor.send("textDocument/didOpen", {"textDocument": document})
    await editor.request("textDocument/inlineCompletion", place)
    await editor.request("shutdown", None)
    editor.send("exit", None)

    assert await serving == 0
    assert [] == WATCH.seen


async def test_a_part_that_fails_is_told_to_the_person_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail() -> None:
        raise KeyError("a defect")

    def told(all_: list[dict[str, Any]]) -> list[str]:
        return [it["params"]["message"] for it in all_ if it.get("method") == "window/showMessage"]

    editor = Editor()
    serving = asyncio.create_task(editor.app.run(editor))
    await asyncio.sleep(0)  # it takes its end of the pipe
    editor.app._run(fail())
    editor.app._run(fail())
    await editor.heard.until(told)
    while editor.app._tasks:
        await asyncio.wait(editor.app._tasks)
    editor.send("exit", None)

    assert await serving == 1
    assert ["a part of spark-lsp has failed (KeyError); restart the server"] == told(
        editor.heard.all
    )
    assert 2 == caplog.text.count("a part of the server has ended")


async def test_what_does_not_end_does_not_keep_the_server() -> None:
    release, stubborn = asyncio.Event(), asyncio.Event()

    async def stay() -> None:
        while not release.is_set():
            stubborn.set()
            with contextlib.suppress(asyncio.CancelledError):
                await release.wait()

    editor = Editor()
    serving = asyncio.create_task(editor.app.run(editor))
    await asyncio.sleep(0)  # it takes its end of the pipe
    editor.app._run(stay())
    await stubborn.wait()
    editor.send("exit", None)
    async with asyncio.timeout(5):
        assert await serving == 1
    release.set()
    await asyncio.wait(editor.app._tasks)


async def test_the_watch_sees_what_it_should(watched: Path) -> None:
    (watched / "util.py").read_text("utf-8")
    await asyncio.to_thread((watched / "util.py").read_text, "utf-8")

    assert [f"open {watched / 'util.py'}"] == WATCH.seen
