"""The real `spark-lsp backend`, as others meet it: a process, its ready line, and the token.

Owns that process and a wait until it has learned its workspace; who speaks to it is left to the
tests.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

from tests.heard import PATIENCE

UTIL = "def parse(text):\n    number, unit = split_duration(text)\n    return number * unit\n"
PROMPT = "def again(text):\n    number, unit = "
ANSWER = "split_duration(text)\n    return number * unit"
"""What the engine says to the prompt once it has learned `UTIL`, and from more than one file."""


@dataclass(frozen=True, slots=True)
class Service:
    """Where it listens; a key is the token."""

    url: str
    http_url: str
    token: str
    model: str


@contextmanager
def serving(folder: Path) -> Iterator[Service]:
    """Run the backend over a workspace with two small files, until it completes from them."""
    for name in ("util.py", "others.py"):
        (folder / name).write_text(UTIL, "utf-8")
    command = [sys.executable, "-m", "spark_lsp", "backend", "--workspace", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        service = Service(**json.loads(process.stdout.readline()))
        while not _text(service):
            pass
        yield service
        assert process.stdin
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


def _text(service: Service) -> str:
    body = json.dumps({"model": service.model, "input": PROMPT}).encode()
    headers = {"Authorization": f"Bearer {service.token}", "Content-Type": "application/json"}
    request = Request(f"{service.http_url}/responses", body, headers)
    with build_opener(ProxyHandler({})).open(request, timeout=PATIENCE) as answer:
        response = json.load(answer)
    return "".join(item["content"][0]["text"] for item in response["output"])
