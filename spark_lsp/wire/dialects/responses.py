"""Owns `POST /responses`: the Responses API over HTTP, with server-sent events.

It is what the connection falls back to where there is no WebSocket. Nothing is continued here: each
request has the full input, whose beginning the provider's prompt cache keeps. The fields and the
events are those of the WebSocket. Source: responses-protocol.md §1.5, §1.7.
"""

from collections.abc import Sequence

from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.wire import events as wire
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.cleaning import Cleaner
from spark_lsp.wire.dialects.base import Call, Reader, Target
from spark_lsp.wire.dialects.reading import NOTHING, Part, PartsReader
from spark_lsp.wire.faults import Fault
from spark_lsp.wire.frames import Malformed
from spark_lsp.wire.layout import Item, stable_items, tail_items
from spark_lsp.wire.refusals import told
from spark_lsp.wire.requests import marked, spelled_items, spelled_options


class Responses:
    """Asks `POST /responses`."""

    instructable = True

    def __init__(self, target: Target, profile: Profile | None = None) -> None:
        """Take whom to ask, and what is believed of the model by now."""
        self._target = target
        self._profile = profile or Profile(
            model=target.model,
            effort=target.effort,
            max_output_tokens=target.max_output_tokens,
            lanes=False,
            continuation=False,
            interrupt=False,
            prompt_cache_key=target.prompt_cache_key,
            cache_breakpoint=target.cache_breakpoint,
            rewrite_tokens=target.rewrite_tokens,
            tier=target.tier,
        )
        self._kept: tuple[tuple[Block, ...], bytes] | None = None

    def call(self, prompt: Prompt | Rewrite) -> Call:
        """Spell a prompt."""
        options = spelled_options(self._profile.roomy(prompt))[1:-1]
        tail = spelled_items(tail_items(prompt))
        body = b'{%b,"store":false,"stream":true,"input":[%b,%b]}'
        return Call("/responses", body % (options, self._stable(prompt.stable), tail))

    def reader(self, prompt: Prompt | Rewrite) -> Reader:
        """Return what reads the answer."""
        whole = isinstance(prompt, Rewrite)
        return PartsReader(_Answer().part, strainer=Cleaner(prompt), whole=whole)

    def without(self, fault: Fault) -> "Responses | None":
        """Return the dialect without what was refused."""
        profile = self._profile.without(fault)
        return None if profile is None else Responses(self._target, profile)

    def _stable(self, stable: tuple[Block, ...]) -> bytes:
        if self._kept is None or self._kept[0] != stable:
            items: Sequence[Item] = stable_items(stable)
            if self._profile.cache_breakpoint:
                items = marked(items)
            self._kept = (stable, spelled_items(items))
        return self._kept[1]


class _Answer:
    """What is known of one answer while it comes."""

    def __init__(self) -> None:
        self._muted: set[int | None] = set()

    def part(self, message: str) -> Part:
        """Return what one event says."""
        event = wire.decode_event(message)
        if isinstance(event, wire.TextDelta):  # most common case first
            return NOTHING if event.output_index in self._muted else Part(event.delta)
        part = NOTHING
        match event:
            case wire.ItemAdded() if event.is_commentary:
                self._muted.add(event.output_index)
            case wire.RefusalDone():
                part = Part(refused=True)
            case wire.Completed():
                part = Part(reason="completed", usage=event.usage, over=True)
            case wire.Incomplete():
                part = Part(reason=event.reason, usage=event.usage, over=True)
            case wire.Broken() | wire.ErrorFrame():
                part = Part(fault=event.fault)
            case Malformed(type=""):
                # Gateways tell errors in the words of other APIs.
                part = Part(fault=told(message))
            case _:
                pass  # says nothing of the answer
        return part
