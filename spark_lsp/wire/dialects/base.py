"""Owns what all HTTP dialects have in common: a request as a value, and how an answer is read.

A dialect spells a prompt as one HTTP request and reads the streamed answer back, without I/O. Who
sends it is `server.posting`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeAlias

from spark_lsp.core.prompt import LONGEST_REWRITE, Prompt, Rewrite
from spark_lsp.wire.events import Usage
from spark_lsp.wire.faults import Fault


@dataclass(frozen=True, slots=True)
class Target:
    """Which model is asked, and how.

    Attributes:
        model: the name to ask for.
        max_output_tokens: where a completion is cut.
        effort: the reasoning effort, None to leave it to the server.
        template: the FIM template's name or its text, see `templates`; used by `completions` and
            `ollama`. "" leaves it to the model's name.
        prompt_cache_key: "" to send none.
        window: the model's context in tokens, 0 to leave it to the server; Ollama cuts prompts to
            4,096 where nobody says.
        cache_breakpoint: whether an explicit `prompt_cache_breakpoint` is understood; used by
            `responses`.
        rewrite_tokens: how many tokens more than a completion a rewrite may have at most.
        prediction: whether the server takes what an answer will most likely be; used by `chat`.
        tier: how fast it is to be served, "" to leave it to the server; used by `responses` and
            `chat`.
    """

    model: str
    max_output_tokens: int
    effort: str | None = None
    template: str = ""
    prompt_cache_key: str = ""
    window: int = 0
    cache_breakpoint: bool = False
    rewrite_tokens: int = LONGEST_REWRITE
    prediction: bool = False
    tier: str = ""

    def roomy(self, prompt: Prompt | Rewrite) -> "Target":
        """Return the same with room for the answer to a prompt."""
        if isinstance(prompt, Prompt):
            return self
        room = min(prompt.room, self.rewrite_tokens)
        return replace(self, max_output_tokens=self.max_output_tokens + room)


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP POST.

    Attributes:
        path: what follows the provider's root, such as "/completions".
        body: JSON.
        accept: the media type of the streamed answer.
        unversioned: whether the path stands beside the API version instead of below it, see `root`.
    """

    path: str
    body: bytes
    accept: str = "text/event-stream"
    unversioned: bool = False

    def root(self, url: str) -> str:
        """Return the root that the path follows, for the provider's own.

        People copy "http://localhost:8080/v1" from what their server prints; llama.cpp's `/infill`
        and Ollama's `/api/generate` stand beside the `/v1`. Either form is right for them.
        """
        return _VERSION.sub("", url, count=1) if self.unversioned else url


_VERSION = re.compile(r"(?<![:/])/v\d+/?(?=$|\?)")


@dataclass(frozen=True, slots=True)
class End:
    """The answer has ended, at a natural end or not.

    Attributes:
        reason: "completed", or why it was cut short, such as "max_output_tokens"; "refusal" where
            the model declined.
        usage: what it cost, as far as the server tells.
    """

    reason: str = "completed"
    usage: Usage = field(default_factory=Usage)


Piece: TypeAlias = str | End | Fault
"""Some more text, never empty; or the end; or what went wrong. The latter two come last."""


class Reader(Protocol):
    """Reads one streamed answer; never raises, whatever comes."""

    def feed(self, data: bytes) -> Sequence[Piece]:
        """Take in some more bytes of the body, cut anywhere."""
        ...

    def close(self) -> Sequence[Piece]:
        """The body has ended: an end, or a fault if the answer was cut off; nothing if told."""
        ...


class Dialect(Protocol):
    """One way to ask over HTTP."""

    @property
    def instructable(self) -> bool:
        """Whether its model follows instructions.

        One that only completes is never asked for a rewrite, and not told a completion's
        instruction.
        """
        ...

    def call(self, prompt: Prompt | Rewrite) -> Call:
        """Spell a prompt."""
        ...

    def reader(self, prompt: Prompt | Rewrite) -> Reader:
        """Return what reads the answer to that prompt."""
        ...

    def without(self, fault: Fault) -> "Dialect | None":
        """Return the dialect without the field that a refusal complains of; None if of none.

        The result always asks for less, so that a request may be sent again at once, and not for
        ever.
        """
        ...
