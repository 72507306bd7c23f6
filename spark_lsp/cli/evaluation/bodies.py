"""Where the bodies of functions stand, as far as they can be held out whole.

Owns how a body is found in any language: by the signature's end, and by indentation. What is
documented in it stays, because that says what is to be written.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from spark_lsp.cli.evaluation.sources import Source, Task
from spark_lsp.core.symbols import Definition

_LINES: Final = range(3, 13)
"""Lines that a definition may have, its header included."""
_KINDS: Final = frozenset({"function", "method"})
_FENCES: Final = ('"""', "'''", 'r"""')


def bodies(sources: Sequence[Source]) -> list[Task]:
    """Return a task for each short function: all of its body, from its first line's text on."""
    return [
        task
        for source in sources
        for definition in source.symbols.definitions
        if definition.kind in _KINDS and definition.end_line - definition.start_line + 1 in _LINES
        for task in _body(source, definition)
    ]


def _body(source: Source, definition: Definition) -> Iterator[Task]:
    text, lines = source.text, source.lines
    signature = definition.signature.strip()
    begin = text.string.find(signature, text.line_start(definition.start_line))
    last = min(definition.end_line, len(lines) - 1)
    if not signature or begin < 0 or begin + len(signature) > text.line_end(last):
        return
    margin = _indentation(lines[text.line_at(begin)])
    first = text.line_at(begin + len(signature)) + 1
    if first <= last and lines[first].strip() == "{":
        first += 1
    first = _past_documentation(lines, first, last)
    while first <= last and not lines[first].strip():
        first += 1
    while last >= first and _ends(lines[last], margin):
        last -= 1
    if first > last or _ends(lines[first], margin) or not source.is_worth(first):
        return
    start = text.line_start(first) + _indentation(lines[first])
    end = text.line_start(last) + len(lines[last])
    yield Task("block", source.path, source.language.name, start, end)


def _past_documentation(lines: Sequence[str], first: int, last: int) -> int:
    """Return the line behind a documentation string that begins at a line."""
    if first > last or not lines[first].lstrip().startswith(_FENCES):
        return first
    fence = '"""' if '"""' in lines[first] else "'''"
    ends = [lines[first].partition(fence)[2], *lines[first + 1 : last + 1]]
    rows = (row for row, line in enumerate(ends, first) if fence in line)
    return next(rows, last) + 1


def _ends(line: str, margin: int) -> bool:
    """Whether a line stands outside of a body whose header is indented by so much."""
    return not line.strip() or _indentation(line) <= margin


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())
