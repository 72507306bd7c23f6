"""Which token comes next: what all places say whose context ends like this one, weighed.

Brings together where evidence stands (`evidence`), what it says of each candidate (`features`) and
what that is worth (`ranker`). What to make of a prediction is the business of `decode`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from spark_lsp.engine.evidence import gather
from spark_lsp.engine.features import Candidates, describe
from spark_lsp.engine.ranker import probabilities
from spark_lsp.engine.scene import Scene
from spark_lsp.engine.sources import WEIGHTS


@dataclass(frozen=True, slots=True)
class Outcome:
    """Tokens that may come next, the likeliest first."""

    tokens: list[int]
    probabilities: list[float]
    """Of each of them; what is left to 1 is something else."""


class Ballot:
    """Takes votes by one scene."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def count(self, context: Sequence[int], written: int, partial: str = "") -> Outcome:
        """What may follow `context`, and goes on with `partial`.

        The last `written` tokens of the context were written since the cursor, the others stand
        on the page.
        """
        it = self.candidates(context, written, partial)
        shares = probabilities(it)[:-1]
        order = (-shares).argsort(kind="stable")
        return Outcome(it.tokens[order].tolist(), shares[order].tolist())

    def candidates(self, context: Sequence[int], written: int, partial: str = "") -> Candidates:
        """The same before it is weighed."""
        reach = WEIGHTS.wide if partial else WEIGHTS.reach
        since = context[len(context) - written :]
        evidence = gather(self._scene, context, reach)
        return describe(self._scene, context, since, evidence, partial)
