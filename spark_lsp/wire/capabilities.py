"""Owns what is believed of a model at a provider: what it can do, and what it has refused.

A `Profile` starts as a presumption from the provider's address and the model's name, is corrected
by what a person has set, and only ever loses abilities after that, each with the error that says
so. Who remembers it is the caller. Source: responses-protocol.md §1.2, §1.5, §1.6, §5, §6.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from spark_lsp.core.prompt import LONGEST_REWRITE, Prompt, Rewrite
from spark_lsp.core.settings import Capabilities
from spark_lsp.wire.faults import Fault, Remedy


@dataclass(frozen=True, slots=True)
class Profile:
    """What one model at one provider can do, and how to ask it.

    Attributes:
        model: the name to ask for.
        effort: the reasoning effort, None to leave it to the server.
        max_output_tokens: where a completion is cut.
        lanes: whether `stream_id` is understood.
        continuation: whether `previous_response_id` is.
        interrupt: whether the private `response.interrupt` is (§1.6 b).
        prompt_cache_key: "" to send none.
        warm_up: whether `generate: false` is understood.
        steer: whether `response.steer` is (§1.6 a).
        cache_breakpoint: whether an explicit `prompt_cache_breakpoint` is (§6).
        cleans: whether answers are cleaned of what chat models add; a FIM model adds nothing.
        holds_back: whether it says nothing where it is unsure, unless it is told that the person
            has asked by a command.
        rewrite_tokens: how many tokens more than a completion a rewrite may have at most.
        refused: further fields of a request that the server does not take.
        tier: how fast it is to be served, "" to leave it to the server.
    """

    model: str
    effort: str | None
    max_output_tokens: int
    lanes: bool
    continuation: bool
    interrupt: bool
    prompt_cache_key: str = ""
    warm_up: bool = True
    steer: bool = False
    cache_breakpoint: bool = False
    cleans: bool = False
    holds_back: bool = False
    rewrite_tokens: int = LONGEST_REWRITE
    refused: frozenset[str] = frozenset()
    tier: str = ""

    def roomy(self, prompt: Prompt | Rewrite | None) -> "Profile":
        """Return the profile with room for the answer to a prompt."""
        if not isinstance(prompt, Rewrite):
            return self
        room = min(prompt.room, self.rewrite_tokens)
        return replace(self, max_output_tokens=self.max_output_tokens + room)

    def without(self, fault: Fault) -> "Profile | None":
        """Return the profile without what a fault says is not understood; None if it says nothing.

        The result always asks for less, so that a request may be sent again at once, and not for
        ever.
        """
        name = _named(fault)
        if name in _ABILITIES and getattr(self, _ABILITIES[name]):
            lesser: dict[str, Any] = {_ABILITIES[name]: False}
            return replace(self, **lesser)
        if name in _OPTIONAL and name not in self.refused:
            return replace(self, refused=self.refused | {name})
        return None

    def meet(self, other: "Profile") -> "Profile":
        """Return what this profile and another of the same model have in common."""
        lesser: dict[str, Any] = {
            name: getattr(self, name) and getattr(other, name) for name in _ABILITIES.values()
        }
        met = replace(self, refused=self.refused | other.refused, **lesser)
        return self if met == self else met


_ABILITIES = {
    "stream_id": "lanes",
    "previous_response_id": "continuation",
    "generate": "warm_up",
    "prompt_cache_breakpoint": "cache_breakpoint",
    "prompt_cache_options": "cache_breakpoint",
    "response.steer": "steer",
    "response.interrupt": "interrupt",
}
"""Fields and events, and the ability that each of them is."""

_OPTIONAL = frozenset(
    {"max_output_tokens", "prompt_cache_key", "reasoning", "service_tier", "stream_options"}
)
"""Fields that a request can do without."""

_PLAIN_WORDS = frozenset({"generate", "reasoning"})
"""Those among them that may stand in any sentence."""

_EVENTS = {
    "interrupt_not_supported": "response.interrupt",
    "steering_not_supported": "response.steer",
}
"""Codes that name an event by themselves."""
_SAID = frozenset({"response.create", *_EVENTS.values()})

_UNSUPPORTED = frozenset({"unknown_parameter", "unsupported_parameter", "unsupported_value"})
"""What APIs call a field that they do not take."""
_SAYS_UNSUPPORTED = re.compile(
    r"(?:not|n't) (?:currently )?(?:be )?(?:support|recogni[sz]e|permit|allow|accept)"
    r"|unsupported|unexpected|unrecogni[sz]ed|extra (?:inputs|fields|field)"
    r"|unknown (?:\w+ )?(?:parameter|argument|field|key|property|option|name|event|type)"
    r"|additional propert|invalid (?:value|(?:event )?type)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\w.]*\w")
_NAME = re.compile(
    r"""(?:^|['"`]|(?:parameters?|arguments?|fields?|keys?|propert(?:y|ies)|name):?\s+)"""
    r"([\w.]*\w)",
    re.IGNORECASE,
)
"""A word that stands where only a name can."""


def event_named(fault: Fault) -> str:
    """Which event of a client's a fault is about, "" where it is about a request or nothing."""
    if fault.code in _EVENTS:
        return _EVENTS[fault.code]
    # The first that is named: what else there is may be listed after it.
    named = next((word for word in _WORD.findall(fault.message) if word in _SAID), "")
    return "" if named == "response.create" else named


def _named(fault: Fault) -> str:
    """Which field or event a fault calls unsupported, "" where it calls none so."""
    if fault.code in _EVENTS:
        return _EVENTS[fault.code]
    # What passes by itself is no want of ability.
    said = fault.remedy is Remedy.REPORT and _SAYS_UNSUPPORTED.search(fault.message)
    if not (fault.code in _UNSUPPORTED or said) or fault.code == "previous_response_not_found":
        return ""
    if event := event_named(fault):
        return event
    # A field may be named with its path, as in input[3].content[0].
    known = _OPTIONAL | _ABILITIES.keys()
    if parts := re.findall(r"\w+", fault.param):
        return next((part for part in parts if part in known), "")
    names = {part for word in _NAME.findall(fault.message) for part in word.split(".")}
    words = (part for word in _WORD.findall(fault.message) for part in word.split("."))
    return next((it for it in words if it in known and it not in _PLAIN_WORDS - names), "")


def presumed(
    base_url: str,
    model: str,
    said: Capabilities,
    *,
    effort: str | None,
    max_output_tokens: int,
    rewrite_tokens: int = LONGEST_REWRITE,
    tier: str = "",
) -> Profile:
    """Return what to believe of a model before anything was heard of it.

    Only OpenAI documents lanes; whoever does not know them says so, or answers as if there were
    none, which costs one request at most.

    Args:
        base_url: the provider's root.
        model: the model's name.
        said: what a person knows better.
        effort: the reasoning effort that a person has chosen.
        max_output_tokens: where a completion is cut.
        rewrite_tokens: how many tokens more a rewrite may have at most.
        tier: how fast it is to be served, "" to leave it to the server.
    """
    openai = bool(_OPENAI.match(base_url))
    marked = openai and bool(_WITH_BREAKPOINTS.match(model))
    guesses = {
        "lanes": True,
        "continuation": True,
        "warm_up": True,
        "interrupt": False,
        "steer": openai and model.startswith(_STEERED),
        "cache_breakpoint": marked,
    }
    known = {name: getattr(said, name) for name in guesses}
    chosen: dict[str, Any] = {
        name: guess if known[name] is None else known[name] for name, guess in guesses.items()
    }
    chosen |= {"cleans": True, "rewrite_tokens": rewrite_tokens, "tier": tier}
    return Profile(model, effort, max_output_tokens, **chosen)


_OPENAI = re.compile(r"\w+://(?:[^/@]*@)?api\.openai\.com(?=[:/?]|$)")
_WITH_BREAKPOINTS = re.compile(r"gpt-(?:5\.[6-9]|[6-9]|\d\d)")
"""Models whose cache matches at breakpoints only (§6)."""
_STEERED = "gpt-6-astra"
"""The one model that documents `response.steer` (§1.6 a)."""
