"""The real llama-server, with a model made on the spot.

Owns its process, from the model to the end; what it is asked is left to the tests.
"""

import json
import os
import queue
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.request import ProxyHandler, build_opener

from tests.heard import PATIENCE
from tests.peers.parts import LLAMA, PYTHON

CONTEXT = 8192
"""Tokens of one of its two slots; the model's tokens are bytes, nearly."""

_LISTENING = re.compile(r"listening on (http://\S+)")


class Llama:
    """A running llama-server.

    Attributes:
        url: its root, without a slash at the end.
        song: what its model answers, whatever it is asked.
    """

    def __init__(self, log: IO[str], song: str) -> None:
        self.song = song
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        # It must be read as long as it writes, or it would stand still.
        threading.Thread(target=self._read, args=[log], daemon=True).start()
        self.url = self.told(_LISTENING)[1]

    def told(self, pattern: str | re.Pattern[str]) -> re.Match[str]:
        """Wait until it logs something that it has not logged before the last call."""
        while True:
            line = self._lines.get(timeout=PATIENCE)
            if match := re.search(pattern, line):
                return match

    def forget(self) -> None:
        """Take what it has logged so far as heard."""
        while not self._lines.empty():
            self._lines.get()

    def shown(self) -> list[str]:
        """Return what its model was shown last, control tokens included, in each slot."""
        with build_opener(ProxyHandler({})).open(f"{self.url}/slots", timeout=PATIENCE) as answer:
            return [slot.get("prompt", "") for slot in json.load(answer)]

    def _read(self, log: IO[str]) -> None:
        for line in log:
            self._lines.put(line)


@contextmanager
def serving(folder: Path) -> Iterator[Llama]:
    """Make a model in a folder and serve it while the context lasts."""
    model = folder / "song.gguf"
    make = [PYTHON, Path(__file__).with_name("model.py"), model]
    song = subprocess.run(make, stdout=subprocess.PIPE, check=True).stdout.decode()
    options = ["--host", "127.0.0.1", "--port", "0", "--offline", "--no-ui", "--alias", "song"]
    size = ["--ctx-size", str(2 * CONTEXT), "--parallel", "2", "--threads", "1"]
    # No settings of the person's; and prompts are told where its slots are.
    own = {name: value for name, value in os.environ.items() if not name.startswith("LLAMA_")}
    process = subprocess.Popen(
        [LLAMA, "--model", model, *options, *size],
        env={**own, "LLAMA_SERVER_SLOTS_DEBUG": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    with process.stderr as log:
        try:
            yield Llama(log, song)
            process.terminate()
            assert 0 == process.wait(PATIENCE)
        finally:
            # The log can only be closed when nobody is writing, and so nobody reading, any more.
            process.kill()
            process.wait()
