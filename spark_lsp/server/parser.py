"""A child process that parses open buffers: `python -m spark_lsp.server.parser`.

Owns nothing but its two pipes. Reads `[language, text]`, one JSON array a line, and answers each
with one line of what the text defines. Ends when its input closes.
"""

import signal
import sys

import msgspec

from spark_lsp.core import languages
from spark_lsp.core.symbols import extract
from spark_lsp.core.text import Text


def main() -> None:
    """Serve until the input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin.buffer:
        name, text = msgspec.json.decode(line, type=tuple[str, str])
        language = languages.by_id(name)
        symbols = extract(Text(text), language) if language else None
        sys.stdout.buffer.write(msgspec.json.encode(symbols) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
