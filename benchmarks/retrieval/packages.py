"""The distributions that retrieval is scored on, and where their modules are.

What they are and how they are obtained is left to `benchmarks.distributions`.
"""

from dataclasses import dataclass
from typing import Final

from benchmarks.distributions import Distribution, named


@dataclass(frozen=True, slots=True)
class Package:
    """A distribution; `root` is the folder in it that modules are imported from."""

    name: str
    root: str = "src"

    @property
    def distribution(self) -> Distribution:
        """Return what is pinned of it."""
        return named(self.name)

    @property
    def sources(self) -> str:
        """The folder of the package itself, apart from its documentation and most tests."""
        return f"{self.root or self.name}/"


PACKAGES: Final = (
    Package("black"),
    Package("celery", ""),
    Package("click"),
    Package("fastapi", ""),
    Package("flask"),
    Package("httpx", ""),
    Package("networkx", ""),
    Package("pytest"),
    Package("requests"),
    Package("rich", ""),
    Package("scrapy", ""),
    Package("sqlalchemy", "lib"),
    Package("tornado", ""),
    Package("werkzeug"),
)
