"""Owns which responses of a connection can be continued from, and which is to be made next.

When a warm-up is sent, on which lane, and what is made of its answer, is the business of `client`;
what is left out of a request that continues, that of `drafts`. Source: responses-protocol.md §1.4.
"""

from dataclasses import dataclass, replace

from spark_lsp.core.prompt import Block
from spark_lsp.wire.lanes import Request
from spark_lsp.wire.outcomes import Warmed


@dataclass(frozen=True, slots=True)
class Base:
    """A warmed response that requests continue from.

    Attributes:
        lane: where it was warmed; nothing else runs there while it is in use.
        stable: what it holds.
        response_id: its id.
        proven: whether a completion has continued from it.
    """

    lane: str
    stable: tuple[Block, ...]
    response_id: str
    proven: bool = False

    def within(self, stable: tuple[Block, ...]) -> bool:
        """Whether a stable part begins with what is warm."""
        known = len(self.stable)
        return bool(known) and stable[:known] == self.stable


class Bases:
    """The base in use, and the warm-up that waits to make another.

    Attributes:
        used: what requests continue from, if anything is warm.
        wanted: the warm-up that is to be sent when there is room for it.
    """

    def __init__(self) -> None:
        self.used: Base | None = None
        self.wanted: Request | None = None

    @property
    def lane(self) -> str | None:
        """The lane of the base in use."""
        return None if self.used is None else self.used.lane

    @property
    def proven(self) -> bool:
        """Whether the base in use has served."""
        return self.used is not None and self.used.proven

    def want(self, stable: tuple[Block, ...]) -> list[Warmed]:
        """Have a warm-up wait; returns what becomes of one that still did."""
        before, self.wanted = self.wanted, Request(None, stable)
        reason = "a newer warm-up took its place"
        return [Warmed.cold(before.stable, "superseded", reason)] if before else []

    def take(self) -> Request | None:
        """Return what waits, which does so no longer."""
        taken, self.wanted = self.wanted, None
        return taken

    def found(self, warmed: Request) -> None:
        """A warm-up has made a base, which is used from now on."""
        self.used = Base(warmed.lane, warmed.stable, warmed.response_id)

    def serves(self, request: Request) -> None:
        """A request has begun, maybe from the base in use."""
        if self.used is not None and self.used.response_id == request.parent:
            self.used = replace(self.used, proven=True)

    def lose(self, request: Request) -> None:
        """The server does not know any more what a request continued from.

        A base that was good until now is made anew: without one, every key would be sent in full.
        """
        if self.used is None or self.used.response_id != request.parent:
            return
        if self.used.proven and request.handle is not None and self.wanted is None:
            self.wanted = Request(None, self.used.stable)
        self.used = None
