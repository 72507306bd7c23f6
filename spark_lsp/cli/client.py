"""A headless LSP client: starts a real server as a subprocess and speaks to it over its streams.

Owns messages and the process, and nothing of their meaning. Used by the commands that look at the
server as an editor does.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from spark_lsp.server.framing import Frames, FramingError, frame

Json = dict[str, Any]


class ServerGone(Exception):  # noqa: N818 - what has happened, not what went wrong here
    """The server has ended before it answered."""


class ErrorAnswer(Exception):  # noqa: N818 - an answer, if not the wanted one
    """The server has answered a request with an error."""

    def __init__(self, code: int, message: str) -> None:
        """Take what the server said."""
        super().__init__(message)
        self.code = code


class Client:
    """An editor's end of the protocol.

    `on_notification` is called with each notification; set it before `initialize`, or what comes
    with the handshake is lost. `on_request` answers what the server asks, at once or with a future.
    `stray` counts answers to nothing asked, and `problems` says, in a sentence each, which messages
    could not be taken.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Wrap a running server; use `start`."""
        self.process = process
        self.stray = 0
        self.problems: list[str] = []
        self.on_notification: Callable[[str, Any], None] = lambda _method, _params: None
        # Called as messages arrive, in their order; a future's own callbacks come a turn later.
        self.on_answer: Callable[[int, asyncio.Future[Any]], None] = lambda _id, _answer: None
        self.on_request: Callable[[str, Any], Any] = lambda _method, _params: None
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._ids = 0
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, *options: str) -> "Client":
        """Start `spark-lsp serve --stdio` with these options."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "spark_lsp", "serve", "--stdio", *options,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            # Ctrl-C in a terminal is for us; we end the server.
            start_new_session=True,
        )  # fmt: skip
        return cls(process)

    async def initialize(self, root: Path | None, **extra: Any) -> Json:
        """Do the handshake and return what the server said of itself.

        Nothing is counted for `spark-lsp stats`: nobody is typing.
        """
        options = {"stats": False, **extra.pop("initializationOptions", {})}
        uri = root.as_uri() if root else None
        params = {
            "processId": None,
            "rootUri": uri,
            "workspaceFolders": [{"uri": uri, "name": root.name}] if root else None,
            "capabilities": {"general": {"positionEncodings": ["utf-16"]}},
            "initializationOptions": options,
            **extra,
        }
        result: Json = await self.request("initialize", params)
        self.notify("initialized", {})
        return result

    def request(self, method: str, params: Any) -> asyncio.Future[Any]:
        """Ask; the future gives the result.

        The future has the request's id as `request_id`. It raises `ErrorAnswer` or `ServerGone`.
        """
        self._ids += 1
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self._reader.done():
            _fail(answer, ServerGone("the server has ended"))
        else:
            self._answers[self._ids] = answer
        self.send({"jsonrpc": "2.0", "id": self._ids, "method": method, "params": params})
        return answer

    @property
    def last_id(self) -> int:
        """The id of the newest request."""
        return self._ids

    def notify(self, method: str, params: Any) -> None:
        """Tell something."""
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def send(self, message: Any) -> None:
        """Send one message of any shape."""
        self.send_body(json.dumps(message).encode())

    def send_body(self, body: bytes) -> None:
        """Send one frame around any bytes."""
        if self.process.stdin and not self.process.stdin.is_closing():
            self.process.stdin.write(frame(body))

    async def close(self) -> int:
        """Leave as editors do and return the server's exit status; kill it if it stays."""
        with contextlib.suppress(ServerGone, ErrorAnswer, TimeoutError, ConnectionError):
            async with asyncio.timeout(3.0):
                await self.request("shutdown", None)
                self.notify("exit", None)
                await self.process.wait()
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(3.0):
                    await self.process.wait()
        if self.process.returncode is None:
            self.process.kill()
        if self.process.stdin:
            self.process.stdin.close()
        await self._reader
        return await self.process.wait()

    async def _read(self) -> None:
        frames = Frames()
        assert self.process.stdout is not None
        try:
            while data := await self.process.stdout.read(65_536):
                for body in frames.feed(data):
                    self._receive(body)
        except FramingError as error:
            self.problems.append(f"the server does not speak the base protocol: {error}")
        finally:
            open_, self._answers = self._answers, {}
            for id_, answer in open_.items():
                _fail(answer, ServerGone("the server has ended"))
                self.on_answer(id_, answer)

    def _receive(self, body: bytes) -> None:
        """Take in one message; whatever is wrong with it, the next may be right."""
        try:
            self._take(json.loads(body))
        except Exception as error:  # noqa: BLE001 - also what handlers raise
            problem = f"{type(error).__name__}: {error}"
            self.problems.append(f"a message of the server cannot be taken ({problem})")

    def _take(self, message: Mapping[str, Any]) -> None:
        if "method" in message:
            if "id" in message:
                self._requested(message["id"], message["method"], message.get("params"))
            else:
                self.on_notification(message["method"], message.get("params"))
            return
        answer = self._answers.pop(message["id"], None) if message.get("id") else None
        if answer is None:
            self.stray += 1
            return
        if "result" in message:
            if not answer.done():
                answer.set_result(message["result"])
        else:
            error = message.get("error")
            told = error if isinstance(error, dict) else {}
            _fail(answer, ErrorAnswer(told.get("code", 0), str(told.get("message", message))))
        self.on_answer(message["id"], answer)

    def _requested(self, id_: Any, method: str, params: Any) -> None:
        """Answer what the server asks, when there is an answer."""

        def say(result: Any) -> None:
            self.send({"jsonrpc": "2.0", "id": id_, "result": result})

        answer = self.on_request(method, params)
        if isinstance(answer, asyncio.Future):
            answer.add_done_callback(
                lambda it: say(None if it.cancelled() or it.exception() else it.result())
            )
        else:
            say(answer)


def _fail(answer: asyncio.Future[Any], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
        answer.exception()  # nobody may be waiting for it
