"""A child process that parses files: `python -m spark_lsp.server.worker ROOT`.

Owns nothing but its two pipes. Reads paths, one JSON string a line, and answers each with one line
`[path, symbols]`, where symbols is null if there is nothing to index. Imports the pure core only,
so that it starts fast and a grammar that crashes takes down this process and no other. Ends when
its input closes, which also happens when the server is killed.
"""

import os
import signal
import sys
from pathlib import Path

import msgspec

from spark_lsp.core import languages
from spark_lsp.core.symbols import FileSymbols, extract
from spark_lsp.core.text import Text
from spark_lsp.server.walk import read


def symbols_of(root: Path, path: str) -> FileSymbols | None:
    """Return what a file holds, or None without a grammar for it or if it cannot be read."""
    language = languages.by_path(path)
    text = read(root, path) if language else None
    return extract(Text(text), language) if language and text is not None else None


def main() -> None:
    """Serve until the input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(10)  # whoever is typing comes first
    root = Path(sys.argv[1])
    for line in sys.stdin.buffer:
        path = msgspec.json.decode(line, type=str)
        sys.stdout.buffer.write(msgspec.json.encode([path, symbols_of(root, path)]) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
