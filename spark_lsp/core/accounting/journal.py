"""What happened to the last requests, for `spark/explain`.

Owns the episodes: for each request when what was done, and the facts that the session's parts have
noted. A bounded number is kept, the newest. They hold lengths, places, paths and reasons, and no
text of the person's, because people put them into bug reports. How they are told in a sentence is
left to `telling`.

Places and lines count from zero, as in the protocol; durations are in milliseconds.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypedDict, Unpack

from spark_lsp.core.accounting.telling import VERDICTS, Facts, Step, summary
from spark_lsp.core.events import RequestId
from spark_lsp.core.prompt import Block

EPISODES = 64
"""Requests that are remembered."""
STEPS = 32
"""Steps of a request that are remembered."""

_ASKED = "asked"
_ONCE = "first "
"""How steps begin of which only the first counts."""


class Noted(Facts, total=False):
    """What can be noted of a request: facts as they are told, and what is measured at once.

    Attributes:
        blocks: the stable context that was shown to the model.
    """

    blocks: Sequence[Block]


class _Shown(TypedDict):
    """A block of context without its text."""

    kind: str
    path: str
    start_line: int
    end_line: int
    tokens: int
    reason: str


@dataclass(slots=True)
class _Episode:
    request: RequestId
    uri: str
    line: int
    character: int
    at: float
    what: str
    steps: list[Step] = field(default_factory=list)
    facts: Facts = field(default_factory=Facts)
    blocks: tuple[_Shown, ...] = ()


class Journal:
    """The last requests of a session."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._episodes: OrderedDict[RequestId, _Episode] = OrderedDict()
        # Most prompts begin like the last one: they share what is kept of it.
        self._stable: tuple[Block, ...] = ()
        self._blocks: tuple[_Shown, ...] = ()

    def begin(  # noqa: PLR0917 - what there is to know of it
        self, request: RequestId, uri: str, line: int, character: int, now: float, what: str
    ) -> None:
        """A request was made, which is the step "asked".

        Args:
            request: which.
            uri: of its document.
            line: for which line, from zero.
            character: where in it, in units of the protocol.
            now: when.
            what: "completion", "edit" or "next".
        """
        self._episodes.pop(request, None)
        steps = [Step(_ASKED, now)]
        self._episodes[request] = _Episode(request, uri, line, character, now, what, steps)
        if len(self._episodes) > EPISODES:
            self._episodes.popitem(last=False)

    def step(self, request: RequestId, name: str, now: float) -> None:
        """Something was done for a request, such as "request sent"; no request, nothing noted.

        A step that is named again and again is one; of those that are the first of something, as
        "first text", the first counts.
        """
        episode = self._episodes.get(request)
        if episode is None or len(episode.steps) >= STEPS or episode.steps[-1].name == name:
            return
        if name.startswith(_ONCE) and any(step.name == name for step in episode.steps):
            return
        episode.steps.append(Step(name, now))

    def note(self, request: RequestId, **facts: Unpack[Noted]) -> None:
        """Something is known of a request; what was noted of the same before is replaced."""
        if (episode := self._episodes.get(request)) is None:
            return
        if (blocks := facts.pop("blocks", None)) is not None:
            episode.blocks = self._without_texts(tuple(blocks))
        episode.facts.update(facts)

    def explain(self, uri: str, line: int | None = None) -> dict[str, object]:
        """Return what happened to the last request on a line of a document, as JSON has it.

        Without a line, or if nothing was asked there, the last one in the document is told; "found"
        says whether it is what was asked about. The keys are always the same, with None where
        nothing is known:

        - found: whether it is the place that was asked about;
        - summary: one sentence for people;
        - what: "completion", "edit" or "next";
        - verdict: "shown", "nothing", "unchanged" (what is on screen stays), "cancelled", "failed",
          "refused", or None while it is undecided;
        - reason, rule, source, quiet, cut, guard, status, confidence: see `telling.Facts`;
        - request, answer, stream: numbers;
        - uri, position {line, character}: where;
        - shown {characters, lines, edits}: how much;
        - steps [{name, milliseconds, took}]: since it was asked, and since the step before;
        - debounce: milliseconds that were waited on purpose;
        - context {tokens, blocks, tail_bytes, window}: what the model was shown.
        """
        there = [it for it in self._episodes.values() if it.uri == uri]
        on_line = [it for it in there if line is None or it.line == line]
        episode = next(reversed(on_line or there), None)
        if episode is None:
            return _told(None, uri, "Nothing has been asked in this document yet.", found=False)
        said = summary(episode.what, episode.steps, episode.facts)
        if not on_line and line is not None:
            said = (
                f"Nothing has been asked on line {line + 1}; "
                f"the last request was on line {episode.line + 1}. {said}"
            )
        return _told(episode, uri, said, found=bool(on_line))

    def _without_texts(self, blocks: tuple[Block, ...]) -> tuple[_Shown, ...]:
        if blocks != self._stable:
            self._stable = blocks
            self._blocks = tuple(
                _Shown(
                    kind=block.kind,
                    path=block.path,
                    start_line=block.start_line,
                    end_line=block.end_line,
                    tokens=block.tokens,
                    reason=block.reason,
                )
                for block in blocks
            )
        return self._blocks


def _told(episode: _Episode | None, uri: str, said: str, *, found: bool) -> dict[str, object]:
    facts = episode.facts if episode else Facts()
    steps = episode.steps if episode else []
    blocks = episode.blocks if episode else ()
    verdict = facts.get("verdict")
    debounce, confidence = facts.get("debounce"), facts.get("confidence")
    return {
        "found": found,
        "summary": said,
        "what": episode.what if episode else None,
        "verdict": VERDICTS.get(verdict, verdict.lower()) if verdict else None,
        "reason": facts.get("reason"),
        "rule": facts.get("rule"),
        "source": facts.get("source"),
        "quiet": facts.get("quiet"),
        "cut": facts.get("cut"),
        "guard": facts.get("guard"),
        "status": facts.get("status"),
        "confidence": None if confidence is None else round(confidence, 3),
        "request": episode.request if episode else None,
        "answer": facts.get("answer"),
        "stream": facts.get("stream"),
        "uri": uri,
        "position": {"line": episode.line, "character": episode.character} if episode else None,
        "shown": {
            "characters": facts.get("characters", 0),
            "lines": facts.get("lines", 0),
            "edits": facts.get("edits", 0),
        },
        "steps": [
            {
                "name": step.name,
                "milliseconds": _milliseconds(step.at - steps[0].at),
                "took": _milliseconds(step.at - before.at),
            }
            for before, step in zip([*steps[:1], *steps], steps, strict=False)
        ],
        "debounce": None if debounce is None else _milliseconds(debounce),
        "context": {
            "tokens": sum(block["tokens"] for block in blocks),
            "blocks": [dict(block) for block in blocks],
            "tail_bytes": facts.get("tail"),
            "window": facts.get("window"),
        },
    }


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
