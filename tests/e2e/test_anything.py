"""Ten thousand messages, valid and not, to a real server: each request gets exactly one answer."""

import asyncio
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

from spark_lsp.cli.client import Client
from tests.editor import PATIENCE

MESSAGES = 10_000
URIS = [
    "file:///w/a.py", "file:///w/b.rs", "untitled:Untitled-1", "", "not a uri", "http://[", "file:",
]  # fmt: skip
TEXTS = [
    "", "x", "def f(x):\n    return x\n", "a\r\nb\rc\f\u2028d\n", "😀" * 50, "\ud83d", "(" * 500,
]  # fmt: skip
JUNK: list[Any] = [None, True, -1, 2**70, 1e300, "x", [], {}, {"a": [{}]}, [[[]]]]


class Fuzzer:
    """Makes messages; most have the right shape, many not quite."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def position(self) -> Any:
        def number() -> Any:
            return self.random.choice(
                [0, 1, 2, 3, 7, 10_000, 2**31, *([-1, "1", None] * (not self.random.randrange(9)))]
            )

        return {"line": number(), "character": number()}

    def document(self) -> Any:
        return {"uri": self.random.choice(URIS), "version": self.random.randrange(-1, 99)}

    def change(self) -> Any:
        text = self.random.choice(TEXTS)
        if not self.random.randrange(4):
            return {"text": text}
        return {"range": {"start": self.position(), "end": self.position()}, "text": text}

    def params(self, method: str) -> Any:  # noqa: PLR0911 - one return a method
        match method:
            case "textDocument/didOpen":
                language = self.random.choice(["python", "rust", "klingon", ""])
                text = self.random.choice(TEXTS)
                return {"textDocument": {**self.document(), "languageId": language, "text": text}}
            case "textDocument/didChange":
                changes = [self.change() for _ in range(self.random.randrange(4))]
                return {"textDocument": self.document(), "contentChanges": changes}
            case "textDocument/didClose" | "textDocument/didSave":
                return {"textDocument": self.document()}
            case "textDocument/inlineCompletion":
                token: Any = self.random.choice(
                    [{}, {"partialResultToken": self.random.choice(["t", 7, None, {}])}]
                )
                context = {"triggerKind": self.random.choice([1, 2])}
                return {
                    "textDocument": self.document(),
                    "position": self.position(),
                    "context": context,
                    **token,
                }
            case "spark/edit":
                place = {"range": {"start": self.position(), "end": self.position()}}
                return {
                    "textDocument": self.document(),
                    "instruction": self.random.choice(["tidy", "", " ", 7, "x" * 3000]),
                    **self.random.choice([place, {}, {"range": None}]),
                    **self.random.choice([{}, {"partialResultToken": "t", "workDoneToken": 3}]),
                }
            case "textDocument/copilotInlineEdit":
                return {"textDocument": self.document(), "position": self.position()}
            case "spark/steer" | "spark/interrupt" | "spark/explain":
                return {
                    "textDocument": self.document(),
                    "position": self.position(),
                    "instruction": self.random.choice(["shorter", ""]),
                    **self.random.choice([{}, {"expectedId": 3, "id": "4"}, {"id": None}]),
                }
            case "textDocument/didShowCompletion" | "textDocument/didPartiallyAcceptCompletion":
                command = {"command": "spark.accept", "arguments": [self.random.randrange(40)]}
                return {"item": {"insertText": "x", "command": command}, "acceptedLength": 2}
            case "workspace/executeCommand":
                return {
                    "command": self.random.choice(["spark.accept", "spark.reject", "rm"]),
                    "arguments": self.random.choice([[self.random.randrange(40)], [], None]),
                }
            case "workspace/didChangeConfiguration":
                return {
                    "settings": {
                        "spark": self.random.choice(
                            [{}, {"enabled": True}, {"model_provider": 7}, {"x": {}}]
                        )
                    }
                }
            case "workspace/didChangeWatchedFiles":
                return {
                    "changes": [
                        {"uri": self.random.choice(URIS), "type": self.random.choice([1, 2, 3, 9])}
                    ]
                }
        return self.random.choice(JUNK)

    def message(self, id_: int) -> dict[str, Any]:
        method = self.random.choice(
            [
                *["textDocument/inlineCompletion", "textDocument/didChange"] * 6,
                *["textDocument/didOpen", "textDocument/didClose"] * 2,
                *["spark/edit", "textDocument/copilotInlineEdit", "spark/steer"] * 2,
                "spark/interrupt", "spark/explain", "textDocument/didShowCompletion",
                "textDocument/didPartiallyAcceptCompletion",
                "textDocument/didSave", "textDocument/hover", "workspace/executeCommand",
                "workspace/didChangeConfiguration", "workspace/didChangeWatchedFiles",
                "$/cancelRequest", "$/setTrace", "$/unknown", "initialize", "initialized",
                "window/workDoneProgress/cancel", "notebookDocument/didOpen", "no/such/method", "",
            ]
        )  # fmt: skip
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
        if method == "$/cancelRequest":
            message["params"] = {"id": max(0, id_ - self.random.randrange(4))}
            return message
        message["params"] = self.params(method)
        if not self.random.randrange(12):
            message["params"] = self.random.choice(JUNK)
        elif not self.random.randrange(40):
            del message["params"]
        is_request = method in {
            "textDocument/inlineCompletion",
            "textDocument/copilotInlineEdit",
            "spark/edit",
            "spark/steer",
            "spark/interrupt",
            "spark/explain",
            "textDocument/hover",
            "initialize",
            "workspace/executeCommand",
            "no/such/method",
        }
        if is_request != (not self.random.randrange(20)):
            message["id"] = id_ if self.random.randrange(3) else f"s{id_}"
        return message


GARBAGE = [
    b"", b"null", b"[]", b"{", b'"x"', b"\xff\xfe", b"[" * 5000, b'{"jsonrpc":"2.0"}',
    b'{"jsonrpc":"2.0","id":null,"method":"textDocument/hover"}',
    b'{"jsonrpc":"2.0","id":1.5,"method":"x"}', b'{"jsonrpc":"2.0","id":"?","result":{}}',
    b'{"jsonrpc":"2.0","id":"?","error":5}',
    b'{"method":"textDocument/didOpen","params":{"jsonrpc":7}}',
    b'{"jsonrpc":"2.0","id":{},"method":5}', b'{"jsonrpc":"1.0","method":5}',
]  # fmt: skip


async def test_each_of_ten_thousand_messages_is_answered_exactly_once(tmp_path: Path) -> None:
    fuzzer = Fuzzer(20261120)
    client = await Client.start()
    await client.initialize(tmp_path)
    answers: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    client._take = lambda message: answers.update(  # type: ignore[method-assign]
        [json.dumps(message["id"])] if "method" not in message and message["id"] is not None else []
    )
    for number in range(1000, 1000 + MESSAGES):
        if fuzzer.random.randrange(25):
            message = fuzzer.message(number)
            if "id" in message:
                wanted[json.dumps(message["id"])] += 1
            client.send(message)
        else:
            client.send_body(fuzzer.random.choice(GARBAGE))
        if not number % 100:
            assert client.process.stdin
            await client.process.stdin.drain()
    wanted['"last"'] += 1
    client.send({"jsonrpc": "2.0", "id": "last", "method": "textDocument/hover", "params": {}})
    async with asyncio.timeout(PATIENCE * 3):
        while answers.keys() & wanted.keys() != wanted.keys():
            assert client.process.returncode is None, "the server has died"
            await asyncio.sleep(0.01)

    assert answers == wanted
    assert sum(wanted.values()) > MESSAGES / 3
    del client._take
    assert await client.close() == 0
