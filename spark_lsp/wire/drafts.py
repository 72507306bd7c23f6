"""Owns the frame of a request: in full, or only what a warm base lacks.

Which base there is, and which lane a request takes, is the business of `client`; how a frame is
spelled, that of `requests`. Source: responses-protocol.md §1.4, §6.
"""

from collections.abc import Sequence

from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.wire.bases import Base
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.lanes import Request
from spark_lsp.wire.layout import Item, block_items, stable_items, tail_items
from spark_lsp.wire.requests import marked, spelled_create, spelled_items


class Drafts:
    """Spells requests, and keeps the spelling of the stable part.

    A provider without continuation is sent the same half megabyte with every key.
    """

    def __init__(self) -> None:
        self._of: tuple[tuple[Block, ...], bool] | None = None
        self._spelled = b""

    def frame(self, profile: Profile, request: Request, lane: str, base: Base | None) -> bytes:
        """Returns the frame of a request, which then knows what it continues from.

        It continues from the base where the stable part begins with what is warm.
        """
        tail = b"" if request.prompt is None else spelled_items(tail_items(request.prompt))
        if base is not None and not request.full and base.within(request.stable):
            request.parent = base.response_id
            added = block_items(request.stable[len(base.stable) :])
            head = spelled_items(_for_cache(profile, added))
        else:
            request.parent = ""
            head = self._stable(profile, request.stable)
        items = b",".join(filter(None, (head, tail)))
        generate = request.prompt is not None
        asked = profile.roomy(request.prompt)
        invoked = isinstance(request.prompt, Prompt) and request.prompt.invoked
        return spelled_create(
            asked, items, lane, request.parent, generate=generate, invoked=invoked
        )

    def _stable(self, profile: Profile, stable: tuple[Block, ...]) -> bytes:
        of = (stable, profile.cache_breakpoint)
        if self._of is None or self._of[0] is not stable or self._of[1] != of[1]:
            self._of = of
            self._spelled = spelled_items(_for_cache(profile, stable_items(stable)))
        return self._spelled


def _for_cache(profile: Profile, items: Sequence[Item]) -> Sequence[Item]:
    return marked(items) if profile.cache_breakpoint and items else items
