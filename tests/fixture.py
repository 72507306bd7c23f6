"""Fixtures as data: one text file, a sentence that says what is specified, then named parts.

Owns the notation (Go's txtar): parts begin with `-- name --`, those that are expectations with
`-- @name --`. `pytest --update` rewrites expectations; the diff is then what is reviewed.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "fixtures"
_PART = re.compile(r"^-- (.+?) --\n", re.MULTILINE)


@dataclass
class Fixture:
    """One fixture: its sentence, and its parts in order."""

    path: Path
    sentence: str
    parts: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> "Fixture":
        """Read a fixture from its file."""
        sentence, *rest = _PART.split(path.read_text("utf-8"))
        return cls(path, sentence.strip(), dict(zip(rest[::2], rest[1::2], strict=True)))

    @property
    def source(self) -> tuple[str, str]:
        """Return the name and the text of the first part that is no expectation."""
        return next(item for item in self.parts.items() if not item[0].startswith("@"))

    def expect(self, name: str, actual: str, *, update: bool) -> None:
        """Compare with an expectation, or rewrite it."""
        if update and actual != self.parts.get(name):
            self.parts[name] = actual
            parts = "".join(f"-- {part} --\n{text}" for part, text in self.parts.items())
            self.path.write_text(f"{self.sentence}\n{parts}", "utf-8")

        assert self.parts.get(name) == actual


def fixtures(folder: str) -> list[Path]:
    """Return the fixtures of a folder, in name order."""
    return sorted((FIXTURES / folder).glob("*.txt"))
