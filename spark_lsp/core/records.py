"""What the index keeps of one file: its symbols, its chunks and the words in them.

Owns the way from a file's text to that record, which is all that leaves a worker and all that is
stored. Secrets are masked before anything is read, so that no record holds one. Looking things up
across files is left to `index` and `lexicon`.
"""

import re
import zlib
from array import array
from collections.abc import Iterator
from itertools import pairwise

import msgspec

from spark_lsp.core import exclusion, languages, secrets
from spark_lsp.core.symbols import FileSymbols, extract
from spark_lsp.core.text import line_starts

CHUNK = 40
"""Lines of the longest chunk."""
_LEAST = 12
"""Lines after which a chunk may end where a definition begins."""
_WORD_BYTES = bytes(
    byte if chr(byte).isalnum() or byte == ord("_") or byte >= 0x80 else ord(" ")
    for byte in range(256)
)
_LINE_END = re.compile(rb"\r\n|\n|\r")


class Chunk(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A few consecutive lines, and which words occur in them.

    Attributes:
        start_line: zero-based first line.
        end_line: zero-based last line, inclusive.
        words: hashes of its distinct words (`word_hash`), ascending, each four bytes in the order
            of the machine.
    """

    start_line: int
    end_line: int
    words: bytes


class Record(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the index keeps of one file.

    Attributes:
        symbols: what it defines and imports; nothing in a language we have no grammar for.
        chunks: all of its lines, in order.
        size: UTF-8 bytes of its text.
        tokens: its exact number of tokens, 0 while they have not been counted.
    """

    symbols: FileSymbols
    chunks: tuple[Chunk, ...]
    size: int
    tokens: int = 0


def record(path: str, text: str) -> Record | str:
    """Return what the index keeps of a file, or why it is left out."""
    if reason := exclusion.excluded_by_content(path, text):
        return reason
    language = languages.by_path(path)
    masked = secrets.redact(text)
    symbols = extract(masked, language) if language else _unread(masked)
    source = masked.encode("utf-8", "replace")
    return Record(symbols, tuple(chunks(source, symbols)), len(source))


def _unread(text: str) -> FileSymbols:
    return FileSymbols("", len(line_starts(text)))


def chunks(source: bytes, symbols: FileSymbols) -> Iterator[Chunk]:
    """Yield the chunks of a text; they end where a definition begins, if one does."""
    lines = _LINE_END.split(source) if b"\r" in source else source.split(b"\n")
    starts = sorted({definition.start_line for definition in symbols.definitions})
    for start, end in pairwise(_cuts(starts, len(lines))):
        words = set(b" ".join(lines[start:end]).translate(_WORD_BYTES).split())
        hashes = array("I", sorted(map(zlib.crc32, words)))
        yield Chunk(start, end - 1, hashes.tobytes())


def word_hash(word: str) -> int:
    """Return the number that stands for a word in `Chunk.words`; 32 bits."""
    return zlib.crc32(word.encode("utf-8", "replace"))


def _cuts(starts: list[int], count: int) -> list[int]:
    """Return where chunks begin, and the end of the last."""
    cuts = [0]
    at = 0
    while cuts[-1] + CHUNK < count:
        begin = cuts[-1]
        cut = begin + CHUNK
        while at < len(starts) and starts[at] <= begin + CHUNK:
            if starts[at] >= begin + _LEAST:
                cut = starts[at]
            at += 1
        at = max(0, at - 1)
        cuts.append(cut)
    return [*cuts, count]
