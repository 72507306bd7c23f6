"""What a person has changed, as a model is shown it: a unified diff without secrets.

Owns that form. Both sides are masked before they are compared, so that no secret stands in it that
a line of the diff would split, and none counts as a change that looks the same masked.
"""

from collections.abc import Iterable, Iterator
from difflib import unified_diff
from typing import NamedTuple

from spark_lsp.core.secrets import redact


class Changed(NamedTuple):
    """A file before and now; None where it was or is not there."""

    path: str
    before: str | None
    now: str | None


def shown(files: Iterable[Changed]) -> str:
    """Return the changes of some files, each under its name, "" if none is left to be seen."""
    return "\n".join(line for file in files for line in _lines(file))


def _lines(file: Changed) -> Iterator[str]:
    before, now = (redact(it or "").splitlines() for it in (file.before, file.now))
    old = "/dev/null" if file.before is None else f"a/{file.path}"
    new = "/dev/null" if file.now is None else f"b/{file.path}"
    found = list(unified_diff(before, now, old, new, lineterm=""))
    # One that comes or goes empty has no lines to show.
    return iter(found or [f"--- {old}", f"+++ {new}"] * ("/dev/null" in {old, new}))
