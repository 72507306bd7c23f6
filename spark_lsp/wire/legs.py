"""Owns what a link knows of each of its connections, and what it asks to be done with them.

What follows from which is decided in `link`.
"""

from dataclasses import dataclass, replace

from spark_lsp.core.prompt import Block
from spark_lsp.wire import outcomes
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.client import Client
from spark_lsp.wire.delays import Pace, Redial
from spark_lsp.wire.outcomes import Connected, Disconnected


@dataclass(frozen=True, slots=True)
class Dial:
    """Connect; then call `opened` or `refused` with this leg."""

    leg: int


@dataclass(frozen=True, slots=True)
class Send:
    """Send a frame on an open leg."""

    leg: int
    frame: str


@dataclass(frozen=True, slots=True)
class Drop:
    """Close a leg, or stop dialling it; nothing more is to be told of it."""

    leg: int


Act = Dial | Send | Drop | outcomes.Event | Connected | Disconnected


@dataclass(slots=True, eq=False)
class Leg:
    """One connection of a link.

    Attributes:
        number: which.
        client: what is said on it.
        open: whether it is connected.
        born: when it was.
        useful: whether anything of use has come over it.
        prepared: the stable part that it was prepared for last.
        ready: whether it is, or as a spare, whether it may take over.
        asked: since when it owes a sign of life.
        ends: when it is dropped, done or not.
    """

    number: int
    client: Client
    open: bool = False
    born: float = 0.0
    useful: bool = False
    prepared: tuple[Block, ...] | None = None
    ready: bool = False
    asked: float | None = None
    ends: float | None = None

    def old_at(self, pace: Pace) -> float:
        """When it is to be replaced."""
        return self.born + pace.rotation

    def mute_at(self, pace: Pace) -> float | None:
        """When it is given up for its silence, if it owes a sign of life."""
        return None if self.asked is None else self.asked + pace.mute


class Spares:
    """When a spare is to be dialled, and how seldom where that does not succeed."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self.served()

    def due(
        self,
        current: Leg | None,
        spare: Leg | None,
        legs: int,
        profile: Profile,
        *,
        crowded: bool,
    ) -> float | None:
        """When a spare is to be dialled, or the one there is to take over for the age of another.

        Args:
            current: the leg that takes requests.
            spare: the one beside it.
            legs: how many there are; the others are retired.
            profile: what the provider can do.
            crowded: whether a request waits for room.
        """
        if current is None or (legs >= _LEGS and spare is None):
            return None
        if spare is not None:
            return current.old_at(self._pace) if spare.ready else None
        # Kept where a cancelled answer blocks all there is; a retired leg may become it.
        kept = legs == 1 and not profile.lanes and not profile.interrupt
        due = current.born if kept or crowded else current.old_at(self._pace)
        return due if self._not_before is None else max(due, self._not_before)

    def served(self) -> None:
        """There is a new current leg: what became of spares before is forgotten."""
        self._redial = Redial(
            replace(self._pace, first=self._pace.spare, longest=self._pace.unlikely)
        )
        self._not_before: float | None = None

    def refused(self, status: int | None, after: float | None, now: float) -> None:
        """A spare could not be connected; see `Redial.refused`."""
        self._redial.refused(status, after)
        self._not_before = now + max(self._redial.delay, self._pace.spare)

    def ended(self, code: int | None, now: float, *, useful: bool) -> None:
        """The connection of a spare has ended; see `Redial.ended`."""
        self._redial.ended(code, useful=useful)
        self._not_before = now + max(self._redial.delay, self._pace.spare)


_LEGS = 3
"""Connections at a time: current, spare, and one retired."""
