"""What happened to one request, in a sentence for people.

Owns the words. What is known of a request is noted in `journal`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from spark_lsp.core.effects import DRAFT

VERDICTS: Mapping[str, str] = {
    "SHOW": "shown",
    "CLEAR": "nothing",
    "KEEP": "unchanged",
    "CANCELLED": "cancelled",
    "MODIFIED": "refused",
    "INVALID": "refused",
    "FAILED": "failed",
}
"""How a request was answered, by the name of its `effects.Verdict` or `effects.Refusal`."""

_NOTHING = {
    "completion": "Nothing was shown",
    "edit": "Nothing was rewritten",
    "next": "No edit was proposed",
}
_QUIET = "quiet"
"""The rule whose reason says why nothing is offered unasked, if no fact of this name does."""
_SHOWN = {
    "completion": "shown",
    "edit": "written",
    "next": "proposed",
}
_SOURCES = {
    "model": "by the model",
    "cache": "from an answer in hand",
    DRAFT: "as the embedded engine's draft",
    "engine": "by the embedded engine",
    "typed along": "as the rest of what you are typing along with",
}


class Facts(TypedDict, total=False):
    """What is known of a request.

    Attributes:
        verdict: how it was answered, one of `VERDICTS`.
        reason: why, as a clause, such as "the model had nothing to add".
        rule: the rule of the session that decided, such as "cache" or "quiet".
        source: where the answer came from: "model", "cache", "typed along", "draft" or "engine".
        answer: the answer's number.
        stream: the number of the stream that was opened for it.
        characters: how many were shown.
        lines: how many lines these were.
        edits: how many edits, for requests that are answered with such.
        tail: bytes of text around the cursor that were sent.
        window: tokens that the prompt was packed for.
        debounce: seconds that were waited on purpose before anything was sent.
        quiet: why nothing was offered unasked, as a clause, such as "you had just deleted text".
        cut: why the answer was shown only to a point, as a clause, such as "the function ends".
        guard: what the syntax guard did, as a clause, such as "a bracket would have stayed open".
        status: what was wrong with the provider then, in a sentence.
        confidence: how sure the model was of the first line of its answer, from 0 to 1.
    """

    verdict: str
    reason: str
    rule: str
    source: str
    answer: int
    stream: int
    characters: int
    lines: int
    edits: int
    tail: int
    window: int
    debounce: float
    quiet: str
    cut: str
    guard: str
    status: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done for a request, and when."""

    name: str
    at: float


def summary(what: str, steps: Sequence[Step], facts: Facts) -> str:
    """Return one sentence on a request of a kind: "completion", "edit" or "next"."""
    reason = facts.get("reason", "")
    match facts.get("verdict"):
        case None:
            last, after = steps[-1].name, _milliseconds(steps, steps[-1].name)
            told = f"It is not decided yet: {last}" + (f" after {after}" if after else "")
        case "SHOW":
            told = _shown(what, steps, facts)
        case "KEEP":
            told = "What was on screen was left as it was" + _clause(reason)
        case "CANCELLED":
            told = "The editor withdrew the request before there was an answer"
        case "CLEAR":
            told = _nothing(what, facts)
        case "MODIFIED" | "INVALID":
            told = "It was refused" + _clause(reason)
        case _:
            told = "It failed" + _clause(reason)
    return f"{told}."


def _nothing(what: str, facts: Facts) -> str:
    """Return why there was nothing, by the most particular reason that is known."""
    told = _NOTHING.get(what, _NOTHING["completion"])
    quiet = facts.get("quiet") or (facts.get("reason") if facts.get("rule") == _QUIET else "")
    if quiet:
        return f"{told}: {quiet} (quiet rule); press the completion key to ask anyway"
    if guard := facts.get("guard"):
        return f"{told}: {guard} (syntax guard)"
    return told + _clause(facts.get("cut") or facts.get("reason") or "")


def _shown(what: str, steps: Sequence[Step], facts: Facts) -> str:
    lines, edits = facts.get("lines", 0), facts.get("edits", 0)
    count, unit = (edits, "edit") if edits else (facts.get("characters", 0), "character")
    size = f"{count:,} {unit}{'' if count == 1 else 's'}"
    if lines > 1:
        size += f" in {lines:,} lines"
    told = f"{size} {'was' if count == 1 else 'were'} {_SHOWN.get(what, _SHOWN['completion'])}"
    if source := facts.get("source"):
        told += f" {_SOURCES.get(source, f'from {source}')}"
    first = "draft shown" if facts.get("source") == DRAFT else "first shown"
    if after := _milliseconds(steps, first):
        told += f", {after} after the request"
    if cut := facts.get("cut"):
        told += f"; what followed was left out, because {cut}"
    if guard := facts.get("guard"):
        told += f"; {guard} (syntax guard)"
    return told


def _clause(reason: str) -> str:
    return f": {reason.rstrip('.')}" if reason else ""


def _milliseconds(steps: Sequence[Step], name: str) -> str:
    """Return how long after the first step the first of a name was, "" for none or the first."""
    found = next((step for step in steps[1:] if step.name == name), None)
    return f"{(found.at - steps[0].at) * 1000:,.0f} ms" if found else ""
