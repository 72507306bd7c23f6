"""An app-server that only pretends to be one, and behaves as a test wants it to.

Owns the misbehaviour; run as a program, with a manner as its only line of configuration. It knows
nothing of `spark_lsp`.
"""

import json
import os
import sys
from typing import Any

MANNER = "@MANNER@"


def say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def tell(method: str, **params: Any) -> None:
    say({"method": method, "params": {"threadId": "thread-1", **params}})


def opened() -> dict[str, Any]:
    profile = None if MANNER == "old" else {"id": "spark"}
    return {
        "thread": {"id": "thread-1"},
        "approvalPolicy": "on-request",
        "activePermissionProfile": profile,
        "sandbox": {"type": "workspaceWrite", "networkAccess": False},
    }


def turn() -> None:
    tell("turn/started", turn={"id": "turn-1"})
    if MANNER == "flooding":
        sys.stdout.write("x" * (17 * 2**20) + "\n")
    if MANNER == "babbling":
        sys.stdout.write('nonsense\n{"method": 3}\n[]\n{"method":"moon/risen"}\n\n')
    if MANNER == "asking":
        for number, method in enumerate(("moon/rise", "item/permissions/requestApproval")):
            say({"id": number, "method": method, "params": {"threadId": "thread-1"}})
        call = {"threadId": "thread-2", "tool": "read_file", "arguments": {"path": "a.py"}}
        say({"id": 2, "method": "item/tool/call", "params": call})
        answers = [json.loads(sys.stdin.readline()) for _ in range(3)]
        tell("item/agentMessage/delta", delta=json.dumps(answers))
    if MANNER == "dying":
        sys.stderr.write("warning\n\x1b[31mout of luck\x1b[0m\n")
        sys.stderr.flush()
        os._exit(3)
    tell("turn/completed", turn={"id": "turn-1", "status": "completed"})


def main() -> None:
    if MANNER == "stillborn":
        sys.exit("error: unexpected argument '-c' found")
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message or "method" not in message:
            continue
        number, method = message["id"], message["method"]
        if MANNER == "mute" and method == "thread/start":
            continue
        if MANNER == "unaware" and method == "command/exec":
            say({"id": number, "error": {"code": -32600, "message": "unknown variant"}})
            continue
        results: dict[str, Any] = {
            "command/exec": {"exitCode": int(MANNER == "open"), "stdout": "", "stderr": ""},
            "thread/start": opened(),
            "thread/resume": opened(),
        }
        say({"id": number, "result": results.get(method, {})})
        if method == "turn/start":
            turn()


if __name__ == "__main__":
    main()
