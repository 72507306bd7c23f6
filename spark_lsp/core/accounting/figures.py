"""What counts add up to: how much was shown, accepted and kept.

Owns the figures and what they mean. Where counts are kept is the business of `server.tally`, how
figures look that of `cli.stats`.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from spark_lsp.core.effects import Count


@dataclass(slots=True)
class Group:
    """What became of answers of one kind, or in one language.

    Attributes:
        shown: how many there were, those not counted that nobody can have read.
        accepted: how many of them were taken over, in one go or bit by bit.
        characters: how many that brought.
        acceptances: how many keys it cost.
    """

    shown: int = 0
    accepted: int = 0
    characters: int = 0
    acceptances: int = 0

    @property
    def rate(self) -> float | None:
        """Which part of what was shown was accepted; None of nothing."""
        return self.accepted / self.shown if self.shown else None

    @property
    def saved(self) -> int:
        """Keys that the person did not have to press: each acceptance costs one."""
        return max(0, self.characters - self.acceptances)

    def add(self, count: Count) -> None:
        """Take in a count."""
        match count.what:
            case "shown":
                self.shown += 1
            case "accepted" | "more":
                self.accepted += count.what == "accepted"
                self.characters += count.characters
                self.acceptances += 1
            case _:
                pass


@dataclass(slots=True)
class Kept:
    """What was left of accepted texts after some time.

    Attributes:
        texts: how many were looked at.
        characters: how many they had.
        left: how many of these still stood.
    """

    texts: int = 0
    characters: int = 0
    left: float = 0.0

    @property
    def share(self) -> float | None:
        """Which part of all accepted characters still stood; None of nothing."""
        return self.left / self.characters if self.characters else None


@dataclass(slots=True)
class Figures:
    """What the counts of a period add up to.

    Attributes:
        total: all of them.
        glimpsed: answers that nobody can have read.
        typed: answers that were typed along to their end.
        rejected: answers that were not taken over, by the reason.
        whole: answers that were taken over in one go.
        partial: acceptances of a "word", a "line" or a "part", each one counted.
        first: seconds from a request to the first text on screen, of each answer.
        accepted_after: seconds that each accepted answer had been shown.
        rejected_after: seconds that each rejected answer had been shown.
        kept: what was left, by the seconds after which it was looked.
        languages: by language, "" where there is no name for it.
        kinds: by kind: "completion", "edit" or "next".
        sources: by source.
    """

    total: Group = field(default_factory=Group)
    glimpsed: int = 0
    typed: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    whole: int = 0
    partial: Counter[str] = field(default_factory=Counter)
    first: list[float] = field(default_factory=list)
    accepted_after: list[float] = field(default_factory=list)
    rejected_after: list[float] = field(default_factory=list)
    kept: dict[float, Kept] = field(default_factory=dict)
    languages: dict[str, Group] = field(default_factory=dict)
    kinds: dict[str, Group] = field(default_factory=dict)
    sources: dict[str, Group] = field(default_factory=dict)

    @classmethod
    def of(cls, counts: Iterable[Count]) -> "Figures":
        """Return what counts add up to."""
        figures = cls()
        for count in counts:
            figures.add(count)
        return figures

    def add(self, count: Count) -> None:
        """Take in a count."""
        if count.what == "kept":
            kept = self.kept.setdefault(count.seconds, Kept())
            kept.texts += 1
            kept.characters += count.characters
            kept.left += count.characters * (count.share or 0.0)
            return
        for group in (
            self.total,
            self.languages.setdefault(count.language, Group()),
            self.kinds.setdefault(count.kind, Group()),
            self.sources.setdefault(count.source, Group()),
        ):
            group.add(count)
        if count.first is not None:
            self.first.append(count.first)
        match count.what:
            case "glimpsed":
                self.glimpsed += 1
            case "typed":
                self.typed += 1
            case "rejected":
                self.rejected[count.reason] += 1
                self.rejected_after.append(count.seconds)
            case "accepted" | "more":
                self._accepted(count)
            case _:
                pass

    def _accepted(self, count: Count) -> None:
        first = count.what == "accepted"
        if first:
            self.accepted_after.append(count.seconds)
        if count.reason != "all":
            self.partial[count.reason] += 1
        elif first:
            self.whole += 1
