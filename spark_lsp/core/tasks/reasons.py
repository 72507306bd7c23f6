"""Why a task has changed what it has changed, in its own words.

Owns the form in which a model is asked for its reasons, `REQUEST`, and the reading of them out of
its last answer. They come as a JSON object at the end of it, in a fence or bare:

    {"summary": "one sentence", "changes": [{"path": "a.py", "line": "def f():", "reason": "..."}]}

`path` is relative to the workspace, `line` the text of any line of the change, or its number in the
new file counted from 1. What a model writes is not to be relied on: what is lacking or of another
kind counts as not said, and whatever has no reason of its own has that of its file, else the
summary, else the first sentence of the answer. A reason is shown to people and never acted upon.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from spark_lsp.core.tasks.merging import Hunk

REQUEST = """\
End your last message with one JSON object in a ```json fence, and nothing after it:
{"summary": "<what you did, in one sentence>", "changes": [{"path": "<file, relative to the \
workspace>", "line": "<the text of one line of the change>", "reason": "<why, in one sentence>"}]}
Give one entry for each separate place that you have changed."""

UNSAID = "The task has not said why."

_LONGEST = 400
"""Characters of a sentence that is shown."""
_LOOKED_AT = 200_000
"""Characters at the end of an answer in which reasons are looked for."""
_TRIES = 64
"""Places at which an object may begin that are tried, the last first."""
_MOST = 2_000
"""Reasons that are kept."""

_OPENING = re.compile(r'\{\s{0,100}"(?:summary|changes)"')
_SENTENCE = re.compile(r"[^\n]*?[.!?](?=\s|\Z)|[^\n]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")
_decode = json.JSONDecoder().raw_decode


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: of a file, or of a place in it if a line or its number is named."""

    path: str
    why: str
    line: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """What a task says of its work."""

    summary: str = ""
    reasons: tuple[Reason, ...] = ()

    def of_file(self, path: str) -> str:
        """Return why a file has been changed; never empty."""
        own = self._own(path)
        whole = next((it.why for it in own if not it.line and not it.number), "")
        return whole or (own[0].why if len(own) == 1 else "") or self.summary or UNSAID

    def of_hunk(self, path: str, hunk: Hunk) -> str:
        """Return why a place has been changed; never empty."""
        own = self._own(path)
        lines = [line.strip() for line in (*hunk.task, *hunk.base) if line.strip()]
        for same in (_is, _holds):
            for it in own:
                if it.line and any(same(it.line, line) for line in lines):
                    return it.why
        for it in own:
            if hunk.line < it.number <= hunk.line + max(1, len(hunk.task)):
                return it.why
        return self.of_file(path)

    def _own(self, path: str) -> list[Reason]:
        """Return what is said of a file; by the end of its path if the whole is not named."""
        exact = [it for it in self.reasons if it.path == path]
        return exact or [
            it for it in self.reasons if it.path and f"/{path}".endswith(f"/{it.path}")
        ]


def account(answer: str) -> Account:
    """Read what a task says of its work out of its last answer."""
    answer = answer[-_LOOKED_AT:]
    found = next(_objects(answer), None)
    at, told = found or (len(answer), {})
    changes = told.get("changes")
    reasons = map(_reason, changes[:_MOST] if isinstance(changes, list) else [])
    return Account(
        _sentence(told.get("summary")) or _first_sentence(answer[:at]),
        tuple(it for it in reasons if it),
    )


def _objects(answer: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the objects that may be an account, the last first, and where each begins."""
    for at in [it.start() for it in _OPENING.finditer(answer)][: -_TRIES - 1 : -1]:
        try:
            found, _ = _decode(answer, at)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and ("changes" in found or "summary" in found):
            yield at, found


def _reason(entry: object) -> Reason | None:
    if not isinstance(entry, dict):
        return None
    why, path, line = _sentence(entry.get("reason")), entry.get("path"), entry.get("line")
    if not why or not isinstance(path, str):
        return None
    number = line if isinstance(line, int) and not isinstance(line, bool) else 0
    text = line.strip() if isinstance(line, str) else ""
    if text.isdecimal():
        number, text = int(text[:9]), ""
    # A line as a diff has it.
    text = text.removeprefix("+").strip() if text.startswith("+") else text
    return Reason(_path(path), why, text, number)


def _path(path: str) -> str:
    path = path.strip().replace("\\", "/")
    while path.startswith("./"):
        path = path[2:]
    return path.strip("/")


def _is(said: str, line: str) -> bool:
    return said == line


def _holds(said: str, line: str) -> bool:
    """Whether a line is the one that is meant, if only a part of it is named."""
    return len(said) >= 4 and (said in line or (len(line) >= 8 and line in said))


def _first_sentence(answer: str) -> str:
    """Return the first sentence of what is said in front of the account."""
    for line in answer.split("\n"):
        plain = line.strip().strip("#*`- ")
        if plain and not line.lstrip().startswith("```"):
            found = _SENTENCE.match(plain)
            return _sentence(found[0]) if found else ""
    return ""


def _sentence(said: object) -> str:
    """Return what may be shown of something that should be a sentence."""
    if not isinstance(said, str):
        return ""
    plain = " ".join(_CONTROL.sub(" ", said[: 4 * _LONGEST]).split())
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"
