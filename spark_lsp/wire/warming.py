"""Owns what is to be warm on a provider's connections, and when that is told.

Which leg is prepared when, and what a leg that is ready is good for, is decided in `link`; how a
server is prepared is the business of `client`.
"""

from spark_lsp.core.prompt import Block
from spark_lsp.wire.legs import Leg
from spark_lsp.wire.outcomes import Step, Warmed


class Warming:
    """The stable part that is wanted warm.

    Attributes:
        stable: that part.
        due: when it is told to be warm though nobody has said so; None if it is told.
    """

    def __init__(self) -> None:
        self.stable: tuple[Block, ...] = ()
        self.due: float | None = None

    def told(self) -> list[Warmed]:
        """Return what is to be told now that it is warm: nothing the second time."""
        untold, self.due = self.due is not None, None
        return [Warmed(ok=True, stable=self.stable)] if untold else []

    def holds(self, leg: Leg) -> bool:
        """Whether a leg was prepared for it, or is being prepared."""
        return leg.prepared is self.stable

    def prepare(self, leg: Leg) -> Step:
        """Prepare a leg for it."""
        leg.prepared, leg.ready = self.stable, False
        return leg.client.warm(self.stable)

    def over(self, leg: Leg, event: Warmed, current: Leg | None) -> bool:
        """Take in how a warm-up on a leg has ended; whether that leg is as warm as it will be.

        What cannot be warmed is sent cold; what was overtaken is warmed by another.
        """
        leg.useful |= event.ok
        code = event.fault.code if event.fault else ""
        other = current is not None and self.holds(current)
        overtaken = code == "superseded" or (code == "connection_lost" and other)
        if overtaken or event.stable is not self.stable:
            return False
        leg.ready = True
        return True
