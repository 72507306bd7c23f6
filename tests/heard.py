"""Waiting for what is told: a listener that remembers all it hears."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

PATIENCE = 20.0
"""Seconds until a verdict that does not come is a failure; machines may be slow."""

T = TypeVar("T")


class Heard(Generic[T]):
    """Call it with what happens; wait until that is enough."""

    def __init__(self) -> None:
        self.all: list[T] = []
        self._moved = asyncio.Event()

    def __call__(self, it: T) -> None:
        self.all.append(it)
        self._moved.set()

    async def until(self, verdict: Callable[[list[T]], object]) -> None:
        """Wait until something holds of all that was heard."""
        async with asyncio.timeout(PATIENCE):
            while not verdict(self.all):
                self._moved.clear()
                await self._moved.wait()
