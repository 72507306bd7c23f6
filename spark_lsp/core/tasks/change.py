"""What a person has changed, as a model is shown it: a unified diff without secrets.

Owns that form. Both sides are masked before they are compared, so that no secret stands in it that
a line of the diff would split, and none counts as a change that looks the same masked. The time is
bounded for any text (`spans`), and so is what is shown.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from spark_lsp.core.secrets import redact
from spark_lsp.core.spans import Span, spans_between

_AROUND: Final = 3
"""Lines that are shown on each side of a change."""
_MOST: Final = 400_000
"""Characters after which no further file is looked at."""


class Changed(NamedTuple):
    """A file before and now; None where it was or is not there."""

    path: str
    before: str | None
    now: str | None


def shown(files: Iterable[Changed]) -> str:
    """Return the changes of some files, each under its name, "" if none is left to be seen."""
    told: list[str] = []
    size = 0
    for file in files:
        if size > _MOST:
            told.append(f"(What has changed in {file.path} and behind it is not shown.)")
            break
        lines = list(_lines(file))
        size += sum(map(len, lines))
        told += lines
    return "\n".join(told)


def _lines(file: Changed) -> Iterator[str]:
    before, now = (redact(it or "").splitlines() for it in (file.before, file.now))
    groups = list(_grouped(spans_between(before, now)))
    if not groups and None not in {file.before, file.now}:
        return
    yield "--- /dev/null" if file.before is None else f"--- a/{file.path}"
    yield "+++ /dev/null" if file.now is None else f"+++ b/{file.path}"
    for group in groups:
        yield from _hunk(group, before, now)


def _grouped(spans: Iterable[Span]) -> Iterator[list[Span]]:
    """Yield changes that stand so near to each other that one piece shows them."""
    group: list[Span] = []
    for span in spans:
        if group and span.start - group[-1].end > 2 * _AROUND:
            yield group
            group = []
        group.append(span)
    if group:
        yield group


def _hunk(group: list[Span], before: list[str], now: list[str]) -> Iterator[str]:
    first, last = group[0], group[-1]
    head = min(_AROUND, first.start)
    tail = min(_AROUND, len(before) - last.end)
    old = _range(first.start - head, last.end + tail)
    new = _range(first.new_start - head, last.new_end + tail)
    yield f"@@ -{old} +{new} @@"
    at = first.start - head
    for span in group:
        yield from (f" {line}" for line in before[at : span.start])
        yield from (f"-{line}" for line in before[span.start : span.end])
        yield from (f"+{line}" for line in now[span.new_start : span.new_end])
        at = span.end
    yield from (f" {line}" for line in before[at : last.end + tail])


def _range(start: int, end: int) -> str:
    """Return a stretch of lines as unified diffs have it, which count from 1."""
    size = end - start
    return f"{start + 1}" if size == 1 else f"{start + bool(size)},{size}"
